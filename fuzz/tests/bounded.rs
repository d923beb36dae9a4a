//! A bounded run of every fuzz target, the same each time.

use binlog_fuzz::{TARGETS, run};
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// One test, because the allocator counts for the whole program.
#[test]
fn nothing_panics_or_takes_memory() {
    for target in TARGETS {
        let mut left = target.rounds;
        let goes_on = || {
            left -= 1;
            left > 0
        };
        if let Err(failure) = run(target, 1, goes_on) {
            panic!("{failure:#}");
        }
    }
}
