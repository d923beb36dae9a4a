//! Attempts, one after the other, until one ends well.

use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::backoff::Backoff;

/// What to try again.
pub trait Attempt {
    /// Why an attempt ends.
    type Error: Error;

    /// Does the work until its end, or until `stop` is true.
    ///
    /// # Errors
    /// Why it ended before.
    fn run(&mut self, stop: &AtomicBool) -> Result<(), Self::Error>;

    /// How far all attempts together have got; where this has grown, waits begin anew.
    fn progress(&self) -> u64;

    /// Whether another attempt may pass without anybody's doing.
    fn is_transient(&self, error: &Self::Error) -> bool;

    /// Told of an error that another attempt follows, once for each reason in a row.
    fn failed(&mut self, error: &Self::Error, wait: Duration);
}

/// Tries until an attempt ends well or `stop` is true, and waits between attempts, longer while they fail.
///
/// # Errors
/// The first one that is not transient.
pub fn keep_trying<A: Attempt>(attempt: &mut A, backoff: Backoff, stop: &AtomicBool) -> Result<(), A::Error> {
    let (mut failures, mut told) = (0, String::new());
    loop {
        let before = attempt.progress();
        let Err(error) = attempt.run(stop) else {
            return Ok(());
        };
        if !attempt.is_transient(&error) {
            return Err(error);
        }
        if attempt.progress() > before {
            (failures, told) = (0, String::new());
        }
        failures += 1;
        let (wait, text) = (backoff.wait(failures), error.to_string());
        if text != told {
            attempt.failed(&error, wait);
            told = text;
        }
        if !sleep(wait, stop) {
            return Ok(());
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, thiserror::Error)]
    #[error("{0}")]
    struct Failed(&'static str);

    /// Ends as the script says; `moved` gets on before it fails.
    struct Script {
        steps: Vec<Result<(), Failed>>,
        progress: u64,
        told: Vec<(&'static str, u128)>,
    }

    impl Attempt for Script {
        type Error = Failed;

        fn run(&mut self, _: &AtomicBool) -> Result<(), Failed> {
            let step = self.steps.remove(0);
            self.progress += u64::from(step == Err(Failed("moved")));
            step
        }

        fn progress(&self) -> u64 {
            self.progress
        }

        fn is_transient(&self, error: &Failed) -> bool {
            error.0 != "fatal"
        }

        fn failed(&mut self, error: &Failed, wait: Duration) {
            self.told.push((error.0, wait.as_millis()));
        }
    }

    fn check(steps: &[Result<(), &'static str>], told: &[(&str, u128)], end: Result<(), Failed>) {
        let steps = steps.iter().map(|step| step.map_err(Failed)).collect();
        let mut script = Script {
            steps,
            progress: 0,
            told: Vec::new(),
        };
        let backoff = Backoff {
            first: Duration::from_millis(1),
            longest: Duration::from_millis(4),
        };
        assert_eq!(keep_trying(&mut script, backoff, &AtomicBool::new(false)), end);
        assert_eq!(script.told, told);
    }

    #[test]
    fn tells_each_reason_once_and_waits_longer() {
        check(&[Ok(())], &[], Ok(()));
        check(&[Err("a"), Err("a"), Err("b"), Ok(())], &[("a", 1), ("b", 4)], Ok(()));
        check(
            &[Err("a"), Err("moved"), Err("a"), Ok(())],
            &[("a", 1), ("moved", 1), ("a", 2)],
            Ok(()),
        );
        check(&[Err("a"), Err("fatal")], &[("a", 1)], Err(Failed("fatal")));
    }

    #[test]
    fn ends_when_told_to() {
        let mut script = Script {
            steps: vec![Err(Failed("a"))],
            progress: 0,
            told: Vec::new(),
        };
        assert_eq!(
            keep_trying(&mut script, Backoff::default(), &AtomicBool::new(true)),
            Ok(())
        );
    }
}
