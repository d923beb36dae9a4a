//! How SQL is written.

use anyhow::{Result, bail};
use binlog_dumper::SqlOptions;
use clap::{Args, ValueEnum};

use crate::failure::Usage;

/// What shapes SQL.
#[derive(Args, Debug)]
#[command(next_help_heading = "SQL")]
pub(super) struct SqlArgs {
    /// Columns of UPDATE and DELETE [default: minimal]
    #[arg(long, value_name = "COLUMNS")]
    columns: Option<Columns>,
    /// Put up to so many rows of an event into one INSERT [default: 1]
    #[arg(long, value_name = "ROWS", value_parser = clap::value_parser!(u32).range(1..))]
    rows_per_insert: Option<u32>,
    /// Leave out position, time, GTID and original statement of each transaction
    #[arg(long)]
    no_comments: bool,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
enum Columns {
    /// Rows are found by primary key, and an UPDATE sets what it changed
    Minimal,
    /// All that the images hold: a row that is not as the log says is left alone
    Complete,
}

impl SqlArgs {
    pub(super) fn options(&self) -> SqlOptions {
        let mut options = SqlOptions::default();
        options.comments = !self.no_comments;
        options.all_columns = self.columns == Some(Columns::Complete);
        if let Some(rows) = self.rows_per_insert {
            options.rows_per_insert = usize::try_from(rows).unwrap_or(usize::MAX);
        }
        options
    }

    /// For a form that is not SQL.
    ///
    /// # Errors
    /// One of these options was given.
    pub(super) fn refuse(&self) -> Result<()> {
        let given = [
            ("--columns", self.columns.is_some()),
            ("--rows-per-insert", self.rows_per_insert.is_some()),
            ("--no-comments", self.no_comments),
        ];
        match given.iter().find(|(_, given)| *given) {
            None => Ok(()),
            Some((option, _)) => bail!(Usage(format!("{option} is for --format sql"))),
        }
    }
}
