//! When a pipeline ends before its source does.

use binlog_parser::event::Event;
use binlog_parser::gtid::{GtidProgress, TransactionGtid};
use binlog_parser::{Chunk, Coordinates, Decoder, EventError, EventType, Place, RawEvent, Step, TransactionTracker};

use crate::words::Words;

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
    /// Before the first transaction with a statement that begins with these words, in its own event or as the text that
    /// the server wrote beside row events.
    Statement(Words),
}

/// Follows the transactions of a stream up to its end, and cuts the chunk in which the end lies.
#[derive(Debug)]
pub struct Ending {
    until: Until,
    tracker: TransactionTracker,
    done: GtidProgress,
    current: Option<TransactionGtid>,
    /// Where the open transaction begins.
    begin: Option<Coordinates>,
    reached: bool,
}

/// Where an end lies in a chunk.
struct End {
    /// The chunk's events before it.
    events: usize,
    /// Whether these are a part of a transaction.
    is_inside: bool,
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
            begin: None,
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

    /// The statement before which the end is, once it was met: where its transaction begins.
    #[must_use]
    pub fn statement(&self) -> Option<&Coordinates> {
        let by_statement = self.reached && matches!(self.until, Until::Statement(_));
        self.begin.as_ref().filter(|_| by_statement)
    }

    /// What of `chunk` lies before the end.
    ///
    /// # Errors
    /// An event that cannot be read.
    pub fn cut(&mut self, mut chunk: Chunk) -> Result<Chunk, Place> {
        if matches!(self.until, Until::Stopped | Until::End) {
            return Ok(chunk);
        }
        if let Some(end) = self.find(&chunk)? {
            self.reached = true;
            chunk.truncate(end.events)?;
            chunk.unfinished = end.is_inside;
        }
        Ok(chunk)
    }

    /// The end, if it lies in the chunk.
    fn find(&mut self, chunk: &Chunk) -> Result<Option<End>, Place> {
        let at = |events| {
            Ok(Some(End {
                events,
                is_inside: false,
            }))
        };
        // The end is in a transaction that an earlier chunk began: nothing of it may be committed.
        let mut begin = End {
            events: 0,
            is_inside: true,
        };
        for (index, raw) in chunk.events().enumerate() {
            let raw = raw?;
            let step = self.tracker.step_raw(&raw);
            if self.begins_too_late(&raw, step) {
                return at(index);
            }
            if matches!(step, Step::Begin | Step::Only) {
                begin = End {
                    events: index,
                    is_inside: false,
                };
                self.begin = Some(Coordinates {
                    file: chunk.file.to_string(),
                    position: raw.offset,
                });
            }
            if self.is_wanted(&raw).map_err(|error| chunk.place(error))? {
                return Ok(Some(begin));
            }
            self.note_gtid(&raw).map_err(|error| chunk.place(error))?;
            if matches!(step, Step::End | Step::Only) && self.finish_transaction() {
                return at(index + 1);
            }
        }
        Ok(None)
    }

    /// Whether it is the statement before which the end is.
    fn is_wanted(&self, raw: &RawEvent<'_>) -> Result<bool, EventError> {
        let Until::Statement(words) = &self.until else {
            return Ok(false);
        };
        let has_text = matches!(
            raw.header.event_type,
            EventType::QUERY | EventType::EXECUTE_LOAD_QUERY | EventType::ROWS_QUERY | EventType::MARIADB_ANNOTATE_ROWS
        );
        if !has_text {
            return Ok(false);
        }
        Ok(match Decoder::default().decode(raw)? {
            Event::Query(query) => words.begin(query.sql),
            Event::ExecuteLoadQuery(load) => words.begin(load.query.sql),
            Event::RowsQuery(text) => words.begin(text.sql),
            _ => false,
        })
    }

    fn begins_too_late(&self, raw: &RawEvent<'_>, step: Step) -> bool {
        let Until::Time(limit) = self.until else { return false };
        matches!(step, Step::Begin | Step::Only) && raw.header.timestamp >= limit
    }

    fn note_gtid(&mut self, raw: &RawEvent<'_>) -> Result<(), EventError> {
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
