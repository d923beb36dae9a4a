//! One key.

use std::fmt;

/// An AES key of 128, 192 or 256 bits.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(Vec<u8>);

impl Key {
    /// A key of its bytes; `None` where there are not 16, 24 or 32.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Option<Self> {
        matches!(bytes.len(), 16 | 24 | 32).then_some(Self(bytes))
    }

    /// A key of its hexadecimal digits, of which there are 32, 48 or 64.
    #[must_use]
    pub fn from_hex(digits: &[u8]) -> Option<Self> {
        Self::new(unhex(digits)?)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn bits(&self) -> usize {
        self.0.len() * 8
    }
}

/// Without the key itself.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({} bits)", self.bits())
    }
}

pub(super) fn unhex(digits: &[u8]) -> Option<Vec<u8>> {
    let (pairs, rest) = digits.as_chunks::<2>();
    let byte = |[high, low]: &[u8; 2]| Some(digit(*high)? << 4 | digit(*low)?);
    rest.is_empty().then(|| pairs.iter().map(byte).collect())?
}

fn digit(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_hexadecimal_digits() {
        let check = |digits: &str, bits: Option<usize>| {
            assert_eq!(Key::from_hex(digits.as_bytes()).map(|key| key.bits()), bits, "{digits}");
        };
        check(&"0aF".repeat(16), Some(192));
        check(&"00".repeat(16), Some(128));
        check(&"ff".repeat(32), Some(256));
        check(&"ff".repeat(31), None);
        check(&"f".repeat(33), None);
        check(&"0g".repeat(16), None);
        check("", None);
    }

    #[test]
    fn debug_hides_it() {
        let key = Key::from_hex(&b"5a".repeat(32)).unwrap();
        assert_eq!(format!("{key:?}"), "Key(256 bits)");
    }
}
