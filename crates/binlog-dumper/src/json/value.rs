//! The serialize-only twins of values.

use std::borrow::Cow;
use std::fmt::Write;

use base64_simd::STANDARD;
use binlog_parser::event::ColumnType;
use binlog_parser::value::{CompressedValue, Date, DateTime, JsonApplyError, JsonError, JsonValue, Time, Timestamp};
use binlog_parser::{FieldError, Value};
use binlog_schema::sql::Charset;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::columns::{JsonColumn, Values};

/// Integers up to this size are the same in every reader of JSON.
const SAFE: u64 = (1 << 53) - 1;

/// A value that has no JSON.
#[derive(Debug, thiserror::Error)]
pub(super) enum ValueError {
    #[error("{column}: {error}")]
    Json { column: String, error: JsonError },
    #[error("{column}: {error}")]
    Changed { column: String, error: JsonApplyError },
    #[error("{column}: {error}")]
    Compressed { column: String, error: FieldError },
    #[error("{column}: {len} bytes are no whole number of 4-byte floats")]
    Vector { column: String, len: usize },
    #[error("{column}: the log has only what changes in the document, which needs the document before")]
    Partial { column: String },
    #[error("{column}: a value of type {} has no JSON yet", column_type.0)]
    Unsupported { column: String, column_type: ColumnType },
}

/// Text of a statement: a string if it is UTF-8, else bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'a>(pub(super) &'a [u8]);

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum JsonCell<'a> {
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Float(f32),
    Double(f64),
    Text(Cow<'a, str>),
    Bytes(Bytes<'a>),
    Members(Vec<&'a str>),
    Floats(Vec<f32>),
    Document(Box<RawValue>),
    Shape(Shape),
}

/// A geometry.
#[derive(Debug, Serialize)]
pub(super) struct Shape {
    #[serde(flatten)]
    pub(super) point: Option<Point>,
    pub(super) wkb: String,
    pub(super) srid: Option<u32>,
}

/// Coordinates of a POINT.
#[derive(Debug, Serialize)]
pub(super) struct Point {
    x: f64,
    y: f64,
}

impl Point {
    /// Of well-known binary that is a POINT as the servers store it: least significant byte first.
    pub(super) fn of(wkb: &[u8]) -> Option<Self> {
        let (head, coordinates) = wkb.split_first_chunk::<5>()?;
        let (x, y) = coordinates.split_first_chunk()?;
        (*head == [1, 1, 0, 0, 0]).then_some(Self {
            x: f64::from_le_bytes(*x),
            y: f64::from_le_bytes(y.try_into().ok()?),
        })
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Bytes<'a> {
    base64: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    charset: Option<&'a str>,
}

/// The values of the plain form.
#[derive(Debug)]
pub(super) struct PlainValues;

impl Values for PlainValues {
    fn value<'a>(&self, column: &'a JsonColumn, value: &'a Value<'_>) -> Result<JsonCell<'a>, ValueError> {
        Ok(match value {
            Value::Int(_) | Value::UInt(_) => match column.integer(value) {
                Value::UInt(value) => uint(value),
                Value::Int(value) => int(value),
                _ => JsonCell::Null,
            },
            Value::Float(value) if !value.is_finite() => text(value.to_string()),
            Value::Float(value) => JsonCell::Float(*value),
            Value::Double(value) if !value.is_finite() => text(value.to_string()),
            Value::Double(value) => JsonCell::Double(*value),
            Value::Decimal(value) => text(value.to_string()),
            Value::Bit(bytes) => uint(number(bytes)),
            Value::Year(value) => JsonCell::UInt(u64::from(*value)),
            Value::Date(value) => text(date(value)),
            Value::Time(value) => text(time(value)),
            Value::DateTime(value) => text(date_time(value)),
            Value::Timestamp(value) => text(timestamp(value)),
            Value::Bytes(bytes) => column.bytes(column.literal.filled(bytes)),
            Value::Compressed(value) => column.bytes(column.expand(value)?.into()),
            Value::Enum(number) => column.member(*number),
            Value::Set(bits) => column.members(*bits),
            Value::Json(document) => column.document(document)?,
            Value::Geometry(value) => base64(value, None),
            Value::Vector(value) => column.floats(value)?,
            _ => return Err(column.unsupported()),
        })
    }

    fn document(&self, column: &JsonColumn, document: &JsonValue<'_>) -> Result<JsonCell<'static>, ValueError> {
        column.document(document)
    }
}

impl JsonColumn {
    /// The integer with the signedness that the table map did not tell.
    pub(super) fn integer<'a>(&self, value: &Value<'a>) -> Value<'a> {
        match self.literal.unsigned {
            Some(true) => value.as_unsigned(width(self.literal.column_type)),
            _ => *value,
        }
    }

    pub(super) fn unsupported(&self) -> ValueError {
        ValueError::Unsupported {
            column: self.name.clone(),
            column_type: self.literal.column_type,
        }
    }

    /// Text where it is UTF-8, or all ASCII in a character set that goes beyond it; else base64.
    fn bytes<'a>(&'a self, bytes: Cow<'a, [u8]>) -> JsonCell<'a> {
        let (is_text, charset) = match &self.literal.charset {
            Charset::Binary => (false, None),
            Charset::Unknown => (true, None),
            Charset::Text(charset) => {
                let is_text = is_utf8(charset) || bytes.is_ascii() && extends_ascii(charset);
                (is_text, Some(charset.as_str()))
            }
        };
        match utf8(bytes) {
            Ok(text) if is_text => JsonCell::Text(text),
            Ok(text) => base64(text.as_bytes(), charset),
            Err(bytes) => base64(&bytes, charset),
        }
    }

    pub(super) fn expand(&self, value: &CompressedValue<'_>) -> Result<Vec<u8>, ValueError> {
        let plain = value.expand(CompressedValue::LARGEST);
        plain.map_err(|error| ValueError::Compressed {
            column: self.name.clone(),
            error,
        })
    }

    /// The name, or the number where it is not known.
    pub(super) fn member(&self, number: u16) -> JsonCell<'_> {
        let index = usize::from(number).checked_sub(1);
        match index.and_then(|index| self.members.get(index)) {
            Some(name) => borrowed(name),
            None => JsonCell::UInt(u64::from(number)),
        }
    }

    /// The names, or the bits where they are not known.
    pub(super) fn members(&self, bits: u64) -> JsonCell<'_> {
        let known = u32::try_from(self.members.len()).unwrap_or(u32::MAX);
        if bits.checked_shr(known).is_some_and(|rest| rest != 0) {
            return uint(bits);
        }
        let named = self.members.iter().enumerate();
        let set = named.filter(|(index, _)| bits >> index & 1 != 0);
        JsonCell::Members(set.map(|(_, name)| name.as_str()).collect())
    }

    /// The document as it is, or its text where that should not be JSON.
    pub(super) fn document(&self, document: &JsonValue<'_>) -> Result<JsonCell<'static>, ValueError> {
        let json = self.document_text(document)?;
        Ok(match serde_json::from_str::<&RawValue>(&json) {
            Ok(raw) => JsonCell::Document(raw.to_owned()),
            Err(_) => text(json),
        })
    }

    /// The document as the server prints it.
    pub(super) fn document_text(&self, document: &JsonValue<'_>) -> Result<String, ValueError> {
        let mut out = Vec::new();
        document.write_text(&mut out).map_err(|error| ValueError::Json {
            column: self.name.clone(),
            error,
        })?;
        Ok(String::from_utf8(out).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }

    pub(super) fn floats(&self, value: &[u8]) -> Result<JsonCell<'static>, ValueError> {
        let (floats, rest) = value.as_chunks::<4>();
        if !rest.is_empty() {
            return Err(ValueError::Vector {
                column: self.name.clone(),
                len: value.len(),
            });
        }
        Ok(JsonCell::Floats(
            floats.iter().copied().map(f32::from_le_bytes).collect(),
        ))
    }
}

fn int(value: i64) -> JsonCell<'static> {
    match value.unsigned_abs() <= SAFE {
        true => JsonCell::Int(value),
        false => text(value.to_string()),
    }
}

pub(super) fn uint(value: u64) -> JsonCell<'static> {
    match value <= SAFE {
        true => JsonCell::UInt(value),
        false => text(value.to_string()),
    }
}

pub(super) fn utf8(bytes: Cow<'_, [u8]>) -> Result<Cow<'_, str>, Cow<'_, [u8]>> {
    match bytes {
        Cow::Borrowed(bytes) => std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| bytes.into()),
        Cow::Owned(bytes) => String::from_utf8(bytes)
            .map(Cow::Owned)
            .map_err(|error| error.into_bytes().into()),
    }
}

pub(super) fn text(text: String) -> JsonCell<'static> {
    JsonCell::Text(Cow::Owned(text))
}

fn borrowed(text: &str) -> JsonCell<'_> {
    JsonCell::Text(Cow::Borrowed(text))
}

pub(super) fn base64<'a>(bytes: &[u8], charset: Option<&'a str>) -> JsonCell<'a> {
    JsonCell::Bytes(Bytes::new(bytes, charset))
}

/// The value of a BIT.
pub(super) fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

/// Bytes of an integer column.
fn width(column_type: ColumnType) -> u32 {
    match column_type {
        ColumnType::TINY => 1,
        ColumnType::SHORT => 2,
        ColumnType::INT24 => 3,
        ColumnType::LONG => 4,
        _ => 8,
    }
}

pub(super) fn is_utf8(charset: &str) -> bool {
    matches!(charset, "utf8" | "utf8mb3" | "utf8mb4" | "ascii")
}

/// Whether ASCII bytes alone are ASCII text in it.
fn extends_ascii(charset: &str) -> bool {
    !matches!(charset, "ucs2" | "utf16" | "utf16le" | "utf32" | "swe7")
}

pub(super) fn date(date: &Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year, date.month, date.day)
}

pub(super) fn time(time: &Time) -> String {
    let sign = if time.negative { "-" } else { "" };
    let mut out = format!("{sign}{:02}:{:02}:{:02}", time.hours, time.minutes, time.seconds);
    push_fraction(&mut out, time.microseconds, time.decimals);
    out
}

pub(super) fn date_time(value: &DateTime) -> String {
    let (day, hours, minutes, seconds) = (date(&value.date), value.hours, value.minutes, value.seconds);
    let mut out = format!("{day} {hours:02}:{minutes:02}:{seconds:02}");
    push_fraction(&mut out, value.microseconds, value.decimals);
    out
}

pub(super) fn timestamp(value: &Timestamp) -> String {
    let mut out = match (value.seconds, value.microseconds) {
        (0, 0) => "0000-00-00T00:00:00Z".to_owned(),
        (seconds, _) => crate::text::rfc3339(seconds),
    };
    out.pop();
    push_fraction(&mut out, value.microseconds, value.decimals);
    out.push('Z');
    out
}

/// The first `decimals` of six digits.
pub(super) fn push_fraction(out: &mut String, microseconds: u32, decimals: u8) {
    let digits = format!("{microseconds:06}");
    if let Some(shown) = digits
        .get(..usize::from(decimals.min(6)))
        .filter(|shown| !shown.is_empty())
    {
        // Writing to a string does not fail.
        let _ = write!(out, ".{shown}");
    }
}

impl<'a> Bytes<'a> {
    pub(super) fn new(bytes: &[u8], charset: Option<&'a str>) -> Self {
        Self {
            base64: STANDARD.encode_to_string(bytes),
            charset,
        }
    }
}

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(self.0) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => Bytes::new(self.0, None).serialize(serializer),
        }
    }
}
