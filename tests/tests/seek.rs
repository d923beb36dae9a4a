//! Reading less of many logs, and logs of more than 4 GiB.

#[path = "seek/large.rs"]
mod large;
#[path = "seek/logs.rs"]
mod logs;

use std::fs::{self, File};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use binlog_parser::EventHeader;
use binlog_testkit::workload::Workload;
use binlog_testkit::{Flavour, Server, ServerOptions};
use mysql::prelude::Queryable as _;
use serde_json::Value;

use logs::{Logs, fixture};

/// After all that was written.
const LATE: &str = "2105-01-01T00:00:00Z";

#[test]
fn fixtures_by_gtid() -> Result<()> {
    for flavour in Flavour::ALL {
        let folder = tempfile::tempdir()?;
        let files = [1, 2, 3].map(|number| fixture(flavour, &format!("gtid.{number}.binlog")));
        let logs = Logs::copied(&files, folder.path())?;
        let gtids = logs.field("gtid")?;
        ensure!(gtids.len() > 5, "{}: too few GTIDs", flavour.name());
        let mut less = 0;
        for gtid in &gtids {
            let (read, all) = logs.check(&["--include-gtids", gtid])?;
            less += u64::from(read < all);
        }
        ensure!(less > 0, "{}: all was always read", flavour.name());
        if !flavour.is_mariadb() {
            logs.check(&["--include-gtids", &gtids.join(",")])?;
        }
    }
    Ok(())
}

/// A server that wrote ten logs, a second and more for each.
fn worked(options: ServerOptions) -> Result<Server> {
    let server = Server::start(options)?;
    let mut conn = server.conn()?;
    Workload::prepare(&mut conn)?;
    let mut workload = Workload::new(11);
    for _ in 0..9 {
        workload.run(&mut conn, 12)?;
        thread::sleep(Duration::from_millis(1200));
        server.execute(["FLUSH BINARY LOGS"])?;
    }
    workload.run(&mut conn, 12)?;
    Ok(server)
}

fn server_set(options: ServerOptions) -> Result<()> {
    let server = worked(options)?;
    let logs = Logs(server.binlogs()?);
    let times = logs.field("timestamp")?;
    let mut least = u64::MAX;
    for time in times.iter().map(String::as_str).chain([LATE]) {
        let (read, all) = logs.check(&["--start-datetime", time])?;
        least = least.min(read * 100 / all);
    }
    ensure!(least < 35, "{least} % of the events were read at the least");
    let gtids = logs.field("gtid")?;
    for gtid in gtids.iter().step_by(1 + gtids.len() / 12) {
        let (read, all) = logs.check(&["--include-gtids", gtid])?;
        ensure!(
            server.options().flavour.is_mariadb() || read * 2 < all,
            "{read} of {all} for {gtid}"
        );
    }
    passed_over_unread(&logs)
}

/// What is passed over may hold anything behind its head.
fn passed_over_unread(logs: &Logs) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let copies = Logs::copied(&logs.0, folder.path())?;
    let last = Logs(copies.0.iter().rev().take(1).cloned().collect());
    let gtid = last.field("gtid")?.pop().context("no GTID")?;
    let expected = copies.dump(&["--include-gtids", &gtid])?;
    for log in copies.0.iter().take(5) {
        let (modified, bytes) = (fs::metadata(log)?.modified()?, fs::read(log)?);
        let head = bytes.get(..head_len(&bytes)?).context("no head")?;
        fs::write(log, [head, &[0xa5; 100_000]].concat())?;
        File::options().append(true).open(log)?.set_modified(modified)?;
    }
    ensure!(copies.dump(&[]).is_err(), "the damage is no damage");
    copies.dump(&["--start-datetime", LATE])?;
    ensure!(gtid.contains('-') && !gtid.contains(':') || copies.dump(&["--include-gtids", &gtid])? == expected);
    Ok(())
}

/// Bytes up to the end of the first GTID.
fn head_len(log: &[u8]) -> Result<usize> {
    let mut at = 4;
    loop {
        let header = EventHeader::decode(log.get(at..).context("no event")?)?;
        at += header.event_size as usize;
        if matches!(header.event_type.0, 33 | 34 | 42 | 162) {
            return Ok(at);
        }
    }
}

#[test]
fn mysql_set() -> Result<()> {
    server_set(ServerOptions::new(Flavour::MySql97).gtid())
}

#[test]
fn mariadb_11_8_set() -> Result<()> {
    server_set(ServerOptions::new(Flavour::MariaDb118))
}

#[test]
fn mariadb_10_11_set() -> Result<()> {
    server_set(ServerOptions::new(Flavour::MariaDb1011))
}

/// A statement that runs for long and then makes the server begin another log: that log's head has the time at which
/// the statement began, and the log before it holds what others did meanwhile.
fn long_statement(options: ServerOptions) -> Result<()> {
    let server = Server::start(options.arg("--max-binlog-size=65536"))?;
    server.execute([
        "CREATE DATABASE d",
        "CREATE TABLE d.slow (a INT, b LONGTEXT)",
        "CREATE TABLE d.quick (a INT)",
        "FLUSH BINARY LOGS",
    ])?;
    let mut slow = server.conn()?;
    let slow = thread::spawn(move || slow.query_drop("INSERT INTO d.slow SELECT SLEEP(7), REPEAT('x', 100000)"));
    thread::sleep(Duration::from_millis(4500));
    server.execute(["INSERT INTO d.quick VALUES (1)"])?;
    slow.join().ok().context("the statement failed")??;
    thread::sleep(Duration::from_secs(3));
    server.execute([
        "INSERT INTO d.quick VALUES (2)",
        "FLUSH BINARY LOGS",
        "INSERT INTO d.quick VALUES (3)",
    ])?;
    let logs = Logs(server.binlogs()?);
    for time in logs.field("timestamp")?.iter().map(String::as_str).chain([LATE]) {
        logs.check(&["--start-datetime", time])?;
    }
    let quick = logs.changes(&[])?.into_iter().find(|change| {
        change.pointer("/table").is_some_and(|table| table == "quick")
            && change.pointer("/after/a").is_some_and(|value| *value == 1)
    });
    let quick = quick.context("no change")?;
    let position = quick
        .pointer("/position")
        .and_then(Value::as_u64)
        .context("no position")?;
    let in_second = written(logs.0.get(1), position)?;
    ensure!(
        written(logs.0.get(2), 4)? < in_second,
        "the third log's head is later than that"
    );
    let time = quick.pointer("/timestamp").and_then(Value::as_str);
    let (read, all) = logs.check(&["--start-datetime", time.context("no time")?])?;
    ensure!(read < all, "all is read");
    Ok(())
}

/// The time of the event at this position.
fn written(log: Option<&PathBuf>, position: u64) -> Result<u32> {
    let bytes = fs::read(log.context("no log")?)?;
    let event = bytes.get(usize::try_from(position)?..).context("no event")?;
    Ok(EventHeader::decode(event)?.timestamp)
}

#[test]
fn a_long_statement_begins_a_log() -> Result<()> {
    Flavour::TESTED
        .into_iter()
        .try_for_each(|flavour| long_statement(ServerOptions::new(flavour)).with_context(|| flavour.name()))
}
