//! Other values in the place of those that are not for everybody.

use binlog_parser::FieldError;
use binlog_parser::event::{Column, ColumnType};
use binlog_parser::value::{Cell, CompressedValue, Value};
use sha2::{Digest as _, Sha256};

use super::charset::Charset;
use super::datum::Class;
use super::names::Columns;

/// Fewest digits of a hash that a column must take: with fewer, different values get the same one too easily.
const MIN_DIGITS: usize = 16;

/// What a value becomes. NULL stays NULL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mask {
    /// Hexadecimal digits of its SHA-256, as many as fit: the same for the same value.
    Hash,
    Null,
    /// The same for all.
    Text(String),
}

/// A mask for one column.
#[derive(Debug)]
pub(super) enum Cover {
    /// So many digits.
    Hash(usize),
    Null,
    Bytes(Vec<u8>),
    Number(i64),
}

impl Mask {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            _ if text.eq_ignore_ascii_case("hash") => Some(Self::Hash),
            _ if text.eq_ignore_ascii_case("null") => Some(Self::Null),
            _ => super::grammar::text(text).map(Self::Text),
        }
    }

    /// The mask for this column. The error is what is wrong with it.
    pub(super) fn bind(&self, columns: &Columns, index: usize) -> Result<Cover, String> {
        let wrong = |why: &str| format!("column {} {why}", columns.name(index));
        let column = columns.column(index).ok_or_else(|| wrong("is none"))?;
        match (self, columns.class(index)) {
            (Self::Null, _) if column.nullable => Ok(Cover::Null),
            (Self::Null, _) => Err(wrong("is NOT NULL")),
            (_, Class::Text(Charset::Wide)) => Err(wrong("is in UCS-2, UTF-16 or UTF-32: it can only be dropped")),
            (Self::Hash, Class::Text(charset)) => match capacity(column, charset).min(64) {
                digits @ MIN_DIGITS.. => Ok(Cover::Hash(digits)),
                _ => Err(wrong("is too short for a hash, of which it must take 16 digits")),
            },
            (Self::Hash, _) => Err(wrong("is no text: only texts and bytes can be hashed")),
            (Self::Text(text), Class::Text(charset)) => {
                charset.takes(text).map_err(wrong)?;
                let length = if charset.is_utf8() {
                    text.chars().count()
                } else {
                    text.len()
                };
                match length <= capacity(column, charset) {
                    true => Ok(Cover::Bytes(text.clone().into_bytes())),
                    false => Err(wrong("is too short for the text")),
                }
            }
            (Self::Text(text), Class::Exact) => match text.parse().ok().filter(|number| takes(column, *number)) {
                Some(number) => Ok(Cover::Number(number)),
                None => Err(wrong("does not take this as a number")),
            },
            (Self::Text(_), _) => Err(wrong("is neither a text nor an integer: mask it by null, or drop it")),
        }
    }
}

/// Most characters of a column.
fn capacity(column: &Column, charset: Charset) -> usize {
    match (column.column_type, column.metadata) {
        (ColumnType::VARCHAR | ColumnType::STRING | ColumnType::VAR_STRING, bytes) => {
            usize::from(bytes / charset.width())
        }
        // A byte of it says how the rest is stored.
        (ColumnType::MARIADB_VARCHAR_COMPRESSED, bytes) => usize::from(bytes.saturating_sub(1) / charset.width()),
        (_, 1) => 254,
        (_, _) => 65_534,
    }
}

/// Whether the integer is one of the column, whatever the log does not say of it.
fn takes(column: &Column, number: i64) -> bool {
    let fits = |value: Value<'_>| value.encode(column, &mut Vec::new()).is_ok();
    let as_unsigned = || u64::try_from(number).is_ok_and(|number| fits(Value::UInt(number)));
    match column.unsigned {
        Some(true) => as_unsigned(),
        Some(false) => fits(Value::Int(number)),
        None => as_unsigned() && fits(Value::Int(number)),
    }
}

impl Cover {
    /// What a value of the column becomes.
    pub(super) fn of(&self, value: &Value<'_>) -> Result<Covered, FieldError> {
        Ok(match (self, value) {
            (Self::Null, _) => Covered::Null,
            (Self::Number(number), _) => Covered::Number(*number),
            (Self::Bytes(bytes), Value::Compressed(_)) => Covered::Stored(stored(bytes)),
            (Self::Bytes(bytes), _) => Covered::Bytes(bytes.clone()),
            (Self::Hash(digits), Value::Compressed(value)) => {
                let plain = value.expand(CompressedValue::LARGEST)?;
                Covered::Stored(stored(&hash(&plain, *digits)))
            }
            (Self::Hash(digits), Value::Bytes(bytes)) => Covered::Bytes(hash(bytes, *digits)),
            (Self::Hash(_), _) => Covered::Null,
        })
    }
}

/// A value in the place of another.
#[derive(Debug)]
pub(super) enum Covered {
    Null,
    Bytes(Vec<u8>),
    /// In the form of a compressed column.
    Stored(Vec<u8>),
    Number(i64),
}

impl Covered {
    pub(super) fn cell(&self) -> Cell<'_> {
        match self {
            Self::Null => Cell::Null,
            Self::Bytes(bytes) => Cell::Value(Value::Bytes(bytes)),
            Self::Stored(stored) => Cell::Value(Value::Compressed(CompressedValue { stored })),
            Self::Number(number) => Cell::Value(match u64::try_from(*number) {
                Ok(number) => Value::UInt(number),
                Err(_) => Value::Int(*number),
            }),
        }
    }
}

/// As a compressed column stores what it does not compress.
fn stored(plain: &[u8]) -> Vec<u8> {
    match plain {
        [] => Vec::new(),
        _ => [b"\0", plain].concat(),
    }
}

fn hash(value: &[u8], digits: usize) -> Vec<u8> {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let digest = Sha256::digest(value);
    let nibbles = digest.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let digits = nibbles.take(digits).filter_map(|nibble| HEX.get(usize::from(nibble)));
    digits.copied().collect()
}
