//! Transactions to a target server, with the checkpoint in the same transaction.
//!
//! An [`Applier`] takes chunks of whole events and makes the same changes on a target. How far it has
//! got is a row of `binlog_replica.checkpoint` on the target itself, written in the transaction that
//! makes the changes: whatever is killed and whenever, the target holds a prefix of what was applied,
//! and the next [`Applier::connect`] knows which. How this is kept for DDL, which commits by itself,
//! stands in `docs/decisions/0003-exactly-once.md`.
//!
//! The crate knows no text format, and not where the events come from.

mod applied;
mod applier;
mod change;
mod checkpoint;
mod claims;
mod conflict;
mod ddl;
mod error;
mod footprint;
mod framed;
mod group;
mod intent;
mod job;
mod judge;
mod load;
mod merge;
mod options;
mod place;
mod plan;
mod pool;
mod preflight;
mod progress;
mod rows;
mod sink;
mod statement;
mod table;
mod target;
mod transaction;
mod xa;

pub use applied::Applied;
pub use applier::Applier;
pub use checkpoint::Checkpoint;
pub use conflict::{Conflict, ConflictObserver, Difference, OnConflict};
pub use error::{ApplyError, ApplyErrorKind, EventPlace, Rows};
pub use options::{ApplierOptions, Via};
pub use preflight::{Findings, Preflight, RowCounts};
