//! Rows that are not on the target as the source's changes need them.

use std::fs;

use anyhow::{Context as _, Result, ensure};
use binlog_testkit::{Flavour, Server, ServerOptions, binlog};
use mysql::prelude::Queryable as _;

/// A source and a target with the same rows, of which others then changed some on the target.
struct Pair {
    source: Server,
    target: Server,
}

const SETUP: [&str; 3] = [
    "CREATE DATABASE d",
    "CREATE TABLE d.t (id INT PRIMARY KEY, a INT, u INT UNIQUE)",
    "INSERT INTO d.t VALUES (1, 1, 1), (2, 2, 2), (3, 3, 3), (4, 4, 4)",
];
/// 2 and 3 are missing, 5 and 6 are there.
const DRIFT: &str = "DELETE FROM d.t WHERE id IN (2, 3); INSERT INTO d.t VALUES (5, 50, 50), (6, 60, 60)";
const CHANGES: [&str; 5] = [
    "UPDATE d.t SET a = 20 WHERE id <= 2",
    "DELETE FROM d.t WHERE id >= 3",
    "INSERT INTO d.t VALUES (5, 5, 5), (7, 7, 7)",
    "UPDATE d.t SET a = 55 WHERE id = 5",
    "INSERT INTO d.t VALUES (6, 6, 6)",
];

impl Pair {
    fn start(flavour: Flavour) -> Result<Self> {
        let source = Server::start(ServerOptions::new(flavour))?;
        let target = Server::start(ServerOptions::new(flavour).server_id(2))?;
        source.execute(SETUP)?;
        let pair = Self { source, target };
        let (ended, text) = pair.apply(&[])?;
        ensure!(ended, "{text}");
        pair.target.execute(DRIFT.split("; "))?;
        pair.source.execute(CHANGES)?;
        Ok(pair)
    }

    /// Whether all was applied, and what was said.
    fn apply(&self, options: &[&str]) -> Result<(bool, String)> {
        let mut command = binlog()?;
        command
            .args(["apply", "--quiet", "--to", &self.target.url()])
            .args(options);
        let output = command.args(self.source.binlogs()?).output()?;
        Ok((
            output.status.success(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        ))
    }

    fn rows(&self) -> Result<Vec<(i32, i32, i32)>> {
        Ok(self.target.conn()?.query("SELECT id, a, u FROM d.t ORDER BY id")?)
    }
}

fn check(flavour: Flavour, options: &[&str], rows: &[(i32, i32, i32)], said: &str) -> Result<()> {
    let pair = Pair::start(flavour)?;
    let (ended, text) = pair.apply(options)?;
    ensure!(ended && text.contains(said), "{options:?}: {text}");
    ensure!(pair.rows()? == rows, "{options:?}: {:?}", pair.rows()?);
    Ok(())
}

fn policies(flavour: Flavour) -> Result<()> {
    // As on the source, and nothing else.
    let source = [(1, 20, 1), (2, 20, 2), (5, 55, 5), (6, 6, 6), (7, 7, 7)];
    check(flavour, &["--on-conflict=overwrite"], &source, "3 rows overwritten")?;
    // 2 stays away, 6 is as others left it; 5 was changed later, and a row image holds all columns.
    let skipped = [(1, 20, 1), (5, 55, 5), (6, 60, 60), (7, 7, 7)];
    check(
        flavour,
        &["--on-conflict=skip"],
        &skipped,
        "changes were left out, 0 rows overwritten",
    )?;
    let repeated = [(1, 20, 1), (5, 55, 5), (6, 6, 6), (7, 7, 7)];
    check(flavour, &["--idempotent"], &repeated, "2 rows overwritten")
}

#[test]
fn mysql_policies() -> Result<()> {
    policies(Flavour::MySql97)
}

#[test]
fn mariadb_policies() -> Result<()> {
    policies(Flavour::MariaDb118)
}

/// Each conflict has a line.
#[test]
fn conflicts_are_logged() -> Result<()> {
    let pair = Pair::start(Flavour::MySql97)?;
    let folder = tempfile::tempdir()?;
    let log = folder.path().join("conflicts.jsonl");
    let (ended, text) = pair.apply(&[&format!("--on-conflict=log={}", log.display())])?;
    ensure!(ended, "{text}");
    let lines = fs::read_to_string(log)?;
    let lines: Vec<serde_json::Value> = lines.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let told = |line: &serde_json::Value| {
        let text = |name: &str| {
            line.get(name)
                .and_then(|value| value.as_str())
                .unwrap_or("-")
                .to_owned()
        };
        [
            text("change"),
            text("conflict"),
            text("source"),
            text("target"),
            text("done"),
        ]
        .join("|")
    };
    let mut told: Vec<String> = lines.iter().map(told).collect();
    told.sort_unstable();
    assert_eq!(
        told,
        [
            "DELETE|missing|`id` = 3, `a` = 3, `u` = 3|-|left out",
            "INSERT|duplicate|`id` = 5, `a` = 5, `u` = 5|`id` = 5, `a` = 50, `u` = 50|left out",
            "INSERT|duplicate|`id` = 6, `a` = 6, `u` = 6|`id` = 6, `a` = 60, `u` = 60|left out",
            "UPDATE|missing|`id` = 2, `a` = 2, `u` = 2|-|left out",
        ]
    );
    let place = lines.first().context("a line")?;
    ensure!(place.get("file").is_some_and(|file| file == "binlog.000001"), "{place}");
    ensure!(place.get("position").is_some_and(serde_json::Value::is_u64), "{place}");
    Ok(())
}

/// The default tells the table, the key and both rows, and changes nothing.
#[test]
fn stops_and_shows_the_rows() -> Result<()> {
    let pair = Pair::start(Flavour::MySql97)?;
    for options in [&[][..], &["--via=sql"]] {
        let before = pair.rows()?;
        let (ended, text) = pair.apply(options)?;
        ensure!(!ended, "{text}");
        for words in [
            "binlog.000001 at ",
            "UPDATE d.t (`id` = 2): 0 of 1 rows found",
            "the source has the row `id` = 2, `a` = 2, `u` = 2, the target none with its key",
        ] {
            ensure!(text.contains(words), "{options:?}: {text}");
        }
        ensure!(pair.rows()? == before, "{options:?} changed rows");
    }
    Ok(())
}

/// What cannot be done is said at once.
#[test]
fn usage() -> Result<()> {
    for options in [
        &["--on-conflict=later"][..],
        &["--on-conflict=log="],
        &["--idempotent", "--on-conflict=skip"],
        &["--idempotent", "--via=events"],
    ] {
        let output = binlog()?
            .args(["apply", "--to", "mysql://root@127.0.0.1:1", "x.000001"])
            .args(options)
            .output()?;
        let text = String::from_utf8_lossy(&output.stderr);
        ensure!(
            !output.status.success() && text.contains("conflict"),
            "{options:?}: {text}"
        );
    }
    Ok(())
}
