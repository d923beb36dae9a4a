//! The options that end a replay.

use anyhow::{Context as _, Result};
use binlog_parser::gtid::GtidProgress;
use binlog_replica::{Until, Words};
use clap::Args;

use crate::time::parse_time;

/// Where to end.
#[derive(Args, Debug)]
#[command(next_help_heading = "End")]
#[group(multiple = false)]
pub(crate) struct UntilArgs {
    /// End before the first transaction that began at or after this time:
    /// '2026-01-31 12:00:00' (local) or RFC 3339
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    until: Option<u32>,
    /// End after these transactions
    #[arg(long, value_name = "GTIDS", value_parser = parse_gtids)]
    until_gtid: Option<GtidProgress>,
    /// End before the first transaction with a statement that begins with these words: 'DROP TABLE', 'DELETE FROM shop.orders'.
    /// It is compared as the log has it, with or without backquotes; that of row changes is there if the server wrote it
    #[arg(long, value_name = "WORDS", value_parser = parse_words)]
    before: Option<Words>,
}

impl UntilArgs {
    pub(crate) fn until(&self) -> Option<Until> {
        let time = self.until.map(Until::Time);
        let gtids = || self.until_gtid.clone().map(Until::Gtids);
        time.or_else(gtids)
            .or_else(|| self.before.clone().map(Until::Statement))
    }
}

fn parse_words(text: &str) -> Result<Words> {
    Words::new(text).context("no words")
}

fn parse_gtids(text: &str) -> Result<GtidProgress> {
    text.parse()
        .context("not a GTID, a GTID set or a MariaDB GTID position")
}
