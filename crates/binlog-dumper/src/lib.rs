//! Events to text: SQL that runs again, JSON Lines, and a summary.
//!
//! Chunks go in, bytes are appended to a buffer; nothing is read, printed or connected to. A chunk's text is made in
//! two steps ([`Draft`]), of which the second one, most of the work, can be done for several chunks at the same time.
//! What stands in the log and cannot be said in the chosen form is an error that names the event.

pub mod json;
pub mod mysqlbinlog;
pub mod sql;
pub mod summary;

mod at;
mod draft;
mod error;
mod files;
#[cfg(test)]
mod fixture;
mod names;
mod overflow;
mod per_table;
mod text;
mod walk;
mod xa;

pub use draft::{Draft, WriteRows};
pub use error::DumpError;
pub use files::FileBlock;
pub use json::JsonDumper;
pub use names::Names;
pub use overflow::Overflow;
pub use sql::{SqlDumper, SqlOptions, Unnamed};
pub use summary::Summary;

use binlog_parser::{Cell, Chunk, Value};

/// A text form of events. Chunks are given in the order of their log.
pub trait Dump {
    /// What writes the rows of an event.
    type Rows: WriteRows + Send;

    /// Takes in a chunk's events: the text is complete but for their rows.
    fn draft(&mut self, chunk: Chunk) -> Draft<Self::Rows>;

    /// Appends what ends the text, after all drafts were written.
    fn finish(&mut self, out: &mut Vec<u8>);

    /// What tables look like where the text stands.
    fn names(&mut self) -> &mut Names;

    /// Appends the text of a chunk's events.
    ///
    /// # Errors
    /// An event does not decode, or cannot be said in this form. `out` then holds all before that event.
    fn chunk(&mut self, chunk: &Chunk, out: &mut Vec<u8>) -> Result<(), DumpError> {
        self.draft(chunk.clone()).write(out)
    }
}

/// Whether a cell of the image after an update says itself that nothing changed.
fn is_unchanged(cell: &Cell<'_>) -> bool {
    matches!(cell, Cell::Value(Value::JsonDiffs(diffs)) if diffs.is_empty())
}
