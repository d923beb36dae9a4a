//! MariaDB GTIDs: `domain-server-sequence`, and positions made of them.

use std::collections::BTreeMap;

/// One transaction's identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MariaDbGtid {
    /// Replication domain.
    pub domain: u32,
    /// Server where the transaction began.
    pub server_id: u32,
    /// Sequence number in the domain.
    pub sequence: u64,
}

/// The last transaction of each domain.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MariaDbGtidPosition {
    domains: BTreeMap<u32, MariaDbGtid>,
}

impl MariaDbGtidPosition {
    /// Reads the body of a GTID_LIST: all its entries, in order.
    pub fn decode_list(body: &[u8]) -> Result<Vec<MariaDbGtid>, crate::FieldError> {
        let _ = body;
        Err(crate::FieldError::Unsupported {
            field: "GTID_LIST",
            why: "not written yet",
        })
    }

    /// The entries, by domain.
    pub fn iter(&self) -> impl Iterator<Item = &MariaDbGtid> {
        self.domains.values()
    }
}
