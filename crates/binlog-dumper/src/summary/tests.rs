use binlog_parser::EventType;

use super::{BinlogFormat, Summary, TableRows, json};
use crate::fixture::Events;

#[test]
fn counts() {
    let summary = summary();
    assert_eq!(summary.transactions, 2);
    assert_eq!(summary.ddl_statements, 1);
    assert_eq!(summary.rows(), 3);
    assert_eq!(summary.format(), Some(BinlogFormat::Row));
    let rows: Vec<_> = summary.tables.values().copied().collect();
    let expected = TableRows {
        inserts: 2,
        updates: 1,
        deletes: 0,
    };
    assert_eq!(rows, [expected]);
    let largest = summary.largest.as_ref().unwrap();
    assert_eq!((largest.position, largest.rows), (70, 3));
    assert_eq!(summary.total().bytes, summary.logs[0].end - 4);
}

#[test]
fn for_people() {
    let text = summary().to_string();
    assert!(text.contains("binlog.000002: 4 to "), "{text}");
    assert!(
        text.contains("Changes:       3 rows, 0 statements, 1 definitions"),
        "{text}"
    );
    assert!(
        text.contains("\nshop.orders                                 2            1            0\n"),
        "{text}"
    );
}

#[test]
fn as_json() {
    let mut out = Vec::new();
    json::write(&summary(), &mut out);
    let value: serde_json::Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(value["format"], "ROW");
    assert_eq!(value["events"]["XID"]["events"], 1);
    assert_eq!(value["tables"][0]["inserts"], 2);
    assert_eq!(value["gtids"], serde_json::Value::Null);
    assert_eq!(value["logs"][0]["server_version"], "8.4.3");
}

fn summary() -> Summary {
    let events = Events::new()
        .query("shop", "CREATE TABLE t (a INT, b INT)")
        .query("shop", "BEGIN")
        .named_table_map()
        .rows(EventType::WRITE_ROWS, &[(1, Some("a")), (2, None)])
        .named_table_map()
        .rows(EventType::UPDATE_ROWS, &[(1, Some("a")), (1, None)])
        .xid();
    let mut summary = Summary::default();
    summary.chunk(&events.chunk()).unwrap();
    summary
}
