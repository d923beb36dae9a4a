//! Where what is more than memory should hold waits.

use std::io;

/// Where bytes wait that are more than memory should hold.
pub trait Overflow: std::fmt::Debug + Send + Sync {
    /// Appends bytes. Returns where they are.
    ///
    /// # Errors
    /// They cannot be written.
    fn append(&self, bytes: &[u8]) -> io::Result<u64>;

    /// Reads bytes from a place that [`Self::append`] gave, over what was in `bytes`: as many as it has room for.
    ///
    /// # Errors
    /// They cannot be read.
    fn read(&self, from: u64, bytes: &mut [u8]) -> io::Result<()>;
}
