use std::fs;
use std::path::PathBuf;

use super::*;
use crate::commands::mysqlbinlog::messages::Program;

fn fixture() -> Vec<u8> {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../../fixtures/mysql-9.7/gtid.1.binlog"]
        .iter()
        .collect();
    fs::read(path).unwrap()
}

/// Positions of the events, that of the description in brackets where it comes first, and the end.
fn check(bytes: &[u8], start: u64, verify: bool, expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    fs::write(&path, bytes).unwrap();
    let (program, mut out) = (Program { path: "m".to_owned() }, Vec::new());
    let mut messages = Messages::new(program, &mut out);
    let mut words = Vec::new();
    match Log::open(path.as_os_str(), start, verify, &mut messages) {
        Err(error) => words.push(format!("{error:?}")),
        Ok((mut log, described)) => {
            words.extend(described.map(|found| format!("[{}]", found.position)));
            words.extend(rest(&mut log));
        }
    }
    assert_eq!(words.join(" "), expected, "{start} {verify}");
}

fn rest(log: &mut Log) -> Vec<String> {
    let mut words = Vec::new();
    loop {
        match log.next() {
            Ok(Some((found, _))) => words.push(found.position.to_string()),
            Ok(None) => return words,
            Err(error) => {
                words.push(format!("{error:?} {}", log.is_in_use()));
                return words;
            }
        }
    }
}

#[test]
fn whole_and_from_the_middle() {
    let log = &fixture()[..602];
    check(log, 4, true, "4 127 158 235 365 442");
    check(log, 100, true, "[4] 127 158 235 365 442");
    check(log, 150, true, "[127] 158 235 365 442");
    check(log, 235, true, "[158] 235 365 442");
    check(log, 200, true, "[158] 235 365 442");
    check(log, 442, false, "[158] 442");
    check(log, 443, false, "[158] TooLarge false");
    check(log, 10_000, false, "[158]");
}

#[test]
fn damaged() {
    let log = fixture();
    check(b"", 4, false, "Magic");
    check(b"abc", 4, false, "Magic");
    check(b"abcd", 4, false, "NoLog");
    check(b"\xfdbin", 4, false, "Encrypted");
    check(&log[..10], 4, false, "Truncated false");
    check(&log[..130], 4, false, "4 Truncated false");
    check(&log[..130], 128, false, "Truncated");
    let changed = |at: usize, bytes: &[u8], verify: bool, expected: &str| {
        let mut log = log[..602].to_vec();
        log[at..at + bytes.len()].copy_from_slice(bytes);
        check(&log, 4, verify, expected);
    };
    changed(158 + 9, &[0; 4], true, "4 127 Bogus false");
    changed(158 + 9, &[18, 0, 0, 0], true, "4 127 Bogus false");
    changed(158 + 9, &[19, 0, 0, 0], false, "4 127 Invalid false");
    changed(158 + 9, &[19, 0, 0, 0], true, "4 127 Checksum false");
    changed(158 + 9, &[255; 4], true, "4 127 TooLarge false");
    changed(158 + 9, &[0, 0, 0, 64], true, "4 127 Truncated false");
    changed(158 + 30, &[7], false, "4 127 158 235 365 442");
    changed(158 + 30, &[7], true, "4 127 Checksum false");
    changed(4 + 9, &[30, 0, 0, 0], false, "Format false");
    for unknown in [0, 1, 22, 28, 43, 160, 255] {
        changed(158 + 4, &[unknown], false, "4 127 Invalid false");
    }
    changed(4 + 19, &[3], false, "4 127 158 235 365 442");
    changed(127 - 5, &[7], false, "4 127 158 235 365 442");
    changed(4 + 19 + 2, b"x.y", false, "Invalid false");
    let mut open = log.clone();
    open[4 + 17] = 1;
    check(&open[..610], 442, true, "[158] 442 Truncated true");
}
