//! What an applier needs to know.

use std::fmt;
use std::thread;

use binlog_parser::gtid::GtidProgress;

use crate::conflict::{ConflictObserver, OnConflict};

/// How row changes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Via {
    /// As row events where the target takes them: it is of the source's family, and the account may replay events.
    /// Tables that differ, and changes that the target refuses as events, are written as SQL.
    #[default]
    Auto,
    /// As row events; where that cannot be, it is an error.
    Events,
    /// As SQL.
    Sql,
}

/// Where to apply, and under which name.
#[derive(Clone)]
pub struct ApplierOptions {
    /// The target.
    pub server: mysql::Opts,
    /// Name of the checkpoint: one target can take part in several replications.
    pub name: String,
    /// GTIDs that the target holds already, where it has no checkpoint of this name.
    pub held: GtidProgress,
    /// At most so many source transactions go into one transaction of the target, if they come in one
    /// chunk. At least 1.
    pub transactions_per_commit: u32,
    /// How row changes are written.
    pub via: Via,
    /// Connections that write beside each other, beside the first. At least 1.
    pub workers: usize,
    /// What is done about rows that are not on the target as they should be.
    pub on_conflict: OnConflict,
    /// Told of conflicts that were decided.
    pub observer: Option<ConflictObserver>,
}

/// Commits wait for disks, while others write: also on few cores several connections are of use.
const FEWEST_WORKERS: usize = 4;

impl ApplierOptions {
    /// The checkpoint `default` on this target.
    #[must_use]
    pub fn new(server: mysql::Opts) -> Self {
        Self {
            server,
            name: "default".to_owned(),
            held: GtidProgress::None,
            transactions_per_commit: 2000,
            via: Via::default(),
            workers: thread::available_parallelism()
                .map_or(1, usize::from)
                .max(FEWEST_WORKERS),
            on_conflict: OnConflict::default(),
            observer: None,
        }
    }
}

impl fmt::Debug for ApplierOptions {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApplierOptions")
            .field("host", &self.server.get_ip_or_hostname())
            .field("port", &self.server.get_tcp_port())
            .field("user", &self.server.get_user())
            .field("name", &self.name)
            .field("transactions_per_commit", &self.transactions_per_commit)
            .field("via", &self.via)
            .field("workers", &self.workers)
            .field("on_conflict", &self.on_conflict)
            .finish_non_exhaustive()
    }
}
