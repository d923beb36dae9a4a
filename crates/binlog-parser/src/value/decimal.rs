//! DECIMAL: digits in packed groups of nine.
//!
//! Layout: `decimal2bin` in the servers' `strings/decimal.c`. The sign bit is inverted, and all
//! bytes of a negative number are.

use std::fmt;

use crate::error::FieldError;
use crate::reader::Reader;

/// Most digits of a number in the server (`DECIMAL_MAX_PRECISION` in nine groups). A column has at most 65;
/// a JSON document fills groups up with zeros.
const MAX_PRECISION: u8 = 81;
/// Digits in a full group of four bytes.
const GROUP: u8 = 9;
/// Bytes that hold 0 to 9 digits.
const GROUP_LEN: [u8; 10] = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4];

/// A DECIMAL value: its packed digits, which were found good, in the event's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal<'a> {
    bytes: &'a [u8],
    precision: u8,
    scale: u8,
    negative: bool,
}

impl<'a> Decimal<'a> {
    /// Reads a value of `precision` digits, of which `scale` stand after the point.
    ///
    /// # Errors
    /// The server has no such precision and scale, the value is cut off, or a group has too many digits.
    pub fn decode(reader: &mut Reader<'a>, precision: u8, scale: u8) -> Result<Self, FieldError> {
        if precision > MAX_PRECISION || scale > precision {
            let value = u64::from(precision) << 8 | u64::from(scale);
            return Err(FieldError::Invalid {
                field: "DECIMAL",
                value,
                why: "is no precision and scale",
            });
        }
        let bytes = reader.take(packed_len(precision - scale) + packed_len(scale), "DECIMAL")?;
        let decimal = Self {
            bytes,
            precision,
            scale,
            negative: bytes.first().is_some_and(|byte| byte & 0x80 == 0),
        };
        decimal.groups().try_for_each(Group::check)?;
        Ok(decimal)
    }

    /// Appends the packed digits, for a column of this precision and scale.
    pub(crate) fn encode(&self, [precision, scale]: [u8; 2], out: &mut Vec<u8>) -> Result<(), FieldError> {
        if (self.precision, self.scale) != (precision, scale) {
            return Err(FieldError::Invalid {
                field: "DECIMAL",
                value: u64::from(self.precision) << 8 | u64::from(self.scale),
                why: "is not the precision and scale of the column",
            });
        }
        out.extend(self.bytes);
        Ok(())
    }

    fn groups(&self) -> Groups<'a> {
        Groups {
            rest: self.bytes,
            whole: self.precision - self.scale,
            fraction: self.scale,
            flip: if self.negative { 0xff } else { 0 },
            sign: 0x80,
        }
    }
}

/// Bytes of so many digits on one side of the point.
fn packed_len(digits: u8) -> usize {
    let rest = GROUP_LEN.get(usize::from(digits % GROUP)).copied().unwrap_or(0);
    usize::from(digits / GROUP * 4 + rest)
}

/// Some digits, as a number.
#[derive(Clone, Copy)]
struct Group {
    value: u32,
    digits: u8,
}

impl Group {
    fn check(self) -> Result<(), FieldError> {
        if self.value < 10_u32.pow(self.digits.into()) {
            return Ok(());
        }
        Err(FieldError::Invalid {
            field: "DECIMAL",
            value: self.value.into(),
            why: "has too many digits for its group",
        })
    }

    /// Writes the digits, with leading zeros, to the whole of `text`.
    fn write(self, text: &mut [u8]) {
        let mut value = self.value;
        for digit in text.iter_mut().rev() {
            *digit = b'0' + (value % 10) as u8;
            value /= 10;
        }
    }
}

/// The groups from left to right. Those next to the point are full; the outermost hold what is left over.
struct Groups<'a> {
    rest: &'a [u8],
    whole: u8,
    fraction: u8,
    flip: u8,
    /// Sign bit of the next byte: the first byte has one.
    sign: u8,
}

impl Iterator for Groups<'_> {
    type Item = Group;

    fn next(&mut self) -> Option<Group> {
        let digits = self.next_digits();
        let len = GROUP_LEN.get(usize::from(digits)).copied().filter(|len| *len > 0)?;
        let (bytes, rest) = self.rest.split_at_checked(len.into())?;
        let value = bytes.iter().fold(0, |value, byte| {
            let byte = (byte ^ self.flip) & !std::mem::take(&mut self.sign);
            value << 8 | u32::from(byte)
        });
        self.rest = rest;
        Some(Group { value, digits })
    }
}

impl Groups<'_> {
    fn next_digits(&mut self) -> u8 {
        let (part, digits) = if self.whole > 0 {
            // The first group has what is left over: 1 to 9.
            let digits = (self.whole - 1) % GROUP + 1;
            (&mut self.whole, digits)
        } else {
            let digits = self.fraction.min(GROUP);
            (&mut self.fraction, digits)
        };
        *part -= digits;
        digits
    }
}

impl fmt::Display for Decimal<'_> {
    /// As the server prints it: no leading zeros but one before the point, all digits of the scale.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; MAX_PRECISION as usize];
        let mut rest = text.as_mut_slice();
        for group in self.groups() {
            let (digits, after) = rest.split_at_mut_checked(group.digits.into()).unwrap_or_default();
            group.write(digits);
            rest = after;
        }
        let digits = text.get(..usize::from(self.precision)).unwrap_or_default();
        let (whole, fraction) = digits
            .split_at_checked((self.precision - self.scale).into())
            .unwrap_or_default();
        let zeros = whole.iter().take_while(|digit| **digit == b'0').count();
        let parts: [&[u8]; 4] = [
            if self.negative { b"-" } else { b"" },
            whole.get(zeros..).filter(|whole| !whole.is_empty()).unwrap_or(b"0"),
            if fraction.is_empty() { b"" } else { b"." },
            fraction,
        ];
        parts
            .iter()
            .try_for_each(|part| f.write_str(std::str::from_utf8(part).unwrap_or_default()))
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
        check(&[0xbb, 0x9a, 0xc9, 0xff], 9, 0, "999999999");
        check(&[0xbb, 0x9a, 0xc9, 0xff], 9, 9, "0.999999999");
        check(&[0x80, 0, 0, 1, 0, 0, 0, 0, 5], 19, 1, "1000000000.5");
        let mut long = vec![0x80, 0, 0, 1];
        long.extend([0; 32]);
        check(&long, 81, 0, &format!("1{}", "0".repeat(72)));
    }

    #[test]
    fn refuses_what_is_none() {
        let check = |bytes: &[u8], precision, scale| {
            assert!(Decimal::decode(&mut Reader::new(bytes), precision, scale).is_err());
        };
        check(&[0x80; 40], 82, 0);
        check(&[0x80; 40], 5, 6);
        check(&[0x80], 5, 2);
        check(&[0x8a], 1, 0);
        check(&[0xbb, 0x9a, 0xca, 0x00], 9, 0);
    }
}
