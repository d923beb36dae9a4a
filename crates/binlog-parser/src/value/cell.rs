//! One cell: which bytes it takes and what they say follows from its column alone.
//!
//! Layouts: `Field::pack` of each type in the servers' `sql/field.cc`.

use crate::error::FieldError;
use crate::event::{Column, ColumnType};
use crate::reader::Reader;
use crate::value::{Date, DateTime, Decimal, JsonValue, Time, Timestamp, Value};

impl<'a> Value<'a> {
    /// Reads a value of this column that is not NULL.
    ///
    /// # Errors
    /// The value is cut off or cannot be one of its type, or the type is not decoded.
    #[inline]
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
        ColumnType::MARIADB_BLOB_COMPRESSED | ColumnType::MARIADB_VARCHAR_COMPRESSED => {
            "columns that MariaDB stores compressed are not decoded"
        }
        ColumnType::DECIMAL => "DECIMAL as before MySQL 5.0 is not decoded",
        _ => "the column's type is not known",
    };
    FieldError::Unsupported { field: "value", why }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Cell;

    fn column(column_type: ColumnType, metadata: u16) -> Column {
        Column::new(column_type, metadata, true)
    }

    /// The value takes all bytes, and is an error without the last.
    fn check(column: &Column, bytes: &[u8], expected: Value<'_>) {
        let mut reader = Reader::new(bytes);
        let value = Value::decode(&mut reader, column).unwrap();
        assert_eq!(value, expected, "{:?} {bytes:02x?}", column.column_type);
        assert!(reader.is_empty(), "{:?} {bytes:02x?}", column.column_type);
        for len in 0..bytes.len() {
            let mut reader = Reader::new(&bytes[..len]);
            let error = Value::decode(&mut reader, column).unwrap_err();
            assert!(matches!(error, FieldError::Short { .. }), "{error}");
        }
    }

    #[test]
    fn integers() {
        let check = |column_type, bytes: &[u8], signed, unsigned| {
            let mut column = column(column_type, 0);
            for says in [None, Some(false)] {
                column.unsigned = says;
                check(&column, bytes, Value::Int(signed));
            }
            column.unsigned = Some(true);
            check(&column, bytes, Value::UInt(unsigned));
            assert_eq!(
                Value::Int(signed).as_unsigned(bytes.len() as u32),
                Value::UInt(unsigned)
            );
        };
        check(ColumnType::TINY, &[0x80], -128, 128);
        check(ColumnType::SHORT, &[0xff, 0x7f], 32_767, 32_767);
        check(ColumnType::SHORT, &[0x00, 0x80], -32_768, 32_768);
        check(ColumnType::INT24, &[0, 0, 0x80], -8_388_608, 8_388_608);
        check(ColumnType::INT24, &[1, 2, 3], 197_121, 197_121);
        check(ColumnType::LONG, &[0xff; 4], -1, 4_294_967_295);
        check(ColumnType::LONGLONG, &[0xff; 8], -1, u64::MAX);
        check(ColumnType::LONGLONG, &[0, 0, 0, 0, 0, 0, 0, 0x80], i64::MIN, 1 << 63);
    }

    #[test]
    fn numbers() {
        let check = |column_type, metadata, bytes: &[u8], expected| {
            check(&column(column_type, metadata), bytes, expected);
        };
        check(ColumnType::FLOAT, 4, &[0, 0, 0xc0, 0xbf], Value::Float(-1.5));
        check(
            ColumnType::DOUBLE,
            8,
            &[0, 0, 0, 0, 0, 0, 0xf8, 0xbf],
            Value::Double(-1.5),
        );
        check(ColumnType::BIT, 1, &[1], Value::Bit(&[1]));
        check(ColumnType::BIT, 0x104, &[8, 1], Value::Bit(&[8, 1]));
        check(ColumnType::BIT, 0x800, &[0x80; 8], Value::Bit(&[0x80; 8]));
        check(ColumnType::YEAR, 0, &[0], Value::Year(0));
        check(ColumnType::YEAR, 0, &[1], Value::Year(1901));
        check(ColumnType::YEAR, 0, &[255], Value::Year(2155));
    }

    #[test]
    fn decimals() {
        let check = |[precision, scale]: [u8; 2], bytes: &[u8], expected: &str| {
            let column = column(ColumnType::NEWDECIMAL, u16::from_le_bytes([precision, scale]));
            let mut reader = Reader::new(bytes);
            let value = Value::decode(&mut reader, &column).unwrap();
            assert!(matches!(value, Value::Decimal(decimal) if decimal.to_string() == expected));
            assert!(reader.is_empty());
        };
        check([10, 2], &[0x80, 0, 0, 0, 5], "0.05");
        check([10, 2], &[0x7f, 0xff, 0xff, 0xff, 0xfe], "-0.01");
        check([5, 0], &[0x81, 0x86, 0x9f], "99999");
    }

    #[test]
    fn strings() {
        let check = |column_type, metadata, bytes: &[u8], expected| {
            check(&column(column_type, metadata), bytes, expected);
        };
        check(ColumnType::VARCHAR, 255, &[2, b'h', b'i'], Value::Bytes(b"hi"));
        check(ColumnType::VARCHAR, 256, &[2, 0, b'h', b'i'], Value::Bytes(b"hi"));
        check(ColumnType::STRING, 40, &[0], Value::Bytes(b""));
        check(ColumnType::STRING, 1020, &[1, 0, b'a'], Value::Bytes(b"a"));
        check(ColumnType::BLOB, 1, &[1, 0xff], Value::Bytes(&[0xff]));
        check(ColumnType::BLOB, 4, &[1, 0, 0, 0, 0xff], Value::Bytes(&[0xff]));
        check(ColumnType::GEOMETRY, 4, &[1, 0, 0, 0, 9], Value::Geometry(&[9]));
        check(ColumnType::VECTOR, 4, &[1, 0, 0, 0, 9], Value::Vector(&[9]));
        let json = JsonValue { bytes: &[4, 1] };
        check(ColumnType::JSON, 4, &[2, 0, 0, 0, 4, 1], Value::Json(json));
    }

    #[test]
    fn choices() {
        let check = |column_type, metadata, bytes: &[u8], expected| {
            check(&column(column_type, metadata), bytes, expected);
        };
        check(ColumnType::ENUM, 1, &[255], Value::Enum(255));
        check(ColumnType::ENUM, 2, &[0x2c, 1], Value::Enum(300));
        check(ColumnType::SET, 1, &[0b101], Value::Set(0b101));
        check(ColumnType::SET, 3, &[0, 0, 1], Value::Set(1 << 16));
        check(ColumnType::SET, 8, &[0, 0, 0, 0, 0, 0, 0, 0x80], Value::Set(1 << 63));
    }

    #[test]
    fn what_is_not_decoded() {
        let check = |column_type, expected: &str| {
            let error = Value::decode(&mut Reader::new(&[0; 16]), &column(column_type, 1)).unwrap_err();
            assert_eq!(error.to_string(), format!("value: not supported: {expected}"));
        };
        let compressed = "columns that MariaDB stores compressed are not decoded";
        check(ColumnType::MARIADB_BLOB_COMPRESSED, compressed);
        check(ColumnType::MARIADB_VARCHAR_COMPRESSED, compressed);
        check(ColumnType::DECIMAL, "DECIMAL as before MySQL 5.0 is not decoded");
        check(ColumnType::NULL, "the column's type is not known");
    }

    /// Rows are decoded into memory that is used again: cells own nothing.
    #[test]
    fn cells_own_nothing() {
        const { assert!(!std::mem::needs_drop::<Cell<'_>>()) };
    }
}
