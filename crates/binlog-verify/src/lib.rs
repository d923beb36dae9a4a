//! Whether binary logs are whole: each event, each log, and the logs of a set together.
//!
//! [`check`] looks into one chunk, on any core and in any order: checksums, the fields of each event, every cell of
//! every row, positions, and where transactions begin and end. Its [`Facts`] go to one [`Verifier`], chunk after chunk and
//! log after log, which knows what must fit together: transactions over chunks, positions over a log, and the logs
//! of a set by their names and GTIDs. Its [`Report`] says what was found, and which bytes of each log are lost.
//!
//! # What is not verified
//!
//! Without checksums (`binlog_checksum=NONE`) a changed byte inside of a value cannot be seen. That a log's events are those
//! that its server executed is not known to the log.
//!
//! # What is not here
//!
//! No files, no bytes between events, no output: where events begin in a damaged log is the source's
//! business, and the text and JSON of a report that of the program. The crate depends on `binlog-parser` alone.

mod between;
mod check;
mod facts;
mod finding;
mod gtids;
mod kept;
mod log;
mod losses;
mod report;
#[cfg(test)]
#[allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "hand-made events of known layout"
)]
mod testing;
mod verifier;

pub use check::check;
pub use facts::{Closing, Facts};
pub use finding::{Finding, Problem, Severity};
pub use gtids::{Gtids, MariaDbRange, MariaDbRanges};
pub use kept::Keeper;
pub use losses::{Damage, Loss, LostGtids};
pub use report::{LogReport, Report, Totals};
pub use verifier::Verifier;
