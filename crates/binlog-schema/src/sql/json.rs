//! JSON documents, and what they change by, as SQL expressions.
//!
//! JSON text has numbers, texts and truth values; MySQL's documents also hold DECIMAL, unsigned, temporal and binary values,
//! which become another number or a text on the way through text. For these, SQL functions build the document, with
//! values of the right type: `JSON_OBJECT('due', DATE'2024-02-29')`. MariaDB's documents are text.
//!
//! What no expression of MySQL is of stays the text that the server prints for it: TINYBLOB and MEDIUMBLOB.

use std::io::Write as _;

use binlog_parser::FieldError;
use binlog_parser::event::{ColumnType, Flavour};
use binlog_parser::value::{
    JsonDiff, JsonDiffs, JsonLeg, JsonOpaque, JsonOperation, JsonPath, JsonScalar, JsonToken, JsonTyped, JsonValue,
};

use super::literal::{LiteralError, push_float, push_hex, push_introduced};

/// Calls in each other from which on they are made fewer. The server's stack takes a thousand.
const MANY_CALLS: usize = 64;

/// Digits and decimals of the largest DECIMAL.
const DECIMAL: (usize, usize) = (65, 30);

/// What a TIMESTAMP in the session's time zone, which is UTC, can be.
const TIMESTAMPS: std::ops::RangeInclusive<&str> = "1970-01-01 00:00:01"..="2038-01-19 03:14:07.999999";

/// Appends the new value of a JSON column, of which there are only the differences to the old one: the functions that make
/// them, as in `JSON_REMOVE(JSON_REPLACE(column, '$.a', 1), '$.b')`.
///
/// `column` is the column's name as it stands in the statement, in quotes.
///
/// # Errors
/// The differences cannot be read.
pub fn push_json_diffs(
    out: &mut Vec<u8>,
    column: &[u8],
    diffs: &JsonDiffs<'_>,
    target: Flavour,
) -> Result<(), LiteralError> {
    let mut calls = calls(diffs, target, function)?;
    if calls.len() > MANY_CALLS {
        calls = self::calls(diffs, target, wide_function)?;
    }
    for (function, _) in calls.iter().rev() {
        out.extend(function.as_bytes());
        out.push(b'(');
    }
    out.extend(column);
    for (_, arguments) in &calls {
        out.extend(arguments);
        out.push(b')');
    }
    Ok(())
}

/// Functions and their arguments behind the document, in the order in which they are called.
type Calls = Vec<(&'static str, Vec<u8>)>;

/// Differences that follow each other and take the same function are one call.
fn calls(
    diffs: &JsonDiffs<'_>,
    target: Flavour,
    function: fn(JsonOperation, &JsonPath<'_>) -> &'static str,
) -> Result<Calls, LiteralError> {
    let mut calls = Calls::new();
    for diff in diffs {
        let diff = diff?;
        let path = diff.path()?;
        let function = function(diff.operation, &path);
        if calls.last().is_none_or(|(last, _)| *last != function) {
            calls.push((function, Vec::new()));
        }
        if let Some((_, arguments)) = calls.last_mut() {
            push_arguments(arguments, &diff, path, target)?;
        }
    }
    Ok(calls)
}

fn function(operation: JsonOperation, path: &JsonPath<'_>) -> &'static str {
    match (operation, path.legs.last()) {
        (JsonOperation::Replace, _) => "JSON_REPLACE",
        (JsonOperation::Remove, _) => "JSON_REMOVE",
        (JsonOperation::Insert, Some(JsonLeg::Cell(_) | JsonLeg::CellFromLast(_))) => "JSON_ARRAY_INSERT",
        (JsonOperation::Insert, _) => "JSON_INSERT",
    }
}

/// As long as elements are added to arrays only at their ends, which is all that servers log, one function does it all.
fn wide_function(operation: JsonOperation, _: &JsonPath<'_>) -> &'static str {
    match operation {
        JsonOperation::Replace | JsonOperation::Insert => "JSON_SET",
        JsonOperation::Remove => "JSON_REMOVE",
    }
}

fn push_arguments(
    out: &mut Vec<u8>,
    diff: &JsonDiff<'_>,
    mut path: JsonPath<'_>,
    target: Flavour,
) -> Result<(), LiteralError> {
    out.extend(b", ");
    match (diff.operation, path.legs.last_mut()) {
        // MariaDB puts what is before the first element at the end.
        (JsonOperation::Insert, Some(leg @ JsonLeg::CellFromLast(_))) if target == Flavour::MariaDb => {
            *leg = JsonLeg::Cell(0);
            push_text(out, path.to_string().as_bytes());
        }
        _ => push_text(out, diff.path_text),
    }
    if let Some(value) = diff.value {
        out.extend(b", ");
        push_argument(out, value, target)?;
    }
    Ok(())
}

/// A value as the argument of a JSON function, in which a text is a JSON text.
fn push_argument(out: &mut Vec<u8>, value: JsonValue<'_>, target: Flavour) -> Result<(), LiteralError> {
    if target == Flavour::MariaDb {
        out.extend(b"JSON_EXTRACT(");
        push_plain(out, value)?;
        out.extend(b", '$')");
        return Ok(());
    }
    let is_scalar = matches!(value.tokens().next(), Some(Ok(JsonToken::Scalar(_))));
    if is_scalar || has_types(value)? {
        return push_built(out, value);
    }
    out.extend(b"CAST(");
    push_plain(out, value)?;
    out.extend(b" AS JSON)");
    Ok(())
}

/// Appends a document as the value of a JSON column.
pub(super) fn push_document(out: &mut Vec<u8>, value: JsonValue<'_>, target: Flavour) -> Result<(), LiteralError> {
    if target == Flavour::MariaDb || !has_types(value)? {
        return push_plain(out, value);
    }
    let is_scalar = matches!(value.tokens().next(), Some(Ok(JsonToken::Scalar(_))));
    if !is_scalar {
        return push_built(out, value);
    }
    out.extend(b"CAST(");
    push_built(out, value)?;
    out.extend(b" AS JSON)");
    Ok(())
}

/// A document as text. Text is JSON whatever its character set; MySQL's is `utf8mb4`.
fn push_plain(out: &mut Vec<u8>, value: JsonValue<'_>) -> Result<(), LiteralError> {
    let mut text = Vec::new();
    value.write_text(&mut text)?;
    push_text(out, &text);
    Ok(())
}

fn push_text(out: &mut Vec<u8>, text: &[u8]) {
    out.extend(b"_utf8mb4");
    push_introduced(out, text);
}

/// Whether a document has values of types that its text does not tell and an expression has.
fn has_types(value: JsonValue<'_>) -> Result<bool, LiteralError> {
    let mut tokens = value.tokens();
    while let Some(token) = tokens.next() {
        let found = match token? {
            // JSON text has signed numbers up to 32 bits, and unsigned ones beyond.
            JsonToken::Scalar(JsonScalar::Int(value)) => value > i64::from(u32::MAX),
            JsonToken::Scalar(JsonScalar::UInt(value)) => value <= u64::from(u32::MAX),
            JsonToken::Scalar(JsonScalar::Opaque(opaque)) => {
                let expression = expression(opaque).map_err(|error| tokens.error(error))?;
                expression.is_some()
            }
            _ => false,
        };
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Appends an expression that builds the document.
fn push_built(out: &mut Vec<u8>, value: JsonValue<'_>) -> Result<(), LiteralError> {
    let mut tokens = value.tokens();
    let mut follows = false;
    while let Some(token) = tokens.next() {
        let token = token?;
        let ends = matches!(token, JsonToken::ObjectEnd | JsonToken::ArrayEnd);
        if follows && !ends {
            out.extend(b", ");
        }
        match token {
            JsonToken::ObjectStart => out.extend(b"JSON_OBJECT("),
            JsonToken::ArrayStart => out.extend(b"JSON_ARRAY("),
            JsonToken::ObjectEnd | JsonToken::ArrayEnd => out.push(b')'),
            JsonToken::Key(key) => push_text(out, key.as_bytes()),
            JsonToken::Scalar(JsonScalar::Opaque(opaque)) => {
                push_opaque(out, opaque).map_err(|error| tokens.error(error))?;
            }
            JsonToken::Scalar(scalar) => push_scalar(out, scalar)?,
        }
        follows = !matches!(token, JsonToken::ObjectStart | JsonToken::ArrayStart);
    }
    Ok(())
}

fn push_scalar(out: &mut Vec<u8>, scalar: JsonScalar<'_>) -> Result<(), LiteralError> {
    // A vector takes all that is written.
    let _ = match scalar {
        JsonScalar::Bool(true) => write!(out, "TRUE"),
        JsonScalar::Bool(false) => write!(out, "FALSE"),
        JsonScalar::Int(value) => write!(out, "{value}"),
        JsonScalar::UInt(value) => write!(out, "CAST({value} AS UNSIGNED)"),
        JsonScalar::Double(value) => return push_float(out, value),
        JsonScalar::String(text) => {
            push_text(out, text.as_bytes());
            Ok(())
        }
        _ => write!(out, "NULL"),
    };
    Ok(())
}

fn push_opaque(out: &mut Vec<u8>, opaque: JsonOpaque<'_>) -> Result<(), FieldError> {
    match expression(opaque)? {
        Some(expression) => out.extend(expression.bytes()),
        None => push_text(out, opaque.text()?.as_bytes()),
    }
    Ok(())
}

/// An expression of the value's type, where there is one. A column of `JSON_TABLE` has types that no literal and no CAST has.
fn expression(opaque: JsonOpaque<'_>) -> Result<Option<String>, FieldError> {
    let text = || opaque.text();
    Ok(match (opaque.value()?, opaque.column_type) {
        (JsonTyped::Decimal(_), _) => decimal(&text()?),
        (JsonTyped::Date(_), _) => Some(format!("DATE'{}'", text()?)),
        (JsonTyped::Time(_), _) => Some(format!("TIME'{}'", text()?)),
        (JsonTyped::DateTime(_), _) => Some(format!("TIMESTAMP'{}'", text()?)),
        (JsonTyped::Timestamp(_), _) => Some(timestamp(&text()?)),
        (JsonTyped::Bytes(data), ColumnType::VARCHAR) => Some(hex(data)),
        (JsonTyped::Bytes(data), ColumnType::BLOB) => Some(column("LONGBLOB", &array(&hex(data)))),
        (JsonTyped::Bytes(data), ColumnType::LONG_BLOB) => Some(format!("UNCOMPRESS(COMPRESS({}))", hex(data))),
        (JsonTyped::Bytes(data), ColumnType::STRING) if (1..=255).contains(&data.len()) => {
            Some(column(&format!("BINARY({})", data.len()), &array(&hex(data))))
        }
        (JsonTyped::Bytes(data), ColumnType::BIT) if (1..=8).contains(&data.len()) => {
            let value = data.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
            Some(column(&format!("BIT({})", 8 * data.len()), &format!("'[{value}]'")))
        }
        _ => None,
    })
}

/// With the precision of the digits: a document can have a larger one than a column.
fn decimal(text: &str) -> Option<String> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole = whole.trim_start_matches(['-', '0']).len();
    let (precision, scale) = ((whole + fraction.len()).max(1), fraction.len());
    let fits = precision <= DECIMAL.0 && scale <= DECIMAL.1;
    fits.then(|| format!("CAST('{text}' AS DECIMAL({precision},{scale}))"))
}

/// As DATETIME where it was out of range in UTC: the type is another, the text the same.
fn timestamp(text: &str) -> String {
    match TIMESTAMPS.contains(&text) {
        true => column("TIMESTAMP(6)", &format!("'[\"{text}\"]'")),
        false => format!("TIMESTAMP'{text}'"),
    }
}

/// The one element of an array as the value of a column of this type.
fn column(column_type: &str, array: &str) -> String {
    format!("(SELECT v FROM JSON_TABLE({array}, '$[0]' COLUMNS (v {column_type} PATH '$' ERROR ON ERROR)) j)")
}

fn array(element: &str) -> String {
    format!("JSON_ARRAY({element})")
}

fn hex(bytes: &[u8]) -> String {
    let mut out = Vec::new();
    push_hex(&mut out, bytes);
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests;
