//! Rows as comments: `-v` and `-vv`.

mod float;
mod json;
mod metadata;
mod value;

use std::sync::Arc;

use binlog_parser::event::{Rows, RowsKind};
use binlog_parser::{Cell, FormatDescription, RawEvent, Row};

use super::session::Table;
use super::text::{decimal, hex_upper};

pub(super) use float::general as general_float;
pub(super) use metadata::table_metadata;

/// Appends the comments of a row event.
pub(super) fn write<'a>(
    raw: &RawEvent<'a>,
    format: &FormatDescription,
    table: Option<&Arc<Table>>,
    verbose: u32,
    change: &mut Change<'a>,
    out: &mut Vec<u8>,
) {
    let event_type = raw.header.event_type;
    let id_len = format.table_id_len(event_type);
    let Some(table) = table else {
        let id = binlog_parser::event::RowsHead::decode(raw.body(), id_len).map_or(0, |head| head.table_id);
        out.extend(b"### Row event for unknown table #");
        return decimal(out, id);
    };
    let Ok(rows) = Rows::decode(event_type, raw.body(), id_len, Arc::clone(&table.map)) else {
        return;
    };
    extra(&rows, out);
    let writer = Writer {
        rows: &rows,
        table,
        with_types: verbose > 1,
    };
    writer.write(change, out);
}

fn extra(rows: &Rows<'_>, out: &mut Vec<u8>) {
    let extra = rows.extra().unwrap_or_default();
    if let Some(ndb) = extra.ndb {
        out.extend(b"### Extra row ndb info: data_format: ");
        decimal(out, ndb.format);
        out.extend(b", len: ");
        decimal(out, ndb.data.len() as u64);
        if !ndb.data.is_empty() {
            out.extend(b", data: 0x");
            hex_upper(out, ndb.data);
        }
        out.push(b'\n');
    }
    if let Some(partition) = extra.partition {
        out.extend(b"### Extra row info for partitioning: ");
        if let Some(source) = extra.source_partition {
            out.extend(b"source_partition: ");
            decimal(out, source);
            out.extend(b" target_partition: ");
        } else {
            out.extend(b"partition: ");
        }
        decimal(out, partition);
        out.push(b'\n');
    }
}

/// Room for a row change, used again.
#[derive(Debug, Default)]
pub(super) struct Change<'a> {
    before: Row<'a>,
    after: Row<'a>,
}

struct Writer<'r, 'a> {
    rows: &'r Rows<'a>,
    table: &'r Table,
    with_types: bool,
}

impl<'a> Writer<'_, 'a> {
    fn write(&self, change: &mut Change<'a>, out: &mut Vec<u8>) {
        let mut rows = self.rows.iter();
        if self.rows.kind == RowsKind::Insert && rows.is_done() {
            self.head(out);
            return out.extend(b" VALUES ()\n");
        }
        loop {
            match rows.next_into(&mut change.before, &mut change.after) {
                Ok(true) => {}
                Ok(false) => return,
                Err((offset, _)) => return self.broken(&change.before, &change.after, offset, out),
            }
            if !self.change(&change.before, &change.after, out) {
                return;
            }
        }
    }

    /// What stands above each row.
    fn head(&self, out: &mut Vec<u8>) {
        out.extend(match self.rows.kind {
            RowsKind::Insert => &b"### INSERT INTO "[..],
            RowsKind::Update => b"### UPDATE ",
            RowsKind::Delete => b"### DELETE FROM ",
        });
        out.extend(&self.table.qualified);
    }

    /// Returns whether all of the row could be told.
    fn change(&self, before: &Row<'a>, after: &Row<'a>, out: &mut Vec<u8>) -> bool {
        self.head(out);
        out.push(b'\n');
        match self.rows.kind {
            RowsKind::Insert => self.image(b"### SET\n", after, out),
            RowsKind::Delete => self.image(b"### WHERE\n", before, out),
            RowsKind::Update => self.image(b"### WHERE\n", before, out) && self.image(b"### SET\n", after, out),
        }
    }

    fn image(&self, word: &[u8], row: &Row<'a>, out: &mut Vec<u8>) -> bool {
        out.extend(word);
        let columns = self.rows.table.columns.iter().zip(&row.cells).enumerate();
        for (index, (column, cell)) in columns {
            let null = match cell {
                Cell::Absent => continue,
                Cell::Null => {
                    out.extend(b"###   @");
                    decimal(out, index as u64 + 1);
                    if value::is_unknown(column) {
                        out.push(b'=');
                        return value::unknown(out, column);
                    }
                    out.extend(b"=NULL");
                    true
                }
                Cell::Value(value) => {
                    out.extend(b"###   @");
                    decimal(out, index as u64 + 1);
                    out.push(b'=');
                    if !value::push(out, index, column, value) {
                        return false;
                    }
                    false
                }
            };
            if self.with_types {
                value::push_type(out, column, null);
            }
            out.push(b'\n');
        }
        true
    }

    /// Tells of a row up to the value that does not fit.
    fn broken(&self, before: &Row<'a>, after: &Row<'a>, offset: usize, out: &mut Vec<u8>) {
        self.head(out);
        out.push(b'\n');
        let is_after = self.rows.kind == RowsKind::Insert || !after.cells.is_empty();
        if self.rows.kind == RowsKind::Update && is_after {
            self.image(b"### WHERE\n", before, out);
        }
        let (word, row): (&[u8], _) = match is_after {
            true => (b"### SET\n", after),
            false => (b"### WHERE\n", before),
        };
        self.image(word, row, out);
        out.extend(b"###   @");
        decimal(out, row.cells.len() as u64 + 1);
        out.push(b'=');
        let left = (self.rows.data_offset + self.rows.data.len()).saturating_sub(offset);
        out.extend(b"***Corrupted replication event was detected: field data is truncated; there are only ");
        decimal(out, left as u64);
        out.extend(b" bytes left of the event. Not printing the value***\n");
    }
}
