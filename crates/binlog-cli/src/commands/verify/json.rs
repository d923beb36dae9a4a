//! The report as one JSON object; `schema.json` beside this file says what is in it.

use std::io::{Result, Write};

use binlog_parser::ChecksumAlgorithm;
use binlog_verify::{Closing, Finding, LogReport, Loss, LostGtids, Problem, Report, Severity, Totals};
use jiff::Timestamp;
use serde::Serialize;

use super::salvage::Saved;
use super::text::word;

/// One object and a line end.
pub(super) fn write(report: &Report, saved: &[Saved], out: &mut dyn Write) -> Result<()> {
    serde_json::to_writer(&mut *out, &ReportTwin::new(report, saved))?;
    writeln!(out)
}

#[derive(Serialize)]
struct ReportTwin<'a> {
    good: bool,
    errors: usize,
    warnings: usize,
    logs: Vec<LogTwin<'a>>,
    saved: Vec<SavedTwin<'a>>,
}

#[derive(Serialize)]
struct LogTwin<'a> {
    file: &'a str,
    end: u64,
    events: u64,
    bytes: u64,
    transactions: u64,
    rows: u64,
    checksum: &'static str,
    checksums_verified: u64,
    events_without_checksum: u64,
    first_time: Option<String>,
    last_time: Option<String>,
    server_id: Option<u32>,
    server_version: Option<&'a str>,
    gtids: Option<String>,
    previous_gtids: Option<String>,
    closed_by: Option<&'static str>,
    next_log: Option<&'a str>,
    in_use: bool,
    open_transaction: bool,
    findings: Vec<FindingTwin>,
    lost: Vec<LossTwin<'a>>,
}

#[derive(Serialize)]
struct FindingTwin {
    severity: &'static str,
    code: &'static str,
    position: Option<u64>,
    text: String,
    gtids: Option<String>,
}

#[derive(Serialize)]
struct LossTwin<'a> {
    from: u64,
    to: u64,
    bytes: u64,
    gtids: Option<String>,
    gtids_complete: bool,
    repeated: bool,
    why: &'a str,
}

#[derive(Serialize)]
struct SavedTwin<'a> {
    file: &'a str,
    output: String,
    transactions: u64,
    bytes: u64,
    wrong: Option<&'a str>,
}

impl<'a> ReportTwin<'a> {
    fn new(report: &'a Report, saved: &'a [Saved]) -> Self {
        Self {
            good: report.is_good(),
            errors: report.count(Severity::Error),
            warnings: report.count(Severity::Warning),
            logs: report.logs.iter().map(LogTwin::new).collect(),
            saved: saved.iter().map(SavedTwin::new).collect(),
        }
    }
}

impl<'a> LogTwin<'a> {
    fn new(log: &'a LogReport) -> Self {
        let Totals {
            events,
            bytes,
            transactions,
            rows,
            checksums,
            unverified,
            times,
        } = log.totals;
        let (closed_by, next_log) = closing(log.closing.as_ref());
        Self {
            file: &log.file,
            end: log.end,
            events,
            bytes,
            transactions,
            rows,
            checksum: match log.checksum {
                ChecksumAlgorithm::Crc32 => "CRC32",
                _ => "NONE",
            },
            checksums_verified: checksums,
            events_without_checksum: unverified,
            first_time: times.and_then(|(first, _)| time(first)),
            last_time: times.and_then(|(_, last)| time(last)),
            server_id: log.server.as_ref().map(|(id, _)| *id),
            server_version: log.server.as_ref().map(|(_, version)| version.as_str()),
            gtids: (!log.gtids.is_empty()).then(|| log.gtids.to_string()),
            previous_gtids: log.previous.as_ref().map(ToString::to_string),
            closed_by,
            next_log,
            in_use: log.in_use,
            open_transaction: log.open_transaction,
            findings: log.findings.iter().map(FindingTwin::new).collect(),
            lost: log.losses.iter().map(LossTwin::new).collect(),
        }
    }
}

impl FindingTwin {
    fn new(finding: &Finding) -> Self {
        let Finding {
            severity,
            position,
            problem,
            ..
        } = finding;
        Self {
            severity: word(*severity),
            code: Problem::code(problem),
            position: *position,
            text: problem.to_string(),
            gtids: problem.gtids().map(ToString::to_string),
        }
    }
}

impl<'a> LossTwin<'a> {
    fn new(loss: &'a Loss) -> Self {
        Self {
            from: loss.from,
            to: loss.to,
            bytes: loss.to.saturating_sub(loss.from),
            gtids: loss.gtids.known().map(ToString::to_string),
            gtids_complete: matches!(loss.gtids, LostGtids::Known(_)),
            repeated: loss.repeated,
            why: &loss.why,
        }
    }
}

impl<'a> SavedTwin<'a> {
    fn new(saved: &'a Saved) -> Self {
        Self {
            file: &saved.file,
            output: saved.output.display().to_string(),
            transactions: saved.transactions,
            bytes: saved.bytes,
            wrong: saved.wrong.as_deref(),
        }
    }
}

fn closing(closing: Option<&Closing>) -> (Option<&'static str>, Option<&str>) {
    match closing {
        None => (None, None),
        Some(Closing::Stop) => (Some("STOP"), None),
        Some(Closing::Rotate(next)) => (Some("ROTATE"), Some(next)),
    }
}

fn time(seconds: u32) -> Option<String> {
    Timestamp::from_second(seconds.into()).ok().map(|time| time.to_string())
}
