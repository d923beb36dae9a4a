//! Global transaction identifiers of both servers: text, bytes and algebra.

mod mariadb;
mod mysql;
mod previous;
mod progress;
mod set;
mod text;

pub use mariadb::{MariaDbGtid, MariaDbGtidList, MariaDbGtidPosition};
pub(crate) use mysql::checked_gno;
pub use mysql::{Gtid, Interval, MAX_GNO, Sid, Tag};
pub use progress::{GtidProgress, TransactionGtid};
pub use set::GtidSet;
pub use text::GtidTextError;
