//! Values of MariaDB's columns with the attribute `COMPRESSED`.
//!
//! Empty, or a byte that says how the rest is stored (`Field_longstr::compress` in `sql/field.cc` of the server).

use crate::error::FieldError;
use crate::expand::Packed;
use crate::reader::Reader;

/// A value as a row image holds it: compressed, or as it is where that would not be shorter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompressedValue<'a> {
    /// The stored bytes.
    pub stored: &'a [u8],
}

impl CompressedValue<'_> {
    /// Bytes of the largest value: the server's largest `max_allowed_packet`.
    pub const LARGEST: usize = 1 << 30;

    /// The plain value, in the column's character set, of at most `limit` bytes.
    ///
    /// # Errors
    /// The value is damaged or larger, or its compression is not known.
    pub fn expand(&self, limit: usize) -> Result<Vec<u8>, FieldError> {
        let mut out = Vec::new();
        match self.stored.split_first() {
            None => {}
            Some((0, plain)) if plain.len() > limit => {
                return Err(FieldError::Invalid {
                    field: "length of a value",
                    value: plain.len() as u64,
                    why: "is over the limit",
                });
            }
            Some((0, plain)) => out.extend(plain),
            Some(_) => Packed::read(&mut Reader::new(self.stored))?.expand(limit, &mut out)?,
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, ZlibEncoder};

    use super::*;

    fn zlib(plain: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    fn bare(plain: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn stored_in_three_ways() {
        let check = |stored: &[u8], plain: &[u8]| {
            assert_eq!(CompressedValue { stored }.expand(plain.len()).unwrap(), plain);
            if let Some(less) = plain.len().checked_sub(1) {
                assert!(CompressedValue { stored }.expand(less).is_err());
            }
        };
        let text = b"a".repeat(70_000);
        check(b"", b"");
        check(b"\0abc", b"abc");
        check(b"\0", b"");
        check(&[&[0x83, 1, 0x11, 0x70][..], &zlib(&text)].concat(), &text);
        check(&[&[0x8b, 1, 0x11, 0x70][..], &bare(&text)].concat(), &text);
    }

    #[test]
    fn damage_is_an_error() {
        let text = b"abcabcabc".repeat(30);
        let stored = [&[0x82, 1, 0x0e][..], &zlib(&text)].concat();
        let value = |stored: &[u8]| CompressedValue { stored }.expand(1 << 20);
        assert_eq!(value(&stored).unwrap(), text);
        for len in 1..stored.len() {
            assert!(value(&stored[..len]).is_err(), "{len}");
        }
        for at in 0..stored.len() {
            let mut bad = stored.clone();
            bad[at] ^= 0x40;
            // The last byte before the checksum has bits that say nothing.
            assert!(value(&bad).map_or(true, |plain| plain == text), "{at}");
        }
        let check = |stored: &[u8], expected: &str| {
            assert_eq!(value(stored).unwrap_err().to_string(), expected);
        };
        check(&[0x10, 1, 1], "compression: 16 is not one that servers use");
        check(
            &[0x84, 0xff, 0xff, 0xff, 0xff],
            "uncompressed length: 4294967295 is over the limit",
        );
        check(
            &[&[0x82, 1, 0x0d][..], &zlib(&text)].concat(),
            "uncompressed length: 269 is not what there is",
        );
        check(
            &[&[0x82, 1, 0x0f][..], &zlib(&text)].concat(),
            "uncompressed length: 271 is not what there is",
        );
        check(
            &[&stored[..], b"x"].concat(),
            "1 bytes left over after compressed bytes",
        );
    }
}
