//! `binlog apply --dry-run`: what would be done, and what would be in the way.

use anyhow::{Context as _, Result, ensure};
use binlog_testkit::{Flavour, Server, ServerOptions, binlog, run_binlog};
use mysql::prelude::Queryable as _;

/// Whether there was no obstacle, and what was printed.
fn plan(source: &Server, target: &str, options: &[&str]) -> Result<(bool, String)> {
    let mut command = binlog()?;
    command.args(["apply", "--dry-run", "--to", target]).args(options);
    let output = command.args(source.binlogs()?).output()?;
    let text = [&output.stdout[..], &output.stderr].concat();
    Ok((output.status.success(), String::from_utf8_lossy(&text).into_owned()))
}

fn expect(found: (bool, String), ends_well: bool, words: &[&str]) -> Result<()> {
    let (ended_well, text) = found;
    ensure!(ended_well == ends_well, "{text}");
    for words in words {
        ensure!(text.contains(words), "no {words:?} in:\n{text}");
    }
    Ok(())
}

#[test]
fn tells_the_plan() -> Result<()> {
    let source = Server::start(ServerOptions::new(Flavour::MySql97).gtid())?;
    let target = Server::start(ServerOptions::new(Flavour::MySql97).server_id(2))?;
    source.execute([
        "CREATE DATABASE d",
        "CREATE TABLE d.t (id INT PRIMARY KEY, a INT)",
        "INSERT INTO d.t VALUES (1, 1), (2, 2), (3, 3)",
        "UPDATE d.t SET a = 5 WHERE id > 1",
        "DELETE FROM d.t WHERE id = 1",
        "DROP TABLE d.t",
    ])?;
    let url = target.url();
    expect(
        plan(&source, &url, &["--before", "DROP TABLE"])?,
        true,
        &[
            "target       has no checkpoint of this name",
            "would apply  5 transactions, 2 statements; 0 transactions are there already",
            "would end    before the transaction at binlog.000001:",
            "row changes  as row events",
            "tables       d.t: 3 inserts, 2 updates, 1 deletes",
        ],
    )?;
    let schemas: Option<u32> = target
        .conn()?
        .query_first("SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name IN ('d', 'binlog_replica')")?;
    ensure!(schemas == Some(0), "the target was changed");

    let mut apply = vec![
        "apply".to_owned(),
        "--quiet".to_owned(),
        "--to".to_owned(),
        url.clone(),
        "--before".to_owned(),
        "DELETE".to_owned(),
    ];
    apply.extend(source.binlogs()?.iter().map(|path| path.display().to_string()));
    // The text of row changes is not in the log: nothing is applied.
    ensure!(run_binlog(&apply).is_err());
    let until = source
        .gtids()?
        .rsplit_once(':')
        .map(|(uuid, _)| format!("{uuid}:1-3"))
        .context("GTIDs")?;
    apply.truncate(4);
    apply.extend(["--until-gtid".to_owned(), until]);
    apply.extend(source.binlogs()?.iter().map(|path| path.display().to_string()));
    run_binlog(&apply)?;
    expect(
        plan(&source, &url, &["--via=sql"])?,
        true,
        &[
            "stands at binlog.000001:",
            "would apply  3 transactions, 1 statements; 3 transactions are there already",
            "would end    at the end of the logs",
            "row changes  as SQL: that was asked for",
        ],
    )
}

#[test]
fn tells_what_is_in_the_way() -> Result<()> {
    let source = Server::start(
        ServerOptions::new(Flavour::MySql97).args(["--binlog-row-image=MINIMAL", "--binlog-row-metadata=FULL"]),
    )?;
    let target = Server::start(
        ServerOptions::new(Flavour::MySql97)
            .server_id(2)
            .arg("--max-allowed-packet=1M"),
    )?;
    let tables = [
        "CREATE TABLE d.missing (id INT PRIMARY KEY)",
        "CREATE TABLE d.keyless (id INT PRIMARY KEY, a INT)",
        "CREATE TABLE d.wide (id INT PRIMARY KEY, a LONGTEXT)",
        "CREATE TABLE d.other (id INT PRIMARY KEY, a INT)",
        "CREATE TABLE d.fires (id INT PRIMARY KEY, a INT)",
        "CREATE TABLE d.mine (id INT PRIMARY KEY) ENGINE = MyISAM",
    ];
    source.execute(["CREATE DATABASE d"].iter().chain(&tables))?;
    source.execute(["FLUSH BINARY LOGS"])?;
    target.execute([
        "CREATE DATABASE d",
        "CREATE TABLE d.keyless (id INT, a INT)",
        "CREATE TABLE d.wide (id INT PRIMARY KEY, a LONGTEXT)",
        "CREATE TABLE d.other (id INT PRIMARY KEY, b INT)",
        "CREATE TABLE d.fires (id INT PRIMARY KEY, a INT)",
        "CREATE TRIGGER d.tr BEFORE INSERT ON d.fires FOR EACH ROW SET NEW.a = 1",
        "CREATE TABLE d.mine (id INT PRIMARY KEY) ENGINE = MyISAM",
        "CREATE USER poor",
        "GRANT SELECT, INSERT ON *.* TO poor",
    ])?;
    source.execute([
        "INSERT INTO d.missing VALUES (1)",
        "INSERT INTO d.keyless VALUES (1, 1)",
        "UPDATE d.keyless SET a = 2",
        "INSERT INTO d.wide VALUES (1, REPEAT('x', 900000))",
        "INSERT INTO d.other VALUES (1, 1)",
        "INSERT INTO d.fires VALUES (1, 1)",
        "INSERT INTO d.mine VALUES (1)",
    ])?;
    let last = source.binlogs()?.pop().context("a log")?;
    let run = |url: &str, options: &[&str]| -> Result<(bool, String)> {
        let output = binlog()?
            .args(["apply", "--dry-run", "--to", url])
            .args(options)
            .arg(&last)
            .output()?;
        let text = [&output.stdout[..], &output.stderr].concat();
        Ok((output.status.success(), String::from_utf8_lossy(&text).into_owned()))
    };
    let always = [
        "OBSTACLE     binlog.000002 at ",
        "table d.missing: is not on the target",
        "table d.keyless has no key on the target, and the log has parts of its rows only (binlog_row_image)",
        "table d.wide has rows that need max_allowed_packet = ",
        "table d.other: the target has no column a",
        "table d.mine is of MyISAM",
        "nothing was changed",
    ];
    let events = run(&target.url(), &[])?;
    ensure!(!events.1.contains("trigger"), "{}", events.1);
    expect(events, false, &always)?;
    expect(
        run(&target.url(), &["--via=sql"])?,
        false,
        &[&always[..], &["table d.fires has the trigger tr"]].concat(),
    )?;
    let poor = target.url().replace("root@", "poor@");
    expect(
        run(&poor, &[])?,
        false,
        &[
            "row changes  as SQL: ",
            "the account has not on everything: UPDATE, DELETE",
        ],
    )
}
