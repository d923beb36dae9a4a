//! The logs to measure with: sysbench's write traffic on MySQL 9.7, kept in `target/bench`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use binlog_testkit::{Flavour, Server, ServerOptions};

use crate::workspace;

/// The tables that a log makes and changes.
pub(super) const TABLES: [&str; 4] = ["sbtest.sbtest1", "sbtest.sbtest2", "sbtest.sbtest3", "sbtest.sbtest4"];

const LAYOUT: [&str; 3] = ["--tables=4", "--table-size=10000", "--threads=4"];

/// Bytes that one transaction of `oltp_write_only` takes in the log, roughly.
const TRANSACTION: u64 = 2500;

/// A log of at least that many MB, from the making of its tables on.
pub(super) fn sysbench(size_mb: u64) -> Result<PathBuf> {
    let folder = workspace::target()?.join("bench");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let file = folder.join(format!("sysbench-{size_mb}mb.binlog"));
    if !file.exists() {
        eprintln!("making a log of {size_mb} MB");
        make(size_mb * 1_000_000, &file)?;
    }
    Ok(file)
}

fn make(size: u64, file: &Path) -> Result<()> {
    let options = ServerOptions::new(Flavour::MySql97).gtid();
    let mut server = Server::start(options.arg("--max-binlog-size=1G"))?;
    server.execute(["CREATE DATABASE sbtest"])?;
    run(server.sysbench("oltp_write_only")?.args(LAYOUT).arg("prepare"))?;
    loop {
        let (_, written) = server.binlog_position()?;
        if written >= size {
            break;
        }
        let events = (size - written) / TRANSACTION + 1;
        let mut sysbench = server.sysbench("oltp_write_only")?;
        sysbench.args(LAYOUT).args(["--time=0", &format!("--events={events}")]);
        run(sysbench.arg("run"))?;
    }
    server.stop()?;
    keep(&server, file)
}

fn run(sysbench: &mut Command) -> Result<()> {
    let output = sysbench.stdin(Stdio::null()).output().context("cannot run sysbench")?;
    if !output.status.success() {
        let (out, err) = (output.stdout, output.stderr);
        bail!(
            "sysbench failed: {}{}",
            String::from_utf8_lossy(&out),
            String::from_utf8_lossy(&err)
        );
    }
    Ok(())
}

/// Under its name only when it is whole.
fn keep(server: &Server, file: &Path) -> Result<()> {
    let logs = server.binlogs()?;
    let [log] = logs.as_slice() else {
        bail!("the log is in {} files; ask for less than 1000 MB", logs.len());
    };
    let unfinished = file.with_extension("unfinished");
    fs::copy(log, &unfinished).with_context(|| format!("cannot copy to {}", unfinished.display()))?;
    fs::rename(&unfinished, file).with_context(|| format!("cannot name {}", file.display()))
}
