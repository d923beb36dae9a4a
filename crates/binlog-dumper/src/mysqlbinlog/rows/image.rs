//! One row image.

use binlog_parser::event::ColumnSet;
use binlog_parser::{Reader, TableMap};

use super::super::text::decimal;
use super::cell;
use super::form::Form;
use super::table::{ColumnText, TableText};

/// `PARTIAL_JSON_UPDATES` of the servers' `binlog_row_value_options`.
const PARTIAL_JSON: u64 = 1;

/// Memory that is used again.
#[derive(Debug, Clone, Default)]
pub(super) struct Scratch {
    /// Text of a document.
    pub(super) text: Vec<u8>,
    /// Functions of a document's differences.
    pub(super) functions: Vec<&'static str>,
}

/// The images of one kind in an event.
pub(super) struct Image<'t> {
    table: &'t TableText,
    /// The table's text for this image alone.
    own: Option<TableText>,
    present: ColumnSet<'t>,
    all: bool,
    clause: &'static [u8],
}

impl<'t> Image<'t> {
    pub(super) fn new(table: &'t TableText, map: &TableMap, present: ColumnSet<'t>, clause: &'static [u8]) -> Self {
        Self {
            own: table.for_image(map, present),
            table,
            present,
            all: table.is_all(present),
            clause,
        }
    }

    /// Appends the image at the front of `rest`, and takes it off. `false` where the text of the event ends.
    pub(super) fn write(&self, rest: &mut &[u8], scratch: &mut Scratch, out: &mut Vec<u8>) -> bool {
        let len = rest.len();
        // mysqlbinlog takes an image without bytes for an error.
        self.write_after(rest, &[], scratch, out) && rest.len() < len
    }

    /// Appends an image that begins with a bit for each JSON column of the table: whether it holds differences.
    pub(super) fn write_partial(&self, rest: &mut &[u8], scratch: &mut Scratch, out: &mut Vec<u8>) -> bool {
        let mut reader = Reader::new(rest);
        let Ok(options) = reader.lenenc("value options") else {
            out.extend_from_slice(b"*** Error reading binlog_row_value_options from Partial_update_rows_log_event\n");
            return false;
        };
        *rest = reader.peek();
        let json_columns = match options & PARTIAL_JSON {
            0 => 0,
            _ => self.table.json_columns(),
        };
        match take_bitmap(rest, json_columns, b"partial update", out) {
            Some(partial) => self.write_after(rest, partial, scratch, out),
            None => false,
        }
    }

    fn write_after(&self, rest: &mut &[u8], partial: &[u8], scratch: &mut Scratch, out: &mut Vec<u8>) -> bool {
        let Some(nulls) = take_bitmap(rest, self.present.count(), b"NULL", out) else {
            return false;
        };
        out.extend_from_slice(self.clause);
        let bits = Bits { nulls, partial };
        self.cells(bits, rest, scratch, out).is_some()
    }

    fn cells(&self, bits: Bits<'_>, rest: &mut &[u8], scratch: &mut Scratch, out: &mut Vec<u8>) -> Option<()> {
        let table = self.own.as_ref().unwrap_or(self.table);
        let (mut in_image, mut json) = (0, 0);
        // What stands in the table's line between these is still to be written.
        let (mut from, mut end) = (0, 0);
        for (index, column) in table.columns().iter().enumerate() {
            let start = std::mem::replace(&mut end, column.end);
            let partial = column.form == Form::Json && is_set(bits.partial, json);
            json += usize::from(column.form == Form::Json);
            if !self.all && !self.present.contains(index) {
                table.push_line(from..start, out);
                from = column.end;
                continue;
            }
            table.push_line(from..column.value, out);
            if is_set(bits.nulls, in_image) {
                push_null(table, column, out)?;
                from = column.end;
            } else {
                let name = partial.then_some(index);
                cell::write(column, name, rest, scratch, out)?;
                from = column.value;
            }
            in_image += 1;
        }
        table.push_line(from..end, out);
        Some(())
    }
}

/// The bitmaps before an image's cells.
#[derive(Clone, Copy)]
struct Bits<'a> {
    nulls: &'a [u8],
    partial: &'a [u8],
}

#[inline]
fn is_set(bits: &[u8], index: usize) -> bool {
    bits.get(index / 8).is_some_and(|byte| byte >> (index % 8) & 1 != 0)
}

fn push_null(table: &TableText, column: &ColumnText, out: &mut Vec<u8>) -> Option<()> {
    if let Form::Unknown { code, metadata } = column.form {
        cell::push_unknown(out, code, metadata);
        return None;
    }
    table.push_null(column, out);
    Some(())
}

/// Takes a bit for each of `count`; where they are cut off, that is said.
fn take_bitmap<'a>(rest: &mut &'a [u8], count: usize, what: &[u8], out: &mut Vec<u8>) -> Option<&'a [u8]> {
    let len = count.div_ceil(8);
    let Some((bits, after)) = rest.split_at_checked(len) else {
        out.extend_from_slice(b"***Corrupted replication event was detected: ");
        out.extend_from_slice(what);
        out.extend_from_slice(b" bitmap size is set to ");
        decimal(out, len as u64);
        out.extend_from_slice(b", but there are only ");
        cell::push_left(out, rest.len());
        return None;
    };
    *rest = after;
    Some(bits)
}
