//! The servers themselves: that each flavour starts, logs rows, survives, and ends with us.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use binlog_testkit::{Flavour, Server, ServerOptions};
use mysql::prelude::Queryable as _;

fn check(flavour: Flavour) -> Result<()> {
    let mut server = Server::start(ServerOptions::new(flavour).gtid().server_id(7))?;
    server.execute([
        "CREATE DATABASE shop",
        "CREATE TABLE shop.t (id INT PRIMARY KEY, name VARCHAR(20))",
        "INSERT INTO shop.t VALUES (1, 'käse'), (2, NULL)",
    ])?;
    ensure!(!server.gtids()?.is_empty());
    let before = server.binlog_position()?;

    server.kill9()?;
    server.restart()?;
    let rows: Vec<(u32, Option<String>)> = server.conn()?.query("SELECT * FROM shop.t ORDER BY id")?;
    assert_eq!(rows, [(1, Some("käse".into())), (2, None)]);

    let logs = server.binlogs()?;
    let [first, _] = logs.as_slice() else {
        bail!("two logs, not {logs:?}")
    };
    ensure!(first.ends_with(&before.0));
    let text = printed(&server, first)?;
    ensure!(text.contains("### INSERT INTO `shop`.`t`"), "{text}");
    ensure!(text.contains("server id 7"), "{text}");
    Ok(())
}

fn printed(server: &Server, log: &Path) -> Result<String> {
    let mut tool = server.installation().mysqlbinlog()?;
    let output = tool.args(["-v", "--base64-output=decode-rows"]).arg(log).output()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{errors}");
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn mysql_97() -> Result<()> {
    check(Flavour::MySql97)
}

#[test]
fn mariadb_118() -> Result<()> {
    check(Flavour::MariaDb118)
}

#[test]
fn mariadb_1011() -> Result<()> {
    check(Flavour::MariaDb1011)
}

/// MySQL 5.6 is not part of the usual run: it is only fetched to record fixtures.
#[test]
#[ignore = "fetches a server that only the recording of fixtures needs"]
fn mysql_56() -> Result<()> {
    check(Flavour::MySql56)
}

#[test]
fn a_server_that_cannot_start_says_why() {
    let options = ServerOptions::new(Flavour::MariaDb118).arg("--no-such-option");
    let error = format!("{:#}", Server::start(options).unwrap_err());
    assert!(error.contains("unknown option '--no-such-option'"), "{error}");
}

/// The server's own client, and sysbench.
fn check_programs(flavour: Flavour) -> Result<()> {
    let server = Server::start(ServerOptions::new(flavour))?;
    let output = server.client()?.args(["-N", "-e", "SELECT 6*7"]).output()?;
    assert_eq!(String::from_utf8_lossy(&output.stdout), "42\n");
    server.execute(["CREATE DATABASE sbtest"])?;
    let mut sysbench = server.sysbench("oltp_write_only")?;
    let output = sysbench.args(["--tables=1", "--table-size=100", "prepare"]).output()?;
    ensure!(output.status.success(), "{output:?}");
    let count: Option<u32> = server.conn()?.query_first("SELECT COUNT(*) FROM sbtest.sbtest1")?;
    assert_eq!(count, Some(100));
    Ok(())
}

#[test]
fn programs_run_on_mysql() -> Result<()> {
    check_programs(Flavour::MySql97)
}

#[test]
fn programs_run_on_mariadb() -> Result<()> {
    check_programs(Flavour::MariaDb118)?;
    check_programs(Flavour::MariaDb1011)
}

/// The test calls itself, kills that process while it holds a server, and waits for the server to
/// end too.
#[test]
fn a_server_ends_when_its_owner_is_killed() -> Result<()> {
    const HOLDER: &str = "TESTKIT_HOLDS_A_SERVER";
    if let Some(file) = std::env::var_os(HOLDER) {
        let server = Server::start(ServerOptions::new(Flavour::MariaDb118))?;
        std::fs::write(file, format!("{} {}", server.pid().unwrap(), server.folder().display()))?;
        std::thread::sleep(Duration::from_secs(600));
        return Ok(());
    }
    let scratch = tempfile::tempdir()?;
    let file = scratch.path().join("server");
    let mut holder = Command::new(std::env::current_exe()?);
    holder
        .args(["--exact", "a_server_ends_when_its_owner_is_killed"])
        .env(HOLDER, &file);
    let mut holder = holder.spawn()?;
    wait_until(|| std::fs::read_to_string(&file).is_ok_and(|text| text.contains(' ')));
    holder.kill()?;
    holder.wait()?;

    let text = std::fs::read_to_string(&file)?;
    let (pid, folder) = text.split_once(' ').unwrap();
    let process = Path::new("/proc").join(pid);
    wait_until(|| !process.exists() && !Path::new(folder).exists());
    Ok(())
}

fn wait_until(condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain");
        std::thread::sleep(Duration::from_millis(20));
    }
}
