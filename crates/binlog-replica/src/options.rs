//! What a replica needs to know.

use binlog_applier::ApplierOptions;
use binlog_filter::Filter;
use binlog_source::LiveOptions;

use crate::backoff::Backoff;
use crate::until::Until;

/// What a replica needs to know.
#[derive(Debug, Clone)]
pub struct ReplicaOptions {
    /// The source. Its start counts only where the target has no checkpoint yet.
    pub source: LiveOptions,
    /// The target and the checkpoint's name.
    pub target: ApplierOptions,
    /// What to keep: a filter before its first chunk.
    pub filter: Filter,
    /// When to end.
    pub until: Until,
    /// How to wait between attempts.
    pub backoff: Backoff,
}
