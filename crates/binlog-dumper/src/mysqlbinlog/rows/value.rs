//! One value, and what `-vv` says of its type.

use binlog_parser::Value;
use binlog_parser::event::{Column, ColumnType};
use binlog_parser::value::CompressedValue;
use binlog_parser::value::{DateTime, Time};

use super::super::text::{decimal, hex_padded, padded};
use super::{float, json};

/// Appends a value. `false` where the program gives up on the row.
pub(super) fn push(out: &mut Vec<u8>, index: usize, column: &Column, value: &Value<'_>) -> bool {
    match value {
        Value::Int(value) => integer(out, column, *value),
        Value::UInt(value) => integer(out, column, signed(column, *value)),
        Value::Float(value) => {
            const WIDTH: usize = 20;
            let start = out.len();
            float::general(out, f64::from(*value), 6);
            let end = out.len().max(start + WIDTH);
            out.resize(end, b' ');
        }
        Value::Double(value) => float::general(out, *value, 20),
        Value::Decimal(value) => display(out, value),
        Value::Bit(bytes) => bits(out, bytes, bit_len(column)),
        Value::Year(year) => padded(out, if *year == 0 { 1900 } else { (*year).into() }, 4, b'0'),
        Value::Date(date) => {
            out.push(b'\'');
            padded(out, date.year.into(), 4, b'0');
            out.push(b':');
            padded(out, date.month.into(), 2, b'0');
            out.push(b':');
            padded(out, date.day.into(), 2, b'0');
            out.push(b'\'');
        }
        Value::Time(value) => time(out, value),
        Value::DateTime(value) => date_time(out, column, value),
        Value::Timestamp(value) => {
            decimal(out, value.seconds);
            fraction(out, value.microseconds, value.decimals);
        }
        Value::Bytes(bytes) => text(out, bytes),
        Value::Compressed(value) => match value.expand(CompressedValue::LARGEST) {
            Ok(plain) => text(out, &plain),
            Err(_) => return unknown(out, column),
        },
        Value::Enum(number) => decimal(out, *number),
        Value::Set(set) => {
            let bytes = set.to_le_bytes();
            let len = usize::from(column.metadata & 0xFF).min(8);
            bits(out, bytes.get(..len).unwrap_or_default(), 8 * len);
        }
        Value::Json(document) => json::push(out, document),
        Value::JsonDiffs(diffs) => json::push_diffs(out, index, diffs),
        Value::Vector(bytes) => vector(out, bytes),
        _ => return unknown(out, column),
    }
    true
}

fn display(out: &mut Vec<u8>, value: &impl std::fmt::Display) {
    use std::io::Write as _;
    // A vector takes all that is written.
    let _ = write!(out, "{value}");
}

/// A negative one also as it is without sign.
fn integer(out: &mut Vec<u8>, column: &Column, value: i64) {
    decimal(out, value);
    if value < 0 {
        out.extend(b" (");
        decimal(out, value as u64 & mask(column));
        out.push(b')');
    }
}

fn mask(column: &Column) -> u64 {
    u64::MAX >> (64 - 8 * width(column))
}

fn signed(column: &Column, value: u64) -> i64 {
    let unused = 64 - 8 * width(column);
    ((value << unused) as i64) >> unused
}

fn width(column: &Column) -> u32 {
    match column.column_type {
        ColumnType::TINY => 1,
        ColumnType::SHORT => 2,
        ColumnType::INT24 => 3,
        ColumnType::LONG => 4,
        _ => 8,
    }
}

fn bit_len(column: &Column) -> usize {
    let [rest, bytes] = column.metadata.to_le_bytes();
    8 * usize::from(bytes) + usize::from(rest)
}

/// The last `len` bits of these bytes.
fn bits(out: &mut Vec<u8>, bytes: &[u8], len: usize) {
    out.extend(b"b'");
    let passed = (8 * bytes.len()).saturating_sub(len);
    let all = bytes
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |bit| b'0' + (byte >> bit & 1)));
    out.extend(all.skip(passed));
    out.push(b'\'');
}

fn time(out: &mut Vec<u8>, time: &Time) {
    out.push(b'\'');
    if time.negative {
        out.push(b'-');
    }
    padded(out, time.hours.into(), 2, b'0');
    out.push(b':');
    padded(out, time.minutes.into(), 2, b'0');
    out.push(b':');
    padded(out, time.seconds.into(), 2, b'0');
    fraction(out, time.microseconds, time.decimals);
    out.push(b'\'');
}

/// The old type stands without quotes.
fn date_time(out: &mut Vec<u8>, column: &Column, value: &DateTime) {
    let quote: &[u8] = if column.column_type == ColumnType::DATETIME2 {
        b"'"
    } else {
        b""
    };
    out.extend(quote);
    padded(out, value.date.year.into(), 4, b'0');
    out.push(b'-');
    padded(out, value.date.month.into(), 2, b'0');
    out.push(b'-');
    padded(out, value.date.day.into(), 2, b'0');
    out.push(b' ');
    padded(out, value.hours.into(), 2, b'0');
    out.push(b':');
    padded(out, value.minutes.into(), 2, b'0');
    out.push(b':');
    padded(out, value.seconds.into(), 2, b'0');
    fraction(out, value.microseconds, value.decimals);
    out.extend(quote);
}

fn fraction(out: &mut Vec<u8>, microseconds: u32, decimals: u8) {
    let decimals = u32::from(decimals.min(6));
    if decimals > 0 {
        out.push(b'.');
        let digits = microseconds / 10_u32.pow(6 - decimals);
        padded(out, digits.into(), decimals as usize, b'0');
    }
}

/// Appends bytes in quotes.
pub(super) fn text(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'\'');
    // Most texts are plain; without a way out in the middle, many bytes are looked at at once.
    if bytes.iter().fold(true, |all, byte| all & is_plain(*byte)) {
        out.extend(bytes);
        return out.push(b'\'');
    }
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| !is_plain(*byte)) {
        out.extend(rest.get(..at).unwrap_or_default());
        match rest.get(at).copied().unwrap_or_default() {
            0x08 => out.extend(b"\\b"),
            0x0C => out.extend(b"\\f"),
            b'\n' => out.extend(b"\\n"),
            b'\r' => out.extend(b"\\r"),
            b'\t' => out.extend(b"\\t"),
            byte @ (b'\'' | b'\\') => out.extend([b'\\', byte]),
            byte => {
                out.extend(b"\\x");
                hex_padded(out, byte.into(), 2);
            }
        }
        rest = rest.get(at + 1..).unwrap_or_default();
    }
    out.extend(rest);
    out.push(b'\'');
}

fn is_plain(byte: u8) -> bool {
    (byte >= b' ') & (byte != b'\'') & (byte != b'\\')
}

fn vector(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'[');
    let (floats, _) = bytes.as_chunks::<4>();
    for (index, float) in floats.iter().enumerate() {
        out.extend(if index > 0 { &b","[..] } else { b"" });
        float::scientific(out, f64::from(f32::from_le_bytes(*float)));
    }
    out.push(b']');
}

/// Whether the program has no words for the column's type.
pub(super) fn is_unknown(column: &Column) -> bool {
    let mut name = Vec::new();
    push_name(&mut name, column);
    name.is_empty()
}

pub(super) fn unknown(out: &mut Vec<u8>, column: &Column) -> bool {
    out.extend(b"!! Don't know how to handle column type=");
    decimal(out, column.stored_type.0);
    out.extend(b" meta=");
    decimal(out, column.metadata);
    out.extend(b" (");
    hex_padded(out, column.metadata.into(), 4);
    out.extend(b")\n");
    false
}

/// Appends what `-vv` says of the value's type.
pub(super) fn push_type(out: &mut Vec<u8>, column: &Column, is_null: bool) {
    out.extend(b" /* ");
    push_name(out, column);
    out.extend(b" meta=");
    decimal(out, stored_metadata(column));
    out.extend(if column.nullable {
        &b" nullable=1"[..]
    } else {
        b" nullable=0"
    });
    out.extend(if is_null {
        &b" is_null=1 */"[..]
    } else {
        b" is_null=0 */"
    });
}

fn push_name(out: &mut Vec<u8>, column: &Column) {
    let [low, high] = column.metadata.to_le_bytes();
    let (name, argument): (&str, Option<u64>) = match column.column_type {
        ColumnType::TINY => ("TINYINT", None),
        ColumnType::SHORT => ("SHORTINT", None),
        ColumnType::INT24 => ("MEDIUMINT", None),
        ColumnType::LONG => ("INT", None),
        ColumnType::LONGLONG => ("LONGINT", None),
        ColumnType::FLOAT => ("FLOAT", None),
        ColumnType::DOUBLE => ("DOUBLE", None),
        ColumnType::NEWDECIMAL => {
            out.extend(b"DECIMAL(");
            decimal(out, low);
            out.push(b',');
            decimal(out, high);
            return out.push(b')');
        }
        ColumnType::BIT => ("BIT(", Some(bit_len(column) as u64)),
        ColumnType::TIMESTAMP => ("TIMESTAMP", None),
        ColumnType::TIMESTAMP2 => ("TIMESTAMP(", Some(column.metadata.into())),
        ColumnType::DATETIME => ("DATETIME", None),
        ColumnType::DATETIME2 => ("DATETIME(", Some(column.metadata.into())),
        ColumnType::TIME => ("TIME", None),
        ColumnType::TIME2 => ("TIME(", Some(column.metadata.into())),
        ColumnType::DATE | ColumnType::NEWDATE => ("DATE", None),
        ColumnType::YEAR => ("YEAR", None),
        ColumnType::ENUM if low == 1 => ("ENUM(1 byte)", None),
        ColumnType::ENUM => ("ENUM(2 bytes)", None),
        ColumnType::SET => {
            out.extend(b"SET(");
            decimal(out, low);
            return out.extend(b" bytes)");
        }
        ColumnType::BLOB => (blob_name(column.metadata), None),
        ColumnType::VARCHAR | ColumnType::VAR_STRING => ("VARSTRING(", Some(column.metadata.into())),
        ColumnType::STRING => ("STRING(", Some(column.metadata.into())),
        ColumnType::JSON => ("JSON", None),
        ColumnType::VECTOR => ("VECTOR(", Some(column.vector_dimension.unwrap_or(0).into())),
        _ => ("", None),
    };
    out.extend(name.as_bytes());
    if let Some(argument) = argument {
        decimal(out, argument);
        out.push(b')');
    }
}

fn blob_name(metadata: u16) -> &'static str {
    match metadata {
        1 => "TINYBLOB/TINYTEXT",
        2 => "BLOB/TEXT",
        3 => "MEDIUMBLOB/MEDIUMTEXT",
        _ => "LONGBLOB/LONGTEXT",
    }
}

/// The metadata as the program reads it from the table map.
fn stored_metadata(column: &Column) -> u16 {
    let [low, high] = column.metadata.to_le_bytes();
    match column.column_type {
        ColumnType::NEWDECIMAL => u16::from_be_bytes([low, high]),
        ColumnType::STRING | ColumnType::ENUM | ColumnType::SET => {
            u16::from_be_bytes([column.column_type.0 ^ (high & 3) << 4, low])
        }
        _ => column.metadata,
    }
}
