//! The cutter: whole events in, chunks out.

mod expanding;
mod pending;

use std::sync::Arc;

use binlog_parser::event::{Rotate, RowsFlags, RowsHead};
use binlog_parser::{
    Chunk, Entry, EventError, EventHeader, EventType, FormatDescription, HEADER_LEN, MAGIC_LEN, PositionMeaning,
    RawEvent, TransactionTracker,
};
use bytes::Bytes;

use crate::error::SourceError;
use crate::old::OldFormat;
use expanding::Expanding;
use pending::{Pending, Whole};

/// Bytes after which a chunk ends where it may.
pub const CHUNK_LIMIT: usize = 4 << 20;
/// Bytes that one statement may have: MySQL's own limit of an event.
pub const STATEMENT_LIMIT: usize = 1 << 30;

/// How events are cut into chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutOptions {
    /// A chunk ends at the first end of a transaction, or of a statement inside of one, at which it has as many bytes.
    pub chunk_limit: usize,
    /// A statement of more bytes is an error.
    pub statement_limit: usize,
    /// Whether each event's checksum is verified.
    pub verify_checksums: bool,
    /// Whether compressed events come as the plain events that they hold, or as they stand in the log.
    pub expand: bool,
}

impl Default for CutOptions {
    fn default() -> Self {
        Self {
            chunk_limit: CHUNK_LIMIT,
            statement_limit: STATEMENT_LIMIT,
            verify_checksums: true,
            expand: true,
        }
    }
}

/// Takes whole events, tells where they stand, and cuts them into chunks.
///
/// The first event of a log must be its format description. An artificial ROTATE names the source's
/// log and the position in it from which the later events' positions count.
///
/// The plain events of a compressed one stand where it stands: they have its position, and a chunk that ends among
/// them ends before it. The GTID before a compressed transaction gets the length of the plain one.
#[derive(Debug)]
pub struct Cutter {
    options: CutOptions,
    file: Arc<str>,
    positions: PositionMeaning,
    /// Position of the next event.
    position: u64,
    format: Arc<FormatDescription>,
    described: bool,
    /// For a log of an older version: its events are brought to version 4.
    old: Option<OldFormat>,
    tracker: TransactionTracker,
    /// Bytes of the open statement.
    statement: usize,
    pending: Pending,
    /// The compressed event that was pushed last, until all of it was taken.
    expanding: Option<Box<Expanding>>,
}

impl Cutter {
    /// A cutter at the start of a log with this name.
    #[must_use]
    pub fn new(file: Arc<str>, options: CutOptions) -> Self {
        Self {
            options,
            file,
            positions: PositionMeaning::OwnLog,
            position: MAGIC_LEN,
            format: Arc::default(),
            described: false,
            old: None,
            tracker: TransactionTracker::default(),
            statement: 0,
            pending: Pending::default(),
            expanding: None,
        }
    }

    /// Begins another log. What was collected of the one before is returned.
    pub fn open(&mut self, file: Arc<str>) -> Option<Chunk> {
        let chunk = self.flush();
        self.file = file;
        self.positions = PositionMeaning::OwnLog;
        self.position = MAGIC_LEN;
        self.described = false;
        self.old = None;
        chunk
    }

    /// Name of the log: for a stream, the name at its source.
    #[must_use]
    pub fn file(&self) -> &Arc<str> {
        &self.file
    }

    /// Position of the next event.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// What positions count.
    #[must_use]
    pub fn positions(&self) -> PositionMeaning {
        self.positions
    }

    /// Whether whole transactions were collected, or what stands outside of them.
    #[must_use]
    pub fn has_whole(&self) -> bool {
        self.pending.whole.is_some()
    }

    /// Whether the last event left a transaction open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.tracker.is_open()
    }

    /// Takes the next event: exactly its bytes. Returns a chunk where one is complete, with or without this event. More
    /// of a compressed event may follow: see [`Cutter::expand`]. What of it was not asked for comes in one chunk.
    ///
    /// # Errors
    /// The event does not fit its format or checksum, or its statement is too large.
    #[inline]
    pub fn push(&mut self, mut bytes: Bytes) -> Result<Option<Chunk>, SourceError> {
        while self.expanding.is_some() {
            self.expand_one()?;
        }
        let size = bytes.len();
        if let Some(renewed) = self.renewed(&bytes)? {
            bytes = renewed;
        }
        let raw = self.frame(&bytes)?;
        let before = self.head(&raw)?;
        let offset = self.advance(&raw, size);
        if self.options.expand && self.begin_expanding(raw, &bytes, offset)? {
            return self.expand();
        }
        let (header, statement_ended) = (raw.header, self.track(&raw)?);
        self.collect(&header, Entry { bytes, offset });
        if before.is_none() && statement_ended && self.is_full() {
            return Ok(self.flush());
        }
        Ok(before)
    }

    /// Passes over an event: its bytes count, and come in no chunk.
    ///
    /// # Errors
    /// The event does not fit its format or checksum.
    pub fn skip(&mut self, bytes: &Bytes) -> Result<(), SourceError> {
        let renewed = self.renewed(bytes)?;
        let raw = self.frame(renewed.as_ref().unwrap_or(bytes))?;
        let size = bytes.len();
        self.advance(&raw, size);
        Ok(())
    }

    /// Goes on at another position of the same log.
    pub fn seek(&mut self, position: u64) {
        self.position = position;
    }

    /// Goes on behind a hole: what was collected is returned, and no transaction is open any more. A log whose
    /// description is lost is read by `format`.
    pub(crate) fn resume(&mut self, position: u64, format: Option<Arc<FormatDescription>>) -> Option<Chunk> {
        let chunk = self.flush();
        self.tracker = TransactionTracker::default();
        self.statement = 0;
        if self.positions == PositionMeaning::OwnLog {
            self.position = position;
        }
        if let Some(format) = format {
            self.format = format;
            self.described = true;
        }
        chunk
    }

    /// What was collected, whether or not a transaction is open.
    pub fn flush(&mut self) -> Option<Chunk> {
        let pending = std::mem::take(&mut self.pending);
        let end = self.taken_to();
        (!pending.entries.is_empty()).then(|| self.chunk(pending, end, self.tracker.is_open()))
    }

    /// What was collected up to the end of the last whole transaction. What follows it stays.
    pub fn flush_whole(&mut self) -> Option<Chunk> {
        let whole = self.pending.whole.take()?;
        let mut pending = std::mem::take(&mut self.pending);
        let rest = pending.entries.split_off(whole.entries);
        if !rest.is_empty() {
            let bytes = pending.bytes - whole.bytes;
            let format = Arc::clone(&self.format);
            self.pending = Pending {
                entries: rest,
                bytes,
                format,
                ..Pending::default()
            };
        }
        Some(self.chunk(pending, whole.end, false))
    }

    fn chunk(&self, pending: Pending, end: u64, unfinished: bool) -> Chunk {
        Chunk {
            file: Arc::clone(&self.file),
            positions: self.positions,
            format: pending.format,
            entries: pending.entries,
            end,
            continues: pending.continues,
            unfinished,
        }
    }

    #[inline(always)]
    fn frame<'b>(&self, bytes: &'b [u8]) -> Result<RawEvent<'b>, SourceError> {
        let place = |error: binlog_parser::EventError| error.in_file(&self.file);
        let raw = RawEvent::first(bytes, self.position, &self.format).map_err(place)?;
        if !self.described && raw.header.event_type != EventType::FORMAT_DESCRIPTION {
            return Err(SourceError::NoFormat {
                file: Arc::clone(&self.file),
                position: self.position,
            });
        }
        if self.options.verify_checksums && !raw.is_renewed_without_checksum() {
            raw.verify_checksum().map_err(place)?;
        }
        Ok(raw)
    }

    /// The event of an older version as version 4 has it.
    #[inline(always)]
    fn renewed(&mut self, bytes: &Bytes) -> Result<Option<Bytes>, SourceError> {
        if !self.described {
            self.old = OldFormat::begun_by(bytes);
        }
        self.old.map(|old| self.renewed_from(old, bytes)).transpose()
    }

    fn renewed_from(&self, old: OldFormat, bytes: &Bytes) -> Result<Bytes, SourceError> {
        let place = |error| EventError {
            event_type: None,
            event_offset: self.position,
            field_offset: 0,
            error,
        };
        let renewed = old.renewed(bytes, self.position + bytes.len() as u64);
        renewed.map_err(|error| place(error).in_file(&self.file).into())
    }

    /// Looks at what may stand at the head of a log. Returns what was collected before such an event.
    #[inline(always)]
    fn head(&mut self, raw: &RawEvent<'_>) -> Result<Option<Chunk>, SourceError> {
        match raw.header.event_type {
            EventType::FORMAT_DESCRIPTION | EventType::ROTATE => self.heads(raw),
            _ => Ok(None),
        }
    }

    fn heads(&mut self, raw: &RawEvent<'_>) -> Result<Option<Chunk>, SourceError> {
        let place = |error| raw.error(HEADER_LEN, error).in_file(&self.file);
        match raw.header.event_type {
            EventType::FORMAT_DESCRIPTION => {
                let format = Arc::new(FormatDescription::decode(raw.body()).map_err(place)?);
                let before = self.cut_before_head(self.pending.described);
                self.format = format;
                self.described = true;
                self.pending.described = true;
                Ok(before)
            }
            EventType::ROTATE if raw.header.is_artificial() => {
                let rotate = Rotate::decode(raw.body()).map_err(place)?;
                let before = self.cut_before_head(self.pending.named);
                self.file = String::from_utf8_lossy(rotate.file).into();
                self.positions = PositionMeaning::SourceLog;
                self.position = rotate.position;
                self.pending.named = true;
                Ok(before)
            }
            _ => Ok(None),
        }
    }

    /// A chunk has one head: a format description and an artificial rotation, in either order.
    fn cut_before_head(&mut self, is_second: bool) -> Option<Chunk> {
        if self.pending.head_only && !is_second {
            None
        } else {
            self.flush()
        }
    }

    /// Moves on over the event, which has `size` bytes in the log, and returns where it stands.
    #[inline(always)]
    fn advance(&mut self, raw: &RawEvent<'_>, size: usize) -> u64 {
        let size = size as u64;
        let copy = self.positions == PositionMeaning::SourceLog;
        if copy && raw.header.event_type == EventType::FORMAT_DESCRIPTION {
            return MAGIC_LEN;
        }
        if copy && raw.header.is_artificial() {
            return self.position;
        }
        self.position = if copy {
            end_at_source(self.position, &raw.header)
        } else {
            self.position + size
        };
        self.position.saturating_sub(size)
    }

    /// Follows transactions and statements. Returns whether a chunk may end after the event.
    #[inline(always)]
    fn track(&mut self, raw: &RawEvent<'_>) -> Result<bool, SourceError> {
        if self.pending.entries.is_empty() {
            self.pending.continues = self.tracker.is_open();
        }
        self.tracker.step_raw(raw);
        let ended = !self.tracker.is_open() || ends_statement(raw, &self.format);
        self.statement = if ended { 0 } else { self.statement + raw.bytes().len() };
        if self.statement > self.options.statement_limit {
            return Err(SourceError::StatementTooLarge {
                file: Arc::clone(&self.file),
                position: self.position,
                limit: self.options.statement_limit,
            });
        }
        Ok(ended)
    }

    fn is_full(&self) -> bool {
        !self.pending.head_only && self.pending.bytes >= self.options.chunk_limit
    }

    /// Position up to which everything was taken.
    fn taken_to(&self) -> u64 {
        self.expanding
            .as_ref()
            .map_or(self.position, |expanding| expanding.offset)
    }

    #[inline(always)]
    fn collect(&mut self, header: &EventHeader, entry: Entry) {
        let is_description = header.event_type == EventType::FORMAT_DESCRIPTION;
        let is_head = is_description || header.event_type == EventType::ROTATE && header.is_artificial();
        if self.pending.entries.is_empty() {
            self.pending.format = Arc::clone(&self.format);
            self.pending.head_only = true;
        }
        self.pending.head_only &= is_head;
        self.pending.bytes += entry.bytes.len();
        self.pending.entries.push(entry);
        let unnamed = self.pending.head_only && !self.pending.named;
        if !unnamed && !self.tracker.is_open() {
            let (entries, bytes) = (self.pending.entries.len(), self.pending.bytes);
            let end = self.taken_to();
            self.pending.whole = Some(Whole { entries, bytes, end });
        }
    }
}

/// The position after an event of a stream: that of its header, of which only the low half is stored, at or after
/// `position`. Events between may be missing, and events that the stream's writer unpacked have one position.
fn end_at_source(position: u64, header: &EventHeader) -> u64 {
    match header.log_pos {
        0 => position + u64::from(header.event_size),
        low => position + u64::from(low.wrapping_sub(position as u32)),
    }
}

/// Whether a statement of an open transaction ends with this event.
fn ends_statement(raw: &RawEvent<'_>, format: &FormatDescription) -> bool {
    match raw.header.event_type.0 {
        2 | 18 | 165 => true,
        20..=25 | 30..=32 | 39 | 166..=171 => RowsHead::decode(raw.body(), format.table_id_len(raw.header.event_type))
            .is_ok_and(|head| head.flags.contains(RowsFlags::STMT_END)),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
