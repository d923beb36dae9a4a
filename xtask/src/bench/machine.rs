//! On what, and with which versions, it was measured.

use std::fs;
use std::process::Command;
use std::thread::available_parallelism;

use anyhow::{Context as _, Result};
use binlog_testkit::{Flavour, Installation};

use super::Programs;
use crate::workspace;

/// One line of Markdown.
pub(super) fn describe(programs: &Programs) -> Result<String> {
    let cores = available_parallelism().context("cannot count the cores")?;
    let ours = Command::new(&programs.binlog).arg("--version").output();
    let ours = ours.context("cannot run binlog")?.stdout;
    let mysql = Installation::get(Flavour::MySql97)?;
    Ok(format!(
        "{cores} cores ({}), {} GB memory; {}, MySQL {}, mysql_common {}, mysql-replication {}",
        field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".into()),
        memory().unwrap_or(0),
        String::from_utf8_lossy(&ours).trim(),
        mysql.version(),
        locked("mysql_common")?,
        locked("mysql-replication")?,
    ))
}

/// In GB.
fn memory() -> Option<u64> {
    let text = field("/proc/meminfo", "MemTotal")?;
    let kilobytes: u64 = text.strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024 / 1_000_000_000)
}

/// The value of the first `NAME : VALUE` line.
fn field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let mut pairs = text.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = pairs.find(|(key, _)| key.trim() == name)?;
    Some(value.trim().to_owned())
}

/// The version of a crate that is built in, from `Cargo.lock`.
fn locked(name: &str) -> Result<String> {
    let lock = fs::read_to_string(workspace::root().join("Cargo.lock")).context("cannot read Cargo.lock")?;
    let head = format!("name = \"{name}\"\nversion = \"");
    let (_, rest) = lock
        .split_once(&head)
        .with_context(|| format!("Cargo.lock has no {name}"))?;
    Ok(rest.chars().take_while(|c| *c != '"').collect())
}
