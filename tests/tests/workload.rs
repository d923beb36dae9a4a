//! The workload and the comparison: that the one fills servers as meant, and that the other sees
//! when they differ.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use binlog_testkit::compare::{assert_absent, compare, compare_within};
use binlog_testkit::workload::{DROPPED, KEPT, Workload, kept_tables};
use binlog_testkit::{Flavour, Server, ServerOptions};

const PATIENCE: Duration = Duration::from_secs(60);

fn all_tables(server: &Server) -> Result<Vec<String>> {
    let mut tables = kept_tables(&mut server.conn()?)?;
    tables.extend(DROPPED.map(str::to_owned));
    Ok(tables)
}

/// The same seed fills two servers with the same rows.
fn same_seed(one: Flavour, two: Flavour) -> Result<()> {
    let (one, two) = (start(one)?, start(two)?);
    for server in [&one, &two] {
        let mut conn = server.conn()?;
        Workload::prepare(&mut conn)?;
        Workload::new(7).run(&mut conn, 400)?;
    }
    compare(&one, &two, &all_tables(&one)?)
}

fn start(flavour: Flavour) -> Result<Server> {
    Server::start(ServerOptions::new(flavour))
}

#[test]
fn the_same_seed_does_the_same() -> Result<()> {
    same_seed(Flavour::MySql97, Flavour::MySql97)
}

#[test]
fn the_same_seed_does_the_same_on_mariadb() -> Result<()> {
    same_seed(Flavour::MariaDb118, Flavour::MariaDb1011)
}

#[test]
fn the_same_seed_does_the_same_on_mysql_and_mariadb() -> Result<()> {
    same_seed(Flavour::MySql97, Flavour::MariaDb118)
}

#[test]
#[ignore = "fetches a server that only the recording of fixtures needs"]
fn mysql_56_can_run_it() -> Result<()> {
    same_seed(Flavour::MySql56, Flavour::MySql56)
}

/// What the server's own tools replay is equal, so that a replay by other means can be judged by
/// the same comparison.
fn replayed(flavour: Flavour) -> Result<()> {
    let (source, target) = (start(flavour)?, start(flavour)?);
    let mut conn = source.conn()?;
    Workload::prepare(&mut conn)?;
    let summary = Workload::new(11).run(&mut conn, 600)?;
    ensure!(summary.ddl > 10 && summary.rolled_back > 20, "{summary:?}");

    let mut print = source
        .installation()
        .mysqlbinlog()?
        .args(source.binlogs()?)
        .stdout(Stdio::piped())
        .spawn()?;
    let printed = print.stdout.take().context("no output")?;
    let replay = target.client()?.arg("--binary-mode").stdin(printed).output()?;
    ensure!(replay.status.success(), "{replay:?}");
    ensure!(print.wait()?.success());
    compare(&source, &target, &all_tables(&source)?)
}

#[test]
fn the_servers_own_tools_replay_it_on_mysql() -> Result<()> {
    replayed(Flavour::MySql97)
}

#[test]
fn the_servers_own_tools_replay_it_on_mariadb() -> Result<()> {
    replayed(Flavour::MariaDb118)
}

#[test]
fn several_workers_outlive_their_server() -> Result<()> {
    let mut server = start(Flavour::MySql97)?;
    Workload::prepare(&mut server.conn()?)?;
    let running: Vec<_> = (0..3)
        .map(|n| Workload::new(n.into()).worker(n).spawn(&server))
        .collect();
    for worker in &running {
        worker.advance(20, PATIENCE)?;
    }
    server.kill9()?;
    server.restart()?;
    let advanced = running.iter().try_for_each(|worker| worker.advance(20, PATIENCE));
    for worker in running {
        ensure!(worker.stop()?.committed >= 40);
    }
    advanced
}

#[test]
fn differences_are_found() -> Result<()> {
    let (one, two) = (start(Flavour::MariaDb1011)?, start(Flavour::MariaDb1011)?);
    for server in [&one, &two] {
        Workload::prepare(&mut server.conn()?)?;
        server.execute(["INSERT INTO shop.notes VALUES ('a', 'same', 1), ('a', 'same', 1), (NULL, 'ß', NULL)"])?;
    }
    compare(&one, &two, &KEPT)?;
    let check = |change: &str, expected: &str| -> Result<()> {
        two.execute([change])?;
        let error = compare(&one, &two, &KEPT).err().context("no difference was found")?;
        let text = format!("{error:#}");
        ensure!(text.contains(expected), "{text}");
        Ok(())
    };
    check(
        "DELETE FROM shop.notes LIMIT 1",
        "3 rows on the source, 2 on the target; only the source has:",
    )?;
    check(
        "INSERT INTO shop.notes VALUES ('A', 'same', 1)",
        "only the target has:\n  topic = \"A\"",
    )?;
    check(
        "ALTER TABLE shop.items MODIFY line INT UNSIGNED NOT NULL",
        "line smallint unsigned not null",
    )?;
    check("ALTER TABLE shop.orders ADD INDEX (placed)", "indexes on the source")?;
    check("DROP TABLE shop.orders", "there is no table shop.orders")?;
    assert_absent(&two, &["shop.orders"])?;
    ensure!(assert_absent(&two, &["shop.items"]).is_err());
    ensure!(compare_within(Duration::from_millis(300), &one, &two, &KEPT).is_err());
    Ok(())
}
