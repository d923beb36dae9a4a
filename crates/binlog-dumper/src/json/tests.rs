use binlog_parser::event::{Column, ColumnType, Flavour};
use binlog_parser::value::{Date, DateTime, Time, Timestamp};
use binlog_parser::{Cell, EventType, Row, TableMap, Value};
use binlog_schema::Catalog;

use super::JsonDumper;
use super::columns::Columns;
use super::value::{PlainValues, Text};
use crate::fixture::{Events, column};

/// Collation numbers: utf8mb4_0900_ai_ci, latin1_swedish_ci, ucs2_general_ci, binary.
const UTF8MB4: Option<u16> = Some(255);
const LATIN1: Option<u16> = Some(8);
const UCS2: Option<u16> = Some(35);
const BINARY: Option<u16> = Some(63);

#[test]
fn integers() {
    let signed = || column(ColumnType::LONGLONG);
    check(signed(), Value::Int(-1), "-1");
    check(signed(), Value::Int((1 << 53) - 1), "9007199254740991");
    check(signed(), Value::Int(1 << 53), r#""9007199254740992""#);
    check(signed(), Value::Int(i64::MIN), r#""-9223372036854775808""#);
    check(signed(), Value::UInt(u64::MAX), r#""18446744073709551615""#);
    check(signed(), Value::Bit(&[1, 0]), "256");
    check(signed(), Value::Year(1901), "1901");
}

#[test]
fn partial_updates() {
    let check = |whole, expected: &str| {
        let (text, ended) = Events::new()
            .query("shop", "BEGIN")
            .partial_update(whole)
            .xid()
            .dump(&mut JsonDumper::new());
        ended.unwrap();
        let change = text.lines().nth(1).unwrap();
        assert!(change.ends_with(expected), "{text}");
    };
    check(
        true,
        r#""before":{"id":1,"doc":{"a": 1}},"after":{"id":1,"doc":{"a": 2, "b": "2024-02-29"}},"changed":["doc"]}"#,
    );
    check(
        false,
        concat!(
            r#""before":{"id":1},"after":{},"changed":["doc"],"partial":{"doc":["#,
            r#"{"operation":"replace","path":"$.a","value":2},{"operation":"insert","path":"$.b","value":"2024-02-29"}]}}"#,
        ),
    );
}

#[test]
fn unsigned_by_map() {
    let unsigned = Column {
        unsigned: Some(true),
        ..column(ColumnType::SHORT)
    };
    check(unsigned, Value::Int(-1), "65535");
}

#[test]
fn floats() {
    check(column(ColumnType::FLOAT), Value::Float(0.1), "0.1");
    check(column(ColumnType::DOUBLE), Value::Double(-1.5e300), "-1.5e+300");
    check(column(ColumnType::DOUBLE), Value::Double(f64::NAN), r#""NaN""#);
    check(
        column(ColumnType::VECTOR),
        Value::Vector(&[0, 0, 128, 63, 0, 0, 0, 0]),
        "[1.0,0.0]",
    );
}

#[test]
fn text() {
    check(in_charset(UTF8MB4), Value::Bytes("ä\"\n".as_bytes()), r#""ä\"\n""#);
    check(
        in_charset(UTF8MB4),
        Value::Bytes(&[0xff]),
        r#"{"base64":"/w==","charset":"utf8mb4"}"#,
    );
    check(in_charset(LATIN1), Value::Bytes(b"plain"), r#""plain""#);
    check(
        in_charset(LATIN1),
        Value::Bytes("ä".as_bytes()),
        r#"{"base64":"w6Q=","charset":"latin1"}"#,
    );
    check(
        in_charset(UCS2),
        Value::Bytes(b"\0a"),
        r#"{"base64":"AGE=","charset":"ucs2"}"#,
    );
    check(in_charset(BINARY), Value::Bytes(b"abc"), r#"{"base64":"YWJj"}"#);
    check(in_charset(None), Value::Bytes("ä".as_bytes()), r#""ä""#);
    check(in_charset(None), Value::Bytes(&[0xe4]), r#"{"base64":"5A=="}"#);
    check(
        column(ColumnType::GEOMETRY),
        Value::Geometry(&[0]),
        r#"{"base64":"AA=="}"#,
    );
}

#[test]
fn members() {
    let named = |column_type| Column {
        members: ["a", "b"].map(|name| Box::from(name.as_bytes())).into(),
        ..column(column_type)
    };
    check(named(ColumnType::ENUM), Value::Enum(2), r#""b""#);
    check(named(ColumnType::ENUM), Value::Enum(0), "0");
    check(named(ColumnType::ENUM), Value::Enum(3), "3");
    check(column(ColumnType::ENUM), Value::Enum(2), "2");
    check(named(ColumnType::SET), Value::Set(3), r#"["a","b"]"#);
    check(named(ColumnType::SET), Value::Set(0), "[]");
    check(named(ColumnType::SET), Value::Set(4), "4");
    check(column(ColumnType::SET), Value::Set(3), "3");
}

#[test]
fn times() {
    let date = Date {
        year: 2026,
        month: 11,
        day: 2,
    };
    check(column(ColumnType::DATE), Value::Date(date), r#""2026-11-02""#);
    check(column(ColumnType::TIME2), time(838, 0, 0), r#""-838:59:01""#);
    check(column(ColumnType::TIME2), time(1, 1200, 4), r#""-01:59:01.0012""#);
    let date_time = DateTime {
        date,
        hours: 1,
        minutes: 2,
        seconds: 3,
        microseconds: 5,
        decimals: 6,
    };
    check(
        column(ColumnType::DATETIME2),
        Value::DateTime(date_time),
        r#""2026-11-02 01:02:03.000005""#,
    );
    check(
        column(ColumnType::TIMESTAMP2),
        timestamp(1_000_000_000, 3),
        r#""2001-09-09T01:46:40.000Z""#,
    );
    check(
        column(ColumnType::TIMESTAMP2),
        timestamp(u32::MAX, 0),
        r#""2106-02-07T06:28:15Z""#,
    );
    check(
        column(ColumnType::TIMESTAMP2),
        timestamp(0, 0),
        r#""0000-00-00T00:00:00Z""#,
    );
}

#[test]
fn absent_and_null() {
    let columns = Columns::new(
        map(vec![column(ColumnType::LONG); 3]).into(),
        &Catalog::default(),
        Flavour::MySql,
    );
    let row = Row {
        cells: vec![Cell::Null, Cell::Absent, Cell::Value(Value::Int(1))],
        ..Row::default()
    };
    let json = serde_json::to_string(&columns.image(&PlainValues, &row).unwrap()).unwrap();
    assert_eq!(json, r#"{"@1":null,"@3":1}"#);
}

#[test]
fn statement_text() {
    assert_eq!(serde_json::to_string(&Text("ä".as_bytes())).unwrap(), r#""ä""#);
    assert_eq!(serde_json::to_string(&Text(&[0xe4])).unwrap(), r#"{"base64":"5A=="}"#);
}

#[test]
fn row_changes() {
    let events = Events::new().query("shop", "BEGIN").named_table_map();
    let events = events.rows(
        EventType::UPDATE_ROWS,
        &[(1, Some("a")), (1, None), (2, None), (3, None)],
    );
    let (text, ended) = events.xid().dump(&mut JsonDumper::new());
    ended.unwrap();
    let head = |kind, position, end| {
        format!(
            r#""kind":"{kind}","file":"binlog.000002","position":{position},"end":{end},"timestamp":"2001-09-09T01:46:40Z","server_id":1,"thread_id":7,"transaction":4"#
        )
    };
    let (table, commit) = (head("table", 115, 169), head("commit", 169, 196));
    let columns = concat!(
        r#""columns":[{"name":"id","type":"int","nullable":true,"unsigned":false},"#,
        r#"{"name":"name","type":"varchar","nullable":true,"charset":"utf8mb4"}],"primary_key":["id"]"#,
    );
    let orders = r#""schema":"shop","table":"orders""#;
    let head = format!("{},{orders}", head("update", 115, 169));
    let expected = [
        format!("{{{table},{orders},{columns}}}"),
        format!(
            r#"{{{head},"row":0,"before":{{"id":1,"name":"a"}},"after":{{"id":1,"name":null}},"changed":["name"]}}"#
        ),
        format!(
            r#"{{{head},"row":1,"before":{{"id":2,"name":null}},"after":{{"id":3,"name":null}},"changed":["id"]}}"#
        ),
        format!(r#"{{{commit},"xid":9}}"#),
    ];
    assert_eq!(text.lines().collect::<Vec<_>>(), expected);
}

/// A definition is told once, and again where it changes.
#[test]
fn definitions() {
    let insert = |events: Events| events.rows(EventType::WRITE_ROWS, &[(1, None)]);
    let events = insert(Events::new().query("shop", "BEGIN").named_table_map());
    let events = insert(insert(events.named_table_map()).table_map(&[]));
    let (text, ended) = events.xid().dump(&mut JsonDumper::new());
    ended.unwrap();
    let kinds: Vec<_> = text.lines().filter_map(|line| line.get(9..14)).collect();
    assert_eq!(kinds, ["table", "inser", "inser", "table", "inser", "commi"], "{text}");
}

#[test]
fn lost_events_are_an_error() {
    let events = Events::new().add(EventType::INCIDENT, b"\x01\x00\x04disk");
    let (text, ended) = events.dump(&mut JsonDumper::new());
    assert_eq!(text, "");
    let words = ended.unwrap_err().to_string();
    assert_eq!(words, "binlog.000002 at 4, INCIDENT: the source lost events here: disk");
}

fn check(column: Column, value: Value<'_>, expected: &str) {
    let columns = Columns::new(map(vec![column]).into(), &Catalog::default(), Flavour::MySql);
    let row = Row {
        cells: vec![Cell::Value(value)],
        ..Row::default()
    };
    let json = serde_json::to_string(&columns.image(&PlainValues, &row).unwrap()).unwrap();
    assert_eq!(json, format!(r#"{{"@1":{expected}}}"#));
}

fn time(hours: u16, microseconds: u32, decimals: u8) -> Value<'static> {
    Value::Time(Time {
        negative: true,
        hours,
        minutes: 59,
        seconds: 1,
        microseconds,
        decimals,
    })
}

fn timestamp(seconds: u32, decimals: u8) -> Value<'static> {
    Value::Timestamp(Timestamp {
        seconds,
        microseconds: 0,
        decimals,
    })
}

fn in_charset(collation: Option<u16>) -> Column {
    Column {
        collation,
        ..column(ColumnType::VARCHAR)
    }
}

fn map(columns: Vec<Column>) -> TableMap {
    TableMap {
        table_id: 1,
        flags: 0,
        schema: "shop".into(),
        table: "orders".into(),
        columns: columns.into(),
        primary_key: None,
        optional: Box::default(),
    }
}
