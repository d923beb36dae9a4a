//! `--raw`: the logs of a server as files of the same names.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStringExt as _;

use binlog_parser::{EventHeader, EventType, MAGIC};

use super::messages::{Ending, Messages};
use super::plan::create;
use super::remote::ident;

/// The files that are written.
#[derive(Debug, Default)]
pub(super) struct RawLogs {
    /// What stands before the logs' names.
    prefix: OsString,
    /// Name of the file that the next log is written to.
    name: OsString,
    file: Option<File>,
}

impl RawLogs {
    pub(super) fn new(prefix: Option<OsString>) -> Self {
        Self {
            prefix: prefix.unwrap_or_default(),
            ..Self::default()
        }
    }

    /// Names the file of the log that comes next.
    pub(super) fn rename(&mut self, log: Vec<u8>) {
        self.name.clone_from(&self.prefix);
        self.name.push(OsString::from_vec(log));
    }

    /// Writes an event. A format description begins a file; a ROTATE names the next one.
    ///
    /// # Errors
    /// A file cannot be written, which was said.
    pub(super) fn event(&mut self, bytes: &[u8], messages: &mut Messages<'_>) -> Result<(), Ending> {
        let header = EventHeader::decode(bytes).map_err(|_| Ending::FAILURE)?;
        match header.event_type {
            EventType::ROTATE => {
                self.rename(ident(bytes));
                if header.timestamp == 0 {
                    return Ok(());
                }
            }
            EventType::FORMAT_DESCRIPTION => self.begin(messages)?,
            _ => {}
        }
        self.write(bytes).map_err(|_| {
            let name = self.name.to_string_lossy();
            messages.error(format_args!("Could not write into log file '{name}'"));
            Ending::FAILURE
        })
    }

    fn begin(&mut self, messages: &mut Messages<'_>) -> Result<(), Ending> {
        let failed = |messages: &mut Messages<'_>, name: &OsString| {
            let name = name.to_string_lossy();
            messages.error(format_args!("Could not create log file '{name}'"));
            Ending::FAILURE
        };
        let file = create(&self.name, messages).map_err(|_| failed(messages, &self.name))?;
        self.file = Some(file);
        self.write(&MAGIC).map_err(|_| failed(messages, &self.name))
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.file {
            Some(file) => file.write_all(bytes),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }
}
