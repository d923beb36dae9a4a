//! One cell: which bytes it takes and what they say follows from its column alone.
//!
//! Layouts: `Field::pack` of each type in the servers' `sql/field.cc`.

mod encode;

use crate::error::FieldError;
use crate::event::{Column, ColumnType};
use crate::reader::Reader;
use crate::value::{CompressedValue, Date, DateTime, Decimal, JsonDiffs, JsonValue, Time, Timestamp, Value};

impl<'a> Value<'a> {
    /// Reads a value of this column that is not NULL.
    ///
    /// # Errors
    /// The value is cut off or cannot be one of its type, or the type is not decoded.
    #[inline(always)]
    pub(crate) fn decode(reader: &mut Reader<'a>, column: &Column) -> Result<Self, FieldError> {
        let metadata = column.metadata;
        Ok(match column.column_type {
            ColumnType::TINY => int(reader, 1, column)?,
            ColumnType::SHORT => int(reader, 2, column)?,
            ColumnType::INT24 => int(reader, 3, column)?,
            ColumnType::LONG => int(reader, 4, column)?,
            ColumnType::LONGLONG => int(reader, 8, column)?,
            ColumnType::FLOAT => Self::Float(f32::from_le_bytes(reader.array("FLOAT")?)),
            ColumnType::DOUBLE => Self::Double(f64::from_le_bytes(reader.array("DOUBLE")?)),
            ColumnType::NEWDECIMAL => {
                let [precision, scale] = metadata.to_le_bytes();
                Self::Decimal(Decimal::decode(reader, precision, scale)?)
            }
            ColumnType::VARCHAR | ColumnType::STRING | ColumnType::VAR_STRING => {
                Self::Bytes(counted(reader, if metadata > 255 { 2 } else { 1 })?)
            }
            ColumnType::TINY_BLOB | ColumnType::MEDIUM_BLOB | ColumnType::LONG_BLOB | ColumnType::BLOB => {
                Self::Bytes(counted(reader, usize::from(metadata))?)
            }
            ColumnType::MARIADB_VARCHAR_COMPRESSED => Self::Compressed(CompressedValue {
                stored: counted(reader, if metadata > 255 { 2 } else { 1 })?,
            }),
            ColumnType::MARIADB_BLOB_COMPRESSED => Self::Compressed(CompressedValue {
                stored: counted(reader, usize::from(metadata))?,
            }),
            ColumnType::JSON => Self::Json(JsonValue {
                bytes: counted(reader, usize::from(metadata))?,
            }),
            ColumnType::GEOMETRY => Self::Geometry(counted(reader, usize::from(metadata))?),
            ColumnType::VECTOR => Self::Vector(counted(reader, usize::from(metadata))?),
            ColumnType::BIT => {
                let [bits, bytes] = metadata.to_le_bytes();
                Self::Bit(reader.take(usize::from(bytes) + usize::from(bits > 0), "BIT")?)
            }
            ColumnType::ENUM => Self::Enum(member(reader, metadata)?),
            ColumnType::SET => Self::Set(reader.uint(usize::from(metadata), "SET")?),
            ColumnType::YEAR => Self::Year(match reader.u8("YEAR")? {
                0 => 0,
                years => 1900 + u16::from(years),
            }),
            ColumnType::DATE | ColumnType::NEWDATE => Self::Date(Date::decode(reader)?),
            ColumnType::TIME => Self::Time(Time::decode_old(reader)?),
            ColumnType::TIME2 => Self::Time(Time::decode(reader, metadata as u8)?),
            ColumnType::DATETIME => Self::DateTime(DateTime::decode_old(reader)?),
            ColumnType::DATETIME2 => Self::DateTime(DateTime::decode(reader, metadata as u8)?),
            ColumnType::TIMESTAMP => Self::Timestamp(Timestamp::decode_old(reader)?),
            ColumnType::TIMESTAMP2 => Self::Timestamp(Timestamp::decode(reader, metadata as u8)?),
            other => return Err(unsupported(other)),
        })
    }

    /// Reads the differences that stand in place of a JSON document.
    pub(crate) fn decode_diffs(reader: &mut Reader<'a>, column: &Column) -> Result<Self, FieldError> {
        let bytes = counted(reader, column.metadata.into())?;
        Ok(Self::JsonDiffs(JsonDiffs { bytes }))
    }
}

fn int<'a>(reader: &mut Reader<'a>, width: u32, column: &Column) -> Result<Value<'a>, FieldError> {
    let value = reader.uint(width as usize, "integer")?;
    if column.unsigned == Some(true) {
        return Ok(Value::UInt(value));
    }
    let shift = 64 - 8 * width;
    Ok(Value::Int((value << shift) as i64 >> shift))
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
        ColumnType::DECIMAL => "the log does not say how long a DECIMAL of before MySQL 5.0 is",
        _ => "the column's type is not known",
    };
    FieldError::Unsupported { field: "value", why }
}

#[cfg(test)]
mod tests;
