//! What is collected for the next chunk.

use std::sync::Arc;

use binlog_parser::{Entry, EventHeader, EventType, FormatDescription};

/// The chunk in the making.
#[derive(Debug, Default)]
pub(super) struct Pending {
    pub(super) entries: Vec<Entry>,
    pub(super) bytes: usize,
    pub(super) format: Arc<FormatDescription>,
    pub(super) continues: bool,
    /// Whether all entries are format descriptions and artificial rotations.
    pub(super) head_only: bool,
    /// Whether an artificial rotation is among them.
    pub(super) named: bool,
    /// Whether a format description is among them.
    pub(super) described: bool,
    /// The front part after which no transaction is open.
    pub(super) whole: Option<Whole>,
}

/// The front part of a chunk in the making.
#[derive(Debug, Clone, Copy)]
pub(super) struct Whole {
    pub(super) entries: usize,
    pub(super) bytes: usize,
    /// Position after it.
    pub(super) end: u64,
}

impl Pending {
    /// The last entry, if it is a GTID of MySQL.
    pub(super) fn last_gtid(&self) -> Option<usize> {
        let index = self.entries.len().checked_sub(1)?;
        let header = EventHeader::decode(&self.entries.get(index)?.bytes).ok()?;
        let is_gtid = matches!(
            header.event_type,
            EventType::GTID | EventType::ANONYMOUS_GTID | EventType::GTID_TAGGED
        );
        is_gtid.then_some(index)
    }

    /// Bytes of the entries after this one.
    pub(super) fn bytes_after(&self, index: usize) -> u64 {
        let rest = self.entries.get(index + 1..).unwrap_or_default();
        rest.iter().map(|entry| entry.bytes.len() as u64).sum()
    }
}
