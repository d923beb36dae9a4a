//! Places in a sequence of logs.

use std::fmt;

/// The first bytes of a binary or relay log.
pub const MAGIC: [u8; 4] = [0xfe, b'b', b'i', b'n'];
/// Length of [`MAGIC`]; the position of a log's first event.
pub const MAGIC_LEN: u64 = 4;

/// A log's name and a byte position in it, as the server that wrote it counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coordinates {
    /// Name of the log without a folder: `binlog.000042`.
    pub file: String,
    /// Byte position, of the first byte of an event.
    pub position: u64,
}

impl fmt::Display for Coordinates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.position)
    }
}
