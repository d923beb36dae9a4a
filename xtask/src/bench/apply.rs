//! Applying one log to a fresh server that is as durable as in production.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use binlog_testkit::compare::compare;
use binlog_testkit::{Flavour, Server, ServerOptions};

use super::table::{Contender, markdown};
use super::{Programs, logs};

/// Our apply and `mysqlbinlog | mysql` by turns. What they make of the log must be the same.
pub(super) fn measure(programs: &Programs, log: &Path, rounds: usize) -> Result<String> {
    let bytes = fs::metadata(log)
        .with_context(|| format!("no {}", log.display()))?
        .len();
    let mut ours = Contender::new("binlog apply --to URL FILE");
    let mut theirs = Contender::new("mysqlbinlog FILE | mysql");
    for _ in 0..rounds {
        let (first, second) = (target()?, target()?);
        ours.run(vec![apply(programs, log, &first)])?;
        theirs.run(vec![mysqlbinlog(log, &second)?, second.client()?])?;
        compare(&second, &first, &logs::TABLES).context("the programs disagree")?;
    }
    let megabytes = bytes / 1_000_000;
    let table = markdown(&[ours, theirs], 1, bytes);
    Ok(format!(
        "Applying {megabytes} MB to a durable MySQL 9.7, {rounds} rounds:\n\n{table}"
    ))
}

fn target() -> Result<Server> {
    Server::start(ServerOptions::new(Flavour::MySql97).gtid().durable().server_id(2))
}

fn apply(programs: &Programs, log: &Path, target: &Server) -> Command {
    let mut command = Command::new(&programs.binlog);
    command.args(["apply", "--to", &target.url()]).arg(log);
    command
}

fn mysqlbinlog(log: &Path, target: &Server) -> Result<Command> {
    let mut command = target.installation().mysqlbinlog()?;
    command.arg(log);
    Ok(command)
}
