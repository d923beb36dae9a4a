//! The selection options, the same for every command that selects.

use std::path::PathBuf;

use anyhow::Result;
use binlog_filter::{Emptied, Policy, ReplicateRules, RuleSet, Selection};
use clap::{Args, ValueEnum};

use crate::failure::Usage;
use crate::rules_file;
use crate::time::parse_time;

/// Which changes to keep. Without any of these, all.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Selection")]
pub(crate) struct SelectionArgs {
    /// Take further options of the selection from this TOML file: table = ["shop.*"], kind = "insert" (repeatable)
    #[arg(long, value_name = "FILE")]
    rules: Vec<PathBuf>,
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
    /// Keep only transactions of these MariaDB domains (comma-separated)
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    domain_id: Vec<u32>,
    /// Keep only what these connections made (comma-separated)
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    thread_id: Vec<u32>,
    /// Give tables other names wherever they stand: 'shop.*=shop_eu.*', 'shop.a=shop.b', '/shop_([0-9]+)/.*=shop.*'
    /// (repeatable; the first that matches)
    #[arg(long, value_name = "TABLE=TABLE")]
    rewrite: Vec<String>,
    /// Keep rows of a table only where this is true: "shop.orders: region = 'EU' and total > 100" (repeatable: all must be)
    #[arg(long = "where", value_name = "DB.TABLE: CONDITION")]
    wheres: Vec<String>,
    /// Leave out a column: 'shop.users.email' (repeatable)
    #[arg(long, value_name = "DB.TABLE.COLUMN")]
    drop_column: Vec<String>,
    /// Put something else in the place of a column's values: shop.users.email=hash, …=null, "…='text'" (repeatable)
    #[arg(long, value_name = "DB.TABLE.COLUMN=MASK")]
    mask: Vec<String>,
    #[command(flatten)]
    replicate: ReplicateArgs,
    /// What to do with a statement that touches kept and dropped tables together [default: stop]
    #[arg(long, value_name = "POLICY")]
    on_mixed: Option<PolicyArg>,
    /// What to do with a statement that cannot be judged [default: stop]
    #[arg(long, value_name = "POLICY")]
    on_unparsed: Option<PolicyArg>,
}

/// The servers' rules for replicas, in place of --table, --database, --kind and --rewrite.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Selection as in a server's replica")]
#[allow(clippy::struct_field_names, reason = "the servers' names of their options")]
struct ReplicateArgs {
    /// Rows of this database, and statements whose default database it is (repeatable)
    #[arg(long, value_name = "DB")]
    replicate_do_db: Vec<String>,
    /// Not this database (repeatable)
    #[arg(long, value_name = "DB")]
    replicate_ignore_db: Vec<String>,
    /// What changes this table (repeatable)
    #[arg(long, value_name = "DB.TABLE")]
    replicate_do_table: Vec<String>,
    /// Not what changes this table (repeatable)
    #[arg(long, value_name = "DB.TABLE")]
    replicate_ignore_table: Vec<String>,
    /// What changes tables like this: '%' is any characters, '_' is one (repeatable)
    #[arg(long, value_name = "DB.TABLE")]
    replicate_wild_do_table: Vec<String>,
    /// Not what changes tables like this (repeatable)
    #[arg(long, value_name = "DB.TABLE")]
    replicate_wild_ignore_table: Vec<String>,
    /// Another name for a database in rows and as the default of statements, before the other rules (repeatable)
    #[arg(long, value_name = "FROM->TO")]
    replicate_rewrite_db: Vec<String>,
}

impl ReplicateArgs {
    fn rules(&self) -> ReplicateRules {
        ReplicateRules {
            do_db: self.replicate_do_db.clone(),
            ignore_db: self.replicate_ignore_db.clone(),
            do_table: self.replicate_do_table.clone(),
            ignore_table: self.replicate_ignore_table.clone(),
            wild_do_table: self.replicate_wild_do_table.clone(),
            wild_ignore_table: self.replicate_wild_ignore_table.clone(),
            rewrite_db: self.replicate_rewrite_db.clone(),
        }
    }
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
        Ok(RuleSet::compile(&self.selection()?)?)
    }

    /// The compiled rules for a reader, to whom emptied transactions say nothing.
    pub(crate) fn rules_for_reader(&self) -> Result<RuleSet> {
        let selection = Selection {
            emptied: Emptied::Nothing,
            ..self.selection()?
        };
        Ok(RuleSet::compile(&selection)?)
    }

    /// What is given here, and then what the files of rules give.
    fn selection(&self) -> Result<Selection> {
        let mut selection = self.own();
        for file in &self.rules {
            let more = rules_file::read(file)?.own();
            add(&mut selection, more).map_err(|option| {
                let file = file.display();
                Usage(format!(
                    "{file}: '{option}' is given here and elsewhere, and can have one value"
                ))
            })?;
        }
        Ok(selection)
    }

    fn own(&self) -> Selection {
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
            domain_ids: self.domain_id.clone(),
            thread_ids: self.thread_id.clone(),
            renames: self.rewrite.clone(),
            wheres: self.wheres.clone(),
            drop_columns: self.drop_column.clone(),
            masks: self.mask.clone(),
            replicate: self.replicate.rules(),
            on_mixed: self.on_mixed.map(Policy::from).unwrap_or_default(),
            on_unparsed: self.on_unparsed.map(Policy::from).unwrap_or_default(),
            emptied: Emptied::Frame,
        }
    }
}

/// Adds a selection to another. The error is an option that can have but one value.
fn add(to: &mut Selection, more: Selection) -> Result<(), &'static str> {
    to.tables.extend(more.tables);
    to.not_tables.extend(more.not_tables);
    to.databases.extend(more.databases);
    to.not_databases.extend(more.not_databases);
    to.kinds.extend(more.kinds);
    to.server_ids.extend(more.server_ids);
    to.domain_ids.extend(more.domain_ids);
    to.thread_ids.extend(more.thread_ids);
    to.renames.extend(more.renames);
    to.wheres.extend(more.wheres);
    to.drop_columns.extend(more.drop_columns);
    to.masks.extend(more.masks);
    to.replicate.add(more.replicate);
    one(&mut to.include_gtids, more.include_gtids, "include-gtids")?;
    one(&mut to.exclude_gtids, more.exclude_gtids, "exclude-gtids")?;
    one(&mut to.start_time, more.start_time, "start-datetime")?;
    one(&mut to.stop_time, more.stop_time, "stop-datetime")?;
    policy(&mut to.on_mixed, more.on_mixed, "on-mixed")?;
    policy(&mut to.on_unparsed, more.on_unparsed, "on-unparsed")
}

fn one<T>(to: &mut Option<T>, more: Option<T>, option: &'static str) -> Result<(), &'static str> {
    match (to.is_some(), more) {
        (true, Some(_)) => Err(option),
        (false, Some(more)) => {
            *to = Some(more);
            Ok(())
        }
        (_, None) => Ok(()),
    }
}

/// A policy that is not the default was given.
fn policy(to: &mut Policy, more: Policy, option: &'static str) -> Result<(), &'static str> {
    match (*to, more) {
        (_, Policy::Stop) => Ok(()),
        (Policy::Stop, more) => {
            *to = more;
            Ok(())
        }
        (to, more) if to == more => Ok(()),
        _ => Err(option),
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
