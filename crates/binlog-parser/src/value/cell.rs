//! One cell: which bytes it takes and what they say follows from its column alone.
//!
//! Layouts: `Field::pack` of each type in the servers' `sql/field.cc`.

mod encode;

use crate::error::FieldError;
use crate::event::{Column, ColumnType};
use crate::reader::Reader;
use crate::value::{Cell, CompressedValue, Date, DateTime, Decimal, JsonDiffs, JsonValue, Time, Timestamp, Value};

impl<'a> Cell<'a> {
    /// Reads a value of this column that is not NULL. Each type's value is written in its place: one that is returned, and
    /// so could be of any type, is put together from its parts for each cell.
    ///
    /// # Errors
    /// The value is cut off or cannot be one of its type, or the type is not decoded.
    #[inline(always)]
    pub(crate) fn decode(&mut self, reader: &mut Reader<'a>, column: &Column) -> Result<(), FieldError> {
        let metadata = column.metadata;
        let mut put = |value| *self = Self::Value(value);
        match column.column_type {
            ColumnType::TINY => int(reader, 1, column, put)?,
            ColumnType::SHORT => int(reader, 2, column, put)?,
            ColumnType::INT24 => int(reader, 3, column, put)?,
            ColumnType::LONG => int(reader, 4, column, put)?,
            ColumnType::LONGLONG => int(reader, 8, column, put)?,
            ColumnType::FLOAT => put(Value::Float(f32::from_le_bytes(reader.array("FLOAT")?))),
            ColumnType::DOUBLE => put(Value::Double(f64::from_le_bytes(reader.array("DOUBLE")?))),
            ColumnType::NEWDECIMAL => {
                let [precision, scale] = metadata.to_le_bytes();
                put(Value::Decimal(Decimal::decode(reader, precision, scale)?));
            }
            ColumnType::VARCHAR | ColumnType::STRING | ColumnType::VAR_STRING => {
                put(Value::Bytes(counted(reader, if metadata > 255 { 2 } else { 1 })?));
            }
            ColumnType::TINY_BLOB | ColumnType::MEDIUM_BLOB | ColumnType::LONG_BLOB | ColumnType::BLOB => {
                put(Value::Bytes(counted(reader, usize::from(metadata))?));
            }
            ColumnType::MARIADB_VARCHAR_COMPRESSED => {
                let stored = counted(reader, if metadata > 255 { 2 } else { 1 })?;
                put(Value::Compressed(CompressedValue { stored }));
            }
            ColumnType::MARIADB_BLOB_COMPRESSED => {
                let stored = counted(reader, usize::from(metadata))?;
                put(Value::Compressed(CompressedValue { stored }));
            }
            ColumnType::JSON => {
                let bytes = counted(reader, usize::from(metadata))?;
                put(Value::Json(JsonValue { bytes }));
            }
            ColumnType::GEOMETRY => put(Value::Geometry(counted(reader, usize::from(metadata))?)),
            ColumnType::VECTOR => put(Value::Vector(counted(reader, usize::from(metadata))?)),
            ColumnType::BIT => {
                let [bits, bytes] = metadata.to_le_bytes();
                put(Value::Bit(
                    reader.take(usize::from(bytes) + usize::from(bits > 0), "BIT")?,
                ));
            }
            ColumnType::ENUM => put(Value::Enum(member(reader, metadata)?)),
            ColumnType::SET => put(Value::Set(reader.uint(usize::from(metadata), "SET")?)),
            ColumnType::YEAR => put(Value::Year(match reader.u8("YEAR")? {
                0 => 0,
                years => 1900 + u16::from(years),
            })),
            ColumnType::DATE | ColumnType::NEWDATE => put(Value::Date(Date::decode(reader)?)),
            ColumnType::TIME if metadata == 0 => put(Value::Time(Time::decode_old(reader)?)),
            ColumnType::TIME => put(Value::Time(Time::decode_mariadb53(reader, metadata as u8)?)),
            ColumnType::TIME2 => put(Value::Time(Time::decode(reader, metadata as u8)?)),
            ColumnType::DATETIME if metadata == 0 => put(Value::DateTime(DateTime::decode_old(reader)?)),
            ColumnType::DATETIME => put(Value::DateTime(DateTime::decode_mariadb53(reader, metadata as u8)?)),
            ColumnType::DATETIME2 => put(Value::DateTime(DateTime::decode(reader, metadata as u8)?)),
            ColumnType::TIMESTAMP if metadata == 0 => put(Value::Timestamp(Timestamp::decode_old(reader)?)),
            ColumnType::TIMESTAMP => put(Value::Timestamp(Timestamp::decode_mariadb53(reader, metadata as u8)?)),
            ColumnType::TIMESTAMP2 => put(Value::Timestamp(Timestamp::decode(reader, metadata as u8)?)),
            other => return Err(unsupported(other)),
        }
        Ok(())
    }
}

impl<'a> Value<'a> {
    /// Reads the differences that stand in place of a JSON document.
    pub(crate) fn decode_diffs(reader: &mut Reader<'a>, column: &Column) -> Result<Self, FieldError> {
        let bytes = counted(reader, column.metadata.into())?;
        Ok(Self::JsonDiffs(JsonDiffs { bytes }))
    }
}

#[inline(always)]
fn int<'a>(
    reader: &mut Reader<'a>,
    width: u32,
    column: &Column,
    mut put: impl FnMut(Value<'a>),
) -> Result<(), FieldError> {
    let value = reader.uint(width as usize, "integer")?;
    let shift = 64 - 8 * width;
    match column.unsigned {
        Some(true) => put(Value::UInt(value)),
        _ => put(Value::Int((value << shift) as i64 >> shift)),
    }
    Ok(())
}

/// Bytes with their number before them, in `width` bytes.
fn counted<'a>(reader: &mut Reader<'a>, width: usize) -> Result<&'a [u8], FieldError> {
    let len = reader.uint(width, "length of a value")?;
    reader.take(usize::try_from(len).unwrap_or(usize::MAX), "value")
}

/// The number of an ENUM member, in one byte or two.
fn member(reader: &mut Reader<'_>, width: u16) -> Result<u16, FieldError> {
    match width {
        1 => reader.u8("ENUM").map(u16::from),
        2 => reader.u16("ENUM"),
        _ => Err(FieldError::Invalid {
            field: "length of an ENUM",
            value: width.into(),
            why: "is neither 1 nor 2",
        }),
    }
}

fn unsupported(column_type: ColumnType) -> FieldError {
    let why = match column_type {
        ColumnType::TYPED_ARRAY => "the hidden columns of multi-valued indexes are not decoded",
        ColumnType::DECIMAL => "the log does not say how long a DECIMAL of before MySQL 5.0 is",
        _ => "the column's type is not known",
    };
    FieldError::Unsupported { field: "value", why }
}

#[cfg(test)]
mod tests;
