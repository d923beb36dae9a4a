//! START_V3: the first event of a log of version 1 (MySQL 3.23) or 3 (4.0 and 4.1).

use crate::error::FieldError;
use crate::reader::Reader;

/// Length of the server version field, zero-padded.
const VERSION_LEN: usize = 50;

/// What a version 4 log says in its format description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StartV3<'a> {
    /// Version of the log format as written: 1 or 3.
    pub binlog_version: u16,
    /// Version text of the server that wrote the log, padded with zeros to 50 bytes.
    pub server_version: &'a [u8],
    /// When the log was created, seconds since 1970 UTC; 0 where the server did not start with this log.
    pub created: u32,
}

impl<'a> StartV3<'a> {
    /// Length of the body in bytes.
    pub const LEN: usize = 2 + VERSION_LEN + 4;

    /// Reads the body.
    pub fn decode(body: &'a [u8]) -> Result<Self, FieldError> {
        let mut reader = Reader::new(body);
        let start = Self {
            binlog_version: reader.u16("binlog version")?,
            server_version: reader.take(VERSION_LEN, "server version")?,
            created: reader.u32("creation time")?,
        };
        reader.finish("creation time")?;
        Ok(start)
    }

    /// Appends the body. A version text of another length than 50 bytes is cut or padded.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.binlog_version.to_le_bytes());
        let end = out.len() + VERSION_LEN;
        out.extend(self.server_version.iter().take(VERSION_LEN));
        out.resize(end, 0);
        out.extend(self.created.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways() {
        let mut body = vec![3, 0];
        body.extend(b"4.0.30-log");
        body.resize(52, 0);
        body.extend([1, 2, 3, 4]);
        let start = StartV3::decode(&body).unwrap();
        assert_eq!((start.binlog_version, start.created), (3, 0x0403_0201));
        let mut again = Vec::new();
        start.encode(&mut again);
        assert_eq!(again, body);
        for len in 0..body.len() {
            assert!(StartV3::decode(&body[..len]).is_err());
        }
    }
}
