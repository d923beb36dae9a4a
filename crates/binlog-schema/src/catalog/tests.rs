//! Statements, and what the catalogue then knows of `d.t`.

use binlog_parser::TableMap;
use binlog_parser::event::{Column, ColumnType, Flavour};

mod given;

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
    after("RENAME COLUMN a TO b, RENAME COLUMN b TO a", "b int, a int; b");
    after("CHANGE a b BIGINT, CHANGE b a TEXT FIRST", "a text, b bigint; b");
    after("RENAME COLUMN a TO b", "?");
    after("RENAME COLUMN a TO A", "A int, b int; A");
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
    for harmless in [
        "DROP /*!40005 TEMPORARY */ TABLE IF EXISTS `t`",
        "ALTER TABLE t EXCHANGE PARTITION p WITH TABLE u",
        "ALTER TABLE u EXCHANGE PARTITION p WITH TABLE t WITHOUT VALIDATION",
    ] {
        check(&[CREATE, harmless], "a int unsigned, b varchar latin1; a");
    }
}

#[test]
fn agreement_with_table_maps() {
    let mut catalog = Catalog::default();
    apply(&mut catalog, CREATE);
    let before = catalog.clone();
    apply(&mut catalog, "DROP TABLE t");
    let (int, varchar) = ((ColumnType::LONG, 0), (ColumnType::VARCHAR, 10));
    let names = |types: &[_]| before.columns(&map("t", types)).is_some();
    assert!(names(&[int, varchar]));
    assert!(!names(&[int]));
    assert!(!names(&[int, (ColumnType::BLOB, 2)]));
    assert!(before.columns(&map("T", &[int, varchar])).is_none());
    assert!(catalog.columns(&map("t", &[int, varchar])).is_none());
    let mut named = map("t", &[int, varchar]);
    for (column, name) in named.columns.iter_mut().zip(["a", "b"]) {
        column.name = Some(name.into());
    }
    assert!(before.columns(&named).is_some());
    named.columns[1].name = Some("c".into());
    assert!(before.columns(&named).is_none());
    let found = column_names(&map("t", &[int, varchar]), &before);
    assert_eq!(
        (found.origin.to_string().as_str(), found.names.len()),
        ("DDL at b.000002:100", 2)
    );
    assert_eq!(column_names(&map("u", &[int]), &before).origin, Origin::Unknown);
}

/// A column's DDL, and type, metadata and signedness in a table map, or what the map's type is called where they differ.
#[test]
fn types_and_sizes() {
    use ColumnType as T;
    let same = |ddl, column_type, metadata| check_type(ddl, (column_type, metadata, None), "");
    let differ = |ddl, column_type, metadata, shown| check_type(ddl, (column_type, metadata, None), shown);
    same("INT", T::LONG, 0);
    same("INT(11) UNSIGNED ZEROFILL", T::LONG, 0);
    same("DECIMAL(10,2)", T::NEWDECIMAL, 0x020a);
    same("NUMERIC(5)", T::NEWDECIMAL, 5);
    same("DEC", T::NEWDECIMAL, 10);
    same("FLOAT", T::FLOAT, 4);
    same("FLOAT(53)", T::DOUBLE, 8);
    same("FLOAT(30,2)", T::FLOAT, 4);
    same("REAL", T::DOUBLE, 8);
    same("BIT", T::BIT, 1);
    same("BIT(20)", T::BIT, 0x0204);
    same("DATETIME(3)", T::DATETIME2, 3);
    same("TIMESTAMP", T::TIMESTAMP2, 0);
    same("TIME", T::TIME, 0);
    same("CHAR", T::STRING, 4);
    same("CHAR(10) CHARACTER SET latin1", T::STRING, 10);
    same("BINARY(4)", T::STRING, 4);
    same("VARCHAR(10) CHARACTER SET utf8mb4", T::VARCHAR, 40);
    same("VARCHAR(10) COLLATE gbk_bin", T::VARCHAR, 20);
    same("VARCHAR(10)", T::VARCHAR, 30);
    same("VARCHAR(60000) CHARACTER SET utf8mb4", T::BLOB, 3);
    same("VARBINARY(9)", T::VARCHAR, 9);
    same("VECTOR(3)", T::VARCHAR, 12);
    same("VECTOR(3)", T::VECTOR, 4);
    same("UUID", T::STRING, 16);
    same("TINYTEXT", T::BLOB, 1);
    same("TEXT(100)", T::BLOB, 1);
    same("LONG VARBINARY", T::BLOB, 3);
    same("JSON", T::JSON, 4);
    same("JSON", T::BLOB, 4);
    same("ENUM('a','b')", T::ENUM, 1);
    same("SET('a','b','c','d','e','f','g','h','i')", T::SET, 2);
    same("SOMETHING_NEW(7)", T::VARCHAR, 99);
    differ("INT", T::LONGLONG, 0, "BIGINT");
    differ("DECIMAL(10,2)", T::NEWDECIMAL, 0x030a, "DECIMAL(10,3)");
    differ("FLOAT", T::DOUBLE, 8, "DOUBLE");
    differ("DOUBLE", T::FLOAT, 4, "FLOAT");
    differ("BIT(8)", T::BIT, 1, "BIT(1)");
    differ("DATETIME", T::DATETIME2, 6, "DATETIME(6)");
    differ(
        "CHAR(10) CHARACTER SET utf8mb4",
        T::STRING,
        10,
        "CHAR or BINARY of 10 bytes",
    );
    differ("VARCHAR(10)", T::VARCHAR, 25, "VARCHAR or VARBINARY of 25 bytes");
    differ("TEXT", T::BLOB, 3, "MEDIUMTEXT or MEDIUMBLOB");
    differ("VARCHAR(10)", T::BLOB, 2, "TEXT or BLOB");
    differ("ENUM('a')", T::SET, 1, "SET of 1 bytes");
    differ("ENUM('a')", T::ENUM, 2, "ENUM");
    check_type("INT UNSIGNED", (T::LONG, 0, Some(true)), "");
    check_type("SERIAL", (T::LONGLONG, 0, Some(true)), "");
    check_type("INT", (T::LONG, 0, Some(true)), "INT UNSIGNED");
    check_type(
        "DECIMAL(4,1) UNSIGNED",
        (T::NEWDECIMAL, 0x0104, Some(false)),
        "DECIMAL(4,1)",
    );
    check_type("YEAR", (T::YEAR, 0, Some(true)), "");
}

fn check_type(ddl: &str, (column_type, metadata, unsigned): (ColumnType, u16, Option<bool>), expected: &str) {
    let mut catalog = Catalog::default();
    apply(&mut catalog, &format!("CREATE TABLE t (x {ddl})"));
    let mut map = map("t", &[(column_type, metadata)]);
    map.columns[0].unsigned = unsigned;
    let found = match catalog.meet(&map, &place(200)) {
        Err(error) => match *error {
            DefinitionError::Mismatch { log, .. } => log,
            other => other.to_string(),
        },
        Ok(_) => String::new(),
    };
    assert_eq!(found, expected, "{ddl}");
}

/// Text in another character set, or bytes.
#[test]
fn collations() {
    let check = |ddl: &str, metadata, collation, expected: &str| {
        let mut catalog = Catalog::default();
        apply(&mut catalog, &format!("CREATE TABLE t (x {ddl})"));
        let mut map = map("t", &[(ColumnType::VARCHAR, metadata)]);
        map.columns[0].collation = Some(collation);
        let found = catalog.meet(&map, &place(200)).err().map(|error| error.to_string());
        let log = format!("the log has {expected}, DDL");
        let good = found.as_ref().map_or(expected.is_empty(), |error| error.contains(&log));
        assert!(good, "{ddl} {collation}: {found:?}");
    };
    check("VARCHAR(10)", 40, 255, "");
    check("VARCHAR(10)", 32, 255, "VARCHAR(8) CHARACTER SET utf8mb4");
    check("VARCHAR(10) CHARACTER SET latin1", 10, 63, "VARBINARY(10)");
    check("VARBINARY(10)", 10, 63, "");
    check("VARBINARY(10)", 10, 8, "VARCHAR(10) CHARACTER SET latin1");
}

#[test]
fn mismatches() {
    let mut catalog = Catalog::default();
    apply(&mut catalog, CREATE);
    let error = catalog
        .meet(&map("t", &[(ColumnType::LONG, 0)]), &place(200))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "table d.t: the log has 1 columns, DDL at b.000002:100 has 2"
    );
    let other = map("t", &[(ColumnType::LONG, 0), (ColumnType::VARCHAR, 11)]);
    assert_eq!(
        catalog.meet(&other, &place(200)).unwrap_err().to_string(),
        "table d.t: column 2 `b`: the log has VARCHAR or VARBINARY of 11 bytes, DDL at b.000002:100 has VARCHAR(10)"
    );
    let mut catalog = Catalog::new(OnMismatch::Unnamed);
    apply(&mut catalog, CREATE);
    assert_eq!(catalog.meet(&other, &place(200)), Ok(Origin::Unknown));
}

/// Columns that the server adds for keys.
#[test]
fn hidden_columns() {
    let check = |statements: &[&str], columns: usize, expected: bool| {
        let mut catalog = Catalog::default();
        statements.iter().for_each(|sql| apply(&mut catalog, sql));
        let found = catalog.columns(&map("t", &vec![(ColumnType::LONG, 0); columns]));
        assert_eq!(found.is_some(), expected, "{statements:?}");
        if let Some(table) = found {
            assert!(
                table.columns[1..]
                    .iter()
                    .all(|column| column.generated && column.name.starts_with('@'))
            );
        }
    };
    check(&["CREATE TABLE t (a INT, KEY k ((a + 1), a, (a * 2)))"], 3, true);
    check(&["CREATE TABLE t (a INT, KEY k ((a + 1), a, (a * 2)))"], 4, false);
    check(&["CREATE TABLE t (a INT, KEY k (a(3)), CHECK (a > (1)))"], 2, false);
    check(&["CREATE TABLE t (a INT, UNIQUE KEY (a))"], 2, true);
    check(&["CREATE TABLE t (a INT UNIQUE)"], 2, true);
    check(
        &["CREATE TABLE t (a INT)", "ALTER TABLE t ADD CONSTRAINT u UNIQUE (a)"],
        2,
        true,
    );
    check(&["CREATE TABLE t (a INT)", "CREATE UNIQUE INDEX u ON t (a)"], 2, true);
    check(&["CREATE TABLE t (a INT)", "CREATE INDEX u ON t ((a + 1))"], 2, true);
    check(&["CREATE TABLE t (a INT)"], 2, false);
}

fn map(table: &str, types: &[(ColumnType, u16)]) -> TableMap {
    let column = |&(column_type, metadata): &(ColumnType, u16)| Column::new(column_type, metadata, true);
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
        apply(&mut catalog, sql);
    }
    let found = match catalog.state.tables.get(&("d".into(), "t".into())) {
        Some(Entry::Known(known)) => show(&known.table),
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

fn apply(catalog: &mut Catalog, sql: &str) {
    catalog.apply(&ddl(sql, 100)).unwrap();
}

fn ddl(sql: &str, position: u64) -> Ddl<'_> {
    Ddl {
        sql: sql.as_bytes(),
        default_schema: "d",
        flavour: Flavour::MySql,
        sql_mode: 0,
        at: place(position),
    }
}

fn place(position: u64) -> LogPlace {
    LogPlace::new(&"b.000002".into(), position)
}
