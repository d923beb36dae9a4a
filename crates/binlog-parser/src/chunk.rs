//! A chunk: a run of whole events over one shared, immutable buffer.

use std::sync::Arc;

use bytes::Bytes;

use crate::error::{EventError, Place};
use crate::event::FormatDescription;
use crate::raw::RawEvent;

/// What `log_pos` in the events' headers counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PositionMeaning {
    /// Bytes of the log in which the events stand: a binary log.
    OwnLog,
    /// Bytes of the source's log, of which this is a copy with other offsets: a stream or a relay log.
    SourceLog,
}

/// One event of a chunk.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The event's bytes: a slice of the chunk's buffer, or of a changed copy.
    pub bytes: Bytes,
    /// Position of the event's first byte in [`Chunk::file`], as it was read.
    pub offset: u64,
}

/// A run of whole events of one log, cut at a transaction boundary, or inside a very large transaction
/// at a statement boundary. Apart from the format description it holds all that is needed to decode it.
#[derive(Debug, Clone)]
pub struct Chunk {
    /// Name of the log: for a stream, the name at its source.
    pub file: Arc<str>,
    /// What the events' positions count.
    pub positions: PositionMeaning,
    /// The format description in force at the first event.
    pub format: Arc<FormatDescription>,
    /// The events, in order.
    pub entries: Vec<Entry>,
    /// Position after the last event that was read for this chunk, kept or not.
    pub end: u64,
    /// Whether the first event goes on with a transaction that an earlier chunk began.
    pub continues: bool,
    /// Whether the last event leaves a transaction open.
    pub unfinished: bool,
}

impl Chunk {
    /// The chunk's events. A format description among them is in force for those after it.
    pub fn events(&self) -> impl Iterator<Item = Result<RawEvent<'_>, Place>> {
        let mut format = Arc::clone(&self.format);
        self.entries.iter().map(move |entry| {
            let raw = RawEvent::first(&entry.bytes, entry.offset, &format).map_err(|error| self.place(error))?;
            if raw.header.event_type == crate::EventType::FORMAT_DESCRIPTION {
                let fields = FormatDescription::decode(raw.body());
                format = Arc::new(fields.map_err(|error| self.place(raw.error(crate::HEADER_LEN, error)))?);
            }
            Ok(raw)
        })
    }

    /// An event error with the name of this chunk's log.
    #[must_use]
    pub fn place(&self, error: EventError) -> Place {
        error.in_file(&self.file)
    }

    /// Bytes of all events.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.iter().map(|entry| entry.bytes.len()).sum()
    }

    /// Whether no event is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}
