//! What is lost: places, and the GTIDs of what stood there.

use std::fmt;
use std::sync::Arc;

use binlog_parser::gtid::{GtidSet, Interval, TransactionGtid};

use crate::facts::Broken;
use crate::gtids::{Gtids, MariaDbRange};

/// Bytes of a log in which its source could find no events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Position of the first byte.
    pub from: u64,
    /// Position after the last one.
    pub to: u64,
    /// What stands there instead.
    pub why: String,
}

/// Transactions that are not whole: nothing between the two positions can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// The log.
    pub file: Arc<str>,
    /// Position of the first byte: of a transaction's first event, or of the damage.
    pub from: u64,
    /// Position after the last one.
    pub to: u64,
    /// Which transactions are lost.
    pub gtids: LostGtids,
    /// What happened first.
    pub why: String,
    /// Whether all that stands here stood in the log before, whole: nothing is lost.
    pub repeated: bool,
}

/// The GTIDs of what is lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LostGtids {
    /// These at most: those that are named, and those between the transactions before and behind, or those
    /// of which the next log says that they stand before it.
    Known(Gtids),
    /// These, and perhaps others.
    AtLeast(Gtids),
    /// Nothing is known.
    Unknown,
}

impl LostGtids {
    /// Those that are known.
    #[must_use]
    pub fn known(&self) -> Option<&Gtids> {
        match self {
            Self::Known(gtids) | Self::AtLeast(gtids) => Some(gtids),
            Self::Unknown => None,
        }
    }
}

impl fmt::Display for LostGtids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(gtids) if gtids.is_empty() => f.write_str("no GTIDs"),
            Self::Known(gtids) => write!(f, "GTIDs {gtids}"),
            Self::AtLeast(gtids) => write!(f, "GTIDs {gtids}, and perhaps others"),
            Self::Unknown => f.write_str("GTIDs unknown"),
        }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, why, .. } = self;
        let bytes = to.saturating_sub(*from);
        match self.repeated {
            true => write!(f, "{bytes} bytes up to {to} stand in the log before, too"),
            false => write!(f, "lost: {bytes} bytes up to {to}, {}: {why}", self.gtids),
        }
    }
}

/// A loss whose surroundings are known to be what they are only at the end.
#[derive(Debug)]
pub(crate) struct Losing {
    pub(crate) span: Broken,
    pub(crate) repeated: bool,
    /// Whether the log simply ends: no commit came.
    pub(crate) open_end: bool,
}

impl Losing {
    /// Whether what is lost behind it is no transaction of its own.
    pub(crate) fn goes_on(&self, span: &Broken) -> bool {
        !self.repeated && self.span.to == span.from && span.gtid.is_none()
    }

    /// The GTIDs that are lost, at most: `own` are those that the log has, `before` those before it.
    pub(crate) fn gtids(&self, own: &Gtids, before: &Gtids, rest: Option<&Gtids>) -> LostGtids {
        let mut known = Gtids::None;
        if let Some(gtid) = &self.span.gtid {
            known.insert(gtid);
        }
        let between = match (&self.span.before, &self.span.after) {
            (Some(first), Some(last)) => between(first, last),
            (None, Some(last)) => since(before, last),
            _ => None,
        };
        if self.open_end && !known.is_empty() {
            return LostGtids::Known(known);
        }
        match between.map(|between| between.without(own)).or_else(|| rest.cloned()) {
            Some(gap) => {
                known.add(&gap);
                LostGtids::Known(known)
            }
            None if known.is_empty() => LostGtids::Unknown,
            None => LostGtids::AtLeast(known),
        }
    }
}

/// What lies between two transactions of one server: both are left out.
fn between(first: &TransactionGtid, last: &TransactionGtid) -> Option<Gtids> {
    match (first, last) {
        (TransactionGtid::MySql(first), TransactionGtid::MySql(last)) => {
            let same = first.sid == last.sid && first.tag == last.tag && first.gno < last.gno;
            same.then(|| {
                let mut set = GtidSet::default();
                let (start, end) = (first.gno + 1, last.gno);
                if start < end {
                    set.insert_interval(first.sid, first.tag.clone(), Interval { start, end });
                }
                Gtids::MySql(set)
            })
        }
        (TransactionGtid::MariaDb(first), TransactionGtid::MariaDb(last)) => {
            let same = first.domain == last.domain && first.server_id == last.server_id;
            let range = MariaDbRange {
                first: first.sequence.saturating_add(1),
                last: last.sequence.saturating_sub(1),
            };
            (same && first.sequence < last.sequence).then(|| Gtids::of_range(first.domain, first.server_id, range))
        }
        _ => None,
    }
}

/// What lies between the transactions before the log and its first one of the same server.
fn since(before: &Gtids, last: &TransactionGtid) -> Option<Gtids> {
    match (before, last) {
        (Gtids::MySql(before), TransactionGtid::MySql(last)) => {
            let reached = before
                .iter()
                .find(|(sid, tag, _)| **sid == last.sid && **tag == last.tag);
            let start = reached
                .and_then(|(_, _, intervals)| intervals.last().map(|interval| interval.end))
                .unwrap_or(1);
            let mut set = GtidSet::default();
            if start < last.gno {
                set.insert_interval(last.sid, last.tag.clone(), Interval { start, end: last.gno });
            }
            Some(Gtids::MySql(set))
        }
        (Gtids::MariaDb(before), TransactionGtid::MariaDb(last)) => {
            let of =
                |(domain, server, _): &(u32, u32, MariaDbRange)| *domain == last.domain && *server == last.server_id;
            let reached = before.iter().find(of).map_or(0, |(_, _, range)| range.last);
            let range = MariaDbRange {
                first: reached.saturating_add(1),
                last: last.sequence.saturating_sub(1),
            };
            Some(Gtids::of_range(last.domain, last.server_id, range))
        }
        _ => None,
    }
}
