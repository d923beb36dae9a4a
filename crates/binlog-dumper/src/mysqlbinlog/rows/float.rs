//! FLOAT and DOUBLE as C's `printf` writes them: `%-20g` and `%-.20g`.

use std::cmp::Ordering;
use std::fmt::{self, Write};

use super::super::text::{decimal, eight};

/// Most digits that are asked for.
const MAX_DIGITS: usize = 2 * HALF;
/// Digits that are written at once.
const HALF: usize = 10;
/// Powers of ten up to that of the most digits.
static TENS: [u128; MAX_DIGITS + 1] = powers(10);
/// Powers of five that 128 bits hold.
static FIVES: [u128; 56] = powers(5);

/// Appends a FLOAT with six digits, then spaces up to 20 characters.
pub(super) fn push_float(out: &mut Vec<u8>, value: f32) {
    const SPACES: [u8; 20] = [b' '; 20];
    let end = out.len() + SPACES.len();
    push_general::<6>(out, value.into());
    if out.len() < end {
        out.extend_from_slice(&SPACES);
        out.truncate(end);
    }
}

/// Appends a DOUBLE with 20 digits.
pub(super) fn push_double(out: &mut Vec<u8>, value: f64) {
    push_general::<MAX_DIGITS>(out, value);
}

/// `%.5e`
pub(super) fn push_scientific(out: &mut Vec<u8>, value: f32) {
    if let Some(finite) = push_sign(out, value.into()) {
        let number = Decimal::<6>::of(finite);
        push_exponential(out, &number.digits, number.exponent);
    }
}

/// `%.{DIGITS}g`
pub(in crate::mysqlbinlog) fn push_general<const DIGITS: usize>(out: &mut Vec<u8>, value: f64) {
    let Some(finite) = push_sign(out, value) else { return };
    let number = Decimal::<DIGITS>::of(finite);
    let zeros = number.digits.iter().rev().take_while(|digit| **digit == b'0').count();
    let used = number.digits.get(..(DIGITS - zeros).max(1)).unwrap_or_default();
    match number.exponent {
        exponent if exponent < -4 || exponent >= DIGITS as i32 => push_exponential(out, used, exponent),
        exponent @ ..0 => {
            out.extend_from_slice(b"0.");
            out.extend(std::iter::repeat_n(b'0', exponent.unsigned_abs() as usize - 1));
            out.extend_from_slice(used);
        }
        exponent => push_plain(out, used, exponent as usize + 1),
    }
}

/// Appends the sign, and what is no number. `None` then.
fn push_sign(out: &mut Vec<u8>, value: f64) -> Option<f64> {
    if value.is_sign_negative() {
        out.push(b'-');
    }
    if value.is_finite() {
        return Some(value.abs());
    }
    out.extend_from_slice(if value.is_nan() { b"nan" } else { b"inf" });
    None
}

/// Appends digits of which `whole` stand before the point.
fn push_plain(out: &mut Vec<u8>, digits: &[u8], whole: usize) {
    match digits.split_at_checked(whole) {
        Some((before, [])) => out.extend_from_slice(before),
        Some((before, after)) => {
            out.extend_from_slice(before);
            out.push(b'.');
            out.extend_from_slice(after);
        }
        None => {
            out.extend_from_slice(digits);
            out.extend(std::iter::repeat_n(b'0', whole - digits.len()));
        }
    }
}

/// `1.25e-07`
fn push_exponential(out: &mut Vec<u8>, digits: &[u8], exponent: i32) {
    let (first, rest) = digits.split_at_checked(1).unwrap_or_default();
    out.extend_from_slice(first);
    if !rest.is_empty() {
        out.push(b'.');
        out.extend_from_slice(rest);
    }
    out.extend_from_slice(if exponent < 0 { b"e-" } else { b"e+" });
    let size = exponent.unsigned_abs();
    if size < 10 {
        out.push(b'0');
    }
    decimal(out, size);
}

/// A number rounded to so many digits, of which the first is worth `10^exponent`.
struct Decimal<const DIGITS: usize> {
    digits: [u8; DIGITS],
    exponent: i32,
}

impl<const DIGITS: usize> Decimal<DIGITS> {
    fn of(value: f64) -> Self {
        if value == 0.0 {
            return Self {
                digits: [b'0'; DIGITS],
                exponent: 0,
            };
        }
        Self::computed(value).unwrap_or_else(|| Self::formatted(value))
    }

    /// Computed exactly, where all of it fits 128 bits.
    fn computed(value: f64) -> Option<Self> {
        let (mantissa, power) = parts(value);
        // log10(2) times the binary exponent is the decimal one, or one less.
        let size = mantissa.ilog2() as i32 + power;
        let mut exponent = (size * 30_103).div_euclid(100_000);
        let (least, most) = (*TENS.get(DIGITS - 1)?, *TENS.get(DIGITS)?);
        loop {
            let scaled = scale(mantissa, power, DIGITS as i32 - 1 - exponent)?;
            if scaled >= most {
                exponent += 1;
            } else if scaled < least {
                exponent -= 1;
            } else {
                let digits = *twenty(scaled).last_chunk()?;
                return Some(Self { digits, exponent });
            }
        }
    }

    /// For very large and very small numbers.
    #[cold]
    fn formatted(value: f64) -> Self {
        let mut text = Text::default();
        let _ = write!(text, "{:.*e}", DIGITS - 1, value);
        let (mantissa, exponent) = text.as_str().split_once('e').unwrap_or_default();
        let mut digits = [b'0'; DIGITS];
        let significant = mantissa.bytes().filter(|byte| *byte != b'.');
        for (place, digit) in digits.iter_mut().zip(significant) {
            *place = digit;
        }
        Self {
            digits,
            exponent: exponent.parse().unwrap_or(0),
        }
    }
}

/// A number below 10^20 with zeros in front of it.
fn twenty(value: u128) -> [u8; MAX_DIGITS] {
    let (left, right) = halves(value);
    let [a, b, c, d, e, f, g, h, i, j] = ten(left);
    let [k, l, m, n, o, p, q, r, s, t] = ten(right);
    [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t]
}

/// A number below 10^20 as the ten digits in front and the last ten.
fn halves(value: u128) -> (u64, u64) {
    const FIVES: u64 = 5_u64.pow(HALF as u32);
    // 10^10 is 2^10 * 5^10, and shifted so the number fits 64 bits.
    let left = (value >> HALF) as u64 / FIVES;
    let below = value - u128::from(left) * u128::from(FIVES << HALF);
    (left, below as u64)
}

/// A number below 10^10 with zeros in front of it.
fn ten(value: u64) -> [u8; HALF] {
    let first = value / 100_000_000;
    let [a, b, c, d, e, f, g, h] = eight(value % 100_000_000);
    [
        b'0' + (first / 10) as u8,
        b'0' + (first % 10) as u8,
        a,
        b,
        c,
        d,
        e,
        f,
        g,
        h,
    ]
}

/// An odd mantissa and its power of two, of a number above 0.
fn parts(value: f64) -> (u64, i32) {
    let bits = value.to_bits();
    let (fraction, exponent) = (bits & ((1 << 52) - 1), (bits >> 52 & 0x7ff) as i32);
    let (mantissa, power) = match exponent {
        0 => (fraction, -1074),
        _ => (fraction | 1 << 52, exponent - 1075),
    };
    let zeros = mantissa.trailing_zeros();
    (mantissa >> zeros, power + zeros as i32)
}

/// `mantissa * 2^power * 10^tens`, rounded to the nearest, or to the even of two. `None` where it does not fit.
fn scale(mantissa: u64, power: i32, tens: i32) -> Option<u128> {
    let five = *FIVES.get(tens.unsigned_abs() as usize)?;
    let (quotient, rest) = match tens < 0 {
        true => divide(mantissa, five, power + tens)?,
        false => multiply(mantissa, five, power + tens)?,
    };
    let is_up = rest == Ordering::Greater || rest == Ordering::Equal && quotient & 1 == 1;
    Some(quotient + u128::from(is_up))
}

/// `mantissa / five * 2^power`, and what is left over compared with a half.
fn divide(mantissa: u64, five: u128, power: i32) -> Option<(u128, Ordering)> {
    let above = shifted(mantissa.into(), power.max(0))?;
    let below = shifted(five, (-power).max(0))?;
    let rest = above % below;
    Some((above / below, rest.cmp(&(below - rest))))
}

/// `mantissa * five * 2^power`, which is below `10^21`, and what is left over compared with a half.
fn multiply(mantissa: u64, five: u128, power: i32) -> Option<(u128, Ordering)> {
    let low = u128::from(mantissa) * u128::from(five as u64);
    let high = u128::from(mantissa) * (five >> 64) + (low >> 64);
    let low = u128::from(low as u64);
    Some(match u32::try_from(-power) {
        Err(_) | Ok(0) => (shifted(high << 64 | low, power)?, Ordering::Less),
        Ok(cut @ ..=64) => (high << (64 - cut) | low >> cut, rest(low, cut)),
        Ok(cut @ ..192) => (high >> (cut - 64), rest(high, cut - 64).then(low.cmp(&0))),
        Ok(_) => return None,
    })
}

/// The last `bits` bits compared with a half of what is one bit above them.
fn rest(value: u128, bits: u32) -> Ordering {
    let half = 1 << (bits - 1);
    (value & (half | (half - 1))).cmp(&half)
}

/// `None` where bits are lost.
fn shifted(value: u128, bits: i32) -> Option<u128> {
    let bits = u32::try_from(bits).ok()?;
    (bits < 127 && value.leading_zeros() > bits).then(|| value << bits)
}

const fn powers<const N: usize>(base: u128) -> [u128; N] {
    let mut powers = [1; N];
    let mut power = 1;
    let mut rest: &mut [u128] = &mut powers;
    while let [first, after @ ..] = rest {
        *first = power;
        if !after.is_empty() {
            power *= base;
        }
        rest = after;
    }
    powers
}

/// Text of bounded length.
#[derive(Default)]
struct Text {
    bytes: [u8; 32],
    len: usize,
}

impl Text {
    fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..self.len).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let place = self.bytes.get_mut(self.len..self.len + text.len()).ok_or(fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.len += text.len();
        Ok(())
    }
}
