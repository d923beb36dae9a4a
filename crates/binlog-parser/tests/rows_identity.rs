//! Table maps, row events and rows of the fixtures: what is decoded is encoded to the same bytes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test"
)]

use std::path::{Path, PathBuf};

use binlog_parser::{Decoder, Event, FieldError, MAGIC, MAGIC_LEN, RawEvent, Row, Rows};

/// Logs whose table has fractions of MariaDB 5.3, in columns whose digits no table map tells.
const UNTOLD: [&str; 2] = [
    "mariadb-10.11/hires-temporals.binlog",
    "mariadb-11.8/hires-temporals.binlog",
];
/// The digits of the columns, as `fixtures/workloads/hires-temporals.sql` makes them.
const DIGITS: [u8; 7] = [0, 1, 3, 6, 2, 6, 4];

#[test]
fn fixtures() {
    let mut events = 0;
    for file in logs(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")) {
        events += check(&file);
    }
    assert!(events > 500, "{events} events");
}

/// All plain logs below a folder.
fn logs(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let is_log = |file: &PathBuf| std::fs::read(file).unwrap().starts_with(&MAGIC);
    let mut logs: Vec<PathBuf> = folders.iter().flat_map(|folder| logs(folder)).collect();
    logs.extend(files.into_iter().filter(is_log));
    logs
}

/// Number of table maps and row events in the log.
fn check(file: &Path) -> usize {
    let log = std::fs::read(file).unwrap();
    let mut decoder = Decoder::default();
    let mut offset = MAGIC_LEN as usize;
    let mut count = 0;
    while offset < log.len() {
        // The rest of the log may be encrypted.
        let Ok(raw) = RawEvent::first(&log[offset..], offset as u64, decoder.format()) else {
            break;
        };
        let place = format!("{} at {offset}", file.display());
        let mut body = Vec::new();
        match decoder.decode(&raw) {
            Ok(Event::TableMap(table)) => table.encode(6, &mut body).unwrap(),
            Ok(Event::Rows(mut rows)) => {
                rows.encode(6, &mut body);
                if UNTOLD.iter().any(|name| file.ends_with(name)) {
                    rows.table = rows.table.with_fractions(|index| DIGITS[index]).unwrap().into();
                }
                let again = rows_again(&rows, &place);
                assert!(again.is_none_or(|again| again == rows.data), "{place}");
            }
            _ => body.extend(raw.body()),
        }
        assert_eq!(body, raw.body(), "{place}");
        count += usize::from(matches!(raw.header.event_type.0, 19..=32 | 39));
        offset += raw.bytes().len();
    }
    count
}

/// The images of all changes, decoded and encoded; `None` where a column's type is not decoded.
fn rows_again(rows: &Rows<'_>, place: &str) -> Option<Vec<u8>> {
    let (mut before, mut after, mut data) = (Row::default(), Row::default(), Vec::new());
    let mut changes = rows.iter();
    loop {
        match changes.next_into(&mut before, &mut after) {
            Ok(true) => rows.encode_change(&before, &after, &mut data).expect(place),
            Ok(false) => return Some(data),
            Err((_, FieldError::Unsupported { .. })) => return None,
            Err((at, error)) => panic!("{place} +{at}: {error}"),
        }
    }
}
