//! The files of LOAD DATA statements, which the printed statements name.

use std::collections::HashMap;
use std::env;
use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use super::messages::{Ending, Messages};

/// Who may read a file: the owner and the group.
const MODE: u32 = 0o640;
/// So many files of one number are in the way of another one.
const ATTEMPTS: u32 = 1000;
const NAME: &str = "SQL_LOAD_MB";

/// The files that were begun, by their number in the log.
#[derive(Debug)]
pub(super) struct LoadFiles {
    /// With a slash at its end.
    folder: Vec<u8>,
    files: HashMap<u32, Vec<u8>>,
}

impl LoadFiles {
    /// Files in this folder; else in the one for what is temporary.
    pub(super) fn new(folder: Option<&OsStr>) -> Self {
        let temporary = || {
            let folders = env::var_os("TMPDIR").unwrap_or_default().into_vec();
            let first = folders.split(|byte| *byte == b':').next().unwrap_or_default();
            if first.is_empty() {
                b"/tmp".to_vec()
            } else {
                first.to_vec()
            }
        };
        let mut folder = folder.map_or_else(temporary, |folder| folder.as_bytes().to_vec());
        if !folder.is_empty() && folder.last() != Some(&b'/') {
            folder.push(b'/');
        }
        let files = HashMap::new();
        Self { folder, files }
    }

    /// Begins a file.
    ///
    /// # Errors
    /// It cannot be written, which was said.
    pub(super) fn begin(&mut self, number: u32, block: &[u8], messages: &mut Messages<'_>) -> Result<(), Ending> {
        let folder = String::from_utf8_lossy(&self.folder).into_owned();
        let Some((name, mut file)) = self.create(number) else {
            messages.error(format_args!("Could not construct local filename {folder}{NAME}."));
            return Err(Ending::FAILURE);
        };
        self.files.insert(number, name);
        file.write_all(block).map_err(|_| {
            messages.error("Failed writing to file.");
            Ending::FAILURE
        })
    }

    fn create(&self, number: u32) -> Option<(Vec<u8>, File)> {
        (0..ATTEMPTS).find_map(|version| {
            let name = [&self.folder, format!("{NAME}-{number:x}-{version:x}").as_bytes()].concat();
            let mut options = OpenOptions::new();
            let file = options.write(true).create_new(true).mode(MODE).open(path(&name));
            Some((name, file.ok()?))
        })
    }

    /// Goes on with a file.
    ///
    /// # Errors
    /// It cannot be written, which was said.
    pub(super) fn append(&mut self, number: u32, block: &[u8], messages: &mut Messages<'_>) -> Result<(), Ending> {
        let Some(name) = self.files.get(&number) else {
            messages.warning(format_args!(
                "Ignoring Append_block as there is no Begin_load_query_log_event for file_id: {number}"
            ));
            return Ok(());
        };
        let write = || -> io::Result<()> { OpenOptions::new().append(true).open(path(name))?.write_all(block) };
        write().map_err(|_| {
            let name = String::from_utf8_lossy(name);
            messages.error(format_args!("Failed writing to file {name}"));
            Ending::FAILURE
        })
    }

    /// Takes the name of a file for the statement that loads it.
    pub(super) fn take(&mut self, number: u32) -> Option<Vec<u8>> {
        self.files.remove(&number)
    }
}

fn path(name: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(name))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::commands::mysqlbinlog::messages::Program;

    #[test]
    fn files_are_begun_and_go_on() {
        let folder = tempfile::tempdir().unwrap();
        let (path, mut out) = ("m".to_owned(), Vec::new());
        let mut messages = Messages::new(Program { path }, &mut out);
        let mut load = LoadFiles::new(Some(folder.path().as_os_str()));
        load.begin(31, b"one", &mut messages).unwrap();
        load.append(31, b" two", &mut messages).unwrap();
        load.append(5, b"lost", &mut messages).unwrap();
        let first = load.take(31).unwrap();
        load.begin(31, b"", &mut messages).unwrap();
        let second = load.take(31).unwrap();
        assert_eq!(load.take(31), None);
        let name = |name: &str| folder.path().join(name).into_os_string().into_vec();
        assert_eq!(
            [&first, &second],
            [&name("SQL_LOAD_MB-1f-0"), &name("SQL_LOAD_MB-1f-1")]
        );
        assert_eq!(fs::read(super::path(&first)).unwrap(), b"one two");
        let mut nowhere = LoadFiles::new(Some(OsStr::new("/no folder")));
        nowhere.begin(1, b"", &mut messages).unwrap_err();
        let expected = "WARNING: Ignoring Append_block as there is no Begin_load_query_log_event for file_id: 5\n\
                        ERROR: Could not construct local filename /no folder/SQL_LOAD_MB.\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
