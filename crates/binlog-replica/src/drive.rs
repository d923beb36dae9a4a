//! The one loop that composes the pipeline.

use std::sync::atomic::{AtomicBool, Ordering};

use binlog_applier::{Applied, Applier};
use binlog_filter::Filter;
use binlog_parser::{Chunk, Coordinates, EventType};
use binlog_source::{Next, Source};

use crate::error::ReplicaError;
use crate::status::{Observer, Status};
use crate::until::Ending;

/// The steps of one attempt.
pub struct Pipeline<'p> {
    /// Where chunks come from.
    pub source: &'p mut dyn Source,
    /// What is kept of them.
    pub filter: &'p mut Filter,
    /// Where they go.
    pub applier: &'p mut Applier,
    /// Where to end before the source does.
    pub ending: &'p mut Ending,
}

/// Takes chunks from the source through the filter to the applier, until the source or `ending` is
/// at its end, or `stop` is true. All that was applied is committed then; a transaction that `stop`
/// cuts off is rolled back when the applier is dropped.
///
/// # Errors
/// The first one of any step. The target then holds what the last commit left.
pub fn drive(
    pipeline: Pipeline<'_>,
    status: &mut Status,
    observer: &mut dyn Observer,
    stop: &AtomicBool,
) -> Result<(), ReplicaError> {
    while !stop.load(Ordering::Relaxed) && !pipeline.ending.is_reached() {
        match pipeline.source.next()? {
            Next::Chunk(chunk) => {
                let chunk = pipeline.ending.cut(chunk)?;
                status.receive(&chunk);
                let kept = pipeline.filter.apply(chunk)?;
                let applied = pipeline.applier.apply(&kept)?;
                status.add(&kept, &applied);
            }
            Next::Idle => {
                pipeline.applier.idle()?;
                status.caught_up = true;
            }
            Next::End => {
                status.caught_up = true;
                break;
            }
        }
        observer.progress(status);
    }
    pipeline.applier.flush()?;
    Ok(())
}

impl Status {
    fn receive(&mut self, chunk: &Chunk) {
        self.bytes += chunk.len() as u64;
        self.source_time = last_time(chunk).or(self.source_time);
        self.caught_up = false;
    }

    fn add(&mut self, kept: &Chunk, applied: &Applied) {
        self.transactions += applied.transactions;
        self.rows += applied.rows;
        self.statements += applied.statements;
        self.skipped += applied.skipped;
        self.position = Coordinates {
            file: kept.file.to_string(),
            position: kept.end,
        };
    }
}

/// When the last change was made. The heads of logs have the time at which the log was begun.
fn last_time(chunk: &Chunk) -> Option<u32> {
    let headers = chunk.events().flatten().map(|raw| raw.header);
    let changes = headers.filter(|header| header.timestamp != 0 && !is_head(header.event_type));
    changes.last().map(|header| header.timestamp)
}

fn is_head(event_type: EventType) -> bool {
    matches!(
        event_type,
        EventType::FORMAT_DESCRIPTION
            | EventType::PREVIOUS_GTIDS
            | EventType::MARIADB_GTID_LIST
            | EventType::MARIADB_BINLOG_CHECKPOINT
            | EventType::ROTATE
    )
}
