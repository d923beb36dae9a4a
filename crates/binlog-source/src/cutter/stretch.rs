//! Events that stand one behind another.

use binlog_parser::Run;
use bytes::Bytes;

/// A part of the pushed events that will be one run.
#[derive(Debug, Default)]
pub(super) struct Stretch {
    from: usize,
    /// Index behind the last event.
    pub(super) end: usize,
    /// Position of the first event in the log.
    offset: u64,
}

impl Stretch {
    /// Whether an event at this position stands right behind the last one.
    #[inline(always)]
    pub(super) fn goes_on_at(&self, offset: u64) -> bool {
        self.end > self.from && self.offset + (self.end - self.from) as u64 == offset
    }

    /// Begins with the event behind the last one, which stands at this position.
    pub(super) fn begin(&mut self, offset: u64) {
        self.from = self.end;
        self.offset = offset;
    }

    pub(super) fn run(&self, events: &Bytes) -> Run {
        Run {
            bytes: events.slice(self.from..self.end),
            offset: self.offset,
            packed: false,
        }
    }
}
