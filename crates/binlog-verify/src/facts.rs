//! What one chunk shows.

use std::sync::Arc;

use binlog_parser::gtid::TransactionGtid;
use binlog_parser::{ChecksumAlgorithm, EventError};

use crate::gtids::Gtids;
use crate::report::Totals;

/// What [`check`](crate::check) found in one chunk; see [`Verifier::add`](crate::Verifier::add).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// Name of the log.
    pub(crate) file: Arc<str>,
    /// Whether positions count the log's own bytes.
    pub(crate) own: bool,
    /// Position of the first event.
    pub(crate) start: u64,
    /// Position after the last event.
    pub(crate) end: u64,
    pub(crate) totals: Totals,
    /// The chunk's format description, where it has one.
    pub(crate) head: Option<Head>,
    /// What PREVIOUS_GTIDS or GTID_LIST says.
    pub(crate) previous: Option<Gtids>,
    /// Where the source says that it lost events.
    pub(crate) incidents: Vec<u64>,
    /// What the last event says of the log's end.
    pub(crate) closing: Option<Closing>,
    /// How far positions are from where the events stand, at the first and last event that has one.
    pub(crate) shifts: Option<(i64, i64)>,
    /// Where they change inside of the chunk.
    pub(crate) jumps: Vec<Jump>,
    /// What is wrong with single events, the first ones of many.
    pub(crate) errors: Vec<EventError>,
    /// Errors that are not among them.
    pub(crate) more_errors: u64,
    /// The first event that belongs to a transaction of which nothing stands before it in the chunk.
    pub(crate) orphan: Option<EventError>,
    /// Whether every transaction of the log begins with a GTID.
    pub(crate) has_gtids: bool,
    /// Positions where no transaction is open.
    pub(crate) starts: Vec<Start>,
    /// Where the transaction ends that an earlier chunk began.
    pub(crate) front: Option<Front>,
    /// Transactions that are not whole.
    pub(crate) broken: Vec<Broken>,
    /// The transaction that the chunk leaves open.
    pub(crate) back: Option<Broken>,
    /// GTIDs of the whole transactions.
    pub(crate) gtids: Gtids,
    /// GTIDs that the chunk has twice.
    pub(crate) repeated: Gtids,
    /// The first and last transaction's, by position; those that are not whole too.
    pub(crate) first_gtid: Option<TransactionGtid>,
    pub(crate) last_gtid: Option<TransactionGtid>,
}

impl Facts {
    /// Takes the GTID of the next transaction.
    pub(crate) fn saw(&mut self, gtid: &TransactionGtid) {
        self.first_gtid.get_or_insert_with(|| gtid.clone());
        self.last_gtid = Some(gtid.clone());
        let open = self.broken.iter_mut().rev().take_while(|broken| broken.after.is_none());
        open.for_each(|broken| broken.after = Some(gtid.clone()));
    }
}

/// A position where no transaction is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Start {
    pub(crate) position: u64,
    /// Whether that is so also in a log of which every transaction begins with a GTID.
    pub(crate) certain: bool,
}

/// A format description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) position: u64,
    pub(crate) server_version: String,
    pub(crate) server_id: u32,
    pub(crate) checksum: ChecksumAlgorithm,
    pub(crate) in_use: bool,
}

/// How a log says that it is complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closing {
    /// The server stopped.
    Stop,
    /// The log goes on in this one.
    Rotate(String),
}

/// A change of the distance between positions and places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Jump {
    /// Where the event stands that shows it.
    pub(crate) position: u64,
    /// Bytes that are missing before it; less than 0: that are there again, or do not belong there.
    pub(crate) missing: i64,
}

/// The end of a transaction that an earlier chunk began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Front {
    /// Position after it; `None` where it goes on in the next chunk.
    pub(crate) end: Option<u64>,
    /// Whether a part of it in this chunk is not whole.
    pub(crate) broken: bool,
}

/// A transaction, or what is left of one or several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Broken {
    pub(crate) from: u64,
    /// Position after it; for one that is open, of the chunk's end.
    pub(crate) to: u64,
    /// The first one's GTID.
    pub(crate) gtid: Option<TransactionGtid>,
    /// GTIDs of the transactions before and behind, as far as the chunk shows them.
    pub(crate) before: Option<TransactionGtid>,
    pub(crate) after: Option<TransactionGtid>,
    /// Whether it is known not to be whole.
    pub(crate) broken: bool,
}
