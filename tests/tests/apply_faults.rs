//! Targets that are in trouble while something is applied: locks of others, read-only, restarts, cut connections. The same command
//! goes on, and nothing is lost or made twice.

use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use binlog_testkit::compare::compare;
use binlog_testkit::{Flavour, RunningBinlog, Server, ServerOptions, binlog, run_binlog};
use mysql::prelude::Queryable as _;

const TABLES: [&str; 2] = ["d.t", "d.sums"];

fn arguments(source: &Server, target: &Server) -> Result<Vec<String>> {
    let mut arguments: Vec<String> = ["apply", "--quiet", "--workers=8", "--to", &target.url()]
        .map(str::to_owned)
        .into();
    for log in source.binlogs()? {
        arguments.push(log.to_str().context("a path")?.to_owned());
    }
    Ok(arguments)
}

/// Transactions that each count in both tables; a repeated or lost one shows.
fn source(flavour: Flavour, transactions: u32) -> Result<Server> {
    let source = Server::start(ServerOptions::new(flavour))?;
    let mut conn = source.conn()?;
    conn.query_drop("CREATE DATABASE d")?;
    conn.query_drop("CREATE TABLE d.t (id INT PRIMARY KEY, a INT)")?;
    conn.query_drop("CREATE TABLE d.sums (id INT PRIMARY KEY, a INT)")?;
    conn.query_drop("INSERT INTO d.sums VALUES (0, 0), (1, 0), (2, 0), (3, 0)")?;
    for number in 0..transactions {
        conn.query_drop("BEGIN")?;
        conn.query_drop(format!("INSERT INTO d.t VALUES ({number}, {number})"))?;
        conn.query_drop(format!("UPDATE d.sums SET a = a + 1 WHERE id = {}", number % 4))?;
        conn.query_drop("COMMIT")?;
    }
    Ok(source)
}

fn target(flavour: Flavour) -> Result<Server> {
    Server::start(ServerOptions::new(flavour).server_id(2))
}

/// Others hold a row's lock for longer than a worker waits: the transaction is tried again, and the program goes on.
fn waits_for_locks(flavour: Flavour) -> Result<()> {
    let (source, target) = (source(flavour, 500)?, target(flavour)?);
    let logs = source.binlogs()?;
    source.execute(["FLUSH BINARY LOGS"])?;
    run_binlog(arguments(&source, &target)?)?;
    source.execute(["UPDATE d.sums SET a = a * 2", "INSERT INTO d.t VALUES (9999, 1)"])?;
    let mut other = target.conn()?;
    other.query_drop("BEGIN")?;
    other.query_drop("SELECT * FROM d.sums WHERE id = 2 FOR UPDATE")?;
    let mut apply = RunningBinlog::start(arguments(&source, &target)?)?;
    thread::sleep(Duration::from_secs(7));
    other.query_drop("ROLLBACK")?;
    ensure!(
        apply.wait_within(Duration::from_secs(60))?.success(),
        "it did not go on"
    );
    ensure!(!logs.is_empty());
    compare(&source, &target, &TABLES)
}

#[test]
fn mysql_waits_for_locks() -> Result<()> {
    waits_for_locks(Flavour::MySql97)
}

#[test]
fn mariadb_waits_for_locks() -> Result<()> {
    waits_for_locks(Flavour::MariaDb118)
}

/// A read-only target is an error that says so; afterwards the same command goes on.
#[test]
fn read_only_for_a_while() -> Result<()> {
    let (source, target) = (source(Flavour::MySql97, 200)?, target(Flavour::MySql97)?);
    target.execute([
        "CREATE USER plain",
        "GRANT ALL ON *.* TO plain",
        "REVOKE SUPER, CONNECTION_ADMIN ON *.* FROM plain",
        "SET GLOBAL read_only = ON",
    ])?;
    let run = || -> Result<(bool, String)> {
        let arguments = arguments(&source, &target)?;
        let arguments = arguments.iter().map(|text| text.replace("root@", "plain@"));
        let output = binlog()?.args(arguments).output()?;
        Ok((
            output.status.success(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        ))
    };
    let (ended_well, text) = run()?;
    ensure!(!ended_well && text.contains("the target is read-only"), "{text}");
    target.execute(["SET GLOBAL read_only = OFF"])?;
    let (ended_well, text) = run()?;
    ensure!(ended_well, "{text}");
    compare(&source, &target, &TABLES)
}

/// The target is killed again and again, and so are the applier's connections.
fn survives(flavour: Flavour, kills: u64) -> Result<()> {
    let (source, mut target) = (
        source(flavour, 4000)?,
        Server::start(ServerOptions::new(flavour).server_id(2).durable())?,
    );
    for kill in 0..kills {
        let mut apply = RunningBinlog::start(arguments(&source, &target)?)?;
        thread::sleep(Duration::from_millis(30 + 17 * kill));
        if kill % 2 == 0 {
            target.kill9()?;
            target.restart()?;
        } else {
            cut_connections(&target)?;
        }
        // It failed, or had ended before.
        apply.wait_within(Duration::from_secs(60))?;
    }
    run_binlog(arguments(&source, &target)?)?;
    compare(&source, &target, &TABLES)
}

fn cut_connections(target: &Server) -> Result<()> {
    let mut conn = target.conn()?;
    let ids: Vec<u64> =
        conn.query("SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND user = 'root'")?;
    for id in ids {
        // It may be gone.
        let _ = conn.query_drop(format!("KILL {id}"));
    }
    Ok(())
}

#[test]
fn mysql_survives() -> Result<()> {
    survives(Flavour::MySql97, 12)
}

#[test]
fn mariadb_survives() -> Result<()> {
    survives(Flavour::MariaDb118, 12)
}
