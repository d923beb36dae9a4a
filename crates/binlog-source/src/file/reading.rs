//! One log, taken apart into events.

mod opening;

use std::io::{self, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use binlog_parser::{EventHeader, HEADER_LEN, MAGIC_LEN};
use bytes::Bytes;

use crate::cutter::event_size;
use crate::error::SourceError;
use crate::file::Input;
use crate::file::encrypted::{self, EventOpener, LogCipher, Place};
use crate::file::feed::{Feed, Got};
use crate::file::inputs::{io_error, log_name};
use crate::file::window::Window;
use crate::keys::Keys;
use crate::old::OldFormat;

pub(crate) use opening::Sealing;

/// Largest event: servers send at most 1 GiB (`max_allowed_packet`), and MySQL lets a log's events be as much larger
/// as their headers are.
pub(crate) const MAX_EVENT: u32 = (1 << 30) + (1 << 20);

/// Bytes that are decrypted at once: where logs stand one behind the other, those of the next one are decrypted in vain.
const DECRYPTED: usize = 64 << 10;

/// A log that is being read.
pub(crate) struct Reading {
    /// Name of the log.
    pub(crate) name: Arc<str>,
    /// Where it lies; `None` for standard input.
    pub(crate) path: Option<PathBuf>,
    feed: Feed,
    window: Window,
    /// Position of the window's first byte in the log.
    position: u64,
    /// For a log of an older version.
    old: Option<OldFormat>,
    begun: bool,
    /// Whether a log ended before this one.
    another: bool,
    torn: bool,
    keys: Arc<Keys>,
    /// For a log that is encrypted as a whole.
    cipher: Option<LogCipher>,
    /// For a log whose events are encrypted.
    opener: EventOpener,
}

/// How many events are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Most {
    One,
    All,
}

/// What a log has next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Frame {
    /// The bytes of one event, or of several.
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

    /// Opens the front of a file: see [`Feed::open_front`].
    pub(crate) fn open_front(path: &Path, limit: usize) -> Result<Self, SourceError> {
        let feed = Feed::open_front(path, limit).map_err(|error| io_error(path, "opening", error))?;
        Ok(Self::new(log_name(path).into(), Some(path.to_owned()), feed))
    }

    fn new(name: Arc<str>, path: Option<PathBuf>, feed: Feed) -> Self {
        Self {
            name,
            path,
            feed,
            window: Window::default(),
            position: 0,
            old: None,
            begun: false,
            another: false,
            torn: false,
            keys: Arc::default(),
            cipher: None,
            opener: EventOpener::default(),
        }
    }

    /// With keys that open an encrypted log.
    pub(crate) fn with_keys(mut self, keys: &Arc<Keys>) -> Self {
        self.keys = Arc::clone(keys);
        self
    }

    /// The next event, by its header's length alone. At the log's start the magic number is read first.
    pub(crate) fn frame(&mut self, patience: Duration) -> Result<Frame, SourceError> {
        self.next(patience, Most::One)
    }

    /// Like [`Reading::frame`], but all events that were read already.
    pub(crate) fn frames(&mut self, patience: Duration) -> Result<Frame, SourceError> {
        self.next(patience, Most::All)
    }

    fn next(&mut self, patience: Duration, most: Most) -> Result<Frame, SourceError> {
        if !self.begun {
            if let Some(frame) = self.begin(patience)? {
                return Ok(frame);
            }
            if std::mem::take(&mut self.another) {
                return Ok(Frame::Magic);
            }
        }
        self.event(patience, most)
    }

    /// Whether the log, of which nothing was read yet, is of a version before 4.
    pub(crate) fn begins_old(&mut self) -> Result<bool, SourceError> {
        self.frame(Duration::ZERO)?;
        Ok(self.old.is_some())
    }

    /// What was read and not taken, or what can be read next, without regard to events. Nothing at the end.
    pub(crate) fn rest(&mut self, patience: Duration) -> Result<Bytes, SourceError> {
        self.reaches(1, patience)?;
        let bytes = self.window.take(usize::MAX);
        self.position += bytes.len() as u64;
        Ok(bytes)
    }

    /// Whether the packed file ends before the log that is in it.
    pub(crate) fn is_torn(&self) -> bool {
        self.torn
    }

    /// Whether the log is a plain file, which can be read from any position.
    pub(crate) fn is_seekable(&self) -> bool {
        matches!(self.feed, Feed::Plain(_)) && self.old.is_none()
    }

    /// Whether the log may pause.
    pub(crate) fn is_pipe(&self) -> bool {
        matches!(self.feed, Feed::Pipe(_))
    }

    /// Goes on at a position of a plain file.
    pub(crate) fn seek(&mut self, position: u64) -> Result<(), SourceError> {
        self.try_key()?;
        let Feed::Plain(file) = &mut self.feed else {
            return Ok(());
        };
        let header = self.cipher.as_ref().map_or(0, |_| encrypted::HEADER_LEN as u64);
        let result = file.seek(SeekFrom::Start(position.saturating_add(header)));
        self.window.clear();
        self.position = position;
        if let Some(cipher) = &mut self.cipher {
            cipher.seek(position);
        }
        result.map(drop).map_err(|error| self.io_error("seeking", error))
    }

    fn event(&mut self, patience: Duration, most: Most) -> Result<Frame, SourceError> {
        let mut need = self.old.map_or(HEADER_LEN, OldFormat::header_len);
        loop {
            match self.fill(need, patience)? {
                Got::Bytes(_) => {}
                Got::Nothing => return Ok(Frame::Nothing),
                Got::End => return Ok(self.ending(need)),
            }
            if self.another_begins(0) {
                self.close();
                return self.next(patience, most);
            }
            let size = event_size(self.window.bytes());
            if let (true, Ok(header)) = (size > MAX_EVENT, EventHeader::decode(self.window.bytes())) {
                return Ok(Frame::TooLarge(header));
            }
            need = need.max(size as usize);
            if self.window.bytes().len() >= need {
                self.open_event(need)?;
                let len = if most == Most::All {
                    self.whole_events(need)
                } else {
                    need
                };
                self.position += len as u64;
                return Ok(Frame::Event(self.window.take(len)));
            }
        }
    }

    /// Reads until `need` bytes are there.
    fn fill(&mut self, need: usize, patience: Duration) -> Result<Got, SourceError> {
        while self.window.bytes().len() < need {
            let mut room = self.window.room();
            if self.cipher.is_some() {
                let len = room.len().min(DECRYPTED);
                room = room.get_mut(..len).unwrap_or_default();
            }
            match self.feed.read(room, patience) {
                Ok(Got::Bytes(len)) => {
                    if let (Some(cipher), Some(read)) = (&mut self.cipher, room.get_mut(..len)) {
                        cipher.apply(read);
                    }
                    self.window.add(len);
                }
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

    /// Opens the event of `len` bytes at the window's front.
    fn open_event(&mut self, len: usize) -> Result<(), SourceError> {
        let at = Place {
            file: &self.name,
            position: self.position,
        };
        if let Some(event) = self.window.bytes_mut().get_mut(..len) {
            self.opener.open(event, &at, &self.keys)?;
            if self.position == MAGIC_LEN {
                self.old = OldFormat::begun_by(event);
            }
        }
        Ok(())
    }

    /// Index behind the last of the events that stand whole in the window, one behind another. The first one, which is
    /// open, ends at `len`; the others need not be opened.
    fn whole_events(&self, mut len: usize) -> usize {
        if self.old.is_some() {
            return len;
        }
        while let Some(event) = self.window.bytes().get(len..).filter(|rest| is_whole(rest))
            && !self.opener.is_for(event)
            && !self.another_begins(len)
        {
            len += event_size(event) as usize;
        }
        len
    }

    /// Reads until so many bytes are there, however long it takes. `false` where there are fewer.
    fn reaches(&mut self, need: usize, patience: Duration) -> Result<bool, SourceError> {
        loop {
            match self.fill(need, patience)? {
                Got::Bytes(_) => return Ok(true),
                Got::Nothing => {}
                Got::End => return Ok(false),
            }
        }
    }

    /// Tries the key on the first encrypted event, before it is passed over.
    pub(crate) fn try_key(&mut self) -> Result<(), SourceError> {
        if !self.opener.is_untried() {
            return Ok(());
        }
        self.fill(HEADER_LEN, Duration::ZERO)?;
        let Ok(header) = EventHeader::decode(self.window.bytes()) else {
            return Ok(());
        };
        let len = header.event_size.min(MAX_EVENT) as usize;
        self.fill(len, Duration::ZERO)?;
        let at = Place {
            file: &self.name,
            position: self.position,
        };
        let event = self.window.bytes().get(..len);
        event.map_or(Ok(()), |event| self.opener.try_on(event, &at))
    }

    fn ending(&self, need: usize) -> Frame {
        self.ending_after(0, need)
    }

    fn io_error(&self, doing: &'static str, error: io::Error) -> SourceError {
        let file = self
            .path
            .as_ref()
            .map_or_else(|| self.name.to_string(), |path| path.display().to_string());
        SourceError::Io { file, doing, error }
    }
}

/// Whether a whole event stands at the front, by its length.
fn is_whole(bytes: &[u8]) -> bool {
    let size = event_size(bytes);
    (HEADER_LEN as u32..=MAX_EVENT).contains(&size) && size as usize <= bytes.len()
}
