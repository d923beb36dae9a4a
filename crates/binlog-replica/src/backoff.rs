//! How long to wait before the next attempt.

use std::time::Duration;

/// Doubles the wait from `first` up to `longest`.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    /// Wait before the second attempt.
    pub first: Duration,
    /// No wait is longer.
    pub longest: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(250),
            longest: Duration::from_secs(30),
        }
    }
}

impl Backoff {
    /// Wait before the attempt that follows `failures` failed ones in a row, from 1.
    #[must_use]
    pub fn wait(&self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(20);
        self.first.saturating_mul(1 << doublings).min(self.longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_up_to_the_longest() {
        let backoff = Backoff {
            first: Duration::from_millis(100),
            longest: Duration::from_secs(1),
        };
        let waits: Vec<u128> = (1..7).map(|failures| backoff.wait(failures).as_millis()).collect();
        assert_eq!(waits, [100, 200, 400, 800, 1000, 1000]);
        assert_eq!(backoff.wait(u32::MAX), Duration::from_secs(1));
    }
}
