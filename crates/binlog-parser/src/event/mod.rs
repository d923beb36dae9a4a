//! The events: one file a kind, fields named as in the server's manual.

mod control;
mod format_description;
mod gtid;
mod gtid_length;
mod gtid_mariadb;
mod gtid_tagged;
mod load;
mod query;
mod query_status;
mod rows;
mod table_map;
mod user_var;

use std::sync::Arc;

pub use control::{Incident, Intvar, IntvarKind, Rand, Rotate, RowsQuery, Xid};
pub use format_description::{Flavour, FormatDescription};
pub use gtid::GtidEvent;
pub use gtid_mariadb::{MariaDbGtidEvent, MariaDbGtidExtraFlags, MariaDbGtidFlags, XaIdentifier};
pub use load::{AppendBlock, ExecuteLoadQuery, LoadDuplicates};
pub use query::Query;
pub use query_status::{AutoIncrement, Charsets, Invoker, QueryStatus};
pub use rows::{Rows, RowsFlags, RowsHead, RowsIter, RowsKind};
pub use table_map::{Column, ColumnSet, ColumnType, PrimaryKeyPart, TableMap};
pub use user_var::{UserVar, UserVarType, UserVarValue};

use crate::gtid::{GtidSet, MariaDbGtid};

/// A decoded event. What it holds borrows from the event's bytes.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event<'a> {
    /// How the events after it are laid out.
    FormatDescription(Arc<FormatDescription>),
    /// A statement.
    Query(Query<'a>),
    /// The server stopped; the log's last event.
    Stop,
    /// The log goes on in another file.
    Rotate(Rotate<'a>),
    /// `INSERT_ID` or `LAST_INSERT_ID` for the next statement.
    Intvar(Intvar),
    /// Seeds of `RAND()` for the next statement.
    Rand(Rand),
    /// A user variable that the next statement reads.
    UserVar(UserVar<'a>),
    /// Commit of a transaction in a transactional engine.
    Xid(Xid),
    /// First or further block of a file for LOAD DATA.
    AppendBlock(AppendBlock<'a>),
    /// Deletes a file made by earlier blocks.
    DeleteFile {
        /// Number of the file.
        file_id: u32,
    },
    /// LOAD DATA on the file made by earlier blocks.
    ExecuteLoadQuery(ExecuteLoadQuery<'a>),
    /// Names a table for the row events after it.
    TableMap(Arc<TableMap>),
    /// Row changes of one table.
    Rows(Rows<'a>),
    /// The source lost events.
    Incident(Incident<'a>),
    /// The source is alive and has nothing to send.
    Heartbeat,
    /// Text of the statement that made the row events after it (MySQL ROWS_QUERY, MariaDB ANNOTATE_ROWS).
    RowsQuery(RowsQuery<'a>),
    /// Begins a MySQL transaction: with a GTID, tagged or not, or anonymous.
    Gtid(GtidEvent),
    /// GTIDs of all logs before this one (MySQL).
    PreviousGtids(GtidSet),
    /// Begins a MariaDB transaction.
    MariaDbGtid(MariaDbGtidEvent),
    /// The last GTID of each domain in all logs before this one (MariaDB).
    MariaDbGtidList(Vec<MariaDbGtid>),
    /// Oldest log that recovery needs (MariaDB).
    MariaDbBinlogCheckpoint {
        /// Name of that log.
        file: &'a [u8],
    },
    /// End of the first phase of an XA transaction.
    XaPrepare(&'a [u8]),
    /// Compressed events of one transaction (MySQL); see [`crate::EventType::TRANSACTION_PAYLOAD`].
    TransactionPayload(&'a [u8]),
    /// A type that carries nothing for a reader, or one that is marked ignorable.
    Ignorable(&'a [u8]),
    /// A type that is not known, or known and not decoded, and not marked ignorable.
    Unknown(&'a [u8]),
}
