//! Names of columns from the right time: DDL in the log, schema files, servers.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, Result, ensure};
use binlog_testkit::compare::compare;
use binlog_testkit::{Flavour, Installation, Server, ServerOptions, binlog, run_binlog};
use serde_json::Value;

const FLAVOURS: [Flavour; 3] = [Flavour::MySql97, Flavour::MariaDb118, Flavour::MariaDb1011];

/// Tables whose rows the changes below leave under the same names and others.
const BEFORE: &str = "
CREATE DATABASE shop CHARACTER SET utf8mb4;
CREATE DATABASE other CHARACTER SET latin1;
CREATE TABLE shop.a (id INT PRIMARY KEY, n INT UNSIGNED, t VARCHAR(20), kind ENUM('x','y'), half INT AS (n DIV 2) STORED);
CREATE TABLE shop.b (p INT, q INT);
CREATE TABLE other.b (v VARBINARY(9), w TEXT CHARACTER SET utf8mb4);
INSERT INTO shop.a (id, n, t, kind) VALUES (1, 4000000000, 'one', 'x'), (2, 2, 'two', 'y');
INSERT INTO shop.b VALUES (1, 2);
INSERT INTO other.b VALUES (X'00FF', 'ü');
";

/// Every way in which columns change their names and places.
const CHANGES: &str = "
UPDATE shop.a SET n = n - 1, kind = 'y';
ALTER TABLE shop.a ADD COLUMN first_one INT FIRST, ADD late DECIMAL(10,2) AFTER t;
INSERT INTO shop.a (id, n, t, late, first_one) VALUES (3, 3, 'three', 1.25, 9);
ALTER TABLE shop.a DROP COLUMN first_one, MODIFY t VARCHAR(30) AFTER id, CHANGE late price DECIMAL(12,3);
UPDATE shop.a SET price = 2.5, t = 'TWO' WHERE id = 2;
ALTER TABLE shop.a RENAME COLUMN t TO word;
INSERT INTO shop.a (id, word) VALUES (4, 'four');
ALTER TABLE shop.b MODIFY p INT AFTER q;
INSERT INTO shop.b (p, q) VALUES (10, 20);
ALTER TABLE shop.b RENAME COLUMN p TO q, RENAME COLUMN q TO p;
INSERT INTO shop.b (p, q) VALUES (100, 200);
RENAME TABLE shop.b TO shop.old, other.b TO shop.b, shop.old TO other.b;
INSERT INTO shop.b VALUES (X'01', 'now here');
INSERT INTO other.b (p, q) VALUES (1000, 2000);
ALTER TABLE shop.b RENAME TO other.c;
DELETE FROM other.c WHERE v = X'01';
DROP TABLE other.b;
CREATE TABLE other.b (q BIGINT, p INT UNSIGNED PRIMARY KEY);
INSERT INTO other.b (p, q) VALUES (4294967295, -5);
CREATE TABLE other.d LIKE other.b;
INSERT INTO other.d (p, q) VALUES (1, 2);
DELETE FROM shop.a WHERE id = 1;
";

const TABLES: [&str; 4] = ["shop.a", "other.b", "other.c", "other.d"];

#[test]
fn ddl_in_the_log_names_rows() -> Result<()> {
    for flavour in FLAVOURS {
        let source = Server::start(ServerOptions::new(flavour))?;
        run(&source, BEFORE)?;
        run(&source, CHANGES)?;
        let target = Server::start(ServerOptions::new(flavour))?;
        replay(&target, &dumped(&source.binlogs()?, ["--on-mismatch", "stop"])?)?;
        compare(&source, &target, &TABLES).with_context(|| format!("{flavour}"))?;
    }
    Ok(())
}

/// The log begins in the middle: a dump that was taken then, and what the log has from its position on.
#[test]
fn a_dump_names_rows_behind_its_position() -> Result<()> {
    for flavour in FLAVOURS {
        let source = Server::start(ServerOptions::new(flavour))?;
        let backup = backed_up(&source, &[source_data(flavour)])?;
        let (file, position) = source.binlog_position()?;
        run(&source, CHANGES)?;
        let log = [last(&source)?];
        let target = Server::start(ServerOptions::new(flavour))?;
        replay(&target, &fs::read(&backup)?)?;
        let position = position.to_string();
        let text = dumped(&log, [os("--schema"), os(&backup), os("-j"), os(&position)])?;
        replay(&target, &text)?;
        compare(&source, &target, &TABLES).with_context(|| format!("{flavour}"))?;
        rows_before_have_no_names(&log, &backup, &format!("{file}:{position}"))?;
    }
    Ok(())
}

/// What stands before the dump is not named by it.
fn rows_before_have_no_names(log: &[PathBuf], backup: &Path, position: &str) -> Result<()> {
    let info = info(log, backup.as_os_str())?;
    let of_a = definitions(&info, "a");
    ensure!(
        of_a.first() == Some(&("unknown".into(), String::new())),
        "{position}: {of_a:?}"
    );
    let names = ["id,n,t,kind,half", "first_one,id,n,t,late,kind,half"];
    let found: Vec<_> = of_a.iter().skip(1).take(2).collect();
    let expected = [("schema_file".into(), names[0].into()), ("ddl".into(), names[1].into())];
    ensure!(found == [&expected[0], &expected[1]], "{position}: {of_a:?}");
    Ok(())
}

/// A dump may tell its transactions alone.
#[test]
fn a_dump_names_rows_behind_its_transactions() -> Result<()> {
    let source = Server::start(ServerOptions::new(Flavour::MySql97).gtid())?;
    let backup = backed_up(&source, &["--set-gtid-purged=ON"])?;
    run(&source, CHANGES)?;
    rows_before_have_no_names(&[last(&source)?], &backup, "gtids")?;
    let source = Server::start(ServerOptions::new(Flavour::MariaDb118))?;
    let backup = backed_up(&source, &["--master-data=2", "--gtid", "--hex-blob"])?;
    run(&source, CHANGES)?;
    let text = fs::read_to_string(&backup)?;
    let text: Vec<&str> = text.lines().filter(|line| !line.contains("MASTER_LOG_POS")).collect();
    ensure!(
        text.iter().any(|line| line.contains("gtid_slave_pos")),
        "no GTIDs in the dump"
    );
    fs::write(&backup, text.join("\n"))?;
    rows_before_have_no_names(&[last(&source)?], &backup, "gtids")
}

/// DDL is followed even if it is not selected.
#[test]
fn what_is_not_selected_still_names() -> Result<()> {
    let source = Server::start(ServerOptions::new(Flavour::MySql97))?;
    run(&source, BEFORE)?;
    run(&source, CHANGES)?;
    let text = dumped(&source.binlogs()?, ["--kind", "insert", "--table", "shop.b"])?;
    let text = String::from_utf8(text)?;
    let inserts: Vec<&str> = text.lines().filter(|line| line.contains("INSERT")).collect();
    let expected = [
        "INSERT INTO `shop`.`b` (`p`, `q`) VALUES (1, 2);",
        "INSERT INTO `shop`.`b` (`q`, `p`) VALUES (20, 10);",
        "INSERT INTO `shop`.`b` (`p`, `q`) VALUES (100, 200);",
        "INSERT INTO `shop`.`b` (`v`, `w`) VALUES (X'01', 'now here');",
    ];
    assert_eq!(inserts, expected);
    Ok(())
}

/// Generated columns cannot be set; a table map with names does not tell them.
#[test]
fn a_dump_tells_generated_columns() -> Result<()> {
    let source = Server::start(ServerOptions::new(Flavour::MySql97).arg("--binlog-row-metadata=FULL"))?;
    let backup = backed_up(&source, &[])?;
    run(&source, "INSERT INTO shop.a (id, n) VALUES (7, 8);")?;
    let text = String::from_utf8(dumped(&[last(&source)?], [os("--schema"), os(&backup)])?)?;
    let insert = "INSERT INTO `shop`.`a` (`id`, `n`, `t`, `kind`) VALUES (7, 8, NULL, NULL);";
    ensure!(text.contains(insert), "{text}");
    Ok(())
}

#[test]
fn rows_that_contradict_their_definition_are_an_error() -> Result<()> {
    let source = Server::start(ServerOptions::new(Flavour::MySql97))?;
    run(&source, BEFORE)?;
    source.execute(["FLUSH BINARY LOGS", "INSERT INTO shop.b VALUES (1, 2)"])?;
    let log = [last(&source)?];
    let schema = source.folder().join("schema.sql");
    for (definition, expected) in [
        ("p INT, q BIGINT", "column 2 `q`: the log has INT, schema file "),
        ("p INT", "the log has 2 columns, schema file "),
        ("p INT, q INT UNSIGNED", "column 2 `q`: the log has INT, schema file "),
    ] {
        fs::write(&schema, format!("CREATE TABLE b ({definition});"))?;
        let named = joined("shop=", schema.as_os_str());
        let output = dump(&log, [os("--schema"), named.clone()])?;
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        let place = format!("error: binlog.000002 at {}, table shop.b: {expected}", first_row(&log)?);
        ensure!(errors.starts_with(&place) && errors.contains("hint: "), "{errors}");
        assert_eq!(output.status.code(), Some(1));
        let text = dumped(&log, [os("--schema"), named, os("--on-mismatch"), os("unnamed")])?;
        ensure!(String::from_utf8(text)?.contains("-- INSERT INTO `shop`.`b` (@1, @2) VALUES (1, 2)"));
    }
    let output = dump(&log, [os("--schema"), schema.into()])?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(
        errors.contains("line 1: ") && errors.contains("--schema DB=FILE"),
        "{errors}"
    );
    Ok(())
}

/// Of a log that lacks a change, made with `sql_log_bin = 0`.
#[test]
fn a_change_that_is_not_in_the_log_is_an_error() -> Result<()> {
    let source = Server::start(ServerOptions::new(Flavour::MySql97))?;
    run(&source, BEFORE)?;
    run(
        &source,
        "SET sql_log_bin = 0;
ALTER TABLE shop.b ADD secret INT FIRST;
SET sql_log_bin = 1;
INSERT INTO shop.b VALUES (1, 2, 3);",
    )?;
    let output = dump(&source.binlogs()?, [os("--format"), os("json")])?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(
        errors.contains("table shop.b: the log has 3 columns, DDL at binlog.000001:"),
        "{errors}"
    );
    assert_eq!(output.status.code(), Some(1));
    Ok(())
}

#[test]
fn a_server_names_rows_whose_table_does_not_change_later() -> Result<()> {
    for flavour in FLAVOURS {
        let source = Server::start(ServerOptions::new(flavour))?;
        run(&source, BEFORE)?;
        run(&source, "FLUSH BINARY LOGS;")?;
        run(&source, "ALTER TABLE shop.b ADD r INT FIRST;")?;
        run(&source, "INSERT INTO shop.b VALUES (1, 2, 3);")?;
        run(&source, "ALTER TABLE shop.b ADD INDEX (q);")?;
        let log = [last(&source)?];
        let server = [os("--schema"), os(source.url())];
        let text = String::from_utf8(dumped(&log, server.clone())?)?;
        ensure!(
            text.contains("INSERT INTO `shop`.`b` (`r`, `p`, `q`) VALUES (1, 2, 3);"),
            "{flavour}: {text}"
        );
        let found = definitions(&info(&log, source.url().as_ref())?, "b");
        assert_eq!(found, [("server".to_owned(), "r,p,q".to_owned())], "{flavour}");
        run(&source, "ALTER TABLE shop.b MODIFY r INT AFTER p;")?;
        let output = dump(&log, server)?;
        let errors = String::from_utf8_lossy(&output.stderr);
        let expected = format!(
            "table shop.b: it changes here, and rows from binlog.000002:{} on",
            first_row(&log)?
        );
        ensure!(
            errors.contains(&expected) && errors.contains("of now on server 127.0.0.1:"),
            "{flavour}: {errors}"
        );
        assert_eq!(output.status.code(), Some(1), "{flavour}");
    }
    Ok(())
}

#[test]
fn info_tells_definitions() -> Result<()> {
    let source = Server::start(ServerOptions::new(Flavour::MySql97))?;
    run(&source, BEFORE)?;
    run(&source, "SET GLOBAL binlog_row_metadata = FULL;")?;
    run(&source, "INSERT INTO shop.b VALUES (3, 4);")?;
    let log = source.binlogs()?;
    let text = String::from_utf8(run_binlog([&[os("info"), os("--schema")], &paths(&log)[..]].concat())?.stdout)?;
    let lines: Vec<&str> = text.lines().filter(|line| line.contains(", for rows from ")).collect();
    assert_eq!(lines.len(), 4, "{text}");
    ensure!(
        lines[2].starts_with("shop.b ") && lines[2].contains(" 2  DDL at binlog.000001:"),
        "{text}"
    );
    ensure!(
        lines[3].starts_with("shop.b ") && lines[3].contains(" 2  table map, for rows from "),
        "{text}"
    );
    let text = String::from_utf8(run_binlog([&[os("info")], &paths(&log)[..]].concat())?.stdout)?;
    ensure!(!text.contains("for rows from"), "{text}");
    Ok(())
}

/// A dump of the tables of [`BEFORE`] with these options, between rows that stand in the same log.
fn backed_up(source: &Server, options: &[&str]) -> Result<PathBuf> {
    run(source, BEFORE)?;
    run(source, "FLUSH BINARY LOGS;")?;
    run(source, "UPDATE shop.a SET n = 5 WHERE id = 2;")?;
    let mariadb = source.options().flavour.is_mariadb();
    let program = if mariadb { "mariadb-dump" } else { "mysqldump" };
    let mut command = Installation::get(source.options().flavour)?.program(program)?;
    let port = format!("--port={}", source.opts().get_tcp_port());
    command.args([
        "--no-defaults",
        "--user=root",
        "--host=127.0.0.1",
        &port,
        "--single-transaction",
    ]);
    let output = command.args(options).args(["--databases", "shop", "other"]).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let file = source.folder().join("backup.sql");
    fs::write(&file, output.stdout)?;
    Ok(file)
}

fn source_data(flavour: Flavour) -> &'static str {
    if flavour.is_mariadb() {
        "--master-data=2"
    } else {
        "--source-data=2"
    }
}

fn run(server: &Server, script: &str) -> Result<()> {
    server.execute(
        script
            .split(";\n")
            .map(|sql| sql.trim().trim_end_matches(';'))
            .filter(|sql| !sql.is_empty()),
    )
}

fn last(server: &Server) -> Result<PathBuf> {
    server.binlogs()?.pop().context("no log")
}

fn os(text: impl Into<OsString>) -> OsString {
    text.into()
}

fn joined(head: &str, tail: &OsStr) -> OsString {
    let mut all = OsString::from(head);
    all.push(tail);
    all
}

fn paths(log: &[PathBuf]) -> Vec<OsString> {
    log.iter().map(OsString::from).collect()
}

fn dump(log: &[PathBuf], options: impl IntoIterator<Item = impl Into<OsString>>) -> Result<Output> {
    let options = options.into_iter().map(Into::into);
    Ok(binlog()?.arg("dump").args(options).args(log).output()?)
}

fn dumped(log: &[PathBuf], options: impl IntoIterator<Item = impl Into<OsString>>) -> Result<Vec<u8>> {
    let output = dump(log, options)?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{errors}");
    Ok(output.stdout)
}

fn info(log: &[PathBuf], schema: &OsStr) -> Result<Value> {
    let schema = joined("--schema=", schema);
    let output = run_binlog([&[os("info"), os("--json"), schema], &paths(log)[..]].concat())?;
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Origin and names of the definitions of a table of `shop`.
fn definitions(info: &Value, table: &str) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let all = info["definitions"].as_array().into_iter().flatten();
    let of_table = all.filter(|found| found["schema"] == "shop" && found["table"] == table);
    let names = |found: &Value| {
        found["names"]
            .as_array()
            .into_iter()
            .flatten()
            .map(text)
            .collect::<Vec<_>>()
            .join(",")
    };
    of_table.map(|found| (text(&found["origin"]), names(found))).collect()
}

/// Position of the first row event.
fn first_row(log: &[PathBuf]) -> Result<u64> {
    let info: Value =
        serde_json::from_slice(&run_binlog([&[os("info"), os("--json")], &paths(log)[..]].concat())?.stdout)?;
    info.pointer("/definitions/0/from/position")
        .and_then(Value::as_u64)
        .context("no rows")
}

fn replay(target: &Server, script: &[u8]) -> Result<()> {
    let file = target.folder().join("script.sql");
    fs::write(&file, script)?;
    let mut client: Command = target.client()?;
    client.arg("--binary-mode").stdin(fs::File::open(&file)?);
    let output = client.stdout(Stdio::null()).stderr(Stdio::piped()).output()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "the client failed: {errors}\n{}",
        String::from_utf8_lossy(script)
    );
    Ok(())
}
