//! The reader of one log that never gives up.

mod words;

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use binlog_parser::event::{Flavour, Rotate};
use binlog_parser::{
    ChecksumAlgorithm, Chunk, EventHeader, EventType, FormatDescription, HEADER_LEN, MAGIC, MAGIC_LEN, PositionMeaning,
    RawEvent,
};

use super::guess;
use super::judge::{Judge, Verdict, may_begin};
use crate::cutter::{CORE_CHUNK_LIMIT, CutOptions, Cutter, STATEMENT_LIMIT};
use crate::error::{SourceError, Unreadable};
use crate::file::feed::{Feed, Got};
use crate::file::window::Window;
use crate::file::{FileOptions, FileSource, Input, MAX_EVENT, is_head, is_old_log, log_name, unsealed};
use crate::keys::Keys;
use crate::{Next, Source};

/// How long a pipe is waited for at a time.
const PATIENCE: Duration = Duration::from_millis(500);
/// Bytes that are passed over at once while looking for an event.
const BLOCK: usize = 1 << 20;
/// Holes in one log; what follows the last one counts as one hole.
const HOLES: usize = 100_000;
/// Bytes that may be read in vain for checksums: so many in any case, and so many for each byte passed over.
const SPEND: u64 = 256 << 20;
const SPEND_EACH: u64 = 8;

/// Bytes of a log in which no event can be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Position of the first byte, in the file.
    pub from: u64,
    /// Position after the last one.
    pub to: u64,
    /// What stands there instead.
    pub why: String,
}

/// How to read a damaged log.
#[derive(Debug, Clone)]
pub struct SalvageOptions {
    /// See [`CutOptions::chunk_limit`].
    pub chunk_limit: usize,
    /// Format descriptions of other logs of the same server, for a log that has lost its own.
    pub hints: Vec<Arc<FormatDescription>>,
    /// What opens an encrypted log.
    pub keys: Arc<Keys>,
}

impl Default for SalvageOptions {
    fn default() -> Self {
        Self {
            chunk_limit: CORE_CHUNK_LIMIT,
            hints: Vec::new(),
            keys: Arc::default(),
        }
    }
}

/// All events of one log that can be found, damaged or not. Checksums of events that stand where they should are not
/// verified, and compressed transactions stay as they are. A chunk ends before every hole.
pub struct SalvageSource {
    path: Option<PathBuf>,
    feed: Feed,
    /// Reads the log instead, up to the first damage.
    old: Option<FileSource>,
    window: Window,
    /// Whether nothing follows what is in the window.
    all: bool,
    torn: bool,
    state: State,
    cutter: Cutter,
    ready: VecDeque<Chunk>,
    format: Option<Arc<FormatDescription>>,
    hints: Vec<Arc<FormatDescription>>,
    /// Position of the window's first byte.
    position: u64,
    shift: i64,
    /// Length of the event at the window's front, which is taken when the next one fits it.
    held: usize,
    damage: Vec<Damage>,
    /// Whether a format had to be guessed.
    guessed: bool,
    scanned: u64,
    spent: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Begin,
    Events,
    End,
}

impl SalvageSource {
    /// Opens a log.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn open(input: &Input, options: SalvageOptions) -> Result<Self, SourceError> {
        let old = old_log(input, &options)?;
        let (name, path, feed) = opened(input, &options.keys)?;
        let cut = CutOptions {
            chunk_limit: options.chunk_limit,
            statement_limit: STATEMENT_LIMIT,
            verify_checksums: false,
            expand: false,
        };
        Ok(Self {
            path,
            feed,
            old,
            window: Window::default(),
            all: false,
            torn: false,
            state: State::Begin,
            cutter: Cutter::new(name.into(), cut),
            ready: VecDeque::new(),
            format: None,
            hints: options.hints,
            position: 0,
            shift: 0,
            held: 0,
            damage: Vec::new(),
            guessed: false,
            scanned: 0,
            spent: 0,
        })
    }

    /// Name of the log.
    #[must_use]
    pub fn file(&self) -> &Arc<str> {
        self.cutter.file()
    }

    /// What was found damaged so far, in order.
    #[must_use]
    pub fn damage(&self) -> &[Damage] {
        &self.damage
    }

    /// The format that had to be found for the log, because it has none that can be read.
    #[must_use]
    pub fn guessed_format(&self) -> Option<&Arc<FormatDescription>> {
        self.format.as_ref().filter(|_| self.guessed)
    }

    fn step(&mut self) -> Result<(), SourceError> {
        match self.state {
            State::Begin => self.begin(),
            State::Events => self.advance(),
            State::End => Ok(()),
        }
    }

    /// The front of a log: the magic number and the format description.
    fn begin(&mut self) -> Result<(), SourceError> {
        self.fill(MAGIC.len() + HEADER_LEN)?;
        let not_a_log = self.not_a_log();
        if self.window.bytes().is_empty() {
            return Err(not_a_log);
        }
        let magic = self.window.bytes().starts_with(&MAGIC);
        if magic || self.has_description(MAGIC.len())? {
            self.pass(MAGIC.len());
            if !magic {
                self.damaged(0, MAGIC_LEN, "the magic number is damaged".to_owned());
            }
        }
        if self.has_description(0)? {
            self.state = State::Events;
            return Ok(());
        }
        self.format = None;
        if self.resync(0)? || magic {
            return Ok(());
        }
        self.damage.clear();
        Err(not_a_log)
    }

    /// Whether a format description stands there that is as its server wrote it. It is then held, or will be.
    fn has_description(&mut self, at: usize) -> Result<bool, SourceError> {
        let Some(header) = self.header(at)? else {
            return Ok(false);
        };
        let size = header.event_size as usize;
        if header.event_type != EventType::FORMAT_DESCRIPTION || size > BLOCK || !self.fill(at + size)? {
            return Ok(false);
        }
        let Some(format) = self.window.bytes().get(at..at + size).and_then(description) else {
            return Ok(false);
        };
        if at == 0 {
            self.format = Some(Arc::new(format));
            self.held = size;
        }
        Ok(true)
    }

    /// Looks at the header behind the event that is held.
    fn advance(&mut self) -> Result<(), SourceError> {
        self.release_followed();
        let Some(header) = self.header(self.held)? else {
            return self.end();
        };
        if self.begins_log()? {
            return self.next_log();
        }
        let (at, size) = (self.held, header.event_size as usize);
        let offset = self.position + at as u64;
        if !self.follows(&header, offset) || !self.fill(at + size)? {
            return self.hole();
        }
        self.release();
        self.held = size;
        Ok(())
    }

    fn follows(&self, header: &EventHeader, offset: u64) -> bool {
        let own = self.cutter.positions() == PositionMeaning::OwnLog;
        let judge = self.format.as_deref().map(|format| Judge {
            format,
            shift: own.then_some(self.shift),
        });
        header.event_size <= MAX_EVENT && judge.is_some_and(|judge| judge.follows(header, offset))
    }

    /// Takes the events at the window's front that the next one follows, as far as the window reaches. The last event,
    /// and one that decides how others are read, stay.
    fn release_followed(&mut self) {
        let (mut at, mut held) = (0, self.held);
        let front = EventHeader::decode(self.window.bytes());
        let mut goes_on = front.is_ok_and(|front| !is_head(&front));
        while let Some(header) = self.whole_event(at + held).filter(|_| goes_on) {
            goes_on = !is_head(&header);
            (at, held) = (at + held, header.event_size as usize);
        }
        self.held = at;
        self.release();
        self.held = held;
    }

    /// The header of the whole event in the window that stands there, if it can follow another one.
    #[inline(always)]
    fn whole_event(&self, at: usize) -> Option<EventHeader> {
        let rest = self.window.bytes().get(at..)?;
        let header = EventHeader::of(rest.first_chunk()?);
        let is_whole = header.event_size as usize <= rest.len();
        let follows = is_whole && !rest.starts_with(&MAGIC) && self.follows(&header, self.position + at as u64);
        follows.then_some(header)
    }

    /// What stands behind the event that is held cannot follow it. Either may be damaged.
    fn hole(&mut self) -> Result<(), SourceError> {
        let passed = match self.held_is_good() {
            true => {
                self.release();
                0
            }
            false => 1,
        };
        self.held = 0;
        self.resync(passed).map(drop)
    }

    fn held_is_good(&self) -> bool {
        let format = self.format.clone().unwrap_or_default();
        let held = self.window.bytes().get(..self.held).unwrap_or_default();
        let Ok(raw) = RawEvent::first(held, self.position, &format) else {
            return self.held == 0;
        };
        match raw.checksum() {
            ChecksumAlgorithm::None => raw.header.log_pos != 0,
            _ => raw.verify_checksum().is_ok(),
        }
    }

    /// Takes the event that is held, or several.
    fn release(&mut self) {
        let held = std::mem::take(&mut self.held);
        if held == 0 {
            return;
        }
        let bytes = self.window.take(held);
        let from = self.position;
        self.position += held as u64;
        let cut = match self.unreadable_head(&bytes) {
            Some(why) => Err(why),
            None => self.cut(bytes).map_err(|error| error.to_string()),
        };
        if let Err(why) = cut {
            self.damaged(from, self.position, why);
            self.resume();
        }
    }

    fn cut(&mut self, events: bytes::Bytes) -> Result<(), SourceError> {
        self.cutter.push(events);
        while let Some(chunk) = self.cutter.next()? {
            self.ready.push_back(chunk);
        }
        Ok(())
    }

    /// A format description or artificial rotation decides how all that follows is read: it must be right.
    fn unreadable_head(&mut self, bytes: &[u8]) -> Option<String> {
        let header = EventHeader::decode(bytes).ok()?;
        match header.event_type {
            EventType::FORMAT_DESCRIPTION => match description(bytes) {
                Some(format) => {
                    self.format = Some(Arc::new(format));
                    None
                }
                None => Some("a damaged format description".to_owned()),
            },
            EventType::ROTATE if header.is_artificial() => {
                let format = self.format.clone().unwrap_or_default();
                let raw = RawEvent::first(bytes, self.position, &format).ok()?;
                Rotate::decode(raw.body()).err().map(|error| format!("ROTATE: {error}"))
            }
            _ => None,
        }
    }

    /// Looks for the next event, from so many bytes behind the window's front on. `false` where there is none: then
    /// the log is at its end.
    fn resync(&mut self, passed: usize) -> Result<bool, SourceError> {
        let from = self.position;
        let mut reason = words::Reason::new(self.window.bytes(), passed > 0, self.format.as_deref(), from);
        let mut at = passed;
        loop {
            if !self.fill(at + HEADER_LEN)? {
                return Ok(self.rest_is_damaged(from, reason));
            }
            match self.find(&mut at)? {
                Some((shift, checksum)) => {
                    self.drop_damaged(at, &mut reason);
                    self.found(from, shift, checksum, reason);
                    return Ok(true);
                }
                None => {
                    self.drop_damaged(at, &mut reason);
                    at = 0;
                }
            }
        }
    }

    /// Looks for an event in the window. `at` moves over what is none.
    fn find(&mut self, at: &mut usize) -> Result<Option<(Option<i64>, ChecksumAlgorithm)>, SourceError> {
        let mut passed = 0;
        while passed < BLOCK {
            let bytes = self.window.bytes().get(*at..).unwrap_or_default();
            if bytes.len() < HEADER_LEN {
                return Ok(None);
            }
            if may_begin(bytes) {
                match self.judged(*at) {
                    (Verdict::Yes(shift), checksum) => return Ok(Some((shift, checksum))),
                    (Verdict::Need(need), _) => {
                        self.fill(*at + need)?;
                        continue;
                    }
                    (Verdict::No, _) => {}
                }
            }
            *at += 1;
            passed += 1;
        }
        Ok(None)
    }

    fn judged(&mut self, at: usize) -> (Verdict, ChecksumAlgorithm) {
        let bytes = self.window.bytes().get(at..).unwrap_or_default();
        let offset = self.position + at as u64;
        let limit = SPEND + SPEND_EACH * self.scanned;
        let spent = &mut self.spent;
        let mut spend = |len: usize| {
            let enough = *spent + len as u64 <= limit;
            *spent += if enough { len as u64 } else { 0 };
            enough
        };
        match &self.format {
            None => guess::begins(bytes, offset, self.all, &mut spend),
            Some(format) => {
                let own = self.cutter.positions() == PositionMeaning::OwnLog;
                let judge = Judge {
                    format,
                    shift: own.then_some(self.shift),
                };
                (judge.begins(bytes, offset, self.all, &mut spend), format.checksum)
            }
        }
    }

    fn drop_damaged(&mut self, len: usize, reason: &mut words::Reason) {
        let dropped = self.pass(len);
        reason.saw(&dropped);
        self.scanned += len as u64;
    }

    /// An event begins at the window's front.
    fn found(&mut self, from: u64, shift: Option<i64>, checksum: ChecksumAlgorithm, reason: words::Reason) {
        let mut why = reason.text();
        if self.format.is_none() {
            let guess = guess::guess(self.window.bytes(), self.position, checksum, &self.hints);
            why = format!("no format description; read with that of {}: {why}", guess.from);
            self.format = Some(guess.format);
            self.guessed = true;
        }
        self.shift = shift.unwrap_or(self.shift);
        if self.position > from {
            self.damaged(from, self.position, why);
        } else if self.guessed && self.damage.is_empty() {
            self.damaged(from, from, why);
        }
        self.state = State::Events;
        self.resume();
        if self.damage.len() > HOLES {
            self.give_up();
        }
    }

    fn give_up(&mut self) {
        self.hints.clear();
        self.format = Some(Arc::new(guess::standard(Flavour::MySql, ChecksumAlgorithm::None)));
        self.state = State::End;
        let from = self.position;
        self.damaged(
            from,
            u64::MAX,
            format!("more than {HOLES} holes before: not read further"),
        );
    }

    fn resume(&mut self) {
        let chunk = self.cutter.resume(self.position, self.format.clone());
        self.ready.extend(chunk);
    }

    fn rest_is_damaged(&mut self, from: u64, mut reason: words::Reason) -> bool {
        let len = self.window.bytes().len();
        self.drop_damaged(len, &mut reason);
        if self.position > from {
            self.damaged(from, self.position, reason.text());
        }
        self.close();
        false
    }

    /// Fewer bytes than a header follow the event that is held.
    fn end(&mut self) -> Result<(), SourceError> {
        let left = self.window.bytes().len() - self.held;
        if left > 0 {
            return self.hole();
        }
        self.release();
        self.close();
        Ok(())
    }

    fn close(&mut self) {
        if self.torn {
            let at = self.position;
            self.damaged(at, at, "the packed file ends before the log in it does".to_owned());
        }
        self.state = State::End;
        let chunk = self.cutter.flush();
        self.ready.extend(chunk);
    }

    /// Logs may be concatenated.
    fn begins_log(&mut self) -> Result<bool, SourceError> {
        if !self
            .window
            .bytes()
            .get(self.held..)
            .unwrap_or_default()
            .starts_with(&MAGIC)
        {
            return Ok(false);
        }
        self.has_description(self.held + MAGIC.len())
    }

    fn next_log(&mut self) -> Result<(), SourceError> {
        self.release();
        let name = Arc::clone(self.cutter.file());
        let chunk = self.cutter.open(name);
        self.ready.extend(chunk);
        self.position = 0;
        self.shift = 0;
        self.guessed = false;
        self.state = State::Begin;
        Ok(())
    }

    fn damaged(&mut self, from: u64, to: u64, why: String) {
        self.damage.push(Damage { from, to, why });
    }

    fn header(&mut self, at: usize) -> Result<Option<EventHeader>, SourceError> {
        self.fill(at + HEADER_LEN)?;
        let bytes = self.window.bytes().get(at..).unwrap_or_default();
        Ok(EventHeader::decode(bytes).ok())
    }

    /// Takes bytes that are no event from the window.
    fn pass(&mut self, len: usize) -> bytes::Bytes {
        let bytes = self.window.take(len);
        self.position += bytes.len() as u64;
        bytes
    }

    /// Reads until so many bytes are in the window. `false` where there are no more.
    fn fill(&mut self, need: usize) -> Result<bool, SourceError> {
        while self.window.bytes().len() < need && !self.all {
            match self.feed.read(self.window.room(), PATIENCE) {
                Ok(Got::Bytes(len)) => self.window.add(len),
                Ok(Got::Nothing) => {}
                Ok(Got::End) => self.all = true,
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    self.all = true;
                    self.torn = true;
                }
                Err(error) => return Err(self.io_error(error)),
            }
        }
        Ok(self.window.bytes().len() >= need)
    }

    fn io_error(&self, error: io::Error) -> SourceError {
        let file = self
            .path
            .as_ref()
            .map_or_else(|| self.file().to_string(), |path| path.display().to_string());
        SourceError::Io {
            file,
            doing: "reading",
            error,
        }
    }

    fn not_a_log(&self) -> SourceError {
        let found = self.window.bytes().iter().take(8).copied().collect();
        SourceError::NotALog {
            file: Arc::clone(self.file()),
            found: Unreadable(found),
        }
    }
}

impl Source for SalvageSource {
    fn next(&mut self) -> Result<Next, SourceError> {
        if let Some(old) = &mut self.old {
            return old.next();
        }
        loop {
            if let Some(chunk) = self.ready.pop_front() {
                return Ok(Next::Chunk(chunk));
            }
            if self.state == State::End {
                return Ok(Next::End);
            }
            if let Err(error) = self.step() {
                self.state = State::End;
                return Err(error);
            }
        }
    }
}

/// A log of before MySQL 5.0 has neither checksums nor positions by which a reader could go on behind damage.
fn old_log(input: &Input, options: &SalvageOptions) -> Result<Option<FileSource>, SourceError> {
    if !is_old_log(input, &options.keys).unwrap_or_default() {
        return Ok(None);
    }
    let file = FileOptions {
        chunk_limit: options.chunk_limit,
        verify_checksums: false,
        ..FileOptions::default()
    };
    FileSource::open(std::slice::from_ref(input), file).map(Some)
}

/// The format description at the front of a log, where it has one that can be read.
#[must_use]
pub fn format_of(input: &Input, keys: &Arc<Keys>) -> Option<Arc<FormatDescription>> {
    let Input::Path(_) = input else { return None };
    let options = SalvageOptions {
        keys: Arc::clone(keys),
        ..SalvageOptions::default()
    };
    let mut source = SalvageSource::open(input, options).ok()?;
    source.fill(MAGIC.len() + HEADER_LEN).ok()?;
    source.pass(MAGIC.len());
    source.has_description(0).ok()?;
    source.format
}

fn opened(input: &Input, keys: &Arc<Keys>) -> Result<(String, Option<PathBuf>, Feed), SourceError> {
    let feed = unsealed::open(input, keys)?;
    Ok(match input {
        Input::Stdin => ("stdin".to_owned(), None, feed),
        Input::Path(path) => (log_name(path), Some(path.clone()), feed),
    })
}

/// Event types that servers without checksums know, at most: MySQL 5.5 has 27.
const TYPES_BEFORE_CHECKSUMS: usize = 32;

/// A format description whose bytes are as its server wrote them. One without a checksum of its own must be that of a
/// server that knows none, and not the other's with a changed version.
fn description(bytes: &[u8]) -> Option<FormatDescription> {
    let raw = RawEvent::first(bytes, MAGIC_LEN, &FormatDescription::default()).ok()?;
    let format = FormatDescription::decode(raw.body()).ok()?;
    // A server that sends a log from its middle changes the description, and its checksum only in a log with checksums.
    let renewed = format.created == 0 && format.checksum == ChecksumAlgorithm::None && raw.header.log_pos == 0;
    let plausible =
        raw.checksum() != ChecksumAlgorithm::None || format.post_header_lengths.len() <= TYPES_BEFORE_CHECKSUMS;
    (renewed || plausible && raw.verify_checksum().is_ok()).then_some(format)
}
