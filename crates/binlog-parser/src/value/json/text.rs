//! Scalars of JSON documents as the server prints them.

use crate::error::FieldError;
use crate::event::ColumnType;
use crate::reader::Reader;
use crate::value::{Date, DateTime, Decimal, Time};

/// `double_quote` in MySQL's `json_dom.cc`: only what JSON demands is escaped.
pub(super) fn push_string(out: &mut Vec<u8>, text: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    for byte in text {
        match byte {
            b'"' | b'\\' => out.extend([b'\\', *byte]),
            0x08 => out.extend(b"\\b"),
            0x09 => out.extend(b"\\t"),
            0x0a => out.extend(b"\\n"),
            0x0c => out.extend(b"\\f"),
            0x0d => out.extend(b"\\r"),
            0..=0x1f => {
                out.extend(b"\\u00");
                out.extend(
                    [byte >> 4, byte & 15]
                        .iter()
                        .filter_map(|digit| HEX.get(usize::from(*digit))),
                );
            }
            _ => out.push(*byte),
        }
    }
    out.push(b'"');
}

/// The shortest digits that read back as the same double, with a point or an exponent: `1.0`, `1e20`.
///
/// `my_gcvt` in MySQL's `dtoa.cc`: whole numbers of more than 15 digits get an exponent, and so do
/// numbers with 15 or more zeros after the point. Of two shortest texts as near, the one with the even
/// last digit is taken.
pub(super) fn push_double(out: &mut Vec<u8>, value: f64) -> Result<(), FieldError> {
    if !value.is_finite() {
        return Err(FieldError::Invalid {
            field: "double",
            value: value.to_bits(),
            why: "is not finite",
        });
    }
    if value.is_sign_negative() {
        out.push(b'-');
    }
    let mut buffer = ryu::Buffer::new();
    let (digits, point) = digits(buffer.format_finite(value.abs()));
    let in_whole = usize::try_from(point).unwrap_or(0);
    let zeros = |count: usize| std::iter::repeat_n(b'0', count);
    match digits.split_at_checked(in_whole) {
        _ if point < -14 => push_scientific(out, &digits, point - 1),
        Some((_, "")) | None if point > 15 => push_scientific(out, &digits, point - 1),
        Some(("", fraction)) => {
            out.extend(b"0.");
            out.extend(zeros(point.unsigned_abs() as usize));
            out.extend(if fraction.is_empty() { b"0" } else { fraction.as_bytes() });
        }
        Some((whole, fraction)) => {
            out.extend(whole.bytes());
            out.push(b'.');
            out.extend(if fraction.is_empty() { b"0" } else { fraction.as_bytes() });
        }
        None => {
            out.extend(digits.bytes());
            out.extend(zeros(in_whole - digits.len()));
            out.extend(b".0");
        }
    }
    Ok(())
}

/// `1.25e-7`
fn push_scientific(out: &mut Vec<u8>, digits: &str, exponent: i32) {
    let (first, rest) = digits.split_at_checked(1).unwrap_or_default();
    out.extend(first.bytes());
    if !rest.is_empty() {
        out.push(b'.');
        out.extend(rest.bytes());
    }
    out.push(b'e');
    out.extend(itoa::Buffer::new().format(exponent).bytes());
}

/// Digits without zeros at either end, and where the point stands, counted from the first of them.
fn digits(text: &str) -> (String, i32) {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = [whole, fraction].concat();
    let significant = all.trim_start_matches('0');
    let zeros = all.len() - significant.len();
    let point = whole.len() as i32 - zeros as i32 + exponent.parse::<i32>().unwrap_or(0);
    match significant.trim_end_matches('0') {
        "" => (String::new(), 0),
        digits => (digits.to_owned(), point),
    }
}

/// A value of a column type that JSON does not have.
pub(super) fn push_opaque(out: &mut Vec<u8>, column_type: u8, data: &[u8]) -> Result<(), FieldError> {
    let mut reader = Reader::new(data);
    let text = match ColumnType(column_type) {
        ColumnType::NEWDECIMAL => {
            let (precision, scale) = (reader.u8("precision")?, reader.u8("scale")?);
            out.extend(Decimal::decode(&mut reader, precision, scale)?.to_string().into_bytes());
            return Ok(());
        }
        ColumnType::DATE => date_time(reader.u64("DATE")?).date.to_string(),
        ColumnType::DATETIME | ColumnType::TIMESTAMP => date_time(reader.u64("DATETIME")?).to_string(),
        ColumnType::TIME => time(reader.u64("TIME")? as i64).to_string(),
        _ => {
            let mut text = format!("base64:type{column_type}:").into_bytes();
            push_base64(&mut text, data);
            push_string(out, &text);
            return Ok(());
        }
    };
    push_string(out, text.as_bytes());
    Ok(())
}

/// `TIME_from_longlong_datetime_packed`
fn date_time(packed: u64) -> DateTime {
    let bits = packed >> 24;
    let year_month = bits >> 22;
    DateTime {
        date: Date {
            year: (year_month / 13) as u16,
            month: (year_month % 13) as u8,
            day: (bits >> 17 & 31) as u8,
        },
        hours: (bits >> 12 & 31) as u8,
        minutes: (bits >> 6 & 63) as u8,
        seconds: (bits & 63) as u8,
        microseconds: (packed & 0xff_ffff) as u32,
        decimals: 6,
    }
}

/// `TIME_from_longlong_time_packed`
fn time(packed: i64) -> Time {
    let magnitude = packed.unsigned_abs();
    let bits = magnitude >> 24;
    Time {
        negative: packed < 0,
        hours: (bits >> 12 & 0x3ff) as u16,
        minutes: (bits >> 6 & 63) as u8,
        seconds: (bits & 63) as u8,
        microseconds: (magnitude & 0xff_ffff) as u32,
        decimals: 6,
    }
}

/// As the server's `base64_encode`: a line break after each 76 characters.
fn push_base64(out: &mut Vec<u8>, data: &[u8]) {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (index, group) in data.chunks(3).enumerate() {
        if index > 0 && index % 19 == 0 {
            out.push(b'\n');
        }
        let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        let digits = [18, 12, 6, 0].map(|shift| ALPHABET.get((bits >> shift & 63) as usize).copied().unwrap_or(b'='));
        let (used, _) = digits.split_at(group.len() + 1);
        out.extend(used);
        out.extend(std::iter::repeat_n(b'=', 3 - group.len()));
    }
}
