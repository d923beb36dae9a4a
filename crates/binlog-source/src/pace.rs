//! When a chunk that is not full is closed.

use std::time::{Duration, Instant};

use crate::cutter::Cutter;

/// How long a source may be silent before the open chunk is closed.
const LINGER: Duration = Duration::from_millis(5);
/// How old a chunk may grow while its source goes on in small steps.
const AGE: Duration = Duration::from_millis(20);
/// How long to wait for events before [`crate::Next::Idle`].
const IDLE: Duration = Duration::from_millis(500);

/// The clock of a source that may pause.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    opened: Option<Instant>,
    flushed: bool,
}

impl Pace {
    /// How long to wait for the next event.
    pub(crate) fn patience(&self, cutter: &Cutter) -> Duration {
        match (self.flushed, cutter.has_whole()) {
            (true, _) => Duration::ZERO,
            (_, true) => LINGER,
            (_, false) => IDLE,
        }
    }

    /// Whether the open chunk should be closed now, though events may follow at once. Asked after each event;
    /// `closed` says that the event closed a chunk.
    pub(crate) fn is_due(&mut self, cutter: &Cutter, closed: bool) -> bool {
        self.flushed = false;
        let now = Instant::now();
        if closed {
            self.opened = Some(now);
            return false;
        }
        let due = cutter.has_whole() && now.duration_since(*self.opened.get_or_insert(now)) > AGE;
        if due {
            self.opened = None;
        }
        due
    }

    /// Says that a chunk was closed because of a pause: the next thing to tell is that there is nothing.
    pub(crate) fn flushed(&mut self) {
        self.opened = None;
        self.flushed = true;
    }

    /// Whether a chunk was just closed because of a pause.
    pub(crate) fn take_flushed(&mut self) -> bool {
        std::mem::take(&mut self.flushed)
    }
}
