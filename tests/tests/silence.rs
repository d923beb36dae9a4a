//! What must never go wrong silently.

use anyhow::{Context as _, Result, ensure};
use binlog_testkit::compare::compare;
use binlog_testkit::{Flavour, Server, ServerOptions, binlog, run_binlog};
use mysql::prelude::Queryable as _;

struct Pair {
    source: Server,
    target: Server,
}

impl Pair {
    fn start(source: ServerOptions) -> Result<Self> {
        let target = ServerOptions::new(source.flavour).server_id(2);
        Ok(Self {
            source: Server::start(source)?,
            target: Server::start(target)?,
        })
    }

    fn replicate(&self, more: &[&str]) -> Result<()> {
        let (from, to) = (self.source.url(), self.target.url());
        let main = ["replicate", "-q", "--until-end", "--from", &from, "--to", &to];
        run_binlog([&main, more].concat())?;
        Ok(())
    }

    /// It must fail, and say each of these words.
    fn refused(&self, words: &[&str]) -> Result<String> {
        let (from, to) = (self.source.url(), self.target.url());
        let mut command = binlog()?;
        command.args(["replicate", "-q", "--until-end", "--from", &from, "--to", &to]);
        let output = command.output()?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(!output.status.success(), "it did not fail");
        for word in words {
            ensure!(said.contains(word), "it does not say {word:?}: {said}");
        }
        Ok(said)
    }

    fn count(&self, table: &str) -> Result<Option<u64>> {
        let count = self.target.conn()?.query_first(format!("SELECT COUNT(*) FROM {table}"));
        count.with_context(|| format!("count {table}"))
    }
}

fn mysql() -> ServerOptions {
    ServerOptions::new(Flavour::MySql97).gtid()
}

/// A statement that the target refused is not taken for one that was interrupted.
#[test]
fn refused_ddl_is_not_passed_over() -> Result<()> {
    let pair = Pair::start(mysql())?;
    pair.source.execute([
        "CREATE DATABASE d",
        "CREATE TABLE d.a (x INT)",
        "CREATE TABLE d.b (x INT, y INT)",
    ])?;
    pair.replicate(&[])?;
    pair.target.execute(["DROP TABLE d.a"])?;
    pair.source.execute(["DROP TABLE d.a, d.b"])?;
    for _ in 0..2 {
        pair.refused(&["1051"])?;
    }
    ensure!(pair.count("d.b")? == Some(0));
    pair.target.execute(["CREATE TABLE d.a (x INT)"])?;
    pair.replicate(&[])?;

    pair.source.execute(["CREATE TABLE d.c (x INT, y INT)"])?;
    pair.replicate(&[])?;
    pair.target.execute(["CREATE INDEX i ON d.c (x)"])?;
    pair.source.execute(["CREATE INDEX i ON d.c (y)"])?;
    pair.refused(&["1061"])?;
    pair.target.execute(["DROP INDEX i ON d.c"])?;
    pair.replicate(&[])?;
    compare(&pair.source, &pair.target, &["d.c"])
}

/// Rows are for the table, also where the session has seen a temporary one of the same name.
#[test]
fn rows_miss_temporary_tables() -> Result<()> {
    let pair = Pair::start(ServerOptions::new(Flavour::MariaDb118).arg("--binlog-format=MIXED"))?;
    pair.source
        .execute(["CREATE DATABASE d", "CREATE TABLE d.t (a INT PRIMARY KEY)"])?;
    let mut session = pair.source.conn()?;
    session.query_drop("CREATE TEMPORARY TABLE d.t (a INT PRIMARY KEY, b INT)")?;
    session.query_drop("INSERT INTO d.t VALUES (500, 1)")?;
    let mut other = pair.source.conn()?;
    other.query_drop("SET binlog_format = ROW")?;
    other.query_drop("INSERT INTO d.t VALUES (1), (2)")?;
    pair.replicate(&[])?;
    compare(&pair.source, &pair.target, &["d.t"])?;
    drop(session);
    drop(other);
    pair.source.execute(["INSERT INTO d.t VALUES (3)"])?;
    Ok(())
}

#[test]
fn a_missing_log_without_gtids() -> Result<()> {
    let pair = Pair::start(ServerOptions::new(Flavour::MySql97))?;
    pair.source
        .execute(["CREATE DATABASE d", "CREATE TABLE d.t (a INT)", "FLUSH BINARY LOGS"])?;
    pair.source.execute([
        "INSERT INTO d.t VALUES (1)",
        "FLUSH BINARY LOGS",
        "INSERT INTO d.t VALUES (2)",
    ])?;
    let logs = pair.source.binlogs()?;
    let [first, second, third] = logs.as_slice() else {
        anyhow::bail!("{logs:?}")
    };
    let to = pair.target.url();
    let apply = |logs: &[&std::path::PathBuf]| -> Result<std::process::Output> {
        Ok(binlog()?.args(["apply", "-q", "--to", &to]).args(logs).output()?)
    };
    let output = apply(&[first, third])?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.code() == Some(1) && said.contains("logs are missing between"),
        "{said}"
    );
    ensure!(apply(&[first, second, third])?.status.success());
    compare(&pair.source, &pair.target, &["d.t"])
}

/// A replay that begins inside a transaction would apply a part of it.
#[test]
fn half_a_transaction() -> Result<()> {
    let pair = Pair::start(ServerOptions::new(Flavour::MySql97))?;
    pair.source.execute([
        "CREATE DATABASE d",
        "CREATE TABLE d.t (a INT)",
        "CREATE TABLE d.u (a INT)",
    ])?;
    pair.replicate(&[])?;
    pair.source.execute([
        "START TRANSACTION",
        "INSERT INTO d.t VALUES (1)",
        "INSERT INTO d.u VALUES (2)",
        "COMMIT",
    ])?;
    let log = pair.source.binlogs()?.pop().context("no log")?;
    let events: Vec<mysql::Row> = pair.source.conn()?.query("SHOW BINLOG EVENTS")?;
    let mut maps = events
        .iter()
        .filter(|event| event.get::<String, _>(2).as_deref() == Some("Table_map"));
    let place: u64 = maps
        .next_back()
        .and_then(|event| event.get(1))
        .context("no table map")?;
    let (to, place) = (pair.target.url(), place.to_string());
    let mut apply = binlog()?;
    apply
        .args(["apply", "-q", "--name", "half", "--to", &to, "-j", &place])
        .arg(log);
    let output = apply.output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.code() == Some(1) && said.contains("begins before the first event"),
        "{said}"
    );
    ensure!(pair.count("d.u")? == Some(0));
    Ok(())
}

/// A source that was reset ends before the target's checkpoint.
#[test]
fn a_source_that_was_reset() -> Result<()> {
    let pair = Pair::start(ServerOptions::new(Flavour::MySql97))?;
    pair.source
        .execute(["CREATE DATABASE d", "FLUSH BINARY LOGS", "CREATE TABLE d.t (a INT)"])?;
    pair.replicate(&[])?;
    pair.source
        .execute(["RESET BINARY LOGS AND GTIDS", "INSERT INTO d.t VALUES (1)"])?;
    pair.refused(&["its log ends at binlog.000001", "hint:"])?;
    Ok(())
}

/// MariaDB keeps a log for a while after its end.
fn purge_first(source: &Server) -> Result<()> {
    let mut conn = source.conn()?;
    for _ in 0..100 {
        conn.query_drop("PURGE BINARY LOGS TO 'binlog.000002'")?;
        let first: Option<mysql::Row> = conn.query_first("SHOW BINARY LOGS")?;
        let name: Option<String> = first.and_then(|row| row.get(0));
        if name.as_deref() == Some("binlog.000002") {
            return Ok(());
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    anyhow::bail!("the first log was not purged")
}

/// What a source has purged is missed, not left out.
#[test]
fn a_source_without_its_first_log() -> Result<()> {
    for source in [
        ServerOptions::new(Flavour::MySql97),
        mysql(),
        ServerOptions::new(Flavour::MariaDb118),
    ] {
        let pair = Pair::start(source)?;
        pair.source.execute(["CREATE DATABASE d", "FLUSH BINARY LOGS"])?;
        purge_first(&pair.source)?;
        pair.source.execute(["CREATE DATABASE e"])?;
        pair.refused(&["binlog.000002", "purged", "--start oldest"])?;
    }
    Ok(())
}

/// Two histories never end up in one copy.
#[test]
fn a_copy_of_a_source_that_was_reset() -> Result<()> {
    let source = Server::start(ServerOptions::new(Flavour::MySql97))?;
    let folder = tempfile::tempdir()?;
    let (url, into) = (
        source.url(),
        folder.path().to_str().context("a path that is not UTF-8")?,
    );
    let fetch = ["fetch", "--from", &url, "--into", into];
    source.execute(["CREATE DATABASE d"])?;
    run_binlog(fetch)?;
    let before = std::fs::read(folder.path().join("binlog.000001"))?;
    std::thread::sleep(std::time::Duration::from_secs(1));
    source.execute([
        "RESET BINARY LOGS AND GTIDS",
        "DROP DATABASE d",
        "CREATE DATABASE d",
        "CREATE TABLE d.t (a INT)",
    ])?;
    let output = binlog()?.args(fetch).output()?;
    ensure!(!output.status.success(), "it went on");
    ensure!(
        before == std::fs::read(folder.path().join("binlog.000001"))?,
        "the copy has changed"
    );
    Ok(())
}

/// Without `gtid_strict_mode` MariaDB may write lower numbers after higher ones.
#[test]
fn numbers_out_of_order() -> Result<()> {
    let pair = Pair::start(ServerOptions::new(Flavour::MariaDb118))?;
    pair.source.execute([
        "CREATE DATABASE d",
        "CREATE TABLE d.t (a INT)",
        "INSERT INTO d.t VALUES (1)",
    ])?;
    let mut conn = pair.source.conn()?;
    for sql in ["SET server_id = 7", "SET gtid_seq_no = 2", "INSERT INTO d.t VALUES (2)"] {
        conn.query_drop(sql)?;
    }
    pair.refused(&["0-7-2", "gtid_strict_mode"])?;
    Ok(())
}

/// What an event does on the source comes as changes; the target's copy of it must not do it again.
fn events_do_not_run(flavour: Flavour, source: ServerOptions) -> Result<()> {
    let pair = Pair::start(source)?;
    pair.source.execute([
        "CREATE DATABASE d",
        "CREATE TABLE d.t (a INT)",
        "CREATE EVENT d.e ON SCHEDULE EVERY 1 HOUR DO INSERT INTO d.t VALUES (1)",
        "ALTER EVENT d.e ON SCHEDULE EVERY 2 HOUR ENABLE",
    ])?;
    pair.replicate(&[])?;
    let sql = "SELECT status FROM information_schema.events WHERE event_schema = 'd'";
    let status: Option<String> = pair.target.conn()?.query_first(sql)?;
    let status = status.context("no event")?;
    ensure!(status.contains("SIDE_DISABLED"), "{flavour}: {status}");
    pair.source.execute(["DROP EVENT d.e"])?;
    pair.replicate(&[])
}

#[test]
fn mysql_events() -> Result<()> {
    events_do_not_run(Flavour::MySql97, mysql())
}

#[test]
fn mariadb_events() -> Result<()> {
    events_do_not_run(Flavour::MariaDb118, ServerOptions::new(Flavour::MariaDb118))
}

/// A log without checksums is gone on with from its middle.
#[test]
fn without_checksums() -> Result<()> {
    for source in [
        ServerOptions::new(Flavour::MySql97).arg("--binlog-checksum=NONE"),
        ServerOptions::new(Flavour::MariaDb118).arg("--binlog-checksum=NONE"),
    ] {
        let pair = Pair::start(source)?;
        pair.source.execute(["CREATE DATABASE d", "CREATE TABLE d.t (a INT)"])?;
        for value in 0..3 {
            pair.source
                .execute([format!("INSERT INTO d.t VALUES ({value})").as_str()])?;
            pair.replicate(&[])?;
        }
        compare(&pair.source, &pair.target, &["d.t"])?;
    }
    Ok(())
}

/// MariaDB logs passwords of accounts in clear.
#[test]
fn secrets_stay_unsaid() -> Result<()> {
    let pair = Pair::start(ServerOptions::new(Flavour::MariaDb118))?;
    pair.target.execute(["CREATE USER u@x"])?;
    pair.source.execute(["CREATE USER u@x IDENTIFIED BY 'PlainSecret'"])?;
    let said = pair.refused(&["CREATE USER", "1396"])?;
    ensure!(!said.contains("PlainSecret"), "{said}");
    let kept: Vec<Option<String>> = pair
        .target
        .conn()?
        .query("SELECT intent_sql FROM binlog_replica.checkpoint")?;
    ensure!(!format!("{kept:?}").contains("PlainSecret"), "{kept:?}");
    Ok(())
}
