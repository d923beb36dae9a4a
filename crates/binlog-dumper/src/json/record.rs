//! The serialize-only twins of the objects.

use binlog_parser::event::RowsKind;
use binlog_parser::{Row, Rows};
use serde::Serialize;

use super::columns::{Columns, Image, is_changed};
use super::difference::Partial;
use super::value::{self, Bytes, JsonCell, PlainValues, Text, ValueError};
use crate::at::At;
use crate::text;
use crate::walk::Transaction;

/// What every object has.
#[derive(Debug, Serialize)]
pub(super) struct Head<'a> {
    kind: &'static str,
    file: &'a str,
    position: u64,
    end: u64,
    timestamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    committed: Option<String>,
    server_id: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_id: Option<u32>,
    transaction: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    gtid: Option<&'a str>,
}

/// What row changes have further.
#[derive(Debug, Serialize)]
pub(super) struct Change<'a> {
    schema: &'a str,
    table: &'a str,
    row: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Image<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<Image<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changed: Option<Vec<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partial: Option<Partial<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<Text<'a>>,
}

/// What the end of a transaction has further.
#[derive(Debug, Serialize)]
pub(super) struct Commit {
    #[serde(skip_serializing_if = "Option::is_none")]
    xid: Option<JsonCell<'static>>,
}

/// What statements have further.
#[derive(Debug, Serialize)]
pub(super) struct Statement<'a> {
    pub(super) sql: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) default_schema: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) session: Vec<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error_code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) load: Option<u32>,
}

/// What a part of a file has further.
#[derive(Debug, Serialize)]
pub(super) struct LoadBlock<'a> {
    load: u32,
    data: Bytes<'a>,
}

#[derive(Serialize)]
struct Record<'a, T> {
    #[serde(flatten)]
    head: &'a Head<'a>,
    #[serde(flatten)]
    body: &'a T,
}

/// Appends an object and a line end.
pub(super) fn write<T: Serialize>(head: &Head<'_>, body: &T, out: &mut Vec<u8>) {
    // Writing to a vector does not fail, and the twins have only text as keys.
    let _ = serde_json::to_writer(&mut *out, &Record { head, body });
    out.push(b'\n');
}

/// The kind of a row change.
pub(super) fn kind(kind: RowsKind) -> &'static str {
    match kind {
        RowsKind::Insert => "insert",
        RowsKind::Update => "update",
        RowsKind::Delete => "delete",
    }
}

impl<'a> Head<'a> {
    pub(super) fn new(kind: &'static str, at: At<'a, '_>, transaction: &'a Transaction) -> Self {
        Self {
            kind,
            file: &at.chunk.file,
            position: at.raw.offset,
            end: at.end(),
            timestamp: text::rfc3339(at.raw.header.timestamp),
            committed: transaction.committed.map(text::rfc3339_micros),
            server_id: at.raw.header.server_id,
            thread_id: transaction.thread_id,
            transaction: transaction.position,
            gtid: transaction.gtid.as_deref(),
        }
    }

    /// With the microseconds at which the statement began, where the log tells them.
    pub(super) fn precise(self, seconds: u32, microseconds: Option<u32>) -> Self {
        match microseconds {
            Some(microseconds) => Self {
                timestamp: text::rfc3339_micros(u64::from(seconds) * 1_000_000 + u64::from(microseconds)),
                ..self
            },
            None => self,
        }
    }
}

impl<'a> Change<'a> {
    pub(super) fn new(
        columns: &'a Columns,
        rows: &'a Rows<'_>,
        row: u64,
        (before, after): (&'a Row<'_>, &'a Row<'_>),
        query: Option<Text<'a>>,
    ) -> Result<Self, ValueError> {
        let is_update = rows.kind == RowsKind::Update;
        let (after_image, partial) = match rows.kind {
            RowsKind::Insert => (Some(columns.image(&PlainValues, after)?), None),
            RowsKind::Update => {
                let (image, partial) = columns.image_over(before, after)?;
                (Some(image), partial)
            }
            RowsKind::Delete => (None, None),
        };
        Ok(Self {
            schema: &rows.table.schema,
            table: &rows.table.table,
            row,
            before: match rows.kind {
                RowsKind::Insert => None,
                RowsKind::Update | RowsKind::Delete => Some(columns.image(&PlainValues, before)?),
            },
            after: after_image,
            changed: is_update.then(|| changed(columns, before, after)),
            partial,
            query,
        })
    }
}

fn changed<'a>(columns: &'a Columns, before: &Row<'_>, after: &Row<'_>) -> Vec<&'a str> {
    let cells = before.cells.iter().zip(&after.cells);
    let changed = columns
        .names()
        .zip(cells)
        .filter(|(_, (old, new))| is_changed(old, new));
    changed.map(|(name, _)| name).collect()
}

impl LoadBlock<'_> {
    pub(super) fn new(load: u32, data: &[u8]) -> Self {
        Self {
            load,
            data: Bytes::new(data, None),
        }
    }
}

impl Commit {
    pub(super) fn new(xid: Option<u64>) -> Self {
        Self {
            xid: xid.map(value::uint),
        }
    }
}

impl<'a> Statement<'a> {
    /// A statement of which there is only the text.
    pub(super) fn new(sql: &'a [u8]) -> Self {
        Self {
            sql: Text(sql),
            default_schema: None,
            session: Vec::new(),
            error_code: None,
            load: None,
        }
    }
}
