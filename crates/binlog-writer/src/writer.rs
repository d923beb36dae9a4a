//! The writer of a log.

use std::io::Write;
use std::ops::Range;

use binlog_parser::{Chunk, EventHeader, EventType, MAGIC, PositionMeaning, RawEvent, Run};

use crate::error::WriteError;
use crate::pack::Packer;

/// Writes one log.
///
/// Events that stand together and stay as they are are written together, others by a call each: an output that is a file or
/// socket should be buffered.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    /// Bytes written so far.
    position: u64,
    /// Memory for an event that is changed.
    changed: Vec<u8>,
    packer: Packer,
}

impl<W: Write> Writer<W> {
    /// A writer of a log that begins at the front of `out`. Nothing is written before the first event.
    pub fn new(out: W) -> Self {
        Self {
            out,
            position: 0,
            changed: Vec::new(),
            packer: Packer::default(),
        }
    }

    /// Writes a chunk's events. Those that were expanded from compressed ones are compressed again.
    ///
    /// # Errors
    /// The output fails, an event has no valid header, or the first event of all is no format description.
    pub fn write(&mut self, chunk: &Chunk) -> Result<(), WriteError> {
        match self.packer.pack(chunk)? {
            Some(packed) => self.write_plain(&packed),
            None => self.write_plain(chunk),
        }
    }

    fn write_plain(&mut self, chunk: &Chunk) -> Result<(), WriteError> {
        let mut together = Together::default();
        let mut entries = chunk.entries();
        while let Some((raw, run)) = entries.advance_with_run() {
            if self.position == 0 {
                self.begin(chunk, &raw)?;
            }
            let end = self.position + (together.bytes().len() + raw.bytes().len()) as u64;
            let stays = chunk.positions == PositionMeaning::SourceLog
                || raw.header.log_pos == end as u32
                || has_no_position(&raw);
            if stays && together.takes(&raw, run) {
                continue;
            }
            self.put(together.bytes())?;
            together = match stays {
                true => Together::of(&raw, run),
                false => {
                    self.moved(&raw)?;
                    Together::default()
                }
            };
        }
        self.put(together.bytes())?;
        match entries.error() {
            Some(error) => Err(chunk.place(error).into()),
            None => Ok(()),
        }
    }

    /// Passes on what the output has buffered.
    ///
    /// # Errors
    /// The output fails.
    pub fn flush(&mut self) -> Result<(), WriteError> {
        Ok(self.out.flush()?)
    }

    /// Bytes written so far: the position after the last event.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Flushes and returns the output.
    ///
    /// # Errors
    /// The output fails.
    pub fn finish(mut self) -> Result<W, WriteError> {
        if let Some(rest) = self.packer.finish()? {
            self.write_plain(&rest)?;
        }
        self.out.flush()?;
        Ok(self.out)
    }

    fn begin(&mut self, chunk: &Chunk, first: &RawEvent<'_>) -> Result<(), WriteError> {
        if first.header.event_type != EventType::FORMAT_DESCRIPTION {
            let file = chunk.file.to_string();
            return Err(WriteError::NoFormatDescription { file });
        }
        self.put(&MAGIC)
    }

    /// Writes an event with the position that it now ends at. The header holds its low 32 bits.
    fn moved(&mut self, raw: &RawEvent<'_>) -> Result<(), WriteError> {
        let end = (self.position + raw.bytes().len() as u64) as u32;
        let mut changed = std::mem::take(&mut self.changed);
        changed.clear();
        EventHeader {
            log_pos: end,
            ..raw.header
        }
        .encode(&mut changed);
        changed.extend(raw.body());
        raw.checksum().append(&mut changed, 0);
        let result = self.put(&changed);
        self.changed = changed;
        result
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        self.out.write_all(bytes)?;
        self.position += bytes.len() as u64;
        Ok(())
    }
}

/// Events of a run, one behind another, that are written as they are.
#[derive(Default)]
struct Together<'c> {
    run: Option<&'c Run>,
    /// Of the run's bytes.
    range: Range<usize>,
}

impl<'c> Together<'c> {
    fn of(raw: &RawEvent<'c>, run: &'c Run) -> Self {
        let from = raw.bytes().as_ptr().addr().wrapping_sub(run.bytes.as_ptr().addr());
        Self {
            run: Some(run),
            range: from..from + raw.bytes().len(),
        }
    }

    fn bytes(&self) -> &'c [u8] {
        let bytes = self.run.map_or(&[][..], |run| &run.bytes);
        bytes.get(self.range.clone()).unwrap_or_default()
    }

    /// Takes the event, if it is the next one.
    fn takes(&mut self, raw: &RawEvent<'c>, run: &'c Run) -> bool {
        let next = Self::of(raw, run).range;
        let is_next = self.run.is_some_and(|last| std::ptr::eq(last, run)) && next.start == self.range.end;
        if is_next {
            self.range.end = next.end;
        }
        is_next
    }
}

/// Made for a stream, or inside of a transaction of MariaDB 11.4 on, where only the last event has a position.
fn has_no_position(raw: &RawEvent<'_>) -> bool {
    raw.header.log_pos == 0 || raw.header.is_artificial()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use binlog_parser::{ChecksumAlgorithm, EventFlags, FormatDescription, HEADER_LEN, Run};
    use bytes::Bytes;

    use super::*;

    fn event(event_type: EventType, flags: u16, log_pos: u32, body: &[u8], checksum: ChecksumAlgorithm) -> Bytes {
        let header = EventHeader {
            timestamp: 1,
            event_type,
            server_id: 1,
            event_size: (HEADER_LEN + body.len() + checksum.len()) as u32,
            log_pos,
            flags: EventFlags(flags),
        };
        let mut bytes = Vec::new();
        header.encode(&mut bytes);
        bytes.extend(body);
        checksum.append(&mut bytes, 0);
        bytes.into()
    }

    /// A log of a format description and events with bodies of these lengths.
    fn log(checksum: ChecksumAlgorithm, bodies: &[usize]) -> Chunk {
        let format = FormatDescription {
            server_version: "8.4.0".into(),
            checksum,
            ..FormatDescription::default()
        };
        let mut body = Vec::new();
        format.encode(&mut body);
        let mut runs = Vec::new();
        let mut end = 4;
        let mut add = |event_type, flags, body: &[u8], checksum: ChecksumAlgorithm| {
            let (offset, size) = (end, HEADER_LEN + body.len() + checksum.len());
            end += size as u64;
            runs.push(Run {
                bytes: event(event_type, flags, end as u32, body, checksum),
                offset,
                packed: false,
            });
        };
        add(
            EventType::FORMAT_DESCRIPTION,
            EventFlags::BINLOG_IN_USE.0,
            &body,
            ChecksumAlgorithm::Crc32,
        );
        for len in bodies {
            add(EventType::QUERY, 0, &vec![7; *len], checksum);
        }
        Chunk {
            file: "binlog.000001".into(),
            positions: PositionMeaning::OwnLog,
            format: Arc::new(format),
            runs,
            end,
            open_tables: Vec::new(),
            continues: false,
            unfinished: false,
        }
    }

    fn written(chunks: &[&Chunk]) -> Vec<u8> {
        let mut writer = Writer::new(Vec::new());
        for chunk in chunks {
            writer.write(chunk).unwrap();
        }
        let position = writer.position();
        let bytes = writer.finish().unwrap();
        assert_eq!(position, bytes.len() as u64);
        bytes
    }

    fn concatenated(chunk: &Chunk) -> Vec<u8> {
        let events = chunk.runs.iter().flat_map(|run| run.bytes.to_vec());
        MAGIC.into_iter().chain(events).collect()
    }

    /// Every event's position is where it ends, and its checksum is right.
    fn check_valid(bytes: &[u8], count: usize) {
        let mut format = FormatDescription::default();
        let mut at = MAGIC.len();
        for _ in 0..count {
            let raw = RawEvent::first(&bytes[at..], at as u64, &format).unwrap();
            raw.verify_checksum().unwrap();
            at += raw.bytes().len();
            assert_eq!(raw.header.log_pos as usize, at);
            if raw.header.event_type == EventType::FORMAT_DESCRIPTION {
                format = FormatDescription::decode(raw.body()).unwrap();
            }
        }
        assert_eq!(at, bytes.len());
    }

    #[test]
    fn whole_logs_are_the_same() {
        for checksum in [ChecksumAlgorithm::Crc32, ChecksumAlgorithm::None] {
            let chunk = log(checksum, &[10, 0, 300]);
            assert_eq!(written(&[&chunk]), concatenated(&chunk));
        }
    }

    #[test]
    fn positions_follow_what_was_left_out() {
        for checksum in [ChecksumAlgorithm::Crc32, ChecksumAlgorithm::None] {
            let mut chunk = log(checksum, &[10, 20, 30]);
            chunk.runs.remove(1);
            check_valid(&written(&[&chunk]), 3);
        }
    }

    #[test]
    fn several_logs_become_one() {
        let (first, second) = (
            log(ChecksumAlgorithm::Crc32, &[10]),
            log(ChecksumAlgorithm::None, &[20, 30]),
        );
        check_valid(&written(&[&first, &second]), 5);
    }

    #[test]
    fn positions_of_a_source_stay() {
        let mut chunk = log(ChecksumAlgorithm::Crc32, &[10, 20, 30]);
        chunk.positions = PositionMeaning::SourceLog;
        chunk.runs.remove(1);
        assert_eq!(written(&[&chunk]), concatenated(&chunk));
    }

    #[test]
    fn events_without_a_position_stay() {
        let mut chunk = log(ChecksumAlgorithm::Crc32, &[10]);
        let rotate = event(
            EventType::ROTATE,
            EventFlags::ARTIFICIAL.0,
            5,
            &[1],
            ChecksumAlgorithm::Crc32,
        );
        let inside = event(EventType::QUERY, 0, 0, &[1], ChecksumAlgorithm::Crc32);
        chunk.runs.extend([rotate, inside].map(|bytes| Run {
            bytes,
            offset: 0,
            packed: false,
        }));
        assert_eq!(written(&[&chunk]), concatenated(&chunk));
    }

    #[test]
    fn a_log_begins_with_its_format() {
        let mut chunk = log(ChecksumAlgorithm::Crc32, &[10]);
        chunk.runs.remove(0);
        let error = Writer::new(Vec::new()).write(&chunk).unwrap_err();
        assert!(matches!(error, WriteError::NoFormatDescription { .. }), "{error}");
        chunk.runs.clear();
        assert!(written(&[&chunk]).is_empty());
    }
}
