//! Hand-made events and logs for tests.

use binlog_parser::{ChecksumAlgorithm, FormatDescription, MAGIC};

/// An event with this type and body, a position of 0, and a checksum.
pub(crate) fn event(code: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 19];
    bytes[4] = code;
    bytes[9..13].copy_from_slice(&(19 + body.len() as u32 + 4).to_le_bytes());
    bytes.extend(body);
    bytes.extend([0; 4]);
    checksummed(bytes)
}

/// The event with a new checksum in the place of its old one.
pub(crate) fn checksummed(mut event: Vec<u8>) -> Vec<u8> {
    event.truncate(event.len() - 4);
    ChecksumAlgorithm::Crc32.append(&mut event, 0);
    event
}

/// A QUERY without session variables or schema.
pub(crate) fn query(sql: &str) -> Vec<u8> {
    let mut body = vec![0; 14];
    body.extend(sql.as_bytes());
    event(2, &body)
}

/// An artificial ROTATE.
pub(crate) fn rotate(file: &str, position: u64) -> Vec<u8> {
    let mut body = position.to_le_bytes().to_vec();
    body.extend(file.as_bytes());
    let mut event = event(4, &body);
    event[17] = 0x20;
    checksummed(event)
}

/// A log that begins with a format description of MySQL 8.0.
pub(crate) struct Log {
    /// Its events.
    pub(crate) events: Vec<Vec<u8>>,
    /// The whole log.
    pub(crate) bytes: Vec<u8>,
}

impl Log {
    pub(crate) fn new() -> Self {
        let format = FormatDescription {
            server_version: "8.0.30".to_owned(),
            post_header_lengths: vec![0; 41],
            checksum: ChecksumAlgorithm::Crc32,
            ..FormatDescription::default()
        };
        let mut body = Vec::new();
        format.encode(&mut body);
        Self {
            events: Vec::new(),
            bytes: MAGIC.to_vec(),
        }
        .with(vec![event(15, &body)])
    }

    /// With more events, whose positions are set.
    pub(crate) fn with(mut self, events: Vec<Vec<u8>>) -> Self {
        for mut event in events {
            let end = (self.bytes.len() + event.len()) as u32;
            event[13..17].copy_from_slice(&end.to_le_bytes());
            let event = checksummed(event);
            self.bytes.extend(&event);
            self.events.push(event);
        }
        self
    }

    /// With transactions of one statement.
    pub(crate) fn with_transactions(self, count: usize) -> Self {
        let transaction = || vec![event(33, &[0; 42]), query("BEGIN"), query("insert"), event(16, &[0; 8])];
        (0..count).fold(self, |log, _| log.with(transaction()))
    }
}
