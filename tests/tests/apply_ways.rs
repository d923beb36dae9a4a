//! Row changes as events and as SQL, on one connection and on several: the target is the same, and at every instant a state of
//! the source's.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, ensure};
use binlog_testkit::compare::compare;
use binlog_testkit::workload::{DROPPED, Workload, kept_tables};
use binlog_testkit::{Flavour, RunningBinlog, Server, ServerOptions, run_binlog};
use mysql::prelude::Queryable as _;

/// `binlog apply` of all the source's logs.
fn arguments(source: &Server, target: &Server, more: &[&str]) -> Result<Vec<String>> {
    let mut arguments: Vec<String> = ["apply", "--quiet", "--to", &target.url()].map(str::to_owned).into();
    arguments.extend(more.iter().map(|text| (*text).to_owned()));
    for log in source.binlogs()? {
        arguments.push(log.to_str().context("a path")?.to_owned());
    }
    Ok(arguments)
}

/// Applies all to a fresh target in each way, and compares.
fn all_ways(source: &Server, target: Flavour, tables: &[String], ways: &[&[&str]]) -> Result<()> {
    for way in ways {
        let target = Server::start(ServerOptions::new(target).server_id(2))?;
        run_binlog(arguments(source, &target, way)?).with_context(|| format!("{way:?}"))?;
        compare(source, &target, tables).with_context(|| format!("{way:?}"))?;
    }
    Ok(())
}

const EVENTS: [&[&str]; 4] = [
    &["--via=events", "--workers=1"],
    &["--via=events", "--workers=2"],
    &["--workers=4"],
    &["--via=events", "--workers=8"],
];
const SQL: [&[&str]; 4] = [
    &["--via=sql", "--workers=1"],
    &["--via=sql", "--workers=2"],
    &["--via=sql", "--workers=4"],
    &["--via=sql", "--workers=8"],
];

/// The mixed workload, with DDL between.
fn mixed(source: ServerOptions, seed: u64, target: Flavour, ways: &[&[&str]]) -> Result<()> {
    let source = Server::start(source)?;
    let mut conn = source.conn()?;
    Workload::prepare(&mut conn)?;
    Workload::new(seed).run(&mut conn, 400)?;
    let mut tables = kept_tables(&mut conn)?;
    tables.extend(DROPPED.map(str::to_owned));
    all_ways(&source, target, &tables, ways)
}

#[test]
fn mysql_mixed() -> Result<()> {
    let source = ServerOptions::new(Flavour::MySql97).gtid();
    mixed(source, 101, Flavour::MySql97, &[&EVENTS[..], &SQL].concat())
}

#[test]
fn mysql_mixed_minimal() -> Result<()> {
    let source =
        ServerOptions::new(Flavour::MySql97).args(["--binlog-row-image=MINIMAL", "--binlog-row-metadata=FULL"]);
    mixed(source, 102, Flavour::MySql97, &[EVENTS[3], SQL[3]])
}

#[test]
fn mysql_mixed_noblob() -> Result<()> {
    let source = ServerOptions::new(Flavour::MySql97).args(["--binlog-row-image=NOBLOB"]);
    mixed(source, 103, Flavour::MySql97, &[EVENTS[3], SQL[3]])
}

#[test]
fn mariadb_mixed() -> Result<()> {
    let source = ServerOptions::new(Flavour::MariaDb118);
    mixed(source, 104, Flavour::MariaDb118, &[&EVENTS[..], &SQL].concat())
}

#[test]
fn mariadb_1011_mixed() -> Result<()> {
    let source = ServerOptions::new(Flavour::MariaDb1011);
    mixed(source, 5, Flavour::MariaDb118, &[EVENTS[3], SQL[3]])
}

#[test]
fn mysql_to_mariadb_mixed() -> Result<()> {
    let source = ServerOptions::new(Flavour::MySql97);
    mixed(source, 6, Flavour::MariaDb118, &[SQL[0], SQL[3]])
}

#[test]
fn mariadb_to_mysql_mixed() -> Result<()> {
    let source = ServerOptions::new(Flavour::MariaDb118);
    mixed(source, 7, Flavour::MySql97, &[SQL[0], SQL[3]])
}

/// Tables whose rows get in each other's way.
const CROWDED: [&str; 11] = [
    "CREATE TABLE d.swapped (id INT PRIMARY KEY, u INT UNIQUE, v INT)",
    "CREATE TABLE d.named (name VARCHAR(20) COLLATE utf8mb4_general_ci PRIMARY KEY, v INT)",
    "CREATE TABLE d.paired (a INT, b INT, v TEXT, PRIMARY KEY (a, b), UNIQUE (b, a))",
    "CREATE TABLE d.keyless (a INT, v INT)",
    "CREATE TABLE d.indexed (a INT, v INT, KEY (a))",
    "CREATE TABLE d.fronted (id INT PRIMARY KEY, name VARCHAR(20) COLLATE utf8mb4_bin, UNIQUE (name(1)))",
    "CREATE TABLE d.measured (f DOUBLE PRIMARY KEY, v INT)",
    "CREATE TABLE d.parent (id INT PRIMARY KEY, v INT)",
    "CREATE TABLE d.child (id INT PRIMARY KEY, parent INT, v INT,
     FOREIGN KEY (parent) REFERENCES d.parent (id) ON DELETE CASCADE ON UPDATE CASCADE)",
    "CREATE TABLE d.computed (id INT PRIMARY KEY, v INT, twice INT AS (v * 2) STORED, thrice INT AS (v * 3) VIRTUAL, UNIQUE (twice))",
    "CREATE TABLE d.counted (id INT AUTO_INCREMENT PRIMARY KEY, v INT, seen TIMESTAMP(3) DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3))",
];

fn crowded_tables() -> Vec<String> {
    let names = CROWDED.iter().filter_map(|sql| sql.split(' ').nth(2));
    names.map(str::to_owned).collect()
}

/// A statement on few rows: keys and unique values collide often, with each other and with themselves.
fn crowded_statement(random: &mut fastrand::Rng) -> String {
    let mut n = || random.i32(0..6);
    let (a, b, c) = (n(), n(), n());
    let name = ["a", "A", "b", "B ", "ä", "c"]
        .get(b as usize % 6)
        .copied()
        .unwrap_or("a");
    match random.i32(0..30) {
        0 => format!(
            "INSERT INTO d.swapped VALUES ({a}, {b}, {c}), ({}, {}, {c})",
            a + 6,
            b + 6
        ),
        1 => format!("UPDATE d.swapped SET u = {b} WHERE id = {a}"),
        2 => format!("UPDATE d.swapped SET id = {b}, v = {c} WHERE id = {a}"),
        3 => format!("DELETE FROM d.swapped WHERE id = {a}"),
        4 => format!("REPLACE INTO d.swapped VALUES ({a}, {b}, {c})"),
        5 => format!("UPDATE d.swapped SET u = NULL WHERE id >= {a}"),
        6 => format!("UPDATE d.swapped SET v = v + 1 WHERE v < {a}"),
        7 => format!("INSERT INTO d.named VALUES ('{name}', {a})"),
        8 => format!("UPDATE d.named SET name = '{name}' WHERE v = {a}"),
        9 => format!("DELETE FROM d.named WHERE name = '{name}'"),
        10 => format!("UPDATE d.named SET v = v + 1 WHERE v <= {a}"),
        11 => format!("REPLACE INTO d.paired VALUES ({a}, {b}, REPEAT('x', {c}))"),
        12 => format!("UPDATE d.paired SET a = b, b = a WHERE a = {a} AND b = {b}"),
        13 => format!("DELETE FROM d.paired WHERE a = {a}"),
        14 => format!("INSERT INTO d.keyless VALUES ({a}, {b}), ({a}, {b})"),
        15 => format!("UPDATE d.keyless SET v = {c} WHERE a = {a} AND v = {b} LIMIT 1"),
        16 => format!("DELETE FROM d.keyless WHERE a = {a} LIMIT 1"),
        17 => format!("INSERT INTO d.indexed VALUES ({a}, {b}), ({a}, {c})"),
        18 => format!("UPDATE d.indexed SET v = v + 1 WHERE a = {a}"),
        19 => format!("DELETE FROM d.indexed WHERE a = {a} LIMIT 1"),
        20 => format!(
            "REPLACE INTO d.fronted VALUES ({a}, '{}{c}')",
            ["x", "X", "y"].get(b as usize % 3).copied().unwrap_or("x")
        ),
        21 => format!("REPLACE INTO d.measured VALUES ({a} / 4, {b})"),
        22 => format!("DELETE FROM d.measured WHERE v = {b}"),
        23 => format!("REPLACE INTO d.parent VALUES ({a}, {b})"),
        24 => format!("INSERT INTO d.child VALUES ({a}, {b}, {c})"),
        25 => format!("UPDATE d.parent SET id = {b} WHERE id = {a}"),
        26 => format!("DELETE FROM d.parent WHERE id = {a}"),
        27 => format!("REPLACE INTO d.computed (id, v) VALUES ({a}, {b})"),
        28 => format!("UPDATE d.computed SET v = {b} WHERE id = {a}"),
        _ => format!("REPLACE INTO d.counted (id, v) VALUES ({}, {b})", a + 1),
    }
}

/// Many transactions, also rolled back ones, on few rows.
fn crowd(source: &Server, seed: u64, transactions: u32) -> Result<()> {
    let mut conn = source.conn()?;
    let mut random = fastrand::Rng::with_seed(seed);
    conn.query_drop("CREATE DATABASE d")?;
    CROWDED.iter().try_for_each(|sql| conn.query_drop(sql))?;
    for _ in 0..transactions {
        conn.query_drop("BEGIN")?;
        for _ in 0..random.u32(1..6) {
            // What collides changes nothing.
            let _ = conn.query_drop(crowded_statement(&mut random));
        }
        conn.query_drop(if random.u8(0..10) == 0 { "ROLLBACK" } else { "COMMIT" })?;
    }
    Ok(())
}

fn crowded(source: ServerOptions, seed: u64, target: Flavour, ways: &[&[&str]]) -> Result<()> {
    let source = Server::start(source)?;
    crowd(&source, seed, 3000)?;
    all_ways(&source, target, &crowded_tables(), ways)
}

#[test]
fn mysql_crowded() -> Result<()> {
    let source = ServerOptions::new(Flavour::MySql97);
    crowded(source, 1, Flavour::MySql97, &[EVENTS[0], EVENTS[3], SQL[0], SQL[3]])
}

#[test]
fn mysql_crowded_minimal() -> Result<()> {
    let source = ServerOptions::new(Flavour::MySql97).arg("--binlog-row-image=MINIMAL");
    crowded(source, 2, Flavour::MySql97, &[EVENTS[0], EVENTS[3], SQL[3]])
}

#[test]
fn mysql_crowded_to_mariadb() -> Result<()> {
    crowded(
        ServerOptions::new(Flavour::MySql97),
        3,
        Flavour::MariaDb118,
        &[SQL[0], SQL[3]],
    )
}

#[test]
fn mariadb_crowded() -> Result<()> {
    let source = ServerOptions::new(Flavour::MariaDb118);
    crowded(source, 4, Flavour::MariaDb118, &[EVENTS[0], EVENTS[3], SQL[0], SQL[3]])
}

#[test]
fn mariadb_crowded_minimal() -> Result<()> {
    let source = ServerOptions::new(Flavour::MariaDb118).arg("--binlog-row-image=MINIMAL");
    crowded(source, 5, Flavour::MariaDb118, &[EVENTS[3], SQL[3]])
}

/// Accounts of a bank, over four tables: what there is together never changes.
const ACCOUNTS: u32 = 40;
const TOTAL: u64 = ACCOUNTS as u64 * 1000;

fn bank(source: &Server, seed: u64, transfers: u32) -> Result<()> {
    let mut conn = source.conn()?;
    let mut random = fastrand::Rng::with_seed(seed);
    conn.query_drop("CREATE DATABASE bank")?;
    for table in 0..4 {
        conn.query_drop(format!("CREATE TABLE bank.b{table} (id INT PRIMARY KEY, money INT)"))?;
    }
    conn.query_drop("BEGIN")?;
    for account in 0..ACCOUNTS {
        conn.query_drop(format!("INSERT INTO bank.b{} VALUES ({account}, 1000)", account % 4))?;
    }
    conn.query_drop("COMMIT")?;
    for _ in 0..transfers {
        let (from, to, money) = (random.u32(0..ACCOUNTS), random.u32(0..ACCOUNTS), random.u32(1..50));
        conn.query_drop("BEGIN")?;
        conn.query_drop(format!(
            "UPDATE bank.b{} SET money = money - {money} WHERE id = {from}",
            from % 4
        ))?;
        conn.query_drop(format!(
            "UPDATE bank.b{} SET money = money + {money} WHERE id = {to}",
            to % 4
        ))?;
        conn.query_drop("COMMIT")?;
    }
    Ok(())
}

/// Looks at the bank until told to stop, and returns how often it saw it whole.
fn watch(target: &Server, stop: &AtomicBool) -> Result<u32> {
    const SUM: &str = "SELECT SUM(money) FROM (SELECT money FROM bank.b0 UNION ALL SELECT money FROM bank.b1
        UNION ALL SELECT money FROM bank.b2 UNION ALL SELECT money FROM bank.b3) AS all_money";
    let mut conn = target.conn()?;
    let mut seen = 0;
    while !stop.load(Ordering::Relaxed) {
        // Before the tables are there, there is nothing to see.
        let sum: Option<Option<u64>> = conn.query_first(SUM).unwrap_or_default();
        if let Some(sum) = sum.flatten() {
            ensure!(sum == TOTAL, "a reader saw {sum}");
            seen += 1;
        }
    }
    Ok(seen)
}

/// Killed at many moments, it goes on; a reader never sees money missing or made.
fn bank_is_whole(flavour: Flavour, way: &[&str], kills: u64) -> Result<()> {
    let source = Server::start(ServerOptions::new(flavour))?;
    bank(&source, 7, 6000)?;
    let target = Arc::new(Server::start(ServerOptions::new(flavour).server_id(2))?);
    let stop = Arc::new(AtomicBool::new(false));
    let watcher = {
        let (target, stop) = (Arc::clone(&target), Arc::clone(&stop));
        thread::spawn(move || watch(&target, &stop))
    };
    for kill in 0..kills {
        let apply = RunningBinlog::start(arguments(&source, &target, way)?)?;
        thread::sleep(Duration::from_millis(10 + 9 * (kill % 23)));
        // It may have ended.
        let _ = apply.kill9();
    }
    run_binlog(arguments(&source, &target, way)?)?;
    stop.store(true, Ordering::Relaxed);
    let seen = watcher.join().map_err(|_| anyhow!("the watcher panicked"))??;
    ensure!(seen > 10, "it looked {seen} times");
    compare(&source, &target, &["bank.b0", "bank.b1", "bank.b2", "bank.b3"])
}

#[test]
fn mysql_bank_by_events() -> Result<()> {
    bank_is_whole(Flavour::MySql97, &["--workers=8"], 50)
}

#[test]
fn mysql_bank_by_sql() -> Result<()> {
    bank_is_whole(Flavour::MySql97, &["--via=sql", "--workers=8"], 25)
}

#[test]
fn mariadb_bank_by_events() -> Result<()> {
    bank_is_whole(Flavour::MariaDb118, &["--workers=8"], 25)
}
