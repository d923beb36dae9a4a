//! A reader of one record: it can never go past the record's end.

use crate::error::FieldError;

/// Reads fields from the front of a slice. Every method names the field that it reads.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    rest: &'a [u8],
    total: usize,
}

impl<'a> Reader<'a> {
    /// A reader of exactly these bytes.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            total: bytes.len(),
        }
    }

    /// Bytes read so far.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.total - self.rest.len()
    }

    /// Bytes not read yet.
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// Whether all bytes were read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The bytes not read yet, without reading them.
    #[must_use]
    pub fn peek(&self) -> &'a [u8] {
        self.rest
    }

    /// The next `len` bytes.
    #[inline]
    pub fn take(&mut self, len: usize, field: &'static str) -> Result<&'a [u8], FieldError> {
        match self.rest.split_at_checked(len) {
            Some((head, tail)) => {
                self.rest = tail;
                Ok(head)
            }
            None => Err(FieldError::Short {
                field,
                need: len,
                have: self.rest.len(),
            }),
        }
    }

    /// All bytes that are left.
    pub fn take_rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    /// A reader of the next `len` bytes alone.
    pub fn sub(&mut self, len: usize, field: &'static str) -> Result<Reader<'a>, FieldError> {
        self.take(len, field).map(Reader::new)
    }

    /// Reads inside the next `len` bytes alone. After an error this reader stands where `read` met it.
    pub fn within<T>(
        &mut self,
        len: u64,
        field: &'static str,
        read: impl FnOnce(&mut Reader<'a>) -> Result<T, FieldError>,
    ) -> Result<T, FieldError> {
        let before = *self;
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        let mut inner = self.sub(len, field)?;
        read(&mut inner).inspect_err(|_| {
            *self = before;
            self.rest = self.rest.get(len - inner.remaining()..).unwrap_or_default();
        })
    }

    /// The next `N` bytes as an array.
    #[inline]
    pub fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], FieldError> {
        match self.rest.split_first_chunk::<N>() {
            Some((head, tail)) => {
                self.rest = tail;
                Ok(*head)
            }
            None => Err(FieldError::Short {
                field,
                need: N,
                have: self.rest.len(),
            }),
        }
    }

    /// An unsigned byte.
    #[inline]
    pub fn u8(&mut self, field: &'static str) -> Result<u8, FieldError> {
        self.array::<1>(field).map(|[byte]| byte)
    }

    /// A little-endian `u16`.
    #[inline]
    pub fn u16(&mut self, field: &'static str) -> Result<u16, FieldError> {
        self.array(field).map(u16::from_le_bytes)
    }

    /// A little-endian `u32`.
    #[inline]
    pub fn u32(&mut self, field: &'static str) -> Result<u32, FieldError> {
        self.array(field).map(u32::from_le_bytes)
    }

    /// A little-endian `u64`.
    #[inline]
    pub fn u64(&mut self, field: &'static str) -> Result<u64, FieldError> {
        self.array(field).map(u64::from_le_bytes)
    }

    /// A little-endian unsigned integer of `len` bytes, at most 8.
    #[inline(always)]
    pub fn uint(&mut self, len: usize, field: &'static str) -> Result<u64, FieldError> {
        match len {
            1 => self.u8(field).map(u64::from),
            2 => self.u16(field).map(u64::from),
            4 => self.u32(field).map(u64::from),
            8 => self.u64(field),
            0..8 => Ok(self
                .take(len, field)?
                .iter()
                .rev()
                .fold(0, |sum, byte| sum << 8 | u64::from(*byte))),
            _ => Err(FieldError::Invalid {
                field,
                value: len as u64,
                why: "bytes do not fit an integer",
            }),
        }
    }

    /// A big-endian unsigned integer of `len` bytes, at most 8.
    #[inline]
    pub fn uint_be(&mut self, len: usize, field: &'static str) -> Result<u64, FieldError> {
        if len > 8 {
            return Err(FieldError::Invalid {
                field,
                value: len as u64,
                why: "bytes do not fit an integer",
            });
        }
        Ok(self
            .take(len, field)?
            .iter()
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    }

    /// A length-encoded integer of the client protocol: 1, 3, 4 or 9 bytes.
    pub fn lenenc(&mut self, field: &'static str) -> Result<u64, FieldError> {
        match self.u8(field)? {
            byte @ 0..=250 => Ok(u64::from(byte)),
            0xfc => self.uint(2, field),
            0xfd => self.uint(3, field),
            0xfe => self.uint(8, field),
            byte => Err(FieldError::Invalid {
                field,
                value: u64::from(byte),
                why: "starts no length-encoded integer",
            }),
        }
    }

    /// A length-encoded integer that must stand in its shortest form, as [`put_lenenc`] writes it.
    pub fn shortest_lenenc(&mut self, field: &'static str) -> Result<u64, FieldError> {
        let before = self.offset();
        let value = self.lenenc(field)?;
        match self.offset() - before == lenenc_len(value) {
            true => Ok(value),
            false => Err(FieldError::Invalid {
                field,
                value,
                why: "is not in its shortest form",
            }),
        }
    }

    /// A length-encoded integer and as many bytes.
    pub fn lenenc_bytes(&mut self, field: &'static str) -> Result<&'a [u8], FieldError> {
        let len = self.lenenc(field)?;
        self.take(usize::try_from(len).unwrap_or(usize::MAX), field)
    }

    /// Bytes up to a zero byte, which is read too and not returned.
    pub fn zero_terminated(&mut self, field: &'static str) -> Result<&'a [u8], FieldError> {
        let Some(len) = self.rest.iter().position(|byte| *byte == 0) else {
            return Err(FieldError::Short {
                field,
                need: self.rest.len() + 1,
                have: self.rest.len(),
            });
        };
        let text = self.take(len, field)?;
        self.take(1, field)?;
        Ok(text)
    }

    /// A byte that must be zero.
    pub fn zero(&mut self, field: &'static str) -> Result<(), FieldError> {
        match self.u8(field)? {
            0 => Ok(()),
            other => Err(FieldError::Invalid {
                field,
                value: u64::from(other),
                why: "is no terminating zero",
            }),
        }
    }

    /// A byte that must be 0 or 1.
    pub fn flag(&mut self, field: &'static str) -> Result<bool, FieldError> {
        match self.u8(field)? {
            byte @ 0..=1 => Ok(byte == 1),
            other => Err(FieldError::Invalid {
                field,
                value: u64::from(other),
                why: "is neither 0 nor 1",
            }),
        }
    }

    /// An error where bytes are left.
    pub fn finish(&self, last_field: &'static str) -> Result<(), FieldError> {
        match self.rest.len() {
            0 => Ok(()),
            left => Err(FieldError::LeftOver {
                field: last_field,
                left,
            }),
        }
    }
}

/// Bytes of a length-encoded integer in its shortest form.
fn lenenc_len(value: u64) -> usize {
    match value {
        0..=250 => 1,
        251..=0xffff => 3,
        0x1_0000..=0xff_ffff => 4,
        _ => 9,
    }
}

/// Writes a length-encoded integer in its shortest form.
pub fn put_lenenc(out: &mut Vec<u8>, value: u64) {
    let bytes = value.to_le_bytes();
    let (marker, len) = match value {
        0..=250 => (None, 1),
        251..=0xffff => (Some(0xfc), 2),
        0x1_0000..=0xff_ffff => (Some(0xfd), 3),
        _ => (Some(0xfe), 8),
    };
    out.extend(marker);
    out.extend(bytes.iter().take(len));
}

/// Writes bits, the lowest of the first byte first.
pub(crate) fn put_bits(bits: impl Iterator<Item = bool>, out: &mut Vec<u8>) {
    for (index, bit) in bits.enumerate() {
        if index % 8 == 0 {
            out.push(0);
        }
        if let Some(last) = out.last_mut() {
            *last |= u8::from(bit) << (index % 8);
        }
    }
}
