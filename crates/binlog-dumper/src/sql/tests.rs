use binlog_parser::EventType;

use super::{SqlDumper, SqlOptions};
use crate::fixture::Events;
use crate::{Dump, DumpError};

#[test]
fn rows_by_primary_key() {
    check(
        Events::new()
            .query("shop", "BEGIN")
            .named_table_map()
            .rows(EventType::WRITE_ROWS, &[(1, Some("a")), (2, None)])
            .named_table_map()
            .rows(EventType::UPDATE_ROWS, &[(1, Some("a")), (1, Some("it's"))])
            .named_table_map()
            .rows(EventType::DELETE_ROWS, &[(2, None)])
            .xid(),
        &[
            "BEGIN;",
            "INSERT INTO `shop`.`orders` (`id`, `name`) VALUES (1, 'a');",
            "INSERT INTO `shop`.`orders` (`id`, `name`) VALUES (2, NULL);",
            "UPDATE `shop`.`orders` SET `name` = _utf8mb4 X'69742773' WHERE `id` = 1;",
            "DELETE FROM `shop`.`orders` WHERE `id` = 2;",
            "COMMIT;",
        ],
    );
}

#[test]
fn rows_without_primary_key() {
    check(
        Events::new()
            .query("shop", "BEGIN")
            .keyless_table_map()
            .rows(EventType::UPDATE_ROWS, &[(1, Some("a")), (2, Some("a"))])
            .keyless_table_map()
            .rows(EventType::DELETE_ROWS, &[(2, None)])
            .xid(),
        &[
            "BEGIN;",
            "UPDATE `shop`.`orders` SET `id` = 2 WHERE `id` = 1 AND CAST(`name` AS BINARY) = _binary'a' LIMIT 1;",
            "DELETE FROM `shop`.`orders` WHERE `id` = 2 AND `name` IS NULL LIMIT 1;",
            "COMMIT;",
        ],
    );
}

#[test]
fn partial_updates_are_functions() {
    for whole in [true, false] {
        check(
            Events::new().query("shop", "BEGIN").partial_update(whole).xid(),
            &[
                "BEGIN;",
                "UPDATE `shop`.`docs` SET `doc` = JSON_INSERT(JSON_REPLACE(`doc`, _utf8mb4'$.a', 2), \
                 _utf8mb4'$.b', DATE'2024-02-29') WHERE `id` = 1;",
                "COMMIT;",
            ],
        );
    }
}

#[test]
fn unnamed_columns_are_comments() {
    let events = Events::new()
        .query("shop", "BEGIN")
        .table_map(&[])
        .rows(EventType::DELETE_ROWS, &[(2, None)])
        .xid();
    let mut dumper = SqlDumper::new(SqlOptions {
        comments: false,
        ..SqlOptions::default()
    });
    let (text, ended) = events.dump(&mut dumper);
    ended.unwrap();
    assert_eq!(dumper.unnamed().rows, 1);
    assert!(dumper.unnamed().tables.contains("shop.orders"));
    assert!(text.contains("\n-- DELETE FROM `shop`.`orders` WHERE @1 = 2"), "{text}");
    assert!(text.contains("\n-- Row changes written as comments: 1. "), "{text}");
}

#[test]
fn statements() {
    check(
        Events::new()
            .query("shop", "CREATE TABLE t (a INT)")
            .query("shop", "DROP DATABASE shop")
            .query("other", "CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW BEGIN END;"),
        &[
            "USE `shop`;",
            "CREATE TABLE t (a INT);",
            "DROP DATABASE shop;",
            "USE `other`;",
            "DELIMITER /*!*/;",
            "CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW BEGIN END;/*!*/;",
            "DELIMITER ;",
        ],
    );
}

#[test]
fn create_table_select_runs_as_a_client() {
    check(
        Events::new()
            .query("shop", "BEGIN")
            .query("shop", "CREATE TABLE `t` (\n  `a` int\n) START TRANSACTION")
            .xid(),
        &[
            "BEGIN;",
            "USE `shop`;",
            "CREATE TABLE `t` (",
            "  `a` int",
            ");",
            "COMMIT;",
        ],
    );
}

#[test]
fn unfinished_transactions_roll_back() {
    let begin = || Events::new().query("shop", "BEGIN");
    check(begin(), &["BEGIN;", "ROLLBACK;"]);
    let mut dumper = SqlDumper::new(SqlOptions {
        comments: false,
        ..SqlOptions::default()
    });
    let mut out = Vec::new();
    for chunk in [begin().chunk(), begin().xid().chunk()] {
        dumper.chunk(&chunk, &mut out).unwrap();
    }
    assert_eq!(
        statements_of(&String::from_utf8(out).unwrap()),
        ["BEGIN;", "ROLLBACK;", "BEGIN;", "COMMIT;"]
    );
}

#[test]
fn transactions_have_a_comment() {
    let (text, ended) = Events::new().query("", "BEGIN").xid().dump(&mut SqlDumper::default());
    ended.unwrap();
    assert!(
        text.contains("-- binlog.000002:4 2001-09-09 01:46:40 UTC server 1\nBEGIN;\n"),
        "{text}"
    );
}

#[test]
fn query_text_cannot_leave_its_comment() {
    let mut out = Vec::new();
    super::comment::text(&mut out, b"a\nDROP TABLE t;\r\0b");
    assert_eq!(out, b"-- a\n-- DROP TABLE t;\n--  b\n");
}

#[test]
fn what_cannot_be_said_is_an_error() {
    let load = EventType::BEGIN_LOAD_QUERY;
    refused(
        load,
        &[1, 0, 0, 0],
        "BEGIN_LOAD_QUERY +0: BEGIN_LOAD_QUERY: not supported: LOAD DATA",
    );
    let payload = EventType::TRANSACTION_PAYLOAD;
    refused(
        payload,
        &[2, 1, 0, 3, 1, 0, 1, 1, 0, 0],
        "TRANSACTION_PAYLOAD +0: TRANSACTION_PAYLOAD: not supported: the source was told to leave it compressed",
    );
    refused(
        EventType(99),
        &[],
        "event type 99 +0: event: not supported: this event type is not known",
    );
    refused(
        EventType::INCIDENT,
        &[1, 0, 0],
        "INCIDENT: the source lost events here: ",
    );
}

fn refused(event_type: EventType, body: &[u8], expected: &str) {
    let (_, ended) = Events::new().add(event_type, body).dump(&mut SqlDumper::default());
    let words = ended.as_ref().map_err(DumpError::to_string).unwrap_err();
    assert!(
        words.starts_with("binlog.000002 at 4, ") && words.contains(expected),
        "{words}"
    );
}

/// `expected` are the lines but comments and session settings.
fn check(events: Events, expected: &[&str]) {
    let (text, ended) = events.dump(&mut SqlDumper::new(SqlOptions {
        comments: false,
        ..SqlOptions::default()
    }));
    ended.unwrap();
    assert_eq!(statements_of(&text), expected);
}

fn statements_of(text: &str) -> Vec<&str> {
    let lines = text.lines();
    lines
        .filter(|line| !line.starts_with("-- ") && !line.starts_with("SET ") && !line.starts_with("/*!\\C"))
        .collect()
}

#[test]
fn several_rows_in_an_insert() {
    let rows: Vec<_> = (1..=5).map(|id| (id, None)).collect();
    let events = || {
        Events::new()
            .named_table_map()
            .rows(EventType::WRITE_ROWS, &rows)
            .named_table_map()
            .rows(EventType::WRITE_ROWS, &rows[..1])
            .named_table_map()
            .rows(EventType::DELETE_ROWS, &rows[..2])
            .xid()
    };
    let insert = |values: &[&str]| {
        let values = values.join(", ");
        format!("INSERT INTO `shop`.`orders` (`id`, `name`) VALUES {values};")
    };
    let check = |rows_per_insert, expected: &[String]| {
        let (text, ended) = events().dump(&mut SqlDumper::new(SqlOptions {
            rows_per_insert,
            ..SqlOptions::default()
        }));
        ended.unwrap();
        let statements = statements_of(&text);
        let inserts: Vec<_> = statements.iter().filter(|line| line.starts_with("INSERT")).collect();
        assert_eq!(inserts, expected.iter().collect::<Vec<_>>());
        assert_eq!(statements.iter().filter(|line| line.starts_with("DELETE")).count(), 2);
    };
    let one = insert(&["(1, NULL)"]);
    check(
        2,
        &[
            insert(&["(1, NULL)", "(2, NULL)"]),
            insert(&["(3, NULL)", "(4, NULL)"]),
            insert(&["(5, NULL)"]),
            one.clone(),
        ],
    );
    check(
        9,
        &[
            insert(&["(1, NULL)", "(2, NULL)", "(3, NULL)", "(4, NULL)", "(5, NULL)"]),
            one,
        ],
    );
}

#[test]
fn all_columns_of_the_images() {
    let events = Events::new()
        .query("shop", "BEGIN")
        .named_table_map()
        .rows(EventType::UPDATE_ROWS, &[(1, Some("a")), (1, Some("b"))])
        .named_table_map()
        .rows(EventType::DELETE_ROWS, &[(2, None)])
        .xid();
    let options = SqlOptions {
        all_columns: true,
        ..SqlOptions::default()
    };
    let (text, ended) = events.dump(&mut SqlDumper::new(options));
    ended.unwrap();
    let expected = [
        "UPDATE `shop`.`orders` SET `id` = 1, `name` = 'b' WHERE `id` = 1 AND CAST(`name` AS BINARY) = _binary'a';",
        "DELETE FROM `shop`.`orders` WHERE `id` = 2 AND `name` IS NULL;",
    ];
    let statements = statements_of(&text);
    for statement in expected {
        assert!(statements.contains(&statement), "{text}");
    }
}
