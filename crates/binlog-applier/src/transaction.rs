//! The target's open transaction, and the source's transactions in it.

use binlog_parser::Coordinates;
use binlog_parser::gtid::TransactionGtid;

use crate::error::ApplyError;
use crate::progress::Progress;
use crate::target::Target;

/// Bytes of events from which on a transaction of the target takes no further one of the source.
const BATCH_LEN: usize = 1 << 20;

/// The source's transaction that is being applied.
#[derive(Debug, Default)]
pub(crate) struct Current {
    pub(crate) gtid: Option<TransactionGtid>,
    /// Whether the checkpoint holds it already.
    pub(crate) skip: bool,
    /// Whether it has changed anything.
    pub(crate) changed: bool,
    /// Whether it must be committed at once: it holds a statement that committed by itself.
    pub(crate) alone: bool,
}

/// The target's open transaction.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    open: bool,
    /// Transactions of the source that ended in it.
    transactions: u32,
    /// Bytes of events in it.
    bytes: usize,
    /// At most so many transactions of the source.
    limit: u32,
}

impl Batch {
    /// Sets the limit for what follows.
    pub(crate) fn limit(&mut self, transactions: u32) {
        self.limit = transactions;
    }

    /// Whether transactions of the source are done and not committed.
    pub(crate) fn holds_others(&self) -> bool {
        self.transactions > 0
    }

    /// Begins the target's transaction where none is open.
    pub(crate) fn open(&mut self, target: &mut Target, bytes: usize) -> Result<(), ApplyError> {
        if !self.open {
            target.run("START TRANSACTION", "beginning a transaction")?;
            self.open = true;
        }
        self.bytes += bytes;
        Ok(())
    }

    /// Undoes the target's transaction.
    pub(crate) fn roll_back(&mut self, target: &mut Target) -> Result<(), ApplyError> {
        self.open = false;
        self.transactions = 0;
        target.run("ROLLBACK", "rolling back")
    }

    /// Moves past the source's transaction, and commits where that is due.
    pub(crate) fn end(
        &mut self,
        target: &mut Target,
        progress: &mut Progress,
        current: &Current,
        end: Coordinates,
    ) -> Result<(), ApplyError> {
        progress.pass(current.gtid.as_ref(), end);
        self.transactions += 1;
        let full = self.open && (self.transactions >= self.limit || self.bytes >= BATCH_LEN);
        if full || current.alone {
            return self.commit(target, progress);
        }
        Ok(())
    }

    /// Commits, with the checkpoint.
    pub(crate) fn commit(&mut self, target: &mut Target, progress: &mut Progress) -> Result<(), ApplyError> {
        progress.store(target, None)?;
        if self.open {
            target.run("COMMIT", "committing")?;
        }
        *self = Self {
            limit: self.limit,
            ..Self::default()
        };
        Ok(())
    }

    /// Commits where something is open.
    pub(crate) fn commit_open(&mut self, target: &mut Target, progress: &mut Progress) -> Result<(), ApplyError> {
        if self.open {
            self.commit(target, progress)?;
        }
        Ok(())
    }
}
