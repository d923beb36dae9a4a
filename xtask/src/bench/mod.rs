//! `cargo xtask bench`: our program against others, in one run, on the same logs.

mod apply;
mod logs;
mod machine;
mod measure;
mod read;
mod replica;
mod table;
mod walk;

use std::path::PathBuf;

use anyhow::{Result, ensure};
use binlog_testkit::Flavour;
use clap::{Args, Subcommand};

use crate::workspace;
use logs::Load;

/// What to measure.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Options {
    /// Size of the log that is read, in MB; 0 for none.
    #[arg(long, default_value_t = 100)]
    size_mb: u64,
    /// Size of the log that is applied, in MB; 0 for none.
    #[arg(long, default_value_t = 25)]
    apply_mb: u64,
    /// Of what is applied, only this: mysql or mariadb.
    #[arg(long)]
    apply_only: Option<String>,
    /// How often each program runs, by turns.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    #[command(subcommand)]
    peer: Option<Peer>,
}

/// Programs to compare that are part of this one.
#[derive(Subcommand)]
enum Peer {
    /// Decode every cell with a library.
    #[command(hide = true)]
    Walk { library: walk::Library, file: PathBuf },
}

pub(crate) fn run(options: &Options) -> Result<()> {
    if let Some(Peer::Walk { library, file }) = &options.peer {
        return library.walk(file);
    }
    ensure!(options.rounds > 0, "no rounds, no numbers");
    let programs = Programs::build()?;
    let machine = machine::describe(&programs)?;
    println!("{machine}");
    if options.size_mb > 0 {
        let log = Load::Writes.log(Flavour::MySql97, options.size_mb)?;
        println!("\n{}", read::measure(&programs, &log, options.rounds)?);
    }
    if options.apply_mb > 0 {
        apply::measure(
            &programs,
            options.apply_mb,
            options.rounds,
            options.apply_only.as_deref(),
        )?;
    }
    Ok(())
}

/// Our programs, as they are released.
struct Programs {
    binlog: PathBuf,
    /// This one, for the peers in it.
    xtask: PathBuf,
}

impl Programs {
    fn build() -> Result<Self> {
        let binlog = workspace::binlog()?;
        workspace::cargo(&["build", "--release", "--package", "xtask"], &[])?;
        Ok(Self {
            binlog,
            xtask: workspace::target()?.join("release/xtask"),
        })
    }
}
