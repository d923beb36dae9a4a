//! Reads a log as mysqlbinlog does: event by event, from any position, and without more doubts than its own.
//!
//! The readers of `binlog-source` promise whole and consistent logs; this one promises what mysqlbinlog makes of any bytes.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom};
use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use binlog_dumper::mysqlbinlog::EventBytes;
use binlog_parser::{EventFlags, EventHeader, EventType, FormatDescription, HEADER_LEN, MAGIC, RawEvent};
use bytes::{Bytes, BytesMut};

use super::messages::Messages;

/// Bytes that are read at once: what a core works on stays near it.
const BLOCK: usize = 1 << 18;
/// Blocks that are kept, to be filled again.
const KEPT: usize = 32;
/// Of a large event, so many are read at once.
const LARGE_BLOCK: usize = 1 << 24;
/// An event is no larger: the limit of packets in the client library.
const MAX_EVENT: usize = 1 << 30;
/// Types of events that MySQL 9.7 knows.
const KNOWN_TYPES: usize = 42;
/// Bytes of a format description up to the length of headers, and that one.
const FORMAT_HEAD: usize = 2 + 50 + 4;

const ENCRYPTED: [u8; 4] = *b"\xfdbin";

/// Why reading ends, in mysqlbinlog's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum ReadError {
    #[error("Could not open log file")]
    Open,
    #[error("I/O error reading the header from the binary log")]
    Magic,
    #[error("Binlog has bad magic number;  It's not a binary log file that can be used by this version of MySQL")]
    NoLog,
    #[error("Reading encrypted log files directly is not supported.")]
    Encrypted,
    #[error("I/O error reading log event")]
    Io,
    #[error("corrupted data in log event")]
    Bogus,
    #[error("Event too big")]
    TooLarge,
    #[error("binlog truncated in the middle of event; consider out of disk space")]
    Truncated,
    #[error("Found invalid Format description event in binary log")]
    Format,
    #[error("Event crc check failed! Most likely there is event corruption.")]
    Checksum,
    #[error("Found invalid event in binary log")]
    Invalid,
}

/// An event by itself, and where its reading began.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) bytes: Bytes,
    pub(super) position: u64,
}

/// An event of the block that was read last, and where its reading began.
#[derive(Debug, Clone, Copy)]
pub(super) struct FoundIn<'l> {
    pub(super) event: EventBytes<'l>,
    pub(super) position: u64,
}

/// A log that is read.
pub(super) struct Log {
    input: Input,
    /// What was read last, and where the next event begins in it.
    block: Bytes,
    at: usize,
    used: Used,
    /// Of the next event.
    position: u64,
    /// Several logs may follow each other in a pipe.
    joined: bool,
    verify: bool,
    format: Arc<FormatDescription>,
    /// Types that the format description knows.
    known_types: usize,
    /// The log's description says that it is in use.
    in_use: bool,
    /// Whether the position is beyond what files have.
    beyond: bool,
}

/// Blocks that were read, the oldest first. One that nobody looks at any more is filled again: a new one costs more,
/// because its memory is cleared.
#[derive(Default)]
struct Used(VecDeque<Bytes>);

enum Input {
    File(File),
    Pipe(io::Stdin),
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            Self::Pipe(stdin) => stdin.lock().read(buffer),
        }
    }
}

impl Used {
    /// A block to be filled, with whatever is in it.
    fn again(&mut self) -> BytesMut {
        let oldest = self.0.front().is_some_and(Bytes::is_unique);
        let oldest = oldest.then(|| self.0.pop_front()).flatten();
        oldest.and_then(|block| block.try_into_mut().ok()).unwrap_or_default()
    }

    fn keep(&mut self, block: Bytes) {
        if block.len() == BLOCK {
            self.0.push_back(block);
        }
        if self.0.len() > KEPT {
            self.0.pop_front();
        }
    }
}

impl Log {
    /// Opens a log at a position: then its format description, if it has one, comes first, with the position that
    /// mysqlbinlog says it has. `-` is stdin.
    pub(super) fn open(
        name: &std::ffi::OsStr,
        start: u64,
        verify: bool,
        messages: &mut Messages<'_>,
    ) -> Result<(Self, Option<Found>), ReadError> {
        let input = input(name).map_err(|error| {
            let name = name.to_string_lossy();
            messages.refused(format_args!("File '{name}' not found"), &error);
            ReadError::Open
        })?;
        let mut log = Self {
            input,
            block: Bytes::new(),
            at: 0,
            used: Used::default(),
            position: 0,
            joined: false,
            verify,
            format: Arc::default(),
            known_types: KNOWN_TYPES,
            in_use: false,
            beyond: false,
        };
        log.magic(name, messages)?;
        let described = log.described(start)?;
        log.joined = matches!(log.input, Input::Pipe(_));
        Ok((log, described))
    }

    /// Where the next event is.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Whether the log's description says that it is in use.
    pub(super) fn is_in_use(&self) -> bool {
        self.in_use
    }

    /// The format description in force.
    pub(super) fn format(&self) -> &Arc<FormatDescription> {
        &self.format
    }

    /// The next event, and the format description in force; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<(FoundIn<'_>, &Arc<FormatDescription>)>, ReadError> {
        let position = self.position;
        if self.beyond {
            return Err(ReadError::Io);
        }
        let Some(range) = self.whole()? else { return Ok(None) };
        self.check(range.clone())?;
        let event = EventBytes::part(&self.block, range);
        Ok(event.map(|event| (FoundIn { event, position }, &self.format)))
    }

    fn magic(&mut self, name: &std::ffi::OsStr, messages: &mut Messages<'_>) -> Result<(), ReadError> {
        let have = self.fill(MAGIC.len()).map_err(|error| {
            let name = name.to_string_lossy();
            messages.refused(format_args!("Error reading file '{name}'"), &error);
            ReadError::Magic
        })?;
        if have < MAGIC.len() {
            return Err(ReadError::Magic);
        }
        let magic = self.take(MAGIC.len());
        match self.block.get(magic).unwrap_or_default() {
            magic if magic == MAGIC => Ok(()),
            magic if magic == ENCRYPTED => Err(ReadError::Encrypted),
            _ => Err(ReadError::NoLog),
        }
    }

    /// Reads the descriptions at the head of a log that is read from a later position. What else is read on the way is
    /// lost.
    fn described(&mut self, start: u64) -> Result<Option<Found>, ReadError> {
        let mut described = None;
        while self.position < start {
            let Some((found, _)) = self.next()? else { break };
            match found.head(&mut described) {
                ControlFlow::Continue(()) => {}
                ControlFlow::Break(()) => break,
            }
        }
        if described.is_some() && self.position < start {
            self.seek(start)?;
        }
        Ok(described)
    }

    fn seek(&mut self, to: u64) -> Result<(), ReadError> {
        if i64::try_from(to).is_err() {
            self.position = to;
            self.beyond = true;
            return Ok(());
        }
        let mut distance = to - self.position;
        let buffered = distance.min(self.rest().len() as u64);
        self.at += usize::try_from(buffered).unwrap_or(0);
        distance -= buffered;
        let done = match &mut self.input {
            Input::File(file) => i64::try_from(distance).map_or(Ok(0), |by| file.seek(SeekFrom::Current(by))),
            Input::Pipe(stdin) => io::copy(&mut stdin.lock().take(distance), &mut io::sink()),
        };
        self.position = to;
        done.map(|_| ()).map_err(|_| ReadError::Io)
    }

    /// Where the next event is in the block. A magic in front of it counts as its part where logs may follow each other.
    fn whole(&mut self) -> Result<Option<Range<usize>>, ReadError> {
        match self.need(HEADER_LEN)? {
            0 => return Ok(None),
            HEADER_LEN => {}
            _ => return Err(ReadError::Truncated),
        }
        if self.joined && self.rest().starts_with(&MAGIC) {
            if self.need(MAGIC.len() + HEADER_LEN)? < MAGIC.len() + HEADER_LEN {
                return Err(ReadError::Truncated);
            }
            self.take(MAGIC.len());
        }
        let header = EventHeader::decode(self.rest()).map_err(|_| ReadError::Truncated)?;
        let size = header.event_size as usize;
        match size {
            0..HEADER_LEN => return Err(ReadError::Bogus),
            size if size > MAX_EVENT => return Err(ReadError::TooLarge),
            _ => {}
        }
        if self.need(size)? < size {
            return Err(ReadError::Truncated);
        }
        Ok(Some(self.take(size)))
    }

    /// How many of so many bytes there are.
    fn need(&mut self, len: usize) -> Result<usize, ReadError> {
        self.fill(len).map_err(|_| ReadError::Io)
    }

    #[inline]
    fn fill(&mut self, len: usize) -> io::Result<usize> {
        if self.rest().len() < len {
            self.read(len)?;
        }
        Ok(self.rest().len().min(len))
    }

    /// Begins a block with the rest of this one, and so many bytes, if there are.
    fn read(&mut self, len: usize) -> io::Result<()> {
        let mut block = self.used.again();
        let mut filled = self.rest().len();
        block.resize(block.len().max(filled), 0);
        if let Some(front) = block.get_mut(..filled) {
            front.copy_from_slice(self.rest());
        }
        let mut ended = Ok(());
        while filled < len {
            // A length that is not true must not take more memory than there are bytes.
            let want = len.clamp(BLOCK, (filled + LARGE_BLOCK).max(BLOCK));
            block.resize(want, 0);
            match self.input.read(block.get_mut(filled..).unwrap_or_default()) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    ended = Err(error);
                    break;
                }
            }
        }
        block.truncate(filled);
        let before = std::mem::replace(&mut self.block, block.freeze());
        self.used.keep(before);
        self.at = 0;
        ended
    }

    /// What was read and is still to be looked at.
    #[inline]
    fn rest(&self) -> &[u8] {
        self.block.get(self.at..).unwrap_or_default()
    }

    fn take(&mut self, len: usize) -> Range<usize> {
        self.position += len as u64;
        self.at += len;
        self.at - len..self.at
    }

    fn check(&mut self, range: Range<usize>) -> Result<(), ReadError> {
        let bytes = self.block.get(range).unwrap_or_default();
        let header = EventHeader::decode(bytes).map_err(|_| ReadError::Truncated)?;
        let describes = header.event_type == EventType::FORMAT_DESCRIPTION;
        if describes && !has_format_head(bytes) {
            return Err(ReadError::Format);
        }
        let raw = RawEvent::framed(bytes, self.position, &self.format).ok_or(match self.verify {
            true => ReadError::Checksum,
            false => ReadError::Invalid,
        })?;
        if self.verify && (is_sealed(bytes) || !describes) {
            raw.verify_checksum().map_err(|_| ReadError::Checksum)?;
        }
        if usize::from(header.event_type.0) > self.known_types || !is_known(&header) {
            return Err(ReadError::Invalid);
        }
        if describes {
            self.format = Arc::new(description(raw.body()).ok_or(ReadError::Invalid)?);
            self.known_types = self.format.post_header_lengths.len();
            self.in_use = header.flags.contains(EventFlags::BINLOG_IN_USE);
        }
        Ok(())
    }
}

impl FoundIn<'_> {
    /// Takes note of a description at the head of a log; at anything else it breaks.
    fn head(self, described: &mut Option<Found>) -> ControlFlow<()> {
        let bytes = self.event.bytes();
        let event_type = EventHeader::decode(bytes).map(|header| header.event_type);
        // The real program tells the position of what it read last.
        if let Some(described) = described {
            described.position = self.position;
        }
        match event_type {
            Ok(EventType::FORMAT_DESCRIPTION) => {
                *described = Some(Found {
                    bytes: Bytes::copy_from_slice(bytes),
                    position: self.position,
                });
            }
            Ok(EventType::PREVIOUS_GTIDS | EventType::ROTATE) => {}
            _ => return ControlFlow::Break(()),
        }
        ControlFlow::Continue(())
    }
}

impl Found {
    pub(super) fn whole(&self) -> FoundIn<'_> {
        FoundIn {
            event: EventBytes::whole(&self.bytes),
            position: self.position,
        }
    }
}

fn input(name: &std::ffi::OsStr) -> io::Result<Input> {
    match name {
        name if name == "-" => Ok(Input::Pipe(io::stdin())),
        name => File::open(name).map(Input::File),
    }
}

/// A format description of any version of logs, and with any number for its algorithm of checksums.
fn description(body: &[u8]) -> Option<FormatDescription> {
    const VERSION: [u8; 2] = [4, 0];
    FormatDescription::decode(body).ok().or_else(|| {
        let mut body = body.to_vec();
        body.iter_mut().zip(VERSION).for_each(|(byte, wanted)| *byte = wanted);
        if let Some(algorithm) = body.last_mut() {
            *algorithm = u8::from(!matches!(algorithm, 0 | 255));
        }
        FormatDescription::decode(&body).ok()
    })
}

/// Whether there is enough of a format description to look into it: its length of headers, a signed byte, counts.
fn has_format_head(bytes: &[u8]) -> bool {
    let header_len = bytes
        .get(HEADER_LEN + FORMAT_HEAD)
        .map(|len| isize::from(len.cast_signed()));
    let needed = header_len.and_then(|len| usize::try_from(len + FORMAT_HEAD as isize - 4).ok());
    needed.is_some_and(|needed| needed <= bytes.len())
}

/// Whether a format description says that it has a checksum itself: by a version that knows them, and their algorithm.
fn is_sealed(bytes: &[u8]) -> bool {
    const NONE: [u8; 2] = [0, 255];
    let Some(header_len) = bytes.get(HEADER_LEN + FORMAT_HEAD) else {
        return false;
    };
    let version = bytes.get(usize::from(*header_len) + 2..).unwrap_or_default();
    let mut numbers = version.split(|byte| !byte.is_ascii_digit()).map(|digits| {
        let digits = std::str::from_utf8(digits).unwrap_or_default();
        digits.parse::<u32>().unwrap_or(0)
    });
    let mut next = || numbers.next().unwrap_or(0);
    let algorithm = bytes.len().checked_sub(5).and_then(|at| bytes.get(at));
    (next(), next(), next()) >= (5, 6, 1) && algorithm.is_some_and(|algorithm| !NONE.contains(algorithm))
}

/// Whether it is an event of today, or one that may be passed over.
fn is_known(header: &EventHeader) -> bool {
    const OLD: [u8; 16] = [0, 1, 6, 7, 8, 10, 12, 20, 21, 22, 23, 24, 25, 27, 28, 41];
    let today = usize::from(header.event_type.0) <= KNOWN_TYPES && !OLD.contains(&header.event_type.0);
    today || header.flags.contains(EventFlags::IGNORABLE)
}

#[cfg(test)]
mod tests;
