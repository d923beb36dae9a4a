//! The way back: a value as the bytes of its column.

use crate::error::FieldError;
use crate::event::{Column, ColumnType};
use crate::value::{CompressedValue, JsonDiffs, JsonValue, Value};

impl Value<'_> {
    /// Appends the value as a row image of this column holds it: the same bytes that it was decoded from.
    /// An integer may be given signed or unsigned.
    ///
    /// # Errors
    /// The column's type does not take such a value, or the value is too large for it.
    pub fn encode(&self, column: &Column, out: &mut Vec<u8>) -> Result<(), FieldError> {
        let (column_type, metadata) = (column.column_type, column.metadata);
        match (*self, column_type) {
            (Self::Int(_) | Self::UInt(_), _) => return self.put_int(column, out),
            (Self::Float(value), ColumnType::FLOAT) => out.extend(value.to_le_bytes()),
            (Self::Double(value), ColumnType::DOUBLE) => out.extend(value.to_le_bytes()),
            (Self::Decimal(value), ColumnType::NEWDECIMAL) => value.encode(metadata.to_le_bytes(), out)?,
            (Self::Bytes(bytes), ColumnType::VARCHAR | ColumnType::STRING | ColumnType::VAR_STRING) => {
                put_counted(bytes, if metadata > 255 { 2 } else { 1 }, out)?;
            }
            (
                Self::Bytes(bytes),
                ColumnType::TINY_BLOB | ColumnType::MEDIUM_BLOB | ColumnType::LONG_BLOB | ColumnType::BLOB,
            )
            | (Self::Geometry(bytes), ColumnType::GEOMETRY)
            | (Self::Vector(bytes), ColumnType::VECTOR) => put_counted(bytes, metadata.into(), out)?,
            (Self::Json(JsonValue { bytes }) | Self::JsonDiffs(JsonDiffs { bytes }), ColumnType::JSON) => {
                put_counted(bytes, metadata.into(), out)?;
            }
            (Self::Compressed(CompressedValue { stored }), ColumnType::MARIADB_VARCHAR_COMPRESSED) => {
                put_counted(stored, if metadata > 255 { 2 } else { 1 }, out)?;
            }
            (Self::Compressed(CompressedValue { stored }), ColumnType::MARIADB_BLOB_COMPRESSED) => {
                put_counted(stored, metadata.into(), out)?;
            }
            (Self::Bit(bytes), ColumnType::BIT) => put_bit(bytes, metadata, out)?,
            (Self::Enum(number), ColumnType::ENUM) => put_uint(number.into(), metadata.into(), "ENUM", out)?,
            (Self::Set(bits), ColumnType::SET) => put_uint(bits, metadata.into(), "SET", out)?,
            (Self::Year(year), ColumnType::YEAR) => out.push(year_byte(year)?),
            (Self::Date(date), ColumnType::DATE | ColumnType::NEWDATE) => date.encode(out)?,
            (Self::Time(time), ColumnType::TIME) if metadata == 0 => time.encode_old(out)?,
            (Self::Time(time), ColumnType::TIME) => time.encode_mariadb53(metadata as u8, out)?,
            (Self::Time(time), ColumnType::TIME2) => time.encode(metadata as u8, out)?,
            (Self::DateTime(value), ColumnType::DATETIME) if metadata == 0 => value.encode_old(out)?,
            (Self::DateTime(value), ColumnType::DATETIME) => value.encode_mariadb53(metadata as u8, out)?,
            (Self::DateTime(value), ColumnType::DATETIME2) => value.encode(metadata as u8, out)?,
            (Self::Timestamp(value), ColumnType::TIMESTAMP) if metadata == 0 => value.encode_old(out)?,
            (Self::Timestamp(value), ColumnType::TIMESTAMP) => value.encode_mariadb53(metadata as u8, out)?,
            (Self::Timestamp(value), ColumnType::TIMESTAMP2) => value.encode(metadata as u8, out)?,
            _ => return Err(no_value_of(column_type)),
        }
        Ok(())
    }

    fn put_int(&self, column: &Column, out: &mut Vec<u8>) -> Result<(), FieldError> {
        let width = match column.column_type {
            ColumnType::TINY => 1,
            ColumnType::SHORT => 2,
            ColumnType::INT24 => 3,
            ColumnType::LONG => 4,
            ColumnType::LONGLONG => 8,
            other => return Err(no_value_of(other)),
        };
        match *self {
            Self::Int(value) => {
                let bits = value as u64;
                let shift = 64 - 8 * width as u32;
                if (value << shift) >> shift != value {
                    return Err(too_large("integer", bits));
                }
                out.extend(bits.to_le_bytes().iter().take(width));
                Ok(())
            }
            Self::UInt(value) => put_uint(value, width, "integer", out),
            _ => Err(no_value_of(column.column_type)),
        }
    }
}

/// The lowest `width` bytes of a number, at most 8, which must hold it.
fn put_uint(value: u64, width: usize, field: &'static str, out: &mut Vec<u8>) -> Result<(), FieldError> {
    let bytes = value.to_le_bytes();
    let (low, high) = bytes.split_at_checked(width).unwrap_or((&bytes, &[]));
    if high.iter().any(|byte| *byte != 0) {
        return Err(too_large(field, value));
    }
    out.extend(low);
    Ok(())
}

/// Bytes with their number before them, in `width` bytes.
fn put_counted(bytes: &[u8], width: usize, out: &mut Vec<u8>) -> Result<(), FieldError> {
    put_uint(bytes.len() as u64, width, "length of a value", out)?;
    out.extend(bytes);
    Ok(())
}

fn put_bit(bytes: &[u8], metadata: u16, out: &mut Vec<u8>) -> Result<(), FieldError> {
    let [bits, whole] = metadata.to_le_bytes();
    if bytes.len() != usize::from(whole) + usize::from(bits > 0) {
        return Err(invalid(
            "BIT",
            bytes.len() as u64,
            "bytes is not the length of the column",
        ));
    }
    out.extend(bytes);
    Ok(())
}

fn year_byte(year: u16) -> Result<u8, FieldError> {
    match year {
        0 => Ok(0),
        1901..=2155 => Ok((year - 1900) as u8),
        _ => Err(invalid("YEAR", year.into(), "is neither 0 nor 1901 to 2155")),
    }
}

fn no_value_of(column_type: ColumnType) -> FieldError {
    invalid("column type", column_type.0.into(), "takes no such value")
}

fn too_large(field: &'static str, value: u64) -> FieldError {
    invalid(field, value, "is too large for the column")
}

fn invalid(field: &'static str, value: u64, why: &'static str) -> FieldError {
    FieldError::Invalid { field, value, why }
}
