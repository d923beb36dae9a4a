//! Errors of writing.

use std::io;

use binlog_parser::Place;

/// Why a log could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The output.
    #[error("write the binary log: {0}")]
    Output(#[from] io::Error),
    /// An event that cannot be framed.
    #[error(transparent)]
    Event(#[from] Place),
    /// The first event does not say how those after it are laid out, so nobody could read the log.
    #[error("{file}: the first event to write is not a format description")]
    NoFormatDescription {
        /// Name of the log that the event is from.
        file: String,
    },
}
