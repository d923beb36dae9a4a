//! MySQL's serialization format (8.3 on): integers of variable length, and strings.
//!
//! The low bits of an integer's first byte tell its length: as many ones as bytes follow, then a zero, which is
//! missing in the longest form. A signed one is turned into an unsigned one first, with the sign as its lowest bit
//! (`libs/mysql/serialization` of the server).

use crate::error::FieldError;
use crate::reader::Reader;

/// Reads an unsigned integer of 1 to 9 bytes, in its shortest form.
pub(crate) fn read_uint(reader: &mut Reader<'_>, field: &'static str) -> Result<u64, FieldError> {
    let first = reader.u8(field)?;
    let more = first.trailing_ones();
    let high = reader.uint(more as usize, field)?;
    let low = first.checked_shr(more + 1).unwrap_or(0);
    let value = u64::from(low) | high << 7_u32.saturating_sub(more);
    match uint_len(value) == 1 + more as usize {
        true => Ok(value),
        false => Err(FieldError::Invalid {
            field,
            value,
            why: "is not in its shortest form",
        }),
    }
}

/// Reads a signed integer of 1 to 9 bytes.
pub(crate) fn read_int(reader: &mut Reader<'_>, field: &'static str) -> Result<i64, FieldError> {
    let bits = read_uint(reader, field)?;
    Ok((bits >> 1) as i64 ^ -((bits & 1) as i64))
}

/// Reads a length and as many bytes.
pub(crate) fn read_string<'a>(reader: &mut Reader<'a>, field: &'static str) -> Result<&'a [u8], FieldError> {
    let len = read_uint(reader, field)?;
    reader.take(usize::try_from(len).unwrap_or(usize::MAX), field)
}

/// Bytes that an unsigned integer takes, from 1 to 9.
pub(crate) fn uint_len(value: u64) -> usize {
    let bits = (u64::BITS - value.leading_zeros()).max(1) as usize;
    bits.div_ceil(7).min(9)
}

/// Appends an unsigned integer in its shortest form.
pub(crate) fn put_uint(out: &mut Vec<u8>, value: u64) {
    let len = uint_len(value);
    if len == 9 {
        out.push(0xff);
        out.extend(value.to_le_bytes());
        return;
    }
    let marked = value << len | ((1 << (len - 1)) - 1);
    out.extend(marked.to_le_bytes().iter().take(len));
}

/// Appends a signed integer in its shortest form.
pub(crate) fn put_int(out: &mut Vec<u8>, value: i64) {
    put_uint(out, (value << 1 ^ value >> 63) as u64);
}

/// Appends a length and the text.
pub(crate) fn put_string(out: &mut Vec<u8>, text: &str) {
    put_uint(out, text.len() as u64);
    out.extend(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsigned() {
        #[rustfmt::skip]
        let cases: &[(u64, &[u8])] = &[
            (0, &[0]),
            (1, &[0b10]),
            (127, &[0xfe]),
            (128, &[0x01, 0x02]),
            (16_383, &[0xfd, 0xff]),
            (16_384, &[0x03, 0x00, 0x02]),
            (65_535, &[0xfb, 0xff, 0x07]),
            ((1 << 49) - 1, &[0xbf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
            ((1 << 56) - 1, &[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
            (1 << 56, &[0xff, 0, 0, 0, 0, 0, 0, 0, 1]),
            (u64::MAX, &[0xff; 9]),
        ];
        for (value, bytes) in cases {
            let mut out = Vec::new();
            put_uint(&mut out, *value);
            assert_eq!(out, *bytes, "{value}");
            assert_eq!(uint_len(*value), bytes.len());
            assert_eq!(read_uint(&mut Reader::new(bytes), "value"), Ok(*value));
            for cut in 0..bytes.len() {
                assert!(read_uint(&mut Reader::new(&bytes[..cut]), "value").is_err());
            }
        }
    }

    #[test]
    fn signed() {
        #[rustfmt::skip]
        let cases: &[(i64, &[u8])] = &[
            (0, &[0]),
            (-1, &[0b10]),
            (1, &[0b100]),
            (65_535, &[0xf3, 0xff, 0x0f]),
            (-65_535, &[0xeb, 0xff, 0x0f]),
            (-65_536, &[0xfb, 0xff, 0x0f]),
            (i64::MAX, &[0xff, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
            (i64::MIN, &[0xff; 9]),
        ];
        for (value, bytes) in cases {
            let mut out = Vec::new();
            put_int(&mut out, *value);
            assert_eq!(out, *bytes, "{value}");
            assert_eq!(read_int(&mut Reader::new(bytes), "value"), Ok(*value));
        }
    }
}
