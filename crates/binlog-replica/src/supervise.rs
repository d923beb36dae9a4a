//! Keeps a replica going.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use binlog_applier::{Applier, Checkpoint};
use binlog_source::{LiveOptions, LiveSource, StartAt};

use crate::drive::{Pipeline, drive};
use crate::error::ReplicaError;
use crate::options::ReplicaOptions;
use crate::retry::{Attempt, keep_trying};
use crate::status::{Observer, State, Status};
use crate::until::{Ending, Until};

/// Replicates until `options.until`, or until `stop` becomes true. Each attempt goes on at the
/// target's checkpoint; lost links are tried again, after a wait that grows while attempts fail.
///
/// # Errors
/// The first error that no further attempt can mend, or any before both servers were reached once. The target then holds a prefix of the filtered source.
pub fn run(options: &ReplicaOptions, observer: &mut dyn Observer, stop: &AtomicBool) -> Result<Status, ReplicaError> {
    let mut replica = Replica {
        options,
        observer,
        status: Status::default(),
        connected: false,
    };
    keep_trying(&mut replica, options.backoff, stop)?;
    let status = replica.status;
    observer.state(&State::Stopped { status: &status });
    Ok(status)
}

struct Replica<'r> {
    options: &'r ReplicaOptions,
    observer: &'r mut dyn Observer,
    status: Status,
    /// Whether both servers were reached once.
    connected: bool,
}

impl Attempt for Replica<'_> {
    type Error = ReplicaError;

    fn run(&mut self, stop: &AtomicBool) -> Result<(), ReplicaError> {
        let options = self.options;
        let mut applier = Applier::connect(&options.target)?;
        let live = live_options(options, applier.checkpoint());
        let mut source = LiveSource::connect(&live)?;
        if matches!(live.start, StartAt::Gtids(_)) {
            applier.expect_new();
        }
        self.connected = true;
        self.observer.state(&State::Running { from: &live.start });
        let mut ending = Ending::new(options.until.clone(), applier.gtids().clone());
        let pipeline = Pipeline {
            source: &mut source,
            filter: &mut options.filter.clone(),
            applier: &mut applier,
            ending: &mut ending,
        };
        drive(pipeline, &mut self.status, self.observer, stop)
    }

    fn progress(&self) -> u64 {
        self.status.transactions
    }

    fn is_transient(&self, error: &ReplicaError) -> bool {
        self.connected && error.is_transient()
    }

    fn failed(&mut self, error: &ReplicaError, wait: Duration) {
        self.observer.state(&State::Retrying { error, wait });
    }
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
