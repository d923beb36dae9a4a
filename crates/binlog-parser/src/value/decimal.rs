//! DECIMAL: up to 65 digits in packed groups of nine.
//!
//! Layout: `decimal2bin` in the servers' `strings/decimal.c`. The sign bit is inverted, and all
//! bytes of a negative number are.

use std::fmt;

use crate::error::FieldError;
use crate::reader::Reader;

/// Most digits that a column can have.
const MAX_PRECISION: u8 = 65;
/// Digits in a full group of four bytes.
const GROUP: u8 = 9;
/// Bytes that hold 0 to 9 digits.
const GROUP_LEN: [u8; 10] = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4];

/// A DECIMAL value: its digits, without allocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    precision: u8,
    scale: u8,
    /// Digits 0 to 9, `precision` of them.
    digits: [u8; MAX_PRECISION as usize],
}

impl Decimal {
    /// Reads a value of a column of `precision` digits, of which `scale` stand after the point.
    ///
    /// # Errors
    /// Precision and scale are not those of a column, the value is cut off, or a group has too many digits.
    pub fn decode(reader: &mut Reader<'_>, precision: u8, scale: u8) -> Result<Self, FieldError> {
        if precision > MAX_PRECISION || scale > precision {
            let value = u64::from(precision) << 8 | u64::from(scale);
            return Err(FieldError::Invalid {
                field: "DECIMAL",
                value,
                why: "is no precision and scale",
            });
        }
        let negative = reader.peek().first().is_some_and(|byte| byte & 0x80 == 0);
        let mut decimal = Self {
            negative,
            precision,
            scale,
            digits: [0; MAX_PRECISION as usize],
        };
        let whole = precision - scale;
        let mut groups = Groups {
            reader,
            negative,
            first: true,
            at: 0,
            digits: &mut decimal.digits,
        };
        groups.read(whole % GROUP)?;
        for _ in 0..whole / GROUP + scale / GROUP {
            groups.read(GROUP)?;
        }
        groups.read(scale % GROUP)?;
        Ok(decimal)
    }

    /// Digits before the point, and after it.
    fn parts(&self) -> (&[u8], &[u8]) {
        let digits = self.digits.get(..usize::from(self.precision)).unwrap_or_default();
        digits
            .split_at_checked(usize::from(self.precision - self.scale))
            .unwrap_or_default()
    }
}

/// Where the next group goes.
struct Groups<'d, 'r, 'a> {
    reader: &'r mut Reader<'a>,
    negative: bool,
    first: bool,
    at: usize,
    digits: &'d mut [u8; MAX_PRECISION as usize],
}

impl Groups<'_, '_, '_> {
    fn read(&mut self, digits: u8) -> Result<(), FieldError> {
        let len = usize::from(GROUP_LEN.get(usize::from(digits)).copied().unwrap_or(4));
        if len == 0 {
            return Ok(());
        }
        let stored = self.reader.uint_be(len, "DECIMAL")? as u32;
        let used = u32::MAX >> (32 - 8 * len as u32);
        let sign = if self.first { 1 << (8 * len as u32 - 1) } else { 0 };
        let flip = if self.negative { used } else { 0 };
        self.first = false;
        self.put((stored ^ flip ^ sign) & used, digits)
    }

    fn put(&mut self, mut value: u32, digits: u8) -> Result<(), FieldError> {
        let end = self.at + usize::from(digits);
        for digit in self.digits.get_mut(self.at..end).unwrap_or_default().iter_mut().rev() {
            *digit = (value % 10) as u8;
            value /= 10;
        }
        self.at = end;
        if value != 0 {
            return Err(FieldError::Invalid {
                field: "DECIMAL",
                value: value.into(),
                why: "digits too many in a group",
            });
        }
        Ok(())
    }
}

impl fmt::Display for Decimal {
    /// As the server prints it: no leading zeros but one before the point, all digits of the scale.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        let (whole, fraction) = self.parts();
        let digit = |digit: &u8| char::from(b'0' + digit);
        if self.negative {
            f.write_char('-')?;
        }
        let zeros = whole.iter().take_while(|digit| **digit == 0).count();
        let whole = whole.get(zeros..).unwrap_or_default();
        if whole.is_empty() {
            f.write_char('0')?;
        }
        whole.iter().map(digit).try_for_each(|digit| f.write_char(digit))?;
        if !fraction.is_empty() {
            f.write_char('.')?;
        }
        fraction.iter().map(digit).try_for_each(|digit| f.write_char(digit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_the_server_stores() {
        let check = |bytes: &[u8], precision, scale, expected: &str| {
            let mut reader = Reader::new(bytes);
            let decimal = Decimal::decode(&mut reader, precision, scale).unwrap();
            assert_eq!(decimal.to_string(), expected);
            assert!(reader.is_empty());
        };
        check(&[0x81, 0x0d, 0xfb, 0x38, 0xd2, 0x04, 0xd2], 14, 4, "1234567890.1234");
        check(&[0x7e, 0xf2, 0x04, 0xc7, 0x2d, 0xfb, 0x2d], 14, 4, "-1234567890.1234");
        check(&[0x80, 0x00, 0x00], 5, 2, "0.00");
        check(&[0x80, 0x7b, 0x2d], 5, 2, "123.45");
        check(&[0x7f, 0xff, 0xfe], 5, 2, "-0.01");
        check(&[0x80], 1, 0, "0");
        check(&[0x89], 1, 1, "0.9");
    }

    #[test]
    fn refuses_what_is_none() {
        let check = |bytes: &[u8], precision, scale| {
            assert!(Decimal::decode(&mut Reader::new(bytes), precision, scale).is_err());
        };
        check(&[0x80; 40], 66, 0);
        check(&[0x80; 40], 5, 6);
        check(&[0x80], 5, 2);
        check(&[0x8f], 1, 0);
    }
}
