//! JSON documents, and what changes in them.

use binlog_parser::value::{JsonDiff, JsonDiffs, JsonOperation, JsonScalar, JsonToken, JsonValue};

use super::super::text::decimal;
use super::value::text;

const LINE: &[u8] = b"\n###      ";

/// Appends a document in quotes. A text that is all of it stands without its own.
pub(super) fn push(out: &mut Vec<u8>, document: &JsonValue<'_>) {
    match document.tokens().next() {
        Some(Ok(JsonToken::Scalar(JsonScalar::String(string)))) => text(out, string.as_bytes()),
        Some(Ok(JsonToken::Scalar(JsonScalar::Opaque(opaque)))) if let Ok(string) = opaque.text() => {
            text(out, string.as_bytes());
        }
        _ => {
            let mut json = Vec::new();
            match document.write_text(&mut json) {
                Ok(()) => text(out, &json),
                Err(_) => out.extend(b"Invalid JSON\n"),
            }
        }
    }
}

/// Appends the differences as functions of the column's value before.
pub(super) fn push_diffs(out: &mut Vec<u8>, index: usize, diffs: &JsonDiffs<'_>) {
    let diffs: Result<Vec<_>, _> = diffs.iter().collect();
    let Ok(diffs) = diffs else {
        return out.extend(b"Error: Invalid JSON diff");
    };
    let names: Vec<&str> = diffs.iter().map(name).collect();
    let begins = |at: usize| {
        at.checked_sub(1)
            .is_none_or(|before| names.get(before) != names.get(at))
    };
    let mut separator: &[u8] = b"";
    for at in (0..diffs.len()).rev().filter(|at| begins(*at)) {
        out.extend(separator);
        out.extend(names.get(at).copied().unwrap_or_default().as_bytes());
        out.push(b'(');
        separator = LINE;
    }
    out.push(b'@');
    decimal(out, index as u64 + 1);
    for (at, diff) in diffs.iter().enumerate() {
        if at > 0 && begins(at) {
            out.push(b')');
        }
        out.push(b',');
        out.extend(if at > 0 { LINE } else { b" " });
        text(out, diff.path_text);
        if let Some(value) = &diff.value {
            out.extend(b", ");
            argument(out, value);
        }
    }
    if !diffs.is_empty() {
        out.push(b')');
    }
}

fn name(diff: &JsonDiff<'_>) -> &'static str {
    let is_element = diff.path_text.ends_with(b"]");
    match diff.operation {
        JsonOperation::Replace => "JSON_REPLACE",
        JsonOperation::Insert if is_element => "JSON_ARRAY_INSERT",
        JsonOperation::Insert => "JSON_INSERT",
        JsonOperation::Remove => "JSON_REMOVE",
    }
}

fn argument(out: &mut Vec<u8>, value: &JsonValue<'_>) {
    match value.tokens().next() {
        Some(Ok(JsonToken::ObjectStart | JsonToken::ArrayStart)) => {
            out.extend(b"CAST(");
            push(out, value);
            out.extend(b" AS JSON)");
        }
        Some(Ok(JsonToken::Scalar(JsonScalar::String(_)))) => push(out, value),
        Some(Ok(JsonToken::Scalar(JsonScalar::Opaque(opaque))))
            if opaque.column_type != binlog_parser::event::ColumnType::NEWDECIMAL =>
        {
            push(out, value);
        }
        _ => _ = value.write_text(out),
    }
}
