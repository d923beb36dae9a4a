//! What is collected for the next chunk.

use std::sync::Arc;

use binlog_parser::{EventHeader, EventType, FormatDescription, Run};
use bytes::Bytes;

/// The chunk in the making.
#[derive(Debug, Default)]
pub(super) struct Pending {
    pub(super) runs: Vec<Run>,
    /// Bytes of all events, also of those that stand in no run yet.
    pub(super) bytes: usize,
    /// Bytes of the last event.
    pub(super) last: usize,
    pub(super) format: Arc<FormatDescription>,
    /// Table maps of the statement that an earlier chunk left open.
    pub(super) open_tables: Vec<Bytes>,
    pub(super) continues: bool,
    /// Whether all events are format descriptions and artificial rotations.
    pub(super) head_only: bool,
    /// Whether an artificial rotation is among them.
    pub(super) named: bool,
    /// Whether a format description is among them.
    pub(super) described: bool,
    /// The front part after which no transaction is open.
    pub(super) whole: Option<Whole>,
}

/// The front part of a chunk in the making.
#[derive(Debug, Clone, Copy)]
pub(super) struct Whole {
    pub(super) bytes: usize,
    /// Position after it.
    pub(super) end: u64,
}

impl Pending {
    pub(super) fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// Adds a run of events that were counted. One without events is none.
    pub(super) fn push(&mut self, run: Run) {
        if !run.bytes.is_empty() {
            self.runs.push(run);
        }
    }

    /// Takes what stands behind the first `bytes` bytes, which end with an event.
    pub(super) fn split_off(&mut self, bytes: usize) -> Vec<Run> {
        let mut left = bytes;
        let fits = |run: &&Run| {
            let fits = run.bytes.len() <= left;
            left -= if fits { run.bytes.len() } else { 0 };
            fits
        };
        let whole = self.runs.iter().take_while(fits).count();
        let mut rest = self.runs.split_off(whole);
        if let Some(cut) = rest.first_mut().filter(|_| left > 0) {
            let (bytes, offset) = (cut.bytes.split_to(left), cut.offset);
            cut.offset += left as u64;
            self.runs.push(Run {
                bytes,
                offset,
                packed: false,
            });
        }
        rest
    }

    /// Makes the last event a run by itself, if it is a GTID of MySQL, and tells which run that is.
    pub(super) fn last_gtid(&mut self) -> Option<usize> {
        let run = self.runs.last_mut()?;
        let front = run.bytes.len().checked_sub(self.last)?;
        let header = EventHeader::decode(run.bytes.get(front..)?).ok()?;
        let is_gtid = matches!(
            header.event_type,
            EventType::GTID | EventType::ANONYMOUS_GTID | EventType::GTID_TAGGED
        );
        if is_gtid && front > 0 {
            let (bytes, offset) = (run.bytes.split_off(front), run.offset + front as u64);
            self.runs.push(Run {
                bytes,
                offset,
                packed: false,
            });
        }
        is_gtid.then(|| self.runs.len() - 1)
    }

    /// Bytes of the runs after this one.
    pub(super) fn bytes_after(&self, index: usize) -> u64 {
        let rest = self.runs.get(index + 1..).unwrap_or_default();
        rest.iter().map(|run| run.bytes.len() as u64).sum()
    }
}
