//! The format of a log whose format description is lost.

use std::sync::Arc;

use binlog_parser::event::Flavour;
use binlog_parser::{ChecksumAlgorithm, EventHeader, EventType, FormatDescription};

use super::judge::{Judge, Verdict};

/// Events that are looked at to tell whose log it is.
const LOOK: usize = 64;

/// Fixed lengths of the event types that both families of servers write since MySQL 5.6, from START_V3 on.
const COMMON: [u8; 35] = [
    56, 13, 0, 8, 0, 18, 0, 4, 4, 4, 4, 18, 0, 0, 98, 0, 4, 26, 8, 0, 0, 0, 8, 8, 8, 2, 0, 0, 0, 10, 10, 10, 25, 25, 0,
];
/// Those of MySQL 8.0 from TRANSACTION_CONTEXT on.
const MYSQL: [u8; 6] = [18, 52, 0, 10, 40, 0];
/// Those of MariaDB from ANNOTATE_ROWS (160) on.
const MARIADB: [u8; 12] = [0, 4, 19, 4, 0, 13, 8, 8, 8, 10, 10, 10];
const MARIADB_FIRST: usize = 159;

/// A format, and where it is from.
#[derive(Debug, Clone)]
pub(super) struct Guess {
    pub(super) format: Arc<FormatDescription>,
    pub(super) from: &'static str,
}

/// The format that events with these checksums have: of `hints` the first that can be, else a standard one. `bytes` begin
/// with an event at `offset`.
pub(super) fn guess(bytes: &[u8], offset: u64, checksum: ChecksumAlgorithm, hints: &[Arc<FormatDescription>]) -> Guess {
    let flavour = flavour_of(bytes, offset, checksum);
    let fits = |hint: &&Arc<FormatDescription>| {
        hint.checksum == checksum && flavour.is_none_or(|flavour| hint.flavour() == flavour)
    };
    match hints.iter().find(fits) {
        Some(hint) => Guess {
            format: Arc::clone(hint),
            from: "another log",
        },
        None => Guess {
            format: Arc::new(standard(flavour.unwrap_or_default(), checksum)),
            from: match flavour.unwrap_or_default() {
                Flavour::MySql => "MySQL 8.0",
                Flavour::MariaDb => "MariaDB 10.6",
            },
        },
    }
}

/// Whether an event of a log of unknown format begins here, and how such a log's events are checksummed.
pub(super) fn begins(
    bytes: &[u8],
    offset: u64,
    all: bool,
    spend: &mut impl FnMut(usize) -> bool,
) -> (Verdict, ChecksumAlgorithm) {
    for checksum in [ChecksumAlgorithm::Crc32, ChecksumAlgorithm::None] {
        let format = standard(Flavour::MariaDb, checksum);
        let judge = Judge {
            format: &format,
            shift: Some(0),
        };
        match judge.begins(bytes, offset, all, spend) {
            Verdict::No => {}
            Verdict::Yes(_) if is_description(bytes) || checksum.is_empty() && is_checksummed_behind(bytes) => {}
            verdict => return (verdict, checksum),
        }
    }
    (Verdict::No, ChecksumAlgorithm::None)
}

/// A format description that could be read would be no guess.
fn is_description(bytes: &[u8]) -> bool {
    EventHeader::decode(bytes).is_ok_and(|header| header.event_type == EventType::FORMAT_DESCRIPTION)
}

/// Whether the event behind the first has a checksum: then the first is damaged.
fn is_checksummed_behind(bytes: &[u8]) -> bool {
    let next = |bytes| Some(EventHeader::decode(bytes).ok()?.event_size as usize);
    let event = || {
        let behind = bytes.get(next(bytes)?..)?;
        behind.get(..next(behind)?)
    };
    event().is_some_and(|event| ChecksumAlgorithm::Crc32.verify(event).is_ok())
}

/// The format of a usual server of the family.
pub(super) fn standard(flavour: Flavour, checksum: ChecksumAlgorithm) -> FormatDescription {
    let mut post_header_lengths = COMMON.to_vec();
    let server_version = match flavour {
        Flavour::MySql => {
            post_header_lengths.extend(MYSQL);
            "8.0.40"
        }
        Flavour::MariaDb => {
            post_header_lengths.resize(MARIADB_FIRST, 0);
            post_header_lengths.extend(MARIADB);
            "10.6.20-MariaDB"
        }
    };
    FormatDescription {
        server_version: server_version.to_owned(),
        post_header_lengths,
        checksum,
        ..FormatDescription::default()
    }
}

/// Whose events they are, where one of them tells.
fn flavour_of(bytes: &[u8], offset: u64, checksum: ChecksumAlgorithm) -> Option<Flavour> {
    let format = standard(Flavour::MariaDb, checksum);
    let judge = Judge {
        format: &format,
        shift: None,
    };
    let mut at = 0;
    for _ in 0..LOOK {
        let header = EventHeader::decode(bytes.get(at..)?).ok()?;
        if !judge.follows(&header, offset + at as u64) {
            return None;
        }
        match header.event_type {
            EventType(160..) => return Some(Flavour::MariaDb),
            // Between them is XA_PREPARE (38), which both write.
            EventType(33..=37 | 40..=42) => return Some(Flavour::MySql),
            _ => at += header.event_size as usize,
        }
    }
    None
}
