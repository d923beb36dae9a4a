//! What `--dry-run` prints.

use std::io::{self, Write};

use anyhow::{Result, bail};
use binlog_applier::Findings;

/// Writes the plan. An obstacle makes it an error.
pub(crate) fn tell(findings: &Findings, end: Option<&str>) -> Result<()> {
    write(findings, end, &mut io::stdout().lock())?;
    match findings.obstacles.len() {
        0 => Ok(()),
        1 => bail!("1 obstacle: nothing was changed"),
        count => bail!("{count} obstacles: nothing was changed"),
    }
}

fn write(findings: &Findings, end: Option<&str>, out: &mut dyn Write) -> io::Result<()> {
    let row = |out: &mut dyn Write, name: &str, text: &str| writeln!(out, "{name:<12} {text}");
    match &findings.stands {
        Some(place) => row(out, "target", &format!("stands at {place}"))?,
        None => row(out, "target", "has no checkpoint of this name")?,
    }
    let counts = format!(
        "{} transactions, {} statements; {} transactions are there already",
        findings.transactions, findings.statements, findings.skipped
    );
    row(out, "would apply", &counts)?;
    if let (Some(from), Some(to)) = (&findings.from, &findings.to) {
        row(out, "", &format!("from {from} to {to}"))?;
    }
    row(out, "would end", end.unwrap_or("at the end of the logs"))?;
    if let Some(way) = &findings.way {
        row(out, "row changes", way)?;
    }
    for (number, (table, counts)) in findings.rows.iter().enumerate() {
        let name = if number == 0 { "tables" } else { "" };
        let (inserts, updates, deletes) = (counts.inserts, counts.updates, counts.deletes);
        row(
            out,
            name,
            &format!("{table}: {inserts} inserts, {updates} updates, {deletes} deletes"),
        )?;
    }
    for remark in &findings.remarks {
        row(out, "remark", remark)?;
    }
    for obstacle in &findings.obstacles {
        row(out, "OBSTACLE", obstacle)?;
    }
    Ok(())
}
