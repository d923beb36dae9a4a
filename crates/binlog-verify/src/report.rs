//! What was found, for all logs.

use std::sync::Arc;

use binlog_parser::ChecksumAlgorithm;

use crate::facts::Closing;
use crate::finding::{Finding, Severity};
use crate::gtids::Gtids;
use crate::losses::Loss;

/// Sums over events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Events that were read.
    pub events: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Transactions that begin and end here.
    pub transactions: u64,
    /// Row changes; an update is one.
    pub rows: u64,
    /// Events whose checksum was verified.
    pub checksums: u64,
    /// Events that have none.
    pub unverified: u64,
    /// First and last time, seconds since 1970 UTC.
    pub times: Option<(u32, u32)>,
}

impl Totals {
    pub(crate) fn add(&mut self, other: &Self) {
        self.events += other.events;
        self.bytes += other.bytes;
        self.transactions += other.transactions;
        self.rows += other.rows;
        self.checksums += other.checksums;
        self.unverified += other.unverified;
        self.times = match (self.times, other.times) {
            (Some(ours), Some(theirs)) => Some((ours.0.min(theirs.0), ours.1.max(theirs.1))),
            (ours, theirs) => ours.or(theirs),
        };
    }
}

/// One log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogReport {
    /// Its name.
    pub file: Arc<str>,
    /// Position after its last event.
    pub end: u64,
    /// Sums.
    pub totals: Totals,
    /// `server_id` and version of the server that wrote it; `None` where the format description is lost.
    pub server: Option<(u32, String)>,
    /// How its events are checksummed.
    pub checksum: ChecksumAlgorithm,
    /// GTIDs of its whole transactions.
    pub gtids: Gtids,
    /// GTIDs of the logs before it, as it says itself.
    pub previous: Option<Gtids>,
    /// How it says that it is complete.
    pub closing: Option<Closing>,
    /// Whether its in-use flag is set.
    pub in_use: bool,
    /// Whether its last transaction has no end.
    pub open_transaction: bool,
    /// What cannot be used of it, in order.
    pub losses: Vec<Loss>,
    /// What was found, in order of position; what has none first.
    pub findings: Vec<Finding>,
}

impl LogReport {
    /// The worst finding.
    #[must_use]
    pub fn severity(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }
}

/// All logs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// The logs, in the order in which they were read.
    pub logs: Vec<LogReport>,
}

impl Report {
    /// All findings.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.logs.iter().flat_map(|log| &log.findings)
    }

    /// How many findings are as bad as this.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.findings().filter(|finding| finding.severity == severity).count()
    }

    /// Whether no data is known to be damaged or missing.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.count(Severity::Error) == 0
    }

    /// Sums over all logs.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        self.logs.iter().for_each(|log| totals.add(&log.totals));
        totals
    }
}
