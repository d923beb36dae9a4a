//! `cargo xtask fuzz`: fuzz targets for as long as one likes.

use anyhow::Result;
use clap::Args;

use crate::workspace;

/// What to run.
#[derive(Args)]
pub(crate) struct Options {
    /// Targets; all where none is named.
    targets: Vec<String>,
    /// Seconds for each target.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Seed of the mutations.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let numbers = [options.seconds, options.seed].map(|number| number.to_string());
    let [seconds, seed] = &numbers;
    let run = [
        "run",
        "--release",
        "--package",
        "binlog-fuzz",
        "--",
        "--seconds",
        seconds,
        "--seed",
        seed,
    ];
    workspace::cargo(&run, &options.targets)
}
