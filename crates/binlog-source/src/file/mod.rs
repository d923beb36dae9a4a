//! Events from files, directories and pipes.

mod encrypted;
pub(crate) mod feed;
mod inputs;
mod reading;
mod seek;
mod source;
pub(crate) mod unsealed;
pub(crate) mod window;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::SourceError;
use crate::cutter::{CHUNK_LIMIT, CutOptions, STATEMENT_LIMIT};
use crate::keys::Keys;

pub use encrypted::{EncryptedBy, EncryptionError};
pub use inputs::expand;
pub(crate) use inputs::{io_error, log_name, numbered_logs};
pub(crate) use reading::{Ending, Frame, MAX_EVENT, Reading};
pub use seek::Seek;
pub use source::FileSource;
pub(crate) use source::is_head;

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
    /// What is wanted of several logs. The first one is read in any case where it is read from a position.
    pub seek: Seek,
    /// Whether each event's checksum is verified.
    pub verify_checksums: bool,
    /// At the end of the last log, wait until it grows or the next one appears.
    pub follow: bool,
    /// How long to wait before looking again, when following.
    pub poll: Duration,
    /// What opens encrypted logs.
    pub keys: Arc<Keys>,
    /// See [`CutOptions::chunk_limit`].
    pub chunk_limit: usize,
    /// See [`CutOptions::statement_limit`].
    pub statement_limit: usize,
    /// See [`CutOptions::expand`].
    pub expand: bool,
}

/// Whether a file is a log of a version before 4 (before MySQL 5.0), whose events come with other sizes than they have.
///
/// # Errors
/// The file cannot be opened, or its front is damaged.
pub(crate) fn is_old_log(input: &Input, keys: &Arc<Keys>) -> Result<bool, SourceError> {
    match input {
        Input::Stdin => Ok(false),
        Input::Path(path) => Reading::open_path(path)?.with_keys(keys).begins_old(),
    }
}

impl Default for FileOptions {
    fn default() -> Self {
        Self {
            start_position: None,
            stop_position: None,
            seek: Seek::default(),
            verify_checksums: true,
            follow: false,
            poll: Duration::from_millis(100),
            keys: Arc::default(),
            chunk_limit: CHUNK_LIMIT,
            statement_limit: STATEMENT_LIMIT,
            expand: true,
        }
    }
}

impl FileOptions {
    fn cut(&self) -> CutOptions {
        CutOptions {
            chunk_limit: self.chunk_limit,
            statement_limit: self.statement_limit,
            verify_checksums: self.verify_checksums,
            expand: self.expand,
        }
    }
}
