//! The summary for people.

use std::fmt;

use binlog_parser::ChecksumAlgorithm;
use binlog_parser::gtid::GtidProgress;

use super::{Largest, Log, Summary};
use crate::text;

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.logs.iter().try_for_each(|log| write!(f, "{log}"))?;
        self.show_history(f)?;
        self.show_events(f)?;
        self.show_tables(f)
    }
}

impl Summary {
    fn show_history(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = self.format().map_or("no changes", |format| format.name());
        writeln!(f, "Format:        {format}")?;
        if let Some((first, last)) = self.times {
            let (first, last) = (text::for_people(first), text::for_people(last));
            writeln!(f, "Time:          {first} to {last}")?;
        }
        writeln!(f, "Transactions:  {}", self.transactions)?;
        writeln!(
            f,
            "Changes:       {} rows, {} statements, {} definitions",
            self.rows(),
            self.dml_statements,
            self.ddl_statements
        )?;
        if self.gtids != GtidProgress::None {
            writeln!(f, "GTIDs:         {}", self.gtids)?;
        }
        match &self.largest {
            Some(largest) => writeln!(f, "Largest:       {largest}"),
            None => Ok(()),
        }
    }

    fn show_events(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{:<32} {:>12} {:>15}", "Event", "Count", "Bytes")?;
        for (event_type, count) in &self.events {
            writeln!(
                f,
                "{:<32} {:>12} {:>15}",
                event_type.to_string(),
                count.events,
                count.bytes
            )?;
        }
        let total = self.total();
        writeln!(f, "{:<32} {:>12} {:>15}", "Total", total.events, total.bytes)
    }

    fn show_tables(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.tables.is_empty() {
            return Ok(());
        }
        writeln!(
            f,
            "\n{:<32} {:>12} {:>12} {:>12}",
            "Table", "Inserts", "Updates", "Deletes"
        )?;
        for (name, rows) in &self.tables {
            writeln!(
                f,
                "{:<32} {:>12} {:>12} {:>12}",
                name.to_string(),
                rows.inserts,
                rows.updates,
                rows.deletes
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let checksum = checksum_name(self.checksum);
        writeln!(
            f,
            "{}: {} to {}, server {}, checksum {checksum}",
            self.file, self.start, self.end, self.server_version
        )
    }
}

impl fmt::Display for Largest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.rows;
        write!(
            f,
            "{} bytes, {rows} rows, at {}:{}",
            self.bytes, self.file, self.position
        )?;
        match &self.gtid {
            Some(gtid) => write!(f, ", {gtid}"),
            None => Ok(()),
        }
    }
}

/// The server's word for `binlog_checksum`.
pub(super) fn checksum_name(checksum: ChecksumAlgorithm) -> &'static str {
    match checksum {
        ChecksumAlgorithm::Crc32 => "CRC32",
        _ => "NONE",
    }
}
