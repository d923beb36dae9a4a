//! Rows by their values, and columns that are left out or masked, against what servers select.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context as _, Result, ensure};
use binlog_testkit::{Flavour, Server, ServerOptions, binlog, run_binlog};
use mysql::Conn;
use mysql::prelude::Queryable as _;

/// Texts compare by their bytes here, as they do there.
const ORDERS: &str = "CREATE TABLE shop.orders (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  region VARCHAR(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  note VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_bin,
  code CHAR(6) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  raw VARBINARY(8), long_text MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  total DECIMAL(12,3), share DECIMAL(9,9), qty INT UNSIGNED, small TINYINT, big BIGINT UNSIGNED, small_big BIGINT,
  f FLOAT, d DOUBLE, day DATE, dt DATETIME(3), ts TIMESTAMP(2) NULL, t TIME(1), y YEAR, flags BIT(12),
  kind ENUM('a','b','c d') CHARACTER SET utf8mb4, doc JSON)";

const CONDITIONS: &[&str] = &[
    "region = 'EU'",
    "region <> 'EU' AND total > 100",
    "total >= 99.5 OR total IS NULL",
    "qty IN (1, 2, 3000000000)",
    "qty NOT IN (1, 7)",
    "big > 9223372036854775807",
    "NOT (small BETWEEN -5 AND 5)",
    "small_big < -9000000000000000000",
    "f < 0.5",
    "d > -1.5 AND d <> 2.25",
    "share = 0.000000001",
    "day >= '2026-01-31'",
    "dt < '2026-02-01 12:00:00.5'",
    "ts > '2026-01-01 00:00:00'",
    "t >= '-01:00:00.5'",
    "y = 2025",
    "flags > 7",
    "kind = 'b' OR kind IN ('c d')",
    "region LIKE 'E%'",
    "region LIKE '_é' OR note NOT LIKE '%x%'",
    "long_text LIKE '%50\\%%'",
    "qty > small",
    "total > qty",
    "d > f OR region IS NULL",
    "doc IS NOT NULL AND note = 'it''s'",
    "raw = 'ab'",
    "code = 'ab'",
    "`Region` = 'US' and (total > 5 or (total < 1 and not qty = 2))",
];

/// What each row says of itself.
const ROW: &str = "CONCAT_WS('|', id, IFNULL(region, '~'), IFNULL(HEX(note), '~'), IFNULL(code, '~'), IFNULL(HEX(raw), '~'),
  IFNULL(long_text, '~'), IFNULL(total, '~'), IFNULL(share, '~'), IFNULL(qty, '~'), IFNULL(small, '~'), IFNULL(big, '~'),
  IFNULL(small_big, '~'), IFNULL(f, '~'), IFNULL(d, '~'), IFNULL(day, '~'), IFNULL(dt, '~'), IFNULL(ts, '~'), IFNULL(t, '~'),
  IFNULL(y, '~'), IFNULL(HEX(flags), '~'), IFNULL(kind, '~'), IFNULL(doc, '~'))";

/// Numbers that look like chance.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) as usize % bound
    }

    fn one_of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts.get(self.below(texts.len())).copied().unwrap_or("NULL")
    }
}

/// Columns and values that they get.
const VALUES: &[(&str, &[&str])] = &[
    ("region", &["'EU'", "'US'", "'eu'", "'dé'", "NULL", "''", "'Europe'"]),
    ("note", &["'it''s'", "'xyz'", "'caf\u{e9}'", "NULL"]),
    ("code", &["'ab'", "'AB'", "'abc'", "NULL"]),
    ("raw", &["'ab'", "x'6162'", "x'00ff'", "NULL"]),
    ("long_text", &["'at 50% off'", "'50 of 100'", "REPEAT('é', 40)", "NULL"]),
    (
        "total",
        &["100", "99.5", "99.499", "-3.001", "0", "123456789.125", "NULL"],
    ),
    ("share", &["0.000000001", "0.5", "-0.999999999", "NULL"]),
    ("qty", &["1", "2", "7", "3000000000", "NULL"]),
    ("small", &["-128", "-5", "5", "6", "127", "NULL"]),
    (
        "big",
        &[
            "9223372036854775807",
            "9223372036854775808",
            "18446744073709551615",
            "1",
            "NULL",
        ],
    ),
    (
        "small_big",
        &["-9223372036854775808", "-1", "9223372036854775807", "NULL"],
    ),
    ("f", &["0.25", "0.5", "-7", "NULL"]),
    ("d", &["2.25", "-1.5", "-1.25", "1e300", "NULL"]),
    ("day", &["'2026-01-30'", "'2026-01-31'", "'2026-12-01'", "NULL"]),
    (
        "dt",
        &[
            "'2026-02-01 12:00:00.499'",
            "'2026-02-01 12:00:00.5'",
            "'1000-01-01'",
            "NULL",
        ],
    ),
    (
        "ts",
        &[
            "'2026-01-01 00:00:00.01'",
            "'2026-01-01 00:00:00'",
            "'1999-01-01 01:01:01'",
            "NULL",
        ],
    ),
    ("t", &["'-01:00:00.5'", "'-01:00:00.6'", "'838:59:59'", "NULL"]),
    ("y", &["2025", "2026", "NULL"]),
    ("flags", &["7", "8", "4095", "NULL"]),
    ("kind", &["'a'", "'b'", "'c d'", "NULL"]),
    ("doc", &["'{\"a\": [1, 2, 3], \"b\": \"x\"}'", "'[]'", "NULL"]),
];

/// Inserts, updates and deletes of one and of many rows.
fn work(conn: &mut Conn, chance: &mut Chance) -> Result<()> {
    let columns: Vec<&str> = VALUES.iter().map(|(column, _)| *column).collect();
    for _ in 0..150 {
        let row = |chance: &mut Chance| {
            let values: Vec<&str> = VALUES.iter().map(|(_, values)| chance.one_of(values)).collect();
            format!("({})", values.join(", "))
        };
        let assigned = |chance: &mut Chance| {
            let (column, values) = VALUES.get(chance.below(VALUES.len())).copied().unwrap_or_default();
            match (column, chance.below(3)) {
                ("doc", 1..) => "doc = JSON_SET(doc, '$.b', 'y')".to_owned(),
                _ => format!("{column} = {}", chance.one_of(values)),
            }
        };
        let sql = match chance.below(10) {
            0..4 => {
                let rows: Vec<String> = (0..=chance.below(4)).map(|_| row(chance)).collect();
                format!(
                    "INSERT INTO shop.orders ({}) VALUES {}",
                    columns.join(", "),
                    rows.join(", ")
                )
            }
            4..9 => {
                let (one, other) = (assigned(chance), assigned(chance));
                let (of, rest) = (chance.below(7) + 2, chance.below(2));
                format!("UPDATE shop.orders SET {one}, {other} WHERE id % {of} = {rest}")
            }
            _ => format!("DELETE FROM shop.orders WHERE id % 11 = {}", chance.below(11)),
        };
        conn.query_drop(&sql).with_context(|| sql.clone())?;
    }
    Ok(())
}

fn rows(conn: &mut Conn, table: &str, condition: &str) -> Result<Vec<String>> {
    conn.query_drop("SET time_zone = '+00:00'")?;
    Ok(conn.query(format!("SELECT {ROW} FROM {table} WHERE {condition} ORDER BY id"))?)
}

fn worked(options: ServerOptions) -> Result<Server> {
    let source = Server::start(options)?;
    let mut conn = source.conn()?;
    conn.query_drop("SET NAMES utf8mb4")?;
    conn.query_drop("SET time_zone = '+00:00'")?;
    if !source.options().flavour.is_mariadb() {
        conn.query_drop("SET binlog_row_value_options = PARTIAL_JSON")?;
    }
    conn.query_drop("CREATE DATABASE shop CHARACTER SET utf8mb4")?;
    conn.query_drop(ORDERS)?;
    work(&mut conn, &mut Chance(11))?;
    Ok(source)
}

/// The target ends with the rows for which the condition is true at the source, whatever they were before.
fn as_selected(flavour: Flavour, args: &[&str]) -> Result<()> {
    let source = worked(ServerOptions::new(flavour).args(args.iter().copied()))?;
    let target = Server::start(ServerOptions::new(flavour).server_id(2).no_binlog())?;
    let mut seen = Vec::new();
    for (number, condition) in CONDITIONS.iter().enumerate() {
        let log = target.folder().join("kept.000001");
        let rule = format!("shop.orders: {condition}");
        let mut arguments: Vec<OsString> = ["filter", "--where", &rule, "-o"].map(Into::into).to_vec();
        arguments.push(log.clone().into());
        arguments.extend(source.binlogs()?.into_iter().map(Into::into));
        run_binlog(&arguments).with_context(|| condition.to_string())?;
        run_binlog(["verify".as_ref(), log.as_os_str()])?;
        let (name, rewrite) = (format!("c{number}"), format!("shop.*=c{number}.*"));
        let url = target.url();
        let to = ["apply", "-q", "--to", &url, "--name", &name, "--rewrite", &rewrite];
        run_binlog(to.map(OsString::from).into_iter().chain([log.into()])).with_context(|| condition.to_string())?;
        let expected = rows(&mut source.conn()?, "shop.orders", condition)?;
        let found = rows(&mut target.conn()?, &format!("{name}.orders"), "TRUE")?;
        ensure!(found == expected, "{condition}: {found:#?} and not {expected:#?}");
        seen.push(expected.len());
    }
    let all = rows(&mut source.conn()?, "shop.orders", "TRUE")?.len();
    let telling = seen.iter().filter(|count| **count > 0 && **count < all).count();
    ensure!(telling * 10 >= CONDITIONS.len() * 8, "{seen:?} of {all} rows");
    Ok(())
}

#[test]
fn mysql_rows() -> Result<()> {
    as_selected(Flavour::MySql97, &[])
}

#[test]
fn mysql_rows_in_small_events() -> Result<()> {
    as_selected(
        Flavour::MySql97,
        &["--binlog-row-event-max-size=256", "--binlog-row-metadata=FULL"],
    )
}

#[test]
fn mariadb_rows() -> Result<()> {
    as_selected(Flavour::MariaDb118, &[])
}

fn users(flavour: Flavour) -> Result<Server> {
    let text = match flavour.is_mariadb() {
        true => "--binlog-annotate-row-events=ON",
        false => "--binlog-rows-query-log-events=ON",
    };
    let source = Server::start(ServerOptions::new(flavour).arg(text))?;
    source.execute([
        "CREATE DATABASE shop CHARACTER SET utf8mb4",
        "CREATE TABLE shop.users (id INT PRIMARY KEY, ssn VARCHAR(20), email VARCHAR(80), name VARCHAR(9), age INT, extra BLOB, s SET('x','y'))",
        "INSERT INTO shop.users VALUES (1, 'secret-1', 'secret-a@b', 'secret-n', 7, 'secret-e', 'x'), (2, 'secret-2', NULL, 'n', NULL, NULL, NULL)",
        "ALTER TABLE shop.users MODIFY ssn VARCHAR(40), ADD late INT NOT NULL DEFAULT 5",
        "UPDATE shop.users SET ssn = 'secret-3', email = 'secret-c@d', late = id",
        "INSERT INTO shop.users VALUES (3, 'secret-4', 'secret-a@b', NULL, 1, 'secret-f', 'x,y', 9)",
        "DELETE FROM shop.users WHERE id = 2",
        "ALTER TABLE shop.users DROP ssn",
        "UPDATE shop.users SET age = 3",
    ])?;
    Ok(source)
}

const RULES: &[&str] = &[
    "--drop-column=shop.users.SSN",
    "--mask=shop.users.email=hash",
    "--mask=shop.users.name='who'",
    "--mask=shop.users.age=null",
    "--mask=shop.users.extra=hash",
];

/// Of what is left out or masked nothing stands in the log, and it makes a table without it.
fn hides(flavour: Flavour) -> Result<()> {
    let source = users(flavour)?;
    let target = Server::start(ServerOptions::new(flavour).server_id(2).no_binlog())?;
    let log: PathBuf = target.folder().join("hidden.000001");
    let mut filter = binlog()?;
    filter.arg("filter").args(RULES).arg("-o").arg(&log);
    let output = filter.args(source.binlogs()?).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let bytes = fs::read(&log)?;
    ensure!(
        !bytes.windows(6).any(|part| part == b"secret"),
        "a secret stands in {}",
        log.display()
    );

    let dump = run_binlog(["dump".as_ref(), log.as_os_str()])?;
    let mut client = target.client()?;
    client.arg("--binary-mode").stdin(Stdio::piped());
    let mut client = client.spawn()?;
    std::io::Write::write_all(&mut client.stdin.take().context("no stdin")?, &dump.stdout)?;
    ensure!(client.wait()?.success(), "the dump does not run");
    let again = target.url();
    let applied = ["apply", "-q", "--to", &again, "--rewrite", "shop.*=again.*"].map(OsString::from);
    run_binlog(applied.into_iter().chain([log.clone().into()]))?;

    let expected: Vec<String> = source.conn()?.query(
        "SELECT CONCAT_WS('|', id, SHA2(email, 256), IF(name IS NULL, '~', 'who'), '~', SHA2(extra, 256), s, late) \
         FROM shop.users ORDER BY id",
    )?;
    for database in ["shop", "again"] {
        let found: Vec<String> = target.conn()?.query(format!(
            "SELECT CONCAT_WS('|', id, email, IFNULL(name, '~'), IFNULL(age, '~'), extra, s, late) FROM {database}.users ORDER BY id"
        ))?;
        ensure!(found == expected, "{found:#?} and not {expected:#?}");
        let columns: Vec<String> = target
            .conn()?
            .query(format!("SHOW COLUMNS FROM {database}.users LIKE 'ssn'"))?;
        ensure!(columns.is_empty(), "{columns:?}");
    }
    Ok(())
}

#[test]
fn mysql_hides() -> Result<()> {
    hides(Flavour::MySql97)
}

#[test]
fn mariadb_hides() -> Result<()> {
    hides(Flavour::MariaDb118)
}

/// What cannot be told is said, and nothing is guessed.
#[test]
fn what_cannot_be_told() -> Result<()> {
    let source = Server::start(ServerOptions::new(Flavour::MySql97))?;
    source.execute([
        "CREATE DATABASE shop",
        "CREATE TABLE shop.orders (id INT PRIMARY KEY, region VARCHAR(10), n INT)",
        "INSERT INTO shop.orders VALUES (1, 'EU', 1)",
        "SET SESSION binlog_row_image = MINIMAL",
        "UPDATE shop.orders SET n = 2",
        "FLUSH BINARY LOGS",
        "SET SESSION binlog_row_image = FULL",
        "SET SESSION binlog_format = STATEMENT",
        "UPDATE shop.orders SET n = 3",
        "CREATE INDEX i ON shop.orders (region)",
        "FLUSH BINARY LOGS",
        "SET SESSION binlog_format = ROW",
        "UPDATE shop.orders SET n = 4",
    ])?;
    let logs = source.binlogs()?;
    let [first, second, third] = logs.as_slice() else {
        anyhow::bail!("{logs:?}");
    };
    let url = source.url();
    for (log, option, rule, said) in [
        (
            first,
            "--where",
            "shop.orders: region = 'EU'",
            "is not in the row image",
        ),
        (
            first,
            "--where",
            "shop.orders: nowhere = 1",
            "there is no column `nowhere`",
        ),
        (first, "--where", "shop.orders: n = 'x'", "write it without quotes"),
        (first, "--mask", "shop.orders.id=null", "is NOT NULL"),
        (first, "--mask", "shop.orders.region=hash", "too short for a hash"),
        (second, "--where", "shop.orders: @1 = 1", "are not in the log"),
        (second, "--mask", "shop.orders.@2=null", "are not in the log"),
        (
            third,
            "--where",
            "shop.orders: region = 'EU'",
            "the log does not tell which column is `region`",
        ),
        (third, "--drop-column", "shop.orders.@9", "there is no column @9"),
    ] {
        let output = binlog()?.args(["filter", option, rule]).arg(log).output()?;
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(!output.status.success() && text.contains(said), "{rule}: {text}");
    }
    let entangled = ["filter", "--drop-column", "shop.orders.region", "--on-mixed", "keep"];
    let output = binlog()?.args(entangled).args(&logs).output()?;
    ensure!(!output.status.success());
    // A column that is never there is told of: it may be mistyped.
    let output = run_binlog(
        ["filter", "--mask", "shop.orders.email=hash"]
            .map(OsString::from)
            .into_iter()
            .chain([first.into()]),
    )?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(text.contains("there was no such column"), "{text}");
    let known = ["filter", "--schema", &url, "--where", "shop.orders: region = 'EU'"].map(OsString::from);
    run_binlog(known.into_iter().chain([third.into()]))?;
    Ok(())
}
