//! DECIMAL: up to 65 digits in packed groups of nine.

use std::fmt;

/// A DECIMAL value: its digits, without allocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    precision: u8,
    scale: u8,
    /// Digits 0 to 9, `precision` of them.
    digits: [u8; 82],
}

impl fmt::Display for Decimal {
    /// As the server prints it: no leading zeros but one before the point, all digits of the scale.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let _ = (self.negative, self.precision, self.scale, &self.digits);
        f.write_str("")
    }
}
