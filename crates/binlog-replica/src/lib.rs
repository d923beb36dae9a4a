//! Fetch, filter, apply, supervised: a replica without a server.
//!
//! The crate composes the steps and knows nothing of how any of them works. [`drive`] is the one
//! loop: it takes chunks from a source and passes each through the filter to the applier. [`run`]
//! drives a live source, and connects again when a link breaks. Where to go on is the applier's
//! checkpoint alone; the crate keeps no state of its own, reads no clock and prints nothing.

mod backoff;
mod drive;
mod error;
mod options;
mod retry;
mod status;
mod supervise;
mod until;
mod words;

pub use backoff::Backoff;
pub use drive::{Pipeline, drive};
pub use error::ReplicaError;
pub use options::ReplicaOptions;
pub use retry::{Attempt, keep_trying};
pub use status::{Observer, State, Status};
pub use supervise::run;
pub use until::{Ending, Until};
pub use words::Words;
