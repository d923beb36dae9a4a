//! Documents as the server prints them.
//!
//! Text: `Json_wrapper::to_string` in MySQL's `json_dom.cc`.

use super::JsonError;
use super::opaque::{JsonOpaque, JsonTyped};
use super::scalar::JsonScalar;
use super::token::{JsonToken, JsonTokens};
use crate::error::FieldError;
use crate::event::ColumnType;

/// Appends the text of a document.
pub(super) fn write(mut tokens: JsonTokens<'_>, out: &mut Vec<u8>) -> Result<(), JsonError> {
    let mut follows = false;
    while let Some(token) = tokens.next() {
        let token = token?;
        let ends = matches!(token, JsonToken::ObjectEnd | JsonToken::ArrayEnd);
        if follows && !ends {
            out.extend(b", ");
        }
        match token {
            JsonToken::ObjectStart => out.push(b'{'),
            JsonToken::ObjectEnd => out.push(b'}'),
            JsonToken::ArrayStart => out.push(b'['),
            JsonToken::ArrayEnd => out.push(b']'),
            JsonToken::Key(key) => {
                push_string(out, key.as_bytes());
                out.extend(b": ");
            }
            JsonToken::Scalar(scalar) => push_scalar(out, scalar).map_err(|error| tokens.error(error))?,
        }
        follows = ends || matches!(token, JsonToken::Scalar(_));
    }
    Ok(())
}

fn push_scalar(out: &mut Vec<u8>, scalar: JsonScalar<'_>) -> Result<(), FieldError> {
    match scalar {
        JsonScalar::Null => out.extend(b"null"),
        JsonScalar::Bool(true) => out.extend(b"true"),
        JsonScalar::Bool(false) => out.extend(b"false"),
        JsonScalar::Int(value) => out.extend(itoa::Buffer::new().format(value).bytes()),
        JsonScalar::UInt(value) => out.extend(itoa::Buffer::new().format(value).bytes()),
        JsonScalar::Double(value) => push_double(out, value),
        JsonScalar::String(text) => push_string(out, text.as_bytes()),
        JsonScalar::Opaque(opaque) => push_opaque(out, opaque)?,
    }
    Ok(())
}

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
fn push_double(out: &mut Vec<u8>, value: f64) {
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

fn push_opaque(out: &mut Vec<u8>, opaque: JsonOpaque<'_>) -> Result<(), FieldError> {
    let text = opaque.text()?;
    match opaque.column_type {
        ColumnType::NEWDECIMAL => out.extend(text.bytes()),
        _ => push_string(out, text.as_bytes()),
    }
    Ok(())
}

impl JsonOpaque<'_> {
    /// What the server prints for the value, without quotes: `1.50`, `2024-02-29`, `base64:type252:AQI=`.
    ///
    /// # Errors
    /// The bytes are not a value of the type.
    pub fn text(&self) -> Result<String, FieldError> {
        Ok(match self.value()? {
            JsonTyped::Decimal(value) => value.to_string(),
            JsonTyped::Date(value) => value.to_string(),
            JsonTyped::Time(value) => value.to_string(),
            JsonTyped::DateTime(value) | JsonTyped::Timestamp(value) => value.to_string(),
            JsonTyped::Text(text) => text.to_owned(),
            JsonTyped::Bytes(data) => {
                let mut text = format!("base64:type{}:", self.column_type.0);
                push_base64(&mut text, data);
                text
            }
        })
    }
}

/// As the server's `base64_encode`: a line break after each 76 characters.
fn push_base64(out: &mut String, data: &[u8]) {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (index, group) in data.chunks(3).enumerate() {
        if index > 0 && index % 19 == 0 {
            out.push('\n');
        }
        let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        let digits = [18, 12, 6, 0].map(|shift| ALPHABET.get((bits >> shift & 63) as usize).copied().unwrap_or(b'='));
        let (used, _) = digits.split_at(group.len() + 1);
        out.extend(used.iter().map(|digit| char::from(*digit)));
        out.extend(std::iter::repeat_n('=', 3 - group.len()));
    }
}
