//! Replays that end just before a statement.

use std::process::Stdio;

use anyhow::{Context as _, Result, ensure};
use binlog_testkit::{Flavour, Server, ServerOptions, binlog};
use mysql::prelude::Queryable as _;

const ROWS: &str = "SELECT GROUP_CONCAT(id, '=', v ORDER BY id) FROM shop.orders";

/// A mistyped DELETE in a transaction with other changes, and a DROP after it.
fn mistaken(flavour: Flavour) -> Result<Server> {
    let text = match flavour.is_mariadb() {
        true => "--binlog-annotate-row-events=ON",
        false => "--binlog-rows-query-log-events=ON",
    };
    let source = Server::start(ServerOptions::new(flavour).arg(text))?;
    source.execute([
        "CREATE DATABASE shop",
        "CREATE TABLE shop.orders (id INT PRIMARY KEY, v VARCHAR(40))",
        "INSERT INTO shop.orders VALUES (1, 'a'), (2, 'b')",
        "UPDATE shop.orders SET v = 'DROP TABLE shop.orders' WHERE id = 2",
        "FLUSH BINARY LOGS",
        "BEGIN",
        "INSERT INTO shop.orders VALUES (3, 'with the mistake')",
        "DELETE FROM shop.orders",
        "COMMIT",
        "INSERT INTO shop.orders VALUES (4, 'after')",
        "DROP TABLE shop.orders",
    ])?;
    Ok(source)
}

fn apply(source: &Server, target: &Server, name: &str, before: &str) -> Result<(bool, String)> {
    let mut command = binlog()?;
    command.args(["apply", "--to", &target.url(), "--name", name, "--before", before]);
    let output = command.args(source.binlogs()?).output()?;
    Ok((
        output.status.success(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    ))
}

fn rows(target: &Server) -> Result<Option<String>> {
    Ok(target.conn()?.query_first::<Option<String>, _>(ROWS)?.flatten())
}

fn ends_before(flavour: Flavour) -> Result<()> {
    let source = mistaken(flavour)?;
    let target = Server::start(ServerOptions::new(flavour).server_id(2).no_binlog())?;

    let (done, said) = apply(&source, &target, "one", "DELETE FROM customers")?;
    ensure!(!done && said.contains("nothing was applied"), "{said}");
    let databases: Vec<String> = target.conn()?.query("SHOW DATABASES LIKE 'shop'")?;
    ensure!(databases.is_empty(), "{databases:?}");

    let expected = Some("1=a,2=DROP TABLE shop.orders".to_owned());
    // The same command again changes nothing.
    for _ in 0..2 {
        let (done, said) = apply(&source, &target, "one", "delete  from `shop`.orders")?;
        ensure!(
            done && said.contains("before the transaction at binlog.000002:"),
            "{said}"
        );
        ensure!(rows(&target)? == expected, "{:?}", rows(&target)?);
    }
    // Then up to the next mistake.
    let (done, said) = apply(&source, &target, "one", "DROP TABLE")?;
    ensure!(done, "{said}");
    ensure!(rows(&target)? == Some("4=after".to_owned()), "{:?}", rows(&target)?);
    Ok(())
}

#[test]
fn of_mysql() -> Result<()> {
    ends_before(Flavour::MySql97)
}

#[test]
fn of_mariadb() -> Result<()> {
    ends_before(Flavour::MariaDb118)
}

/// What comes through a pipe is applied as it comes.
#[test]
fn through_a_pipe() -> Result<()> {
    let source = mistaken(Flavour::MySql97)?;
    let target = Server::start(ServerOptions::new(Flavour::MySql97).server_id(2).no_binlog())?;
    let run = |name: &str, before: &str| -> Result<(bool, String)> {
        let mut filter = binlog()?;
        let mut log = filter
            .arg("filter")
            .args(source.binlogs()?)
            .stdout(Stdio::piped())
            .spawn()?;
        let mut command = binlog()?;
        command.args(["apply", "-", "--to", &target.url(), "--name", name, "--before", before]);
        let output = command.stdin(log.stdout.take().context("no stdout")?).output()?;
        log.wait()?;
        Ok((
            output.status.success(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        ))
    };
    let (done, said) = run("piped", "DROP TABLE shop.orders")?;
    ensure!(done, "{said}");
    ensure!(rows(&target)? == Some("4=after".to_owned()), "{:?}", rows(&target)?);
    let (done, said) = run("piped", "TRUNCATE")?;
    ensure!(!done && said.contains("all of it was applied"), "{said}");
    Ok(())
}
