//! Transactions of the target side by side, committed in the source's order.
//!
//! A job begins when those are committed whose rows it touches too ([`Job::needs`]), and is committed when all before it are: so the target
//! holds a prefix of the source's history at any instant. When one fails, those after it are rolled back and kept; the applier
//! mends the failed one and lets the others begin anew.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use crate::error::{ApplyError, ApplyErrorKind};
use crate::job::Job;
use crate::options::ApplierOptions;
use crate::target::Target;

/// Connections that work on jobs.
pub(crate) struct Pool {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
    /// How many connections at most.
    size: usize,
    options: ApplierOptions,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Jobs that have not begun, in order.
    waiting: VecDeque<Arc<Job>>,
    /// Jobs that have begun and are not committed.
    begun: BTreeMap<u64, Arc<Job>>,
    /// Connections that work on a job.
    busy: usize,
    /// All jobs up to this number are committed.
    committed: u64,
    /// The first job that failed.
    failed: Option<Failure>,
    closed: bool,
}

/// A job that failed. Once it is given out, all before it are committed, and of none after it anything is on the target.
pub(crate) struct Failure {
    pub(crate) job: Arc<Job>,
    pub(crate) error: ApplyError,
    /// Whether its changes were written, and nobody knows whether they are committed.
    pub(crate) at_commit: bool,
}

/// Bytes of changes that may be under way before a further job has to wait.
const UNDER_WAY_LEN: usize = 32 << 20;

impl State {
    /// Whether one more job may wait for one of so many connections.
    fn has_room(&self, connections: usize) -> bool {
        let under_way = self.waiting.iter().chain(self.begun.values());
        self.waiting.len() < connections && under_way.map(|job| job.size()).sum::<usize>() < UNDER_WAY_LEN
    }
}

impl Failure {
    /// The failure, of which a mark stays behind: nobody begins before it is mended.
    fn take(&mut self) -> Self {
        Self {
            job: Arc::clone(&self.job),
            error: std::mem::replace(&mut self.error, ApplyErrorKind::Failed.into()),
            at_commit: self.at_commit,
        }
    }
}

impl Pool {
    pub(crate) fn new(options: &ApplierOptions) -> Self {
        Self {
            shared: Arc::new(Shared {
                state: Mutex::new(State::default()),
                changed: Condvar::new(),
            }),
            workers: Vec::new(),
            size: options.workers.max(1),
            options: options.clone(),
        }
    }

    /// Number of the last job that is committed.
    pub(crate) fn committed(&self) -> u64 {
        self.shared.state().committed
    }

    /// Takes a job, when there is room for it; not where one failed, which must be mended first.
    pub(crate) fn submit(&mut self, job: &Arc<Job>) -> Result<(), Failure> {
        let mut state = self.shared.state();
        while state.failed.is_none() && !state.has_room(self.size) {
            state = self.shared.wait(state);
        }
        state = self.settle(state)?;
        state.waiting.push_back(Arc::clone(job));
        let wanted = state.busy + state.waiting.len();
        drop(state);
        self.shared.changed.notify_all();
        if self.workers.len() < wanted.min(self.size) {
            self.hire();
        }
        Ok(())
    }

    /// Waits until everything is committed, or something failed.
    pub(crate) fn drain(&mut self) -> Result<(), Failure> {
        let mut state = self.shared.state();
        while state.failed.is_none() && !(state.waiting.is_empty() && state.begun.is_empty()) {
            state = self.shared.wait(state);
        }
        self.settle(state).map(drop)
    }

    /// Says that the job that failed is committed after all: those after it go on.
    pub(crate) fn mended(&mut self, job: &Job) {
        let mut state = self.shared.state();
        state.committed = job.number;
        state.failed = None;
        let begun = std::mem::take(&mut state.begun);
        for (_, later) in begun.into_iter().rev().filter(|(number, _)| *number > job.number) {
            state.waiting.push_front(later);
        }
        drop(state);
        self.shared.changed.notify_all();
    }

    /// Where a job failed, waits until nobody works any more.
    fn settle<'s>(&'s self, mut state: MutexGuard<'s, State>) -> Result<MutexGuard<'s, State>, Failure> {
        if state.failed.is_none() {
            return Ok(state);
        }
        while state.busy > 0 {
            state = self.shared.wait(state);
        }
        match &mut state.failed {
            Some(failure) => Err(failure.take()),
            None => Ok(state),
        }
    }

    fn hire(&mut self) {
        let (shared, options) = (Arc::clone(&self.shared), self.options.clone());
        self.workers
            .push(thread::spawn(move || Worker { shared, options }.run()));
    }
}

impl Drop for Pool {
    /// Nothing is committed after it.
    fn drop(&mut self) {
        self.shared.state().closed = true;
        self.shared.changed.notify_all();
        for worker in self.workers.drain(..) {
            // One that panicked has committed nothing since.
            let _ = worker.join();
        }
    }
}

impl Shared {
    /// No code panics while it holds the lock; a state that another thread left is whole.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'s>(&self, state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }
}

struct Worker {
    shared: Arc<Shared>,
    options: ApplierOptions,
}

impl Worker {
    fn run(self) {
        let mut target = None;
        while let Some(job) = self.next() {
            let done = self.work(&mut target, &job);
            let mut state = self.shared.state();
            state.busy -= 1;
            match done {
                Ok(true) => {
                    state.begun.remove(&job.number);
                }
                Ok(false) => {}
                Err(failure) if state.failed.as_ref().is_none_or(|first| first.job.number > job.number) => {
                    state.failed = Some(failure);
                }
                Err(_) => {}
            }
            drop(state);
            self.shared.changed.notify_all();
        }
    }

    /// The next job that may begin; `None` at the end.
    fn next(&self) -> Option<Arc<Job>> {
        let mut state = self.shared.state();
        loop {
            if state.closed {
                return None;
            }
            let may_begin = |job: &Arc<Job>| job.needs <= state.committed;
            if state.failed.is_none() && state.waiting.front().is_some_and(may_begin) {
                let job = state.waiting.pop_front()?;
                state.begun.insert(job.number, Arc::clone(&job));
                state.busy += 1;
                drop(state);
                self.shared.changed.notify_all();
                return Some(job);
            }
            state = self.shared.wait(state);
        }
    }

    /// Does a job; `false` where an earlier one failed, and nothing is left of it on the target.
    fn work(&self, target: &mut Option<Target>, job: &Arc<Job>) -> Result<bool, Failure> {
        let failure = |error, at_commit| Failure {
            job: Arc::clone(job),
            error,
            at_commit,
        };
        let connected = match target {
            Some(target) => target,
            None => target.insert(Target::connect_beside(&self.options).map_err(|error| failure(error, false))?),
        };
        let written = job.write(connected, job.way);
        if written.is_ok() && self.wait_for_turn(job) {
            let committed = job.commit(connected, &self.options.name);
            committed.map_err(|error| failure(error, true))?;
            self.shared.state().committed = job.number;
            return Ok(true);
        }
        if connected.roll_back().is_err() {
            // The server rolls back what a connection leaves.
            *target = None;
        }
        written.map(|()| false).map_err(|error| failure(error, false))
    }

    /// Waits until all jobs before this one are committed; `false` where one failed, or everything ends.
    fn wait_for_turn(&self, job: &Job) -> bool {
        let mut state = self.shared.state();
        loop {
            let is_after_failure = state.failed.as_ref().is_some_and(|first| first.job.number < job.number);
            if state.closed || is_after_failure {
                return false;
            }
            if state.committed + 1 == job.number {
                return true;
            }
            state = self.shared.wait(state);
        }
    }
}
