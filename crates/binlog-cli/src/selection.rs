//! The selection options, the same for every command that selects.

use anyhow::Result;
use binlog_filter::{Emptied, Policy, RuleSet, Selection};
use clap::{Args, ValueEnum};

use crate::time::parse_time;

/// Which changes to keep. Without any of these, all.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Selection")]
pub(crate) struct SelectionArgs {
    /// Keep only these tables: 'shop.orders', 'shop.*', '/regex/' (repeatable)
    #[arg(long, value_name = "DB.TABLE")]
    table: Vec<String>,
    /// Leave out these tables; wins over --table (repeatable)
    #[arg(long, value_name = "DB.TABLE")]
    not_table: Vec<String>,
    /// Keep only these databases (repeatable)
    #[arg(long, value_name = "DB")]
    database: Vec<String>,
    /// Leave out these databases; wins over --database (repeatable)
    #[arg(long, value_name = "DB")]
    not_database: Vec<String>,
    /// Keep only these kinds of change: insert, update, delete, ddl (comma-separated)
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    kind: Vec<String>,
    /// Keep only transactions with these GTIDs
    #[arg(long, value_name = "SET")]
    include_gtids: Option<String>,
    /// Leave out transactions with these GTIDs
    #[arg(long, value_name = "SET")]
    exclude_gtids: Option<String>,
    /// Keep what began at or after this time: '2026-01-31 12:00:00' (local) or RFC 3339
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    start_datetime: Option<u32>,
    /// Keep what began before this time
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    stop_datetime: Option<u32>,
    /// Keep only what these servers made (comma-separated)
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    server_id: Vec<u32>,
    /// Keep only what these connections made (comma-separated)
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    thread_id: Vec<u32>,
    /// What to do with a statement that touches kept and dropped tables together
    #[arg(long, value_name = "POLICY", default_value = "stop")]
    on_mixed: PolicyArg,
    /// What to do with a statement that cannot be judged
    #[arg(long, value_name = "POLICY", default_value = "stop")]
    on_unparsed: PolicyArg,
}

/// What to do with a statement that the rules cannot judge.
#[derive(ValueEnum, Debug, Clone, Copy, Default)]
enum PolicyArg {
    /// End with an error
    #[default]
    Stop,
    /// Keep it
    Keep,
    /// Leave it out
    Drop,
}

impl SelectionArgs {
    /// The compiled rules.
    pub(crate) fn rules(&self) -> Result<RuleSet> {
        Ok(RuleSet::compile(&self.selection())?)
    }

    /// The compiled rules for a reader, to whom emptied transactions say nothing.
    pub(crate) fn rules_for_reader(&self) -> Result<RuleSet> {
        let selection = Selection {
            emptied: Emptied::Nothing,
            ..self.selection()
        };
        Ok(RuleSet::compile(&selection)?)
    }

    fn selection(&self) -> Selection {
        Selection {
            tables: self.table.clone(),
            not_tables: self.not_table.clone(),
            databases: self.database.clone(),
            not_databases: self.not_database.clone(),
            kinds: self.kind.clone(),
            include_gtids: self.include_gtids.clone(),
            exclude_gtids: self.exclude_gtids.clone(),
            start_time: self.start_datetime,
            stop_time: self.stop_datetime,
            server_ids: self.server_id.clone(),
            thread_ids: self.thread_id.clone(),
            on_mixed: self.on_mixed.into(),
            on_unparsed: self.on_unparsed.into(),
            emptied: Emptied::Frame,
        }
    }
}

impl From<PolicyArg> for Policy {
    fn from(policy: PolicyArg) -> Self {
        match policy {
            PolicyArg::Stop => Self::Stop,
            PolicyArg::Keep => Self::Keep,
            PolicyArg::Drop => Self::Drop,
        }
    }
}
