//! The project's chores: `cargo xtask COMMAND`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command for people")]

mod bench;
mod demo;
mod fixtures;
mod fuzz;
mod servers;
mod statements;
mod test;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// The project's chores.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Fetch or run the real servers that the tests use.
    #[command(subcommand)]
    Servers(servers::Chore),
    /// Show a table-filtered replica between two real servers, killed half way.
    Demo(demo::Options),
    /// Measure against the servers' own tools, and print tables for `docs/BENCHMARKS.md`.
    Bench(bench::Options),
    /// Record the small binary logs of `fixtures/` from real servers.
    Fixtures(fixtures::Options),
    /// Record statements, and the tables that real servers say they touch, in `fixtures/statements`.
    Statements(statements::Options),
    /// Feed the readers with damaged and hostile bytes for a time.
    Fuzz(fuzz::Options),
    /// Check formatting and lints, and run all tests against real servers.
    Test(test::Options),
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(chore: Chore) -> Result<()> {
    match chore {
        Chore::Servers(chore) => servers::run(chore),
        Chore::Demo(options) => demo::run(&options),
        Chore::Bench(options) => bench::run(&options),
        Chore::Fixtures(options) => fixtures::run(&options),
        Chore::Statements(options) => statements::run(&options),
        Chore::Fuzz(options) => fuzz::run(&options),
        Chore::Test(options) => test::run(&options),
    }
}
