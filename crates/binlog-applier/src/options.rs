//! What an applier needs to know.

use std::fmt;

use binlog_parser::gtid::GtidProgress;

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
}

impl ApplierOptions {
    /// The checkpoint `default` on this target.
    #[must_use]
    pub fn new(server: mysql::Opts) -> Self {
        Self {
            server,
            name: "default".to_owned(),
            held: GtidProgress::None,
            transactions_per_commit: 100,
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
            .finish_non_exhaustive()
    }
}
