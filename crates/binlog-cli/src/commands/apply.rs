//! `binlog apply`: replays logs on a target.

use std::sync::atomic::Ordering;

use anyhow::{Result, bail};
use binlog_applier::{Applier, Preflight};
use binlog_filter::{Filter, RuleSet};
use binlog_parser::gtid::GtidProgress;
use binlog_replica::{Ending, Observer as _, Pipeline, State, Status, Until, drive};
use binlog_source::Next;
use clap::Args;

use crate::commands::target::TargetArgs;
use crate::commands::until::UntilArgs;
use crate::inputs::InputArgs;
use crate::plan;
use crate::progress::{StatusLine, warn_of};
use crate::schema::SchemaArgs;
use crate::selection::SelectionArgs;
use crate::stop::stop_flag;

/// Replay binary logs on a target server.
///
/// Started again with the same command it goes on where the target stands: the position is kept in
/// the target's table binlog_replica.checkpoint, and written in the same transaction as the data.
#[derive(Args, Debug)]
pub(crate) struct Apply {
    #[command(flatten)]
    target: TargetArgs,
    /// Change nothing: print what would be applied, where it would end, and what would be in the way
    #[arg(long)]
    dry_run: bool,
    /// Print no status line
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    until: UntilArgs,
    #[command(flatten)]
    schema: SchemaArgs,
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    selection: SelectionArgs,
}

impl Apply {
    pub(crate) fn run(self) -> Result<()> {
        let rules = self.selection.rules()?;
        let until = self.until.until().unwrap_or_default();
        if self.dry_run {
            return self.plan(rules, &until);
        }
        if self.input.can_be_read_again() {
            // It would be too late to say so after everything was applied.
            self.find_statement(&until)?;
        }
        let target = self.target.options(&self.input.connection)?;
        let catalog = self.schema.catalog(&self.input.connection)?;
        let mut source = self.input.open()?;
        let mut applier = Applier::connect(&target)?;
        let done = applier.gtids().clone();
        let mut ending = Ending::new(until.clone(), done);
        let mut filter = Filter::new(rules).with_definitions(catalog);
        let pipeline = Pipeline {
            source: &mut *source,
            filter: &mut filter,
            applier: &mut applier,
            ending: &mut ending,
        };
        let (mut status, mut line) = (Status::default(), StatusLine::new(self.quiet));
        let stop = stop_flag()?;
        drive(pipeline, &mut status, &mut line, &stop)?;
        line.state(&State::Stopped { status: &status });
        warn_of(&filter);
        self.target.warn_of_conflicts();
        let is_stopped = stop.load(Ordering::Relaxed);
        if matches!(until, Until::Statement(_)) && ending.statement().is_none() && !is_stopped {
            bail!("{NOT_FOUND}; all of it was applied");
        }
        Ok(())
    }

    /// Looks at everything, and changes nothing.
    fn plan(&self, rules: RuleSet, until: &Until) -> Result<()> {
        let target = self.target.options(&self.input.connection)?;
        let catalog = self.schema.catalog(&self.input.connection)?;
        let mut source = self.input.open()?;
        let mut preflight = Preflight::connect(&target)?;
        let mut ending = Ending::new(until.clone(), preflight.gtids().clone());
        let mut filter = Filter::new(rules).with_definitions(catalog);
        while !ending.is_reached() {
            match source.next()? {
                Next::Chunk(chunk) => preflight.look(&filter.apply(ending.cut(chunk)?)?)?,
                Next::Idle => {}
                Next::End => break,
            }
        }
        warn_of(&filter);
        let end = ending.is_reached().then(|| match until {
            Until::Time(_) => "before the first transaction of that time or later".to_owned(),
            Until::Gtids(gtids) => format!("after {gtids}"),
            _ => match ending.statement() {
                Some(place) => format!("before the transaction at {place}"),
                None => "where it was asked for".to_owned(),
            },
        });
        plan::tell(&preflight.findings(), end.as_deref())
    }

    /// Looks for the statement before which the replay is to end, and says where it is.
    fn find_statement(&self, until: &Until) -> Result<()> {
        if !matches!(until, Until::Statement(_)) {
            return Ok(());
        }
        let mut source = self.input.open()?;
        let mut ending = Ending::new(until.clone(), GtidProgress::default());
        while let Next::Chunk(chunk) = source.next()? {
            ending.cut(chunk)?;
            if let Some(place) = ending.statement() {
                if !self.quiet {
                    StatusLine::new(false).note(&format!("the end is before the transaction at {place}"));
                }
                return Ok(());
            }
        }
        bail!("{NOT_FOUND}; nothing was applied")
    }
}

const NOT_FOUND: &str = "no statement begins with the words of --before (the text of row changes is in the log if the server wrote \
    it: binlog_rows_query_log_events, binlog_annotate_row_events)";
