//! Chunks made by hand, for tests.

use std::sync::Arc;

use binlog_parser::event::{Column, ColumnType};
use binlog_parser::{
    ChecksumAlgorithm, Chunk, EventFlags, EventHeader, EventType, FormatDescription, HEADER_LEN, PositionMeaning,
    Query, Run,
};

use crate::{Dump, DumpError};

/// 2001-09-09 01:46:40 UTC
pub(crate) const TIME: u32 = 1_000_000_000;

/// Events after each other, in a log of MySQL 8.4 without checksums.
pub(crate) struct Events {
    format: Arc<FormatDescription>,
    runs: Vec<Run>,
    end: u64,
}

impl Events {
    pub(crate) fn new() -> Self {
        Self::of("8.4.3")
    }

    /// A log of this server version.
    pub(crate) fn of(server_version: &str) -> Self {
        let format = FormatDescription {
            server_version: server_version.to_owned(),
            post_header_lengths: vec![0; 42],
            checksum: ChecksumAlgorithm::None,
            ..FormatDescription::default()
        };
        Self {
            format: Arc::new(format),
            runs: Vec::new(),
            end: 4,
        }
    }

    pub(crate) fn add(mut self, event_type: EventType, body: &[u8]) -> Self {
        let event_size = (HEADER_LEN + body.len()) as u32;
        let header = EventHeader {
            timestamp: TIME,
            event_type,
            server_id: 1,
            event_size,
            log_pos: self.end as u32 + event_size,
            flags: EventFlags::default(),
        };
        let mut bytes = Vec::new();
        header.encode(&mut bytes);
        bytes.extend(body);
        let offset = self.end;
        self.end += bytes.len() as u64;
        self.runs.push(Run {
            bytes: bytes.into(),
            offset,
            packed: false,
        });
        self
    }

    pub(crate) fn query(self, schema: &str, sql: &str) -> Self {
        let query = Query {
            thread_id: 7,
            exec_time: 0,
            error_code: 0,
            schema: schema.as_bytes(),
            status: Default::default(),
            sql: sql.as_bytes(),
        };
        let mut body = Vec::new();
        query.encode(&mut body);
        self.add(EventType::QUERY, &body)
    }

    pub(crate) fn xid(self) -> Self {
        self.add(EventType::XID, &[9, 0, 0, 0, 0, 0, 0, 0])
    }

    /// `shop.orders (id INT, name VARCHAR(40))`; `metadata` goes on with names, keys and the like.
    pub(crate) fn table_map(self, metadata: &[u8]) -> Self {
        let mut body = vec![5, 0, 0, 0, 0, 0, 1, 0];
        body.extend(b"\x04shop\0\x06orders\0");
        body.extend([2, ColumnType::LONG.0, ColumnType::VARCHAR.0, 2, 160, 0, 0b11]);
        body.extend(metadata);
        self.add(EventType::TABLE_MAP, &body)
    }

    /// Names, signedness, default charset utf8mb4, primary key `id`.
    pub(crate) fn named_table_map(self) -> Self {
        self.table_map(b"\x01\x01\x00\x02\x03\xfc\xff\x00\x04\x08\x02id\x04name\x08\x01\x00")
    }

    /// As [`Self::named_table_map`] without primary key.
    pub(crate) fn keyless_table_map(self) -> Self {
        self.table_map(b"\x01\x01\x00\x02\x03\xfc\xff\x00\x04\x08\x02id\x04name")
    }

    /// Row images of both columns.
    pub(crate) fn rows(self, event_type: EventType, images: &[(i32, Option<&str>)]) -> Self {
        let mut body = vec![5, 0, 0, 0, 0, 0, 1, 0, 2, 0, 2, 0b11];
        if event_type == EventType::UPDATE_ROWS {
            body.push(0b11);
        }
        for (id, name) in images {
            body.push(if name.is_none() { 0b10 } else { 0 });
            body.extend(id.to_le_bytes());
            for name in name.iter() {
                body.push(name.len() as u8);
                body.extend(name.as_bytes());
            }
        }
        self.add(event_type, &body)
    }

    /// In `shop.docs (id INT PRIMARY KEY, doc JSON)`, row 1: of `{"a": 1}` the value at `$.a` becomes 2, and the DATE
    /// 2024-02-29 is inserted at `$.b`. The image before has the document only if it is `whole`.
    pub(crate) fn partial_update(self, whole: bool) -> Self {
        const OLD: &[u8] = &[0, 1, 0, 12, 0, 11, 0, 1, 0, 5, 1, 0, b'a'];
        const DIFFS: &[u8] = b"\0\x03$.a\x03\x05\x02\0\x01\x03$.b\x0b\x0f\x0a\x08\0\0\0\0\0\xba\xb2\x19";
        let mut map = vec![5, 0, 0, 0, 0, 0, 1, 0];
        map.extend(b"\x04shop\0\x04docs\0");
        map.extend([2, ColumnType::LONG.0, ColumnType::JSON.0, 1, 4, 0b10]);
        map.extend(b"\x01\x01\x00\x04\x07\x02id\x03doc\x08\x01\x00");
        let (before, after): (&[u8], &[u8]) = if whole { (&[0b11], &[0b11]) } else { (&[0b01], &[0b10]) };
        let counted = |bytes: &[u8]| [&(bytes.len() as u32).to_le_bytes()[..], bytes].concat();
        let id = 1_u32.to_le_bytes();
        let (old, diffs) = (counted(OLD), counted(DIFFS));
        let images: [&[u8]; 6] = match whole {
            true => [&[0], &id, &old, &[1, 0b1, 0], &id, &diffs],
            false => [&[0], &id, &[], &[1, 0b1, 0], &[], &diffs],
        };
        let head = [5, 0, 0, 0, 0, 0, 1, 0, 2, 0, 2];
        let body = [&head, before, after, &images.concat()].concat();
        self.add(EventType::TABLE_MAP, &map)
            .add(EventType::PARTIAL_UPDATE_ROWS, &body)
    }

    pub(crate) fn chunk(self) -> Chunk {
        Chunk {
            file: "binlog.000002".into(),
            positions: PositionMeaning::OwnLog,
            format: self.format,
            runs: self.runs,
            end: self.end,
            open_tables: Vec::new(),
            continues: false,
            unfinished: false,
        }
    }

    /// All that a dumper says of the events, and how it ends.
    pub(crate) fn dump(self, dumper: &mut impl Dump) -> (String, Result<(), DumpError>) {
        let mut out = Vec::new();
        let ended = dumper.chunk(&self.chunk(), &mut out);
        if ended.is_ok() {
            dumper.finish(&mut out);
        }
        (String::from_utf8(out).unwrap_or_default(), ended)
    }
}

/// A column of which the log says nothing but its type.
pub(crate) fn column(column_type: ColumnType) -> Column {
    Column::new(column_type, 0, true)
}
