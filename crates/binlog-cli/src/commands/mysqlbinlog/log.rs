//! Reads a log as mysqlbinlog does: event by event, from any position, and without more doubts than its own.
//!
//! The readers of `binlog-source` promise whole and consistent logs; this one promises what mysqlbinlog makes of any bytes.

use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom};
use std::ops::ControlFlow;
use std::sync::Arc;

use binlog_parser::{EventFlags, EventHeader, EventType, FormatDescription, HEADER_LEN, MAGIC, RawEvent};
use bytes::{Bytes, BytesMut};

use super::messages::Messages;

/// Bytes that are read at once.
const BLOCK: usize = 1 << 20;
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

/// An event, and where its reading began.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) bytes: Bytes,
    pub(super) position: u64,
}

/// A log that is read.
pub(super) struct Log {
    input: Input,
    buffer: BytesMut,
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
            buffer: BytesMut::new(),
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

    /// The next event; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Found>, ReadError> {
        let position = self.position;
        if self.beyond {
            return Err(ReadError::Io);
        }
        let Some(bytes) = self.whole()? else { return Ok(None) };
        self.check(&bytes)?;
        Ok(Some(Found { bytes, position }))
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
        match &*magic {
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
            let Some(found) = self.next()? else { break };
            match self.head(found, &mut described) {
                ControlFlow::Continue(()) => {}
                ControlFlow::Break(()) => break,
            }
        }
        if described.is_some() && self.position < start {
            self.seek(start)?;
        }
        Ok(described)
    }

    fn head(&self, found: Found, described: &mut Option<Found>) -> ControlFlow<()> {
        let event_type = EventHeader::decode(&found.bytes).map(|header| header.event_type);
        // The real program tells the position of what it read last.
        if let Some(described) = described {
            described.position = found.position;
        }
        match event_type {
            Ok(EventType::FORMAT_DESCRIPTION) => *described = Some(found),
            Ok(EventType::PREVIOUS_GTIDS | EventType::ROTATE) => {}
            _ => return ControlFlow::Break(()),
        }
        ControlFlow::Continue(())
    }

    fn seek(&mut self, to: u64) -> Result<(), ReadError> {
        if i64::try_from(to).is_err() {
            self.position = to;
            self.beyond = true;
            return Ok(());
        }
        let mut distance = to - self.position;
        let buffered = distance.min(self.buffer.len() as u64);
        self.buffer = self.buffer.split_off(usize::try_from(buffered).unwrap_or(usize::MAX));
        distance -= buffered;
        let done = match &mut self.input {
            Input::File(file) => i64::try_from(distance).map_or(Ok(0), |by| file.seek(SeekFrom::Current(by))),
            Input::Pipe(stdin) => io::copy(&mut stdin.lock().take(distance), &mut io::sink()),
        };
        self.position = to;
        done.map(|_| ()).map_err(|_| ReadError::Io)
    }

    /// The bytes of the next event. A magic in front of it counts as its part where logs may follow each other.
    fn whole(&mut self) -> Result<Option<Bytes>, ReadError> {
        match self.need(HEADER_LEN)? {
            0 => return Ok(None),
            HEADER_LEN => {}
            _ => return Err(ReadError::Truncated),
        }
        if self.joined && self.buffer.starts_with(&MAGIC) {
            if self.need(MAGIC.len() + HEADER_LEN)? < MAGIC.len() + HEADER_LEN {
                return Err(ReadError::Truncated);
            }
            drop(self.take(MAGIC.len()));
        }
        let header = EventHeader::decode(&self.buffer).map_err(|_| ReadError::Truncated)?;
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

    fn fill(&mut self, len: usize) -> io::Result<usize> {
        while self.buffer.len() < len {
            let before = self.buffer.len();
            // A length that is not true must not take more memory than there are bytes.
            let room = (len - before).clamp(BLOCK, 16 * BLOCK);
            self.buffer.resize(before + room, 0);
            let read = self.input.read(self.buffer.get_mut(before..).unwrap_or_default());
            self.buffer.truncate(before + read.as_ref().map_or(0, |read| *read));
            match read {
                Ok(0) => break,
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
        }
        Ok(self.buffer.len().min(len))
    }

    fn take(&mut self, len: usize) -> Bytes {
        self.position += len as u64;
        self.buffer.split_to(len).freeze()
    }

    fn check(&mut self, bytes: &Bytes) -> Result<(), ReadError> {
        let header = EventHeader::decode(bytes).map_err(|_| ReadError::Truncated)?;
        let describes = header.event_type == EventType::FORMAT_DESCRIPTION;
        if describes && !has_format_head(bytes) {
            return Err(ReadError::Format);
        }
        let raw = RawEvent::first(bytes, self.position, &self.format).map_err(|_| match self.verify {
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
