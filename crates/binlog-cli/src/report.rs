//! The end report of a run: what came in, what was kept, and why the rest was not.

use std::io;

use anyhow::Result;
use binlog_filter::Report;
use clap::{Args, ValueEnum};
use serde::Serialize;

/// Whether and how the report is told.
#[derive(Args, Debug, Clone, Copy, Default)]
pub(crate) struct ReportArgs {
    /// At the end, say on stderr what came in, what was kept and what was left out: 'text' or 'json'
    #[arg(long, value_name = "FORM", num_args = 0..=1, require_equals = true, default_missing_value = "text")]
    report: Option<Form>,
}

#[derive(ValueEnum, Debug, Clone, Copy)]
enum Form {
    /// For people
    Text,
    /// One JSON object
    Json,
}

impl Form {
    fn write(self, report: &Report, out: &mut dyn io::Write) -> Result<()> {
        match self {
            Self::Text => write!(out, "{report}")?,
            Self::Json => {
                serde_json::to_writer(&mut *out, &Counts::of(report))?;
                writeln!(out)?;
            }
        }
        Ok(())
    }
}

/// The report as it stands in JSON.
#[derive(Serialize)]
struct Counts {
    transactions: InOut,
    transactions_emptied: u64,
    transactions_dropped: u64,
    rows_dropped: u64,
    rows_moved: u64,
    gtids: InOut,
    events: InOut,
    events_made: u64,
    events_dropped: std::collections::BTreeMap<String, u64>,
    kept_in_part: u64,
    mixed_kept: u64,
    unparsed_kept: u64,
}

#[derive(Serialize)]
struct InOut {
    #[serde(rename = "in")]
    came: u64,
    kept: u64,
}

impl ReportArgs {
    /// Whether a report is wanted.
    pub(crate) fn is_wanted(self) -> bool {
        self.report.is_some()
    }

    /// Tells it, if it is wanted.
    pub(crate) fn tell(self, report: &Report) -> Result<()> {
        match self.report {
            None => Ok(()),
            Some(form) => form.write(report, &mut io::stderr().lock()),
        }
    }

    /// Tells it where there is nothing else to tell.
    pub(crate) fn tell_alone(self, report: &Report) -> Result<()> {
        self.report
            .unwrap_or(Form::Text)
            .write(report, &mut io::stdout().lock())
    }
}

impl Counts {
    fn of(report: &Report) -> Self {
        let counted = |came, kept| InOut { came, kept };
        let dropped = report.events_dropped.iter();
        Self {
            transactions: counted(report.transactions, report.transactions_kept),
            transactions_emptied: report.transactions_emptied,
            transactions_dropped: report.transactions_dropped,
            rows_dropped: report.rows_dropped,
            rows_moved: report.rows_moved,
            gtids: counted(report.gtids, report.gtids_kept),
            events: counted(report.events, report.events_kept),
            events_made: report.events_made,
            events_dropped: dropped.map(|(reason, count)| (reason.to_string(), *count)).collect(),
            kept_in_part: report.split,
            mixed_kept: report.mixed_kept,
            unparsed_kept: report.unparsed_kept,
        }
    }
}
