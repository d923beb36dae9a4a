//! A chunk: a run of whole events over one shared, immutable buffer.

use std::sync::Arc;

use bytes::Bytes;

use crate::decoder::Decoder;
use crate::error::{EventError, Place};
use crate::event::{FormatDescription, RowsFlags, RowsHead, RowsKind};
use crate::header::{EventHeader, EventType, HEADER_LEN};
use crate::raw::RawEvent;

/// What `log_pos` in the events' headers counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PositionMeaning {
    /// Bytes of the log in which the events stand: a binary log.
    OwnLog,
    /// Bytes of the source's log, of which this is a copy with other offsets: a stream or a relay log.
    SourceLog,
}

/// Whole events that stand one behind another: in the buffer, and in the log as it was read.
#[derive(Debug, Clone)]
pub struct Run {
    /// The events' bytes: a slice of the chunk's buffer, or of a changed copy.
    pub bytes: Bytes,
    /// Position of the first event's first byte in [`Chunk::file`], as it was read.
    pub offset: u64,
    /// Whether the events were expanded from compressed ones.
    pub packed: bool,
}

impl Run {
    /// One event of this run as a run by itself. Nothing is copied, where it is one of this run.
    #[must_use]
    pub fn only(&self, raw: &RawEvent<'_>) -> Self {
        self.span(raw, raw.bytes().len())
    }

    /// Events of this run as a run of their own: so many bytes from the first of them on, to the end of the last. Of an event
    /// that is none of this run the run is that event alone, copied.
    #[must_use]
    pub fn span(&self, first: &RawEvent<'_>, len: usize) -> Self {
        let from = first.bytes().as_ptr().addr().wrapping_sub(self.bytes.as_ptr().addr());
        let is_part = from <= self.bytes.len() && len <= self.bytes.len() - from;
        Self {
            bytes: match is_part {
                true => self.bytes.slice(from..from + len),
                false => Bytes::copy_from_slice(first.bytes()),
            },
            offset: first.offset,
            packed: self.packed,
        }
    }
}

/// Whole events of one log, cut at a transaction boundary, or inside a very large transaction at a statement boundary, or
/// inside a very large statement between its row events. It holds all that is needed to decode it: see [`Chunk::decoder`].
#[derive(Debug, Clone)]
pub struct Chunk {
    /// Name of the log: for a stream, the name at its source.
    pub file: Arc<str>,
    /// What the events' positions count.
    pub positions: PositionMeaning,
    /// The format description in force at the first event.
    pub format: Arc<FormatDescription>,
    /// The table maps of the statement with which the first event goes on: events of earlier chunks.
    pub open_tables: Vec<Bytes>,
    /// The events, in order. No run is empty.
    pub runs: Vec<Run>,
    /// Position after the last event that was read for this chunk, kept or not; but before a transaction of which no event
    /// was kept so far, and later ones may be.
    pub end: u64,
    /// Whether the first event goes on with a transaction that an earlier chunk began.
    pub continues: bool,
    /// Whether the last event leaves a transaction open.
    pub unfinished: bool,
}

impl Chunk {
    /// A decoder for the chunk's events, from the first one on.
    #[must_use]
    pub fn decoder(&self) -> Decoder {
        let mut decoder = Decoder::new(Arc::clone(&self.format));
        for map in &self.open_tables {
            if let Ok(raw) = RawEvent::first(map, self.start().unwrap_or(self.end), &self.format) {
                // One that does not decode was an error where it stands.
                let _ = decoder.decode(&raw);
            }
        }
        decoder
    }

    /// The table maps of the statement that is open after the last event: what the next chunk goes on with.
    #[must_use]
    pub fn tables_left_open(&self) -> Vec<Bytes> {
        let mut open = self.open_tables.clone();
        for (raw, run) in self.entries().flatten() {
            match raw.header.event_type {
                EventType::TABLE_MAP => open.push(run.only(&raw).bytes),
                event_type if RowsKind::of(event_type).is_some() => {
                    let id_len = self.format.table_id_len(event_type);
                    let head = RowsHead::decode(raw.body(), id_len);
                    if head.is_ok_and(|head| head.flags.contains(RowsFlags::STMT_END)) {
                        open.clear();
                    }
                }
                EventType::QUERY | EventType::XID => open.clear(),
                _ => {}
            }
        }
        open
    }

    /// The chunk's events. A format description among them is in force for those after it. Ends with the first error.
    pub fn events(&self) -> impl Iterator<Item = Result<RawEvent<'_>, Place>> {
        self.entries().map(|entry| entry.map(|(raw, _)| raw))
    }

    /// The chunk's events, each with the run in which it stands.
    pub fn entries(&self) -> Entries<'_> {
        Entries {
            chunk: self,
            format: Arc::clone(&self.format),
            runs: self.runs.iter(),
            run: None,
            rest: &[],
            offset: 0,
            error: None,
        }
    }

    /// The first event's header.
    #[must_use]
    pub fn first_header(&self) -> Option<EventHeader> {
        EventHeader::decode(&self.runs.first()?.bytes).ok()
    }

    /// Position of the first event; `None` where there is none.
    #[must_use]
    pub fn start(&self) -> Option<u64> {
        self.runs.first().map(|run| run.offset)
    }

    /// Leaves the first `count` events, and ends where the first one after them begins.
    ///
    /// # Errors
    /// An event before that place cannot be framed.
    pub fn truncate(&mut self, count: usize) -> Result<(), Place> {
        let Some(next) = self.entries().nth(count) else {
            return Ok(());
        };
        let (raw, run) = next?;
        let (at, end) = (raw.offset - run.offset, raw.offset);
        let kept = self.runs.iter().take_while(|other| !std::ptr::eq(*other, run)).count();
        self.runs.truncate(kept + 1);
        if let Some(last) = self.runs.last_mut() {
            last.bytes.truncate(at as usize);
        }
        self.runs.retain(|run| !run.bytes.is_empty());
        self.end = end;
        Ok(())
    }

    /// Leaves the events that `is_kept`.
    pub fn retain(&mut self, is_kept: impl Fn(&RawEvent<'_>) -> bool) {
        if self.events().flatten().all(|raw| is_kept(&raw)) {
            return;
        }
        let kept = self.entries().flatten().filter(|(raw, _)| is_kept(raw));
        self.runs = kept.map(|(raw, run)| run.only(&raw)).collect();
    }

    /// An event error with the name of this chunk's log.
    #[must_use]
    pub fn place(&self, error: EventError) -> Place {
        error.in_file(&self.file)
    }

    /// Bytes of all events.
    #[must_use]
    pub fn len(&self) -> usize {
        self.runs.iter().map(|run| run.bytes.len()).sum()
    }

    /// Whether no event is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }
}

/// The events of a chunk: see [`Chunk::entries`].
#[derive(Debug)]
pub struct Entries<'c> {
    chunk: &'c Chunk,
    format: Arc<FormatDescription>,
    runs: std::slice::Iter<'c, Run>,
    run: Option<&'c Run>,
    /// What follows in `run`, and where it stands.
    rest: &'c [u8],
    offset: u64,
    error: Option<Box<EventError>>,
}

impl<'c> Entries<'c> {
    /// The next event. `None` at the end, and before an event that cannot be framed: see [`Entries::error`].
    ///
    /// In a loop over many small events, an item with room for an error costs more than the framing.
    #[inline(always)]
    pub fn advance(&mut self) -> Option<RawEvent<'c>> {
        if self.rest.is_empty() {
            self.next_run()?;
        }
        let Some(raw) = RawEvent::framed(self.rest, self.offset, &self.format) else {
            return self.unframed();
        };
        if raw.header.event_type == EventType::FORMAT_DESCRIPTION {
            self.described(&raw)?;
        }
        self.rest = self.rest.get(raw.bytes().len()..).unwrap_or_default();
        self.offset = raw.end();
        Some(raw)
    }

    /// Like [`Entries::advance`], with the run that the event stands in.
    #[inline(always)]
    pub fn advance_with_run(&mut self) -> Option<(RawEvent<'c>, &'c Run)> {
        let raw = self.advance()?;
        self.run.map(|run| (raw, run))
    }

    /// Why [`Entries::advance`] ended before the end.
    pub fn error(&mut self) -> Option<EventError> {
        self.error.take().map(|error| *error)
    }

    fn next_run(&mut self) -> Option<()> {
        let run = self.runs.next()?;
        (self.run, self.rest, self.offset) = (Some(run), &run.bytes, run.offset);
        Some(())
    }

    #[cold]
    fn unframed<T>(&mut self) -> Option<T> {
        let error = RawEvent::unframed(self.rest, self.offset, &self.format);
        self.fail(error)
    }

    #[cold]
    fn described(&mut self, raw: &RawEvent<'_>) -> Option<()> {
        match FormatDescription::decode(raw.body()) {
            Ok(format) => {
                self.format = Arc::new(format);
                Some(())
            }
            Err(error) => self.fail(raw.error(HEADER_LEN, error)),
        }
    }

    fn fail<T>(&mut self, error: EventError) -> Option<T> {
        self.error = Some(Box::new(error));
        (self.rest, self.runs) = (&[], [].iter());
        None
    }
}

impl<'c> Iterator for Entries<'c> {
    type Item = Result<(RawEvent<'c>, &'c Run), Place>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        match (self.advance(), self.run) {
            (Some(raw), Some(run)) => Some(Ok((raw, run))),
            _ => self.error().map(|error| Err(self.chunk.place(error))),
        }
    }
}
