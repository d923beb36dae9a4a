//! What was kept and what was left out.

use std::collections::BTreeMap;
use std::fmt;

/// Why something was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// Its table, or its database.
    Table,
    /// Its kind of change.
    Kind,
    /// It belongs to no database, and rules name what to include.
    Global,
    /// Its transaction's GTID.
    Gtid,
    /// Its transaction's time.
    Time,
    /// The server that made it.
    Server,
    /// The MariaDB domain of its transaction's GTID.
    Domain,
    /// The connection that made it.
    Thread,
    /// Its values, or text that tells values that are left out.
    Row,
    /// The policy for mixed statements.
    Mixed,
    /// The policy for what cannot be judged.
    Unparsed,
    /// It frames a transaction of which nothing is left.
    Frame,
}

/// Counts of all that went through a filter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Transactions that began.
    pub transactions: u64,
    /// Transactions of which something was kept, or which were empty before.
    pub transactions_kept: u64,
    /// Transactions of which only GTID, BEGIN and COMMIT are left.
    pub transactions_emptied: u64,
    /// Transactions of which nothing is left.
    pub transactions_dropped: u64,
    /// Events that came in; the sum of kept and dropped ones.
    pub events: u64,
    /// Events that went out, changed or not.
    pub events_kept: u64,
    /// Events that were left out, by reason.
    pub events_dropped: BTreeMap<Reason, u64>,
    /// BEGIN and COMMIT that were made for emptied transactions that had none.
    pub events_made: u64,
    /// Rows that were left out by their values.
    pub rows_dropped: u64,
    /// UPDATEs that became an INSERT or a DELETE: their row comes into what is kept, or leaves it.
    pub rows_moved: u64,
    /// GTIDs that came in.
    pub gtids: u64,
    /// GTIDs that went out, those of emptied transactions included.
    pub gtids_kept: u64,
    /// Lists of tables to drop or rename of which a part was kept.
    pub split: u64,
    /// Statements that were kept by the policy for mixed ones.
    pub mixed_kept: u64,
    /// Statements, events and transactions that were kept by the policy for what cannot be judged.
    pub unparsed_kept: u64,
}

impl Report {
    /// All events that were left out.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.events_dropped.values().sum()
    }

    pub(crate) fn drop_event(&mut self, reason: Reason) {
        *self.events_dropped.entry(reason).or_default() += 1;
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Table => "table",
            Self::Kind => "kind",
            Self::Global => "belongs to no database",
            Self::Gtid => "GTID",
            Self::Time => "time",
            Self::Server => "server id",
            Self::Domain => "domain id",
            Self::Thread => "thread id",
            Self::Row => "values",
            Self::Mixed => "mixed statement",
            Self::Unparsed => "not judged",
            Self::Frame => "frame of a dropped transaction",
        })
    }
}

impl fmt::Display for Report {
    /// A line for each group of counts.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "transactions: {} in, {} kept, {} emptied, {} dropped",
            self.transactions, self.transactions_kept, self.transactions_emptied, self.transactions_dropped
        )?;
        writeln!(f, "GTIDs: {} in, {} kept", self.gtids, self.gtids_kept)?;
        writeln!(
            f,
            "events: {} in, {} kept, {} dropped, {} made",
            self.events,
            self.events_kept,
            self.dropped(),
            self.events_made
        )?;
        for (reason, count) in &self.events_dropped {
            writeln!(f, "  dropped by {reason}: {count}")?;
        }
        if self.rows_dropped > 0 {
            writeln!(f, "  rows left out by their values: {}", self.rows_dropped)?;
        }
        if self.rows_moved > 0 {
            writeln!(f, "  updates made to inserts or deletes: {}", self.rows_moved)?;
        }
        if self.split > 0 {
            writeln!(f, "  statements kept in part: {}", self.split)?;
        }
        if self.mixed_kept > 0 {
            writeln!(f, "  mixed statements kept: {}", self.mixed_kept)?;
        }
        if self.unparsed_kept > 0 {
            writeln!(f, "  kept without being judged: {}", self.unparsed_kept)?;
        }
        Ok(())
    }
}
