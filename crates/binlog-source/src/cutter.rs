//! The cutter: whole events in, chunks out.

mod expanding;
mod pending;
mod stretch;

use std::sync::Arc;

use binlog_parser::event::{Rotate, RowsFlags, RowsHead, RowsKind};
use binlog_parser::{
    Chunk, EventError, EventHeader, EventType, Expansion, FormatDescription, HEADER_LEN, MAGIC_LEN, PositionMeaning,
    RawEvent, Run, TransactionTracker,
};
use bytes::Bytes;

use crate::error::SourceError;
use crate::old::OldFormat;
use expanding::Expanding;
use pending::{Pending, Whole};
use stretch::Stretch;

/// Bytes after which a chunk ends where it may.
pub const CHUNK_LIMIT: usize = 4 << 20;
/// The same for chunks that cores work on side by side: small enough to stay in a core's cache until they are done.
pub const CORE_CHUNK_LIMIT: usize = 1 << 20;
/// Bytes that one statement may have where it cannot be cut: MySQL's own limit of an event.
pub const STATEMENT_LIMIT: usize = 1 << 30;
/// A statement that has more bytes is cut between its row events.
pub const LARGE_STATEMENT: usize = 2 << 20;

/// How events are cut into chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutOptions {
    /// A chunk ends at the first end of a transaction, or of a statement inside of one, at which it has as many bytes;
    /// or between row events of a statement of more than [`LARGE_STATEMENT`] bytes.
    pub chunk_limit: usize,
    /// A statement of more bytes that is not cut is an error, and an event of more bytes.
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
    /// Bytes of the open statement, in the chunk in the making.
    statement: usize,
    /// Whether the chunk in the making ends inside a statement.
    splits: bool,
    pending: Pending,
    /// The compressed event that was come to last, until all of it was taken.
    expanding: Option<Box<Expanding>>,
    /// What of the pushed events was not come to yet.
    rest: Bytes,
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
            splits: false,
            pending: Pending::default(),
            expanding: None,
            rest: Bytes::new(),
        }
    }

    /// Begins another log. What was collected of the one before is returned.
    pub fn open(&mut self, file: Arc<str>) -> Option<Chunk> {
        let chunk = self.flush();
        self.file = file;
        self.pending = Pending::default();
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

    /// Takes the next events: exactly their bytes. What was pushed before must have been cut: see [`Cutter::next`].
    pub fn push(&mut self, events: Bytes) {
        debug_assert!(self.rest.is_empty(), "events were pushed over others");
        self.rest = events;
    }

    /// The next complete chunk of what was pushed. `None` when all of it was cut; what is not yet a chunk stays collected.
    ///
    /// # Errors
    /// An event does not fit its format or checksum, what is compressed in it is damaged, or its statement is too large.
    /// What was pushed after it is gone; what stands before it is collected.
    #[allow(
        clippy::should_implement_trait,
        reason = "not an iterator: more may be pushed after the end"
    )]
    pub fn next(&mut self) -> Result<Option<Chunk>, SourceError> {
        loop {
            if let Some(chunk) = self.expand()? {
                return Ok(Some(chunk));
            }
            if self.rest.is_empty() {
                return Ok(None);
            }
            let events = std::mem::take(&mut self.rest);
            let chunk = match self.described && self.old.is_none() && is_plain(&events) {
                true => self.plain(events)?,
                false => self.special(events)?,
            };
            if chunk.is_some() {
                return Ok(chunk);
            }
        }
    }

    /// Walks over the plain events at the front of a run, up to the end of a chunk or of those events.
    fn plain(&mut self, mut events: Bytes) -> Result<Option<Chunk>, SourceError> {
        let mut stretch = Stretch::default();
        let mut full = false;
        let mut failed = None;
        while let Some(rest) = events.get(stretch.end..).filter(|rest| !full && is_plain(rest)) {
            let Some(raw) = RawEvent::framed(rest, self.position, &self.format) else {
                failed = Some(self.unframed(rest));
                break;
            };
            if let Err(error) = self.verify(&raw) {
                failed = Some(error);
                break;
            }
            let size = raw.bytes().len();
            let offset = self.advance(&raw, size);
            let ended = self.track(&raw);
            if let Err(error) = self.bounded(&raw) {
                failed = Some(error);
                break;
            }
            if !stretch.goes_on_at(offset) {
                self.pending.push(stretch.run(&events));
                stretch.begin(offset);
            }
            stretch.end += size;
            self.count(&raw.header, size);
            full = self.may_end(ended);
        }
        self.pending.push(stretch.run(&events));
        if let Some(error) = failed {
            return Err(error);
        }
        self.rest = events.split_off(stretch.end);
        Ok(if full { self.flush() } else { None })
    }

    /// Takes the event at the front of a run, which may be of any kind.
    fn special(&mut self, mut events: Bytes) -> Result<Option<Chunk>, SourceError> {
        let size = event_size(&events) as usize;
        let mut bytes = events.split_to(size.min(events.len()));
        if let Some(renewed) = self.renewed(&bytes)? {
            bytes = renewed;
        }
        let raw = self.frame(&bytes)?;
        let before = self.head(&raw)?;
        let offset = self.advance(&raw, size);
        if self.options.expand && self.begin_expanding(raw, &bytes, offset)? {
            self.rest = events;
            return Ok(None);
        }
        let (header, ended) = (raw.header, self.track(&raw));
        self.bounded(&raw)?;
        self.count(&header, bytes.len());
        self.pending.push(Run {
            bytes,
            offset,
            packed: false,
        });
        self.rest = events;
        if before.is_none() && self.may_end(ended) {
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
        self.pending = Pending::default();
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
        if self.pending.is_empty() {
            return None;
        }
        let pending = std::mem::take(&mut self.pending);
        let end = self.taken_to();
        let chunk = self.chunk(pending, end, self.tracker.is_open());
        if std::mem::take(&mut self.splits) {
            self.statement = 0;
            self.pending.open_tables = chunk.tables_left_open();
        }
        Some(chunk)
    }

    /// What was collected up to the end of the last whole transaction. What follows it stays.
    pub fn flush_whole(&mut self) -> Option<Chunk> {
        let whole = self.pending.whole.take()?;
        let mut pending = std::mem::take(&mut self.pending);
        let rest = pending.split_off(whole.bytes);
        if !rest.is_empty() {
            self.pending = Pending {
                runs: rest,
                bytes: pending.bytes - whole.bytes,
                last: pending.last,
                format: Arc::clone(&self.format),
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
            open_tables: pending.open_tables,
            runs: pending.runs,
            end,
            continues: pending.continues,
            unfinished,
        }
    }

    fn frame<'b>(&self, bytes: &'b [u8]) -> Result<RawEvent<'b>, SourceError> {
        let Some(raw) = RawEvent::framed(bytes, self.position, &self.format) else {
            return Err(self.unframed(bytes));
        };
        if !self.described && raw.header.event_type != EventType::FORMAT_DESCRIPTION {
            return Err(SourceError::NoFormat {
                file: Arc::clone(&self.file),
                position: self.position,
            });
        }
        self.verify(&raw)?;
        Ok(raw)
    }

    #[cold]
    fn unframed(&self, bytes: &[u8]) -> SourceError {
        let error = RawEvent::unframed(bytes, self.position, &self.format);
        error.in_file(&self.file).into()
    }

    #[inline(always)]
    fn verify(&self, raw: &RawEvent<'_>) -> Result<(), SourceError> {
        if self.options.verify_checksums && !raw.is_renewed_without_checksum() {
            raw.verify_checksum().map_err(|error| error.in_file(&self.file))?;
        }
        Ok(())
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
    fn track(&mut self, raw: &RawEvent<'_>) -> bool {
        if self.pending.is_empty() {
            self.pending.continues = self.tracker.is_open();
            if !self.pending.continues {
                self.pending.open_tables.clear();
            }
        }
        self.tracker.step_raw(raw);
        let ended = !self.tracker.is_open() || ends_statement(raw, &self.format);
        self.statement = if ended { 0 } else { self.statement + raw.bytes().len() };
        ended
    }

    /// Looks after the memory that the open statement takes, of which this is the last event.
    #[inline(always)]
    fn bounded(&mut self, raw: &RawEvent<'_>) -> Result<(), SourceError> {
        match self.statement > LARGE_STATEMENT.min(self.options.statement_limit) {
            true => self.split(raw),
            false => Ok(()),
        }
    }

    #[cold]
    fn split(&mut self, raw: &RawEvent<'_>) -> Result<(), SourceError> {
        self.splits = self.statement > LARGE_STATEMENT && RowsKind::of(raw.header.event_type).is_some();
        match !self.splits && self.statement > self.options.statement_limit {
            true => Err(self.too_large()),
            false => Ok(()),
        }
    }

    /// Whether the chunk in the making may end here, after the end of a transaction or statement, or not.
    #[inline(always)]
    fn may_end(&self, ended: bool) -> bool {
        self.splits || ended && self.is_full()
    }

    #[cold]
    fn too_large(&self) -> SourceError {
        SourceError::StatementTooLarge {
            file: Arc::clone(&self.file),
            position: self.position,
            limit: self.options.statement_limit,
        }
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

    /// Counts an event of `size` bytes to the chunk in the making.
    #[inline(always)]
    fn count(&mut self, header: &EventHeader, size: usize) {
        let is_description = header.event_type == EventType::FORMAT_DESCRIPTION;
        let is_head = is_description || header.event_type == EventType::ROTATE && header.is_artificial();
        if self.pending.is_empty() {
            self.pending.format = Arc::clone(&self.format);
            self.pending.head_only = true;
        }
        self.pending.head_only &= is_head;
        self.pending.bytes += size;
        self.pending.last = size;
        let unnamed = self.pending.head_only && !self.pending.named;
        if !unnamed && !self.tracker.is_open() {
            let (bytes, end) = (self.pending.bytes, self.taken_to());
            self.pending.whole = Some(Whole { bytes, end });
        }
    }
}

/// The length that a header says, at the same place in all versions. 0 where it is cut off.
pub(crate) fn event_size(event: &[u8]) -> u32 {
    let field = event.get(9..).and_then(|rest| rest.first_chunk());
    field.map_or(0, |field| u32::from_le_bytes(*field))
}

/// Whether the event at the front is one that changes nothing of how others are cut, and is not compressed.
#[inline(always)]
fn is_plain(events: &[u8]) -> bool {
    const TYPE_AT: usize = 4;
    events.get(TYPE_AT).is_some_and(|code| {
        let code = EventType(*code);
        code != EventType::FORMAT_DESCRIPTION && code != EventType::ROTATE && !Expansion::<Bytes>::is_for(code)
    })
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
