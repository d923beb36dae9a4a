//! One log, taken apart into events.

use std::io::{self, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use binlog_parser::{EventHeader, EventType, HEADER_LEN, MAGIC};
use bytes::Bytes;

use crate::error::{SourceError, Unreadable};
use crate::file::Input;
use crate::file::feed::{Feed, Got};
use crate::file::inputs::{io_error, log_name};
use crate::file::window::Window;

/// Largest event: servers send at most 1 GiB (`max_allowed_packet`), and MySQL lets a log's events be as much larger
/// as their headers are.
const MAX_EVENT: u32 = (1 << 30) + (1 << 20);

/// A log that is being read.
pub(crate) struct Reading {
    /// Name of the log.
    pub(crate) name: Arc<str>,
    /// Where it lies; `None` for standard input.
    pub(crate) path: Option<PathBuf>,
    feed: Feed,
    window: Window,
    begun: bool,
    torn: bool,
}

/// What a log has next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Frame {
    /// The bytes of one event.
    Event(Bytes),
    /// Another log begins here, magic number and all: logs were concatenated.
    Magic,
    /// Nothing in the time given.
    Nothing,
    /// An event's header says that it is larger than any event may be.
    TooLarge(EventHeader),
    /// The end.
    End(Ending),
}

/// How a log ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ending {
    /// Bytes of an event that are left over.
    pub(crate) have: u64,
    /// Bytes that this event needs, as far as that is known.
    pub(crate) need: u64,
    /// Whether the packed file ends before the log that is in it.
    pub(crate) torn: bool,
}

impl Reading {
    /// Opens an input that is one log.
    pub(crate) fn open(log: &Input) -> Result<Self, SourceError> {
        match log {
            Input::Stdin => Ok(Self::new("stdin".into(), None, Feed::stdin())),
            Input::Path(path) => Self::open_path(path),
        }
    }

    /// Opens a file.
    pub(crate) fn open_path(path: &Path) -> Result<Self, SourceError> {
        let feed = Feed::open(path).map_err(|error| io_error(path, "opening", error))?;
        Ok(Self::new(log_name(path).into(), Some(path.to_owned()), feed))
    }

    fn new(name: Arc<str>, path: Option<PathBuf>, feed: Feed) -> Self {
        Self {
            name,
            path,
            feed,
            window: Window::default(),
            begun: false,
            torn: false,
        }
    }

    /// The next event, by its header's length alone. At the log's start the magic number is read first.
    pub(crate) fn frame(&mut self, patience: Duration) -> Result<Frame, SourceError> {
        if !self.begun {
            match self.fill(MAGIC.len(), patience)? {
                Got::Bytes(_) => self.begin()?,
                Got::Nothing => return Ok(Frame::Nothing),
                Got::End => return self.ends_in_magic(),
            }
        }
        self.event(patience)
    }

    /// Whether the log is a plain file, which can be read from any position.
    pub(crate) fn is_seekable(&self) -> bool {
        matches!(self.feed, Feed::Plain(_))
    }

    /// Whether the log may pause.
    pub(crate) fn is_pipe(&self) -> bool {
        matches!(self.feed, Feed::Pipe(_))
    }

    /// Goes on at a position of a plain file.
    pub(crate) fn seek(&mut self, position: u64) -> Result<(), SourceError> {
        let Feed::Plain(file) = &mut self.feed else {
            return Ok(());
        };
        let result = file.seek(SeekFrom::Start(position));
        self.window.clear();
        result.map(drop).map_err(|error| self.io_error("seeking", error))
    }

    fn event(&mut self, patience: Duration) -> Result<Frame, SourceError> {
        let mut need = HEADER_LEN;
        loop {
            match self.fill(need, patience)? {
                Got::Bytes(_) => {}
                Got::Nothing => return Ok(Frame::Nothing),
                Got::End => return Ok(self.ending(need)),
            }
            if begins_log(self.window.bytes()) {
                self.window.take(MAGIC.len());
                return Ok(Frame::Magic);
            }
            if let Ok(header) = EventHeader::decode(self.window.bytes()) {
                if header.event_size > MAX_EVENT {
                    return Ok(Frame::TooLarge(header));
                }
                need = (header.event_size as usize).max(HEADER_LEN);
            }
            if self.window.bytes().len() >= need {
                return Ok(Frame::Event(self.window.take(need)));
            }
        }
    }

    /// Reads until `need` bytes are there.
    fn fill(&mut self, need: usize, patience: Duration) -> Result<Got, SourceError> {
        while self.window.bytes().len() < need {
            match self.feed.read(self.window.room(), patience) {
                Ok(Got::Bytes(len)) => self.window.add(len),
                Ok(got) => return Ok(got),
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    self.torn = true;
                    return Ok(Got::End);
                }
                Err(error) => return Err(self.io_error("reading", error)),
            }
        }
        Ok(Got::Bytes(self.window.bytes().len()))
    }

    fn begin(&mut self) -> Result<(), SourceError> {
        if !self.window.bytes().starts_with(&MAGIC) {
            return Err(self.not_a_log());
        }
        self.window.take(MAGIC.len());
        self.begun = true;
        Ok(())
    }

    /// A log that is being created may be empty or hold a part of the magic number.
    fn ends_in_magic(&self) -> Result<Frame, SourceError> {
        let have = self.window.bytes();
        match MAGIC.starts_with(have) && (self.torn || !have.is_empty()) {
            true => Ok(self.ending(MAGIC.len())),
            false => Err(self.not_a_log()),
        }
    }

    fn ending(&self, need: usize) -> Frame {
        Frame::End(Ending {
            have: self.window.bytes().len() as u64,
            need: need as u64,
            torn: self.torn,
        })
    }

    fn not_a_log(&self) -> SourceError {
        let found = self.window.bytes().iter().take(8).copied().collect();
        SourceError::NotALog {
            file: Arc::clone(&self.name),
            found: Unreadable(found),
        }
    }

    fn io_error(&self, doing: &'static str, error: io::Error) -> SourceError {
        let file = self
            .path
            .as_ref()
            .map_or_else(|| self.name.to_string(), |path| path.display().to_string());
        SourceError::Io { file, doing, error }
    }
}

/// A magic number with a format description behind it. An event whose time has the same bytes (one second in
/// 2028) has the high byte of its server id where that description has its type.
fn begins_log(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC) && bytes.get(8) == Some(&EventType::FORMAT_DESCRIPTION.0)
}
