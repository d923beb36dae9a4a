//! GTID, ANONYMOUS_GTID and GTID_TAGGED (MySQL), and MariaDB's GTID: what begins a transaction.

use crate::error::FieldError;
use crate::gtid::{Gtid, MariaDbGtid};

/// Begins a MySQL transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GtidEvent {
    /// The transaction's identifier; `None` for ANONYMOUS_GTID.
    pub gtid: Option<Gtid>,
    /// Bit 0: the transaction may hold statements in statement format.
    pub flags: u8,
    /// Sequence number, within this log, of the last transaction that this one depends on.
    pub last_committed: i64,
    /// Sequence number of this transaction within this log.
    pub sequence_number: i64,
    /// Commit on the server that wrote this log, microseconds since 1970 UTC; `None` before 8.0.1.
    pub immediate_commit_timestamp: Option<u64>,
    /// Commit on the server where the transaction began, microseconds since 1970 UTC.
    pub original_commit_timestamp: Option<u64>,
    /// Bytes of the whole transaction, this event included; `None` before 8.0.2.
    pub transaction_length: Option<u64>,
    /// Version number of the server that wrote this log: 80403 is 8.4.3. `None` before 8.0.14.
    pub immediate_server_version: Option<u32>,
    /// Version number of the server where the transaction began.
    pub original_server_version: Option<u32>,
    /// Ticket of the commit group, where the server orders groups.
    pub commit_group_ticket: Option<u64>,
}

/// Begins a MariaDB transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MariaDbGtidEvent {
    /// The transaction's identifier; the server number is that of the common header.
    pub gtid: MariaDbGtid,
    /// Flags.
    pub flags: MariaDbGtidFlags,
    /// Transactions with the same number committed together.
    pub commit_id: Option<u64>,
}

/// Flags of a MariaDB GTID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MariaDbGtidFlags(pub u8);

impl MariaDbGtidFlags {
    /// One statement, without COMMIT.
    pub const STANDALONE: Self = Self(1);
    /// Commits in a group; a commit number follows.
    pub const GROUP_COMMIT_ID: Self = Self(2);
    /// Only transactional engines.
    pub const TRANSACTIONAL: Self = Self(4);
    /// May run in parallel.
    pub const ALLOW_PARALLEL: Self = Self(8);
    /// Waited for a row lock of another transaction.
    pub const WAITED: Self = Self(16);
    /// DDL.
    pub const DDL: Self = Self(32);
    /// Ends in XA PREPARE.
    pub const PREPARED_XA: Self = Self(64);
    /// XA COMMIT or XA ROLLBACK.
    pub const COMPLETED_XA: Self = Self(128);

    /// Whether all bits of `other` are set.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl GtidEvent {
    /// Reads the body of a GTID or ANONYMOUS_GTID.
    pub fn decode(body: &[u8], anonymous: bool) -> Result<Self, FieldError> {
        let _ = (body, anonymous);
        Err(FieldError::Unsupported {
            field: "GTID",
            why: "not written yet",
        })
    }

    /// Reads the body of a GTID_TAGGED.
    pub fn decode_tagged(body: &[u8]) -> Result<Self, FieldError> {
        let _ = body;
        Err(FieldError::Unsupported {
            field: "GTID_TAGGED",
            why: "not written yet",
        })
    }
}

impl MariaDbGtidEvent {
    /// Reads the body; `server_id` is that of the common header.
    pub fn decode(body: &[u8], server_id: u32) -> Result<Self, FieldError> {
        let _ = (body, server_id);
        Err(FieldError::Unsupported {
            field: "GTID",
            why: "not written yet",
        })
    }
}
