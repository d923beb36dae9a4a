//! Hand-made compressed events.

use std::io::Write as _;

use super::*;
use crate::checksum::ChecksumAlgorithm;
use crate::event::{Compression, FormatDescription, TransactionPayload};
use crate::header::{EventFlags, EventHeader, HEADER_LEN};

const LIMITS: ExpandLimits = ExpandLimits {
    event: 1 << 20,
    window_log_max: 23,
};
const CRC: ChecksumAlgorithm = ChecksumAlgorithm::Crc32;

fn event(event_type: EventType, log_pos: u32, body: &[u8], checksum: ChecksumAlgorithm) -> Vec<u8> {
    let mut bytes = Vec::new();
    EventHeader {
        timestamp: 7,
        event_type,
        server_id: 3,
        event_size: (HEADER_LEN + body.len() + checksum.len()) as u32,
        log_pos,
        flags: EventFlags(8),
    }
    .encode(&mut bytes);
    bytes.extend(body);
    checksum.append(&mut bytes, 0);
    bytes
}

/// An event as it stands in a payload.
fn inner(event_type: EventType, body: &[u8]) -> Vec<u8> {
    event(event_type, 0, body, ChecksumAlgorithm::None)
}

fn transaction() -> Vec<Vec<u8>> {
    vec![
        inner(EventType::QUERY, &[b'q'; 40]),
        inner(EventType::TABLE_MAP, &[]),
        inner(EventType::WRITE_ROWS, &b"row ".repeat(20_000)),
        inner(EventType::XID, &[1; 8]),
    ]
}

fn payload(compression: Compression, size: Option<u64>, payload: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    TransactionPayload {
        compression,
        uncompressed_size: size,
        unknown: Vec::new(),
        payload,
    }
    .encode(&mut body);
    event(EventType::TRANSACTION_PAYLOAD, 5000, &body, CRC)
}

fn zstd(events: &[Vec<u8>]) -> Vec<u8> {
    let plain = events.concat();
    let frames = zstd::encode_all(&*plain, 3).unwrap();
    payload(Compression::ZSTD, Some(plain.len() as u64), &frames)
}

fn zlib(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(plain).unwrap();
    let len = (plain.len() as u32).to_be_bytes();
    [&[0x84], &len[..], &encoder.finish().unwrap()].concat()
}

fn expand(bytes: &[u8], limits: ExpandLimits) -> Result<Vec<Vec<u8>>, EventError> {
    let format = FormatDescription {
        checksum: CRC,
        ..FormatDescription::default()
    };
    let raw = RawEvent::first(bytes, 4321, &format)?;
    let mut expansion = Expansion::new(&raw, bytes, limits)?.unwrap();
    let mut events = Vec::new();
    let mut out = Vec::new();
    while expansion.next_into(&mut out)? {
        events.push(std::mem::take(&mut out));
    }
    assert!(out.is_empty());
    assert_eq!(expansion.next_into(&mut out), Ok(false));
    Ok(events)
}

fn check(bytes: &[u8], expected: &[Vec<u8>]) {
    assert_eq!(expand(bytes, LIMITS).unwrap(), expected);
}

fn check_error(bytes: &[u8], limits: ExpandLimits, expected: &str) {
    let error = expand(bytes, limits).unwrap_err();
    assert_eq!(error.event_offset, 4321);
    assert_eq!(error.to_string(), expected);
}

/// The events with the payload's position and a checksum.
fn outer(events: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let outer = |bytes: &Vec<u8>| {
        let header = EventHeader::decode(bytes).unwrap();
        event(header.event_type, 5000, &bytes[HEADER_LEN..], CRC)
    };
    events.iter().map(outer).collect()
}

#[test]
fn payloads() {
    let events = transaction();
    let plain = events.concat();
    let size = Some(plain.len() as u64);
    check(&zstd(&events), &outer(&events));
    check(&payload(Compression::NONE, None, &plain), &outer(&events));
    check(
        &payload(Compression::ZSTD, None, &zstd::encode_all(&*plain, 1).unwrap()),
        &outer(&events),
    );
    check(&payload(Compression::ZSTD, Some(0), &[]), &[]);
    for cut in [1, 19, 60, 78, 40_000, plain.len() - 1] {
        let (first, second) = plain.split_at(cut);
        let frames = [first, &[], second].map(|part| zstd::encode_all(part, 3).unwrap());
        check(&payload(Compression::ZSTD, size, &frames.concat()), &outer(&events));
    }
}

#[test]
fn packed_events_expand_to_themselves() {
    let format = FormatDescription {
        checksum: CRC,
        ..FormatDescription::default()
    };
    let events = outer(&transaction());
    fn raw<'a>(bytes: &'a [u8], format: &FormatDescription) -> RawEvent<'a> {
        RawEvent::first(bytes, 4321, format).unwrap()
    }
    let mut builder = crate::PayloadBuilder::new(&raw(&events[0], &format)).unwrap();
    for event in &events {
        builder.push(&raw(event, &format)).unwrap();
    }
    check(&builder.finish().unwrap(), &events);

    let body = [vec![0; 13], b"\0".to_vec(), b"INSERT INTO t VALUES ('x')".repeat(3000)].concat();
    for text in [26, 260, 70_000] {
        let plain = event(EventType::QUERY, 5000, &body[..text], CRC);
        let Some(packed) = crate::compressed(&raw(&plain, &format)).unwrap() else {
            assert_eq!(text, 26);
            continue;
        };
        assert_eq!(
            raw(&packed, &format).header.event_type,
            EventType::MARIADB_QUERY_COMPRESSED
        );
        check(&packed, &[plain]);
    }
    let other = event(EventType::XID, 5000, &[0; 8], CRC);
    assert_eq!(crate::compressed(&raw(&other, &format)).unwrap(), None);
}

#[test]
fn whatever_is_wrong_with_a_payload() {
    let events = transaction();
    let plain = events.concat();
    let frame = zstd::encode_all(&*plain, 3).unwrap();
    let size = plain.len() as u64;
    let check = |bytes: &[u8], expected: &str| {
        check_error(bytes, LIMITS, &format!("at 4321, TRANSACTION_PAYLOAD {expected}"));
    };
    let at = HEADER_LEN + 13 + frame.len();
    check(
        &payload(Compression::ZSTD, Some(size - 1), &frame),
        &format!("+{at}: expanded +80097: uncompressed size: 80123 is less than there is"),
    );
    check(
        &payload(Compression::ZSTD, Some(size + 1), &frame),
        &format!("+{at}: expanded +80124: uncompressed size: 80125 is more than there is"),
    );
    check(
        &payload(Compression(9), Some(size), &frame),
        "+19: compression type: 9 is not known",
    );
    for len in 1..frame.len() {
        let error = expand(&payload(Compression::ZSTD, Some(size), &frame[..len]), LIMITS).unwrap_err();
        assert!(matches!(error.error, crate::FieldError::Expanded { .. }), "{error}");
    }
    for len in (0..100).chain(80_000..plain.len()) {
        let result = expand(&payload(Compression::NONE, None, &plain[..len]), LIMITS);
        assert_eq!(result.is_ok(), [0, 59, 78, 80_097].contains(&len), "{len}");
    }
}

#[test]
fn bombs() {
    let large = vec![inner(EventType::WRITE_ROWS, &vec![0; 900_000])];
    let limits = ExpandLimits { event: 1000, ..LIMITS };
    let error = expand(&zstd(&large), limits).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("expanded +0: event size: 900019 is over the limit"),
        "{error}"
    );
    let statement = [&[0; 8][..], &[0, 0, 0, 0, 0, 0], &zlib(&vec![b' '; 900_000])].concat();
    check_error(
        &event(EventType::MARIADB_QUERY_COMPRESSED, 1, &statement, CRC),
        limits,
        "at 4321, MARIADB_QUERY_COMPRESSED +33: uncompressed length: 900000 is over the limit",
    );
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(24).unwrap();
    encoder.write_all(&large.concat()).unwrap();
    let wide = payload(Compression::ZSTD, None, &encoder.finish().unwrap());
    let error = expand(&wide, LIMITS).unwrap_err();
    assert!(error.to_string().contains("too much memory"), "{error}");
    for event_type in [
        EventType::TRANSACTION_PAYLOAD,
        EventType::FORMAT_DESCRIPTION,
        EventType::GTID,
    ] {
        let error = expand(&zstd(&[inner(event_type, &[])]), LIMITS).unwrap_err();
        assert!(error.to_string().ends_with("stands in no payload"), "{error}");
    }
}

#[test]
fn any_changed_byte_of_a_payload_is_an_error_or_another_event() {
    let events = transaction();
    let good = zstd(&events);
    for at in HEADER_LEN..good.len() - 4 {
        let mut bad = good.clone();
        bad[at] ^= 0x10;
        if let Ok(others) = expand(&bad, LIMITS) {
            assert_eq!(others.concat().len(), outer(&events).concat().len(), "byte {at}");
        }
    }
}

#[test]
fn mariadb_events() {
    let head = b"\x01\0\0\0\0\0\0\0\x02\0\0\x03\0abcdb\0";
    let sql = b"INSERT INTO t VALUES (1)";
    let compressed = |event_type, head: &[u8], plain: &[u8]| event(event_type, 77, &[head, &zlib(plain)].concat(), CRC);
    let plain = |event_type, head: &[u8], plain: &[u8]| event(event_type, 77, &[head, plain].concat(), CRC);
    check(
        &compressed(EventType::MARIADB_QUERY_COMPRESSED, head, sql),
        &[plain(EventType::QUERY, head, sql)],
    );
    let rows = b"rows ".repeat(30_000);
    let v1 = b"\x05\0\0\0\0\0\x01\0\x09\xff\x01";
    let v1_update = b"\x05\0\0\0\0\0\x01\0\x09\xff\x01\xff\x01";
    let v2 = b"\x05\0\0\0\0\0\x01\0\x03\0x\x02\x03";
    for (packed, code, head) in [
        (
            EventType::MARIADB_WRITE_ROWS_COMPRESSED_V1,
            EventType::WRITE_ROWS_V1,
            &v1[..],
        ),
        (
            EventType::MARIADB_UPDATE_ROWS_COMPRESSED_V1,
            EventType::UPDATE_ROWS_V1,
            v1_update,
        ),
        (
            EventType::MARIADB_DELETE_ROWS_COMPRESSED_V1,
            EventType::DELETE_ROWS_V1,
            v1,
        ),
        (EventType::MARIADB_WRITE_ROWS_COMPRESSED, EventType::WRITE_ROWS, v2),
        (
            EventType::MARIADB_UPDATE_ROWS_COMPRESSED,
            EventType::UPDATE_ROWS,
            b"\x05\0\0\0\0\0\x01\0\x02\0\x02\x03\x03",
        ),
        (EventType::MARIADB_DELETE_ROWS_COMPRESSED, EventType::DELETE_ROWS, v2),
    ] {
        check(&compressed(packed, head, &rows), &[plain(code, head, &rows)]);
    }
}

#[test]
fn whatever_is_wrong_with_a_mariadb_event() {
    let body = [
        b"\x01\0\0\0\0\0\0\0\x02\0\0\0\0db\0",
        &zlib(&b"DROP TABLE a, ".repeat(20))[..],
    ]
    .concat();
    let of = |body: &[u8]| expand(&event(EventType::MARIADB_QUERY_COMPRESSED, 0, body, CRC), LIMITS);
    assert!(of(&body).is_ok());
    for len in 0..body.len() {
        assert!(of(&body[..len]).is_err(), "{len}");
    }
    for at in 16..body.len() {
        let mut bad = body.clone();
        bad[at] ^= 0x10;
        // The last byte before zlib's checksum has bits that say nothing.
        assert!(of(&bad).is_err() || of(&bad) == of(&body), "{at}");
    }
    assert!(of(&[&body[..], b"x"].concat()).is_err());
}
