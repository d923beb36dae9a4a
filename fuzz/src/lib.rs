//! Fuzz targets: whatever the bytes, no panic, no hang, and no allocation out of proportion.
//!
//! A [`Target`] takes bytes and panics where a property does not hold. Its seeds come from the logs in `fixtures/`
//! and from `fuzz/regressions/`, where every input that ever failed stays. [`run`] mutates them with a generator
//! whose seed is given, so that a run can be repeated.

mod mutate;
mod run;
mod seeds;
mod targets;

pub use run::{Failure, regressions, run};
pub use targets::{TARGETS, Target};
