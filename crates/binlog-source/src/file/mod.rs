//! Events from files, directories and pipes.

mod feed;
mod inputs;
mod reading;
mod source;
mod window;

use std::path::PathBuf;
use std::time::Duration;

use crate::cutter::{CHUNK_LIMIT, CutOptions, STATEMENT_LIMIT};

pub(crate) use inputs::{io_error, log_name, numbered_logs};
pub(crate) use reading::{Ending, Frame, Reading};
pub use source::FileSource;

/// What to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A log, a folder of logs, or an `.index` file that lists logs.
    Path(PathBuf),
    /// Standard input.
    Stdin,
}

/// How to read files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileOptions {
    /// Position of the first event, in the first log. The format description before it is read and returned too.
    pub start_position: Option<u64>,
    /// Position in the last log at or after which no event is returned.
    pub stop_position: Option<u64>,
    /// Whether each event's checksum is verified.
    pub verify_checksums: bool,
    /// At the end of the last log, wait until it grows or the next one appears.
    pub follow: bool,
    /// How long to wait before looking again, when following.
    pub poll: Duration,
    /// See [`CutOptions::chunk_limit`].
    pub chunk_limit: usize,
    /// See [`CutOptions::statement_limit`].
    pub statement_limit: usize,
}

impl Default for FileOptions {
    fn default() -> Self {
        Self {
            start_position: None,
            stop_position: None,
            verify_checksums: true,
            follow: false,
            poll: Duration::from_millis(100),
            chunk_limit: CHUNK_LIMIT,
            statement_limit: STATEMENT_LIMIT,
        }
    }
}

impl FileOptions {
    fn cut(&self) -> CutOptions {
        CutOptions {
            chunk_limit: self.chunk_limit,
            statement_limit: self.statement_limit,
            verify_checksums: self.verify_checksums,
        }
    }
}
