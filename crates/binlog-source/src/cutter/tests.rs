use binlog_parser::event::{Compression, GtidEvent, TransactionPayload};

use super::*;
use crate::testing::{Log, event, query, rotate};

fn options(chunk_limit: usize) -> CutOptions {
    CutOptions {
        chunk_limit,
        statement_limit: 2000,
        ..CutOptions::default()
    }
}

fn cut(chunk_limit: usize, events: &[Vec<u8>]) -> Result<Vec<Chunk>, SourceError> {
    let mut cutter = Cutter::new("b.000001".into(), options(chunk_limit));
    let mut chunks = Vec::new();
    for event in events {
        cutter.push(Bytes::from(event.clone()));
        while let Some(chunk) = cutter.next()? {
            chunks.push(chunk);
        }
    }
    chunks.extend(cutter.flush());
    Ok(chunks)
}

/// Chunks as `file first-offset events end`, with `<` and `>` where a transaction goes on.
fn brief(chunks: &[Chunk]) -> Vec<String> {
    let brief = |chunk: &Chunk| {
        let (first, count) = (chunk.start().unwrap(), chunk.entries().count());
        let (continues, unfinished) = (
            ["", "<"][usize::from(chunk.continues)],
            ["", ">"][usize::from(chunk.unfinished)],
        );
        format!("{continues}{} {first} {count} {}{unfinished}", chunk.file, chunk.end)
    };
    chunks.iter().map(brief).collect()
}

fn rows(end: bool) -> Vec<u8> {
    event(30, &[7, 0, 0, 0, 0, 0, u8::from(end), 0, 2, 0, 9, 9])
}

#[test]
fn cuts_between_transactions_and_statements() {
    let transaction = |statements: usize| {
        let mut events = vec![event(33, &[0; 42]), query("BEGIN")];
        for _ in 0..statements {
            events.extend([event(19, &[0; 30]), rows(false), rows(true)]);
        }
        events.push(event(16, &[0; 8]));
        events
    };
    let log = Log::new().with(transaction(1)).with(transaction(2));
    let all = |limit| brief(&cut(limit, &log.events).unwrap());
    let end = log.bytes.len();
    assert_eq!(all(1 << 20), [format!("b.000001 4 16 {end}")]);
    let at = |count: usize| 4 + log.events[..count].iter().map(Vec::len).sum::<usize>();
    let expected = [
        format!("b.000001 4 6 {}>", at(6)),
        format!("<b.000001 {} 6 {}>", at(6), at(12)),
        format!("<b.000001 {} 4 {end}", at(12)),
    ];
    assert_eq!(
        all(360),
        [format!("b.000001 4 7 {}", at(7)), format!("b.000001 {} 9 {end}", at(7))]
    );
    assert_eq!(all(250), expected);
}

#[test]
fn refuses_what_is_too_large() {
    let log = Log::new().with(vec![
        event(33, &[0; 42]),
        query("BEGIN"),
        rows(false),
        event(30, &[0; 2000]),
    ]);
    let error = cut(1, &log.events).unwrap_err();
    assert!(
        matches!(error, SourceError::StatementTooLarge { limit: 2000, .. }),
        "{error}"
    );
}

#[test]
fn a_stream_counts_as_its_source_does() {
    let format = Log::new().events;
    let far = (5u64 << 32) + 100;
    let at = |mut event: Vec<u8>, end: u64| {
        event[13..17].copy_from_slice(&(end as u32).to_le_bytes());
        crate::testing::checksummed(event)
    };
    let query_at = |end| at(query("create table t (a int)"), end);
    let size = query_at(0).len() as u64;
    let events = [
        format[0].clone(),
        rotate("b.000007", far),
        query_at(far + size),
        query_at(far + size + (4 << 30) - 1),
        query_at(0),
        format[0].clone(),
        rotate("b.000008", 4),
        query_at(4 + size),
    ];
    let chunks = cut(1 << 20, &events).unwrap();
    assert_eq!(chunks[0].positions, PositionMeaning::SourceLog);
    let offsets: Vec<_> = chunks[0].events().map(|raw| raw.unwrap().offset).collect();
    let late = far + size + (4 << 30) - 1;
    assert_eq!(offsets, [4, far, far, late - size, late]);
    assert_eq!(chunks[0].end, late + size);
    assert_eq!(brief(&chunks[1..]), [format!("b.000008 4 3 {}", 4 + size)]);
}

#[test]
fn each_log_has_its_own_head() {
    let format = Log::new().events[0].clone();
    let events = [
        format.clone(),
        rotate("b.1", 50),
        format.clone(),
        rotate("b.2", 4),
        query("x"),
    ];
    let files: Vec<_> = cut(1, &events)
        .unwrap()
        .iter()
        .map(|chunk| (chunk.file.to_string(), chunk.entries().count()))
        .collect();
    assert_eq!(files, [("b.1".to_owned(), 2), ("b.2".to_owned(), 3)]);
}

#[test]
fn a_log_begins_with_its_format() {
    let error = cut(1, &[query("BEGIN")]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "b.000001 at 4: the log does not begin with a format description event"
    );
}

/// A payload of these events, of which only headers and bodies are taken.
fn payload(events: &[Vec<u8>]) -> Vec<u8> {
    let mut plain = Vec::new();
    for event in events {
        let mut event = event[..event.len() - 4].to_vec();
        let size = event.len() as u32;
        event[9..13].copy_from_slice(&size.to_le_bytes());
        plain.extend(event);
    }
    let mut body = Vec::new();
    TransactionPayload {
        compression: Compression::ZSTD,
        uncompressed_size: Some(plain.len() as u64),
        unknown: Vec::new(),
        payload: &zstd::encode_all(&*plain, 1).unwrap(),
    }
    .encode(&mut body);
    event(40, &body)
}

fn gtid() -> (GtidEvent, Vec<u8>) {
    let gtid = GtidEvent {
        gtid: "414e4fa8-e6cd-11f1-9249-02fc00000001:1".parse().ok(),
        immediate_commit_timestamp: Some(1),
        original_commit_timestamp: Some(1),
        transaction_length: Some(100),
        ..GtidEvent::default()
    };
    let mut body = Vec::new();
    gtid.encode(&mut body, EventType::GTID).unwrap();
    (gtid, event(33, &body))
}

fn statements(count: usize) -> Vec<Vec<u8>> {
    let mut events = vec![query("BEGIN")];
    for _ in 0..count {
        events.extend([event(19, &[0; 30]), rows(false), rows(true)]);
    }
    events.push(event(16, &[0; 8]));
    events
}

fn transaction_length(chunk: &Chunk, index: usize) -> u64 {
    let raw = chunk.events().nth(index).unwrap().unwrap();
    raw.verify_checksum().unwrap();
    GtidEvent::decode(raw.body(), false)
        .unwrap()
        .transaction_length
        .unwrap()
}

#[test]
fn compressed_transactions_come_plain() {
    let plain = statements(2);
    let (_, gtid) = gtid();
    let log = Log::new().with(vec![gtid.clone(), payload(&plain), gtid.clone(), payload(&plain)]);
    let at = |count: usize| 4 + log.events[..count].iter().map(Vec::len).sum::<usize>() as u64;
    for (limit, whole) in [(1 << 20, true), (550, false), (150, false), (1, false)] {
        let chunks = cut(limit, &log.events).unwrap();
        assert_eq!(chunks.len() == 1, whole);
        let entries: Vec<_> = chunks.iter().flat_map(Chunk::events).map(Result::unwrap).collect();
        assert_eq!(entries.len(), 1 + 2 * (1 + plain.len()));
        let offsets: Vec<_> = entries.iter().map(|entry| entry.offset).collect();
        assert_eq!(offsets[..3], [4, at(1), at(2)]);
        assert_eq!(offsets[plain.len() + 1..plain.len() + 4], [at(2), at(3), at(4)]);
        let bytes =
            |range: std::ops::Range<usize>| entries[range].iter().map(|raw| raw.bytes().len() as u64).sum::<u64>();
        let size = bytes(1..plain.len() + 2);
        assert!(size > log.events[2].len() as u64);
        for (chunk, next) in chunks.iter().zip(chunks.iter().skip(1)) {
            assert_eq!(chunk.unfinished, next.continues);
            assert_eq!(Some(chunk.end), next.start());
        }
        assert_eq!(chunks.last().unwrap().end, log.bytes.len() as u64);
        assert_eq!(transaction_length(&chunks[0], 1), size);
        let header = entries[2].header;
        assert_eq!(
            (header.event_type, u64::from(header.log_pos)),
            (EventType::QUERY, at(3))
        );
        entries[2].verify_checksum().unwrap();
    }
}

/// Pushing event by event or all at once cuts alike.
#[test]
fn events_may_be_pushed_together() {
    let log = Log::new().with(vec![gtid().1, payload(&statements(3)), query("DROP TABLE t")]);
    let log = log.with_transactions(20);
    for limit in [1, 100, 300, 1 << 20] {
        let one_by_one = cut(limit, &log.events).unwrap();
        let together = cut(limit, &[log.bytes[4..].to_vec()]).unwrap();
        assert_eq!(brief(&together), brief(&one_by_one), "{limit}");
        let bytes = |chunks: &[Chunk]| {
            chunks
                .iter()
                .map(|chunk| {
                    chunk
                        .runs
                        .iter()
                        .map(|run| run.bytes.to_vec())
                        .collect::<Vec<_>>()
                        .concat()
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(bytes(&together), bytes(&one_by_one), "{limit}");
    }
}

#[test]
fn a_copy_keeps_what_is_compressed() {
    let log = Log::new().with(vec![gtid().1, payload(&statements(3))]);
    let mut cutter = Cutter::new(
        "b".into(),
        CutOptions {
            expand: false,
            ..options(1 << 20)
        },
    );
    for event in &log.events {
        cutter.push(Bytes::from(event.clone()));
        assert!(cutter.next().unwrap().is_none());
    }
    let chunk = cutter.flush().unwrap();
    let bytes: Vec<_> = chunk.runs.iter().flat_map(|run| run.bytes.to_vec()).collect();
    assert_eq!(bytes, log.bytes[4..]);
}

#[test]
fn what_is_wrong_in_a_payload_is_told() {
    let check = |events: &[Vec<u8>], expected: &str| {
        let log = Log::new().with(vec![gtid().1, payload(events)]);
        let at = log.bytes.len() - log.events[2].len();
        let error = cut(1 << 20, &log.events).unwrap_err();
        assert_eq!(error.to_string(), format!("b.000001 at {at}, {expected}"));
    };
    let plain = statements(1);
    check(&[], "TRANSACTION_PAYLOAD +19: compressed bytes: they hold no event");
    check(
        &[&plain[..], &plain[..1]].concat(),
        "XID +19: event type: 16 ends the transaction, and its payload goes on",
    );
    check(
        &plain[..plain.len() - 1],
        "WRITE_ROWS +19: event type: 30 ends the payload, and its transaction goes on",
    );
}

/// Of a large statement, each chunk has the table maps that its rows need.
#[test]
fn cuts_large_statements() {
    let map = |id: u8| {
        event(
            19,
            &[&[id, 0, 0, 0, 0, 0, 1, 0], &b"\x01d\0\x01t\0\x01\x03\0\x01"[..]].concat(),
        )
    };
    let large = |id: u8, end: bool| {
        let head = [id, 0, 0, 0, 0, 0, u8::from(end), 0, 2, 0, 1, 1];
        event(30, &[&head[..], &[0, 1, 2, 3, 4].repeat(600_000)].concat())
    };
    let log = Log::new().with(vec![
        event(33, &[0; 42]),
        query("BEGIN"),
        map(7),
        large(7, true),
        map(1),
        map(2),
        large(1, false),
        large(1, false),
        large(2, false),
        large(2, false),
        large(2, true),
        map(1),
        large(1, true),
        event(16, &[0; 8]),
    ]);
    let options = CutOptions::default();
    let mut cutter = Cutter::new("b.000001".into(), options);
    let mut chunks = Vec::new();
    for event in &log.events {
        cutter.push(Bytes::from(event.clone()));
        chunks.extend(cutter.next().unwrap());
    }
    chunks.extend(cutter.flush());
    let shapes: Vec<_> = chunks
        .iter()
        .map(|chunk| (chunk.entries().count(), chunk.open_tables.len(), chunk.continues))
        .collect();
    let inside = (1, 2, true);
    let expected = [(8, 0, false), inside, inside, inside, (3, 2, true), (1, 0, true)];
    assert_eq!(shapes, expected, "{:?}", brief(&chunks));
    for chunk in &chunks {
        let mut decoder = chunk.decoder();
        for raw in chunk.events().map(Result::unwrap) {
            if matches!(raw.header.event_type.0, 19 | 30) {
                decoder.decode(&raw).unwrap();
            }
        }
    }
}
