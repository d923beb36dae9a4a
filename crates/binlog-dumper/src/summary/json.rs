//! The summary as one JSON object.
//!
//! | member | |
//! |---|---|
//! | `logs` | array: `file`, `start`, `end` (positions), `server_version`, `flavour` (`mysql`, `mariadb`), `checksum` (`CRC32`, `NONE`) |
//! | `format` | `ROW`, `STATEMENT`, `MIXED`; `null` where nothing changes |
//! | `first_time`, `last_time` | RFC 3339 in UTC, or `null` |
//! | `transactions`, `rows`, `dml_statements`, `ddl_statements` | numbers |
//! | `events` | object by event type: `events`, `bytes` |
//! | `tables` | array: `schema`, `table`, `inserts`, `updates`, `deletes` |
//! | `definitions` | array, in the order of table and log: `schema`, `table`, `origin` (`table_map`, `ddl`, `schema_file`, `server`, `unknown`), `at` (`file` and `position` of the DDL), `given` (name of the schema file or server; also of what the DDL changed), `columns` (number), `names` (array; not where they are unknown), `from` and `to` (`file` and `position`: the first row event, and the end of the last one) |
//! | `gtids` | text as the server prints it: MySQL's set of all that were seen, MariaDB's position; or `null` |
//! | `first_gtid`, `last_gtid` | or `null` |
//! | `largest` | the largest transaction: `file`, `position`, `gtid`, `bytes`, `rows`; or `null` |

use std::collections::BTreeMap;

use binlog_parser::event::Flavour;
use binlog_parser::gtid::GtidProgress;
use binlog_schema::{GivenBy, Origin, TableName};
use serde::Serialize;

use super::{Count, Largest, Log, Span, Summary, TableRows, show};
use crate::text;

/// Appends the summary as one JSON object, without a line end.
pub fn write(summary: &Summary, out: &mut Vec<u8>) {
    // Writing to a vector does not fail, and the twins have only text as keys.
    let _ = serde_json::to_writer(&mut *out, &SummaryTwin::new(summary));
}

#[derive(Serialize)]
struct SummaryTwin<'a> {
    logs: Vec<LogTwin<'a>>,
    format: Option<&'static str>,
    first_time: Option<String>,
    last_time: Option<String>,
    transactions: u64,
    rows: u64,
    dml_statements: u64,
    ddl_statements: u64,
    events: BTreeMap<String, CountTwin>,
    tables: Vec<TableTwin<'a>>,
    definitions: Vec<DefinitionTwin<'a>>,
    gtids: Option<String>,
    first_gtid: Option<&'a str>,
    last_gtid: Option<&'a str>,
    largest: Option<LargestTwin<'a>>,
}

#[derive(Serialize)]
struct LogTwin<'a> {
    file: &'a str,
    start: u64,
    end: u64,
    server_version: &'a str,
    flavour: &'static str,
    checksum: &'static str,
}

#[derive(Serialize)]
struct CountTwin {
    events: u64,
    bytes: u64,
}

#[derive(Serialize)]
struct TableTwin<'a> {
    schema: &'a str,
    table: &'a str,
    inserts: u64,
    updates: u64,
    deletes: u64,
}

#[derive(Serialize)]
struct DefinitionTwin<'a> {
    schema: &'a str,
    table: &'a str,
    origin: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<PlaceTwin<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    given: Option<&'a str>,
    columns: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    names: Vec<&'a str>,
    from: PlaceTwin<'a>,
    to: PlaceTwin<'a>,
}

#[derive(Serialize)]
struct PlaceTwin<'a> {
    file: &'a str,
    position: u64,
}

#[derive(Serialize)]
struct LargestTwin<'a> {
    file: &'a str,
    position: u64,
    gtid: Option<&'a str>,
    bytes: u64,
    rows: u64,
}

impl<'a> SummaryTwin<'a> {
    fn new(summary: &'a Summary) -> Self {
        let range = summary.gtid_range.as_ref();
        let events = summary.events.iter();
        let tables = summary.tables.iter();
        Self {
            logs: summary.logs.iter().map(LogTwin::new).collect(),
            format: summary.format().map(|format| format.name()),
            first_time: summary.times.map(|(first, _)| text::rfc3339(first)),
            last_time: summary.times.map(|(_, last)| text::rfc3339(last)),
            transactions: summary.transactions,
            rows: summary.rows(),
            dml_statements: summary.dml_statements,
            ddl_statements: summary.ddl_statements,
            events: events
                .map(|(name, count)| (name.to_string(), CountTwin::new(count)))
                .collect(),
            tables: tables
                .map(|(name, rows)| TableTwin::new(&name.schema, &name.table, rows))
                .collect(),
            definitions: definitions(summary),
            gtids: Some(&summary.gtids)
                .filter(|gtids| **gtids != GtidProgress::None)
                .map(ToString::to_string),
            first_gtid: range.map(|(first, _)| first.as_str()),
            last_gtid: range.map(|(_, last)| last.as_str()),
            largest: summary.largest.as_ref().map(LargestTwin::new),
        }
    }
}

fn definitions(summary: &Summary) -> Vec<DefinitionTwin<'_>> {
    let spans = summary.spans.iter();
    let spans = spans.flat_map(|(table, spans)| spans.iter().map(move |span| (table, span)));
    spans.map(|(table, span)| DefinitionTwin::new(table, span)).collect()
}

impl<'a> DefinitionTwin<'a> {
    fn new(table: &'a TableName, span: &'a Span) -> Self {
        let origin = &span.names.origin;
        let (name, at) = match origin {
            Origin::TableMap => ("table_map", None),
            Origin::Ddl { at, .. } => ("ddl", Some(PlaceTwin::new(&at.file, at.position))),
            Origin::Given(GivenBy::File(_)) => ("schema_file", None),
            Origin::Given(_) => ("server", None),
            _ => ("unknown", None),
        };
        Self {
            schema: &table.schema,
            table: &table.table,
            origin: name,
            at,
            given: origin.given().map(GivenBy::name),
            columns: span.columns,
            names: span.names.names.iter().map(|name| &**name).collect(),
            from: PlaceTwin::new(&span.from.file, span.from.position),
            to: PlaceTwin::new(&span.to.file, span.end),
        }
    }
}

impl<'a> PlaceTwin<'a> {
    fn new(file: &'a str, position: u64) -> Self {
        Self { file, position }
    }
}

impl<'a> LogTwin<'a> {
    fn new(log: &'a Log) -> Self {
        Self {
            file: &log.file,
            start: log.start,
            end: log.end,
            server_version: &log.server_version,
            flavour: match log.flavour {
                Flavour::MySql => "mysql",
                Flavour::MariaDb => "mariadb",
            },
            checksum: show::checksum_name(log.checksum),
        }
    }
}

impl CountTwin {
    fn new(count: &Count) -> Self {
        Self {
            events: count.events,
            bytes: count.bytes,
        }
    }
}

impl<'a> TableTwin<'a> {
    fn new(schema: &'a str, table: &'a str, rows: &TableRows) -> Self {
        Self {
            schema,
            table,
            inserts: rows.inserts,
            updates: rows.updates,
            deletes: rows.deletes,
        }
    }
}

impl<'a> LargestTwin<'a> {
    fn new(largest: &'a Largest) -> Self {
        Self {
            file: &largest.file,
            position: largest.position,
            gtid: largest.gtid.as_deref(),
            bytes: largest.bytes,
            rows: largest.rows,
        }
    }
}
