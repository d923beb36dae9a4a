//! What is left of damaged logs.

use std::sync::Arc;

use binlog_parser::{Chunk, EventType, MAGIC_LEN, PositionMeaning};

use crate::report::LogReport;

/// Leaves in the chunks of logs what no loss covers: whole transactions, and what stands between them.
#[derive(Debug)]
pub struct Keeper<'r> {
    logs: &'r [LogReport],
    /// Name of the log that was read last.
    file: Option<Arc<str>>,
}

impl<'r> Keeper<'r> {
    /// The chunks are to be those from which the reports were made, read again.
    #[must_use]
    pub fn new(logs: &'r [LogReport]) -> Self {
        Self { logs, file: None }
    }

    /// Takes the next chunk, and returns what is kept of it.
    #[must_use]
    pub fn keep(&mut self, mut chunk: Chunk) -> Chunk {
        if self
            .file
            .replace(Arc::clone(&chunk.file))
            .is_some_and(|file| file != chunk.file || begins_log(&chunk))
        {
            self.logs = self.logs.get(1..).unwrap_or_default();
        }
        let losses = self.logs.first().map_or([].as_slice(), |log| &log.losses);
        let is_lost = |offset: u64| {
            let next = losses.partition_point(|loss| loss.to <= offset);
            losses.get(next).is_some_and(|loss| loss.from <= offset)
        };
        chunk.retain(|raw| !is_lost(raw.offset));
        chunk
    }
}

fn begins_log(chunk: &Chunk) -> bool {
    chunk.positions == PositionMeaning::OwnLog
        && chunk.start() == Some(MAGIC_LEN)
        && chunk
            .first_header()
            .is_some_and(|header| header.event_type == EventType::FORMAT_DESCRIPTION)
}
