//! The logs to measure with: sysbench's traffic on real servers, kept in `target/bench`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use binlog_testkit::{Flavour, Server, ServerOptions};

use crate::workspace;

/// The tables that a log makes and changes.
pub(super) const TABLES: [&str; 4] = ["sbtest.sbtest1", "sbtest.sbtest2", "sbtest.sbtest3", "sbtest.sbtest4"];

/// What the log is of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Load {
    /// `oltp_write_only` as it is: 4 tables of 10,000 rows, of which few are changed often.
    Writes,
    /// The same on 4 tables of 100,000 rows, each row as likely as any other.
    Spread,
    /// Filling 4 tables side by side, many rows to a statement.
    Bulk,
}

/// Bytes that one transaction of `oltp_write_only` takes in the log, roughly.
const TRANSACTION: u64 = 2500;
/// Bytes that one row takes in the log.
const ROW: u64 = 195;

impl Load {
    /// In words.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Writes => "sysbench write traffic on few rows",
            Self::Spread => "sysbench write traffic on 400,000 rows, all alike",
            Self::Bulk => "filling 4 tables",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Writes => "sysbench",
            Self::Spread => "spread",
            Self::Bulk => "bulk",
        }
    }

    fn layout(self, size: u64) -> Vec<String> {
        let rows = match self {
            Self::Writes => 10_000,
            Self::Spread => 100_000,
            Self::Bulk => size / ROW / 4,
        };
        let mut layout = vec![
            "--tables=4".to_owned(),
            "--threads=4".to_owned(),
            format!("--table-size={rows}"),
        ];
        if self == Self::Spread {
            layout.push("--rand-type=uniform".to_owned());
        }
        layout
    }

    /// A log of roughly that many MB, from the making of its tables on.
    pub(super) fn log(self, flavour: Flavour, size_mb: u64) -> Result<PathBuf> {
        let folder = workspace::target()?.join("bench");
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let server = if flavour.is_mariadb() { "mariadb-" } else { "" };
        let file = folder.join(format!("{server}{}-{size_mb}mb.binlog", self.name()));
        if !file.exists() {
            eprintln!("making {}", file.display());
            self.make(flavour, size_mb * 1_000_000, &file)?;
        }
        Ok(file)
    }

    fn make(self, flavour: Flavour, size: u64, file: &Path) -> Result<()> {
        let options = ServerOptions::new(flavour).gtid();
        let mut server = Server::start(options.arg("--max-binlog-size=1G"))?;
        server.execute(["CREATE DATABASE sbtest"])?;
        let layout = self.layout(size);
        run(server.sysbench("oltp_write_only")?.args(&layout).arg("prepare"))?;
        loop {
            let (_, written) = server.binlog_position()?;
            if written >= size || self == Self::Bulk {
                break;
            }
            let events = (size - written) / TRANSACTION + 1;
            let mut sysbench = server.sysbench("oltp_write_only")?;
            sysbench.args(&layout).args(["--time=0", &format!("--events={events}")]);
            run(sysbench.arg("run"))?;
        }
        server.stop()?;
        keep(&server, file)
    }
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
