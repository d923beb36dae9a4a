//! Numbers and names as text.

/// What [`eight`] has digits for.
const EIGHT_DIGITS: u64 = 100_000_000;

/// Appends a number.
#[inline]
pub(super) fn decimal(out: &mut Vec<u8>, value: impl Into<u64>) {
    let value = value.into();
    match value < EIGHT_DIGITS {
        true => push_short(out, value),
        false => push_long(out, value),
    }
}

fn push_long(out: &mut Vec<u8>, value: u64) {
    match value / EIGHT_DIGITS {
        first @ 0..10 => out.push(b'0' + first as u8),
        first => decimal(out, first),
    }
    out.extend_from_slice(&eight(value % EIGHT_DIGITS));
}

/// Appends a number with its sign.
#[inline]
pub(super) fn signed(out: &mut Vec<u8>, value: i64) {
    if value < 0 {
        out.push(b'-');
    }
    decimal(out, value.unsigned_abs());
}

/// Appends a number below 100,000,000 in at least so many digits.
pub(super) fn padded(out: &mut Vec<u8>, value: u64, width: usize) {
    let digits = eight(value);
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    let skip = zeros.min(digits.len().saturating_sub(width));
    out.extend_from_slice(digits.get(skip..).unwrap_or_default());
}

/// A number below 100,000,000 with zeros in front of it.
#[inline]
pub(super) fn eight(value: u64) -> [u8; 8] {
    (digits(value) | ZEROS).to_le_bytes()
}

/// Appends a number below 100,000,000. All eight digits are written, and what is too much taken back: a copy of a fixed
/// length costs less than one of the right length.
#[inline]
fn push_short(out: &mut Vec<u8>, value: u64) {
    const LAST: u64 = 1 << 56;
    let digits = digits(value);
    let skip = (digits | LAST).trailing_zeros() / 8;
    let end = out.len() + 8 - skip as usize;
    out.extend_from_slice(&((digits | ZEROS) >> (8 * skip)).to_le_bytes());
    out.truncate(end);
}

const ZEROS: u64 = 0x3030_3030_3030_3030;

/// The eight digits of a number below 100,000,000, one in each byte, the first in the lowest. The halves are divided
/// at the same time, then the quarters, by multiplication with the inverse.
#[inline]
fn digits(value: u64) -> u64 {
    let halves = (value / 10_000) | ((value % 10_000) << 32);
    let hundreds = ((halves * 10_486) >> 20) & 0x0000_007f_0000_007f;
    let quarters = hundreds | (halves - hundreds * 100) << 16;
    let tens = ((quarters * 103) >> 10) & 0x000f_000f_000f_000f;
    tens | (quarters - tens * 10) << 8
}

/// Appends a number in hexadecimal digits, at least so many.
pub(super) fn hex_padded(out: &mut Vec<u8>, value: u64, width: u32) {
    let digits = (u64::BITS - value.leading_zeros()).div_ceil(4).max(width).max(1);
    for index in (0..digits).rev() {
        out.push(digit((value >> (4 * index) & 15) as u8, b'a'));
    }
}

/// A number as eight lower case hexadecimal digits.
#[inline]
pub(super) fn hex_eight(value: u32) -> [u8; 8] {
    // A digit in each byte, the first in the lowest.
    let spread = |value: u64, shift: u32, mask: u64| (value | value << shift) & mask;
    let digits = spread(value.swap_bytes().into(), 16, 0x0000_ffff_0000_ffff);
    let digits = spread(digits, 8, 0x00ff_00ff_00ff_00ff);
    let digits = (digits >> 4 | digits << 8) & 0x0f0f_0f0f_0f0f_0f0f;
    let letters = ((digits + 0x0606_0606_0606_0606) >> 4) & 0x0101_0101_0101_0101;
    (digits + ZEROS + letters * (b'a' - b'0' - 10) as u64).to_le_bytes()
}

/// Appends bytes in upper case hexadecimal digits.
pub(super) fn hex_upper(out: &mut Vec<u8>, bytes: &[u8]) {
    for byte in bytes {
        out.push(digit(byte >> 4, b'A'));
        out.push(digit(byte & 15, b'A'));
    }
}

/// Appends bytes in lower case hexadecimal digits.
pub(super) fn hex_lower(out: &mut Vec<u8>, bytes: &[u8]) {
    for byte in bytes {
        out.push(digit(byte >> 4, b'a'));
        out.push(digit(byte & 15, b'a'));
    }
}

fn digit(half: u8, ten: u8) -> u8 {
    match half {
        0..=9 => b'0' + half,
        _ => ten + half - 10,
    }
}

/// Appends a name in backticks, with those inside doubled.
pub(super) fn quoted(out: &mut Vec<u8>, name: &[u8]) {
    out.push(b'`');
    for byte in name {
        out.extend(if *byte == b'`' { &b"`"[..] } else { b"" });
        out.push(*byte);
    }
    out.push(b'`');
}

/// Appends text with escapes for what cannot be seen.
pub(super) fn escaped(out: &mut Vec<u8>, text: &[u8]) {
    for byte in text {
        match byte {
            0 => out.extend(b"\\0"),
            0x08 => out.extend(b"\\b"),
            b'\n' => out.extend(b"\\n"),
            b'\r' => out.extend(b"\\r"),
            b'\t' => out.extend(b"\\t"),
            b'\\' => out.extend(b"\\\\"),
            byte => out.push(*byte),
        }
    }
}

/// What ends each statement.
pub(super) const DELIMITER: &[u8] = b"/*!*/;";

/// Appends the delimiter and a line end.
pub(super) fn end_statement(out: &mut Vec<u8>) {
    out.extend(DELIMITER);
    out.push(b'\n');
}
