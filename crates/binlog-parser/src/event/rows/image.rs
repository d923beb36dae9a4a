//! One row image: NULL bits of the columns in it, then the values that are not NULL.

use crate::error::FieldError;
use crate::event::table_map::{Column, ColumnSet, ColumnType};
use crate::reader::{Reader, put_bits, put_lenenc};
use crate::value::{Cell, Row, Value};

/// `PARTIAL_JSON_UPDATES` of the servers' `binlog_row_value_options`.
const PARTIAL_JSON: u64 = 1;

/// Reads an image of these columns into `row`, whatever is in it.
pub(super) fn read<'a>(
    columns: &[Column],
    present: ColumnSet<'_>,
    reader: &mut Reader<'a>,
    row: &mut Row<'a>,
) -> Result<(), FieldError> {
    if present.count() != columns.len() {
        return read_cells(columns, present, reader, row, |_| false);
    }
    // Most images hold every column: nothing is asked for each of them.
    let mut nulls = null_bits(columns.len(), reader, row)?;
    row.cells.resize(columns.len(), Cell::Absent);
    for (column, cell) in columns.iter().zip(&mut row.cells) {
        match nulls.next() {
            true => *cell = Cell::Null,
            false => cell.decode(reader, column)?,
        }
    }
    Ok(())
}

/// Reads an image that begins with a bit for each JSON column of the table, in the image or not: whether it
/// holds differences. Source: `Rows_log_event::print_verbose_one_row` in MySQL's `log_event.cc`.
pub(super) fn read_partial<'a>(
    columns: &[Column],
    present: ColumnSet<'_>,
    reader: &mut Reader<'a>,
    row: &mut Row<'a>,
) -> Result<(), FieldError> {
    let count = match reader.lenenc("value options")? {
        0 => 0,
        PARTIAL_JSON => columns.iter().filter(|column| is_json(column)).count(),
        value => {
            return Err(FieldError::Invalid {
                field: "value options",
                value,
                why: "is not known",
            });
        }
    };
    let partial = ColumnSet::new(reader.take(count.div_ceil(8), "bits of JSON columns")?, count);
    let mut json = 0;
    read_cells(columns, present, reader, row, |column| {
        json += usize::from(is_json(column));
        is_json(column) && partial.contains(json - 1)
    })
}

/// `is_partial` is asked for each column of the table.
fn read_cells<'a>(
    columns: &[Column],
    present: ColumnSet<'_>,
    reader: &mut Reader<'a>,
    row: &mut Row<'a>,
    mut is_partial: impl FnMut(&Column) -> bool,
) -> Result<(), FieldError> {
    let mut nulls = null_bits(present.count(), reader, row)?;
    row.cells.resize(columns.len(), Cell::Absent);
    for (index, (column, cell)) in columns.iter().zip(&mut row.cells).enumerate() {
        let partial = is_partial(column);
        match present.contains(index) {
            false => *cell = Cell::Absent,
            true if nulls.next() => *cell = Cell::Null,
            true if partial => *cell = Cell::Value(Value::decode_diffs(reader, column)?),
            true => cell.decode(reader, column)?,
        }
    }
    Ok(())
}

/// The NULL bits at the front of an image of so many columns.
fn null_bits<'a>(count: usize, reader: &mut Reader<'a>, row: &mut Row<'_>) -> Result<NullBits<'a>, FieldError> {
    let bits = reader.take(count.div_ceil(8), "NULL bits")?;
    row.null_padding = bits.last().map_or(0, |last| last & padding(count));
    Ok(NullBits::new(bits))
}

/// The NULL bits one after the other, lowest bit of each byte first.
struct NullBits<'a> {
    rest: std::slice::Iter<'a, u8>,
    /// Bits that are left of a byte, below a mark.
    bits: u32,
}

impl<'a> NullBits<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes.iter(),
            bits: 1,
        }
    }

    #[inline(always)]
    fn next(&mut self) -> bool {
        if self.bits == 1 {
            self.bits = 0x100 | self.rest.next().map_or(0, |byte| u32::from(*byte));
        }
        let bit = self.bits & 1 != 0;
        self.bits >>= 1;
        bit
    }
}

/// Appends an image of these columns.
pub(super) fn put(
    columns: &[Column],
    present: ColumnSet<'_>,
    row: &Row<'_>,
    out: &mut Vec<u8>,
) -> Result<(), FieldError> {
    let cells = row.cells.len();
    if cells != columns.len() {
        return Err(misfit("cells", cells, "is not the number of columns"));
    }
    let (nulls, count) = (out.len(), present.count());
    out.resize(nulls + count.div_ceil(8), 0xff);
    if let Some(last) = out.get_mut(nulls..).and_then(<[u8]>::last_mut) {
        *last &= !padding(count) | row.null_padding;
    }
    let mut in_image = 0;
    for (index, (column, cell)) in columns.iter().zip(&row.cells).enumerate() {
        match (cell, present.contains(index)) {
            (Cell::Absent, false) => continue,
            (Cell::Absent, true) => return Err(misfit("cell", index, "is absent, and its column in the image")),
            (_, false) => return Err(misfit("cell", index, "is given, and its column not in the image")),
            (Cell::Null, true) => {}
            (Cell::Value(value), true) => {
                if let Some(byte) = out.get_mut(nulls + in_image / 8) {
                    *byte &= !(1 << (in_image % 8));
                }
                value.encode(column, out)?;
            }
        }
        in_image += 1;
    }
    Ok(())
}

/// Appends what an image that may hold differences begins with: as the servers do, bits only if it holds some.
pub(super) fn put_partial_bits(columns: &[Column], row: &Row<'_>, out: &mut Vec<u8>) {
    let json = columns.iter().zip(&row.cells).filter(|(column, _)| is_json(column));
    let bits: Vec<bool> = json
        .map(|(_, cell)| matches!(cell, Cell::Value(Value::JsonDiffs(_))))
        .collect();
    if !bits.contains(&true) {
        return put_lenenc(out, 0);
    }
    put_lenenc(out, PARTIAL_JSON);
    put_bits(bits.into_iter(), out);
}

/// Bits of the last byte that belong to none of so many columns.
fn padding(columns: usize) -> u8 {
    match columns % 8 {
        0 => 0,
        used => u8::MAX << used,
    }
}

fn is_json(column: &Column) -> bool {
    column.column_type == ColumnType::JSON
}

fn misfit(field: &'static str, value: usize, why: &'static str) -> FieldError {
    FieldError::Invalid {
        field,
        value: value as u64,
        why,
    }
}
