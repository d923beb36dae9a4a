//! START_ENCRYPTION: the events after it are encrypted (MariaDB 10.1.7 on).

use crate::error::FieldError;
use crate::reader::Reader;

/// How the rest of a MariaDB log is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StartEncryption {
    /// Scheme; 1 is the only one that servers write: each event by AES under a key of the key management.
    pub scheme: u8,
    /// Version of the key.
    pub key_version: u32,
    /// Random bytes; the initialisation vector of an event is made of them and of the event's position.
    pub nonce: [u8; 12],
}

impl StartEncryption {
    /// Reads the body.
    pub fn decode(body: &[u8]) -> Result<Self, FieldError> {
        let mut reader = Reader::new(body);
        let start = Self {
            scheme: reader.u8("encryption scheme")?,
            key_version: reader.u32("key version")?,
            nonce: reader.array("nonce")?,
        };
        reader.finish("nonce")?;
        Ok(start)
    }

    /// Appends the body.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.scheme);
        out.extend(self.key_version.to_le_bytes());
        out.extend(self.nonce);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways() {
        let body = b"\x01\x02\0\0\0nonce-12byte";
        let start = StartEncryption::decode(body).unwrap();
        assert_eq!((start.scheme, start.key_version, &start.nonce), (1, 2, b"nonce-12byte"));
        let mut again = Vec::new();
        start.encode(&mut again);
        assert_eq!(again, body);
        for len in 0..body.len() {
            assert!(StartEncryption::decode(&body[..len]).is_err(), "{len}");
        }
        assert!(StartEncryption::decode(&[0; 18]).is_err());
    }
}
