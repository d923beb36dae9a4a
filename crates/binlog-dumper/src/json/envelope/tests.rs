use std::io;
use std::sync::Arc;

use binlog_parser::event::{Column, ColumnType, Flavour};
use binlog_parser::value::{Date, DateTime, Time, Timestamp};
use binlog_parser::{Cell, EventType, Row, TableMap, Value};
use binlog_schema::Catalog;

use super::{Commits, Envelope, canal, connect, maxwell};
use crate::fixture::{Events, column};
use crate::json::JsonDumper;
use crate::json::columns::{Columns, JsonColumn, Values};

/// Collation numbers: utf8mb4_0900_ai_ci, latin1_swedish_ci, swe7_swedish_ci, binary.
const UTF8MB4: Option<u16> = Some(255);
const LATIN1: Option<u16> = Some(8);
const SWE7: Option<u16> = Some(10);
const BINARY: Option<u16> = Some(63);

/// An insert, updates without and with another key, a delete; in one transaction.
fn changes() -> Events {
    let map = |events: Events| events.named_table_map();
    let events = map(Events::new().query("shop", "BEGIN")).rows(EventType::WRITE_ROWS, &[(1, Some("a")), (2, None)]);
    let events = map(events).rows(
        EventType::UPDATE_ROWS,
        &[(1, Some("a")), (1, None), (2, None), (3, Some("c"))],
    );
    map(events).rows(EventType::DELETE_ROWS, &[(3, Some("c"))]).xid()
}

fn definitions() -> Events {
    Events::new()
        .query("", "CREATE DATABASE `new`")
        .query("shop", "CREATE TABLE one (id INT)")
        .query("shop", "RENAME TABLE one TO two")
        .query("shop", "CREATE INDEX i ON two (id)")
        .query("shop", "DROP TABLE two, other.three")
        .query("shop", "CREATE VIEW v AS SELECT 1")
        .query("shop", "DROP DATABASE `new`")
}

#[test]
fn lines() {
    for (name, envelope) in NAMED {
        insta::assert_snapshot!(format!("{name}-changes"), dump(envelope, changes()).unwrap());
        insta::assert_snapshot!(format!("{name}-definitions"), dump(envelope, definitions()).unwrap());
    }
}

const NAMED: [(&str, Envelope); 3] = [
    ("debezium", Envelope::Debezium),
    ("maxwell", Envelope::Maxwell),
    ("canal", Envelope::Canal),
];

#[test]
fn truncate() {
    let log = || Events::new().query("shop", "TRUNCATE orders");
    let lines = dump(Envelope::Debezium, log()).unwrap();
    let [row, ddl] = lines.lines().collect::<Vec<_>>()[..] else {
        panic!("{lines}");
    };
    assert!(
        row.contains(r#""table":"orders""#) && row.contains(r#""op":"t""#),
        "{row}"
    );
    assert!(ddl.contains(r#""ddl":"TRUNCATE orders""#), "{ddl}");
    assert!(dump(Envelope::Canal, log()).unwrap().contains(r#""type":"TRUNCATE""#));
    let error = "binlog.000002 at 4: TRUNCATE cannot be said in lines of Maxwell";
    assert_eq!(dump(Envelope::Maxwell, log()).unwrap_err(), error);
}

/// What has no line, and what must not be passed over.
#[test]
fn statements() {
    let open = || Events::new().query("shop", "BEGIN").named_table_map();
    let rows = || open().rows(EventType::WRITE_ROWS, &[(1, None)]);
    for (_, envelope) in NAMED {
        let refused = |events: Events, what: &str| {
            let error = dump(envelope, events).unwrap_err();
            assert!(error.contains(what), "{envelope:?}: {error}");
        };
        refused(rows().query("shop", "ROLLBACK"), "taking back rows");
        refused(rows().query("shop", "ROLLBACK TO `a`"), "taking back rows");
        assert!(
            dump(envelope, rows().query("shop", "SAVEPOINT `a`").xid())
                .unwrap()
                .lines()
                .count()
                == 1
        );
        assert_eq!(
            dump(envelope, Events::new().query("", "XA END X'61',X'',1")).unwrap(),
            ""
        );
        assert_eq!(
            dump(envelope, Events::new().query("", "BEGIN").query("", "ROLLBACK")).unwrap(),
            ""
        );
        refused(
            Events::new().add(EventType::BEGIN_LOAD_QUERY, &[1, 0, 0, 0, b'x']),
            "the file of a LOAD DATA",
        );
        let xa = |verb| Events::new().query("shop", &format!("XA {verb} X'61',X'',1"));
        if envelope == Envelope::Canal {
            let lines = dump(envelope, xa("COMMIT")).unwrap() + &dump(envelope, xa("ROLLBACK")).unwrap();
            insta::assert_snapshot!("canal-xa", lines);
        } else {
            assert_eq!(dump(envelope, xa("COMMIT")).unwrap(), "");
            refused(xa("ROLLBACK"), "XA ROLLBACK");
            refused(
                Events::new().query("shop", "DELETE FROM orders"),
                "a change of rows by a statement",
            );
            refused(
                Events::new().query("shop", "DO sleep(1)"),
                "a statement that cannot be judged",
            );
            assert_eq!(
                dump(envelope, Events::new().query("", "ANALYZE TABLE shop.t")).unwrap(),
                ""
            );
        }
    }
    let lines = dump(Envelope::Canal, Events::new().query("shop", "DELETE FROM orders")).unwrap();
    let expected = concat!(
        r#"{"data":null,"database":"shop","es":1000000000000,"gtid":"","id":1,"isDdl":false,"mysqlType":null,"old":null,"#,
        r#""pkNames":null,"sql":"DELETE FROM orders","sqlType":null,"table":"orders","ts":1000000000000,"type":"DELETE"}"#,
    );
    assert_eq!(lines.trim_end(), expected);
}

#[test]
fn partial_updates() {
    for (name, envelope) in NAMED {
        let log = |whole| Events::new().query("shop", "BEGIN").partial_update(whole).xid();
        insta::assert_snapshot!(format!("{name}-partial"), dump(envelope, log(true)).unwrap());
        let error = dump(envelope, log(false)).unwrap_err();
        assert!(
            error.contains("doc: the log has only what changes in the document"),
            "{error}"
        );
    }
}

#[test]
fn without_names() {
    for (name, envelope) in NAMED {
        let log = Events::new().query("shop", "BEGIN").table_map(&[]);
        let log = log.rows(EventType::UPDATE_ROWS, &[(1, Some("a")), (2, None)]).xid();
        insta::assert_snapshot!(format!("{name}-nameless"), dump(envelope, log).unwrap());
    }
}

#[test]
fn integers() {
    let big = || column(ColumnType::LONGLONG);
    check(
        big(),
        Value::Int(i64::MIN),
        ["-9223372036854775808"; 2],
        r#""-9223372036854775808""#,
    );
    check(
        big(),
        Value::UInt(u64::MAX),
        ["18446744073709551615"; 2],
        r#""18446744073709551615""#,
    );
    let unsigned = Column {
        unsigned: Some(true),
        ..column(ColumnType::SHORT)
    };
    check(unsigned, Value::Int(-1), ["65535"; 2], r#""65535""#);
    check(column(ColumnType::YEAR), Value::Year(0), ["0"; 2], r#""0000""#);
}

#[test]
fn floats() {
    check(column(ColumnType::FLOAT), Value::Float(0.1), ["0.1"; 2], r#""0.1""#);
    check(column(ColumnType::DOUBLE), Value::Double(2.0), ["2.0"; 2], r#""2.0""#);
    check(
        column(ColumnType::DOUBLE),
        Value::Double(f64::NAN),
        [r#""NaN""#; 2],
        r#""NaN""#,
    );
    let floats = Value::Vector(&[0, 0, 128, 63]);
    check(
        column(ColumnType::VECTOR),
        floats,
        ["[1.0]"; 2],
        "\"\\u0000\\u0000\u{80}?\"",
    );
}

#[test]
fn bits() {
    let bit = |metadata| Column::new(ColumnType::BIT, metadata, true);
    check(bit(1), Value::Bit(&[1]), ["true", "1"], r#""1""#);
    check(bit(1), Value::Bit(&[0]), ["false", "0"], r#""0""#);
    check(bit(0x104), Value::Bit(&[1, 2]), [r#""AgE=""#, "258"], r#""258""#);
}

#[test]
fn text() {
    let of = |collation| Column {
        collation,
        ..column(ColumnType::VARCHAR)
    };
    check(of(UTF8MB4), Value::Bytes("ä".as_bytes()), [r#""ä""#; 2], r#""ä""#);
    check(of(LATIN1), Value::Bytes(b"\xe4"), [r#""ä""#; 2], r#""ä""#);
    check(of(BINARY), Value::Bytes(b"\xe4"), [r#""5A==""#; 2], r#""ä""#);
    let marked = r#"{"base64":"5A==","charset":"utf8mb4"}"#;
    check(of(UTF8MB4), Value::Bytes(b"\xe4"), [marked; 2], marked);
    let marked = r#"{"base64":"ew==","charset":"swe7"}"#;
    check(of(SWE7), Value::Bytes(b"{"), [marked; 2], marked);
    check(of(None), Value::Bytes("ä".as_bytes()), [r#""ä""#; 2], r#""ä""#);
    let marked = r#"{"base64":"5A=="}"#;
    check(of(None), Value::Bytes(b"\xe4"), [marked; 2], marked);
    let fixed = Column {
        collation: BINARY,
        ..Column::new(ColumnType::STRING, 3, true)
    };
    check(fixed, Value::Bytes(b"a"), [r#""YQAA""#; 2], r#""a\u0000\u0000""#);
}

#[test]
fn members() {
    let named = |column_type| Column {
        members: ["a", "b"].map(|name| Box::from(name.as_bytes())).into(),
        ..column(column_type)
    };
    check(named(ColumnType::ENUM), Value::Enum(2), [r#""b""#; 2], r#""2""#);
    check(named(ColumnType::ENUM), Value::Enum(0), [r#""""#; 2], r#""0""#);
    check(column(ColumnType::ENUM), Value::Enum(2), ["2"; 2], r#""2""#);
    check(
        named(ColumnType::SET),
        Value::Set(3),
        [r#""a,b""#, r#"["a","b"]"#],
        r#""3""#,
    );
    check(named(ColumnType::SET), Value::Set(0), [r#""""#, "[]"], r#""0""#);
    check(column(ColumnType::SET), Value::Set(3), ["3"; 2], r#""3""#);
}

#[test]
fn geometries() {
    let bytes = [
        &[0xe6, 0x10, 0, 0, 1, 1, 0, 0, 0][..],
        &1_f64.to_le_bytes(),
        &2_f64.to_le_bytes(),
    ]
    .concat();
    let latin1: String = bytes.iter().copied().map(char::from).collect();
    let latin1 = serde_json::to_string(&latin1).unwrap();
    let wkb = r#""wkb":"AQEAAAAAAAAAAADwPwAAAAAAAABA","srid":4326}"#;
    let (any, point) = (format!("{{{wkb}"), format!(r#"{{"x":1.0,"y":2.0,{wkb}"#));
    let well_known = r#""POINT (1 2)""#;
    check(
        column(ColumnType::GEOMETRY),
        Value::Geometry(&bytes),
        [&any, well_known],
        &latin1,
    );
    let points = Column {
        geometry_type: Some(1),
        ..column(ColumnType::GEOMETRY)
    };
    check(points, Value::Geometry(&bytes), [&point, well_known], &latin1);
    let no = [r#"{"wkb":"AQ==","srid":null}"#, r#""AAAAAAE=""#];
    check(
        column(ColumnType::GEOMETRY),
        Value::Geometry(&[0, 0, 0, 0, 1]),
        no,
        r#""\u0000\u0000\u0000\u0000\u0001""#,
    );
}

#[test]
fn times() {
    let time = Time {
        negative: true,
        hours: 838,
        minutes: 59,
        seconds: 59,
        microseconds: 1000,
        decimals: 3,
    };
    let said = r#""-838:59:59.001""#;
    check(
        column(ColumnType::TIME2),
        Value::Time(time),
        ["-3020399001000", said],
        said,
    );
    let date = |year, month, day| Date { year, month, day };
    let days = |date| Value::Date(date);
    check(
        column(ColumnType::DATE),
        days(date(2018, 6, 20)),
        ["17702", r#""2018-06-20""#],
        r#""2018-06-20""#,
    );
    check(
        column(ColumnType::DATE),
        days(date(0, 0, 0)),
        ["null", r#""0000-00-00""#],
        r#""0000-00-00""#,
    );
    let always = Column::new(ColumnType::DATE, 0, false);
    check(always, days(date(0, 0, 0)), ["0", r#""0000-00-00""#], r#""0000-00-00""#);
    for (decimals, microseconds, number, fraction) in [
        (0, 0, "1529476623000", ""),
        (3, 5000, "1529476623005", ".005"),
        (6, 5000, "1529476623005000", ".005000"),
    ] {
        let value = DateTime {
            date: date(2018, 6, 20),
            hours: 6,
            minutes: 37,
            seconds: 3,
            microseconds,
            decimals,
        };
        let said = format!(r#""2018-06-20 06:37:03{fraction}""#);
        check(
            column(ColumnType::DATETIME2),
            Value::DateTime(value),
            [number, &said],
            &said,
        );
        let value = Timestamp {
            seconds: 1_529_476_623,
            microseconds,
            decimals,
        };
        let iso = format!(r#""2018-06-20T06:37:03{fraction}Z""#);
        check(
            column(ColumnType::TIMESTAMP2),
            Value::Timestamp(value),
            [&iso, &said],
            &said,
        );
    }
    let zero = |nullable, expected: &str| {
        let value = Timestamp {
            seconds: 0,
            microseconds: 0,
            decimals: 0,
        };
        let said = r#""0000-00-00 00:00:00""#;
        check(
            Column::new(ColumnType::TIMESTAMP2, 0, nullable),
            Value::Timestamp(value),
            [expected, said],
            said,
        );
    };
    zero(true, "null");
    zero(false, r#""1970-01-01T00:00:00Z""#);
}

/// A value in lines of Debezium and Maxwell, and of canal.
fn check(column: Column, value: Value<'_>, [debezium, maxwell]: [&str; 2], canal: &str) {
    let map = TableMap {
        table_id: 1,
        flags: 0,
        schema: "shop".into(),
        table: "orders".into(),
        columns: [column].into(),
        primary_key: None,
        optional: Box::default(),
    };
    let columns = Columns::new(map.into(), &Catalog::default(), Flavour::MySql);
    let row = Row {
        cells: vec![Cell::Value(value)],
        ..Row::default()
    };
    let [column] = &columns.columns[..] else {
        panic!("one column");
    };
    assert_eq!(json(&connect::Connect, column, &row), debezium);
    assert_eq!(json(&maxwell::Jackson, column, &row), maxwell);
    assert_eq!(json(&canal::Strings, column, &row), canal);
}

fn json(values: &impl Values, column: &JsonColumn, row: &Row<'_>) -> String {
    serde_json::to_string(&values.cell(column, &row.cells[0]).unwrap()).unwrap()
}

/// All lines, or the error.
fn dump(envelope: Envelope, events: Events) -> Result<String, String> {
    let (text, ended) = events.dump(&mut JsonDumper::in_envelope(envelope));
    ended.map_err(|error| error.to_string())?;
    let mut commits = Commits::new(|| Err(io::Error::other("a small text")) as io::Result<Arc<dyn crate::Overflow>>);
    let mut out = Vec::new();
    commits.push(text.as_bytes(), &mut out).unwrap();
    commits.finish(&mut out).unwrap();
    let version = format!(r#""version":"{}""#, env!("CARGO_PKG_VERSION"));
    Ok(String::from_utf8(out).unwrap().replace(&version, r#""version":"…""#))
}
