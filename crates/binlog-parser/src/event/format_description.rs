//! FORMAT_DESCRIPTION: the first event of a version 4 log; how the events after it are laid out.

use crate::checksum::ChecksumAlgorithm;
use crate::error::FieldError;
use crate::header::{EventType, HEADER_LEN};
use crate::reader::Reader;

/// Length of the server version field, zero-padded.
const VERSION_LEN: usize = 50;
/// Offset of the post-header lengths in the body: version, server version, creation time, header length.
const LENGTHS_AT: usize = 2 + VERSION_LEN + 4 + 1;

/// Which family of servers wrote a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Flavour {
    /// MySQL and what is built from its source (Percona Server).
    #[default]
    MySql,
    /// MariaDB.
    MariaDb,
}

/// A format description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormatDescription {
    /// Version of the log format; 4 since MySQL 5.0.
    pub binlog_version: u16,
    /// Version text of the server that wrote the log: `8.4.3`, `10.11.6-MariaDB-log`.
    pub server_version: String,
    /// When the log was created, seconds since 1970 UTC; 0 where the server did not start with this log.
    pub created: u32,
    /// Length of the common header, at least 19.
    pub header_length: u8,
    /// Length of the fixed part of each event type's body; entry 0 is for type 1.
    pub post_header_lengths: Vec<u8>,
    /// How the events of the log are checksummed; `None` for servers without checksums.
    pub checksum: ChecksumAlgorithm,
}

impl Default for FormatDescription {
    /// The format before any description was read: version 4 without checksums.
    fn default() -> Self {
        Self {
            binlog_version: 4,
            server_version: String::new(),
            created: 0,
            header_length: HEADER_LEN as u8,
            post_header_lengths: Vec::new(),
            checksum: ChecksumAlgorithm::None,
        }
    }
}

impl FormatDescription {
    /// Reads the body (without the trailing checksum, with the algorithm byte).
    pub fn decode(body: &[u8]) -> Result<Self, FieldError> {
        let mut reader = Reader::new(body);
        let binlog_version = reader.u16("binlog version")?;
        if binlog_version != 4 {
            let value = u64::from(binlog_version);
            return Err(FieldError::Invalid {
                field: "binlog version",
                value,
                why: "is not 4",
            });
        }
        let server_version = version_text(reader.take(VERSION_LEN, "server version")?);
        let created = reader.u32("creation time")?;
        let header_length = reader.u8("header length")?;
        if usize::from(header_length) != HEADER_LEN {
            let value = u64::from(header_length);
            return Err(FieldError::Invalid {
                field: "header length",
                value,
                why: "is not 19",
            });
        }
        let mut post_header_lengths = reader.take_rest().to_vec();
        let checksum = match knows_checksums(&server_version) {
            true => checksum_algorithm(post_header_lengths.pop())?,
            false => ChecksumAlgorithm::None,
        };
        Ok(Self {
            binlog_version,
            server_version,
            created,
            header_length,
            post_header_lengths,
            checksum,
        })
    }

    /// Appends the body, without the trailing checksum.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.binlog_version.to_le_bytes());
        let mut version = self.server_version.clone().into_bytes();
        version.resize(VERSION_LEN, 0);
        out.extend(version);
        out.extend(self.created.to_le_bytes());
        out.push(self.header_length);
        out.extend(&self.post_header_lengths);
        if knows_checksums(&self.server_version) {
            out.push(u8::from(self.checksum == ChecksumAlgorithm::Crc32));
        }
    }

    /// Which family of servers wrote the log.
    #[must_use]
    pub fn flavour(&self) -> Flavour {
        if self.server_version.contains("MariaDB") {
            Flavour::MariaDb
        } else {
            Flavour::MySql
        }
    }

    /// Length of the fixed part of a type's body; `None` for types that the server did not know.
    #[must_use]
    pub fn post_header_length(&self, event_type: EventType) -> Option<usize> {
        let index = usize::from(event_type.0).checked_sub(1)?;
        self.post_header_lengths.get(index).map(|len| usize::from(*len))
    }

    /// Major, minor and patch number of the server.
    #[must_use]
    pub fn version_numbers(&self) -> (u32, u32, u32) {
        version_numbers(&self.server_version)
    }

    /// The checksum that the format description with this body (checksum included) itself carries:
    /// one of four bytes whenever the server knows checksums, even where other events have none.
    pub(crate) fn own_checksum(body: &[u8]) -> ChecksumAlgorithm {
        let version = body.get(2..2 + VERSION_LEN).map(version_text).unwrap_or_default();
        if knows_checksums(&version) && body.len() > LENGTHS_AT {
            ChecksumAlgorithm::Crc32
        } else {
            ChecksumAlgorithm::None
        }
    }
}

fn version_text(padded: &[u8]) -> String {
    let text = padded.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).into_owned()
}

fn checksum_algorithm(byte: Option<u8>) -> Result<ChecksumAlgorithm, FieldError> {
    match byte {
        Some(0) => Ok(ChecksumAlgorithm::None),
        Some(1) => Ok(ChecksumAlgorithm::Crc32),
        Some(code) => Err(FieldError::Invalid {
            field: "checksum algorithm",
            value: u64::from(code),
            why: "is neither 0 nor 1",
        }),
        None => Err(FieldError::Short {
            field: "checksum algorithm",
            need: 1,
            have: 0,
        }),
    }
}

/// MySQL 5.6.1 and MariaDB 5.3 brought checksums.
fn knows_checksums(version: &str) -> bool {
    let first = if version.contains("MariaDB") {
        (5, 3, 0)
    } else {
        (5, 6, 1)
    };
    version_numbers(version) >= first
}

fn version_numbers(version: &str) -> (u32, u32, u32) {
    let mut numbers = version.split('.').map(|part| {
        part.chars()
            .take_while(char::is_ascii_digit)
            .collect::<String>()
            .parse()
            .unwrap_or(0)
    });
    let mut next = || numbers.next().unwrap_or(0);
    (next(), next(), next())
}
