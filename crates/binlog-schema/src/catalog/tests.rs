//! Statements, and what the catalogue then knows of `d.t`.

use binlog_parser::TableMap;
use binlog_parser::event::{Column, ColumnType, Flavour};

use super::*;

const CREATE: &str =
    "CREATE TABLE t (a INT UNSIGNED NOT NULL, b VARCHAR(10) CHARACTER SET latin1, PRIMARY KEY (a), KEY k (b))";

#[test]
fn create() {
    check(&[CREATE], "a int unsigned, b varchar latin1; a");
    check(
        &["CREATE TABLE d.t (`a b` INT PRIMARY KEY, c ENUM('x','y''z') COMMENT 'unsigned, d INT')"],
        "a b int, c enum [x y'z]; a b",
    );
    check(
        &["CREATE TABLE t (a TEXT, b BLOB, c CHAR(3) COLLATE utf8mb4_bin) DEFAULT CHARSET=utf8mb3"],
        "a text utf8mb3, b blob, c char utf8mb4;",
    );
    check(
        &[
            "CREATE TABLE t (a INT, b INT GENERATED ALWAYS AS (a + 1) STORED, CONSTRAINT c CHECK (a > 0), CONSTRAINT PRIMARY KEY USING BTREE (a, b DESC))",
        ],
        "a int, b int generated; a b",
    );
    check(
        &[
            "CREATE TABLE t (a DECIMAL(10,2) DEFAULT '1,5', b DOUBLE PRECISION, c DATETIME(3) DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3)) PARTITION BY HASH (a)",
        ],
        "a decimal, b double, c datetime;",
    );
    check(
        &["CREATE TABLE t (a NATIONAL VARCHAR(3), b CHAR VARYING(3), c LONG, e SERIAL)"],
        "a varchar utf8mb3, b varchar, c mediumtext, e serial unsigned;",
    );
    check(&["CREATE TABLE t (`key` INT, `primary` INT)"], "key int, primary int;");
    check(&["CREATE TABLE t (a INT) SELECT 1 AS b"], "?");
    check(&["CREATE TABLE t AS SELECT 1 AS b"], "?");
    check(&["CREATE TABLE u (a INT)", "CREATE TABLE t LIKE u"], "a int;");
    check(&["CREATE TABLE t LIKE u"], "?");
    check(&["CREATE TABLE IF NOT EXISTS t (a INT)"], "?");
    check(
        &["DROP TABLE IF EXISTS t", "CREATE TABLE IF NOT EXISTS t (a INT)"],
        "a int;",
    );
    check(&["CREATE DATABASE d", "CREATE TABLE IF NOT EXISTS t (a INT)"], "a int;");
    check(
        &[CREATE, "CREATE TABLE IF NOT EXISTS t (x INT)"],
        "a int unsigned, b varchar latin1; a",
    );
    check(&[CREATE, "CREATE TEMPORARY TABLE t (x INT)"], "?");
    check(&[CREATE, "CREATE TABLE T (x INT)"], "?");
}

#[test]
fn alter() {
    let after = |action: &str, expected: &str| {
        check(
            &[
                "CREATE TABLE t (a INT PRIMARY KEY, b INT)",
                &format!("ALTER TABLE t {action}"),
            ],
            expected,
        )
    };
    after("ADD c INT", "a int, b int, c int; a");
    after(
        "ADD COLUMN c VARCHAR(3) NOT NULL DEFAULT 'x' AFTER a",
        "a int, c varchar, b int; a",
    );
    after("ADD c INT FIRST, ADD d INT AFTER c", "c int, d int, a int, b int; a");
    after(
        "ADD (c INT, d INT), ADD INDEX (c), ADD UNIQUE KEY u (d)",
        "a int, b int, c int, d int; a",
    );
    after("DROP b", "a int; a");
    after("DROP COLUMN `a`, ADD PRIMARY KEY (b)", "b int; b");
    after("DROP PRIMARY KEY", "a int, b int;");
    after("DROP KEY x, DROP FOREIGN KEY f, DROP CONSTRAINT c", "a int, b int; a");
    after("CHANGE a x BIGINT UNSIGNED NOT NULL", "x bigint unsigned, b int; x");
    after("CHANGE COLUMN b b2 INT FIRST", "b2 int, a int; a");
    after("MODIFY b TEXT FIRST", "b text, a int; a");
    after("RENAME COLUMN a TO x, RENAME INDEX i TO j", "x int, b int; x");
    after("RENAME COLUMN a TO b, RENAME COLUMN b TO a", "?");
    after("DROP nothing", "?");
    after("DROP COLUMN IF EXISTS nothing", "a int, b int; a");
    after("ADD COLUMN IF NOT EXISTS a INT", "a int, b int; a");
    after("ENGINE=InnoDB, COMMENT 'ADD x INT'", "a int, b int; a");
    after("ADD SYSTEM VERSIONING", "?");
    after("ALTER COLUMN b SET DEFAULT 3, AUTO_INCREMENT = 7", "a int, b int; a");
    after(
        "ADD CONSTRAINT f FOREIGN KEY (b) REFERENCES u (x) ON DELETE CASCADE, ADD c INT",
        "a int, b int, c int; a",
    );
    check(
        &[
            CREATE,
            "ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        ],
        "a int unsigned, b varchar utf8mb4; a",
    );
    check(&["ALTER TABLE t ADD c INT"], "?");
    check(
        &["CREATE TABLE s.u (a INT)", "ALTER TABLE s.u ADD b INT, RENAME TO t"],
        "a int, b int;",
    );
    check(&[CREATE, "ALTER TABLE t RENAME s.t"], "?");
}

#[test]
fn rename_and_drop() {
    check(&["CREATE TABLE u (a INT)", "RENAME TABLE u TO t"], "a int;");
    check(
        &["CREATE TABLE u (a INT)", CREATE, "RENAME TABLE t TO x, u TO t, x TO u"],
        "a int;",
    );
    check(&[CREATE, "RENAME TABLE t TO u"], "?");
    check(&[CREATE, "DROP TABLE x, t"], "?");
    check(&[CREATE, "DROP DATABASE d"], "?");
    check(
        &[CREATE, "DROP INDEX `PRIMARY` ON t"],
        "a int unsigned, b varchar latin1;",
    );
    check(
        &[CREATE, "TRUNCATE t", "CREATE INDEX i ON t (b)"],
        "a int unsigned, b varchar latin1; a",
    );
    check(&[CREATE, "DROP TABLE `t", "SELECT 1"], "?");
}

#[test]
fn agreement_with_table_maps() {
    let mut catalog = Catalog::default();
    catalog.apply(CREATE.as_bytes(), "d", Flavour::MySql);
    let before = catalog.clone();
    catalog.apply(b"DROP TABLE t", "d", Flavour::MySql);
    let names = |types: &[ColumnType]| before.columns(&map("t", types)).is_some();
    assert!(names(&[ColumnType::LONG, ColumnType::VARCHAR]));
    assert!(!names(&[ColumnType::LONG]));
    assert!(!names(&[ColumnType::LONG, ColumnType::BLOB]));
    assert!(
        before
            .columns(&map("T", &[ColumnType::LONG, ColumnType::VARCHAR]))
            .is_none()
    );
    assert!(
        catalog
            .columns(&map("t", &[ColumnType::LONG, ColumnType::VARCHAR]))
            .is_none()
    );
    let found = column_names(&map("t", &[ColumnType::LONG, ColumnType::VARCHAR]), &before);
    assert_eq!((found.origin, found.names.len()), (NameOrigin::Ddl, 2));
    assert_eq!(
        column_names(&map("u", &[ColumnType::LONG]), &before).origin,
        NameOrigin::Unknown
    );
}

fn map(table: &str, types: &[ColumnType]) -> TableMap {
    let column = |column_type: &ColumnType| Column::new(*column_type, 0, true);
    TableMap {
        table_id: 1,
        flags: 0,
        schema: "d".into(),
        table: table.into(),
        columns: types.iter().map(column).collect(),
        primary_key: None,
        optional: Box::default(),
    }
}

fn check(statements: &[&str], expected: &str) {
    let mut catalog = Catalog::default();
    for sql in statements {
        catalog.apply(sql.as_bytes(), "d", Flavour::MySql);
    }
    let found = match catalog.state.tables.get(&("d".into(), "t".into())) {
        Some(Entry::Known(_, table)) => show(table),
        _ => "?".into(),
    };
    assert_eq!(found, expected, "{statements:?}");
}

fn show(table: &TableDefinition) -> String {
    let columns: Vec<String> = table.columns.iter().map(show_column).collect();
    let key = table
        .primary_key
        .iter()
        .flatten()
        .map(|part| format!(" {part}"))
        .collect::<String>();
    format!("{};{key}", columns.join(", "))
}

fn show_column(column: &ColumnDefinition) -> String {
    let mut out = format!("{} {}", column.name, column.data_type);
    if column.unsigned {
        out.push_str(" unsigned");
    }
    if let Some(charset) = &column.charset {
        out.push_str(&format!(" {charset}"));
    }
    if !column.members.is_empty() {
        out.push_str(&format!(" [{}]", column.members.join(" ")));
    }
    if column.generated {
        out.push_str(" generated");
    }
    out
}
