//! One file a command.

mod apply;
mod dump;
mod fetch;
mod filter;
mod info;
pub(crate) mod mysqlbinlog;
mod replicate;
mod target;
mod until;
mod verify;

use anyhow::Result;
use clap::Subcommand;

/// What to do.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    Info(info::Info),
    Verify(verify::Verify),
    Dump(dump::Dump),
    Filter(filter::Filter),
    Fetch(fetch::Fetch),
    Apply(apply::Apply),
    Replicate(replicate::Replicate),
}

impl Command {
    pub(crate) fn run(self) -> Result<()> {
        match self {
            Self::Info(command) => command.run(),
            Self::Verify(command) => command.run(),
            Self::Dump(command) => command.run(),
            Self::Filter(command) => command.run(),
            Self::Fetch(command) => command.run(),
            Self::Apply(command) => command.run(),
            Self::Replicate(command) => command.run(),
        }
    }
}
