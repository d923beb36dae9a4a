//! XA transactions: applied when they are committed, whatever happens between their phases.

use anyhow::{Context as _, Result, ensure};
use binlog_testkit::compare::compare;
use binlog_testkit::{Flavour, RunningBinlog, Server, ServerOptions, binlog, run_binlog};
use mysql::prelude::Queryable as _;

fn arguments(source: &Server, target: &Server, more: &[&str]) -> Result<Vec<String>> {
    let mut arguments: Vec<String> = ["apply", "--quiet", "--to", &target.url()].map(str::to_owned).into();
    arguments.extend(more.iter().map(|text| (*text).to_owned()));
    for log in source.binlogs()? {
        arguments.push(log.to_str().context("a path")?.to_owned());
    }
    Ok(arguments)
}

/// Runs a transaction up to XA PREPARE, in a session of its own.
fn prepare(source: &Server, xid: &str, statements: &[&str]) -> Result<()> {
    let mut conn = source.conn()?;
    conn.query_drop(format!("XA START {xid}"))?;
    statements.iter().try_for_each(|sql| conn.query_drop(sql))?;
    conn.query_drop(format!("XA END {xid}"))?;
    conn.query_drop(format!("XA PREPARE {xid}"))?;
    Ok(())
}

fn count(server: &Server, sql: &str) -> Result<u64> {
    server.conn()?.query_first(sql)?.context("a count")
}

/// Phases far apart, with other transactions and restarts of the applier between; rolled back ones; one phase.
fn phases(source: ServerOptions, target: Flavour, way: &[&str]) -> Result<()> {
    let source = Server::start(source)?;
    let target = Server::start(ServerOptions::new(target).server_id(2))?;
    let apply = || run_binlog(arguments(&source, &target, way)?);
    let many = format!(
        "INSERT INTO d.t VALUES {}",
        (100..1100)
            .map(|id| format!("({id}, REPEAT('x', 4000))"))
            .collect::<Vec<_>>()
            .join(", ")
    );
    source.execute([
        "CREATE DATABASE d",
        "CREATE TABLE d.t (id INT PRIMARY KEY, a TEXT)",
        "INSERT INTO d.t VALUES (1, 'one')",
    ])?;
    prepare(
        &source,
        "'kept'",
        &[
            "INSERT INTO d.t VALUES (2, 'two')",
            "UPDATE d.t SET a = 'uno' WHERE id = 1",
            &many,
        ],
    )?;
    prepare(
        &source,
        "'dropped', 'branch', 7",
        &["INSERT INTO d.t VALUES (3, 'three')"],
    )?;
    source.execute(["INSERT INTO d.t VALUES (4, 'four')"])?;
    apply()?;
    ensure!(
        count(&target, "SELECT COUNT(*) FROM d.t")? == 2,
        "a prepared transaction is there already"
    );
    ensure!(count(&target, "SELECT COUNT(DISTINCT xid) FROM binlog_replica.prepared")? == 2);

    source.execute([
        "INSERT INTO d.t VALUES (5, 'five')",
        "XA COMMIT 'kept'",
        "XA ROLLBACK 'dropped', 'branch', 7",
    ])?;
    let mut conn = source.conn()?;
    for sql in [
        "XA START 'once'",
        "INSERT INTO d.t VALUES (6, 'six')",
        "XA END 'once'",
        "XA COMMIT 'once' ONE PHASE",
    ] {
        conn.query_drop(sql)?;
    }
    for sql in [
        "XA START 'again'",
        &many.replace("INSERT", "REPLACE"),
        "XA END 'again'",
        "XA COMMIT 'again' ONE PHASE",
    ] {
        conn.query_drop(sql)?;
    }
    apply()?;
    compare(&source, &target, &["d.t"])?;
    ensure!(
        count(&target, "SELECT COUNT(*) FROM binlog_replica.prepared")? == 0,
        "what was completed is still there"
    );
    // A second time nothing happens.
    apply()?;
    compare(&source, &target, &["d.t"])
}

#[test]
fn mysql_phases() -> Result<()> {
    phases(ServerOptions::new(Flavour::MySql97).gtid(), Flavour::MySql97, &[])
}

#[test]
fn mysql_phases_by_sql() -> Result<()> {
    phases(
        ServerOptions::new(Flavour::MySql97),
        Flavour::MariaDb118,
        &["--via=sql"],
    )
}

#[test]
fn mysql_statements() -> Result<()> {
    phases(
        ServerOptions::new(Flavour::MySql97).arg("--binlog-format=STATEMENT"),
        Flavour::MySql97,
        &[],
    )
}

#[test]
fn mariadb_phases() -> Result<()> {
    phases(ServerOptions::new(Flavour::MariaDb118), Flavour::MariaDb118, &[])
}

/// Killed again and again among transactions in two phases.
#[test]
fn kills() -> Result<()> {
    let source = Server::start(ServerOptions::new(Flavour::MySql97))?;
    let target = Server::start(ServerOptions::new(Flavour::MySql97).server_id(2))?;
    source.execute(["CREATE DATABASE d", "CREATE TABLE d.t (id INT PRIMARY KEY, a TEXT)"])?;
    for id in 0..400 {
        prepare(
            &source,
            &format!("'x{id}'"),
            &[&format!("INSERT INTO d.t VALUES ({id}, 'a')")],
        )?;
        source.execute([format!("INSERT INTO d.t VALUES ({}, 'b')", 1000 + id)])?;
        if id >= 3 {
            let verb = if id % 5 == 0 { "ROLLBACK" } else { "COMMIT" };
            source.execute([format!("XA {verb} 'x{}'", id - 3)])?;
        }
    }
    for kill in 0..20 {
        let apply = RunningBinlog::start(arguments(&source, &target, &[])?)?;
        std::thread::sleep(std::time::Duration::from_millis(20 + 11 * kill));
        // It may have ended.
        let _ = apply.kill9();
    }
    run_binlog(arguments(&source, &target, &[])?)?;
    compare(&source, &target, &["d.t"])?;
    ensure!(count(&target, "SELECT COUNT(DISTINCT xid) FROM binlog_replica.prepared")? == 3);
    Ok(())
}

/// A commit of what was prepared before is an error that says so.
#[test]
fn prepared_before() -> Result<()> {
    let source = Server::start(ServerOptions::new(Flavour::MySql97))?;
    let target = Server::start(ServerOptions::new(Flavour::MySql97).server_id(2))?;
    let setup = ["CREATE DATABASE d", "CREATE TABLE d.t (id INT PRIMARY KEY, a TEXT)"];
    source.execute(setup)?;
    target.execute(setup)?;
    prepare(&source, "'x'", &["INSERT INTO d.t VALUES (1, 'a')"])?;
    source.execute(["FLUSH BINARY LOGS", "XA COMMIT 'x'"])?;
    let log = source.binlogs()?.pop().context("a log")?;
    let output = binlog()?
        .args(["apply", "--quiet", "--to", &target.url()])
        .arg(log)
        .output()?;
    let text = String::from_utf8_lossy(&output.stderr);
    ensure!(
        !output.status.success() && text.contains("was prepared before"),
        "{text}"
    );
    Ok(())
}
