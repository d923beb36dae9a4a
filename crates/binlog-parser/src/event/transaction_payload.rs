//! TRANSACTION_PAYLOAD: the events of one transaction, compressed (MySQL 8.0.20 on).
//!
//! Fields with codes up to an end mark, then the payload, which is the last of the body
//! (`codecs::binary::Transaction_payload` of the server).

use std::fmt;

use crate::error::FieldError;
use crate::event::tlv::{self, TlvField};
use crate::reader::Reader;

/// How a payload is compressed. Unknown codes stay representable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Compression(pub u64);

impl Compression {
    /// One or more zstd frames.
    pub const ZSTD: Self = Self(0);
    /// Not compressed.
    pub const NONE: Self = Self(255);
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::ZSTD => f.write_str("ZSTD"),
            Self::NONE => f.write_str("NONE"),
            Self(code) => write!(f, "compression {code}"),
        }
    }
}

/// The events of one transaction, compressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionPayload<'a> {
    /// How the payload is compressed.
    pub compression: Compression,
    /// Bytes of the events that the payload holds; `None` where the payload is not compressed.
    pub uncompressed_size: Option<u64>,
    /// Fields of a later server, which stand behind the known ones.
    pub unknown: Vec<TlvField<'a>>,
    /// The events without checksums, compressed together.
    pub payload: &'a [u8],
}

const PAYLOAD_SIZE: u64 = 1;
const COMPRESSION: u64 = 2;
const UNCOMPRESSED_SIZE: u64 = 3;

impl<'a> TransactionPayload<'a> {
    /// Reads the body.
    ///
    /// # Errors
    /// The known fields do not stand in the servers' order, an integer is not in its shortest form, or the payload's
    /// size is not that of the bytes that are left.
    pub fn decode(body: &'a [u8]) -> Result<Self, FieldError> {
        let mut reader = Reader::new(body);
        let compression = Compression(tlv::read_integer(&mut reader, COMPRESSION, "compression type")?);
        let uncompressed_size = match reader.peek().first() {
            Some(code) if u64::from(*code) == UNCOMPRESSED_SIZE => {
                Some(tlv::read_integer(&mut reader, UNCOMPRESSED_SIZE, "uncompressed size")?)
            }
            _ => None,
        };
        let size = tlv::read_integer(&mut reader, PAYLOAD_SIZE, "payload size")?;
        let unknown = tlv::read_unknown(&mut reader, UNCOMPRESSED_SIZE)?;
        let payload = reader.take(usize::try_from(size).unwrap_or(usize::MAX), "payload")?;
        reader.finish("payload")?;
        Ok(Self {
            compression,
            uncompressed_size,
            unknown,
            payload,
        })
    }

    /// Appends the body.
    pub fn encode(&self, out: &mut Vec<u8>) {
        tlv::put_integer(out, COMPRESSION, self.compression.0);
        if let Some(size) = self.uncompressed_size {
            tlv::put_integer(out, UNCOMPRESSED_SIZE, size);
        }
        tlv::put_integer(out, PAYLOAD_SIZE, self.payload.len() as u64);
        tlv::put_unknown(out, &self.unknown);
        out.extend(self.payload);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &[u8], compression: Compression, uncompressed: Option<u64>, unknown: usize, payload: &[u8]) {
        let event = TransactionPayload::decode(body).unwrap();
        assert_eq!(
            (event.compression, event.uncompressed_size),
            (compression, uncompressed)
        );
        assert_eq!((event.unknown.len(), event.payload), (unknown, payload));
        let mut again = Vec::new();
        event.encode(&mut again);
        assert_eq!(again, body);
        for len in 0..body.len() {
            assert!(TransactionPayload::decode(&body[..len]).is_err(), "{len}");
        }
    }

    #[test]
    fn both_ways() {
        let zstd = [2, 1, 0, 3, 3, 0xfc, 0x2c, 0x01, 1, 1, 2, 0, b'a', b'b'];
        check(&zstd, Compression::ZSTD, Some(300), 0, b"ab");
        let none = [2, 3, 0xfc, 0xff, 0x00, 1, 1, 1, 0, b'a'];
        check(&none, Compression::NONE, None, 0, b"a");
        let later = [2, 1, 7, 3, 1, 9, 1, 1, 1, 4, 2, 8, 8, 0xfc, 0xff, 0, 0, 0, b'a'];
        check(&later, Compression(7), Some(9), 2, b"a");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let check = |body: &[u8], expected: &str| {
            let error = TransactionPayload::decode(body).unwrap_err();
            assert_eq!(error.to_string(), expected);
        };
        check(&[1, 1, 0], "compression type: 1 is the code of another field");
        check(&[2, 2, 0, 0], "1 bytes left over after compression type");
        check(&[2, 1, 0, 1, 1, 3, 0, b'a'], "payload: need 3 bytes, have 1");
        check(&[2, 1, 0, 1, 1, 1, 0, b'a', b'b'], "1 bytes left over after payload");
        check(
            &[2, 1, 0, 1, 1, 1, 2, 1, 0],
            "field code: 2 stands twice, or behind a later field",
        );
        check(
            &[2, 3, 0xfc, 5, 0, 1, 1, 1, 0, b'a'],
            "compression type: 5 is not in its shortest form",
        );
    }
}
