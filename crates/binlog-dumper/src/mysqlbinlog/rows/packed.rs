//! DECIMAL. Layout: `decimal2bin` in MySQL's `strings/decimal.cc`.
//!
//! Unlike the parser, mysqlbinlog takes a first group with one digit more than it should have, and a bad number for 0.

use super::super::text::{decimal, eight};

/// Digits in a full group of four bytes.
const GROUP: u8 = 9;
/// Bytes that hold 0 to 9 digits.
const GROUP_LEN: [u8; 10] = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4];

/// Bytes of a number of `precision` digits, of which `scale` stand after the point.
pub(super) fn stored_len(precision: u8, scale: u8) -> usize {
    packed_len(precision.saturating_sub(scale)) + packed_len(scale)
}

/// Appends a number of [`stored_len`] bytes.
pub(super) fn push(out: &mut Vec<u8>, stored: &[u8], precision: u8, scale: u8) {
    let start = out.len();
    if push_good(out, stored, precision.saturating_sub(scale), scale).is_none() {
        out.truncate(start);
        out.push(b'0');
    }
}

fn packed_len(digits: u8) -> usize {
    usize::from(digits / GROUP) * 4 + group_len(digits % GROUP)
}

fn group_len(digits: u8) -> usize {
    GROUP_LEN.get(usize::from(digits)).copied().unwrap_or(0).into()
}

/// `None` where a group is too large.
fn push_good(out: &mut Vec<u8>, stored: &[u8], whole: u8, scale: u8) -> Option<()> {
    let negative = stored.first().is_some_and(|byte| byte & 0x80 == 0);
    let mut groups = Groups {
        rest: stored,
        flip: if negative { 0xff } else { 0 },
        sign: 0x80,
    };
    if negative {
        out.push(b'-');
    }
    let digits = out.len();
    let first = whole % GROUP;
    if first > 0 {
        let value = groups.next(group_len(first))?;
        (value < 10_u32.pow(u32::from(first) + 1)).then_some(())?;
        push_leading(out, digits, value);
    }
    for _ in 0..whole / GROUP {
        push_leading(out, digits, groups.next_full()?);
    }
    let has_whole = out.len() > digits;
    if !has_whole {
        out.push(b'0');
    }
    push_fraction(out, &mut groups, scale)?;
    if negative && !has_whole && scale == 0 {
        out.truncate(digits - 1);
        out.push(b'0');
    }
    Some(())
}

fn push_fraction(out: &mut Vec<u8>, groups: &mut Groups<'_>, scale: u8) -> Option<()> {
    if scale > 0 {
        out.push(b'.');
    }
    for _ in 0..scale / GROUP {
        push_padded(out, groups.next_full()?, GROUP);
    }
    let last = scale % GROUP;
    if last > 0 {
        let value = groups.next(group_len(last))?;
        (value < 10_u32.pow(last.into())).then_some(())?;
        push_padded(out, value, last);
    }
    Some(())
}

/// Appends a group before the point: zeros in front of the number are left out.
fn push_leading(out: &mut Vec<u8>, digits: usize, value: u32) {
    match out.len() > digits {
        true => push_padded(out, value, GROUP),
        false if value > 0 => decimal(out, value),
        false => {}
    }
}

/// Appends a number with zeros in front of it, up to nine digits.
fn push_padded(out: &mut Vec<u8>, value: u32, digits: u8) {
    const EIGHT_DIGITS: u32 = 100_000_000;
    let [b, c, d, e, f, g, h, i] = eight((value % EIGHT_DIGITS).into());
    let text = [b'0' + (value / EIGHT_DIGITS) as u8, b, c, d, e, f, g, h, i];
    let skip = usize::from(GROUP.saturating_sub(digits));
    out.extend_from_slice(text.get(skip..).unwrap_or_default());
}

/// The groups from left to right.
struct Groups<'a> {
    rest: &'a [u8],
    /// All bytes of a negative number are inverted.
    flip: u8,
    /// The first byte has the sign bit.
    sign: u8,
}

impl Groups<'_> {
    fn next(&mut self, len: usize) -> Option<u32> {
        let (bytes, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(bytes.iter().fold(0, |value, byte| {
            let byte = (byte ^ self.flip) & !std::mem::take(&mut self.sign);
            value << 8 | u32::from(byte)
        }))
    }

    fn next_full(&mut self) -> Option<u32> {
        self.next(4).filter(|value| *value < 10_u32.pow(GROUP.into()))
    }
}
