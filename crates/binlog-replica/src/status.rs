//! What a replica tells of itself.

use std::time::Duration;

use binlog_parser::Coordinates;
use binlog_source::StartAt;

use crate::error::ReplicaError;

/// Counts since the start of this process, and where the replica is.
#[derive(Debug, Clone, Default)]
pub struct Status {
    /// Transactions applied, empty ones included.
    pub transactions: u64,
    /// Row changes applied.
    pub rows: u64,
    /// Statements applied.
    pub statements: u64,
    /// Transactions that the checkpoint already held.
    pub skipped: u64,
    /// Bytes received.
    pub bytes: u64,
    /// Position after the last event that was handled.
    pub position: Coordinates,
    /// When the source made the last event that was handled: seconds since 1970 UTC.
    pub source_time: Option<u32>,
    /// Whether the source has nothing more for now.
    pub caught_up: bool,
}

/// A change of state; each is told once.
#[derive(Debug)]
#[non_exhaustive]
pub enum State<'a> {
    /// Connected.
    Running {
        /// What is asked of the source.
        from: &'a StartAt,
    },
    /// Lost one of the servers; tries again, and says no more of it while the reason is the same.
    Retrying {
        /// What happened.
        error: &'a ReplicaError,
        /// When the next attempt is made.
        wait: Duration,
    },
    /// Asked to stop, or reached its end.
    Stopped {
        /// The counts.
        status: &'a Status,
    },
}

/// Whoever watches a replica.
pub trait Observer {
    /// Called after each chunk, and when the source is idle.
    fn progress(&mut self, status: &Status);

    /// Called at a change of state.
    fn state(&mut self, state: &State<'_>);
}
