//! What a sequence of logs holds, in numbers.

mod count;
mod definition;
pub mod json;
mod show;

use std::collections::BTreeMap;

use binlog_parser::event::Flavour;
use binlog_parser::gtid::GtidProgress;
use binlog_parser::{ChecksumAlgorithm, Chunk, EventType};
use binlog_schema::TableName;

use crate::DumpError;
use crate::at::At;
use crate::walk::Walk;
pub use definition::{Definitions, Span};

/// What a sequence of logs holds. Chunks are given in the order of their log.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Summary {
    /// The logs, in order.
    pub logs: Vec<Log>,
    /// When the first and the last event began on their servers, seconds since 1970 UTC.
    pub times: Option<(u32, u32)>,
    /// Events by type.
    pub events: BTreeMap<EventType, Count>,
    /// Transactions, also unfinished ones; a DDL statement is one.
    pub transactions: u64,
    /// Statements that change rows, in statement format.
    pub dml_statements: u64,
    /// Statements that change definitions.
    pub ddl_statements: u64,
    /// Rows by table.
    pub tables: BTreeMap<TableName, TableRows>,
    /// Where the names of each table's columns come from, in the order of the log.
    pub spans: BTreeMap<TableName, Vec<Span>>,
    /// MySQL: all GTIDs seen; MariaDB: the last one of each domain.
    pub gtids: GtidProgress,
    /// The first and the last GTID.
    pub gtid_range: Option<(String, String)>,
    /// The transaction of the most bytes.
    pub largest: Option<Largest>,
    current: Largest,
    walk: Walk,
}

/// One log.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Log {
    /// Name.
    pub file: String,
    /// Position of the first event.
    pub start: u64,
    /// Position after the last event.
    pub end: u64,
    /// Version text of the server that wrote it.
    pub server_version: String,
    /// Family of that server.
    pub flavour: Flavour,
    /// How its events are checksummed.
    pub checksum: ChecksumAlgorithm,
}

/// How many events there are, and their bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Count {
    /// Events.
    pub events: u64,
    /// Bytes with headers and checksums.
    pub bytes: u64,
}

/// Row changes of one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct TableRows {
    /// Rows inserted.
    pub inserts: u64,
    /// Rows updated.
    pub updates: u64,
    /// Rows deleted.
    pub deletes: u64,
}

/// The largest transaction.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Largest {
    /// Name of the log where it begins.
    pub file: String,
    /// Position of its first event.
    pub position: u64,
    /// Its identifier.
    pub gtid: Option<String>,
    /// Bytes of its events.
    pub bytes: u64,
    /// Row changes.
    pub rows: u64,
}

/// How changes stand in a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BinlogFormat {
    /// As rows.
    Row,
    /// As statements.
    Statement,
    /// As both.
    Mixed,
}

impl Summary {
    /// Adds a chunk. Rows are decoded to count them.
    ///
    /// # Errors
    /// An event does not decode.
    pub fn chunk(&mut self, chunk: &Chunk) -> Result<(), DumpError> {
        self.walk.enter(chunk);
        for raw in chunk.events() {
            let raw = raw?;
            let (event, step) = self.walk.step(chunk, &raw)?;
            let at = At { chunk, raw };
            self.log(at);
            self.transaction(at, step);
            self.event(at, &event)?;
        }
        if let Some(log) = self.logs.last_mut().filter(|log| *log.file == *chunk.file) {
            log.end = chunk.end;
        }
        Ok(())
    }

    /// How changes stand in the logs; `None` where there are none.
    #[must_use]
    pub fn format(&self) -> Option<BinlogFormat> {
        match (self.rows() > 0, self.dml_statements > 0) {
            (true, false) => Some(BinlogFormat::Row),
            (false, true) => Some(BinlogFormat::Statement),
            (true, true) => Some(BinlogFormat::Mixed),
            (false, false) => None,
        }
    }

    /// Row changes of all tables.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.tables.values().map(TableRows::total).sum()
    }

    /// All events.
    #[must_use]
    pub fn total(&self) -> Count {
        self.events.values().fold(Count::default(), |sum, count| Count {
            events: sum.events + count.events,
            bytes: sum.bytes + count.bytes,
        })
    }
}

impl TableRows {
    /// Row changes of all kinds.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.inserts + self.updates + self.deletes
    }
}

impl BinlogFormat {
    /// The server's word: `ROW`, `STATEMENT` or `MIXED`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Row => "ROW",
            Self::Statement => "STATEMENT",
            Self::Mixed => "MIXED",
        }
    }
}

#[cfg(test)]
mod tests;
