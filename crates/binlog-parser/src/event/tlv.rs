//! Fields of a code, a length and a value, all length-encoded integers, up to an end mark: TRANSACTION_PAYLOAD and
//! HEARTBEAT_V2 (`codecs::binary` of MySQL).

use crate::error::FieldError;
use crate::reader::{Reader, put_lenenc};

/// Code of the end mark, which has no length and no value.
const END: u64 = 0;

/// A field of a later server, which this version does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TlvField<'a> {
    /// Its code.
    pub code: u64,
    /// Its value.
    pub value: &'a [u8],
}

/// The value of the next field, which must have this code.
pub(super) fn read_bytes<'a>(reader: &mut Reader<'a>, code: u64, name: &'static str) -> Result<&'a [u8], FieldError> {
    match reader.shortest_lenenc(name)? {
        found if found == code => read_value(reader, name),
        found => Err(FieldError::Invalid {
            field: name,
            value: found,
            why: "is the code of another field",
        }),
    }
}

/// The integer that the next field holds, which must have this code.
pub(super) fn read_integer(reader: &mut Reader<'_>, code: u64, name: &'static str) -> Result<u64, FieldError> {
    let mut value = Reader::new(read_bytes(reader, code, name)?);
    let number = value.shortest_lenenc(name)?;
    value.finish(name)?;
    Ok(number)
}

/// The fields up to the end mark. Those with a code up to `known` were to stand before.
pub(super) fn read_unknown<'a>(reader: &mut Reader<'a>, known: u64) -> Result<Vec<TlvField<'a>>, FieldError> {
    let mut fields = Vec::new();
    loop {
        let code = reader.shortest_lenenc("field code")?;
        if code == END {
            return Ok(fields);
        }
        if code <= known {
            return Err(FieldError::Invalid {
                field: "field code",
                value: code,
                why: "stands twice, or behind a later field",
            });
        }
        let value = read_value(reader, "field")?;
        fields.push(TlvField { code, value });
    }
}

fn read_value<'a>(reader: &mut Reader<'a>, name: &'static str) -> Result<&'a [u8], FieldError> {
    let len = reader.shortest_lenenc(name)?;
    reader.take(usize::try_from(len).unwrap_or(usize::MAX), name)
}

pub(super) fn put_bytes(out: &mut Vec<u8>, code: u64, value: &[u8]) {
    put_lenenc(out, code);
    put_lenenc(out, value.len() as u64);
    out.extend(value);
}

pub(super) fn put_integer(out: &mut Vec<u8>, code: u64, value: u64) {
    let mut number = Vec::with_capacity(9);
    put_lenenc(&mut number, value);
    put_bytes(out, code, &number);
}

/// Appends the unknown fields and the end mark.
pub(super) fn put_unknown(out: &mut Vec<u8>, fields: &[TlvField<'_>]) {
    for field in fields {
        put_bytes(out, field.code, field.value);
    }
    put_lenenc(out, END);
}
