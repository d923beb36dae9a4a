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
    /// The field that holds the version text, where the text and zeros behind it do not give its bytes.
    pub server_version_field: Option<Box<[u8; VERSION_LEN]>>,
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
            server_version_field: None,
            created: 0,
            header_length: HEADER_LEN as u8,
            post_header_lengths: Vec::new(),
            checksum: ChecksumAlgorithm::None,
        }
    }
}

impl FormatDescription {
    /// Reads the body (without the trailing checksum, with the algorithm byte).
    ///
    /// # Errors
    /// The format is not that of version 4, or the version text has no version number, by which alone it is known
    /// whether the events carry checksums. The servers refuse such a log too (`version_is_valid`).
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
        let field = reader.array("server version")?;
        let server_version = version_text(&field);
        if version_numbers(&server_version).is_none() {
            return Err(FieldError::Unsupported {
                field: "server version",
                why: "it has no version number, by which it is known whether events carry checksums",
            });
        }
        let created = reader.u32("creation time")?;
        let header_length = reader.u8("header length")?;
        if usize::from(header_length) != HEADER_LEN {
            let value = u64::from(header_length);
            return Err(FieldError::Invalid {
                field: "header length",
                value,
                why: "is not 19, the length of all headers that servers write",
            });
        }
        let mut post_header_lengths = reader.take_rest().to_vec();
        let checksum = match knows_checksums(&server_version) {
            true => checksum_algorithm(post_header_lengths.pop())?,
            false => ChecksumAlgorithm::None,
        };
        Ok(Self {
            binlog_version,
            server_version_field: (padded(&server_version) != field).then(|| Box::new(field)),
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
        out.extend(self.version_field());
        out.extend(self.created.to_le_bytes());
        out.push(self.header_length);
        out.extend(&self.post_header_lengths);
        if knows_checksums(&self.server_version) {
            out.push(u8::from(self.checksum == ChecksumAlgorithm::Crc32));
        }
    }

    /// The field as stored; a text that was changed since counts more.
    fn version_field(&self) -> [u8; VERSION_LEN] {
        match &self.server_version_field {
            Some(field) if version_text(&**field) == self.server_version => **field,
            _ => padded(&self.server_version),
        }
    }

    /// How an event of this type is checksummed: a format description has a checksum whenever the server knows
    /// them, even where other events have none.
    #[must_use]
    pub fn checksum_of(&self, event_type: EventType) -> ChecksumAlgorithm {
        match event_type == EventType::FORMAT_DESCRIPTION && knows_checksums(&self.server_version) {
            true => ChecksumAlgorithm::Crc32,
            false => self.checksum,
        }
    }

    /// Width of table ids: 6 bytes, or 4 where the post-header is 6 bytes long (5.1 before GA).
    #[must_use]
    pub fn table_id_len(&self, event_type: EventType) -> usize {
        match self.post_header_length(event_type) {
            Some(6) => 4,
            _ => 6,
        }
    }

    /// Which family of servers wrote the log.
    #[must_use]
    pub fn flavour(&self) -> Flavour {
        match is_mariadb(&self.server_version) {
            true => Flavour::MariaDb,
            false => Flavour::MySql,
        }
    }

    /// Length of the fixed part of a type's body; `None` for types that the server did not know.
    #[must_use]
    pub fn post_header_length(&self, event_type: EventType) -> Option<usize> {
        let index = usize::from(event_type.0).checked_sub(1)?;
        self.post_header_lengths.get(index).map(|len| usize::from(*len))
    }

    /// Major, minor and patch number of the server; zeros where the text has none.
    #[must_use]
    pub fn version_numbers(&self) -> (u32, u32, u32) {
        version_numbers(&self.server_version).unwrap_or_default()
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

/// `master_version_split` of MariaDB.
fn is_mariadb(version: &str) -> bool {
    version.contains("MariaDB") || version.contains("-maria-")
}

/// The text cut to the length of the field, and zeros.
fn padded(version: &str) -> [u8; VERSION_LEN] {
    let mut field = [0; VERSION_LEN];
    field.iter_mut().zip(version.bytes()).for_each(|(to, byte)| *to = byte);
    field
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
    let first = if is_mariadb(version) { (5, 3, 0) } else { (5, 6, 1) };
    version_numbers(version).is_some_and(|numbers| numbers >= first)
}

/// Three numbers below 256, of which missing ones are 0: `X.Y.Zabc`, `X.Yabc` (`do_server_version_split` of the
/// servers). `None` where the first is not followed by a dot, one is larger, or all are 0.
fn version_numbers(version: &str) -> Option<(u32, u32, u32)> {
    let (major, rest) = version_number(version)?;
    let (minor, rest) = version_number(rest.strip_prefix('.')?)?;
    let (patch, _) = version_number(rest.strip_prefix('.').unwrap_or(rest))?;
    Some((major, minor, patch)).filter(|numbers| *numbers != (0, 0, 0))
}

/// The number at the front of the text, 0 if there is none, and what follows it.
fn version_number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    let number = if digits.is_empty() {
        Some(0)
    } else {
        digits.parse().ok()
    };
    Some((number.filter(|number| *number < 256)?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(version: &[u8], lengths: &[u8]) -> Vec<u8> {
        let mut body = vec![4, 0];
        body.extend(version);
        body.resize(2 + VERSION_LEN, 0);
        body.extend([1, 2, 3, 4, 19]);
        body.extend(lengths);
        body
    }

    #[test]
    fn both_ways() {
        let check = |version: &[u8], text: &str, flavour, checksum| {
            let body = body(version, &[56, 13, 0, 1]);
            let format = FormatDescription::decode(&body).unwrap();
            assert_eq!((&*format.server_version, format.flavour()), (text, flavour));
            assert_eq!(format.checksum, checksum);
            let mut again = Vec::new();
            format.encode(&mut again);
            assert_eq!(again, body);
        };
        let (none, crc32) = (ChecksumAlgorithm::None, ChecksumAlgorithm::Crc32);
        check(b"9.7.0", "9.7.0", Flavour::MySql, crc32);
        check(b"5.5.62-log", "5.5.62-log", Flavour::MySql, none);
        check(b"5.3.2-MariaDB", "5.3.2-MariaDB", Flavour::MariaDb, crc32);
        check(b"5.2.14-maria-log", "5.2.14-maria-log", Flavour::MariaDb, none);
        check(b"8.4.3\0rest of a buffer", "8.4.3", Flavour::MySql, crc32);
        check(b"8.4.3-\xff\xfe", "8.4.3-\u{fffd}\u{fffd}", Flavour::MySql, crc32);
        check(
            &[b"8.4.", &[b'1'; 1][..], &[b'x'; 45]].concat(),
            &format!("8.4.1{}", "x".repeat(45)),
            Flavour::MySql,
            crc32,
        );
    }

    #[test]
    fn a_changed_version_counts() {
        let mut format = FormatDescription::decode(&body(b"8.4.3\0rest", &[0])).unwrap();
        assert!(format.server_version_field.is_some());
        format.server_version = "9.0.0".to_owned();
        let mut again = Vec::new();
        format.encode(&mut again);
        assert_eq!(again, body(b"9.0.0", &[0]));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let check = |body: &[u8], expected: &str| {
            let error = FormatDescription::decode(body).unwrap_err();
            assert_eq!(error.to_string(), expected);
        };
        let unknown = "server version: not supported: \
                       it has no version number, by which it is known whether events carry checksums";
        for version in [&b""[..], b"nightly", b"8", b"256.0.0", b"8.256.0", b"0.0.0", b"v8.0.30"] {
            check(&body(version, &[56, 13, 1]), unknown);
        }
        check(&body(b"8.0.30", &[]), "checksum algorithm: need 1 bytes, have 0");
        check(&body(b"8.0.30", &[2]), "checksum algorithm: 2 is neither 0 nor 1");
        let mut longer = body(b"8.0.30", &[0]);
        longer[56] = 27;
        check(
            &longer,
            "header length: 27 is not 19, the length of all headers that servers write",
        );
        longer[0] = 3;
        check(&longer, "binlog version: 3 is not 4");
    }

    #[test]
    fn numbers() {
        let check = |text: &str, expected| assert_eq!(version_numbers(text), expected, "{text}");
        check("8.0.30", Some((8, 0, 30)));
        check("10.11.6-MariaDB-1:10.11.6+maria~deb12-log", Some((10, 11, 6)));
        check("5.6rc.3", Some((5, 6, 0)));
        check("3.23", Some((3, 23, 0)));
        check("4.0.30-log", Some((4, 0, 30)));
        check("99999999999.0.0", None);
    }

    #[test]
    fn checksums_of_events() {
        let format = |version: &str, checksum| FormatDescription {
            server_version: version.to_owned(),
            checksum,
            ..FormatDescription::default()
        };
        let (none, crc32) = (ChecksumAlgorithm::None, ChecksumAlgorithm::Crc32);
        let new = format("8.0.30", none);
        assert_eq!(new.checksum_of(EventType::FORMAT_DESCRIPTION), crc32);
        assert_eq!(new.checksum_of(EventType::QUERY), none);
        assert_eq!(format("8.0.30", crc32).checksum_of(EventType::QUERY), crc32);
        assert_eq!(format("5.5.1", none).checksum_of(EventType::FORMAT_DESCRIPTION), none);
    }
}
