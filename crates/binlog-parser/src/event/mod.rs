//! The events: one file a kind, fields named as in the server's manual.

mod control;
mod encode;
mod format_description;
mod group_replication;
mod gtid;
mod gtid_length;
mod gtid_mariadb;
mod gtid_tagged;
mod heartbeat;
mod load;
mod load_old;
mod previous_gtids;
mod query;
mod query_status;
mod rows;
mod rows_fragment;
mod rows_pre_ga;
mod slave;
mod start_encryption;
mod start_v3;
mod status_variable;
mod table_map;
mod tlv;
mod transaction_payload;
mod user_var;
mod xa_prepare;

use std::sync::Arc;

pub(crate) use control::BinlogCheckpoint;
pub use control::{Incident, Intvar, IntvarKind, Rand, Rotate, RowsQuery, Xid};
pub use format_description::{Flavour, FormatDescription};
pub use group_replication::{CertificationEntry, TransactionContext, ViewChange};
pub use gtid::GtidEvent;
pub use gtid_mariadb::{MariaDbGtidEvent, MariaDbGtidExtraFlags, MariaDbGtidFlags, XaIdentifier};
pub use heartbeat::Heartbeat;
pub(crate) use load::file_id;
pub use load::{AppendBlock, ExecuteLoadQuery, LoadDuplicates};
pub use load_old::{CreateFile, Load, LoadDelimiters};
pub use previous_gtids::PreviousGtids;
pub use query::Query;
pub use query_status::QueryStatus;
pub use rows::{NdbInfo, Rows, RowsExtra, RowsFlags, RowsHead, RowsIter, RowsKind};
pub use rows_fragment::RowsFragment;
pub use rows_pre_ga::PreGaRows;
pub use slave::Slave;
pub use start_encryption::StartEncryption;
pub use start_v3::StartV3;
pub use status_variable::{AutoIncrement, Charsets, Invoker, MariaDbAlterFlags, StatusVariable};
pub use table_map::{Column, ColumnSet, ColumnType, PrimaryKeyPart, TableMap};
pub use tlv::TlvField;
pub use transaction_payload::{Compression, TransactionPayload};
pub use user_var::{UserVar, UserVarType, UserVarValue};
pub use xa_prepare::XaPrepare;

use crate::gtid::MariaDbGtidList;

/// A decoded event. What it holds borrows from the event's bytes.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event<'a> {
    /// How the events after it are laid out.
    FormatDescription(Arc<FormatDescription>),
    /// Begins a log of version 1 or 3.
    StartV3(StartV3<'a>),
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
    /// LOAD DATA without its file, of a server before 5.0.3.
    Load(Load<'a>),
    /// LOAD DATA with its file's first block, of a server before 5.0.3.
    CreateFile(CreateFile<'a>),
    /// Runs the LOAD DATA of an earlier [`Event::CreateFile`].
    ExecLoad {
        /// Number of the file.
        file_id: u32,
    },
    /// Names a table for the row events after it.
    TableMap(Arc<TableMap>),
    /// Row changes of one table.
    Rows(Rows<'a>),
    /// Row changes in the form of 5.1 before general availability.
    PreGaRows(PreGaRows<'a>),
    /// A fragment of a row event (MariaDB 12.3 on).
    RowsFragment(RowsFragment<'a>),
    /// The source lost events.
    Incident(Incident<'a>),
    /// The source is alive and has nothing to send.
    Heartbeat(Heartbeat<'a>),
    /// Text of the statement that made the row events after it (MySQL ROWS_QUERY, MariaDB ANNOTATE_ROWS).
    RowsQuery(RowsQuery<'a>),
    /// Begins a MySQL transaction: with a GTID, tagged or not, or anonymous.
    Gtid(GtidEvent),
    /// GTIDs of all logs before this one (MySQL).
    PreviousGtids(PreviousGtids),
    /// Begins a MariaDB transaction.
    MariaDbGtid(MariaDbGtidEvent),
    /// The last GTID of each domain in all logs before this one (MariaDB).
    MariaDbGtidList(MariaDbGtidList),
    /// Oldest log that recovery needs (MariaDB).
    MariaDbBinlogCheckpoint {
        /// Name of that log.
        file: &'a [u8],
    },
    /// End of the first phase of an XA transaction, or of its only one.
    XaPrepare(XaPrepare),
    /// Compressed events of one transaction (MySQL).
    TransactionPayload(TransactionPayload<'a>),
    /// The events after it are encrypted (MariaDB). What reads a log decrypted may still meet it.
    MariaDbStartEncryption(StartEncryption),
    /// What group replication certifies a transaction by (MySQL).
    TransactionContext(TransactionContext<'a>),
    /// Members of a group joined or left (MySQL).
    ViewChange(ViewChange<'a>),
    /// Where a replica of MySQL 3.23 stood.
    Slave(Slave<'a>),
    /// A type that carries nothing for a reader, or one that is marked ignorable.
    Ignorable(&'a [u8]),
    /// A type that is not known, or known and not decoded, and not marked ignorable.
    Unknown(&'a [u8]),
}
