//! The cutter: whole events in, chunks out.

use std::sync::Arc;

use binlog_parser::event::{Rotate, RowsFlags, RowsHead};
use binlog_parser::{
    ChecksumAlgorithm, Chunk, Entry, EventHeader, EventType, FormatDescription, HEADER_LEN, MAGIC_LEN, PositionMeaning,
    RawEvent, TransactionTracker,
};
use bytes::Bytes;

use crate::error::SourceError;

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
}

impl Default for CutOptions {
    fn default() -> Self {
        Self {
            chunk_limit: CHUNK_LIMIT,
            statement_limit: STATEMENT_LIMIT,
            verify_checksums: true,
        }
    }
}

/// Takes whole events, tells where they stand, and cuts them into chunks.
///
/// The first event of a log must be its format description. An artificial ROTATE names the source's
/// log and the position in it from which the later events' positions count.
#[derive(Debug)]
pub struct Cutter {
    options: CutOptions,
    file: Arc<str>,
    positions: PositionMeaning,
    /// Position of the next event.
    position: u64,
    format: Arc<FormatDescription>,
    described: bool,
    tracker: TransactionTracker,
    /// Bytes of the open statement.
    statement: usize,
    pending: Pending,
}

/// The chunk in the making.
#[derive(Debug, Default)]
struct Pending {
    entries: Vec<Entry>,
    bytes: usize,
    format: Arc<FormatDescription>,
    continues: bool,
    /// Whether all entries are format descriptions and artificial rotations.
    head_only: bool,
    /// Whether an artificial rotation is among them.
    named: bool,
    /// Whether a format description is among them.
    described: bool,
    /// The front part after which no transaction is open.
    whole: Option<Whole>,
}

/// The front part of a chunk in the making.
#[derive(Debug, Clone, Copy)]
struct Whole {
    entries: usize,
    bytes: usize,
    /// Position after it.
    end: u64,
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
            tracker: TransactionTracker::default(),
            statement: 0,
            pending: Pending::default(),
        }
    }

    /// Begins another log. What was collected of the one before is returned.
    pub fn open(&mut self, file: Arc<str>) -> Option<Chunk> {
        let chunk = self.flush();
        self.file = file;
        self.positions = PositionMeaning::OwnLog;
        self.position = MAGIC_LEN;
        self.described = false;
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

    /// Takes the next event: exactly its bytes. Returns a chunk where one is complete, with or without this event.
    ///
    /// # Errors
    /// The event does not fit its format or checksum, or its statement is too large.
    pub fn push(&mut self, bytes: Bytes) -> Result<Option<Chunk>, SourceError> {
        let raw = self.frame(&bytes)?;
        let before = self.head(&raw)?;
        let offset = self.advance(&raw);
        let statement_ended = self.track(&raw)?;
        self.collect(
            &raw,
            Entry {
                bytes: bytes.clone(),
                offset,
            },
        );
        if before.is_none()
            && statement_ended
            && !self.pending.head_only
            && self.pending.bytes >= self.options.chunk_limit
        {
            return Ok(self.flush());
        }
        Ok(before)
    }

    /// Passes over an event: its bytes count, and come in no chunk.
    ///
    /// # Errors
    /// The event does not fit its format or checksum.
    pub fn skip(&mut self, bytes: &Bytes) -> Result<(), SourceError> {
        let raw = self.frame(bytes)?;
        self.advance(&raw);
        Ok(())
    }

    /// Goes on at another position of the same log.
    pub fn seek(&mut self, position: u64) {
        self.position = position;
    }

    /// What was collected, whether or not a transaction is open.
    pub fn flush(&mut self) -> Option<Chunk> {
        let pending = std::mem::take(&mut self.pending);
        let end = self.position;
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

    fn frame<'b>(&self, bytes: &'b [u8]) -> Result<RawEvent<'b>, SourceError> {
        let place = |error: binlog_parser::EventError| error.in_file(&self.file);
        let raw = RawEvent::first(bytes, self.position, &self.format).map_err(place)?;
        if !self.described && raw.header.event_type != EventType::FORMAT_DESCRIPTION {
            return Err(SourceError::NoFormat {
                file: Arc::clone(&self.file),
                position: self.position,
            });
        }
        if self.options.verify_checksums && !is_renewed_without_checksum(&raw) {
            raw.verify_checksum().map_err(place)?;
        }
        Ok(raw)
    }

    /// Looks at what may stand at the head of a log. Returns what was collected before such an event.
    fn head(&mut self, raw: &RawEvent<'_>) -> Result<Option<Chunk>, SourceError> {
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

    /// Moves on over the event and returns where it stands.
    fn advance(&mut self, raw: &RawEvent<'_>) -> u64 {
        let size = u64::from(raw.header.event_size);
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

    fn collect(&mut self, raw: &RawEvent<'_>, entry: Entry) {
        let is_description = raw.header.event_type == EventType::FORMAT_DESCRIPTION;
        let is_head = is_description || raw.header.event_type == EventType::ROTATE && raw.header.is_artificial();
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
            self.pending.whole = Some(Whole {
                entries,
                bytes,
                end: self.position,
            });
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
        20..=25 | 30..=32 | 39 | 166..=171 => {
            let id_len = if format.post_header_length(raw.header.event_type) == Some(6) {
                4
            } else {
                6
            };
            RowsHead::decode(raw.body(), id_len).is_ok_and(|head| head.flags.contains(RowsFlags::STMT_END))
        }
        _ => false,
    }
}

/// A server that sends a log from its middle clears the time in the format description, and renews the checksum only
/// where the log has checksums.
fn is_renewed_without_checksum(raw: &RawEvent<'_>) -> bool {
    raw.header.event_type == EventType::FORMAT_DESCRIPTION
        && FormatDescription::decode(raw.body())
            .is_ok_and(|format| format.created == 0 && format.checksum == ChecksumAlgorithm::None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Log, event, query, rotate};

    fn options(chunk_limit: usize) -> CutOptions {
        CutOptions {
            chunk_limit,
            statement_limit: 2000,
            verify_checksums: true,
        }
    }

    fn cut(chunk_limit: usize, events: &[Vec<u8>]) -> Result<Vec<Chunk>, SourceError> {
        let mut cutter = Cutter::new("b.000001".into(), options(chunk_limit));
        let mut chunks = Vec::new();
        for event in events {
            chunks.extend(cutter.push(Bytes::from(event.clone()))?);
        }
        chunks.extend(cutter.flush());
        Ok(chunks)
    }

    /// Chunks as `file first-offset events end`, with `<` and `>` where a transaction goes on.
    fn brief(chunks: &[Chunk]) -> Vec<String> {
        let brief = |chunk: &Chunk| {
            let (first, count) = (chunk.entries[0].offset, chunk.entries.len());
            let (continues, unfinished) = (
                ["", "<"][usize::from(chunk.continues)],
                ["", ">"][usize::from(chunk.unfinished)],
            );
            format!("{continues}{} {first} {count} {}{unfinished}", chunk.file, chunk.end)
        };
        chunks.iter().map(brief).collect()
    }

    fn rows(end: bool) -> Vec<u8> {
        event(30, &[7, 0, 0, 0, 0, 0, u8::from(end), 0, 2, 0, 9, 9])
    }

    #[test]
    fn cuts_between_transactions_and_statements() {
        let transaction = |statements: usize| {
            let mut events = vec![event(33, &[0; 42]), query("BEGIN")];
            for _ in 0..statements {
                events.extend([event(19, &[0; 30]), rows(false), rows(true)]);
            }
            events.push(event(16, &[0; 8]));
            events
        };
        let log = Log::new().with(transaction(1)).with(transaction(2));
        let all = |limit| brief(&cut(limit, &log.events).unwrap());
        let end = log.bytes.len();
        assert_eq!(all(1 << 20), [format!("b.000001 4 16 {end}")]);
        let at = |count: usize| 4 + log.events[..count].iter().map(Vec::len).sum::<usize>();
        let expected = [
            format!("b.000001 4 6 {}>", at(6)),
            format!("<b.000001 {} 6 {}>", at(6), at(12)),
            format!("<b.000001 {} 4 {end}", at(12)),
        ];
        assert_eq!(
            all(360),
            [format!("b.000001 4 7 {}", at(7)), format!("b.000001 {} 9 {end}", at(7))]
        );
        assert_eq!(all(250), expected);
    }

    #[test]
    fn refuses_what_is_too_large() {
        let log = Log::new().with(vec![
            event(33, &[0; 42]),
            query("BEGIN"),
            rows(false),
            event(30, &[0; 2000]),
        ]);
        let error = cut(1, &log.events).unwrap_err();
        assert!(
            matches!(error, SourceError::StatementTooLarge { limit: 2000, .. }),
            "{error}"
        );
    }

    #[test]
    fn a_stream_counts_as_its_source_does() {
        let format = Log::new().events;
        let far = (5u64 << 32) + 100;
        let at = |mut event: Vec<u8>, end: u64| {
            event[13..17].copy_from_slice(&(end as u32).to_le_bytes());
            crate::testing::checksummed(event)
        };
        let query_at = |end| at(query("create table t (a int)"), end);
        let size = query_at(0).len() as u64;
        let events = [
            format[0].clone(),
            rotate("b.000007", far),
            query_at(far + size),
            query_at(far + size + (4 << 30) - 1),
            query_at(0),
            format[0].clone(),
            rotate("b.000008", 4),
            query_at(4 + size),
        ];
        let chunks = cut(1 << 20, &events).unwrap();
        assert_eq!(chunks[0].positions, PositionMeaning::SourceLog);
        let offsets: Vec<_> = chunks[0].entries.iter().map(|entry| entry.offset).collect();
        let late = far + size + (4 << 30) - 1;
        assert_eq!(offsets, [4, far, far, late - size, late]);
        assert_eq!(chunks[0].end, late + size);
        assert_eq!(brief(&chunks[1..]), [format!("b.000008 4 3 {}", 4 + size)]);
    }

    #[test]
    fn each_log_has_its_own_head() {
        let format = Log::new().events[0].clone();
        let events = [
            format.clone(),
            rotate("b.1", 50),
            format.clone(),
            rotate("b.2", 4),
            query("x"),
        ];
        let files: Vec<_> = cut(1, &events)
            .unwrap()
            .iter()
            .map(|chunk| (chunk.file.to_string(), chunk.entries.len()))
            .collect();
        assert_eq!(files, [("b.1".to_owned(), 2), ("b.2".to_owned(), 3)]);
    }

    #[test]
    fn a_log_begins_with_its_format() {
        let error = cut(1, &[query("BEGIN")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "b.000001 at 4: the log does not begin with a format description event"
        );
    }
}
