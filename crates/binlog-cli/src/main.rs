//! The `binlog` command: looks into, cuts, copies and applies MySQL and MariaDB binary logs.

mod commands;
mod conflicts;
mod connection;
mod failure;
mod inputs;
mod keys;
mod output;
mod overflow;
mod plan;
mod progress;
mod report;
mod rules_file;
mod schema;
mod selection;
mod start;
mod stop;
mod time;

use std::env;
use std::process::ExitCode;

use clap::Parser;

use crate::commands::Command;
use crate::commands::mysqlbinlog::Call;

/// Look into, cut, copy and apply MySQL and MariaDB binary logs.
#[derive(Parser, Debug)]
#[command(name = "binlog", version, max_term_width = 100, after_help = MYSQLBINLOG)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const MYSQLBINLOG: &str = "'binlog mysqlbinlog', and this program under the name mysqlbinlog, take that program's options \
                           and print what it prints.";

fn main() -> ExitCode {
    if let Some(call) = Call::of(env::args_os()) {
        return call.run();
    }
    show_warnings();
    match Arguments::parse().command.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failure::report(&error),
    }
}

/// What the libraries warn of goes to stderr.
fn show_warnings() {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(tracing_subscriber::filter::LevelFilter::WARN)
        .with_target(false)
        .without_time()
        .init();
}
