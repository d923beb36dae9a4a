//! The report for people.

use std::io::{Result, Write};

use binlog_verify::{Finding, LogReport, Report, Severity};

use super::salvage::Saved;
use crate::progress::size;

/// A line a log, its findings below it, what was saved, and a verdict.
pub(super) fn write(report: &Report, saved: &[Saved], out: &mut dyn Write) -> Result<()> {
    for log in &report.logs {
        line(log, out)?;
        for finding in &log.findings {
            self::finding(finding, out)?;
        }
    }
    for saved in saved {
        self::saved(saved, out)?;
    }
    verdict(report, out)
}

fn saved(saved: &Saved, out: &mut dyn Write) -> Result<()> {
    let (output, transactions) = (saved.output.display(), saved.transactions);
    writeln!(
        out,
        "{output}: saved, {transactions} transactions, {}",
        size(saved.bytes)
    )?;
    match &saved.wrong {
        Some(wrong) => writeln!(out, "  error: {output}: what was saved is not whole: {wrong}"),
        None => Ok(()),
    }
}

fn line(log: &LogReport, out: &mut dyn Write) -> Result<()> {
    let totals = &log.totals;
    let state = match log.severity() {
        Some(Severity::Error) => "damaged",
        _ => "ok",
    };
    write!(
        out,
        "{}: {state}, {} events, {} transactions, {} rows, {}, {} checksums verified",
        log.file,
        totals.events,
        totals.transactions,
        totals.rows,
        size(totals.bytes),
        totals.checksums
    )?;
    match log.gtids.is_empty() {
        true => writeln!(out),
        false => writeln!(out, ", GTIDs {}", log.gtids),
    }
}

fn finding(finding: &Finding, out: &mut dyn Write) -> Result<()> {
    let severity = word(finding.severity);
    match finding.position {
        Some(position) => writeln!(out, "  {severity}: {} at {position}: {}", finding.file, finding.problem),
        None => writeln!(out, "  {severity}: {}: {}", finding.file, finding.problem),
    }
}

fn verdict(report: &Report, out: &mut dyn Write) -> Result<()> {
    let logs = report.logs.len();
    let damaged = report
        .logs
        .iter()
        .filter(|log| log.severity() == Some(Severity::Error))
        .count();
    let (errors, warnings) = (report.count(Severity::Error), report.count(Severity::Warning));
    match report.is_good() {
        true if warnings == 0 => writeln!(out, "good: {logs} logs"),
        true => writeln!(out, "good, with {warnings} warnings: {logs} logs"),
        false => writeln!(
            out,
            "damaged: {damaged} of {logs} logs, {errors} errors, {warnings} warnings"
        ),
    }
}

/// The severity's word, in text and JSON.
pub(super) fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}
