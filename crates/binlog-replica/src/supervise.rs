//! Keeps a replica going.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use binlog_applier::{Applier, Checkpoint};
use binlog_filter::Filter;
use binlog_source::{LiveOptions, LiveSource, StartAt};

use crate::drive::{Pipeline, drive};
use crate::error::ReplicaError;
use crate::options::ReplicaOptions;
use crate::status::{Observer, State, Status};
use crate::until::{Ending, Until};

/// Replicates until `options.until`, or until `stop` becomes true. Each attempt goes on at the
/// target's checkpoint; lost links are tried again, after a wait that grows while attempts fail.
///
/// # Errors
/// The first error that no further attempt can mend. The target then holds a prefix of the filtered source.
pub fn run(options: &ReplicaOptions, observer: &mut dyn Observer, stop: &AtomicBool) -> Result<Status, ReplicaError> {
    let mut status = Status::default();
    let mut trouble = Trouble::default();
    loop {
        let before = status.transactions;
        let Err(error) = attempt(options, &mut status, observer, stop) else {
            break;
        };
        if !error.is_transient() {
            return Err(error);
        }
        let wait = options.backoff.wait(trouble.failed(status.transactions > before));
        if trouble.is_news(&error) {
            observer.state(&State::Retrying { error: &error, wait });
        }
        if !sleep(wait, stop) {
            break;
        }
    }
    observer.state(&State::Stopped { status: &status });
    Ok(status)
}

/// Attempts that failed in a row, and what was told of them.
#[derive(Debug, Default)]
struct Trouble {
    failures: u32,
    told: String,
}

impl Trouble {
    /// Counts a failed attempt; one that got on begins the count anew.
    fn failed(&mut self, got_on: bool) -> u32 {
        if got_on {
            *self = Self::default();
        }
        self.failures += 1;
        self.failures
    }

    /// Whether the error is another one than that of the attempt before.
    fn is_news(&mut self, error: &ReplicaError) -> bool {
        let text = error.to_string();
        let news = text != self.told;
        self.told = text;
        news
    }
}

fn attempt(
    options: &ReplicaOptions,
    status: &mut Status,
    observer: &mut dyn Observer,
    stop: &AtomicBool,
) -> Result<(), ReplicaError> {
    let mut applier = Applier::connect(&options.target)?;
    let live = live_options(options, applier.checkpoint());
    let mut source = LiveSource::connect(&live)?;
    observer.state(&State::Running { from: &live.start });
    let done = applier
        .checkpoint()
        .map(|checkpoint| checkpoint.gtids.clone())
        .unwrap_or_default();
    let pipeline = Pipeline {
        source: &mut source,
        filter: &mut Filter::new(options.rules.clone()),
        applier: &mut applier,
        ending: Ending::new(options.until.clone(), done),
    };
    drive(pipeline, status, observer, stop)
}

/// The source's options with the start that the target's checkpoint asks for.
fn live_options(options: &ReplicaOptions, checkpoint: Option<&Checkpoint>) -> LiveOptions {
    let mut live = options.source.clone();
    if let Some(checkpoint) = checkpoint {
        live.start = if checkpoint.gtids.is_empty() {
            StartAt::Coordinates(checkpoint.coordinates.clone())
        } else {
            StartAt::Gtids(checkpoint.gtids.clone())
        };
    }
    live.until_end |= matches!(options.until, Until::End);
    live
}

/// Waits; `false` where `stop` became true meanwhile.
fn sleep(wait: Duration, stop: &AtomicBool) -> bool {
    const STEP: Duration = Duration::from_millis(50);
    let end = Instant::now() + wait;
    while Instant::now() < end {
        if stop.load(Ordering::Relaxed) {
            return false;
        }
        thread::sleep(STEP);
    }
    !stop.load(Ordering::Relaxed)
}
