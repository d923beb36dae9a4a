//! The serialize-only twins of rows and values.

use std::borrow::Cow;
use std::fmt::Write;

use base64_simd::STANDARD;
use binlog_parser::event::{ColumnType, Flavour};
use binlog_parser::value::{CompressedValue, Date, DateTime, JsonApplyError, JsonError, JsonValue, Time, Timestamp};
use binlog_parser::{Cell, FieldError, Row, TableMap, Value};
use binlog_schema::sql::{Charset, LiteralColumn};
use binlog_schema::{Catalog, column_names};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::difference::Difference;

/// Integers up to this size are the same in every reader of JSON.
const SAFE: u64 = (1 << 53) - 1;

/// A table's columns.
#[derive(Debug)]
pub(super) struct Columns {
    pub(super) columns: Vec<JsonColumn>,
}

#[derive(Debug)]
pub(super) struct JsonColumn {
    pub(super) name: String,
    pub(super) literal: LiteralColumn,
    pub(super) members: Vec<String>,
}

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
    #[error("{column}: a value of type {} has no JSON yet", column_type.0)]
    Unsupported { column: String, column_type: ColumnType },
}

/// A row image: an object by column name.
#[derive(Debug)]
pub(super) struct Image<'a, T = JsonCell<'a>>(Vec<(&'a str, T)>);

/// Of columns of which there are only the differences to the image before, these.
pub(super) type Partial<'a> = Image<'a, Vec<Difference<'a>>>;

/// Text of a statement: a string if it is UTF-8, else bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'a>(pub(super) &'a [u8]);

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum JsonCell<'a> {
    Null,
    Int(i64),
    UInt(u64),
    Float(f32),
    Double(f64),
    Text(Cow<'a, str>),
    Bytes(Bytes<'a>),
    Members(Vec<&'a str>),
    Floats(Vec<f32>),
    Document(Box<RawValue>),
}

#[derive(Debug, Serialize)]
pub(super) struct Bytes<'a> {
    base64: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    charset: Option<&'a str>,
}

impl Columns {
    pub(super) fn new(map: &TableMap, catalog: &Catalog, flavour: Flavour) -> Self {
        let names = column_names(map, catalog).names;
        let definition = catalog.columns(map);
        let columns = map.columns.iter().enumerate().map(|(index, column)| {
            let definition = definition.as_ref().and_then(|table| table.columns.get(index));
            let in_map = || {
                column
                    .members
                    .iter()
                    .map(|name| String::from_utf8_lossy(name).into_owned())
            };
            JsonColumn {
                name: names
                    .get(index)
                    .map_or_else(|| format!("@{}", index + 1), ToString::to_string),
                literal: LiteralColumn::new(column, definition, flavour),
                members: match definition {
                    Some(definition) if column.members.is_empty() => definition.members.clone(),
                    _ => in_map().collect(),
                },
            }
        });
        Self {
            columns: columns.collect(),
        }
    }

    /// The columns' names, or `@1`, `@2`, …
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    /// The columns that a row image holds.
    pub(super) fn image<'a>(&'a self, row: &'a Row<'_>) -> Result<Image<'a>, ValueError> {
        let cells = self.columns.iter().zip(&row.cells);
        let present = cells.filter(|(_, cell)| **cell != Cell::Absent);
        let twins = present.map(|(column, cell)| Ok((column.name.as_str(), column.cell(cell)?)));
        twins.collect::<Result<_, ValueError>>().map(Image)
    }

    /// The columns that the image after an update holds: those that it or the image before tells in full, and those of which
    /// it has only differences.
    pub(super) fn image_over<'a>(
        &'a self,
        before: &'a Row<'_>,
        after: &'a Row<'_>,
    ) -> Result<(Image<'a>, Option<Partial<'a>>), ValueError> {
        let (mut whole, mut partial) = (Vec::new(), Vec::new());
        let cells = before.cells.iter().zip(&after.cells);
        for (column, (old, new)) in self.columns.iter().zip(cells) {
            let name = column.name.as_str();
            match (old, new) {
                (_, Cell::Absent) => {}
                (Cell::Value(Value::Json(old)), Cell::Value(Value::JsonDiffs(diffs))) => {
                    whole.push((name, column.changed(*old, diffs)?));
                }
                (_, new) if crate::is_unchanged(new) => {}
                (_, Cell::Value(Value::JsonDiffs(diffs))) => partial.push((name, column.differences(diffs)?)),
                (_, cell) => whole.push((name, column.cell(cell)?)),
            }
        }
        let partial = (!partial.is_empty()).then_some(Image(partial));
        Ok((Image(whole), partial))
    }
}

impl JsonColumn {
    fn cell<'a>(&'a self, cell: &'a Cell<'_>) -> Result<JsonCell<'a>, ValueError> {
        match cell {
            Cell::Absent | Cell::Null => Ok(JsonCell::Null),
            Cell::Value(value) => self.value(value),
        }
    }

    fn value<'a>(&'a self, value: &'a Value<'_>) -> Result<JsonCell<'a>, ValueError> {
        Ok(match value {
            Value::Int(_) if self.literal.unsigned == Some(true) => self.unsigned(value),
            Value::Int(value) => int(*value),
            Value::UInt(value) => uint(*value),
            Value::Float(value) if !value.is_finite() => text(value.to_string()),
            Value::Float(value) => JsonCell::Float(*value),
            Value::Double(value) if !value.is_finite() => text(value.to_string()),
            Value::Double(value) => JsonCell::Double(*value),
            Value::Decimal(value) => text(value.to_string()),
            Value::Bit(bytes) => uint(bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte))),
            Value::Year(value) => JsonCell::UInt(u64::from(*value)),
            Value::Date(value) => text(date(value)),
            Value::Time(value) => text(time(value)),
            Value::DateTime(value) => text(date_time(value)),
            Value::Timestamp(value) => text(timestamp(value)),
            Value::Bytes(bytes) => self.bytes(Cow::Borrowed(bytes)),
            Value::Compressed(value) => self.expanded(value)?,
            Value::Enum(number) => self.member(*number),
            Value::Set(bits) => self.members(*bits),
            Value::Json(document) => self.document(document)?,
            Value::Geometry(value) => base64(value, None),
            Value::Vector(value) => self.floats(value)?,
            _ => {
                return Err(ValueError::Unsupported {
                    column: self.name.clone(),
                    column_type: self.literal.column_type,
                });
            }
        })
    }

    fn unsigned<'a>(&self, value: &Value<'_>) -> JsonCell<'a> {
        match value.as_unsigned(width(self.literal.column_type)) {
            Value::UInt(value) => uint(value),
            _ => JsonCell::Null,
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

    fn expanded(&self, value: &CompressedValue<'_>) -> Result<JsonCell<'_>, ValueError> {
        let plain = value.expand(CompressedValue::LARGEST);
        let plain = plain.map_err(|error| ValueError::Compressed {
            column: self.name.clone(),
            error,
        })?;
        Ok(self.bytes(plain.into()))
    }

    fn member(&self, number: u16) -> JsonCell<'_> {
        let index = usize::from(number).checked_sub(1);
        match index.and_then(|index| self.members.get(index)) {
            Some(name) => borrowed(name),
            None => JsonCell::UInt(u64::from(number)),
        }
    }

    fn members(&self, bits: u64) -> JsonCell<'_> {
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
        let mut out = Vec::new();
        document.write_text(&mut out).map_err(|error| ValueError::Json {
            column: self.name.clone(),
            error,
        })?;
        let json = String::from_utf8_lossy(&out).into_owned();
        Ok(match RawValue::from_string(json) {
            Ok(raw) => JsonCell::Document(raw),
            Err(_) => text(String::from_utf8_lossy(&out).into_owned()),
        })
    }

    fn floats(&self, value: &[u8]) -> Result<JsonCell<'static>, ValueError> {
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

fn utf8(bytes: Cow<'_, [u8]>) -> Result<Cow<'_, str>, Cow<'_, [u8]>> {
    match bytes {
        Cow::Borrowed(bytes) => std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| bytes.into()),
        Cow::Owned(bytes) => String::from_utf8(bytes)
            .map(Cow::Owned)
            .map_err(|error| error.into_bytes().into()),
    }
}

fn text(text: String) -> JsonCell<'static> {
    JsonCell::Text(Cow::Owned(text))
}

fn borrowed(text: &str) -> JsonCell<'_> {
    JsonCell::Text(Cow::Borrowed(text))
}

fn base64<'a>(bytes: &[u8], charset: Option<&'a str>) -> JsonCell<'a> {
    JsonCell::Bytes(Bytes::new(bytes, charset))
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

fn is_utf8(charset: &str) -> bool {
    matches!(charset, "utf8" | "utf8mb3" | "utf8mb4" | "ascii")
}

/// Whether ASCII bytes alone are ASCII text in it.
fn extends_ascii(charset: &str) -> bool {
    !matches!(charset, "ucs2" | "utf16" | "utf16le" | "utf32" | "swe7")
}

fn date(date: &Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year, date.month, date.day)
}

fn time(time: &Time) -> String {
    let sign = if time.negative { "-" } else { "" };
    let mut out = format!("{sign}{:02}:{:02}:{:02}", time.hours, time.minutes, time.seconds);
    push_fraction(&mut out, time.microseconds, time.decimals);
    out
}

fn date_time(value: &DateTime) -> String {
    let (day, hours, minutes, seconds) = (date(&value.date), value.hours, value.minutes, value.seconds);
    let mut out = format!("{day} {hours:02}:{minutes:02}:{seconds:02}");
    push_fraction(&mut out, value.microseconds, value.decimals);
    out
}

fn timestamp(value: &Timestamp) -> String {
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
fn push_fraction(out: &mut String, microseconds: u32, decimals: u8) {
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

impl<T: Serialize> Serialize for Image<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, cell) in &self.0 {
            map.serialize_entry(name, cell)?;
        }
        map.end()
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
