//! Damaged copies of logs.

use std::sync::Arc;

use anyhow::Result;

use super::case::{Case, Change, Log};
use super::logs::boundaries;

/// The options under which damage is looked at.
const OPTIONS: &[&[&str]] = &[
    &["-v"],
    &["-c", "-vv"],
    &["-f"],
    &["-f", "-c", "-s"],
    &["--skip-force-if-open", "-H"],
];

/// Cut in the log's head, in and around headers, and in bodies.
pub(crate) fn cut(log: &Log) -> Result<Vec<Case>> {
    let bytes = Arc::new(log.bytes()?);
    let mut places: Vec<usize> = (0..30).collect();
    for place in boundaries(&bytes)? {
        places.extend([0, 1, 4, 9, 18, 19, 20, 27, 40].map(|more| place + more));
    }
    places.retain(|place| *place < bytes.len());
    places.sort_unstable();
    places.dedup();
    let logs = places
        .into_iter()
        .map(|place| Log::made(&log.name, &bytes, Change::Cut(place)));
    Ok(turns(logs))
}

/// One bit turned over in every `step`th byte. Only with checksums: without them the real program prints whatever it takes
/// the bytes for, ours at times an error.
pub(crate) fn flipped(log: &Log, step: usize) -> Result<Vec<Case>> {
    let bytes = Arc::new(log.bytes()?);
    let options: &[&[&str]] = &[&["-c", "-vv"], &["-f", "-c", "-s"], &["-c", "-H"]];
    let logs = (0..bytes.len()).step_by(step).map(|at| {
        let bits = 1 << (at % 8);
        Log::made(&log.name, &bytes, Change::Flip { at, bits })
    });
    let turns = options.iter().cycle().zip(logs);
    Ok(turns.map(|(options, log)| case(options, &log)).collect())
}

/// Each field of each header, changed; but not so that the bytes are read as another event's, which the real program
/// prints whatever they are.
pub(crate) fn headers(log: &Log) -> Result<Vec<Case>> {
    const FIELDS: &[(usize, &[u8])] = &[
        (0, &[0, 0, 0, 0]),
        (4, &[0]),
        (4, &[1]),
        (4, &[15]),
        (4, &[22]),
        (4, &[26]),
        (4, &[28]),
        (4, &[43]),
        (4, &[160]),
        (4, &[255]),
        (5, &[9, 9, 9, 9]),
        (9, &[0, 0, 0, 0]),
        (9, &[18, 0, 0, 0]),
        (9, &[19, 0, 0, 0]),
        (9, &[255, 255, 255, 127]),
        (9, &[255, 255, 255, 255]),
        (13, &[0, 0, 0, 0]),
        (17, &[0x80, 0]),
        (17, &[1, 0]),
        (17, &[255, 255]),
    ];
    let bytes = Arc::new(log.bytes()?);
    let mut logs = Vec::new();
    for place in boundaries(&bytes)?.into_iter().take(14) {
        for (offset, new) in FIELDS {
            let at = place + offset;
            logs.push(Log::made(&log.name, &bytes, Change::Put { at, bytes: new }));
        }
    }
    Ok(turns(logs))
}

/// Bodies that no server writes, and that the real program prints without a doubt where it verifies no checksums.
pub(crate) fn bodies(log: &Log) -> Result<Vec<Case>> {
    /// Of events of a type, from the first byte of the header.
    const CHANGES: &[(u8, usize, &[u8])] = &[
        (4, 19, &[255; 8]),
        (15, 19, &[99]),
        (15, 27, &[0xf6]),
        (19, 29, &[0]),
        (19, 30, b"`"),
        (30, 25, &[0xff, 1]),
        (31, 25, &[0x41, 0]),
        (32, 25, &[8, 0x80]),
        (30, 27, &[255, 255]),
        (34, 20, &[7; 16]),
        (34, 36, &[7]),
        (40, 20, &[9]),
        (40, 25, &[1]),
        (40, 31, &[0]),
        (40, 60, &[255; 8]),
        (40, 90, &[255; 2]),
    ];
    const OPTIONS: &[&[&str]] = &[&[], &["-v"], &["-H"], &["-s"]];
    let bytes = Arc::new(log.bytes()?);
    let mut logs = Vec::new();
    for place in boundaries(&bytes)? {
        let Some(code) = bytes.get(place + 4) else { continue };
        for (_, offset, new) in CHANGES.iter().filter(|(of, ..)| of == code) {
            let at = place + offset;
            logs.push(Log::made(&log.name, &bytes, Change::Put { at, bytes: new }));
        }
    }
    let turns = OPTIONS.iter().cycle().zip(logs);
    Ok(turns.map(|(options, log)| case(options, &log)).collect())
}

/// The JSON column of the fixture's tables as a typed array of these elements, as early releases of MySQL 8.0 log the
/// hidden columns of multi-valued indexes.
pub(crate) fn typed_arrays(log: &Log) -> Result<Vec<Case>> {
    /// The types INT and JSON, and one byte of metadata.
    const COLUMNS: [u8; 4] = [3, 245, 1, 4];
    const ELEMENTS: [&[u8]; 6] = [
        &[3, 20, 1, 3],
        &[3, 20, 1, 8],
        &[3, 20, 1, 11],
        &[3, 20, 1, 12],
        &[3, 20, 1, 14],
        &[3, 20, 1, 13],
    ];
    let bytes = Arc::new(log.bytes()?);
    let places = bytes.windows(4).enumerate().filter(|(_, window)| *window == COLUMNS);
    let mut cases = Vec::new();
    for (at, _) in places {
        for bytes_at in ELEMENTS {
            let log = Log::made(&log.name, &bytes, Change::Put { at, bytes: bytes_at });
            cases.push(case(&["-v"], &log));
            cases.push(case(&["-vv", "--print-table-metadata"], &log));
        }
    }
    Ok(cases)
}

/// Bytes after the last event.
pub(crate) fn longer(log: &Log) -> Result<Vec<Case>> {
    let bytes = Arc::new(log.bytes()?);
    let tails: [&[u8]; 5] = [b"\0", &[0; 19], &[0; 4096], &[255; 64], b"\xfebin"];
    let logs = tails.map(|tail| Log::made(&log.name, &bytes, Change::Append(tail)));
    Ok(OPTIONS
        .iter()
        .flat_map(|options| logs.iter().map(|log| case(options, log)))
        .collect())
}

/// Each log with the options, one after the other.
fn turns(logs: impl IntoIterator<Item = Log>) -> Vec<Case> {
    let options = OPTIONS.iter().cycle();
    logs.into_iter()
        .zip(options)
        .map(|(log, options)| case(options, &log))
        .collect()
}

fn case(options: &[&str], log: &Log) -> Case {
    Case::new(options.iter().copied(), [log.clone()])
}
