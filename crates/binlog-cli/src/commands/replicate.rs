//! `binlog replicate`: a target follows a live source.

use anyhow::Result;
use binlog_applier::ApplierOptions;
use binlog_filter::Filter;
use binlog_parser::gtid::GtidProgress;
use binlog_replica::{Backoff, ReplicaOptions, Until};
use binlog_source::{LiveOptions, StartAt};
use clap::Args;

use crate::commands::target::TargetArgs;
use crate::commands::until::UntilArgs;
use crate::connection::ConnectionArgs;
use crate::progress::StatusLine;
use crate::schema::SchemaArgs;
use crate::selection::SelectionArgs;
use crate::start::parse_start;
use crate::stop::stop_flag;

/// Keep a target server up to date with a source, without a replica server.
///
/// Started again with the same command it goes on where the target stands: the position is kept in
/// the target's table binlog_replica.checkpoint, and written in the same transaction as the data.
#[derive(Args, Debug)]
pub(crate) struct Replicate {
    /// The source: mysql://user@host:port
    #[arg(long, value_name = "URL")]
    from: String,
    #[command(flatten)]
    target: TargetArgs,
    /// Where to begin if the target has no checkpoint: oldest, current, FILE:POSITION, or the
    /// GTIDs that the target holds already; by default with the source's first log
    #[arg(long, value_name = "WHERE", value_parser = parse_start)]
    start: Option<StartAt>,
    /// Number by which the source knows this replica; by default a random one
    #[arg(long, value_name = "ID", default_value_t = 0, hide_default_value = true)]
    connection_server_id: u32,
    /// End when everything is applied that the source's log held at the start
    #[arg(long, conflicts_with_all = ["until", "until_gtid"])]
    until_end: bool,
    /// Print no status line
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    until: UntilArgs,
    #[command(flatten)]
    schema: SchemaArgs,
    #[command(flatten)]
    selection: SelectionArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

impl Replicate {
    pub(crate) fn run(self) -> Result<()> {
        let mut source = LiveOptions::new(
            self.connection.server(&self.from)?,
            self.start.unwrap_or(StartAt::First),
        );
        source.server_id = self.connection_server_id;
        let held = match &source.start {
            StartAt::Gtids(gtids) => gtids.clone(),
            _ => GtidProgress::None,
        };
        let options = ReplicaOptions {
            source,
            target: ApplierOptions {
                held,
                ..self.target.options(&self.connection)?
            },
            filter: Filter::new(self.selection.rules()?).with_definitions(self.schema.catalog(&self.connection)?),
            until: if self.until_end {
                Until::End
            } else {
                self.until.until().unwrap_or_default()
            },
            backoff: Backoff::default(),
        };
        let run = binlog_replica::run(&options, &mut StatusLine::new(self.quiet), &*stop_flag()?);
        self.target.warn_of_conflicts();
        run?;
        Ok(())
    }
}
