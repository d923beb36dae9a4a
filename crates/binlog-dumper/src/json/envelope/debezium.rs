//! Change events of Debezium's connectors for MySQL and MariaDB: the value of a record, as Kafka Connect's JSON converter writes it with
//! `schemas.enable=false`. This comment is the specification.
//!
//! | member | |
//! |---|---|
//! | `before`, `after` | the row: an object by column name, or null. A TRUNCATE has neither |
//! | `source` | see below |
//! | `transaction` | null: `provide.transaction.metadata` is false |
//! | `op` | `c` insert, `u` update, `d` delete, `t` TRUNCATE, one for each table (the connectors send these only with `skipped.operations=none`) |
//! | `ts_ms`, `ts_us`, `ts_ns` | when the connector worked on the event, which a log cannot tell: as in `source` |
//!
//! An update of the primary key is two events, `d` and `c`. There are no keys of records, no headers and no tombstones.
//!
//! | of `source` | |
//! |---|---|
//! | `version` | of this program |
//! | `connector` | `mysql` or `mariadb`, by the server that wrote the log |
//! | `name` | `binlog`: the connectors have their `topic.prefix` |
//! | `ts_ms`, `ts_us`, `ts_ns` | when the transaction was committed where it began, if it has a GTID that tells; else when the statement began, in seconds |
//! | `snapshot` | `"false"` |
//! | `db`, `table` | of the row; of a statement what it changes, tables with commas between them |
//! | `sequence` | null |
//! | `server_id` | of the server where the change was made |
//! | `gtid` | of the transaction, or null |
//! | `file`, `pos` | the log, and the event's first byte in it |
//! | `row` | number of the row in its event, from 0 |
//! | `thread` | connection that made the change, or null |
//! | `query` | the statement behind the change, where the log has it, or null (`include.query=true`) |
//!
//! A statement that changes definitions is a schema change event: `source`, `ts_ms`, `ts_us`, `ts_ns`, `databaseName`, `schemaName`, which is null, `ddl`, its
//! text, and `tableChanges`, which is empty: the connectors put the tables' new definitions there, with defaults and comments that are
//! not followed here.
//!
//! # Values
//!
//! Those of the connectors' default options ([documentation](https://debezium.io/documentation/reference/stable/connectors/mysql.html)):
//!
//! | column | value | by default |
//! |---|---|---|
//! | TINYINT to BIGINT, BOOLEAN | number; the connectors have BOOLEAN as `true` and `false` if they saw that word in its table's definition | `bigint.unsigned.handling.mode=long`, in which values beyond 2^63 − 1 are negative; here they are themselves |
//! | BIT(1) | `true`, `false` | |
//! | BIT(n) | base64 of as many bytes as n bits need, least significant first | |
//! | FLOAT, DOUBLE | number | |
//! | DECIMAL | base64 of the digits without point as a two's complement, most significant byte first | `decimal.handling.mode=precise` |
//! | YEAR | number | |
//! | DATE | days since 1970 | `time.precision.mode=adaptive_time_microseconds`, here and for the next two |
//! | TIME | microseconds, also beyond a day and negative | |
//! | DATETIME | milliseconds since 1970 as if in UTC, with more than three digits of a second microseconds | |
//! | TIMESTAMP | ISO 8601 in UTC, with the column's digits of a second: `2018-06-20T13:37:03Z` | |
//! | CHAR, VARCHAR, TEXT | string | |
//! | BINARY, VARBINARY, BLOB | base64 | `binary.handling.mode=bytes` |
//! | ENUM | name of the member; empty for the error value; its number where the names are not known | |
//! | SET | names of the members with commas between them; a number with a bit for each where they are not known | |
//! | JSON | string, as the server prints it; the connectors leave out its spaces | |
//! | GEOMETRY and the like | `{"wkb": base64, "srid": number}`, `srid` null where it is 0; of a column that is known to be of type POINT with `x` and `y` before them | |
//! | VECTOR | array of numbers | |
//!
//! A date that is none (zero, a month or day 0, 31 February) is null or, of a column that is NOT NULL, 1970-01-01, which is
//! these connectors' rule: what it was is lost.

use binlog_parser::Row;
use binlog_parser::event::{Flavour, RowsKind};
use binlog_schema::StatementKind;
use serde::Serialize;

use super::super::columns::{Columns, Image, is_changed};
use super::super::value::{JsonCell, Text};
use super::super::{RowsScene, Said, Scene};
use super::connect::Connect;
use super::millis;
use crate::DumpError;

#[derive(Debug, Serialize)]
struct Event<'a> {
    before: Option<Image<'a>>,
    after: Option<Image<'a>>,
    source: Source<'a>,
    transaction: Option<()>,
    op: &'static str,
    #[serde(flatten)]
    time: Moment,
}

#[derive(Debug, Serialize)]
struct Truncate<'a> {
    source: Source<'a>,
    transaction: Option<()>,
    op: &'static str,
    #[serde(flatten)]
    time: Moment,
}

#[derive(Debug, Serialize)]
struct SchemaChange<'a> {
    source: Source<'a>,
    #[serde(flatten)]
    time: Moment,
    #[serde(rename = "databaseName")]
    database_name: &'a str,
    #[serde(rename = "schemaName")]
    schema_name: Option<()>,
    ddl: JsonCell<'a>,
    #[serde(rename = "tableChanges")]
    table_changes: [(); 0],
}

#[derive(Debug, Clone, Copy, Serialize)]
struct Source<'a> {
    version: &'static str,
    connector: &'static str,
    name: &'static str,
    ts_ms: u64,
    snapshot: &'static str,
    db: &'a str,
    sequence: Option<()>,
    ts_us: u64,
    ts_ns: u64,
    table: Option<&'a str>,
    server_id: u32,
    gtid: Option<&'a str>,
    file: &'a str,
    pos: u64,
    row: u64,
    thread: Option<u32>,
    query: Option<Text<'a>>,
}

#[derive(Debug, Clone, Copy, Serialize)]
struct Moment {
    ts_ms: u64,
    ts_us: u64,
    ts_ns: u64,
}

/// Appends the events of a statement that changes definitions.
pub(super) fn ddl(scene: Scene<'_>, said: &Said<'_>, kind: StatementKind, out: &mut Vec<u8>) {
    if kind == StatementKind::Truncate {
        for table in said.tables() {
            let source = Source::new(scene, &table.schema, Some(&table.table));
            let event = Truncate {
                source,
                transaction: None,
                op: "t",
                time: source.time(),
            };
            push(&event, out);
        }
    }
    let tables: Vec<_> = said.tables().map(|table| table.table.as_str()).collect();
    let (schema, tables) = (said.schema(), tables.join(","));
    let source = Source::new(scene, &schema, Some(&*tables).filter(|tables| !tables.is_empty()));
    let change = SchemaChange {
        source,
        time: source.time(),
        database_name: &schema,
        schema_name: None,
        ddl: said.sql(),
        table_changes: [],
    };
    push(&change, out);
}

/// Appends the events of a row event.
pub(in super::super) fn rows(rows: RowsScene<'_>, out: &mut Vec<u8>) -> Result<(), DumpError> {
    let (map, columns) = (&rows.rows.table, rows.columns);
    let source = Source::new(rows.scene, &map.schema, Some(&map.table));
    let time = source.time();
    rows.each(|row, before, after| {
        let mut write = |op, before, after| {
            let event = Event {
                before,
                after,
                source: Source { row, ..source },
                transaction: None,
                op,
                time,
            };
            push(&event, out);
        };
        let old = || columns.image(&Connect, before).map(Some);
        match rows.rows.kind {
            RowsKind::Insert => write("c", None, Some(columns.image(&Connect, after)?)),
            RowsKind::Delete => write("d", old()?, None),
            RowsKind::Update => {
                let new = Some(columns.image_after(&Connect, before, after)?);
                if is_key_changed(columns, before, after) {
                    write("d", old()?, None);
                    write("c", None, new);
                } else {
                    write("u", old()?, new);
                }
            }
        }
        Ok(())
    })
}

fn push(event: &impl Serialize, out: &mut Vec<u8>) {
    // Writing to a vector does not fail, and the twins have only text as keys.
    let _ = serde_json::to_writer(&mut *out, event);
    out.push(b'\n');
}

fn is_key_changed(columns: &Columns, before: &Row<'_>, after: &Row<'_>) -> bool {
    let mut cells = columns
        .key
        .iter()
        .map(|index| (before.cells.get(*index), after.cells.get(*index)));
    cells.any(|cells| matches!(cells, (Some(old), Some(new)) if is_changed(old, new)))
}

impl<'a> Source<'a> {
    fn new(scene: Scene<'a>, db: &'a str, table: Option<&'a str>) -> Self {
        let (at, transaction) = (scene.at, scene.transaction);
        let ts_us = match transaction.originated.filter(|_| transaction.gtid.is_some()) {
            Some(micros) => micros,
            None => millis(scene) * 1000,
        };
        Self {
            version: env!("CARGO_PKG_VERSION"),
            connector: match at.chunk.format.flavour() {
                Flavour::MariaDb => "mariadb",
                Flavour::MySql => "mysql",
            },
            name: "binlog",
            ts_ms: ts_us / 1000,
            snapshot: "false",
            db,
            sequence: None,
            ts_us,
            ts_ns: ts_us.saturating_mul(1000),
            table,
            server_id: at.raw.header.server_id,
            gtid: transaction.gtid.as_deref(),
            file: &at.chunk.file,
            pos: at.raw.offset,
            row: 0,
            thread: transaction.thread_id,
            query: transaction.query.as_deref().map(Text),
        }
    }

    fn time(&self) -> Moment {
        Moment {
            ts_ms: self.ts_ms,
            ts_us: self.ts_us,
            ts_ns: self.ts_ns,
        }
    }
}
