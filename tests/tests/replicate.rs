//! `binlog replicate`: a filtered target follows a source through kills, and holds the same rows.

use std::time::Duration;

use anyhow::Result;
use binlog_testkit::compare::{assert_absent, compare, compare_within};
use binlog_testkit::workload::{DROPPED, KEPT, Workload, kept_tables};
use binlog_testkit::{Flavour, RunningBinlog, Server, ServerOptions, run_binlog};
use mysql::prelude::Queryable as _;

const PATIENCE: Duration = Duration::from_secs(120);

/// The filter of all these tests.
const RULES: [&str; 4] = ["--table", "shop.*", "--not-table", "shop.audit_log"];

struct Pair {
    source: Server,
    target: Server,
    rules: &'static [&'static str],
}

impl Pair {
    fn start(source: ServerOptions, target: Flavour) -> Result<Self> {
        let target = ServerOptions::new(target).server_id(2);
        Ok(Self {
            source: Server::start(source)?,
            target: Server::start(target)?,
            rules: &RULES,
        })
    }

    fn arguments<'a>(&'a self, more: &[&'a str]) -> Vec<String> {
        let (from, to) = (self.source.url(), self.target.url());
        let main = ["replicate", "--from", &from, "--to", &to].map(String::from);
        main.into_iter()
            .chain(self.rules.iter().chain(more).map(|word| (*word).to_owned()))
            .collect()
    }

    fn follow(&self) -> Result<RunningBinlog> {
        RunningBinlog::start(self.arguments(&[]))
    }

    /// Everything that the source holds arrives, and nothing that the filter drops.
    fn finish(&self) -> Result<()> {
        run_binlog(self.arguments(&["--until-end"]))?;
        compare(&self.source, &self.target, &kept_tables(&mut self.source.conn()?)?)?;
        assert_absent(&self.target, &DROPPED)
    }
}

fn follows(source: ServerOptions, target: Flavour) -> Result<()> {
    let pair = Pair::start(source, target)?;
    Workload::prepare(&mut pair.source.conn()?)?;
    let workload = workload_for(&pair, target).spawn(&pair.source);
    workload.advance(50, PATIENCE)?;
    let replica = pair.follow()?;
    workload.advance(300, PATIENCE)?;
    workload.stop()?;
    compare_within(PATIENCE, &pair.source, &pair.target, &KEPT)?;
    replica.stop(PATIENCE)?;
    pair.finish()
}

/// DDL of one product is not always understood by the other.
fn workload_for(pair: &Pair, target: Flavour) -> Workload {
    let workload = Workload::new(7);
    if pair.source.options().flavour.is_mariadb() == target.is_mariadb() {
        workload
    } else {
        workload.without_ddl()
    }
}

#[test]
fn mysql_to_mysql_by_gtid() -> Result<()> {
    follows(ServerOptions::new(Flavour::MySql97).gtid(), Flavour::MySql97)
}

#[test]
fn mysql_to_mysql_by_file_and_position() -> Result<()> {
    follows(ServerOptions::new(Flavour::MySql97), Flavour::MySql97)
}

#[test]
fn mariadb_to_mariadb() -> Result<()> {
    follows(ServerOptions::new(Flavour::MariaDb118), Flavour::MariaDb118)
}

#[test]
fn mariadb_1011_to_mariadb_1011() -> Result<()> {
    follows(ServerOptions::new(Flavour::MariaDb1011), Flavour::MariaDb1011)
}

#[test]
fn mysql_to_mariadb() -> Result<()> {
    follows(ServerOptions::new(Flavour::MySql97).gtid(), Flavour::MariaDb118)
}

#[test]
fn mariadb_to_mysql() -> Result<()> {
    follows(ServerOptions::new(Flavour::MariaDb118), Flavour::MySql97)
}

/// Everything, because a statement that changes kept and dropped tables together stops a filter.
fn follows_statements(flavour: Flavour) -> Result<()> {
    let mut pair = Pair::start(ServerOptions::new(flavour).arg("--binlog-format=STATEMENT"), flavour)?;
    pair.rules = &[];
    Workload::prepare(&mut pair.source.conn()?)?;
    let workload = Workload::new(7).spawn(&pair.source);
    let replica = pair.follow()?;
    workload.advance(200, PATIENCE)?;
    replica.kill9()?;
    workload.advance(100, PATIENCE)?;
    workload.stop()?;
    run_binlog(pair.arguments(&["--until-end"]))?;
    compare(&pair.source, &pair.target, &KEPT)?;
    compare(&pair.source, &pair.target, &DROPPED)
}

#[test]
fn mysql_statements() -> Result<()> {
    follows_statements(Flavour::MySql97)
}

#[test]
fn mariadb_statements() -> Result<()> {
    follows_statements(Flavour::MariaDb118)
}

/// Types whose values the log cuts short, with and without a key.
#[test]
fn mariadb_types_of_fixed_length() -> Result<()> {
    let pair = Pair::start(ServerOptions::new(Flavour::MariaDb118), Flavour::MariaDb118)?;
    pair.source.execute([
        "CREATE DATABASE shop",
        "CREATE TABLE shop.keyed (u UUID PRIMARY KEY, four INET4, six INET6, b BINARY(4))",
        "CREATE TABLE shop.keyless (u UUID, four INET4, six INET6, b BINARY(4))",
        "INSERT INTO shop.keyed VALUES ('123e4567-e89b-12d3-a456-426655440000', '10.0.0.0', '::', 'a'),
         ('00000000-0000-0000-0000-000000000000', '1.2.3.4', '::1', '')",
        "INSERT INTO shop.keyless SELECT * FROM shop.keyed",
        "UPDATE shop.keyed SET four = '0.0.0.0', b = 'b' WHERE six = '::'",
        "UPDATE shop.keyless SET six = '2001:db8::', u = UUID() WHERE b = 'a\\0\\0\\0'",
        "DELETE FROM shop.keyless WHERE b = '\\0\\0\\0\\0'",
    ])?;
    run_binlog(pair.arguments(&["--until-end"]))?;
    compare(&pair.source, &pair.target, &["shop.keyed", "shop.keyless"])
}

fn ids(server: &Server) -> Result<Vec<u32>> {
    Ok(server.conn()?.query("SELECT id FROM shop.t ORDER BY id")?)
}

/// Ends exactly where it was told to, and goes on from there.
fn ends(source: ServerOptions, gtids: impl Fn(&Server) -> Result<String>) -> Result<()> {
    let flavour = source.flavour;
    let pair = Pair::start(source, flavour)?;
    pair.source
        .execute(["CREATE DATABASE shop", "CREATE TABLE shop.t (id INT PRIMARY KEY)"])?;
    pair.source.execute(["INSERT INTO shop.t VALUES (1)"])?;
    let gtids = gtids(&pair.source)?;
    pair.source.execute(["INSERT INTO shop.t VALUES (2)"])?;
    run_binlog(pair.arguments(&["--until-gtid", &gtids]))?;
    assert_eq!(ids(&pair.target)?, [1]);

    std::thread::sleep(Duration::from_millis(1500));
    let time: String = pair
        .source
        .conn()?
        .query_first("SELECT CONCAT(UTC_TIMESTAMP(), 'Z')")?
        .unwrap_or_default();
    std::thread::sleep(Duration::from_millis(1500));
    pair.source.execute(["INSERT INTO shop.t VALUES (3)"])?;
    run_binlog(pair.arguments(&["--until", &time]))?;
    assert_eq!(ids(&pair.target)?, [1, 2]);

    run_binlog(pair.arguments(&["--until-gtid", &gtids]))?;
    assert_eq!(ids(&pair.target)?, [1, 2]);
    run_binlog(pair.arguments(&["--until-end"]))?;
    assert_eq!(ids(&pair.target)?, [1, 2, 3]);
    Ok(())
}

#[test]
fn mysql_ends() -> Result<()> {
    ends(ServerOptions::new(Flavour::MySql97).gtid(), Server::gtids)
}

#[test]
fn mariadb_ends() -> Result<()> {
    ends(ServerOptions::new(Flavour::MariaDb118), Server::gtids)
}

/// Killed at arbitrary moments and started again with the same command, it loses and repeats nothing.
fn survives_kills(source: ServerOptions, target: Flavour) -> Result<()> {
    let pair = Pair::start(source, target)?;
    Workload::prepare(&mut pair.source.conn()?)?;
    let workload = Workload::new(11).spawn(&pair.source);
    for round in 0..20_u64 {
        let replica = pair.follow()?;
        std::thread::sleep(Duration::from_millis(250 + 37 * round));
        replica.kill9()?;
    }
    workload.stop()?;
    pair.finish()
}

#[test]
fn mysql_kill9() -> Result<()> {
    survives_kills(ServerOptions::new(Flavour::MySql97).gtid(), Flavour::MySql97)
}

#[test]
fn mariadb_kill9() -> Result<()> {
    survives_kills(ServerOptions::new(Flavour::MariaDb118), Flavour::MariaDb118)
}

/// The source and the target end and come back; the replica goes on by itself.
#[test]
fn servers_come_back() -> Result<()> {
    let source = ServerOptions::new(Flavour::MySql97).gtid().durable();
    let mut pair = Pair::start(source, Flavour::MySql97)?;
    Workload::prepare(&mut pair.source.conn()?)?;
    let workload = Workload::new(13).spawn(&pair.source);
    let replica = pair.follow()?;
    workload.advance(100, PATIENCE)?;
    pair.target.kill9()?;
    workload.advance(100, PATIENCE)?;
    pair.target.restart()?;
    pair.source.kill9()?;
    pair.source.restart()?;
    workload.advance(100, PATIENCE)?;
    workload.stop()?;
    compare_within(PATIENCE, &pair.source, &pair.target, &KEPT)?;
    replica.stop(PATIENCE)?;
    pair.finish()
}
