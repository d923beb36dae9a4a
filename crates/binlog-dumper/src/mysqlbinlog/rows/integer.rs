//! Whole numbers and bits.

/// What [`eight`] has digits for.
const EIGHT_DIGITS: u64 = 100_000_000;

/// Appends a number.
#[inline]
pub(super) fn push(out: &mut Vec<u8>, value: u64) {
    if value < EIGHT_DIGITS {
        return push_short(out, value);
    }
    push(out, value / EIGHT_DIGITS);
    out.extend_from_slice(&eight(value % EIGHT_DIGITS));
}

/// Appends a number with its sign.
#[inline]
pub(super) fn push_signed(out: &mut Vec<u8>, value: i64) {
    if value < 0 {
        out.push(b'-');
    }
    push(out, value.unsigned_abs());
}

/// Appends an integer of `BITS` bits. The log need not say whether the column is signed: what could be either is
/// written as both, `-1 (255)`.
#[inline]
pub(super) fn push_both<const BITS: u32>(out: &mut Vec<u8>, value: &[u8]) {
    let unsigned = little(value);
    let signed = (unsigned << (64 - BITS)) as i64 >> (64 - BITS);
    push_signed(out, signed);
    if signed < 0 {
        out.extend_from_slice(b" (");
        push(out, unsigned);
        out.push(b')');
    }
}

/// Appends the last `bits` bits of the bytes, in their order: `b'0101'`.
pub(super) fn push_bits(out: &mut Vec<u8>, value: &[u8], bits: usize) {
    out.extend_from_slice(b"b'");
    let mut skip = (value.len() * 8).saturating_sub(bits);
    for byte in value {
        let digits = std::array::from_fn::<u8, 8, _>(|bit| b'0' + (byte >> (7 - bit) & 1));
        out.extend_from_slice(digits.get(std::mem::take(&mut skip)..).unwrap_or_default());
    }
    out.push(b'\'');
}

/// A little-endian number of at most eight bytes.
#[inline]
pub(super) fn little(bytes: &[u8]) -> u64 {
    match *bytes {
        [a] => a.into(),
        [a, b] => u16::from_le_bytes([a, b]).into(),
        [a, b, c, d] => u32::from_le_bytes([a, b, c, d]).into(),
        [a, b, c, d, e, f, g, h] => u64::from_le_bytes([a, b, c, d, e, f, g, h]),
        _ => bytes.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
    }
}

/// A big-endian number of at most eight bytes.
#[inline]
pub(super) fn big(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
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
