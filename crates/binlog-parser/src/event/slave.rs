//! SLAVE: where a replica of MySQL 3.23 stood at its source.

use crate::error::FieldError;
use crate::reader::Reader;

/// Position of the replica that wrote the log. Only early 3.23 writes it.
///
/// Source: `Slave_log_event` in the `log_event` sources of MySQL 4.0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slave<'a> {
    /// Position in the source's log.
    pub position: u64,
    /// Port of the source.
    pub port: u16,
    /// Host of the source.
    pub host: &'a [u8],
    /// Name of the source's log.
    pub file: &'a [u8],
}

impl<'a> Slave<'a> {
    /// Reads the body.
    pub fn decode(body: &'a [u8]) -> Result<Self, FieldError> {
        let mut reader = Reader::new(body);
        Ok(Self {
            position: reader.u64("source's position")?,
            port: reader.u16("source's port")?,
            host: reader.zero_terminated("source's host")?,
            file: reader.take_rest(),
        })
    }

    /// Appends the body.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.position.to_le_bytes());
        out.extend(self.port.to_le_bytes());
        out.extend(self.host);
        out.push(0);
        out.extend(self.file);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways() {
        let body = b"\x04\0\0\0\0\0\0\0\xea\x0cdb1\0log.001";
        let slave = Slave::decode(body).unwrap();
        assert_eq!((slave.position, slave.port), (4, 3306));
        assert_eq!((slave.host, slave.file), (&b"db1"[..], &b"log.001"[..]));
        let mut again = Vec::new();
        slave.encode(&mut again);
        assert_eq!(again, body);
        for len in 0..14 {
            assert!(Slave::decode(&body[..len]).is_err(), "{len}");
        }
    }
}
