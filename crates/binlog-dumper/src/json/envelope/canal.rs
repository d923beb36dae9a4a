//! canal's flat messages, as it sends them to Kafka, RocketMQ and RabbitMQ with `canal.mq.flatMessage=true`. This comment is the specification.
//!
//! A row event is one message, with all of its rows:
//!
//! | member | |
//! |---|---|
//! | `data` | array of rows, each an object by column name; after an update as they are then, of a delete as they were |
//! | `database`, `table` | the table |
//! | `es` | when the statement began, in milliseconds: whole seconds |
//! | `gtid` | of the transaction; empty where it has none. canal has the set of all so far |
//! | `id` | number of the message in this output, from 1. canal has that of a batch of its own |
//! | `isDdl` | false |
//! | `mysqlType` | an object by column name: the type as the table was made with, where its definition is known, else as far as the log tells it |
//! | `old` | of an update: array of objects, one for each of `data`, of the columns that changed, as they were; else null. In canal an object also has those that changed in an earlier row of the message |
//! | `pkNames` | names of the primary key's columns, in the table's order; null where there is none, or none is known |
//! | `sql` | the statement behind the change, where the log has it, else empty. canal sends that statement as a message of its own |
//! | `sqlType` | an object by column name: a number of `java.sql.Types`. Of unsigned columns always the one that holds all of their values; canal takes it only for a value that needs it |
//! | `ts` | when canal made the message, which a log cannot tell: when the transaction was committed, or else as `es` |
//! | `type` | `INSERT`, `UPDATE`, `DELETE` |
//!
//! A statement is a message with `database`, `table` (the first that it changes; empty where that is none), `es`, `gtid`, `id`, `sql`, `ts` and `type`, in which the other members are
//! null. `isDdl` is false if it changes rows or is of XA. Its type is `CREATE`, `ALTER`, `ERASE` (DROP TABLE), `RENAME`, `TRUNCATE`, `CINDEX`, `DINDEX`, of one that changes rows
//! `INSERT`, `UPDATE`, `DELETE`, `XACOMMIT` or `XAROLLBACK` of a prepared transaction, or else `QUERY`. The session that a statement needs to give the same result is not told.
//!
//! # Values
//!
//! All are strings, or null:
//!
//! | column | string |
//! |---|---|
//! | TINYINT to BIGINT, BIT, FLOAT, DOUBLE, DECIMAL | the number |
//! | YEAR | four digits |
//! | DATE, TIME, DATETIME, TIMESTAMP | as the server prints it, with the column's digits of a second; TIMESTAMP in UTC |
//! | CHAR, VARCHAR, TEXT | the text |
//! | BINARY, VARBINARY, BLOB, GEOMETRY, VECTOR | a character for each byte, as in ISO 8859-1 |
//! | ENUM, SET | number of the member from 1; number with a bit for each member |
//! | JSON | the document as the server prints it |

use std::borrow::Cow;

use binlog_parser::event::{ColumnType, RowsKind};
use binlog_parser::value::JsonValue;
use binlog_parser::{Row, Value};
use binlog_schema::StatementKind;
use binlog_schema::sql::Charset;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::super::columns::{Columns, JsonColumn, Values};
use super::super::value::{self, JsonCell, ValueError};
use super::super::{RowsScene, Said, Scene};
use super::{made, millis, text};
use crate::DumpError;

/// The members behind `data` and before `old`, or `sql`.
#[derive(Debug, Serialize)]
struct Head<'a> {
    database: &'a str,
    es: u64,
    gtid: &'a str,
    id: u64,
    #[serde(rename = "isDdl")]
    is_ddl: bool,
    #[serde(rename = "mysqlType")]
    mysql_type: Option<Types<'a, &'a str>>,
}

/// The members behind `old`.
#[derive(Debug, Serialize)]
struct Tail<'a> {
    #[serde(rename = "pkNames")]
    key: Option<Vec<&'a str>>,
    sql: JsonCell<'a>,
    #[serde(rename = "sqlType")]
    sql_type: Option<Types<'a, i32>>,
    table: &'a str,
    ts: u64,
    #[serde(rename = "type")]
    kind: &'static str,
}

/// An object by column name.
#[derive(Debug)]
struct Types<'a, T>(&'a Columns, fn(&'a JsonColumn) -> T);

/// Appends the message of a statement.
pub(super) fn statement(scene: Scene<'_>, said: &Said<'_>, kind: Option<StatementKind>, id: u64, out: &mut Vec<u8>) {
    let is_xa = kind == Some(StatementKind::Xa);
    let schema = if is_xa { "".into() } else { said.schema() };
    let table = said.tables().next().map_or("", |table| &table.table);
    let head = Head {
        mysql_type: None,
        is_ddl: !is_xa && !kind.is_some_and(StatementKind::is_dml),
        ..Head::new(scene, &schema, id)
    };
    let tail = Tail {
        key: None,
        sql: said.sql(),
        sql_type: None,
        table,
        ts: made(scene),
        kind: type_of(said, kind),
    };
    out.extend(br#"{"data":null"#);
    members(&head, out);
    out.extend(br#","old":null"#);
    members(&tail, out);
    out.extend(b"}\n");
}

fn type_of(said: &Said<'_>, kind: Option<StatementKind>) -> &'static str {
    use StatementKind as Kind;
    match kind {
        Some(Kind::CreateTable) => "CREATE",
        Some(Kind::AlterTable) => "ALTER",
        Some(Kind::DropTable) => "ERASE",
        Some(Kind::RenameTable) => "RENAME",
        Some(Kind::Truncate) => "TRUNCATE",
        Some(Kind::CreateIndex) => "CINDEX",
        Some(Kind::DropIndex) => "DINDEX",
        Some(Kind::Insert | Kind::Replace | Kind::LoadData) => "INSERT",
        Some(Kind::Update) => "UPDATE",
        Some(Kind::Delete) => "DELETE",
        Some(Kind::Xa) if said.begins_with("XA ROLLBACK") => "XAROLLBACK",
        Some(Kind::Xa) => "XACOMMIT",
        _ => "QUERY",
    }
}

/// Appends the message of a row event.
pub(in super::super) fn rows(rows: RowsScene<'_>, id: u64, out: &mut Vec<u8>) -> Result<(), DumpError> {
    let (scene, columns, map) = (rows.scene, rows.columns, &rows.rows.table);
    let mut old = Vec::new();
    out.extend(br#"{"data":["#);
    rows.each(|row, before, after| {
        if row > 0 {
            out.push(b',');
        }
        push_row(columns, rows.rows.kind, (before, after), out)?;
        if rows.rows.kind == RowsKind::Update {
            old.push(if row > 0 { b',' } else { b'[' });
            push(&columns.image_changed(&Strings, before, after)?, &mut old);
        }
        Ok(())
    })?;
    out.push(b']');
    members(&Head::new(scene, &map.schema, id).of(columns), out);
    out.extend(br#","old":"#);
    match rows.rows.kind {
        RowsKind::Update if !old.is_empty() => {
            out.extend(old);
            out.push(b']');
        }
        _ => out.extend(b"null"),
    }
    let query = scene.transaction.query.as_deref().unwrap_or_default();
    let tail = Tail {
        key: key_names(columns),
        sql: text::statement(query, None),
        sql_type: Some(Types(columns, sql_type)),
        table: &map.table,
        ts: made(scene),
        kind: match rows.rows.kind {
            RowsKind::Insert => "INSERT",
            RowsKind::Update => "UPDATE",
            RowsKind::Delete => "DELETE",
        },
    };
    members(&tail, out);
    out.extend(b"}\n");
    Ok(())
}

/// In the table's order.
fn key_names(columns: &Columns) -> Option<Vec<&str>> {
    let is_key = |(index, _): &(usize, &str)| columns.key.contains(index);
    let names: Vec<_> = columns
        .names()
        .enumerate()
        .filter(is_key)
        .map(|(_, name)| name)
        .collect();
    (!names.is_empty()).then_some(names)
}

fn push_row(
    columns: &Columns,
    kind: RowsKind,
    (before, after): (&Row<'_>, &Row<'_>),
    out: &mut Vec<u8>,
) -> Result<(), ValueError> {
    let image = match kind {
        RowsKind::Insert => columns.image(&Strings, after)?,
        RowsKind::Delete => columns.image(&Strings, before)?,
        RowsKind::Update => columns.image_after(&Strings, before, after)?,
    };
    push(&image, out);
    Ok(())
}

fn push(twin: &impl Serialize, out: &mut Vec<u8>) {
    // Writing to a vector does not fail, and the twins have only text as keys.
    let _ = serde_json::to_writer(&mut *out, twin);
}

/// Appends a comma and the members of an object.
fn members(twin: &impl Serialize, out: &mut Vec<u8>) {
    let start = out.len();
    push(twin, out);
    if let Some(brace) = out.get_mut(start) {
        *brace = b',';
    }
    out.pop();
}

impl<'a> Head<'a> {
    fn new(scene: Scene<'a>, database: &'a str, id: u64) -> Self {
        Self {
            database,
            es: millis(scene),
            gtid: scene.transaction.gtid.as_deref().unwrap_or_default(),
            id,
            is_ddl: false,
            mysql_type: None,
        }
    }

    fn of(self, columns: &'a Columns) -> Self {
        Self {
            mysql_type: Some(Types(columns, |column| &column.declared)),
            ..self
        }
    }
}

impl<T: Serialize> Serialize for Types<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(columns, of) = self;
        let mut map = serializer.serialize_map(Some(columns.columns.len()))?;
        for column in &columns.columns {
            map.serialize_entry(&column.name, &of(column))?;
        }
        map.end()
    }
}

/// The number of `java.sql.Types`.
fn sql_type(column: &JsonColumn) -> i32 {
    const BIGINT: i32 = -5;
    const BIT: i32 = -7;
    const BLOB: i32 = 2004;
    const CHAR: i32 = 1;
    const CLOB: i32 = 2005;
    const DATE: i32 = 91;
    const DECIMAL: i32 = 3;
    const DOUBLE: i32 = 8;
    const INTEGER: i32 = 4;
    const REAL: i32 = 7;
    const SMALLINT: i32 = 5;
    const TIME: i32 = 92;
    const TIMESTAMP: i32 = 93;
    const TINYINT: i32 = -6;
    const VARCHAR: i32 = 12;
    let is_unsigned = column.literal.unsigned == Some(true);
    let is_text = matches!(column.literal.charset, Charset::Text(_));
    match column.literal.column_type {
        ColumnType::TINY if !is_unsigned => TINYINT,
        ColumnType::TINY => SMALLINT,
        ColumnType::SHORT if !is_unsigned => SMALLINT,
        ColumnType::SHORT | ColumnType::INT24 => INTEGER,
        ColumnType::LONG if !is_unsigned => INTEGER,
        ColumnType::LONG => BIGINT,
        ColumnType::LONGLONG if !is_unsigned => BIGINT,
        ColumnType::LONGLONG | ColumnType::NEWDECIMAL | ColumnType::DECIMAL => DECIMAL,
        ColumnType::FLOAT => REAL,
        ColumnType::DOUBLE => DOUBLE,
        ColumnType::BIT | ColumnType::SET => BIT,
        ColumnType::ENUM => INTEGER,
        ColumnType::DATE | ColumnType::NEWDATE => DATE,
        ColumnType::TIME | ColumnType::TIME2 => TIME,
        ColumnType::DATETIME | ColumnType::DATETIME2 | ColumnType::TIMESTAMP | ColumnType::TIMESTAMP2 => TIMESTAMP,
        ColumnType::BLOB | ColumnType::MARIADB_BLOB_COMPRESSED if is_text => CLOB,
        ColumnType::BLOB | ColumnType::MARIADB_BLOB_COMPRESSED | ColumnType::GEOMETRY | ColumnType::VECTOR => BLOB,
        _ if column.literal.charset == Charset::Binary => BLOB,
        ColumnType::STRING => CHAR,
        _ => VARCHAR,
    }
}

/// Everything as a string.
pub(super) struct Strings;

impl Values for Strings {
    fn value<'a>(&self, column: &'a JsonColumn, value: &'a Value<'_>) -> Result<JsonCell<'a>, ValueError> {
        Ok(match value {
            Value::Int(_) | Value::UInt(_) => value::text(match column.integer(value) {
                Value::UInt(value) => value.to_string(),
                Value::Int(value) => value.to_string(),
                _ => String::new(),
            }),
            Value::Float(value) => value::text(format!("{value:?}")),
            Value::Double(value) => value::text(format!("{value:?}")),
            Value::Decimal(value) => value::text(value.to_string()),
            Value::Bit(bits) => value::text(value::number(bits).to_string()),
            Value::Year(value) => value::text(format!("{value:04}")),
            Value::Date(value) => value::text(value::date(value)),
            Value::Time(value) => value::text(value::time(value)),
            Value::DateTime(value) => value::text(value::date_time(value)),
            Value::Timestamp(value) => value::text(value::date_time(&value.to_utc())),
            Value::Bytes(data) => string(column, Cow::Borrowed(data)),
            Value::Compressed(value) => string(column, column.expand(value)?.into()),
            Value::Enum(number) => value::text(number.to_string()),
            Value::Set(bits) => value::text(bits.to_string()),
            Value::Json(document) => self.document(column, document)?,
            Value::Geometry(data) | Value::Vector(data) => latin1(data),
            _ => return Err(column.unsupported()),
        })
    }

    fn document(&self, column: &JsonColumn, document: &JsonValue<'_>) -> Result<JsonCell<'static>, ValueError> {
        column.document_text(document).map(value::text)
    }
}

fn string<'a>(column: &'a JsonColumn, data: Cow<'a, [u8]>) -> JsonCell<'a> {
    text::column(column, data).unwrap_or_else(|data| latin1(&data))
}

fn latin1(data: &[u8]) -> JsonCell<'static> {
    value::text(data.iter().copied().map(char::from).collect())
}
