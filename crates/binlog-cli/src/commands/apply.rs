//! `binlog apply`: replays logs on a target.

use anyhow::Result;
use binlog_applier::{Applier, ApplierOptions};
use binlog_filter::Filter;
use binlog_replica::{Ending, Observer as _, Pipeline, State, Status, drive};
use clap::Args;

use crate::commands::until::UntilArgs;
use crate::inputs::InputArgs;
use crate::progress::StatusLine;
use crate::selection::SelectionArgs;
use crate::stop::stop_flag;

/// Replay binary logs on a target server.
///
/// Started again with the same command it goes on where the target stands: the position is kept in
/// the target's table binlog_replica.checkpoint, and written in the same transaction as the data.
#[derive(Args, Debug)]
pub(crate) struct Apply {
    /// The target: mysql://user@host:port
    #[arg(long, value_name = "URL")]
    to: String,
    /// Name of the checkpoint: one for each source of a target
    #[arg(long, value_name = "NAME", default_value = "default")]
    name: String,
    /// Print no status line
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    until: UntilArgs,
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    selection: SelectionArgs,
}

impl Apply {
    pub(crate) fn run(self) -> Result<()> {
        let rules = self.selection.rules()?;
        let target = ApplierOptions {
            name: self.name,
            ..ApplierOptions::new(self.input.connection.server(&self.to)?)
        };
        let mut source = self.input.open()?;
        let mut applier = Applier::connect(&target)?;
        let done = applier.gtids().clone();
        let pipeline = Pipeline {
            source: &mut *source,
            filter: &mut Filter::new(rules),
            applier: &mut applier,
            ending: Ending::new(self.until.until().unwrap_or_default(), done),
        };
        let (mut status, mut line) = (Status::default(), StatusLine::new(self.quiet));
        drive(pipeline, &mut status, &mut line, &*stop_flag()?)?;
        line.state(&State::Stopped { status: &status });
        Ok(())
    }
}
