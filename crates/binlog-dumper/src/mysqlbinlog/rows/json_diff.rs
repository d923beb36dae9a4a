//! Differences to a JSON document, as calls of the functions that make them.
//!
//! Source: `print_json_diff` in MySQL's `log_event.cc`.

use binlog_parser::Reader;

use super::super::text::decimal;
use super::image::Scratch;
use super::json::{self, Kind, NoText};
use super::quoted;

const NEW_LINE: &[u8] = b"\n###      ";
const REMOVE: &str = "JSON_REMOVE";

/// Appends the cell of the column with this index.
pub(super) fn push(out: &mut Vec<u8>, column: usize, diffs: &[u8], scratch: &mut Scratch) {
    scratch.functions.clear();
    let pushed = read_functions(diffs, &mut scratch.functions).and_then(|()| {
        push_functions(out, &scratch.functions);
        out.push(b'@');
        decimal(out, column as u64 + 1);
        push_arguments(out, diffs, scratch)
    });
    if let Err(doing) = pushed {
        for part in ["Error ", doing, " while printing JSON diff\n"] {
            out.extend_from_slice(part.as_bytes());
        }
    }
}

/// Reads which functions are called. An error says at what.
fn read_functions(diffs: &[u8], functions: &mut Vec<&'static str>) -> Result<(), &'static str> {
    let mut reader = Reader::new(diffs);
    while let Ok(code) = reader.u8("operation") {
        if code > 2 {
            return Err("reading operation type (invalid operation code)");
        }
        let path = counted(&mut reader, "reading path length to skip", "skipping path")?;
        functions.push(match (code, path.last()) {
            (0, _) => "JSON_REPLACE",
            (1, Some(b']')) => "JSON_ARRAY_INSERT",
            (1, _) => "JSON_INSERT",
            _ => REMOVE,
        });
        if code != 2 {
            counted(&mut reader, "reading value length to skip", "skipping value")?;
        }
    }
    Ok(())
}

fn counted<'a>(
    reader: &mut Reader<'a>,
    reading_len: &'static str,
    skipping: &'static str,
) -> Result<&'a [u8], &'static str> {
    let len = reader.lenenc("length").map_err(|_| reading_len)?;
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    reader.take(len, "bytes").map_err(|_| skipping)
}

/// Appends the functions, the last one outermost; neighbours that are the same are one call.
fn push_functions(out: &mut Vec<u8>, functions: &[&str]) {
    let calls = functions.chunk_by(|left, right| left == right);
    for (index, function) in calls.rev().filter_map(<[&str]>::first).enumerate() {
        if index > 0 {
            out.extend_from_slice(NEW_LINE);
        }
        out.extend_from_slice(function.as_bytes());
        out.push(b'(');
    }
}

/// Appends paths and values. What is read here was found whole before.
fn push_arguments(out: &mut Vec<u8>, diffs: &[u8], scratch: &mut Scratch) -> Result<(), &'static str> {
    let mut reader = Reader::new(diffs);
    let mut functions = scratch.functions.iter().peekable();
    if functions.peek().is_some() {
        out.extend_from_slice(b", ");
    }
    while let Some(function) = functions.next() {
        reader.take(1, "operation").map_err(|_| "reading operation")?;
        quoted::push(out, counted(&mut reader, "reading path length", "reading path length")?);
        if *function != REMOVE {
            out.extend_from_slice(b", ");
            let value = counted(&mut reader, "reading value length", "reading value length")?;
            push_value(out, value, &mut scratch.text)?;
        }
        let next = functions.peek();
        if next != Some(&function) {
            out.push(b')');
        }
        if next.is_some() {
            out.push(b',');
            out.extend_from_slice(NEW_LINE);
        }
    }
    Ok(())
}

fn push_value(out: &mut Vec<u8>, value: &[u8], text: &mut Vec<u8>) -> Result<(), &'static str> {
    let kind = json::write_text(value, text).map_err(|error| match error {
        NoText::Invalid => "parsing json value",
        NoText::Damaged => "converting json to string",
    })?;
    match kind {
        Kind::Word => out.extend_from_slice(text),
        Kind::Text => quoted::push(out, text),
        Kind::Container => {
            out.extend_from_slice(b"CAST(");
            quoted::push(out, text);
            out.extend_from_slice(b" AS JSON)");
        }
    }
    Ok(())
}
