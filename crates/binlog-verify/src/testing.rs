//! Hand-made logs of MySQL for tests.

use std::sync::Arc;

use binlog_parser::event::GtidEvent;
use binlog_parser::gtid::{Gtid, GtidSet, Sid, Tag};
use binlog_parser::{ChecksumAlgorithm, Chunk, FormatDescription, PositionMeaning, Run};

/// Position at which a log's second event stands.
pub(crate) fn head_len() -> u64 {
    4 + log("b.000001", &[]).len() as u64
}

/// An event with this type and body; position and checksum are for [`log`] to set.
pub(crate) fn event(code: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 19];
    bytes[0] = 1;
    bytes[4] = code;
    bytes[9..13].copy_from_slice(&(19 + body.len() as u32 + 4).to_le_bytes());
    bytes.extend(body);
    bytes.extend([0; 4]);
    bytes
}

pub(crate) fn query(sql: &str) -> Vec<u8> {
    let mut body = vec![0; 14];
    body.extend(sql.as_bytes());
    event(2, &body)
}

pub(crate) fn gtid(gno: u64) -> Vec<u8> {
    let mut body = Vec::new();
    let fields = GtidEvent {
        gtid: Some(Gtid {
            sid: Sid([7; 16]),
            tag: Tag::default(),
            gno,
        }),
        ..GtidEvent::default()
    };
    fields.encode(&mut body, binlog_parser::EventType::GTID).unwrap();
    event(33, &body)
}

pub(crate) fn previous(set: &str) -> Vec<u8> {
    let set: GtidSet = set
        .replace('s', "07070707-0707-0707-0707-070707070707")
        .parse()
        .unwrap();
    let mut body = Vec::new();
    set.encode(&mut body);
    event(35, &body)
}

pub(crate) fn rotate(file: &str) -> Vec<u8> {
    let mut body = 4_u64.to_le_bytes().to_vec();
    body.extend(file.as_bytes());
    event(4, &body)
}

/// A transaction of one statement.
pub(crate) fn transaction(gno: u64) -> Vec<Vec<u8>> {
    vec![gtid(gno), query("BEGIN"), query("insert"), event(16, &[0; 8])]
}

pub(crate) fn transactions(numbers: std::ops::RangeInclusive<u64>) -> Vec<Vec<u8>> {
    numbers.flat_map(transaction).collect()
}

/// A whole log as one chunk: a format description of MySQL 8.0 and these events, each a run by itself.
pub(crate) fn log(file: &str, events: &[Vec<u8>]) -> Chunk {
    let format = FormatDescription {
        server_version: "8.0.30".to_owned(),
        post_header_lengths: vec![0; 41],
        checksum: ChecksumAlgorithm::Crc32,
        ..FormatDescription::default()
    };
    let mut body = Vec::new();
    format.encode(&mut body);
    let mut runs = Vec::new();
    let mut end = 4;
    for mut bytes in [vec![event(15, &body)], events.to_vec()].concat() {
        let offset = end;
        end += bytes.len() as u64;
        bytes[13..17].copy_from_slice(&(end as u32).to_le_bytes());
        bytes.truncate(bytes.len() - 4);
        ChecksumAlgorithm::Crc32.append(&mut bytes, 0);
        runs.push(Run {
            bytes: bytes.into(),
            offset,
            packed: false,
        });
    }
    Chunk {
        file: file.into(),
        positions: PositionMeaning::OwnLog,
        format: Arc::new(format),
        runs,
        end,
        open_tables: Vec::new(),
        continues: false,
        unfinished: false,
    }
}

/// The chunk in two: the second begins with the event of this number.
pub(crate) fn split(mut chunk: Chunk, at: usize) -> [Chunk; 2] {
    let rest = chunk.runs.split_off(at);
    let start = rest[0].offset;
    let open = !matches!(rest[0].bytes[4], 33 | 35 | 4);
    let second = Chunk {
        runs: rest,
        open_tables: chunk.tables_left_open(),
        continues: open,
        file: Arc::clone(&chunk.file),
        format: Arc::clone(&chunk.format),
        ..chunk
    };
    chunk.end = start;
    chunk.unfinished = open;
    [chunk, second]
}

/// The chunk without the events of these numbers, as a source behind a hole gives the rest.
pub(crate) fn without(chunk: Chunk, from: usize, to: usize) -> [Chunk; 2] {
    let [first, _] = split(chunk.clone(), from);
    let [_, mut second] = split(chunk, to);
    second.continues = false;
    [first, second]
}

/// The chunk with one byte of an event changed.
pub(crate) fn flipped(mut chunk: Chunk, event: usize, byte: usize) -> Chunk {
    let mut bytes = chunk.runs[event].bytes.to_vec();
    bytes[byte] ^= 1;
    chunk.runs[event].bytes = bytes.into();
    chunk
}
