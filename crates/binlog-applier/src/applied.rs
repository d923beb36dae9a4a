//! What was applied.

use std::ops::AddAssign;

/// What one call to [`crate::Applier::apply`] has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Applied {
    /// Transactions that ended, empty ones included.
    pub transactions: u64,
    /// Row changes.
    pub rows: u64,
    /// Statements, LOAD DATA included; BEGIN and COMMIT are not counted.
    pub statements: u64,
    /// Transactions that the checkpoint already held, and changes to the applier's own schema.
    pub skipped: u64,
}

impl AddAssign for Applied {
    fn add_assign(&mut self, more: Self) {
        self.transactions += more.transactions;
        self.rows += more.rows;
        self.statements += more.statements;
        self.skipped += more.skipped;
    }
}
