//! Lines of Maxwell's daemon ([documentation](https://maxwells-daemon.io/dataformat)), with all that its `output_…` options add, as far as a log tells it. This comment is the specification.
//!
//! A row change has
//!
//! | member | |
//! |---|---|
//! | `database`, `table` | the table |
//! | `query` | the statement behind the change, where the log has it |
//! | `type` | `insert`, `update`, `delete` |
//! | `ts` | when the statement began, seconds since 1970 |
//! | `xid` | the storage engine's number of the transaction, where it has one |
//! | `xoffset` | number of the row in its transaction, from 0; not of the last one |
//! | `commit` | true, of a transaction's last row |
//! | `position` | the log, and the position behind the event: `binlog.000006:800911` |
//! | `gtid` | of the transaction, where it has one. Maxwell has the set of all so far |
//! | `server_id` | of the server where the change was made |
//! | `thread_id` | connection that made it |
//! | `primary_key`, `primary_key_columns` | values and names of the primary key's columns, where the table is known to have one |
//! | `data` | the row; after an update as it is then, of a delete as it was |
//! | `old` | of an update that changed something: the columns that it changed, as they were |
//!
//! A transaction of which the log does not have the end, or that ends in XA PREPARE, has neither `xid` nor `commit`.
//!
//! Statements that change definitions of tables and databases have `type` (`table-create`, `table-alter`, also for indexes and RENAME, `table-drop`, `database-create`,
//! `database-alter`, `database-drop`), `database`, `table`, `ts` in milliseconds, `sql`, `position` of the event's first byte, and `gtid`. A statement that names several tables is one line for each. They have no
//! `def` and no `old`: Maxwell writes the definitions there that it keeps in a database of its own. Of views, routines, triggers, events and
//! accounts Maxwell says nothing, nor do these lines. Of TRUNCATE it says nothing either, although it deletes rows: here that is an error.
//!
//! # Values
//!
//! | column | value |
//! |---|---|
//! | TINYINT to BIGINT, BIT, FLOAT, DOUBLE, DECIMAL, YEAR | number |
//! | DATE, TIME, DATETIME, TIMESTAMP | string with the column's digits of a second: `2016-10-21 05:33:37.523000`. TIMESTAMP in UTC. Dates that are none are themselves |
//! | CHAR, VARCHAR, TEXT | string |
//! | BINARY, VARBINARY, BLOB | base64 |
//! | ENUM | name of the member; empty for the error value; its number where the names are not known |
//! | SET | array of the members' names; a number with a bit for each where they are not known |
//! | JSON | the document itself |
//! | GEOMETRY and the like | string, well-known text without SRID: `POINT (1 2)`. Base64 of the log's bytes where it is none |
//! | VECTOR, which Maxwell does not know | array of numbers |

use std::borrow::Cow;

use binlog_parser::event::RowsKind;
use binlog_parser::value::JsonValue;
use binlog_parser::{Row, Value};
use binlog_schema::{Object, StatementKind};
use serde::Serialize;
use serde_json::value::RawValue;

use super::super::columns::{Columns, Image, JsonColumn, Values};
use super::super::value::{self, JsonCell, Text, ValueError};
use super::super::{RowsScene, Said, Scene, record};
use super::{commits, millis, text, wkt};
use crate::DumpError;

/// What stands before the members about the transaction.
#[derive(Debug, Serialize)]
struct Head<'a> {
    database: &'a str,
    table: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<Text<'a>>,
    #[serde(rename = "type")]
    kind: &'static str,
    ts: u32,
}

#[derive(Debug, Serialize)]
struct Tail<'a> {
    position: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    gtid: Option<&'a str>,
    server_id: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_id: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_key: Option<Vec<&'a JsonCell<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_key_columns: Option<&'a [&'a str]>,
    data: &'a Image<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    old: Option<Image<'a>>,
}

#[derive(Debug, Serialize)]
struct Ddl<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    database: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    table: Option<&'a str>,
    ts: u64,
    sql: JsonCell<'a>,
    position: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    gtid: Option<&'a str>,
}

/// Appends the lines of a statement that changes definitions.
pub(super) fn ddl(scene: Scene<'_>, said: &Said<'_>, kind: StatementKind, out: &mut Vec<u8>) {
    let Some(kind) = type_of(kind) else {
        return;
    };
    let position = format!("{}:{}", scene.at.chunk.file, scene.at.raw.offset);
    for object in said.writes() {
        let Some(database) = object.schema() else {
            continue;
        };
        let ddl = Ddl {
            kind,
            database,
            table: match object {
                Object::Table(name) => Some(&name.table),
                _ => None,
            },
            ts: millis(scene),
            sql: said.sql(),
            position: &position,
            gtid: scene.transaction.gtid.as_deref(),
        };
        // Writing to a vector does not fail, and the twins have only text as keys.
        let _ = serde_json::to_writer(&mut *out, &ddl);
        out.push(b'\n');
    }
}

fn type_of(kind: StatementKind) -> Option<&'static str> {
    Some(match kind {
        StatementKind::CreateTable => "table-create",
        StatementKind::AlterTable
        | StatementKind::RenameTable
        | StatementKind::CreateIndex
        | StatementKind::DropIndex => "table-alter",
        StatementKind::DropTable => "table-drop",
        StatementKind::CreateDatabase => "database-create",
        StatementKind::AlterDatabase => "database-alter",
        StatementKind::DropDatabase => "database-drop",
        _ => return None,
    })
}

/// Appends the lines of a row event, each with the mark that [`super::Commits`] replaces.
pub(in super::super) fn rows(rows: RowsScene<'_>, out: &mut Vec<u8>) -> Result<(), DumpError> {
    let RowsScene { scene, columns, .. } = rows;
    let (map, at, transaction) = (&rows.rows.table, scene.at, scene.transaction);
    let head = Head {
        database: &map.schema,
        table: &map.table,
        query: transaction.query.as_deref().map(Text),
        kind: record::kind(rows.rows.kind),
        ts: at.raw.header.timestamp,
    };
    // Writing to a vector does not fail, and the twins have only text as keys.
    let mut head = serde_json::to_vec(&head).unwrap_or_default();
    head.pop();
    head.push(b',');
    let position = format!("{}:{}", at.chunk.file, at.end());
    let key = columns.key_names();
    rows.each(|_, before, after| {
        let (data, old) = images(columns, rows.rows.kind, before, after)?;
        let tail = Tail {
            position: &position,
            gtid: transaction.gtid.as_deref(),
            server_id: at.raw.header.server_id,
            thread_id: transaction.thread_id,
            primary_key: key.as_ref().map(|names| of_key(names, &data)),
            primary_key_columns: key.as_deref(),
            data: &data,
            old,
        };
        out.extend(&head);
        let start = out.len();
        let _ = serde_json::to_writer(&mut *out, &tail);
        if let Some(brace) = out.get_mut(start) {
            *brace = commits::ROW;
        }
        out.push(b'\n');
        Ok(())
    })
}

type Images<'a> = (Image<'a>, Option<Image<'a>>);

fn images<'a>(
    columns: &'a Columns,
    kind: RowsKind,
    before: &'a Row<'_>,
    after: &'a Row<'_>,
) -> Result<Images<'a>, ValueError> {
    Ok(match kind {
        RowsKind::Insert => (columns.image(&Jackson, after)?, None),
        RowsKind::Delete => (columns.image(&Jackson, before)?, None),
        RowsKind::Update => {
            let old = columns.image_changed(&Jackson, before, after)?;
            let old = Some(old).filter(|old| !old.0.is_empty());
            (columns.image_after(&Jackson, before, after)?, old)
        }
    })
}

fn of_key<'a>(names: &[&str], data: &'a Image<'a>) -> Vec<&'a JsonCell<'a>> {
    let cell = |name: &&str| data.0.iter().find(|(found, _)| found == name);
    let cells = names
        .iter()
        .map(|name| cell(name).map_or(&JsonCell::Null, |(_, cell)| cell));
    cells.collect()
}

/// The values as Maxwell's JSON library writes them.
pub(super) struct Jackson;

impl Values for Jackson {
    fn value<'a>(&self, column: &'a JsonColumn, value: &'a Value<'_>) -> Result<JsonCell<'a>, ValueError> {
        Ok(match value {
            Value::Int(_) | Value::UInt(_) => text::integer(column, value),
            Value::Float(value) if value.is_finite() => JsonCell::Float(*value),
            Value::Float(value) => value::text(value.to_string()),
            Value::Double(value) if value.is_finite() => JsonCell::Double(*value),
            Value::Double(value) => value::text(value.to_string()),
            Value::Decimal(value) => number(value.to_string()),
            Value::Bit(bits) => JsonCell::UInt(value::number(bits)),
            Value::Year(value) => JsonCell::UInt(u64::from(*value)),
            Value::Date(value) => value::text(value::date(value)),
            Value::Time(value) => value::text(value::time(value)),
            Value::DateTime(value) => value::text(value::date_time(value)),
            Value::Timestamp(value) => value::text(value::date_time(&value.to_utc())),
            Value::Bytes(data) => text::string(column, Cow::Borrowed(data)),
            Value::Compressed(value) => text::string(column, column.expand(value)?.into()),
            Value::Enum(0) => value::text(String::new()),
            Value::Enum(number) => column.member(*number),
            Value::Set(bits) => match column.members(*bits) {
                JsonCell::Text(_) => JsonCell::UInt(*bits),
                members => members,
            },
            Value::Json(document) => self.document(column, document)?,
            Value::Geometry(data) => match data.get(4..).and_then(wkt::text) {
                Some(text) => value::text(text),
                None => text::bytes(data),
            },
            Value::Vector(value) => column.floats(value)?,
            _ => return Err(column.unsupported()),
        })
    }

    fn document(&self, column: &JsonColumn, document: &JsonValue<'_>) -> Result<JsonCell<'static>, ValueError> {
        column.document(document)
    }
}

/// Digits as a number.
fn number(digits: String) -> JsonCell<'static> {
    match RawValue::from_string(digits) {
        Ok(digits) => JsonCell::Document(digits),
        Err(_) => JsonCell::Null,
    }
}
