//! Global transaction identifiers of both servers: text, bytes and algebra.

mod mariadb;
mod mysql;

pub use mariadb::{MariaDbGtid, MariaDbGtidPosition};
pub use mysql::{Gtid, GtidSet, GtidTextError, Interval, Sid, Tag};

/// How far a replica has got, in the words of its source.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum GtidProgress {
    /// The source writes no GTIDs.
    #[default]
    None,
    /// MySQL: the set of transactions that were executed.
    MySql(GtidSet),
    /// MariaDB: the last transaction of each domain.
    MariaDb(MariaDbGtidPosition),
}
