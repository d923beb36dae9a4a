//! MySQL's binary JSON.
//!
//! Layout: the head comment of `sql/json_binary.h` in MySQL's source; text: `Json_wrapper::to_string`.

mod text;

use crate::error::FieldError;
use crate::reader::Reader;
use text::{push_double, push_opaque, push_string};

/// Levels that a document can have on the server.
const MAX_DEPTH: u32 = 100;

/// A JSON document in MySQL's binary form, not yet looked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonValue<'a> {
    /// The document's bytes.
    pub bytes: &'a [u8],
}

/// Why a document could not be read, and where in its bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("JSON +{offset}: {error}")]
pub struct JsonError {
    /// Offset in the document's bytes.
    pub offset: usize,
    /// What happened.
    pub error: FieldError,
}

impl JsonValue<'_> {
    /// Appends the document as the server prints it: `{"a": 1, "b": [true, null]}`. What was written
    /// up to an error stays in `out`; it is never more than a small multiple of the document.
    ///
    /// # Errors
    /// A part is cut off or of an unknown type, parts overlap, or there are more than 100 levels.
    pub fn write_text(&self, out: &mut Vec<u8>) -> Result<(), JsonError> {
        let Some((code, value)) = self.bytes.split_first() else {
            out.extend(b"null");
            return Ok(());
        };
        let mut writer = Writer {
            budget: self.bytes.len(),
            depth: 0,
            out,
        };
        writer.value(*code, value).map_err(|(rest, error)| JsonError {
            offset: self.bytes.len().saturating_sub(rest),
            error,
        })
    }
}

/// An error and how many bytes of the document are left where it happened.
type Failed = (usize, FieldError);

/// Widths of the numbers in an object or array: 2 in a small one, 4 in a large one.
#[derive(Clone, Copy)]
struct Widths {
    number: usize,
    keys: bool,
}

struct Writer<'o> {
    /// Elements that the document can still have: each takes more than a byte of it.
    budget: usize,
    depth: u32,
    out: &'o mut Vec<u8>,
}

impl Writer<'_> {
    /// A value of this type at the front of `bytes`, which may go on after it.
    fn value(&mut self, code: u8, bytes: &[u8]) -> Result<(), Failed> {
        let mut reader = Reader::new(bytes);
        let small = |keys| Widths { number: 2, keys };
        let large = |keys| Widths { number: 4, keys };
        match code {
            0 => return self.container(bytes, small(true)),
            1 => return self.container(bytes, large(true)),
            2 => return self.container(bytes, small(false)),
            3 => return self.container(bytes, large(false)),
            _ => {}
        }
        self.scalar(code, &mut reader)
            .map_err(|error| (reader.remaining(), error))
    }

    fn scalar(&mut self, code: u8, reader: &mut Reader<'_>) -> Result<(), FieldError> {
        let text = match code {
            4 => return self.literal(reader.u8("literal")?),
            5 => (reader.u16("int16")? as i16).to_string(),
            6 => reader.u16("uint16")?.to_string(),
            7 => (reader.u32("int32")? as i32).to_string(),
            8 => reader.u32("uint32")?.to_string(),
            9 => (reader.u64("int64")? as i64).to_string(),
            10 => reader.u64("uint64")?.to_string(),
            11 => return push_double(self.out, f64::from_le_bytes(reader.array("double")?)),
            12 => {
                let len = variable_length(reader)?;
                let text = reader.take(len, "string")?;
                return self.string(text);
            }
            15 => {
                let column_type = reader.u8("type of an opaque value")?;
                let len = variable_length(reader)?;
                let data = reader.take(len, "opaque value")?;
                self.spend(data.len())?;
                return push_opaque(self.out, column_type, data);
            }
            _ => return Err(invalid("type", code.into(), "is no JSON type")),
        };
        self.out.extend(text.as_bytes());
        Ok(())
    }

    fn literal(&mut self, code: u8) -> Result<(), FieldError> {
        let text: &[u8] = match code {
            0 => b"null",
            1 => b"true",
            2 => b"false",
            _ => return Err(invalid("literal", code.into(), "is not null, true or false")),
        };
        self.out.extend(text);
        Ok(())
    }

    fn string(&mut self, text: &[u8]) -> Result<(), FieldError> {
        self.spend(text.len())?;
        push_string(self.out, text);
        Ok(())
    }

    /// An object or array; offsets in it count from its first byte.
    fn container(&mut self, bytes: &[u8], widths: Widths) -> Result<(), Failed> {
        let fail = |error| (bytes.len(), error);
        let head = Head::read(bytes, widths).map_err(fail)?;
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(fail(invalid("depth", self.depth.into(), "is more than 100 levels")));
        }
        self.out.push(if widths.keys { b'{' } else { b'[' });
        for index in 0..head.count {
            self.spend(1).map_err(fail)?;
            if index > 0 {
                self.out.extend(b", ");
            }
            if widths.keys {
                self.string(head.key(index).map_err(fail)?).map_err(fail)?;
                self.out.extend(b": ");
            }
            let (code, value, passed) = head.value(index).map_err(fail)?;
            self.value(code, value)
                .map_err(|(rest, error)| (rest + passed, error))?;
        }
        self.out.push(if widths.keys { b'}' } else { b']' });
        self.depth -= 1;
        Ok(())
    }

    fn spend(&mut self, bytes: usize) -> Result<(), FieldError> {
        match self.budget.checked_sub(bytes) {
            Some(left) => {
                self.budget = left;
                Ok(())
            }
            None => Err(invalid("value", bytes as u64, "bytes stand where another value stands")),
        }
    }
}

/// The tables at the front of an object or array.
struct Head<'a> {
    /// The whole container.
    bytes: &'a [u8],
    widths: Widths,
    count: usize,
    keys: &'a [u8],
    values: &'a [u8],
}

impl<'a> Head<'a> {
    fn read(bytes: &'a [u8], widths: Widths) -> Result<Self, FieldError> {
        let mut reader = Reader::new(bytes);
        let count = reader.uint(widths.number, "number of elements")? as usize;
        let size = reader.uint(widths.number, "size")? as usize;
        let Some(bytes) = bytes.get(..size) else {
            return Err(FieldError::Short {
                field: "size",
                need: size,
                have: bytes.len(),
            });
        };
        // The tables stand inside the size, too.
        let mut reader = Reader::new(bytes);
        reader.take(2 * widths.number, "size")?;
        let keys = if widths.keys { count * (widths.number + 2) } else { 0 };
        Ok(Self {
            bytes,
            widths,
            count,
            keys: reader.take(keys, "keys")?,
            values: reader.take(count * (1 + widths.number), "values")?,
        })
    }

    fn key(&self, index: usize) -> Result<&'a [u8], FieldError> {
        let mut entry = Reader::new(self.keys);
        entry.take(index * (self.widths.number + 2), "key")?;
        let offset = entry.uint(self.widths.number, "offset of a key")? as usize;
        let len = usize::from(entry.u16("length of a key")?);
        self.at(offset, "key")?.take(len, "key")
    }

    /// Type and bytes of a value, and how many bytes of the container stand after those given.
    fn value(&self, index: usize) -> Result<(u8, &'a [u8], usize), FieldError> {
        let mut entry = Reader::new(self.values);
        entry.take(index * (1 + self.widths.number), "value")?;
        let code = entry.u8("type")?;
        let inlined = matches!(code, 4..=6) || (self.widths.number == 4 && matches!(code, 7 | 8));
        if inlined {
            let bytes = entry.take(self.widths.number, "value")?;
            let end = self.bytes.len() - 2 * self.widths.number - self.keys.len() - self.values.len();
            return Ok((code, bytes, end + entry.remaining()));
        }
        let offset = entry.uint(self.widths.number, "offset of a value")? as usize;
        Ok((code, self.at(offset, "value")?.peek(), 0))
    }

    fn at(&self, offset: usize, field: &'static str) -> Result<Reader<'a>, FieldError> {
        let mut reader = Reader::new(self.bytes);
        reader.take(offset, field)?;
        Ok(reader)
    }
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

fn invalid(field: &'static str, value: u64, why: &'static str) -> FieldError {
    FieldError::Invalid { field, value, why }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> Result<String, JsonError> {
        let mut out = Vec::new();
        JsonValue { bytes }.write_text(&mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn documents() {
        let check = |bytes: &[u8], expected: &str| assert_eq!(text(bytes).unwrap(), expected);
        check(&[], "null");
        check(&[4, 1], "true");
        check(&[5, 0xff, 0xff], "-1");
        check(&[12, 3, b'a', b'"', b'\n'], r#""a\"\n""#);
        check(&[2, 2, 0, 10, 0, 5, 1, 0, 4, 0, 0], "[1, null]");
        check(
            &[0, 1, 0, 14, 0, 11, 0, 1, 0, 12, 12, 0, b'k', 1, b'v'],
            r#"{"k": "v"}"#,
        );
        check(&[15, 246, 5, 5, 2, 0x80, 0x7b, 0x2d], "123.45");
        check(&[15, 252, 2, 1, 2], r#""base64:type252:AQI=""#);
    }

    #[test]
    fn doubles() {
        let check = |value: f64, expected: &str| {
            let bytes: Vec<u8> = [11].into_iter().chain(value.to_le_bytes()).collect();
            assert_eq!(text(&bytes).unwrap(), expected);
        };
        check(1.0, "1.0");
        check(-0.5, "-0.5");
        check(1e14, "100000000000000.0");
        check(1e15, "1e15");
        check(1_234_567_890_123_456.0, "1.234567890123456e15");
        check(1_234_567_890_123_456.8, "1234567890123456.8");
        check(0.0, "0.0");
        check(-0.0, "-0.0");
        check(10.0, "10.0");
        check(0.000_123, "0.000123");
        check(1_651_628_297_622_695.0 + 0.25, "1651628297622695.2");
        check(1.5e300, "1.5e300");
        check(1e-15, "0.000000000000001");
        check(1e-16, "1e-16");
    }

    /// No document, however made, panics, loops, or grows out of proportion.
    #[test]
    fn bad_documents() {
        let good = [0, 1, 0, 14, 0, 11, 0, 1, 0, 12, 12, 0, b'k', 1, b'v'];
        for len in 1..good.len() {
            assert!(text(&good[..len]).is_err(), "{len}");
        }
        for at in 0..good.len() {
            for byte in 0..=255 {
                let mut bad = good;
                bad[at] = byte;
                let mut out = Vec::new();
                let _ = JsonValue { bytes: &bad }.write_text(&mut out);
                assert!(out.len() < 400, "{bad:?}");
            }
        }
        // Sizes that leave no room for the tables behind them.
        for size in 0..7 {
            assert!(text(&[2, 1, 0, size, 0, 5, 1, 0]).is_err(), "{size}");
        }
        assert!(text(&[2, 1, 0, 7, 0, 5, 1, 0]).is_ok());
        // An array that holds itself.
        assert!(text(&[2, 1, 0, 7, 0, 2, 0, 0]).is_err());
    }
}
