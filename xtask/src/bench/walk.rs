//! What other Rust crates need for the same work.

use std::fs::File;
use std::hint::black_box;
use std::io::BufReader;
use std::path::Path;

use anyhow::{Context as _, Result};
use mysql_common::binlog::BinlogFile;
use mysql_common::binlog::consts::BinlogVersion;
use mysql_common::binlog::events::EventData;

/// Walks over all events of a log, and decodes all rows.
pub(super) fn mysql_common(file: &Path) -> Result<()> {
    let input = File::open(file).with_context(|| format!("cannot open {}", file.display()))?;
    let mut log = BinlogFile::new(BinlogVersion::Version4, BufReader::with_capacity(1 << 20, input))?;
    let (mut events, mut rows) = (0_u64, 0_u64);
    while let Some(event) = log.next() {
        let event = event?;
        events += 1;
        if let Some(EventData::RowsEvent(data)) = event.read_data()? {
            let table = log
                .reader()
                .get_tme(data.table_id())
                .context("rows without a table map")?;
            for row in data.rows(table) {
                black_box(row?);
                rows += 1;
            }
        }
    }
    println!("{events} events, {rows} rows");
    Ok(())
}
