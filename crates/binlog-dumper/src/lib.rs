//! Events to text: SQL that runs again, JSON Lines, and a summary.
//!
//! Chunks go in, bytes are appended to a buffer; nothing is read, printed or connected to.
//! What stands in the log and cannot be said in the chosen form is an error that names the event.

pub mod json;
pub mod sql;
pub mod summary;

mod at;
mod error;
#[cfg(test)]
mod fixture;
mod text;
mod walk;
mod xa;

pub use error::DumpError;
pub use json::JsonDumper;
pub use sql::{SqlDumper, SqlOptions, Unnamed};
pub use summary::Summary;

use binlog_parser::{Cell, Chunk, Value};

/// A text form of events. Chunks are given in the order of their log.
pub trait Dump {
    /// Appends the text of a chunk's events.
    ///
    /// # Errors
    /// An event does not decode, or cannot be said in this form. `out` then holds all before that event.
    fn chunk(&mut self, chunk: &Chunk, out: &mut Vec<u8>) -> Result<(), DumpError>;

    /// Appends what ends the text.
    ///
    /// # Errors
    /// None of today's forms has one.
    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), DumpError>;
}

/// Whether a cell of the image after an update says itself that nothing changed.
fn is_unchanged(cell: &Cell<'_>) -> bool {
    matches!(cell, Cell::Value(Value::JsonDiffs(diffs)) if diffs.is_empty())
}
