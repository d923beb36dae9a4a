//! Events that were compressed are compressed again.

use std::sync::Arc;

use binlog_parser::event::GtidEvent;
use binlog_parser::{
    Chunk, EventError, EventType, ExpandLimits, Expansion, FieldError, HEADER_LEN, PayloadBuilder, RawEvent, Run, Step,
    TransactionTracker, compressed,
};
use bytes::Bytes;

use crate::error::WriteError;

/// Compressed bytes of a transaction that are held at most. A larger one is written plain.
const MOST_HELD: usize = 64 << 20;

/// Compresses what a chunk's runs say was compressed: a transaction's events together for MySQL, each by itself for MariaDB.
#[derive(Debug)]
pub(crate) struct Packer {
    /// Compressed bytes of a transaction that are held.
    most_held: usize,
    tracker: TransactionTracker,
    /// A GTID, and the events behind it that are to be a payload.
    held: Option<Box<Held>>,
}

#[derive(Debug)]
struct Held {
    /// The chunk that it came with, without its events.
    of: Chunk,
    gtid: Run,
    payload: Option<PayloadBuilder>,
    /// The transaction is too large, or not all of it was compressed.
    stays_plain: bool,
}

impl Default for Packer {
    fn default() -> Self {
        Self {
            most_held: MOST_HELD,
            tracker: TransactionTracker::default(),
            held: None,
        }
    }
}

impl Packer {
    /// The chunk as it is to be written; `None` if as it is. A transaction that it leaves open comes with a later one.
    pub(crate) fn pack(&mut self, chunk: &Chunk) -> Result<Option<Chunk>, WriteError> {
        let is_packed = chunk.runs.iter().any(|run| run.packed);
        if !is_packed && self.held.is_none() && !ends_with_gtid(chunk)? {
            return Ok(None);
        }
        let mut runs = Vec::new();
        let mut entries = chunk.entries();
        while let Some((raw, run)) = entries.advance_with_run() {
            let place = |error| WriteError::from(chunk.place(raw.error(HEADER_LEN, error)));
            let step = self.tracker.step_raw(&raw);
            if is_mysql_gtid(raw.header.event_type) {
                self.release(&mut runs)?;
                self.held = Some(Box::new(Held::new(chunk, run.only(&raw))));
            } else if !run.packed {
                self.release(&mut runs)?;
                runs.push(run.only(&raw));
            } else if let Some(held) = &mut self.held {
                held.push(&raw, run, self.most_held, &mut runs).map_err(place)?;
                if matches!(step, Step::End | Step::Only) {
                    self.release(&mut runs)?;
                }
            } else {
                let bytes = compressed(&raw).map_err(place)?;
                runs.push(bytes.map_or_else(|| run.only(&raw), |bytes| plain(bytes, run.offset)));
            }
        }
        match entries.error() {
            Some(error) => Err(chunk.place(error).into()),
            None => Ok(Some(Chunk {
                runs,
                ..without_events(chunk)
            })),
        }
    }

    /// What is held at the end.
    pub(crate) fn finish(&mut self) -> Result<Option<Chunk>, WriteError> {
        let Some(of) = self.held.as_ref().map(|held| held.of.clone()) else {
            return Ok(None);
        };
        let mut runs = Vec::new();
        self.release(&mut runs)?;
        Ok(Some(Chunk { runs, ..of }))
    }

    /// Puts out what is held: the GTID with the length of the transaction as it is now, and its payload.
    fn release(&mut self, runs: &mut Vec<Run>) -> Result<(), WriteError> {
        let Some(held) = self.held.take() else { return Ok(()) };
        let of = held.of.clone();
        held.release(runs).map_err(|error| of.place(error).into())
    }
}

impl Held {
    fn new(chunk: &Chunk, gtid: Run) -> Self {
        Self {
            of: without_events(chunk),
            gtid,
            payload: None,
            stays_plain: false,
        }
    }

    fn push(&mut self, raw: &RawEvent<'_>, run: &Run, most: usize, runs: &mut Vec<Run>) -> Result<(), FieldError> {
        if self.stays_plain {
            runs.push(plain(run.only(raw).bytes, run.offset));
            return Ok(());
        }
        let payload = match self.payload.take() {
            Some(payload) => payload,
            None => PayloadBuilder::new(raw)?,
        };
        let payload = self.payload.insert(payload);
        payload.push(raw)?;
        if payload.held() > most {
            self.give_up(runs)?;
        }
        Ok(())
    }

    /// Puts out, plain, what was compressed so far.
    fn give_up(&mut self, runs: &mut Vec<Run>) -> Result<(), FieldError> {
        self.stays_plain = true;
        runs.push(self.gtid.clone());
        let Some(payload) = self.payload.take() else {
            return Ok(());
        };
        let event = payload.finish()?;
        let read = |error: EventError| error.error;
        let raw = RawEvent::first(&event, self.gtid.offset, &self.of.format).map_err(read)?;
        let Some(mut expansion) = Expansion::new(&raw, &event, ExpandLimits::default()).map_err(read)? else {
            return Ok(());
        };
        let mut plain_event = Vec::new();
        while expansion.next_into(&mut plain_event).map_err(read)? {
            runs.push(plain(std::mem::take(&mut plain_event), self.gtid.offset));
        }
        Ok(())
    }

    fn release(self, runs: &mut Vec<Run>) -> Result<(), EventError> {
        if self.stays_plain {
            return Ok(());
        }
        let raw = RawEvent::first(&self.gtid.bytes, self.gtid.offset, &self.of.format)?;
        let at = |error| raw.error(HEADER_LEN, error);
        let Some(payload) = self.payload else {
            runs.push(self.gtid.clone());
            return Ok(());
        };
        let event = payload.finish().map_err(at)?;
        let measured = GtidEvent::measured(&raw, event.len() as u64).map_err(at)?;
        let gtid = measured.map_or_else(|| self.gtid.clone(), |bytes| plain(bytes, self.gtid.offset));
        runs.extend([gtid, plain(event, self.gtid.offset)]);
        Ok(())
    }
}

fn plain(bytes: impl Into<Bytes>, offset: u64) -> Run {
    Run {
        bytes: bytes.into(),
        offset,
        packed: false,
    }
}

fn without_events(chunk: &Chunk) -> Chunk {
    Chunk {
        file: Arc::clone(&chunk.file),
        format: Arc::clone(&chunk.format),
        open_tables: Vec::new(),
        runs: Vec::new(),
        ..*chunk
    }
}

/// Whether a transaction begins with the chunk's last event, so that its payload comes with the next chunk.
fn ends_with_gtid(chunk: &Chunk) -> Result<bool, WriteError> {
    // A GTID is small: a longer run has other events at its end.
    const GTID_ALONE: usize = 1 << 10;
    let Some(run) = chunk
        .runs
        .last()
        .filter(|run| chunk.unfinished && run.bytes.len() < GTID_ALONE)
    else {
        return Ok(false);
    };
    let raw = RawEvent::first(&run.bytes, run.offset, &chunk.format).map_err(|error| chunk.place(error))?;
    Ok(is_mysql_gtid(raw.header.event_type) && raw.bytes().len() == run.bytes.len())
}

fn is_mysql_gtid(event_type: EventType) -> bool {
    matches!(
        event_type,
        EventType::GTID | EventType::ANONYMOUS_GTID | EventType::GTID_TAGGED
    )
}

#[cfg(test)]
mod tests {
    use binlog_parser::{ChecksumAlgorithm, EventHeader, FormatDescription, PositionMeaning, put_event};

    use super::*;

    fn event(event_type: EventType, body: &[u8]) -> Vec<u8> {
        let header = EventHeader {
            timestamp: 1,
            event_type,
            server_id: 1,
            event_size: 0,
            log_pos: 900,
            flags: binlog_parser::EventFlags::default(),
        };
        let mut bytes = Vec::new();
        put_event(&mut bytes, &header, body, ChecksumAlgorithm::Crc32).unwrap();
        bytes
    }

    /// A transaction that was compressed, of which the last event may be missing.
    fn transaction(ends: bool) -> (Chunk, Vec<Vec<u8>>) {
        let gtid = GtidEvent {
            immediate_commit_timestamp: Some(1),
            original_commit_timestamp: Some(1),
            transaction_length: Some(0),
            ..GtidEvent::default()
        };
        let mut body = Vec::new();
        gtid.encode(&mut body, EventType::ANONYMOUS_GTID).unwrap();
        let query = |sql: &[u8]| [&[0; 13], b"\0".as_slice(), sql].concat();
        // What can hardly be compressed.
        let noise: Vec<u8> = (0..300_000_u64)
            .map(|n| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 29) as u8)
            .collect();
        let mut inside = vec![
            event(EventType::QUERY, &query(b"BEGIN")),
            event(EventType::QUERY, &query(&noise)),
            event(EventType::QUERY, &query(b"INSERT INTO t VALUES (1)")),
        ];
        if ends {
            inside.push(event(EventType::XID, &[0; 8]));
        }
        let mut runs = vec![plain(event(EventType::ANONYMOUS_GTID, &body), 100)];
        runs.extend(inside.iter().map(|bytes| Run {
            packed: true,
            ..plain(bytes.clone(), 180)
        }));
        let format = FormatDescription {
            checksum: ChecksumAlgorithm::Crc32,
            ..FormatDescription::default()
        };
        let chunk = Chunk {
            file: "x".into(),
            positions: PositionMeaning::OwnLog,
            format: Arc::new(format),
            open_tables: Vec::new(),
            runs,
            end: 900,
            continues: false,
            unfinished: !ends,
        };
        (chunk, inside)
    }

    fn bytes(chunk: &Chunk) -> Vec<Vec<u8>> {
        chunk.runs.iter().map(|run| run.bytes.to_vec()).collect()
    }

    #[test]
    fn a_transaction_becomes_a_payload() {
        let (chunk, inside) = transaction(true);
        let packed = Packer::default().pack(&chunk).unwrap().unwrap();
        let [gtid, payload] = bytes(&packed).try_into().unwrap();
        let raw = RawEvent::first(&payload, 180, &chunk.format).unwrap();
        assert_eq!(raw.header.event_type, EventType::TRANSACTION_PAYLOAD);
        let mut expansion = Expansion::new(&raw, &payload, ExpandLimits::default())
            .unwrap()
            .unwrap();
        let mut all = Vec::new();
        while expansion.next_into(&mut all).unwrap() {}
        assert_eq!(all, inside.concat());
        let raw = RawEvent::first(&gtid, 100, &chunk.format).unwrap();
        let length = GtidEvent::decode(raw.body(), true).unwrap().transaction_length;
        assert_eq!(length, Some((gtid.len() + payload.len()) as u64));
    }

    #[test]
    fn a_large_transaction_stays_plain() {
        let (chunk, inside) = transaction(true);
        let mut packer = Packer {
            most_held: 1000,
            ..Packer::default()
        };
        let written = packer.pack(&chunk).unwrap().unwrap();
        assert_eq!(bytes(&written)[1..], inside);
        assert!(packer.finish().unwrap().is_none());
    }

    #[test]
    fn an_open_transaction_waits_for_its_end() {
        let (chunk, inside) = transaction(false);
        let mut packer = Packer::default();
        assert!(packer.pack(&chunk).unwrap().unwrap().runs.is_empty());
        let end = Chunk {
            runs: vec![Run {
                packed: true,
                ..plain(event(EventType::XID, &[0; 8]), 180)
            }],
            continues: true,
            unfinished: false,
            ..chunk.clone()
        };
        assert_eq!(packer.pack(&end).unwrap().unwrap().runs.len(), 2);
        // At the end of all comes what there is.
        packer.pack(&chunk).unwrap();
        let rest = packer.finish().unwrap().unwrap();
        assert_eq!(rest.runs.len(), 2);
        assert_eq!(inside.len(), 3);
    }

    #[test]
    fn plain_chunks_stay() {
        let (mut chunk, _) = transaction(true);
        chunk.runs.iter_mut().for_each(|run| run.packed = false);
        assert!(Packer::default().pack(&chunk).unwrap().is_none());
    }
}
