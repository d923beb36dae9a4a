//! The options that end a replay.

use anyhow::{Context as _, Result};
use binlog_parser::gtid::GtidProgress;
use binlog_replica::Until;
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
}

impl UntilArgs {
    pub(crate) fn until(&self) -> Option<Until> {
        match (self.until, &self.until_gtid) {
            (Some(time), _) => Some(Until::Time(time)),
            (None, Some(gtids)) => Some(Until::Gtids(gtids.clone())),
            (None, None) => None,
        }
    }
}

fn parse_gtids(text: &str) -> Result<GtidProgress> {
    text.parse()
        .context("not a GTID, a GTID set or a MariaDB GTID position")
}
