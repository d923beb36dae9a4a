//! The source over files and pipes.

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread;

use binlog_parser::{Chunk, EventError, EventHeader, EventType, FieldError, MAGIC_LEN, PositionMeaning};
use bytes::Bytes;

use crate::cutter::Cutter;
use crate::error::SourceError;
use crate::file::inputs::{expand, successor};
use crate::file::seek::Seeker;
use crate::file::{Ending, FileOptions, Frame, Input, Reading};
use crate::pace::Pace;
use crate::{Next, Source};

/// Events of files, directories and pipes: several logs are one stream, in the order given.
pub struct FileSource {
    options: FileOptions,
    logs: VecDeque<Input>,
    seeker: Seeker,
    reading: Option<Reading>,
    cutter: Cutter,
    pace: Pace,
    start: Start,
    /// Whether the next log was there before the last look at this one.
    rotated: bool,
    /// The error that ends the source, while what stands before it is on its way.
    failed: Option<SourceError>,
    ended: bool,
}

/// How far the way to the start position is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    /// Nothing was read yet.
    Before(u64),
    /// The format description was read.
    Described(u64),
    /// Events are passed over up to this position.
    Skipping(u64),
    /// The next event is the first one.
    First(u64),
    /// Events are returned.
    Done,
}

/// What one step of reading led to.
enum Advance {
    Chunk(Chunk),
    Nothing,
    More,
    End,
}

impl FileSource {
    /// Finds the logs of `inputs`. They are opened as they are reached.
    ///
    /// # Errors
    /// A folder or index that cannot be read, or names no logs.
    pub fn open(inputs: &[Input], options: FileOptions) -> Result<Self, SourceError> {
        Ok(Self {
            logs: expand(inputs)?.into(),
            seeker: Seeker::new(options.seek.clone(), Arc::clone(&options.keys)),
            reading: None,
            cutter: Cutter::new("".into(), options.cut()),
            pace: Pace::default(),
            start: options
                .start_position
                .filter(|at| *at > MAGIC_LEN)
                .map_or(Start::Done, Start::Before),
            rotated: false,
            failed: None,
            ended: false,
            options,
        })
    }

    fn step(&mut self) -> Result<Advance, SourceError> {
        if let Some(chunk) = self.cutter.next()? {
            return Ok(Advance::Chunk(chunk));
        }
        let patience = self.pace.patience(&self.cutter);
        let Some(reading) = &mut self.reading else {
            return self.open_next();
        };
        let one_by_one = self.start != Start::Done || self.options.stop_position.is_some();
        let frame = match one_by_one {
            true => reading.frame(patience)?,
            false => reading.frames(patience)?,
        };
        match frame {
            Frame::Event(bytes) => self.event(bytes),
            Frame::Magic => {
                let name = Arc::clone(&reading.name);
                Ok(self.cutter.open(name).map_or(Advance::More, Advance::Chunk))
            }
            Frame::Nothing => Ok(Advance::Nothing),
            Frame::TooLarge(header) => Err(self.too_large(&header)),
            Frame::End(ending) => self.end_of_log(ending),
        }
    }

    fn open_next(&mut self) -> Result<Advance, SourceError> {
        if self.start == Start::Done {
            self.seeker.pass_over(&mut self.logs);
        }
        let Some(log) = self.logs.pop_front() else {
            return Ok(Advance::End);
        };
        let reading = Reading::open(&log)?.with_keys(&self.options.keys);
        let chunk = self.cutter.open(Arc::clone(&reading.name));
        self.reading = Some(reading);
        self.rotated = false;
        Ok(chunk.map_or(Advance::More, Advance::Chunk))
    }

    #[inline(always)]
    fn event(&mut self, bytes: Bytes) -> Result<Advance, SourceError> {
        if self.is_at_stop(&bytes) {
            return Ok(Advance::End);
        }
        match self.start {
            Start::Done => self.push(bytes),
            Start::Before(at) => {
                self.start = Start::Described(at);
                self.push(bytes)
            }
            Start::Described(at) => self.toward_start(bytes, at),
            Start::Skipping(at) => self.skip_to(bytes, at),
            Start::First(at) => self.first(bytes, at),
        }
    }

    #[inline(always)]
    fn push(&mut self, bytes: Bytes) -> Result<Advance, SourceError> {
        self.cutter.push(bytes);
        let mut chunk = self.cutter.next()?;
        let pauses = self.options.follow || self.reading.as_ref().is_some_and(Reading::is_pipe);
        if pauses && self.pace.is_due(&self.cutter, chunk.is_some()) {
            chunk = self.cutter.flush_whole();
        }
        Ok(chunk.map_or(Advance::More, Advance::Chunk))
    }

    #[inline(always)]
    fn is_at_stop(&self, bytes: &[u8]) -> bool {
        let Some(stop) = self.options.stop_position.filter(|_| self.logs.is_empty()) else {
            return false;
        };
        let is_head = EventHeader::decode(bytes).is_ok_and(|header| is_head(&header));
        !is_head && self.cutter.position() >= stop
    }

    /// The first event after the format description decides what the start position counts.
    fn toward_start(&mut self, bytes: Bytes, at: u64) -> Result<Advance, SourceError> {
        let named = EventHeader::decode(&bytes).is_ok_and(|header| is_head(&header));
        if named {
            self.start = Start::Skipping(at);
            return self.push(bytes);
        }
        match &mut self.reading {
            Some(reading) if reading.is_seekable() && self.cutter.position() < at => {
                reading.seek(at)?;
                self.cutter.seek(at);
                self.start = Start::First(at);
                Ok(Advance::More)
            }
            _ => self.skip_to(bytes, at),
        }
    }

    fn skip_to(&mut self, bytes: Bytes, at: u64) -> Result<Advance, SourceError> {
        let own = self.cutter.positions() == PositionMeaning::OwnLog;
        if self.cutter.position() < at {
            self.start = Start::Skipping(at);
            self.cutter.skip(&bytes)?;
            return Ok(Advance::More);
        }
        if own && self.cutter.position() > at {
            return Err(self.no_event_at(at));
        }
        self.start = Start::Done;
        self.push(bytes)
    }

    /// The first event after a jump must say where it ends, and have a fitting checksum.
    fn first(&mut self, bytes: Bytes, at: u64) -> Result<Advance, SourceError> {
        let header = EventHeader::decode(&bytes).map_err(|_| self.no_event_at(at))?;
        let end = at.wrapping_add(u64::from(header.event_size)) as u32;
        if header.log_pos != end && header.log_pos != 0 {
            return Err(self.no_event_at(at));
        }
        self.start = Start::Done;
        self.push(bytes).map_err(|error| match error {
            SourceError::Event(_) => self.no_event_at(at),
            other => other,
        })
    }

    fn no_event_at(&self, position: u64) -> SourceError {
        SourceError::StartPosition {
            file: Arc::clone(self.cutter.file()),
            position,
        }
    }

    fn end_of_log(&mut self, ending: Ending) -> Result<Advance, SourceError> {
        let follows = self.options.follow && self.logs.is_empty();
        let next = match &self.reading {
            Some(Reading { path: Some(path), .. }) if follows => successor(path),
            _ => None,
        };
        if let Some(next) = next {
            if !std::mem::replace(&mut self.rotated, true) {
                return Ok(Advance::More);
            }
            self.logs.push_back(Input::Path(next));
        } else if follows && self.reading.as_ref().is_some_and(Reading::is_seekable) {
            return Ok(Advance::Nothing);
        }
        self.start_was_reached()?;
        if ending.have > 0 || ending.torn {
            return Err(self.truncated(ending));
        }
        self.reading = None;
        Ok(Advance::More)
    }

    /// The first log ends: its end is the last place where the start may be.
    fn start_was_reached(&mut self) -> Result<(), SourceError> {
        match std::mem::replace(&mut self.start, Start::Done) {
            Start::First(at) => Err(self.no_event_at(at)),
            Start::Before(at) | Start::Described(at) | Start::Skipping(at) if self.cutter.position() != at => {
                Err(self.no_event_at(at))
            }
            _ => Ok(()),
        }
    }

    fn too_large(&self, header: &EventHeader) -> SourceError {
        if let Start::First(at) = self.start {
            return self.no_event_at(at);
        }
        let error = FieldError::Invalid {
            field: "event size",
            value: u64::from(header.event_size),
            why: "is larger than any event",
        };
        let error = EventError {
            event_type: Some(header.event_type),
            event_offset: self.cutter.position(),
            field_offset: 9,
            error,
        };
        error.in_file(self.cutter.file()).into()
    }

    fn truncated(&self, ending: Ending) -> SourceError {
        let Ending { need, have, .. } = ending;
        SourceError::Truncated {
            file: Arc::clone(self.cutter.file()),
            position: self.cutter.position(),
            need,
            have,
        }
    }

    /// Closes the open chunk where the source pauses; else waits, where nothing else did.
    fn pause(&mut self) -> Next {
        if let Some(chunk) = self.cutter.flush_whole() {
            self.pace.flushed();
            return Next::Chunk(chunk);
        }
        if self.reading.as_ref().is_some_and(Reading::is_seekable) && !self.pace.take_flushed() {
            thread::sleep(self.options.poll);
        }
        Next::Idle
    }

    /// What stands before an error comes before it.
    fn fail(&mut self, error: SourceError) -> Result<Next, SourceError> {
        if let Some(chunk) = self.cutter.flush() {
            self.failed = Some(error);
            return Ok(Next::Chunk(chunk));
        }
        self.ended = true;
        Err(error)
    }

    fn end(&mut self) -> Next {
        self.ended = true;
        self.reading = None;
        self.cutter.flush().map_or(Next::End, Next::Chunk)
    }
}

impl Source for FileSource {
    fn next(&mut self) -> Result<Next, SourceError> {
        if let Some(error) = self.failed.take() {
            return self.fail(error);
        }
        while !self.ended {
            match self.step() {
                Ok(Advance::Chunk(chunk)) => return Ok(Next::Chunk(chunk)),
                Ok(Advance::More) => {}
                Ok(Advance::Nothing) => return Ok(self.pause()),
                Ok(Advance::End) => return Ok(self.end()),
                Err(error) => return self.fail(error),
            }
        }
        Ok(Next::End)
    }
}

/// Whether an event stands at the head of a log: it has no position of its own in it.
pub(crate) fn is_head(header: &EventHeader) -> bool {
    header.event_type == EventType::FORMAT_DESCRIPTION
        || header.event_type == EventType::ROTATE && header.is_artificial()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;
    use std::path::Path;

    use super::*;
    use crate::testing::{Log, query, rotate};

    fn read(paths: &[&Path], options: FileOptions) -> Result<Vec<Chunk>, SourceError> {
        let inputs: Vec<_> = paths.iter().map(|path| Input::Path(path.to_path_buf())).collect();
        let mut source = FileSource::open(&inputs, options)?;
        let mut chunks = Vec::new();
        loop {
            match source.next()? {
                Next::Chunk(chunk) => chunks.push(chunk),
                Next::Idle => panic!("idle"),
                Next::End => return Ok(chunks),
            }
        }
    }

    fn read_bytes(bytes: &[u8], options: FileOptions) -> Result<Vec<u8>, SourceError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("b.000001");
        fs::write(&path, bytes).unwrap();
        read(&[&path], options).map(|chunks| joined(&chunks))
    }

    fn joined(chunks: &[Chunk]) -> Vec<u8> {
        let runs = chunks.iter().flat_map(|chunk| &chunk.runs);
        runs.flat_map(|run| run.bytes.to_vec()).collect()
    }

    #[test]
    fn packed_logs_are_the_same() {
        let log = Log::new().with_transactions(50);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&log.bytes).unwrap();
        let gzip = gzip.finish().unwrap();
        let zstd = zstd::encode_all(&*log.bytes, 1).unwrap();
        for bytes in [&log.bytes, &gzip, &zstd] {
            assert_eq!(read_bytes(bytes, FileOptions::default()).unwrap(), log.bytes[4..]);
        }
        for bytes in [&gzip, &zstd] {
            let error = read_bytes(&bytes[..bytes.len() / 2], FileOptions::default()).unwrap_err();
            assert!(matches!(error, SourceError::Truncated { .. }), "{error}");
        }
    }

    #[test]
    fn cut_off_anywhere_is_an_error() {
        let log = Log::new().with_transactions(2);
        let mut ends = vec![];
        let mut at = 4;
        for event in &log.events {
            at += event.len();
            ends.push(at);
        }
        for len in 0..=log.bytes.len() {
            let result = read_bytes(&log.bytes[..len], FileOptions::default());
            match (len, result) {
                (0, Err(SourceError::NotALog { .. })) => {}
                (4, Ok(bytes)) if bytes.is_empty() => {}
                (_, Ok(bytes)) if ends.contains(&len) => assert_eq!(bytes, log.bytes[4..len]),
                (_, Err(SourceError::Truncated { have, .. })) if !ends.contains(&len) => assert!(have > 0),
                (len, result) => panic!("{len}: {result:?}"),
            }
        }
    }

    #[test]
    fn any_changed_byte_is_an_error() {
        let log = Log::new().with_transactions(1);
        // A changed version text may be that of a server without checksums.
        let version = 25..31;
        for at in (0..log.bytes.len()).filter(|at| !version.contains(at)) {
            let mut bytes = log.bytes.clone();
            bytes[at] ^= 0x40;
            assert!(read_bytes(&bytes, FileOptions::default()).is_err(), "byte {at}");
        }
    }

    #[test]
    fn what_is_no_log_is_told() {
        let check = |bytes: &[u8], expected: &str, hint: Option<&str>| {
            let error = read_bytes(bytes, FileOptions::default()).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("b.000001: not a binary log: it begins with {expected}")
            );
            let found = error.hint().unwrap_or_default();
            assert!(hint.map_or(found.is_empty(), |hint| found.contains(hint)), "{found}");
        };
        check(b"", "nothing", Some("empty"));
        check(b"\xfd7zXZ\0", "fd 37 7a 58 5a 00 (.7zXZ.)", Some("xz"));
        check(b"\xfe\xfe\x0d\x01", "fe fe 0d 01 (....)", Some(".ibb"));
        check(b"-- SQL dump", "2d 2d 20 53 51 4c 20 64 (--.SQL.d)", None);
    }

    #[test]
    fn positions_bound_what_is_read() {
        let log = Log::new().with_transactions(3);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("b.000001");
        fs::write(&path, &log.bytes).unwrap();
        let end = |count: usize| 4 + log.events[..count].iter().map(Vec::len).sum::<usize>();
        let between = |start: usize, stop: usize| {
            let (start_position, stop_position) = (Some(start as u64), Some(stop as u64));
            read(
                &[&path],
                FileOptions {
                    start_position,
                    stop_position,
                    ..FileOptions::default()
                },
            )
        };
        let expected = [&log.events[0], &log.bytes[end(5)..end(9)]].concat();
        assert_eq!(joined(&between(end(5), end(9)).unwrap()), expected);
        assert_eq!(joined(&between(end(5), end(9) - 1).unwrap()), expected);
        assert_eq!(joined(&between(4, 4).unwrap()), log.events[0]);
        assert!(matches!(
            between(end(5) + 1, end(9)),
            Err(SourceError::StartPosition { .. })
        ));
        let chunks = between(end(5), end(9)).unwrap();
        assert_eq!(chunks[0].runs[1].offset, end(5) as u64);
    }

    #[test]
    fn several_logs_and_concatenated_ones_are_one_stream() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (Log::new().with_transactions(1), Log::new().with_transactions(2));
        let paths = ["b.000001", "b.000002", "both"].map(|name| folder.path().join(name));
        fs::write(&paths[0], &one.bytes).unwrap();
        fs::write(&paths[1], &two.bytes).unwrap();
        fs::write(&paths[2], [&*one.bytes, &*two.bytes].concat()).unwrap();
        let expected = [&one.bytes[4..], &two.bytes[4..]].concat();
        let chunks = read(&[&paths[0], &paths[1]], FileOptions::default()).unwrap();
        assert_eq!(joined(&chunks), expected);
        assert_eq!([&*chunks[0].file, &*chunks[1].file], ["b.000001", "b.000002"]);
        let chunks = read(&[&paths[2]], FileOptions::default()).unwrap();
        assert_eq!(joined(&chunks), expected);
        assert_eq!(
            (chunks[0].end, chunks[1].end),
            (one.bytes.len() as u64, two.bytes.len() as u64)
        );
    }

    #[test]
    fn a_stream_in_a_file_has_its_sources_positions() {
        let log = Log::new();
        let size = query("x").len() as u64;
        let mut bytes = [&*log.bytes, &rotate("src.000009", 700), &query("x"), &query("y")].concat();
        bytes.extend([&*log.events[0], &rotate("src.000010", 4), &query("z")].concat());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stream");
        fs::write(&path, &bytes).unwrap();
        let chunks = read(&[&path], FileOptions::default()).unwrap();
        assert_eq!(joined(&chunks), bytes[4..]);
        let brief: Vec<_> = chunks
            .iter()
            .map(|chunk| (&*chunk.file, chunk.entries().count(), chunk.end))
            .collect();
        assert_eq!(brief, [("src.000009", 4, 700 + 2 * size), ("src.000010", 3, 4 + size)]);
        let options = FileOptions {
            start_position: Some(700 + size),
            ..FileOptions::default()
        };
        assert_eq!(read(&[&path], options).unwrap()[0].entries().count(), 3);
    }

    #[test]
    fn what_stands_before_damage_comes() {
        let log = Log::new().with_transactions(3);
        let mut bytes = log.bytes.clone();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("b.000001");
        for damaged in [&bytes[..], &log.bytes[..last]] {
            fs::write(&path, damaged).unwrap();
            let mut source = FileSource::open(&[Input::Path(path.clone())], FileOptions::default()).unwrap();
            let Next::Chunk(chunk) = source.next().unwrap() else {
                panic!("no chunk");
            };
            assert_eq!(chunk.entries().count(), log.events.len() - 1);
            assert!(chunk.unfinished);
            source.next().unwrap_err();
            assert!(matches!(source.next(), Ok(Next::End)));
        }
    }

    #[test]
    fn a_followed_log_grows_and_rotates() {
        let log = Log::new().with_transactions(2);
        let folder = tempfile::tempdir().unwrap();
        let (first, second) = (folder.path().join("b.000001"), folder.path().join("b.000002"));
        let half = log.bytes.len() - 10;
        fs::write(&first, &log.bytes[..half]).unwrap();
        let poll = std::time::Duration::from_millis(1);
        let options = FileOptions {
            follow: true,
            poll,
            ..FileOptions::default()
        };
        let mut source = FileSource::open(&[Input::Path(first.clone())], options).unwrap();
        let mut found = Vec::new();
        let mut take = |source: &mut FileSource, len: usize| {
            while found.len() < len {
                if let Next::Chunk(chunk) = source.next().unwrap() {
                    found.extend(joined(&[chunk]));
                }
            }
            assert!(matches!(source.next().unwrap(), Next::Idle));
            assert_eq!(found.len(), len);
        };
        let whole = |events: usize| log.events[..events].iter().map(Vec::len).sum::<usize>();
        take(&mut source, whole(5));
        fs::write(&first, &log.bytes).unwrap();
        take(&mut source, whole(9));
        fs::write(&second, &log.bytes).unwrap();
        take(&mut source, 2 * whole(9));
    }
}
