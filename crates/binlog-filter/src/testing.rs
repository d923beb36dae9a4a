//! Rules, events and chunks for tests.

use std::sync::Arc;

use binlog_parser::event::GtidEvent;
use binlog_parser::{
    ChecksumAlgorithm, Chunk, EventFlags, EventHeader, EventType, FormatDescription, HEADER_LEN, MAGIC_LEN,
    PositionMeaning, Run,
};
use bytes::Bytes;

use crate::{RuleSet, Selection};

pub(crate) const SOURCE: &str = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

pub(crate) fn rules(change: impl FnOnce(&mut Selection)) -> RuleSet {
    let mut selection = Selection::default();
    change(&mut selection);
    RuleSet::compile(&selection).unwrap()
}

pub(crate) fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// Writes a log of events, each with a checksum.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) runs: Vec<Run>,
    pub(crate) timestamp: u32,
    end: u64,
    format: Arc<FormatDescription>,
}

impl Log {
    pub(crate) fn mysql() -> Self {
        Self::of("9.7.0")
    }

    pub(crate) fn mariadb() -> Self {
        Self::of("11.8.3-MariaDB-log")
    }

    fn of(version: &str) -> Self {
        let format = FormatDescription {
            server_version: version.into(),
            post_header_lengths: vec![0; 41],
            checksum: ChecksumAlgorithm::Crc32,
            ..FormatDescription::default()
        };
        Self {
            runs: Vec::new(),
            timestamp: 1000,
            end: MAGIC_LEN,
            format: Arc::new(format),
        }
    }

    pub(crate) fn event(&mut self, event_type: EventType, body: &[u8]) -> &mut Self {
        let size = HEADER_LEN + body.len() + 4;
        let header = EventHeader {
            timestamp: self.timestamp,
            event_type,
            server_id: 1,
            event_size: size as u32,
            log_pos: (self.end + size as u64) as u32,
            flags: EventFlags::default(),
        };
        let mut bytes = Vec::new();
        header.encode(&mut bytes);
        bytes.extend(body);
        ChecksumAlgorithm::Crc32.append(&mut bytes, 0);
        self.runs.push(Run {
            bytes: Bytes::from(bytes),
            offset: self.end,
            packed: false,
        });
        self.end += size as u64;
        self
    }

    pub(crate) fn format(&mut self) -> &mut Self {
        let mut body = Vec::new();
        Arc::clone(&self.format).encode(&mut body);
        self.event(EventType::FORMAT_DESCRIPTION, &body)
    }

    /// A GTID whose transaction length is that of the events after it, which `transaction` writes.
    pub(crate) fn gtid(&mut self, gno: u64, transaction: impl FnOnce(&mut Self)) -> &mut Self {
        let event = GtidEvent {
            gtid: Some(format!("{SOURCE}:{gno}").parse().unwrap()),
            sequence_number: gno as i64,
            immediate_commit_timestamp: Some(1),
            original_commit_timestamp: Some(1),
            transaction_length: Some(0),
            immediate_server_version: Some(90_700),
            original_server_version: Some(90_700),
            ..GtidEvent::default()
        };
        self.announced(event, transaction)
    }

    pub(crate) fn anonymous(&mut self, transaction: impl FnOnce(&mut Self)) -> &mut Self {
        let event = GtidEvent {
            sequence_number: 1,
            immediate_commit_timestamp: Some(1),
            original_commit_timestamp: Some(1),
            transaction_length: Some(0),
            ..GtidEvent::default()
        };
        self.announced(event, transaction)
    }

    fn announced(&mut self, event: GtidEvent, transaction: impl FnOnce(&mut Self)) -> &mut Self {
        let mut ahead = Self {
            runs: Vec::new(),
            end: self.end,
            format: Arc::clone(&self.format),
            ..*self
        };
        transaction(&mut ahead);
        let rest = ahead.runs.iter().map(|run| run.bytes.len() as u64).sum();
        let event = event.with_transaction_length(rest, HEADER_LEN + 4);
        let mut body = Vec::new();
        event.encode(&mut body, event.event_type()).unwrap();
        self.event(event.event_type(), &body);
        for run in ahead.runs {
            let end = run.bytes.len() - 4;
            self.event(EventType(run.bytes[4]), &run.bytes[HEADER_LEN..end]);
        }
        self
    }

    pub(crate) fn mariadb_gtid(&mut self, sequence: u64, flags: u8) -> &mut Self {
        let mut body = sequence.to_le_bytes().to_vec();
        body.extend([0, 0, 0, 0, flags]);
        body.resize(19, 0);
        self.event(EventType::MARIADB_GTID, &body)
    }

    pub(crate) fn query(&mut self, schema: &str, sql: &str) -> &mut Self {
        let mut body = vec![7, 0, 0, 0, 0, 0, 0, 0, schema.len() as u8, 0, 0, 5, 0];
        body.extend([0, 0, 0, 0, 0]);
        body.extend(schema.as_bytes());
        body.push(0);
        body.extend(sql.as_bytes());
        self.event(EventType::QUERY, &body)
    }

    pub(crate) fn map(&mut self, id: u8, schema: &str, table: &str) -> &mut Self {
        let mut body = vec![id, 0, 0, 0, 0, 0, 1, 0];
        for name in [schema, table] {
            body.push(name.len() as u8);
            body.extend(name.as_bytes());
            body.push(0);
        }
        body.extend([1, 3, 0, 1]);
        self.event(EventType::TABLE_MAP, &body)
    }

    pub(crate) fn rows(&mut self, event_type: EventType, id: u8, flags: u8) -> &mut Self {
        self.event(event_type, &[id, 0, 0, 0, 0, 0, flags, 0, 2, 0, 1, 1, 0, 42, 0, 0, 0])
    }

    pub(crate) fn insert(&mut self, id: u8, flags: u8) -> &mut Self {
        self.rows(EventType::WRITE_ROWS, id, flags)
    }

    pub(crate) fn rows_query(&mut self, sql: &str) -> &mut Self {
        let body = [&[sql.len() as u8], sql.as_bytes()].concat();
        self.event(EventType::ROWS_QUERY, &body)
    }

    pub(crate) fn xid(&mut self) -> &mut Self {
        self.event(EventType::XID, &[9, 0, 0, 0, 0, 0, 0, 0])
    }

    /// The events from `from` on to before `to`, as a chunk.
    pub(crate) fn part(&self, from: usize, to: usize, continues: bool, unfinished: bool) -> Chunk {
        let runs = self.runs[from..to].to_vec();
        let last = runs.last().unwrap();
        Chunk {
            file: "binlog.000001".into(),
            positions: PositionMeaning::OwnLog,
            format: Arc::clone(&self.format),
            end: last.offset + last.bytes.len() as u64,
            runs,
            open_tables: Vec::new(),
            continues,
            unfinished,
        }
    }

    pub(crate) fn chunk(&self) -> Chunk {
        self.part(0, self.runs.len(), false, false)
    }
}

/// The events' types and, for what a test looks at, more: one word each.
pub(crate) fn words(chunk: &Chunk) -> Vec<String> {
    chunk
        .events()
        .map(|raw| {
            let raw = raw.unwrap();
            raw.verify_checksum().unwrap();
            let body = raw.body();
            match raw.header.event_type {
                EventType::QUERY => {
                    let query = binlog_parser::Query::decode(body).unwrap();
                    String::from_utf8_lossy(query.sql).into_owned()
                }
                EventType::TABLE_MAP => format!("MAP{}", body[0]),
                other if crate::kind::Kind::of_rows(other).is_some() => format!("ROWS{}:{}", body[0], body[6]),
                other => other.to_string(),
            }
        })
        .collect()
}
