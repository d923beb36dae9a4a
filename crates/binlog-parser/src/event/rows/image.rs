//! One row image: NULL bits of the columns in it, then the values that are not NULL.

use crate::error::FieldError;
use crate::event::table_map::{Column, ColumnSet, ColumnType};
use crate::reader::{Reader, put_bits, put_lenenc};
use crate::value::{Cell, Row, Value};

/// `PARTIAL_JSON_UPDATES` of the servers' `binlog_row_value_options`.
const PARTIAL_JSON: u64 = 1;

/// Reads an image of these columns into `row`, which is empty.
pub(super) fn read<'a>(
    columns: &[Column],
    present: ColumnSet<'_>,
    reader: &mut Reader<'a>,
    row: &mut Row<'a>,
) -> Result<(), FieldError> {
    read_cells(columns, present, reader, row, |_| false)
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
#[inline]
fn read_cells<'a>(
    columns: &[Column],
    present: ColumnSet<'_>,
    reader: &mut Reader<'a>,
    row: &mut Row<'a>,
    mut is_partial: impl FnMut(&Column) -> bool,
) -> Result<(), FieldError> {
    let count = present.count();
    let null_bits = reader.take(count.div_ceil(8), "NULL bits")?;
    row.null_padding = null_bits.last().map_or(0, |last| last & padding(count));
    let nulls = ColumnSet::new(null_bits, count);
    let all = count == columns.len();
    let mut in_image = 0;
    row.cells.reserve(columns.len());
    for (index, column) in columns.iter().enumerate() {
        let partial = is_partial(column);
        if !all && !present.contains(index) {
            row.cells.push(Cell::Absent);
            continue;
        }
        row.cells.push(match nulls.contains(in_image) {
            true => Cell::Null,
            false if partial => Cell::Value(Value::decode_diffs(reader, column)?),
            false => Cell::Value(Value::decode(reader, column)?),
        });
        in_image += 1;
    }
    Ok(())
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
