//! When a pipeline ends before its source does.

use binlog_parser::event::Event;
use binlog_parser::gtid::{GtidProgress, TransactionGtid};
use binlog_parser::{Chunk, Decoder, EventType, Place, RawEvent, Step, TransactionTracker};

/// When a pipeline ends by itself.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum Until {
    /// Never, while the source goes on.
    #[default]
    Stopped,
    /// At the end of the source's log as it was when connecting.
    End,
    /// After all these transactions.
    Gtids(GtidProgress),
    /// Before the first transaction that began at or after this time, seconds since 1970 UTC.
    Time(u32),
}

/// Follows the transactions of a stream up to its end, and cuts the chunk in which the end lies.
#[derive(Debug)]
pub struct Ending {
    until: Until,
    tracker: TransactionTracker,
    done: GtidProgress,
    current: Option<TransactionGtid>,
    reached: bool,
}

impl Ending {
    /// `done` is what was applied before the stream begins.
    #[must_use]
    pub fn new(until: Until, done: GtidProgress) -> Self {
        let mut ending = Self {
            until,
            tracker: TransactionTracker::default(),
            done,
            current: None,
            reached: false,
        };
        ending.reached = ending.has_all();
        ending
    }

    /// Whether the end was reached.
    #[must_use]
    pub fn is_reached(&self) -> bool {
        self.reached
    }

    /// What of `chunk` lies before the end.
    ///
    /// # Errors
    /// An event that cannot be read.
    pub fn cut(&mut self, mut chunk: Chunk) -> Result<Chunk, Place> {
        if matches!(self.until, Until::Stopped | Until::End) {
            return Ok(chunk);
        }
        if let Some(keep) = self.find(&chunk)? {
            self.reached = true;
            chunk.truncate(keep)?;
            chunk.unfinished = false;
        }
        Ok(chunk)
    }

    /// Number of the chunk's events that lie before the end, if it lies in the chunk.
    fn find(&mut self, chunk: &Chunk) -> Result<Option<usize>, Place> {
        for (index, raw) in chunk.events().enumerate() {
            let raw = raw?;
            let step = self.tracker.step_raw(&raw);
            if self.begins_too_late(&raw, step) {
                return Ok(Some(index));
            }
            self.note_gtid(&raw).map_err(|error| chunk.place(error))?;
            if matches!(step, Step::End | Step::Only) && self.finish_transaction() {
                return Ok(Some(index + 1));
            }
        }
        Ok(None)
    }

    fn begins_too_late(&self, raw: &RawEvent<'_>, step: Step) -> bool {
        let Until::Time(limit) = self.until else { return false };
        matches!(step, Step::Begin | Step::Only) && raw.header.timestamp >= limit
    }

    fn note_gtid(&mut self, raw: &RawEvent<'_>) -> Result<(), binlog_parser::EventError> {
        let begins = matches!(
            raw.header.event_type,
            EventType::GTID | EventType::GTID_TAGGED | EventType::MARIADB_GTID
        );
        if begins {
            let event: Event<'_> = Decoder::default().decode(raw)?;
            self.current = TransactionGtid::of(&event);
        }
        Ok(())
    }

    /// Notes the end of the open transaction; tells whether it was the last one.
    fn finish_transaction(&mut self) -> bool {
        if let Some(gtid) = self.current.take() {
            self.done.advance(&gtid);
        }
        self.has_all()
    }

    fn has_all(&self) -> bool {
        matches!(&self.until, Until::Gtids(wanted) if self.done.includes(wanted))
    }
}
