//! The source's transaction that is being applied.

use binlog_parser::gtid::TransactionGtid;

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
