//! Bad input: what the user is told, the exit code, and that nothing changes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use anyhow::{Context as _, Result, ensure};
use binlog_testkit::workload::Workload;
use binlog_testkit::{Flavour, Server, ServerOptions, binlog};
use mysql::prelude::Queryable as _;

const DATA: i32 = 1;
const USAGE: i32 = 2;
const SERVER: i32 = 3;

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/mysql-9.7/row.binlog")
}

/// Runs `binlog`, which must end with that code and say each of these words on stderr.
fn refused(arguments: &[&str], code: i32, words: &[&str]) -> Result<()> {
    let output = run(arguments)?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.code() == Some(code),
        "{arguments:?}: {}\n{said}",
        output.status
    );
    for word in words {
        ensure!(said.contains(word), "{arguments:?} does not say {word:?}:\n{said}");
    }
    ensure!(!said.contains("panicked") && !said.contains("secret"), "{said}");
    Ok(())
}

fn run(arguments: &[&str]) -> Result<Output> {
    binlog()?
        .args(arguments)
        .env_remove("MYSQL_PWD")
        .output()
        .context("cannot run binlog")
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().context("a path that is not UTF-8")
}

#[test]
fn files() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name);
    let whole = fs::read(fixture())?;
    let (cut, flipped, other, empty) = (path("cut"), path("flipped"), path("other"), path("empty"));
    fs::write(&cut, &whole[..5000])?;
    let mut damaged = whole;
    damaged[5000] ^= 1;
    fs::write(&flipped, damaged)?;
    fs::write(&other, "-- a text\n")?;
    fs::write(&empty, "")?;
    let log = fixture();
    refused(
        &["dump", "--schema", "/no/such/file", text(&log)?],
        DATA,
        &["/no/such/file", "schema file", "No such file"],
    )?;
    refused(
        &["dump", "--schema", text(&other)?, text(&log)?],
        DATA,
        &["other, line 1", "no CREATE TABLE"],
    )?;
    for command in ["info", "dump", "filter"] {
        refused(&[command, "/no/such/file"], DATA, &["/no/such/file", "No such file"])?;
        refused(
            &[command, text(&cut)?],
            DATA,
            &["cut at 4944", "need 84 bytes, have 56", "hint:"],
        )?;
        refused(&[command, text(&flipped)?], DATA, &["flipped at 4944", "checksum"])?;
        refused(&[command, text(&other)?], DATA, &["other", "not a binary log"])?;
        refused(&[command, text(&empty)?], DATA, &["empty"])?;
        refused(
            &[command, text(folder.path())?],
            DATA,
            &["no log", text(folder.path())?],
        )?;
    }
    Ok(())
}

#[test]
fn usage() -> Result<()> {
    let log = fixture();
    let log = text(&log)?;
    refused(&[], USAGE, &["Usage:"])?;
    refused(&["dmup", log], USAGE, &["dmup", "dump"])?;
    refused(&["dump"], USAGE, &["SOURCE"])?;
    refused(&["dump", log, "--table", "orders"], USAGE, &["orders", "orders.*"])?;
    refused(&["dump", log, "--table", "/(/"], USAGE, &["/(/"])?;
    refused(&["dump", log, "--kind", "inserts"], USAGE, &["inserts"])?;
    refused(&["dump", log, "--include-gtids", "1-2-3-4"], USAGE, &["1-2-3-4"])?;
    refused(
        &["dump", log, "--start-datetime", "yesterday"],
        USAGE,
        &["2026-01-31 12:00:00"],
    )?;
    refused(&["apply", log], USAGE, &["--to"])?;
    refused(
        &["apply", log, "--to", "root:secret@host"],
        USAGE,
        &["mysql://user@host:port"],
    )?;
    refused(
        &["fetch", "--from", "mysql://root@127.0.0.1:1", "--start", "noon"],
        USAGE,
        &["FILE:POSITION"],
    )
}

#[test]
fn servers_that_cannot_be_reached() -> Result<()> {
    let log = fixture();
    let nowhere = "mysql://root:secret@127.0.0.1:1";
    refused(
        &["apply", text(&log)?, "--to", nowhere],
        SERVER,
        &["127.0.0.1:1", "refused"],
    )?;
    refused(&["fetch", "--from", nowhere], SERVER, &["127.0.0.1:1", "refused"])?;
    refused(
        &["fetch", "--follow", "--from", nowhere],
        SERVER,
        &["127.0.0.1:1", "refused"],
    )?;
    refused(
        &["replicate", "--from", nowhere, "--to", nowhere],
        SERVER,
        &["127.0.0.1:1", "refused"],
    )?;
    let schema = format!("--schema={nowhere}");
    for command in ["dump", "info"] {
        refused(&[command, text(&log)?, &schema], SERVER, &["127.0.0.1:1", "refused"])?;
    }
    refused(&["dump", nowhere], SERVER, &["127.0.0.1:1", "refused"])
}

/// The fixture's statements ran at 2023-11-14 22:13:20 UTC.
#[test]
fn times_are_local() -> Result<()> {
    let log = fixture();
    let count = |zone: &str, stop: &str| -> Result<usize> {
        let mut dump = binlog()?;
        dump.env("TZ", zone)
            .args(["dump", "--format", "json", "--stop-datetime", stop, text(&log)?]);
        let output = dump.output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(output.stdout.split(|byte| *byte == b'\n').count())
    };
    let all = count("UTC", "2030-01-01 00:00:00")?;
    ensure!(all > 100);
    for (zone, stop, expected) in [
        ("UTC", "2023-11-14 22:13:20", 1),
        ("UTC", "2023-11-14 22:13:21", all),
        ("America/New_York", "2023-11-14 17:13:20", 1),
        ("America/New_York", "2023-11-14 17:13:21", all),
        ("America/New_York", "2023-11-14T22:13:20Z", 1),
    ] {
        let found = count(zone, stop)?;
        ensure!(found == expected, "{zone} {stop}: {found} lines, not {expected}");
    }
    Ok(())
}

fn replicate(from: &str, to: &Server, more: &[&str], code: i32, words: &[&str]) -> Result<()> {
    let to = to.url();
    let main = ["replicate", "--until-end", "--from", from, "--to", &to];
    refused(&[&main, more].concat(), code, words)
}

fn with_user(server: &Server, user: &str) -> String {
    server.url().replace("root@", &format!("{user}@"))
}

#[test]
fn sources() -> Result<()> {
    let source = Server::start(ServerOptions::new(Flavour::MySql97).gtid())?;
    let silent = Server::start(ServerOptions::new(Flavour::MySql97).no_binlog())?;
    let target = Server::start(ServerOptions::new(Flavour::MySql97).server_id(2))?;
    source.execute([
        "CREATE USER reader@'127.0.0.1' IDENTIFIED WITH caching_sha2_password BY 'secret'",
        "CREATE DATABASE shop",
        "FLUSH BINARY LOGS",
        "FLUSH BINARY LOGS",
        "PURGE BINARY LOGS TO 'binlog.000003'",
    ])?;
    let wrong = with_user(&source, "reader:wrong-secret");
    replicate(&wrong, &target, &[], SERVER, &["Access denied", "hint:"])?;
    let reader = with_user(&source, "reader:secret");
    replicate(&reader, &target, &[], SERVER, &["REPLICATION SLAVE"])?;
    replicate(&silent.url(), &target, &[], SERVER, &["log"])?;
    replicate(
        &source.url(),
        &target,
        &["--start", "binlog.000001:4"],
        SERVER,
        &["binlog.000001"],
    )?;
    let nothing = "00000000-0000-0000-0000-000000000001:1";
    replicate(&source.url(), &target, &["--start", nothing], SERVER, &["purged"])?;
    let databases: Vec<String> = target.conn()?.query("SHOW DATABASES LIKE 'shop'")?;
    ensure!(databases.is_empty(), "{databases:?}");
    Ok(())
}

/// A target that is not as it should be: the replica stops before the change, and goes on when it is mended.
#[test]
fn targets() -> Result<()> {
    let source = Server::start(ServerOptions::new(Flavour::MySql97).gtid())?;
    let target = Server::start(ServerOptions::new(Flavour::MySql97).server_id(2))?;
    let from = source.url();
    source.execute([
        "CREATE DATABASE shop",
        "CREATE TABLE shop.t (id INT PRIMARY KEY, name VARCHAR(20), more INT)",
    ])?;
    binlog_testkit::run_binlog(["replicate", "--until-end", "--from", &from, "--to", &target.url()])?;

    target.execute(["ALTER TABLE shop.t DROP COLUMN more"])?;
    source.execute(["INSERT INTO shop.t VALUES (1, 'a', 1)"])?;
    replicate(&from, &target, &[], DATA, &["shop.t", "column", "binlog.00000"])?;

    target.execute([
        "ALTER TABLE shop.t ADD COLUMN more INT",
        "INSERT INTO shop.t VALUES (1, 'mine', 0)",
    ])?;
    replicate(&from, &target, &[], SERVER, &["shop.t", "Duplicate entry", "hint:"])?;
    let name: Option<String> = target.conn()?.query_first("SELECT name FROM shop.t")?;
    ensure!(name.as_deref() == Some("mine"), "{name:?}");

    target.execute(["DELETE FROM shop.t"])?;
    source.execute(["UPDATE shop.t SET name = 'b'"])?;
    binlog_testkit::run_binlog(["replicate", "--until-end", "--from", &from, "--to", &target.url()])?;
    let name: Option<String> = target.conn()?.query_first("SELECT name FROM shop.t")?;
    ensure!(name.as_deref() == Some("b"), "{name:?}");

    target.execute(["DELETE FROM shop.t"])?;
    source.execute(["UPDATE shop.t SET name = 'c'"])?;
    replicate(
        &from,
        &target,
        &[],
        DATA,
        &["shop.t", "`id` = 1", "0 of 1 rows", "hint:"],
    )
}

/// Logs given in the wrong order, or with one missing between, are refused before anything of them is applied.
#[test]
fn a_log_that_is_missing() -> Result<()> {
    let source = Server::start(ServerOptions::new(Flavour::MySql97).gtid())?;
    let target = Server::start(ServerOptions::new(Flavour::MySql97).server_id(2))?;
    let mut conn = source.conn()?;
    Workload::prepare(&mut conn)?;
    for seed in 0..2 {
        Workload::new(seed)
            .worker(seed as u32)
            .without_ddl()
            .run(&mut conn, 10)?;
        source.execute(["FLUSH BINARY LOGS"])?;
    }
    let logs = source.binlogs()?;
    let [first, _, third] = logs.as_slice() else {
        anyhow::bail!("{logs:?}")
    };
    let (first, third, to) = (text(first)?, text(third)?, target.url());
    refused(
        &["apply", first, third, "--to", &to],
        DATA,
        &["missing", "binlog.000003", "hint:"],
    )
}
