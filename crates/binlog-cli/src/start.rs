//! Where a stream begins, as people write it.

use anyhow::{Context as _, Result};
use binlog_parser::Coordinates;
use binlog_source::StartAt;

/// `oldest`, `current`, `FILE:POSITION`, a GTID set or a MariaDB GTID position.
pub(crate) fn parse_start(text: &str) -> Result<StartAt> {
    match text {
        "oldest" => return Ok(StartAt::Oldest),
        "current" => return Ok(StartAt::Current),
        _ => {}
    }
    if let Ok(gtids) = text.parse() {
        return Ok(StartAt::Gtids(gtids));
    }
    let (file, position) = text
        .rsplit_once(':')
        .context("write oldest, current, FILE:POSITION, or GTIDs")?;
    let position = position.parse().context("a position is a number of bytes")?;
    Ok(StartAt::Coordinates(Coordinates {
        file: file.to_owned(),
        position,
    }))
}
