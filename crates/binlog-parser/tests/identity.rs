//! Every event of every fixture: what is decoded is encoded to the same bytes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use binlog_parser::event::{QueryStatus, StatusVariable};
use binlog_parser::{Decoder, Event, EventType, HEADER_LEN, MAGIC, MAGIC_LEN, RawEvent, put_event};

#[test]
fn fixtures() {
    let mut seen = BTreeMap::new();
    for file in logs(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")) {
        check(&file, &mut seen);
    }
    let expected = [
        EventType::QUERY,
        EventType::STOP,
        EventType::ROTATE,
        EventType::INTVAR,
        EventType::RAND,
        EventType::USER_VAR,
        EventType::FORMAT_DESCRIPTION,
        EventType::XID,
        EventType::BEGIN_LOAD_QUERY,
        EventType::APPEND_BLOCK,
        EventType::EXECUTE_LOAD_QUERY,
        EventType::TABLE_MAP,
        EventType::WRITE_ROWS_V1,
        EventType::UPDATE_ROWS_V1,
        EventType::DELETE_ROWS_V1,
        EventType::INCIDENT,
        EventType::ROWS_QUERY,
        EventType::WRITE_ROWS,
        EventType::UPDATE_ROWS,
        EventType::DELETE_ROWS,
        EventType::GTID,
        EventType::ANONYMOUS_GTID,
        EventType::GTID_TAGGED,
        EventType::PREVIOUS_GTIDS,
        EventType::XA_PREPARE,
        EventType::PARTIAL_UPDATE_ROWS,
        EventType::TRANSACTION_PAYLOAD,
        EventType::MARIADB_ANNOTATE_ROWS,
        EventType::MARIADB_BINLOG_CHECKPOINT,
        EventType::MARIADB_GTID,
        EventType::MARIADB_GTID_LIST,
    ];
    let missing: Vec<_> = expected.iter().filter(|kind| !seen.contains_key(kind)).collect();
    assert!(missing.is_empty(), "no fixture has {missing:?}");
}

/// The logs below a folder, except those that are encrypted as a whole.
fn logs(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let is_log = |file: &PathBuf| {
        file.extension()
            .is_some_and(|name| name == "binlog" || name == "relaylog")
    };
    let is_plain = |file: &PathBuf| std::fs::read(file).unwrap().starts_with(&MAGIC);
    let mut logs: Vec<PathBuf> = folders.iter().flat_map(|folder| logs(folder)).collect();
    logs.extend(files.into_iter().filter(|file| is_log(file) && is_plain(file)));
    logs
}

/// Events of a type that are damaged.
const DAMAGED: usize = 50;

fn check(file: &Path, seen: &mut BTreeMap<EventType, usize>) {
    let log = std::fs::read(file).unwrap();
    let mut decoder = Decoder::default();
    let mut offset = MAGIC_LEN as usize;
    while offset < log.len() {
        let place = format!("{} at {offset}", file.display());
        let raw = RawEvent::first(&log[offset..], offset as u64, decoder.format()).expect(&place);
        let event = decoder.decode(&raw).expect(&place);
        let again = encoded(&decoder, &raw, &event);
        assert_eq!(again, raw.bytes(), "{place}: {event:?}");
        if let Event::Query(query) = &event {
            check_status(&query.status, &place);
        }
        let count = seen.entry(raw.header.event_type).or_default();
        *count += 1;
        // The unused bits of a table map's set of nullable columns are not kept.
        if *count <= DAMAGED && raw.header.event_type != EventType::TABLE_MAP {
            damaged(&decoder, &raw, &place);
        }
        offset += raw.bytes().len();
        if raw.header.event_type == EventType::MARIADB_START_ENCRYPTION {
            break;
        }
    }
}

/// Where one byte of the body is another one: what is decoded all the same is encoded to those bytes.
fn damaged(decoder: &Decoder, raw: &RawEvent<'_>, place: &str) {
    const LONGEST: usize = 160;
    let mut bytes = raw.bytes().to_vec();
    for at in HEADER_LEN..raw.bytes().len().min(HEADER_LEN + LONGEST) - raw.checksum().len() {
        for change in [1, 0x80, 0xff] {
            bytes[at] ^= change;
            let mut decoder = decoder.clone();
            let other = RawEvent::first(&bytes, raw.offset, decoder.format()).expect(place);
            if let Ok(event) = decoder.decode(&other) {
                let mut body = Vec::new();
                event
                    .encode(raw.header.event_type, decoder.format(), &mut body)
                    .expect(place);
                assert_eq!(body, other.body(), "{place}: byte {at} ^ {change:#x}: {event:?}");
            }
            bytes[at] ^= change;
        }
    }
}

/// The whole event, made of its header and its decoded body.
fn encoded(decoder: &Decoder, raw: &RawEvent<'_>, event: &Event<'_>) -> Vec<u8> {
    let kind = raw.header.event_type;
    assert_eq!(decoder.format().checksum_of(kind), raw.checksum());
    let (mut body, mut bytes) = (Vec::new(), Vec::new());
    event.encode(kind, decoder.format(), &mut body).unwrap();
    put_event(&mut bytes, &raw.header, &body, raw.checksum()).unwrap();
    bytes
}

/// Each variable is known, and is encoded to the same bytes.
fn check_status(status: &QueryStatus<'_>, place: &str) {
    let mut again = Vec::new();
    for variable in QueryStatus::variables(status.raw) {
        let variable = variable.expect(place);
        assert!(!matches!(variable, StatusVariable::Unknown(_)), "{place}: {variable:?}");
        variable.encode(&mut again);
    }
    assert_eq!(again, status.raw, "{place}");
}
