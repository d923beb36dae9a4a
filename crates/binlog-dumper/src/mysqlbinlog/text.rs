//! Numbers and names as text.

/// Appends a number.
pub(super) fn decimal(out: &mut Vec<u8>, value: impl itoa::Integer) {
    out.extend(itoa::Buffer::new().format(value).as_bytes());
}

/// Appends a number in at least so many characters.
pub(super) fn padded(out: &mut Vec<u8>, value: u64, width: usize, pad: u8) {
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(value).as_bytes();
    out.resize(out.len() + width.saturating_sub(digits.len()), pad);
    out.extend(digits);
}

/// Appends a number in hexadecimal digits, at least so many.
pub(super) fn hex_padded(out: &mut Vec<u8>, value: u64, width: u32) {
    let digits = (u64::BITS - value.leading_zeros()).div_ceil(4).max(width).max(1);
    for index in (0..digits).rev() {
        out.push(digit((value >> (4 * index) & 15) as u8, b'a'));
    }
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
