//! Dates and times.

use super::super::text::decimal;
use super::integer::big;

/// Appends a DATE: `'2024:02:29'`.
pub(super) fn push_date(out: &mut Vec<u8>, bits: u64) {
    let year = bits >> 9;
    // Years have four digits, the first of which counts on after 9.
    let thousands = b'0'.wrapping_add((year / 1000) as u8);
    let [_, hundreds, tens, ones] = four(year % 1000);
    let ([month_tens, month], [day_tens, day]) = (two(bits >> 5 & 15), two(bits & 31));
    out.extend_from_slice(&[
        b'\'', thousands, hundreds, tens, ones, b':', month_tens, month, b':', day_tens, day, b'\'',
    ]);
}

/// Appends a TIME of before MySQL 5.6.4, `hhmmss` as a number, whose sign mysqlbinlog overlooks.
pub(super) fn push_old_time(out: &mut Vec<u8>, digits: u64) {
    out.push(b'\'');
    push_clock(out, digits / 10_000, digits % 10_000 / 100, digits % 100);
    out.push(b'\'');
}

/// Appends a DATETIME of before MySQL 5.6.4, `yyyymmddhhmmss` as a number, without quotes.
pub(super) fn push_old_datetime(out: &mut Vec<u8>, digits: u64) {
    let (date, time) = (digits / 1_000_000, digits % 1_000_000);
    let year = date / 10_000;
    if year > 9999 {
        decimal(out, year);
    } else {
        out.extend_from_slice(&four(year));
    }
    out.push(b'-');
    out.extend_from_slice(&two(date % 10_000 / 100));
    out.push(b'-');
    out.extend_from_slice(&two(date % 100));
    out.push(b' ');
    push_clock(out, time / 10_000, time % 10_000 / 100, time % 100);
}

/// Appends a TIME: a sign, bits for each unit, and the fraction, as one number.
pub(super) fn push_time(out: &mut Vec<u8>, stored: &[u8], decimals: u8) {
    let fraction_bits = 8 * stored.len().saturating_sub(3);
    let value = big(stored) as i64 - (0x80_0000 << fraction_bits);
    let bits = value.unsigned_abs();
    let whole = bits >> fraction_bits;
    let fraction = bits & ((1 << fraction_bits) - 1);
    out.push(b'\'');
    if value < 0 {
        out.push(b'-');
    }
    push_clock(out, whole >> 12 & 1023, whole >> 6 & 63, whole & 63);
    push_fraction(out, fraction, fraction_bits, decimals);
    out.push(b'\'');
}

/// Appends a DATETIME: a sign that is always set, bits for each unit, then the fraction.
pub(super) fn push_datetime(out: &mut Vec<u8>, stored: &[u8], decimals: u8) {
    let (whole, fraction) = stored.split_at_checked(5).unwrap_or((stored, &[]));
    let bits = (big(whole) as i64 - 0x80_0000_0000).unsigned_abs();
    let (year, month) = ((bits >> 22) / 13, (bits >> 22) % 13);
    let [y0, y1, y2, y3] = four(year);
    let ([m0, m1], [d0, d1]) = (two(month), two(bits >> 17 & 31));
    let ([h0, h1], [i0, i1], [s0, s1]) = (two(bits >> 12 & 31), two(bits >> 6 & 63), two(bits & 63));
    out.extend_from_slice(&[
        b'\'', y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1, b' ', h0, h1, b':', i0, i1, b':', s0, s1,
    ]);
    push_fraction(out, big(fraction), 8 * fraction.len(), decimals);
    out.push(b'\'');
}

/// Appends a TIMESTAMP: seconds since 1970 and the fraction.
pub(super) fn push_timestamp(out: &mut Vec<u8>, stored: &[u8], decimals: u8) {
    let (seconds, fraction) = stored.split_at_checked(4).unwrap_or((stored, &[]));
    decimal(out, big(seconds));
    push_fraction(out, big(fraction), 8 * fraction.len(), decimals);
}

/// `hh:mm:ss`, with more digits for more hours.
fn push_clock(out: &mut Vec<u8>, hours: u64, minutes: u64, seconds: u64) {
    match hours > 99 {
        true => decimal(out, hours),
        false => out.extend_from_slice(&two(hours)),
    }
    let ([i0, i1], [s0, s1]) = (two(minutes), two(seconds));
    out.extend_from_slice(&[b':', i0, i1, b':', s0, s1]);
}

/// Appends the fraction with its point. It is stored in hundredths, ten-thousandths or millionths, in one, two or three
/// bytes.
fn push_fraction(out: &mut Vec<u8>, fraction: u64, bits: usize, decimals: u8) {
    let unit = match bits {
        8 => 10_000,
        16 => 100,
        _ => 1,
    };
    let mut rest = fraction * unit;
    let digits = std::array::from_fn::<u8, 6, _>(|_| {
        let digit = b'0' + (rest % 10) as u8;
        rest /= 10;
        digit
    });
    let [d5, d4, d3, d2, d1, d0] = digits;
    let text = [b'.', d0, d1, d2, d3, d4, d5];
    if decimals > 0 {
        out.extend_from_slice(text.get(..=usize::from(decimals)).unwrap_or_default());
    }
}

fn two(value: u64) -> [u8; 2] {
    [digit(value / 10), digit(value)]
}

fn four(value: u64) -> [u8; 4] {
    [digit(value / 1000), digit(value / 100), digit(value / 10), digit(value)]
}

fn digit(value: u64) -> u8 {
    b'0' + (value % 10) as u8
}
