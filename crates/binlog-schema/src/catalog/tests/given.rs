//! Definitions that are given.

use binlog_parser::event::{ColumnType, Flavour};
use binlog_parser::gtid::TransactionGtid;

use super::{apply, ddl, map, place};
use crate::catalog::*;

#[test]
fn given_from_the_start() {
    check_given("", &[], &[("schema file x.sql", "a")]);
    check_given(
        "",
        &["ALTER TABLE t ADD b INT"],
        &[("DDL at b.000002:100 on schema file x.sql", "a b")],
    );
    check_given(
        "",
        &["RENAME TABLE t TO s.t", "ALTER TABLE s.t RENAME d.t"],
        &[("DDL at b.000002:101 on schema file x.sql", "a")],
    );
    check_given(
        "",
        &["DROP TABLE t", "CREATE TABLE t (z INT)"],
        &[("DDL at b.000002:101", "z")],
    );
    check_given("", &["DROP TABLE t"], &[("unknown", "")]);
    check_given("", &["CREATE TABLE t (z INT)"], &[("DDL at b.000002:100", "z")]);
}

#[test]
fn given_from_a_place() {
    let at = |place: &str| {
        let (file, position) = place.split_once(':').unwrap();
        format!("CHANGE MASTER TO MASTER_LOG_FILE='{file}', MASTER_LOG_POS={position};\n")
    };
    let (unknown, file) = (("unknown", ""), ("schema file x.sql", "a"));
    check_given(&at("b.000002:300"), &[], &[unknown, unknown, file]);
    check_given(&at("b.000002:200"), &[], &[unknown, file, file]);
    check_given(&at("b.000001:999"), &[], &[file, file, file]);
    check_given(&at("b.000003:4"), &[], &[unknown, unknown, unknown]);
    check_given(&at("other.000003:4"), &[], &[file, file, file]);
    let ddl = ("DDL at b.000002:100", "z");
    check_given(&at("b.000002:200"), &["CREATE TABLE t (z INT)"], &[ddl, ddl]);
}

#[test]
fn given_from_a_transaction() {
    let mut catalog = given("SET GLOBAL gtid_slave_pos='0-1-5';\n");
    let gtid = |text: &str| TransactionGtid::MariaDb(text.parse().unwrap());
    for (text, expected) in [
        ("0-1-5", "unknown"),
        ("0-1-6", "schema file x.sql"),
        ("0-1-7", "schema file x.sql"),
    ] {
        catalog.reach(&place(100));
        catalog.reach_transaction(Some(&gtid(text)));
        let met = catalog.meet(&map("t", &[(ColumnType::LONG, 0)]), &place(100)).unwrap();
        assert_eq!(met.to_string(), expected, "{text}");
    }
    let mut catalog = given("SET GLOBAL gtid_slave_pos='0-1-5';\n");
    catalog.reach_transaction(None);
    assert!(!catalog.is_waiting());
}

#[test]
fn remarks() {
    let at = place;
    let remark = |place: &str| {
        let mut catalog = given(&format!(
            "CHANGE MASTER TO MASTER_LOG_FILE='{place}', MASTER_LOG_POS=150;\n"
        ));
        catalog.reach(&at(100));
        catalog.reach(&at(200));
        catalog.remarks().join("|")
    };
    assert_eq!(remark("b.000002"), "");
    let gap =
        "schema file x.sql is of b.000001:150, and reading begins at b.000002:100: changes of tables between these";
    assert!(remark("b.000001").starts_with(gap));
    assert!(remark("b.000003").ends_with("which was not reached: it named nothing"));
    assert!(remark("c.000001").contains("none of these logs"));
}

/// The origin and names of `t` at 100, 200…; before the first of them the statements run.
fn check_given(head: &str, statements: &[&str], expected: &[(&str, &str)]) {
    let mut catalog = given(head);
    for (position, sql) in (100..).zip(statements) {
        catalog.apply(&ddl(sql, position)).unwrap();
    }
    for (position, (origin, names)) in (1..).map(|number| number * 100).zip(expected) {
        catalog.reach(&place(position));
        let columns = names.split(' ').filter(|name| !name.is_empty()).count().max(1);
        let map = map("t", &vec![(ColumnType::LONG, 0); columns]);
        let found = catalog.meet(&map, &place(position)).unwrap();
        let found_names = column_names(&map, &catalog).names.join(" ");
        assert_eq!(
            (found.to_string().as_str(), found_names.as_str()),
            (*origin, *names),
            "{head} {statements:?}"
        );
    }
}

fn given(head: &str) -> Catalog {
    let mut script = SchemaScript::new("x.sql", Some("d"));
    script.push(head.as_bytes()).unwrap();
    script.push(b"CREATE TABLE t (a INT)").unwrap();
    let mut catalog = Catalog::default();
    catalog.give(script.finish().unwrap());
    catalog
}

#[test]
fn a_server_names_what_does_not_change_later() {
    let later = check_later;
    assert_eq!(later("ALTER TABLE t ENGINE=InnoDB, ADD INDEX (a)"), None);
    assert_eq!(
        later("ALTER TABLE t ADD CONSTRAINT c UNIQUE KEY (a), DROP KEY k, RENAME INDEX i TO j, DROP CONSTRAINT x"),
        None
    );
    assert_eq!(later("CREATE TABLE IF NOT EXISTS t (z INT)"), None);
    assert_eq!(later("TRUNCATE t"), None);
    assert_eq!(later("CREATE INDEX i ON t (a)"), None);
    assert_eq!(later("ALTER TABLE u ADD x INT"), None);
    assert_eq!(later("CREATE TEMPORARY TABLE t (x INT)"), None);
    let error =
        "table d.t: it changes here, and rows from b.000002:50 on were named by its definition of now on server db:1";
    for sql in [
        "ALTER TABLE t ADD b INT",
        "ALTER TABLE t ADD COLUMN IF NOT EXISTS a INT",
        "ALTER TABLE t MODIFY a INT FIRST",
        "ALTER TABLE t ENGINE=InnoDB, DROP COLUMN IF EXISTS z",
        "ALTER TABLE t DROP PRIMARY KEY",
        "ALTER TABLE t ADD CONSTRAINT PRIMARY KEY (a)",
        "ALTER TABLE t ADD CONSTRAINT x PRIMARY KEY (a)",
        "ALTER TABLE t DROP INDEX `PRIMARY`",
        "DROP INDEX `PRIMARY` ON t",
        "ALTER TABLE t ADD (b INT)",
        "ALTER TABLE t ADD SYSTEM VERSIONING",
        "ALTER TABLE t RENAME x",
        "DROP TABLE t",
        "RENAME TABLE t TO x",
        "CREATE TABLE t (b INT)",
        "DROP DATABASE d",
        "CREATE TABLE ???",
    ] {
        assert_eq!(later(sql).as_deref(), Some(error), "{sql}");
    }
}

/// DDL before the rows does not matter: what the server has now is what came of it.
#[test]
fn a_server_names_what_changed_before() {
    for sql in [
        "ALTER TABLE t ADD a INT",
        "RENAME TABLE x TO t",
        "ALTER TABLE x RENAME t",
    ] {
        let mut catalog = with_server();
        apply(&mut catalog, sql);
        let met = catalog.meet(&map("t", &[(ColumnType::LONG, 0)]), &place(200)).unwrap();
        assert_eq!(met.to_string(), "server db:1", "{sql}");
    }
    for (sql, expected) in [
        ("DROP TABLE t", "unknown"),
        ("CREATE TABLE t (z INT)", "DDL at b.000002:100"),
    ] {
        let mut catalog = with_server();
        apply(&mut catalog, sql);
        let met = catalog.meet(&map("t", &[(ColumnType::LONG, 0)]), &place(200)).unwrap();
        assert_eq!(met.to_string(), expected, "{sql}");
    }
}

/// Of a table map with names, a definition of now tells which columns are generated: if there are any, it must stay.
#[test]
fn a_server_tells_generated_columns() {
    for (definition, expected) in [("a int, b int", false), ("a int, b int as (a) stored", true)] {
        let sql = format!("CREATE TABLE `t` ({definition})");
        let mut catalog = Catalog::default();
        catalog.give(Given::by_server("db:1", Flavour::MySql, [("d", sql.as_bytes())]));
        let mut map = map("t", &[(ColumnType::LONG, 0); 2]);
        for (column, name) in map.columns.iter_mut().zip(["a", "b"]) {
            column.name = Some(name.into());
        }
        assert_eq!(catalog.meet(&map, &place(50)), Ok(Origin::TableMap));
        assert_eq!(
            catalog.apply(&ddl("ALTER TABLE t ADD c INT", 100)).is_err(),
            expected,
            "{definition}"
        );
    }
}

fn check_later(sql: &str) -> Option<String> {
    let mut catalog = with_server();
    catalog.meet(&map("t", &[(ColumnType::LONG, 0)]), &place(50)).unwrap();
    catalog.meet(&map("t", &[(ColumnType::LONG, 0)]), &place(60)).unwrap();
    catalog.apply(&ddl(sql, 100)).err().map(|error| error.to_string())
}

fn with_server() -> Catalog {
    let table = ("d", &b"CREATE TABLE `t` (`a` int)"[..]);
    let mut catalog = Catalog::default();
    catalog.give(Given::by_server("db:1", Flavour::MySql, [table]));
    catalog
}
