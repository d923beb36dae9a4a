//! Where transactions begin and end, and which are whole.

use binlog_parser::event::Event;
use binlog_parser::gtid::TransactionGtid;
use binlog_parser::{EventError, EventType, FieldError, RawEvent, Step, TransactionTracker};

use crate::facts::{Broken, Facts, Front, Start};

/// Follows the transactions of one chunk.
#[derive(Debug)]
pub(super) struct Transactions {
    tracker: TransactionTracker,
    at: At,
    has_gtids: bool,
    /// Whether a place was passed where for certain no transaction was open.
    started: bool,
}

#[derive(Debug)]
enum At {
    Between,
    /// In the transaction that an earlier chunk began.
    Front,
    Open(Open),
    /// Behind a hole, up to the next place where for certain no transaction is open.
    Lost(Open),
}

#[derive(Debug)]
struct Open {
    from: u64,
    gtid: Option<TransactionGtid>,
    /// The GTID of the transaction before.
    before: Option<TransactionGtid>,
}

impl Open {
    /// Something of which nothing is known but where it begins.
    fn unknown(from: u64, facts: &Facts) -> Self {
        Self {
            from,
            gtid: None,
            before: facts.last_gtid.clone(),
        }
    }
}

impl Transactions {
    pub(super) fn new(continues: bool, has_gtids: bool) -> Self {
        let (tracker, at) = match continues {
            true => (TransactionTracker::inside(), At::Front),
            false => (TransactionTracker::default(), At::Between),
        };
        Self {
            tracker,
            at,
            has_gtids,
            started: false,
        }
    }

    /// Whether the event belongs to what is lost. Where none of it can, what is lost ends before it.
    pub(super) fn passes_over(&mut self, raw: &RawEvent<'_>, facts: &mut Facts) -> bool {
        let At::Lost(_) = self.at else {
            return false;
        };
        if self.is_start(raw) {
            self.end_of_lost(raw.offset, facts);
            self.tracker = TransactionTracker::default();
            return false;
        }
        let step = self.tracker.step_raw(raw);
        if matches!(step, Step::End | Step::Only) && !self.has_gtids {
            self.end_of_lost(raw.end(), facts);
            self.start(raw.end(), false, facts);
        }
        true
    }

    /// Takes an event that was decoded.
    pub(super) fn event(&mut self, raw: &RawEvent<'_>, event: &Event<'_>, facts: &mut Facts) {
        let step = self.tracker.step_raw(raw);
        self.step(raw, step, TransactionGtid::of(event), facts);
    }

    /// Takes an event that could not be decoded.
    pub(super) fn raw(&mut self, raw: &RawEvent<'_>, facts: &mut Facts) {
        let step = self.tracker.step_raw(raw);
        self.step(raw, step, None, facts);
    }

    /// Something is missing before this position.
    pub(super) fn hole(&mut self, position: u64, facts: &mut Facts) {
        self.broken(position, position, facts);
    }

    /// What stands from `from` to `to` is damaged. The transaction around it is not whole, and what follows may be
    /// a part of it.
    pub(super) fn broken(&mut self, from: u64, to: u64, facts: &mut Facts) {
        self.tracker = TransactionTracker::default();
        let open = match std::mem::replace(&mut self.at, At::Between) {
            At::Front => {
                facts.front = Some(Front {
                    end: Some(to),
                    broken: true,
                });
                Open::unknown(to, facts)
            }
            At::Between => Open::unknown(from, facts),
            At::Open(open) | At::Lost(open) => open,
        };
        self.at = At::Lost(open);
    }

    /// Whether a row event lacks its table map because the chunk begins behind a hole.
    pub(super) fn is_orphan(&self, error: &EventError) -> bool {
        matches!(error.error, FieldError::NoTableMap { .. }) && !self.started && !matches!(self.at, At::Front)
    }

    /// Takes an event whose transaction began before the chunk, though the chunk does not go on with one.
    pub(super) fn orphan(&mut self, raw: &RawEvent<'_>, error: EventError, facts: &mut Facts) {
        self.tracker.step_raw(raw);
        let from = facts.start;
        facts.orphan.get_or_insert(error);
        self.at = At::Lost(Open::unknown(from, facts));
    }

    /// The chunk ends.
    pub(super) fn finish(self, end: u64, facts: &mut Facts) {
        let back = |open: Open, broken| Broken {
            from: open.from,
            to: end,
            gtid: open.gtid,
            before: open.before,
            after: None,
            broken,
        };
        match self.at {
            At::Between => {}
            At::Front => {
                facts.front = Some(Front {
                    end: None,
                    broken: false,
                });
            }
            At::Open(open) => facts.back = Some(back(open, false)),
            At::Lost(open) => facts.back = Some(back(open, true)),
        }
    }

    fn step(&mut self, raw: &RawEvent<'_>, step: Step, gtid: Option<TransactionGtid>, facts: &mut Facts) {
        let starts = self.is_start(raw);
        if starts {
            self.ends_without_end(raw, facts);
            self.start(raw.offset, is_start(raw.header.event_type), facts);
        }
        match step {
            Step::Inside if starts => self.begin(raw, gtid, facts),
            Step::Outside | Step::Inside => {}
            Step::Begin | Step::Only if self.is_misplaced(raw) => self.misplaced(raw, facts),
            Step::Begin => self.begin(raw, gtid, facts),
            Step::End => self.end(raw, facts),
            Step::Only => {
                self.begin(raw, gtid, facts);
                self.end(raw, facts);
            }
        }
    }

    fn begin(&mut self, raw: &RawEvent<'_>, gtid: Option<TransactionGtid>, facts: &mut Facts) {
        let open = Open {
            gtid,
            ..Open::unknown(raw.offset, facts)
        };
        if let Some(gtid) = &open.gtid {
            facts.saw(gtid);
        }
        self.at = At::Open(open);
    }

    fn end(&mut self, raw: &RawEvent<'_>, facts: &mut Facts) {
        facts.totals.transactions += 1;
        match std::mem::replace(&mut self.at, At::Between) {
            At::Front => {
                facts.front = Some(Front {
                    end: Some(raw.end()),
                    broken: false,
                });
            }
            At::Open(Open { gtid: Some(gtid), .. }) if !facts.gtids.insert(&gtid) => {
                facts.repeated.insert(&gtid);
            }
            _ => {}
        }
        if !self.has_gtids {
            self.start(raw.end(), false, facts);
        }
    }

    /// Another transaction, or the end of the log, comes before the commit.
    fn ends_without_end(&mut self, raw: &RawEvent<'_>, facts: &mut Facts) {
        match std::mem::replace(&mut self.at, At::Between) {
            At::Front => {
                facts.front = Some(Front {
                    end: Some(raw.offset),
                    broken: true,
                });
            }
            At::Open(open) => self.end_of(open, raw.offset, facts),
            other => self.at = other,
        }
        if !transactions_go_on(raw.header.event_type) {
            self.tracker = TransactionTracker::default();
        }
    }

    fn end_of_lost(&mut self, to: u64, facts: &mut Facts) {
        if let At::Lost(open) = std::mem::replace(&mut self.at, At::Between) {
            self.end_of(open, to, facts);
        }
    }

    fn end_of(&self, open: Open, to: u64, facts: &mut Facts) {
        facts.broken.push(Broken {
            from: open.from,
            to,
            gtid: open.gtid,
            before: open.before,
            after: None,
            broken: true,
        });
    }

    /// A part of a transaction where every transaction would have begun with a GTID, and none did.
    fn is_misplaced(&self, raw: &RawEvent<'_>) -> bool {
        self.has_gtids && !is_gtid(raw.header.event_type)
    }

    fn misplaced(&mut self, raw: &RawEvent<'_>, facts: &mut Facts) {
        let error = raw.error(
            4,
            FieldError::Invalid {
                field: "event type",
                value: u64::from(raw.header.event_type.0),
                why: "stands in no transaction",
            },
        );
        match self.started {
            true => facts.errors.push(error),
            false => {
                facts.orphan.get_or_insert(error);
            }
        }
        let from = if self.started { raw.offset } else { facts.start };
        self.at = At::Lost(Open::unknown(from, facts));
    }

    fn start(&mut self, position: u64, certain: bool, facts: &mut Facts) {
        self.started = true;
        match facts.starts.last_mut().filter(|last| last.position == position) {
            Some(last) => last.certain |= certain,
            None => facts.starts.push(Start { position, certain }),
        }
    }

    /// Whether for certain no transaction is open before the event.
    fn is_start(&self, raw: &RawEvent<'_>) -> bool {
        if raw.header.is_artificial() {
            return false;
        }
        is_start(raw.header.event_type) || !self.has_gtids && is_begin(raw)
    }
}

/// Types that never stand inside of a transaction.
pub(super) fn is_start(event_type: EventType) -> bool {
    is_gtid(event_type)
        || matches!(
            event_type,
            EventType::ROTATE | EventType::STOP | EventType::PREVIOUS_GTIDS | EventType::MARIADB_GTID_LIST
        )
}

pub(super) fn is_gtid(event_type: EventType) -> bool {
    matches!(
        event_type,
        EventType::GTID | EventType::ANONYMOUS_GTID | EventType::GTID_TAGGED | EventType::MARIADB_GTID
    )
}

/// Whether the event was already made the begin of the next transaction.
fn transactions_go_on(event_type: EventType) -> bool {
    is_gtid(event_type) || event_type == EventType::QUERY
}

fn is_begin(raw: &RawEvent<'_>) -> bool {
    raw.header.event_type == EventType::QUERY && TransactionTracker::default().step_raw(raw) == Step::Begin
}
