//! Reading one log: nothing is written but to `/dev/null`.

use std::fs::File;
use std::io;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use binlog_testkit::{Flavour, Installation};

use super::Programs;
use super::table::{Contender, markdown};

/// A program that is given arguments, and then the file.
#[derive(Clone, Copy)]
enum Program {
    Binlog,
    Mysqlbinlog,
    /// A library, in this program.
    Walk(&'static str),
}

const CASES: &[(Program, &[&str])] = &[
    (Program::Binlog, &["verify"]),
    (Program::Binlog, &["info"]),
    (Program::Binlog, &["dump"]),
    (Program::Binlog, &["dump", "--format", "json"]),
    (Program::Binlog, &["filter", "--table", "sbtest.sbtest1"]),
    (Program::Binlog, &["mysqlbinlog", "-v", "--base64-output=decode-rows"]),
    (Program::Binlog, &["mysqlbinlog"]),
    (Program::Mysqlbinlog, &["-v", "--base64-output=decode-rows"]),
    (Program::Mysqlbinlog, &[]),
    (Program::Mysqlbinlog, &["--verify-binlog-checksum"]),
    (
        Program::Walk("binlog-parser: decode every cell, one core"),
        &["bench", "walk", "binlog-parser"],
    ),
    (
        Program::Walk("binlog-source and -parser: decode every cell, all cores"),
        &["bench", "walk", "binlog-source"],
    ),
    (
        Program::Walk("mysql_common: decode every cell"),
        &["bench", "walk", "mysql-common"],
    ),
    (
        Program::Walk("mysql-replication: decode every cell"),
        &["bench", "walk", "mysql-replication"],
    ),
];

/// The one that all are compared with: `mysqlbinlog -v`.
const REFERENCE: usize = 7;

pub(super) fn measure(programs: &Programs, log: &Path, rounds: usize) -> Result<String> {
    let bytes = warm(log)?;
    let mysql = Installation::get(Flavour::MySql97)?;
    let mut contenders: Vec<_> = CASES
        .iter()
        .map(|(program, arguments)| contender(*program, arguments))
        .collect();
    for _ in 0..rounds {
        for ((program, arguments), contender) in CASES.iter().zip(&mut contenders) {
            let mut command = program.command(programs, &mysql)?;
            command.args(*arguments).arg(log);
            contender.run(vec![command])?;
        }
    }
    let megabytes = bytes / 1_000_000;
    let table = markdown(&contenders, REFERENCE, bytes);
    Ok(format!(
        "Reading {megabytes} MB of sysbench write traffic, {rounds} rounds:\n\n{table}"
    ))
}

fn contender(program: Program, arguments: &[&str]) -> Contender {
    let name = match program {
        Program::Binlog => "binlog",
        Program::Mysqlbinlog => "mysqlbinlog",
        Program::Walk(name) => return Contender::new(name),
    };
    Contender::new([&[name], arguments, &["FILE"]].concat().join(" "))
}

impl Program {
    fn command(self, programs: &Programs, mysql: &Installation) -> Result<Command> {
        match self {
            Self::Binlog => Ok(Command::new(&programs.binlog)),
            Self::Mysqlbinlog => mysql.mysqlbinlog(),
            Self::Walk(_) => Ok(Command::new(&programs.xtask)),
        }
    }
}

/// Reads the log once, so that nobody waits for the disk, and says how long it is.
fn warm(log: &Path) -> Result<u64> {
    let mut file = File::open(log).with_context(|| format!("cannot open {}", log.display()))?;
    io::copy(&mut file, &mut io::sink()).with_context(|| format!("cannot read {}", log.display()))
}
