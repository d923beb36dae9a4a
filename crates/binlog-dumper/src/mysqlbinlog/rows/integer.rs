//! Whole numbers and bits.

use super::super::text::{decimal, signed};

/// Appends an integer of `BITS` bits. The log need not say whether the column is signed: what could be either is
/// written as both, `-1 (255)`.
#[inline]
pub(super) fn push_both<const BITS: u32>(out: &mut Vec<u8>, value: &[u8]) {
    let unsigned = little(value);
    let number = (unsigned << (64 - BITS)) as i64 >> (64 - BITS);
    signed(out, number);
    if number < 0 {
        out.extend_from_slice(b" (");
        decimal(out, unsigned);
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
