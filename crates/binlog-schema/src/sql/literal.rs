//! Values as SQL literals.

use std::borrow::Cow;
use std::fmt::Display;
use std::io::Write as _;

use binlog_parser::FieldError;
use binlog_parser::event::{Column, ColumnType, Flavour};
use binlog_parser::value::{CompressedValue, JsonError, Value};

use super::temporal::Text;
use super::{collation, json};
use crate::catalog::ColumnDefinition;

/// What a literal's form depends on, for one column. Make one for each column of a table map, and
/// use it for all rows; a caller that knows more (from the target's schema) may fill in the fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiteralColumn {
    /// Type in the table map.
    pub column_type: ColumnType,
    /// Whether a number is unsigned; `None` where that is not known.
    pub unsigned: Option<bool>,
    /// Character set.
    pub charset: Charset,
    /// Bytes of each value of a BINARY, UUID or INET column; 0 for others. The log leaves out zeros at the end.
    pub fixed_len: u16,
}

/// Character set of a column's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Charset {
    /// Not known: bytes that are not plain ASCII are given to the column as they are.
    Unknown,
    /// BINARY, VARBINARY, BLOB.
    Binary,
    /// A character set by the name that MySQL and MariaDB know.
    Text(String),
}

/// Why a value has no literal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LiteralError {
    /// The JSON document cannot be read.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// A compressed value cannot be expanded.
    #[error(transparent)]
    Compressed(#[from] FieldError),
    /// A number that no column can hold: FLOAT or DOUBLE infinity or not-a-number.
    #[error("{value} is no number that SQL can write")]
    NotFinite {
        /// The number.
        value: String,
    },
    /// The target's flavour has no such character set.
    #[error("the target has no character set {charset}")]
    Charset {
        /// The character set.
        charset: String,
    },
    /// A kind of value that this version cannot write.
    #[error("no literal is known for a value of type {}", column_type.0)]
    Unsupported {
        /// The column's type.
        column_type: ColumnType,
    },
}

impl LiteralColumn {
    /// What a column of a log needs; `definition` adds what DDL tells beyond the table map. So far
    /// no collation number means two things, so that the source's flavour does not matter.
    #[must_use]
    pub fn new(column: &Column, definition: Option<&ColumnDefinition>, _source: Flavour) -> Self {
        let defined = definition.and_then(ColumnDefinition::charset_name);
        let charset = match column.collation {
            Some(id) => collation::charset(id).map_or(Charset::Unknown, Charset::named),
            None => defined.map_or(Charset::Unknown, Charset::named),
        };
        Self {
            column_type: column.column_type,
            unsigned: column.unsigned.or(definition.map(|definition| definition.unsigned)),
            charset,
            fixed_len: if column.column_type == ColumnType::STRING {
                column.metadata
            } else {
                0
            },
        }
    }
}

impl Charset {
    /// The character set of this name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        match name.to_ascii_lowercase().as_str() {
            "binary" => Self::Binary,
            "utf8" => Self::Text("utf8mb3".into()),
            other => Self::Text(other.into()),
        }
    }
}

/// Appends the value as a literal for a server of the `target` flavour.
///
/// The literal stores the same bytes whatever the session's character sets and `sql_mode` are, if
/// the mode lets the server store the value at all: impossible dates need `ALLOW_INVALID_DATES`, and
/// the error value 0 of an ENUM a mode that is not strict, and MariaDB's `EMPTY_STRING_IS_NULL` must be off. A TIMESTAMP is written in UTC: the session's `time_zone`
/// must be `'+00:00'` ([`super::SessionState::for_rows`] sets it).
///
/// FLOAT is written as the DOUBLE of the same value, so that it can be compared with, too. JSON is text for MariaDB,
/// and for MySQL where text says all: an expression is written for a document with values of types that text does not
/// have. What a JSON document changes by ([`Value::JsonDiffs`]) is no literal: [`super::push_json_diffs`].
///
/// # Errors
/// If the value has no literal. What was appended so far stays in `out`.
pub fn push_literal(
    out: &mut Vec<u8>,
    value: &Value<'_>,
    column: &LiteralColumn,
    target: Flavour,
) -> Result<(), LiteralError> {
    match column.signed(*value) {
        Value::Int(value) => push_integer(out, value),
        Value::UInt(value) | Value::Set(value) => push_integer(out, value),
        Value::Enum(value) => push_integer(out, value),
        Value::Year(value) => push_integer(out, value),
        Value::Decimal(value) => push(out, value),
        Value::Float(value) => push_float(out, f64::from(value))?,
        Value::Double(value) => push_float(out, value)?,
        Value::Date(value) => push_quoted(out, Text(value)),
        Value::Time(value) => push_quoted(out, Text(value)),
        Value::DateTime(value) => push_quoted(out, Text(value)),
        Value::Timestamp(value) => push_quoted(out, Text(value)),
        Value::Bit(bytes) => push_bit(out, bytes),
        Value::Bytes(bytes) => push_bytes(out, &column.filled(bytes), &column.charset, target)?,
        Value::Compressed(value) => {
            let plain = value.expand(CompressedValue::LARGEST)?;
            push_bytes(out, &plain, &column.charset, target)?;
        }
        Value::Geometry(bytes) | Value::Vector(bytes) => push_hex(out, bytes),
        Value::Json(document) => json::push_document(out, document, target)?,
        _ => {
            let column_type = column.column_type;
            return Err(LiteralError::Unsupported { column_type });
        }
    }
    Ok(())
}

impl LiteralColumn {
    /// The bytes with the zeros that the log leaves out.
    #[must_use]
    pub fn filled<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let len = usize::from(self.fixed_len);
        if self.charset != Charset::Binary || bytes.len() >= len {
            return Cow::Borrowed(bytes);
        }
        let mut filled = bytes.to_vec();
        filled.resize(len, 0);
        Cow::Owned(filled)
    }

    /// The integer with the signedness that the table map did not tell.
    fn signed<'a>(&self, value: Value<'a>) -> Value<'a> {
        let width = match self.column_type {
            ColumnType::TINY => 1,
            ColumnType::SHORT => 2,
            ColumnType::INT24 => 3,
            ColumnType::LONG => 4,
            _ => 8,
        };
        if self.unsigned == Some(true) {
            value.as_unsigned(width)
        } else {
            value
        }
    }
}

fn push_integer(out: &mut Vec<u8>, value: impl itoa::Integer) {
    out.extend(itoa::Buffer::new().format(value).as_bytes());
}

fn push(out: &mut Vec<u8>, value: impl Display) {
    // A vector takes all that is written.
    let _ = write!(out, "{value}");
}

fn push_quoted(out: &mut Vec<u8>, value: impl Display) {
    let _ = write!(out, "'{value}'");
}

/// With an exponent: without one it would be a DECIMAL, which has 65 digits at most.
pub(super) fn push_float(out: &mut Vec<u8>, value: f64) -> Result<(), LiteralError> {
    if !value.is_finite() {
        let value = value.to_string();
        return Err(LiteralError::NotFinite { value });
    }
    let _ = write!(out, "{value:e}");
    Ok(())
}

fn push_bit(out: &mut Vec<u8>, bytes: &[u8]) {
    push(
        out,
        bytes.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte)),
    );
}

/// Text as it is where it reads the same in every character set that a client can have; else in its own
/// character set; else as bytes. Bytes that meet a text column are taken as that column's.
fn push_bytes(out: &mut Vec<u8>, bytes: &[u8], charset: &Charset, target: Flavour) -> Result<(), LiteralError> {
    match charset {
        Charset::Text(name) if ascii_based(name) => {
            if all(bytes, is_invariant) {
                push_text(out, bytes);
            } else {
                push_introducer(out, name, target)?;
                push_introduced(out, bytes);
            }
        }
        Charset::Text(name) => {
            push_introducer(out, name, target)?;
            push_introduced_hex(out, bytes);
        }
        Charset::Binary | Charset::Unknown if !bytes.is_empty() && all(bytes, is_printable) => {
            out.extend(b"_binary");
            push_text(out, bytes);
        }
        Charset::Binary | Charset::Unknown => push_hex(out, bytes),
    }
    Ok(())
}

fn push_introducer(out: &mut Vec<u8>, charset: &str, target: Flavour) -> Result<(), LiteralError> {
    let known = charset.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !known || (target == Flavour::MariaDb && charset == "gb18030") {
        let charset = charset.to_owned();
        return Err(LiteralError::Charset { charset });
    }
    out.push(b'_');
    out.extend(charset.as_bytes());
    Ok(())
}

/// What follows an introducer.
pub(super) fn push_introduced(out: &mut Vec<u8>, bytes: &[u8]) {
    if all(bytes, is_printable) {
        push_text(out, bytes);
    } else {
        push_introduced_hex(out, bytes);
    }
}

fn push_introduced_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b' ');
    push_hex(out, bytes);
}

fn push_text(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'\'');
    out.extend(bytes);
    out.push(b'\'');
}

pub(super) fn push_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    const DIGITS: [u8; 16] = *b"0123456789ABCDEF";
    out.extend(b"X'");
    for byte in bytes {
        for half in [byte >> 4, byte & 15] {
            out.extend(DIGITS.get(usize::from(half)));
        }
    }
    out.push(b'\'');
}

/// Whether all bytes are so. Without a way out in the middle, many are looked at at once.
fn all(bytes: &[u8], is: impl Fn(u8) -> bool) -> bool {
    bytes.iter().fold(true, |all, byte| all & is(*byte))
}

/// Whether a byte is printable ASCII that ends no string and escapes nothing, in any `sql_mode`.
fn is_printable(byte: u8) -> bool {
    (b' '..=b'~').contains(&byte) & (byte != b'\'') & (byte != b'\\')
}

/// Whether a byte means the same character in all character sets of clients, `swe7` among them.
fn is_invariant(byte: u8) -> bool {
    let national = (byte == b'$') | (byte == b'@') | (b'['..=b'`').contains(&byte) | (b'{'..=b'~').contains(&byte);
    is_printable(byte) & !national | (byte == b'_')
}

/// Whether ASCII text has the same bytes in it.
fn ascii_based(charset: &str) -> bool {
    !matches!(charset, "ucs2" | "utf16" | "utf16le" | "utf32" | "swe7")
}

#[cfg(test)]
mod tests {
    use binlog_parser::value::{Date, Time};

    use super::*;

    #[test]
    fn numbers() {
        check(Value::Int(-1), "-1");
        check(Value::UInt(u64::MAX), "18446744073709551615");
        check(Value::Float(1.1), "1.100000023841858e0");
        check(Value::Float(f32::MAX), "3.4028234663852886e38");
        check(Value::Double(0.1), "1e-1");
        check(Value::Double(-0.0), "-0e0");
        check(Value::Year(0), "0");
        check(Value::Enum(2), "2");
        check(Value::Set(5), "5");
        check(Value::Bit(&[0x0a, 0xbc]), "2748");
        check(Value::Bit(&[255; 8]), "18446744073709551615");
        check_error(Value::Double(f64::NAN));
        check_error(Value::Float(f32::INFINITY));
    }

    #[test]
    fn signedness_from_elsewhere() {
        for (column_type, expected) in [
            (ColumnType::TINY, "255"),
            (ColumnType::SHORT, "65535"),
            (ColumnType::INT24, "16777215"),
            (ColumnType::LONG, "4294967295"),
            (ColumnType::LONGLONG, "18446744073709551615"),
        ] {
            let column = LiteralColumn {
                column_type,
                unsigned: Some(true),
                charset: Charset::Unknown,
                fixed_len: 0,
            };
            assert_eq!(literal(Value::Int(-1), &column), Ok(expected.into()));
        }
    }

    #[test]
    fn times() {
        check(
            Value::Date(Date {
                year: 2024,
                month: 2,
                day: 0,
            }),
            "'2024-02-00'",
        );
        let time = Time {
            negative: true,
            hours: 1,
            minutes: 2,
            seconds: 3,
            microseconds: 450_000,
            decimals: 2,
        };
        check(Value::Time(time), "'-01:02:03.45'");
    }

    #[test]
    fn bytes() {
        let latin1 = Charset::Text("latin1".into());
        check_bytes(b"abc 1", &latin1, "'abc 1'");
        check_bytes(b"", &latin1, "''");
        check_bytes(b"a@b", &latin1, "_latin1'a@b'");
        check_bytes(b"it's", &latin1, "_latin1 X'69742773'");
        check_bytes(b"a\\b", &latin1, "_latin1 X'615C62'");
        check_bytes(b"\xe9", &latin1, "_latin1 X'E9'");
        check_bytes(b"a\n", &latin1, "_latin1 X'610A'");
        check_bytes(b"\0a", &Charset::Text("utf16".into()), "_utf16 X'0061'");
        check_bytes(b"abc", &Charset::Binary, "_binary'abc'");
        check_bytes(b"", &Charset::Binary, "X''");
        check_bytes(b"\xff", &Charset::Unknown, "X'FF'");
        check_bytes(b"a{b}", &Charset::named("UTF8"), "_utf8mb3'a{b}'");
    }

    #[test]
    fn charsets_of_one_flavour() {
        let column = LiteralColumn {
            column_type: ColumnType::VARCHAR,
            unsigned: None,
            charset: Charset::named("gb18030"),
            fixed_len: 0,
        };
        assert_eq!(
            literal(Value::Bytes(b"\x81\x30"), &column),
            Ok("_gb18030 X'8130'".into())
        );
        let mut out = Vec::new();
        assert!(push_literal(&mut out, &Value::Bytes(b"\xff"), &column, Flavour::MariaDb).is_err());
    }

    fn check(value: Value<'_>, expected: &str) {
        assert_eq!(literal(value, &column(Charset::Unknown)), Ok(expected.into()));
    }

    fn check_bytes(bytes: &[u8], charset: &Charset, expected: &str) {
        assert_eq!(
            literal(Value::Bytes(bytes), &column(charset.clone())),
            Ok(expected.into())
        );
    }

    fn check_error(value: Value<'_>) {
        assert!(literal(value, &column(Charset::Unknown)).is_err());
    }

    fn column(charset: Charset) -> LiteralColumn {
        LiteralColumn {
            column_type: ColumnType::VARCHAR,
            unsigned: None,
            charset,
            fixed_len: 0,
        }
    }

    #[test]
    fn fixed_lengths() {
        let check = |charset, bytes, expected: &str| {
            let column = LiteralColumn {
                column_type: ColumnType::STRING,
                unsigned: None,
                charset,
                fixed_len: 4,
            };
            assert_eq!(literal(Value::Bytes(bytes), &column), Ok(expected.into()));
        };
        check(Charset::Binary, b"\x0a", "X'0A000000'");
        check(Charset::Binary, b"", "X'00000000'");
        check(Charset::Binary, b"abcd", "_binary'abcd'");
        check(Charset::named("latin1"), b"a", "'a'");
    }

    fn literal(value: Value<'_>, column: &LiteralColumn) -> Result<String, LiteralError> {
        let mut out = Vec::new();
        push_literal(&mut out, &value, column, Flavour::MySql)?;
        Ok(String::from_utf8_lossy(&out).into_owned())
    }
}
