//! `cargo xtask test`: everything that a change must pass.

use anyhow::Result;
use binlog_testkit::Flavour;
use clap::Args;

use crate::{servers, workspace};

/// What to check.
#[derive(Args)]
pub(crate) struct Options {
    /// Only run the tests, without the checks of formatting and lints.
    #[arg(long)]
    tests_only: bool,
    /// Arguments for `cargo test`, after `--`.
    #[arg(last = true)]
    arguments: Vec<String>,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    // First, so that no test waits for a download.
    servers::get(&Flavour::TESTED)?;
    if !options.tests_only {
        cargo(&["fmt", "--all", "--check"], &[])?;
        cargo(
            &[
                "clippy",
                "--workspace",
                "--all-targets",
                "--locked",
                "--",
                "-D",
                "warnings",
            ],
            &[],
        )?;
    }
    // The tests run the built commands.
    cargo(&["build", "--workspace", "--all-targets", "--locked"], &[])?;
    cargo(&["test", "--workspace", "--locked"], &options.arguments)
}

fn cargo(command: &[&str], more: &[String]) -> Result<()> {
    println!("\n=== cargo {}", command.join(" "));
    workspace::cargo(command, more)
}
