//! The optional metadata of a table map: type, length and value of each field.
//!
//! Source: `Table_map_log_event::Optional_metadata_fields` in MySQL's `rows_event.h`. MariaDB (10.5 on)
//! writes the same fields and counts GEOMETRY columns as text; MySQL counts VECTOR columns.

use super::{Column, ColumnType, PrimaryKeyPart, utf8};
use crate::error::FieldError;
use crate::event::Flavour;
use crate::reader::Reader;

/// The primary key, if the log names one.
type PrimaryKey = Option<Box<[PrimaryKeyPart]>>;

/// Reads all fields into the columns. Fields that are not known are passed over, as the servers do.
pub(super) fn read(
    reader: &mut Reader<'_>,
    columns: &mut [Column],
    flavour: Flavour,
) -> Result<PrimaryKey, FieldError> {
    let mut primary_key = None;
    while !reader.is_empty() {
        let code = reader.u8("optional metadata type")?;
        let len = reader.lenenc("optional metadata length")?;
        let mut value = reader.sub(usize::try_from(len).unwrap_or(usize::MAX), "optional metadata")?;
        match code {
            8 => primary_key = Some(key(&mut value, columns.len(), false)?),
            9 => primary_key = Some(key(&mut value, columns.len(), true)?),
            _ => read_of_columns(code, &mut value, columns, flavour)?,
        }
    }
    Ok(primary_key)
}

/// Reads a field that says something of each column of a kind.
fn read_of_columns(
    code: u8,
    value: &mut Reader<'_>,
    columns: &mut [Column],
    flavour: Flavour,
) -> Result<(), FieldError> {
    let text = |column: &Column| is_text(column.column_type, flavour);
    let choice = |column: &Column| matches!(column.column_type, ColumnType::ENUM | ColumnType::SET);
    let collation = |column: &mut Column, number| column.collation = Some(number as u16);
    match code {
        1 => bits(value, columns, is_numeric, |column, bit| column.unsigned = Some(bit)),
        2 => default_charset(value, columns, text),
        3 => numbers(value, columns, text, "column charset", collation),
        4 => names(value, columns),
        5 => members(value, columns, ColumnType::SET),
        6 => members(value, columns, ColumnType::ENUM),
        7 => {
            let set = |column: &mut Column, number| column.geometry_type = Some(number as u32);
            numbers(value, columns, is(ColumnType::GEOMETRY), "geometry type", set)
        }
        10 => default_charset(value, columns, choice),
        11 => numbers(value, columns, choice, "column charset", collation),
        12 => bits(value, columns, |_| true, |column, bit| column.visible = Some(bit)),
        13 => {
            let set = |column: &mut Column, number| column.vector_dimension = Some(number as u32);
            numbers(value, columns, is(ColumnType::VECTOR), "dimensions", set)
        }
        _ => Ok(()),
    }
}

fn is(column_type: ColumnType) -> impl Fn(&Column) -> bool {
    move |column| column.column_type == column_type
}

fn is_numeric(column: &Column) -> bool {
    matches!(
        column.column_type,
        ColumnType::TINY
            | ColumnType::SHORT
            | ColumnType::INT24
            | ColumnType::LONG
            | ColumnType::LONGLONG
            | ColumnType::NEWDECIMAL
            | ColumnType::FLOAT
            | ColumnType::DOUBLE
    )
}

fn is_text(column_type: ColumnType, flavour: Flavour) -> bool {
    match column_type {
        ColumnType::STRING | ColumnType::VAR_STRING | ColumnType::VARCHAR | ColumnType::BLOB => true,
        ColumnType::GEOMETRY | ColumnType::MARIADB_BLOB_COMPRESSED | ColumnType::MARIADB_VARCHAR_COMPRESSED => {
            flavour == Flavour::MariaDb
        }
        ColumnType::VECTOR => flavour == Flavour::MySql,
        _ => false,
    }
}

/// A bit for each of these columns, the highest bit of the first byte first.
fn bits(
    value: &mut Reader<'_>,
    columns: &mut [Column],
    of: impl Fn(&Column) -> bool,
    set: impl Fn(&mut Column, bool),
) -> Result<(), FieldError> {
    let count = columns.iter().filter(|column| of(column)).count();
    let bytes = value.take(count.div_ceil(8), "bits of columns")?;
    for (index, column) in columns.iter_mut().filter(|column| of(column)).enumerate() {
        let bit = bytes.get(index / 8).is_some_and(|byte| byte << (index % 8) & 0x80 != 0);
        set(column, bit);
    }
    Ok(())
}

/// A number for each of these columns.
fn numbers(
    value: &mut Reader<'_>,
    columns: &mut [Column],
    of: impl Fn(&Column) -> bool,
    field: &'static str,
    set: impl Fn(&mut Column, u64),
) -> Result<(), FieldError> {
    for column in columns.iter_mut().filter(|column| of(column)) {
        set(column, value.lenenc(field)?);
    }
    Ok(())
}

/// A collation for all of these columns, then pairs of a column's index among them and its collation.
fn default_charset(
    value: &mut Reader<'_>,
    columns: &mut [Column],
    of: impl Fn(&Column) -> bool,
) -> Result<(), FieldError> {
    let default = value.lenenc("default charset")? as u16;
    let mut chosen: Vec<&mut Column> = columns.iter_mut().filter(|column| of(column)).collect();
    for column in &mut chosen {
        column.collation = Some(default);
    }
    while !value.is_empty() {
        let index = value.lenenc("column of a charset")?;
        let collation = value.lenenc("charset of a column")? as u16;
        let column = usize::try_from(index).ok().and_then(|index| chosen.get_mut(index));
        let Some(column) = column else {
            return Err(FieldError::Invalid {
                field: "column of a charset",
                value: index,
                why: "is no text column",
            });
        };
        column.collation = Some(collation);
    }
    Ok(())
}

fn names(value: &mut Reader<'_>, columns: &mut [Column]) -> Result<(), FieldError> {
    for column in columns {
        column.name = Some(utf8(counted(value, "column name")?, "column name")?);
    }
    Ok(())
}

/// The members of each column of the type.
fn members(value: &mut Reader<'_>, columns: &mut [Column], of: ColumnType) -> Result<(), FieldError> {
    for column in columns.iter_mut().filter(|column| column.column_type == of) {
        let count = value.lenenc("number of members")?;
        let list = (0..count).map(|_| counted(value, "member").map(Box::from));
        column.members = list.collect::<Result<_, _>>()?;
    }
    Ok(())
}

fn key(value: &mut Reader<'_>, columns: usize, with_prefixes: bool) -> Result<Box<[PrimaryKeyPart]>, FieldError> {
    let mut parts = Vec::new();
    while !value.is_empty() {
        let index = value.lenenc("primary key column")?;
        let prefix = if with_prefixes {
            value.lenenc("primary key prefix")? as u32
        } else {
            0
        };
        match usize::try_from(index) {
            Ok(column) if column < columns => parts.push(PrimaryKeyPart { column, prefix }),
            _ => {
                return Err(FieldError::Invalid {
                    field: "primary key column",
                    value: index,
                    why: "is no column",
                });
            }
        }
    }
    Ok(parts.into())
}

/// Bytes with their number before them.
fn counted<'a>(value: &mut Reader<'a>, field: &'static str) -> Result<&'a [u8], FieldError> {
    let len = value.lenenc(field)?;
    value.take(usize::try_from(len).unwrap_or(usize::MAX), field)
}
