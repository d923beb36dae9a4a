//! The targets: a few lines each.

use std::io::Write as _;
use std::sync::{Arc, LazyLock};

use anyhow::Result;
use binlog_parser::event::TableMap;
use binlog_parser::gtid::{GtidProgress, GtidSet};
use binlog_parser::value::{JsonDiffs, JsonValue};
use binlog_parser::{
    ChecksumAlgorithm, Decoder, Event, EventFlags, EventHeader, EventType, ExpandLimits, Expansion, FormatDescription,
    HEADER_LEN, RawEvent, Reader, Row, Rows, put_event,
};
use binlog_source::{FileOptions, FileSource, Input, Keys, Next, Source as _};
use tempfile::NamedTempFile;

use crate::seeds;

/// What is fed with inputs.
pub struct Target {
    /// Its name.
    pub name: &'static str,
    /// Panics where a property does not hold.
    pub run: fn(&[u8]),
    /// Inputs to begin with.
    pub seeds: fn() -> Result<Vec<Vec<u8>>>,
    /// Bytes of memory that an input of this length may take.
    pub memory: fn(usize) -> usize,
    /// Mutations in a bounded run.
    pub rounds: u32,
}

/// What an expansion may take here.
const EXPAND_LIMITS: ExpandLimits = ExpandLimits {
    event: 1 << 20,
    window_log_max: 20,
};

/// All targets.
pub const TARGETS: &[Target] = &[
    Target {
        name: "frames",
        run: frames,
        seeds: seeds::logs,
        memory: |len| 4096 + 2 * len,
        rounds: 20_000,
    },
    Target {
        name: "log",
        run: log,
        seeds: seeds::logs,
        memory: |len| (64 << 10) + 64 * len,
        rounds: 5_000,
    },
    Target {
        name: "event",
        run: event,
        seeds: seeds::events,
        memory: |len| (64 << 10) + 512 * len,
        rounds: 200_000,
    },
    Target {
        name: "rows",
        run: rows,
        seeds: seeds::rows,
        memory: |len| (256 << 10) + 256 * len,
        rounds: 100_000,
    },
    Target {
        name: "json",
        run: json,
        seeds: seeds::documents,
        memory: |len| (64 << 10) + 64 * len,
        rounds: 200_000,
    },
    Target {
        name: "json-diffs",
        run: json_diffs,
        seeds: seeds::changed_documents,
        memory: |len| (256 << 10) + 128 * len,
        rounds: 100_000,
    },
    Target {
        name: "expand",
        run: expand,
        seeds: seeds::compressed,
        memory: |len| (3 << 20) + 64 * len,
        rounds: 30_000,
    },
    Target {
        name: "file",
        run: file,
        seeds: seeds::files,
        memory: |len| (12 << 20) + 64 * len,
        rounds: 5_000,
    },
    Target {
        name: "gtid-text",
        run: gtid_text,
        seeds: seeds::gtid_texts,
        memory: |len| 16_384 + 64 * len,
        rounds: 200_000,
    },
    Target {
        name: "gtid-sets",
        run: gtid_sets,
        seeds: || seeds::bodies(EventType::PREVIOUS_GTIDS),
        memory: |len| 16_384 + 64 * len,
        rounds: 200_000,
    },
];

/// Frames never overlap, and end with the input or with an error.
fn frames(input: &[u8]) {
    let mut format = FormatDescription::default();
    let mut at = 0;
    while let Some(rest) = input.get(at..).filter(|rest| !rest.is_empty()) {
        let Ok(raw) = RawEvent::first(rest, at as u64, &format) else {
            return;
        };
        assert!(raw.bytes().len() >= HEADER_LEN && raw.end() == (at + raw.bytes().len()) as u64);
        let _ = raw.verify_checksum();
        if raw.header.event_type == EventType::FORMAT_DESCRIPTION
            && let Ok(described) = FormatDescription::decode(raw.body())
        {
            format = described;
        }
        at += raw.bytes().len();
    }
}

/// A whole log: every event that can be framed is decoded, and every row.
fn log(input: &[u8]) {
    let mut decoder = Decoder::default();
    let mut at = 4;
    while let Some(rest) = input.get(at..).filter(|rest| !rest.is_empty()) {
        let format = Arc::clone(decoder.format());
        let Ok(raw) = RawEvent::first(rest, at as u64, &format) else {
            return;
        };
        if let Ok(Event::Rows(rows)) = decoder.decode(&raw) {
            read_rows(&rows);
        }
        at += raw.bytes().len();
    }
}

/// One event: a byte for the flavour, one for the type, the body. What is written of it reads and is written
/// the same.
fn event(input: &[u8]) {
    let Some(([flavour, event_type], body)) = input.split_first_chunk::<2>() else {
        return;
    };
    let (format, event_type) = (seeds::format(*flavour), EventType(*event_type));
    let read = |body: &[u8]| {
        let bytes = whole(event_type, body);
        let raw = RawEvent::first(&bytes, 4, &format).ok()?;
        let event = Decoder::new(Arc::new(format.clone())).decode(&raw).ok()?;
        let mut again = Vec::new();
        event.encode(event_type, &format, &mut again).ok()?;
        Some(again)
    };
    if let Some(again) = read(body) {
        assert_eq!(read(&again), Some(again));
    }
}

/// A row event: a byte for the flavour, one for the type, two for the length of the table map, which follows, the
/// body.
fn rows(input: &[u8]) {
    let mut reader = Reader::new(input);
    let (Ok(flavour), Ok(event_type), Ok(len)) = (reader.u8("flavour"), reader.u8("type"), reader.u16("length")) else {
        return;
    };
    let Ok(map) = reader.take(usize::from(len), "table map") else {
        return;
    };
    let Ok(map) = TableMap::decode(map, 6, seeds::format(flavour).flavour()) else {
        return;
    };
    if let Ok(rows) = Rows::decode(EventType(event_type), reader.take_rest(), 6, Arc::new(map)) {
        read_rows(&rows);
    }
}

fn read_rows(rows: &Rows<'_>) {
    let (mut before, mut after) = (Row::default(), Row::default());
    let mut iter = rows.iter();
    while iter.next_into(&mut before, &mut after) == Ok(true) {}
    assert!(iter.is_done());
}

/// A compressed event, as [`event`] has it: it expands to whole events, none over the limit.
fn expand(input: &[u8]) {
    let Some(([flavour, event_type], body)) = input.split_first_chunk::<2>() else {
        return;
    };
    let bytes = whole(EventType(*event_type), body);
    let format = seeds::format(*flavour);
    let Ok(raw) = RawEvent::first(&bytes, 4, &format) else {
        return;
    };
    let Ok(Some(mut expansion)) = Expansion::new(&raw, &bytes, EXPAND_LIMITS) else {
        return;
    };
    let mut plain = Vec::new();
    while expansion.next_into(&mut plain) == Ok(true) {
        let inner = RawEvent::first(&plain, 4, &format);
        assert!(inner.is_ok_and(|inner| inner.bytes().len() == plain.len()));
        assert!(plain.len() <= EXPAND_LIMITS.event);
        plain.clear();
    }
}

/// A file of any kind, with keys: the source gives whole events or an error.
fn file(input: &[u8]) {
    static KEYS: LazyLock<Arc<Keys>> = LazyLock::new(seeds::keys);
    let file = NamedTempFile::new().and_then(|mut file| file.write_all(input).map(|()| file));
    assert!(file.is_ok(), "{file:?}");
    let options = FileOptions {
        keys: Arc::clone(&KEYS),
        verify_checksums: false,
        chunk_limit: 1 << 10,
        statement_limit: EXPAND_LIMITS.event,
        ..FileOptions::default()
    };
    let inputs: Vec<_> = file.iter().map(|file| Input::Path(file.path().to_owned())).collect();
    let Ok(mut source) = FileSource::open(&inputs, options) else {
        return;
    };
    while let Ok(Next::Chunk(chunk)) = source.next() {
        assert!(chunk.events().all(|event| event.is_ok()));
    }
}

/// The text of a document is JSON's UTF-8.
fn json(input: &[u8]) {
    let mut text = Vec::new();
    if (JsonValue { bytes: input }).write_text(&mut text).is_ok() {
        assert!(std::str::from_utf8(&text).is_ok());
    }
}

/// Two bytes for the length of a document, the document, changes to it. What comes out is a document, and not larger
/// than allowed.
fn json_diffs(input: &[u8]) {
    let mut reader = Reader::new(input);
    let Ok(len) = reader.u16("length") else { return };
    let Ok(document) = reader.take(usize::from(len), "document") else {
        return;
    };
    let diffs = JsonDiffs {
        bytes: reader.take_rest(),
    };
    let limit = 4 * input.len() + 1024;
    let Ok(changed) = diffs.apply(JsonValue { bytes: document }, limit) else {
        return;
    };
    assert!(changed.len() <= limit);
    assert!(JsonValue { bytes: &changed }.read().is_ok());
}

/// What is read is written so that it reads the same.
fn gtid_text(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    if let Ok(set) = text.parse::<GtidSet>() {
        assert_eq!(set.to_string().parse(), Ok(set));
    }
    if let Ok(progress) = text.parse::<GtidProgress>() {
        assert_eq!(progress.to_string().parse(), Ok(progress));
    }
}

/// A set that is read from an event, against the set in the other half of the event.
fn gtid_sets(input: &[u8]) {
    let (left, right) = input.split_at(input.len() / 2);
    let (Ok(whole), other) = (
        GtidSet::decode(input),
        GtidSet::decode(left).or_else(|_| GtidSet::decode(right)),
    ) else {
        return;
    };
    let mut body = Vec::new();
    whole.encode(&mut body);
    assert_eq!(GtidSet::decode(&body).as_ref(), Ok(&whole));
    algebra(&whole, &other.unwrap_or_default());
}

fn algebra(one: &GtidSet, other: &GtidSet) {
    let (mut union, mut difference) = (one.clone(), one.clone());
    union.union_with(other);
    difference.subtract(other);
    let both = one.intersection(other);
    assert!(one.is_subset_of(&union) && other.is_subset_of(&union) && both.is_subset_of(one));
    assert!(!difference.intersects(other));
    difference.union_with(&both);
    assert_eq!(&difference, one);
}

/// An event with this body. It has a checksum only if it is a format description that says so.
fn whole(event_type: EventType, body: &[u8]) -> Vec<u8> {
    let header = EventHeader {
        timestamp: 0,
        event_type,
        server_id: 1,
        event_size: 0,
        log_pos: 0,
        flags: EventFlags(0),
    };
    let checksum = match event_type {
        EventType::FORMAT_DESCRIPTION => FormatDescription::decode(body).map(|format| format.checksum_of(event_type)),
        _ => Ok(ChecksumAlgorithm::None),
    };
    let mut bytes = Vec::new();
    let put = put_event(&mut bytes, &header, body, checksum.unwrap_or(ChecksumAlgorithm::None));
    assert!(put.is_ok());
    bytes
}
