//! One chunk, looked into on its own.

mod depth;
mod transactions;

use std::sync::Arc;

use binlog_parser::event::{Event, Flavour};
use binlog_parser::{
    ChecksumAlgorithm, Chunk, Decoder, EventError, Expansion, FieldError, FormatDescription, PositionMeaning, RawEvent,
};

use crate::facts::{Closing, Facts, Head, Jump};
use crate::gtids::Gtids;
use transactions::Transactions;

/// Errors of single events that a chunk's facts hold.
const ERRORS: usize = 100;

/// Looks into every event of a chunk: its checksum, where the log has them, its fields, every row, its position, and
/// the transaction that it belongs to. Pure: chunks may be checked on all cores, in any order.
///
/// What is wrong is a fact, and ends nothing: the events after it are looked into too.
#[must_use]
pub fn check(chunk: &Chunk) -> Facts {
    let mut check = Check::new(chunk);
    let mut events = chunk.entries();
    while let Some(ref raw) = events.advance() {
        check.raw(raw);
    }
    if let Some(error) = events.error() {
        check.unframed(chunk, error);
    }
    check.finish(chunk)
}

struct Check<'c> {
    facts: Facts,
    format: Arc<FormatDescription>,
    /// Whether positions count the events as they stand in this log.
    counts_own: bool,
    decoder: Decoder,
    transactions: Transactions,
    depth: depth::Depth<'c>,
}

/// What is done with an event that has an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Harm {
    /// It is what its server wrote: it is reported, and kept.
    Unread,
    /// It is not what its server wrote, or what it needs is missing.
    Broken,
}

impl<'c> Check<'c> {
    fn new(chunk: &'c Chunk) -> Self {
        let has_gtids = always_has_gtids(&chunk.format) || chunk.events().flatten().any(is_gtid);
        let start = chunk.start().unwrap_or(chunk.end);
        Self {
            facts: Facts {
                file: Arc::clone(&chunk.file),
                own: chunk.positions == PositionMeaning::OwnLog,
                start,
                end: chunk.end,
                has_gtids,
                ..Facts::default()
            },
            format: Arc::clone(&chunk.format),
            counts_own: chunk.positions == PositionMeaning::OwnLog && !is_renewed(&chunk.format),
            decoder: chunk.decoder(),
            transactions: Transactions::new(chunk.continues, has_gtids),
            depth: depth::Depth::default(),
        }
    }

    fn finish(mut self, chunk: &Chunk) -> Facts {
        self.transactions.finish(chunk.end, &mut self.facts);
        self.facts
    }

    /// An event that has no end: all of the chunk from there on is lost.
    fn unframed(&mut self, chunk: &Chunk, error: EventError) {
        self.broken(error.event_offset, chunk.end, error);
    }

    fn raw(&mut self, raw: &RawEvent<'c>) {
        self.count(raw);
        if let Err(error) = self.checksum(raw) {
            return self.broken(raw.offset, raw.end(), error);
        }
        self.position(raw);
        if self.transactions.passes_over(raw, &mut self.facts) {
            return;
        }
        self.decode(raw);
    }

    fn count(&mut self, raw: &RawEvent<'_>) {
        let totals = &mut self.facts.totals;
        totals.events += 1;
        totals.bytes += raw.bytes().len() as u64;
        self.facts.closing = None;
        let time = raw.header.timestamp;
        if time != 0 && !raw.header.is_artificial() {
            totals.times = Some(
                totals
                    .times
                    .map_or((time, time), |(first, last)| (first.min(time), last.max(time))),
            );
        }
    }

    fn checksum(&mut self, raw: &RawEvent<'_>) -> Result<(), EventError> {
        if raw.checksum() == ChecksumAlgorithm::None || raw.is_renewed_without_checksum() {
            self.facts.totals.unverified += 1;
            return Ok(());
        }
        raw.verify_checksum()?;
        self.facts.totals.checksums += 1;
        Ok(())
    }

    /// The position of an event is where it ends, in the log that the positions count. Events of a MariaDB transaction
    /// (11.4 on) and those made for a stream have none. Those of servers before 5.0 have the positions of
    /// another version.
    fn position(&mut self, raw: &RawEvent<'_>) {
        if !self.counts_own || raw.header.log_pos == 0 || raw.header.is_artificial() {
            return;
        }
        let shift = i64::from(raw.header.log_pos.wrapping_sub(raw.end() as u32) as i32);
        let (first, last) = self.facts.shifts.unwrap_or((shift, shift));
        if shift != last {
            self.facts.jumps.push(Jump {
                position: raw.offset,
                missing: shift - last,
            });
            self.transactions.hole(raw.offset, &mut self.facts);
            self.decoder = Decoder::new(Arc::clone(&self.format));
        }
        self.facts.shifts = Some((first, shift));
    }

    fn decode(&mut self, raw: &RawEvent<'c>) {
        if Expansion::<&[u8]>::is_for(raw.header.event_type) {
            return match self.depth.expanded(raw, &mut self.decoder) {
                Ok(rows) => {
                    self.facts.totals.rows += rows;
                    self.transactions.raw(raw, &mut self.facts);
                }
                Err(error) => self.failed(raw, error),
            };
        }
        match self.decoder.decode(raw) {
            Ok(ref event) => self.event(raw, event),
            Err(error) => self.failed(raw, error),
        }
    }

    fn event(&mut self, raw: &RawEvent<'_>, event: &Event<'c>) {
        self.head(raw, event);
        match self.depth.look(raw, event) {
            Ok(rows) => {
                self.facts.totals.rows += rows;
                self.transactions.event(raw, event, &mut self.facts);
            }
            Err(error) => self.failed(raw, error),
        }
    }

    /// An event whose fields cannot be read. Where it is as its server wrote it, it still takes part in its transaction.
    fn failed(&mut self, raw: &RawEvent<'_>, error: EventError) {
        if self.transactions.is_orphan(&error) {
            return self.transactions.orphan(raw, error, &mut self.facts);
        }
        match harm(raw, &error.error) {
            Harm::Broken => self.broken(raw.offset, raw.end(), error),
            Harm::Unread => {
                self.error(error);
                self.transactions.raw(raw, &mut self.facts);
            }
        }
    }

    /// What a log says of itself.
    fn head(&mut self, raw: &RawEvent<'_>, event: &Event<'_>) {
        match event {
            Event::FormatDescription(format) => {
                self.format = Arc::clone(format);
                self.counts_own = self.facts.own && !is_renewed(format);
                self.facts.head = Some(head(raw, format));
            }
            Event::PreviousGtids(previous) => self.facts.previous = Some(Gtids::MySql(previous.gtids.clone())),
            Event::MariaDbGtidList(list) => self.facts.previous = Some(Gtids::of_list(&list.gtids)),
            Event::Incident(_) => self.facts.incidents.push(raw.offset),
            Event::Stop => self.facts.closing = Some(Closing::Stop),
            Event::Rotate(rotate) if !raw.header.is_artificial() => {
                let name = String::from_utf8_lossy(rotate.file).into_owned();
                self.facts.closing = Some(Closing::Rotate(name));
            }
            _ => {}
        }
    }

    fn broken(&mut self, from: u64, to: u64, error: EventError) {
        self.transactions.broken(from, to, &mut self.facts);
        self.error(error);
    }

    fn error(&mut self, error: EventError) {
        match self.facts.errors.len() < ERRORS {
            true => self.facts.errors.push(error),
            false => self.facts.more_errors += 1,
        }
    }
}

/// A checksum that fits proves that the event is what its server wrote, whether or not it can be read here. Rows
/// without their table map are no use in any case.
fn harm(raw: &RawEvent<'_>, error: &FieldError) -> Harm {
    match error {
        FieldError::Unsupported { .. } => Harm::Unread,
        FieldError::NoTableMap { .. } => Harm::Broken,
        _ if raw.checksum() == ChecksumAlgorithm::None => Harm::Broken,
        _ => Harm::Unread,
    }
}

fn head(raw: &RawEvent<'_>, format: &FormatDescription) -> Head {
    Head {
        position: raw.offset,
        server_version: format.server_version.clone(),
        server_id: raw.header.server_id,
        checksum: format.checksum,
        in_use: raw.header.flags.contains(binlog_parser::EventFlags::BINLOG_IN_USE),
    }
}

fn is_gtid(raw: RawEvent<'_>) -> bool {
    transactions::is_gtid(raw.header.event_type)
}

/// Servers that begin every transaction with an event that says so: MySQL from 5.7.6 on writes an ANONYMOUS_GTID
/// where it has no other, MariaDB a GTID from 10.0.2 on.
fn always_has_gtids(format: &FormatDescription) -> bool {
    let since = match format.flavour() {
        Flavour::MySql => (5, 7, 6),
        Flavour::MariaDb => (10, 0, 2),
    };
    format.version_numbers() >= since
}

/// Whether the log is of a version before 4, whose events have other sizes than they come with.
fn is_renewed(format: &FormatDescription) -> bool {
    !format.server_version.is_empty() && format.version_numbers() < (5, 0, 0)
}
