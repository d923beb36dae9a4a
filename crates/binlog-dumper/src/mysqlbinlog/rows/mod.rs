//! Row changes as mysqlbinlog comments them with `-v` and `-vv`, and what `--print-table-metadata` adds.
//!
//! The authority is what mysqlbinlog 9.7 prints. Where its source helps to see why:
//! `Rows_log_event::print_verbose` and `Table_map_log_event::print_columns` in MySQL's `log_event.cc`.

mod cell;
mod extra;
mod float;
mod form;
mod image;
mod integer;
mod json;
mod json_diff;
mod metadata;
mod packed;
mod quoted;
mod table;
mod temporal;
#[cfg(test)]
mod tests;
mod vector;

use std::sync::Arc;

use binlog_parser::event::{RowsHead, RowsKind};
use binlog_parser::{FormatDescription, RawEvent, Rows, TableMap};

use super::session::Table;
use super::text::decimal;
use image::{Image, Scratch};

pub(super) use float::push_general;
pub(super) use metadata::{GENERATED_KEY, table_metadata};
pub(super) use table::TableText;

/// Writes the rows of one event after the other. What is written depends on the event and its table alone.
#[derive(Debug, Default)]
pub(super) struct RowsText {
    scratch: Scratch,
    /// By the table's number: events share them without counting.
    maps: Vec<Option<Arc<TableMap>>>,
}

impl RowsText {
    /// Appends what mysqlbinlog says of a row event. Rows that are cut off are said to be so, and end its text.
    /// The table, if it is known, comes with a number, by which it is known again. `verbose` counts the `-v`: from two on,
    /// values have their column's type behind them.
    pub(super) fn write(
        &mut self,
        raw: &RawEvent<'_>,
        format: &FormatDescription,
        table: Option<(usize, &Table)>,
        verbose: u32,
        out: &mut Vec<u8>,
    ) {
        let event_type = raw.header.event_type;
        let id_len = format.table_id_len(event_type);
        let Some((number, table)) = table else {
            let head = RowsHead::decode(raw.body(), id_len);
            return unknown_table(head.map_or(0, |head| head.table_id), out);
        };
        let Some(map) = &table.map else { return };
        let known = self.maps.get_mut(number).and_then(Option::take);
        let map = known.unwrap_or_else(|| Arc::clone(map));
        if let Ok(rows) = Rows::decode(event_type, raw.body(), id_len, map) {
            self.changes(&rows, table.text(&rows.table, verbose > 1), out);
            self.keep(number, rows.table);
        }
    }

    fn keep(&mut self, number: usize, map: Arc<TableMap>) {
        if self.maps.len() <= number {
            self.maps.resize(number + 1, None);
        }
        if let Some(place) = self.maps.get_mut(number) {
            *place = Some(map);
        }
    }

    fn changes(&mut self, rows: &Rows<'_>, table: &TableText, out: &mut Vec<u8>) {
        extra::write(rows, out);
        if rows.kind == RowsKind::Insert && rows.data.is_empty() {
            table.push_nothing_given(out);
        }
        let mut rest = rows.data;
        while !rest.is_empty() && change(rows, table, &mut rest, &mut self.scratch, out) {}
    }
}

/// What mysqlbinlog says, without a line's end, of a row event whose table map it has not seen.
fn unknown_table(table_id: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(b"### Row event for unknown table #");
    decimal(out, table_id);
}

/// Appends one change. `false` where the text of the event ends.
fn change(rows: &Rows<'_>, table: &TableText, rest: &mut &[u8], scratch: &mut Scratch, out: &mut Vec<u8>) -> bool {
    let (command, first): (&[u8], &'static [u8]) = match rows.kind {
        RowsKind::Insert => (b"### INSERT INTO ", b"### SET\n"),
        RowsKind::Update => (b"### UPDATE ", b"### WHERE\n"),
        RowsKind::Delete => (b"### DELETE FROM ", b"### WHERE\n"),
    };
    out.extend_from_slice(command);
    out.extend_from_slice(table.name());
    let before = Image::new(table, &rows.table, rows.columns, first);
    if !before.write(rest, scratch, out) {
        return false;
    }
    let Some(columns) = rows.columns_after else { return true };
    let after = Image::new(table, &rows.table, columns, b"### SET\n");
    match rows.partial {
        true => after.write_partial(rest, scratch, out),
        false => after.write(rest, scratch, out),
    }
}
