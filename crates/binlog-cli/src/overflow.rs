//! A file for what is more than memory should hold.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::{Arc, Mutex, PoisonError};

use binlog_dumper::Overflow;

/// A file without a name, in the folder for temporary files: it is gone when nobody needs it any more.
#[derive(Debug)]
struct OverflowFile {
    file: File,
    end: Mutex<u64>,
}

/// A place for what is more than memory should hold.
///
/// # Errors
/// There is no such file.
pub(crate) fn overflow_file() -> io::Result<Arc<dyn Overflow>> {
    Ok(Arc::new(OverflowFile {
        file: tempfile::tempfile()?,
        end: Mutex::new(0),
    }))
}

impl Overflow for OverflowFile {
    fn append(&self, bytes: &[u8]) -> io::Result<u64> {
        let mut end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        self.file.write_all_at(bytes, *end)?;
        *end += bytes.len() as u64;
        Ok(*end - bytes.len() as u64)
    }

    fn read(&self, from: u64, bytes: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(bytes, from)
    }
}
