//! Runs cases with both programs on all cores, and compares what they leave.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context as _, Result, ensure};

use super::case::Case;
use super::difference::{Difference, report};
use super::program::{Program, Status};

/// How cases went.
#[derive(Default, Debug, Clone, Copy)]
pub(crate) struct Verdict {
    /// Cases in all.
    pub(crate) cases: usize,
    /// Those that the real program ended with status 0.
    pub(crate) successes: usize,
    /// Those that made the real program crash; there ours must only not do so.
    pub(crate) crashes: usize,
}

struct Judge<'a> {
    cases: &'a [Case],
    theirs: Program,
    ours: Program,
    next: AtomicUsize,
    found: Mutex<Found>,
}

#[derive(Default)]
struct Found {
    verdict: Verdict,
    differences: Vec<(String, Difference)>,
}

/// An error if the programs differ in one byte of any case.
pub(crate) fn judge(cases: &[Case]) -> Result<Verdict> {
    let judge = Judge {
        cases,
        theirs: Program::theirs()?,
        ours: Program::ours()?,
        next: AtomicUsize::new(0),
        found: Mutex::default(),
    };
    let workers = thread::available_parallelism()?.get();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(|| judge.work())).collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().ok().context("a worker panicked")?)
    })?;
    let found = judge.found.into_inner().ok().context("a worker panicked")?;
    ensure!(found.differences.is_empty(), "{}", report(&found.differences));
    ensure!(
        found.verdict.cases == cases.len() && !cases.is_empty(),
        "{:?}",
        found.verdict
    );
    Ok(found.verdict)
}

impl Judge<'_> {
    fn work(&self) -> Result<()> {
        let folder = tempfile::tempdir()?;
        while let Some(case) = self.cases.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            let theirs = self.theirs.run(case, folder.path())?;
            let ours = self.ours.run(case, folder.path())?;
            let difference = Difference::between(&theirs, &ours);
            let mut found = self.found.lock().ok().context("a worker panicked")?;
            found.verdict.add(theirs.status);
            found
                .differences
                .extend(difference.map(|difference| (case.to_string(), difference)));
        }
        Ok(())
    }
}

impl Verdict {
    fn add(&mut self, status: Status) {
        self.cases += 1;
        self.successes += usize::from(status == Status::Code(0));
        self.crashes += usize::from(matches!(status, Status::Signal(_)));
    }
}
