//! What stands at the head of a log.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use binlog_parser::gtid::{GtidSet, MariaDbGtidList};
use binlog_parser::{Decoder, Event, EventFlags, EventHeader, EventType, MAGIC_LEN, RawEvent};

use crate::file::{Frame, Reading};
use crate::keys::Keys;

/// Bytes that a head may have: a list of GTIDs with more than 100,000 gaps is not looked at.
const HEAD_LIMIT: usize = 2 << 20;

/// Events before the first transaction: format description, START_ENCRYPTION, GTID_LIST, BINLOG_CHECKPOINT.
const EVENTS: usize = 5;

/// The head of a log that a server wrote.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub(super) server_id: u32,
    /// When the statement began in which the log was.
    pub(super) begun: SystemTime,
    /// When the log's first transaction was committed on its server, if the log says so.
    pub(super) committed: Option<SystemTime>,
    /// The GTIDs of all logs before.
    pub(super) earlier: Option<Earlier>,
}

/// GTIDs of all logs before.
#[derive(Debug, Clone)]
pub(super) enum Earlier {
    MySql(GtidSet),
    /// The last sequence number by domain and server.
    MariaDb(BTreeMap<(u32, u32), u64>),
}

impl Head {
    /// Reads it, if the file is a log that a server wrote: no relay log, no stream.
    pub(super) fn read(log: &Path, keys: &Arc<Keys>) -> Option<Self> {
        if !fs::metadata(log).ok()?.is_file() {
            return None;
        }
        let mut reading = Reading::open_front(log, HEAD_LIMIT).ok()?.with_keys(keys);
        let (mut head, mut decoder, mut position) = (None, Decoder::default(), MAGIC_LEN);
        for _ in 0..EVENTS {
            let Ok(Frame::Event(bytes)) = reading.frame(Duration::ZERO) else {
                break;
            };
            let raw = RawEvent::first(&bytes, position, decoder.format()).ok()?;
            raw.verify_checksum().ok()?;
            let event = decoder.decode(&raw).ok()?;
            if raw.header.is_artificial() {
                return None;
            }
            match &mut head {
                None => head = Some(Self::of(&raw.header)?),
                Some(head) => {
                    if !head.take(&event) {
                        break;
                    }
                }
            }
            position = raw.end();
        }
        head
    }

    fn of(description: &EventHeader) -> Option<Self> {
        let own = description.event_type == EventType::FORMAT_DESCRIPTION
            && !description.flags.contains(EventFlags::RELAY_LOG)
            && description.timestamp != 0;
        own.then(|| Self {
            server_id: description.server_id,
            begun: UNIX_EPOCH + Duration::from_secs(description.timestamp.into()),
            committed: None,
            earlier: None,
        })
    }

    /// Takes in the next event. Returns whether the head goes on behind it.
    fn take(&mut self, event: &Event<'_>) -> bool {
        match event {
            Event::PreviousGtids(previous) => self.earlier = Some(Earlier::MySql(previous.gtids.clone())),
            Event::MariaDbGtidList(list) if list.flags == 0 => self.earlier = Some(listed(list)),
            Event::MariaDbStartEncryption(_) | Event::MariaDbBinlogCheckpoint { .. } => {}
            Event::Gtid(gtid) => {
                let committed = gtid.immediate_commit_timestamp;
                self.committed = committed.map(|time| UNIX_EPOCH + Duration::from_micros(time));
                return false;
            }
            _ => return false,
        }
        true
    }
}

fn listed(list: &MariaDbGtidList) -> Earlier {
    let entries = list.gtids.iter();
    Earlier::MariaDb(
        entries
            .map(|gtid| ((gtid.domain, gtid.server_id), gtid.sequence))
            .collect(),
    )
}
