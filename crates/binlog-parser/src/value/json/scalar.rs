//! Values that hold no others.

use super::invalid;
use super::opaque::JsonOpaque;
use super::token::not_utf8;
use crate::error::FieldError;
use crate::event::ColumnType;
use crate::reader::Reader;

/// A value that holds no others.
///
/// Numbers of 16, 32 and 64 bits are one kind: the server always stores the shortest that holds the number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum JsonScalar<'a> {
    /// JSON null.
    Null,
    /// A truth value.
    Bool(bool),
    /// `INTEGER`: numbers of JSON text up to `u32::MAX`, and signed numbers of SQL.
    Int(i64),
    /// `UNSIGNED INTEGER`: numbers of JSON text beyond, and unsigned numbers of SQL.
    UInt(u64),
    /// `DOUBLE`, which is finite.
    Double(f64),
    /// A text.
    String(&'a str),
    /// A value of a type that JSON does not have.
    Opaque(JsonOpaque<'a>),
}

impl<'a> JsonScalar<'a> {
    /// Reads a value of this type, and says how many bytes of the document it takes outside of a container's tables.
    pub(super) fn read(code: u8, reader: &mut Reader<'a>) -> Result<(Self, usize), FieldError> {
        let scalar = match code {
            4 => literal(reader.u8("literal")?)?,
            5 => Self::Int(i64::from(reader.u16("int16")? as i16)),
            6 => Self::UInt(u64::from(reader.u16("uint16")?)),
            7 => Self::Int(i64::from(reader.u32("int32")? as i32)),
            8 => Self::UInt(u64::from(reader.u32("uint32")?)),
            9 => Self::Int(reader.u64("int64")? as i64),
            10 => Self::UInt(reader.u64("uint64")?),
            11 => Self::Double(double(reader)?),
            12 => return string(reader),
            15 => return opaque(reader),
            _ => return Err(invalid("type", code.into(), "is no JSON type")),
        };
        Ok((scalar, 0))
    }
}

fn literal<'a>(code: u8) -> Result<JsonScalar<'a>, FieldError> {
    match code {
        0 => Ok(JsonScalar::Null),
        1 => Ok(JsonScalar::Bool(true)),
        2 => Ok(JsonScalar::Bool(false)),
        _ => Err(invalid("literal", code.into(), "is not null, true or false")),
    }
}

fn double(reader: &mut Reader<'_>) -> Result<f64, FieldError> {
    let value = f64::from_le_bytes(reader.array("double")?);
    match value.is_finite() {
        true => Ok(value),
        false => Err(invalid("double", value.to_bits(), "is not finite")),
    }
}

fn string<'a>(reader: &mut Reader<'a>) -> Result<(JsonScalar<'a>, usize), FieldError> {
    let len = variable_length(reader)?;
    let text = reader.take(len, "string")?;
    let text = std::str::from_utf8(text).map_err(|error| not_utf8("string", error))?;
    Ok((JsonScalar::String(text), text.len()))
}

fn opaque<'a>(reader: &mut Reader<'a>) -> Result<(JsonScalar<'a>, usize), FieldError> {
    let column_type = ColumnType(reader.u8("type of an opaque value")?);
    let len = variable_length(reader)?;
    let data = reader.take(len, "opaque value")?;
    Ok((JsonScalar::Opaque(JsonOpaque { column_type, data }), data.len()))
}

/// Seven bits a byte, the lowest first; the highest bit says that more follow.
fn variable_length(reader: &mut Reader<'_>) -> Result<usize, FieldError> {
    let mut len = 0_u64;
    for shift in [0, 7, 14, 21, 28] {
        let byte = reader.u8("length")?;
        len |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(usize::try_from(len).unwrap_or(usize::MAX));
        }
    }
    Err(invalid("length", len, "has more than 5 bytes"))
}
