//! Cells that more than one project has alike.

use std::borrow::Cow;

use base64_simd::STANDARD;
use binlog_parser::Value;
use binlog_schema::sql::{Charset, collation_charset};

use super::super::charset::decode;
use super::super::columns::JsonColumn;
use super::super::value::{self, JsonCell, base64, utf8};

/// A text, or bytes that are none.
pub(super) type Decoded<'a> = JsonCell<'a>;

/// Bytes of a string or BLOB: `Err` with bytes that are known to be no text.
pub(super) fn column<'a>(column: &'a JsonColumn, bytes: Cow<'a, [u8]>) -> Result<Decoded<'a>, Cow<'a, [u8]>> {
    match &column.literal.charset {
        Charset::Binary => Err(filled(column, bytes)),
        Charset::Unknown => Ok(match utf8(bytes) {
            Ok(text) => JsonCell::Text(text),
            Err(bytes) => base64(&bytes, None),
        }),
        Charset::Text(charset) => Ok(match decode(charset, bytes) {
            Ok(text) => JsonCell::Text(text),
            Err(bytes) => base64(&bytes, Some(charset)),
        }),
    }
}

/// Text, or the bytes as base64.
pub(super) fn string<'a>(column: &'a JsonColumn, data: Cow<'a, [u8]>) -> JsonCell<'a> {
    self::column(column, data).unwrap_or_else(|data| bytes(&data))
}

/// Bytes as base64.
pub(super) fn bytes(data: &[u8]) -> JsonCell<'static> {
    value::text(STANDARD.encode_to_string(data))
}

/// An integer as a number, whatever its size.
pub(super) fn integer<'a>(column: &JsonColumn, value: &Value<'_>) -> JsonCell<'a> {
    match column.integer(value) {
        Value::UInt(value) => JsonCell::UInt(value),
        Value::Int(value) => JsonCell::Int(value),
        _ => JsonCell::Null,
    }
}

fn filled<'a>(column: &JsonColumn, bytes: Cow<'a, [u8]>) -> Cow<'a, [u8]> {
    match bytes {
        Cow::Borrowed(bytes) => column.literal.filled(bytes),
        owned => owned,
    }
}

/// A statement's text, of a client with this collation.
pub(super) fn statement(sql: &[u8], client: Option<u16>) -> Decoded<'_> {
    let charset = client
        .and_then(collation_charset)
        .filter(|charset| *charset != "binary");
    let decoded = match charset {
        Some(charset) => decode(charset, sql.into()),
        None => utf8(sql.into()),
    };
    match decoded {
        Ok(text) => JsonCell::Text(text),
        Err(bytes) => base64(&bytes, charset),
    }
}
