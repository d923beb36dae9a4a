//! Options of the commands that write to a target.

use anyhow::{Result, bail};
use binlog_applier::{ApplierOptions, OnConflict, Via};
use clap::{Args, ValueEnum};

use crate::conflicts::{ConflictCounts, Conflicts};
use crate::connection::ConnectionArgs;
use crate::progress::warn;

/// Where to write, and how.
#[derive(Args, Debug)]
pub(crate) struct TargetArgs {
    /// The target: mysql://user@host:port
    #[arg(long, value_name = "URL")]
    to: String,
    /// Name of the checkpoint: one for each source of a target
    #[arg(long, value_name = "NAME", default_value = "default")]
    name: String,
    /// How row changes are written: as row events, as a replica does it; as SQL; or as events
    /// where the target takes them
    #[arg(long, value_name = "WAY", value_enum, default_value_t)]
    via: Way,
    /// Connections that write side by side; by default as many as there are cores, and at least 4
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    workers: Option<u16>,
    /// What is done about a row that is missing where it is changed, or there where it is inserted: stop, overwrite (the target gets the
    /// source's row), skip (the change is left out), or log=FILE (the same, with a line of JSON for each in FILE)
    #[arg(long, value_name = "WHAT", default_value = "stop", value_parser = parse_conflicts)]
    on_conflict: Conflicts,
    /// As if the changes may have been made before: overwrite rows that are there, leave out changes
    /// of those that are missing
    #[arg(long, conflicts_with = "on_conflict")]
    idempotent: bool,
    #[arg(skip)]
    counts: ConflictCounts,
}

/// As [`Via`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Way {
    #[default]
    Auto,
    Events,
    Sql,
}

impl TargetArgs {
    /// What the applier needs to know.
    pub(crate) fn options(&self, connection: &ConnectionArgs) -> Result<ApplierOptions> {
        let mut options = ApplierOptions::new(connection.server(&self.to)?);
        options.name.clone_from(&self.name);
        options.via = match self.via {
            Way::Auto => Via::Auto,
            Way::Events => Via::Events,
            Way::Sql => Via::Sql,
        };
        if let Some(workers) = self.workers {
            options.workers = workers.into();
        }
        let conflicts = match self.idempotent {
            true => &Conflicts::Decided(OnConflict::Idempotent),
            false => &self.on_conflict,
        };
        options.on_conflict = conflicts.policy();
        if options.on_conflict != OnConflict::Stop && self.via == Way::Events {
            bail!("row events cannot be written in spite of conflicts: leave --via=events out");
        }
        options.observer = Some(self.counts.observer(conflicts.log()?));
        Ok(options)
    }

    /// Says how many conflicts there were.
    pub(crate) fn warn_of_conflicts(&self) {
        if let Some(text) = self.counts.text() {
            warn(&text);
        }
    }
}

fn parse_conflicts(text: &str) -> Result<Conflicts, String> {
    match text.split_once('=') {
        None if text == "stop" => Ok(Conflicts::Decided(OnConflict::Stop)),
        None if text == "overwrite" => Ok(Conflicts::Decided(OnConflict::Overwrite)),
        None if text == "skip" => Ok(Conflicts::Decided(OnConflict::Skip)),
        Some(("log", file)) if !file.is_empty() => Ok(Conflicts::Logged(file.into())),
        _ => Err("it is stop, overwrite, skip or log=FILE".to_owned()),
    }
}
