//! The source over a live server.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use binlog_parser::event::{Flavour, Heartbeat, Rotate};
use binlog_parser::{
    ChecksumAlgorithm, Chunk, Coordinates, EventFlags, EventHeader, EventType, FormatDescription, HEADER_LEN,
    MAGIC_LEN, RawEvent, put_event,
};
use bytes::Bytes;

use crate::cutter::Cutter;
use crate::error::{PURGED, SourceError};
use crate::live::identity::ServerIdentity;
use crate::live::options::LiveOptions;
use crate::live::request::ask;
use crate::live::stream::{Arrival, Events};
use crate::pace::Pace;
use crate::{Next, Source, StartAt};

/// Events of a live server. Each log begins with its format description, then the artificial ROTATE that
/// names it; positions are those of the server's logs. Heartbeats are not returned.
pub struct LiveSource {
    events: Events,
    identity: ServerIdentity,
    server: String,
    cutter: Cutter,
    pace: Pace,
    /// An artificial ROTATE that waits for the format description which is to stand before it.
    rotate: Option<Bytes>,
    end: Option<Coordinates>,
    /// See [`LiveOptions::statement_limit`].
    statement_limit: usize,
    /// Whether the first log must be the server's very first.
    from_first: bool,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Running,
    /// All that was wanted came; the open chunk is still to be returned.
    Reached,
    Ended,
}

/// The bits of a GTID_LIST's first field that count its entries; the others are flags.
const LIST_COUNT: u32 = 0x0fff_ffff;

impl LiveSource {
    /// Connects, looks whether the server can be a source, and asks for its log.
    ///
    /// # Errors
    /// The server cannot be reached, refuses the user, writes no log, or has not what is asked for. What it
    /// finds out later (logs that it purged, a server id in use) comes with the first [`Source::next`].
    pub fn connect(options: &LiveOptions) -> Result<Self, SourceError> {
        let asked = ask(options)?;
        tracing::debug!(server = %asked.server, version = %asked.identity.version, "asked for the log");
        let reached = match (&asked.start, &asked.end) {
            (Some(_), Some(_)) if options.start == StartAt::Current => true,
            (Some(start), Some(end)) => starts_at_end(start, end, &asked.server)?,
            _ => false,
        };
        Ok(Self {
            events: Events::of(asked.link, &asked.server)?,
            identity: asked.identity,
            server: asked.server,
            cutter: Cutter::new("".into(), options.cut()),
            pace: Pace::default(),
            rotate: None,
            end: asked.end,
            statement_limit: options.statement_limit,
            from_first: asked.from_first,
            state: if reached { State::Reached } else { State::Running },
        })
    }

    /// Who the server is.
    #[must_use]
    pub fn server(&self) -> &ServerIdentity {
        &self.identity
    }

    fn event(&mut self, bytes: Bytes) -> Result<Option<Next>, SourceError> {
        let header = EventHeader::decode(&bytes).map_err(|_| self.events.not_whole())?;
        if header.event_size as usize != bytes.len() {
            return Err(self.events.not_whole());
        }
        match header.event_type {
            EventType::HEARTBEAT | EventType::HEARTBEAT_V2 => {
                self.heartbeat(&header, &bytes);
                Ok(Some(self.pause()))
            }
            EventType::ROTATE if header.is_artificial() => {
                self.rotate = Some(bytes);
                Ok(None)
            }
            EventType::FORMAT_DESCRIPTION => self.head(bytes),
            EventType::MARIADB_GTID_LIST if self.from_first => self.first_list(bytes),
            _ => self.push(bytes),
        }
    }

    /// The format description of a log, and after it the name that the server sent before it.
    fn head(&mut self, bytes: Bytes) -> Result<Option<Next>, SourceError> {
        let rotate = self.rotate.take().map(|rotate| renewed(&rotate, &bytes));
        self.cutter.push(bytes);
        let before = self.cutter.next()?;
        if let Some(rotate) = rotate {
            self.cutter.push(rotate);
            self.cutter.next()?;
        }
        self.pace.is_due(&self.cutter, before.is_some());
        self.look_for_end();
        Ok(before.map(Next::Chunk))
    }

    /// MariaDB takes a replica without any GTID for one that wants what is there, and does not say that older logs
    /// were purged. The list at the head of the first log does.
    fn first_list(&mut self, bytes: Bytes) -> Result<Option<Next>, SourceError> {
        self.from_first = false;
        let count = bytes
            .get(HEADER_LEN..)
            .and_then(|body| body.first_chunk().copied())
            .map_or(0, u32::from_le_bytes);
        if count & LIST_COUNT != 0 {
            return Err(SourceError::NotASource {
                server: self.server.clone(),
                why: "its oldest log does not begin with its first transaction".to_owned(),
                hint: PURGED,
            });
        }
        self.push(bytes)
    }

    fn push(&mut self, bytes: Bytes) -> Result<Option<Next>, SourceError> {
        self.cutter.push(bytes);
        let mut chunk = self.cutter.next()?;
        if self.pace.is_due(&self.cutter, chunk.is_some()) {
            chunk = self.cutter.flush_whole();
        }
        self.look_for_end();
        Ok(chunk.map(Next::Chunk))
    }

    fn look_for_end(&mut self) {
        if let Some(end) = &self.end
            && compare(self.cutter.file(), self.cutter.position(), end) != Ordering::Less
        {
            self.state = State::Reached;
        }
    }

    /// A heartbeat tells how far the server has looked, also past transactions that it did not send.
    fn heartbeat(&mut self, header: &EventHeader, bytes: &[u8]) {
        let Some(end) = &self.end else { return };
        let sent = match **self.cutter.file() == *end.file {
            true => self.cutter.position(),
            false => MAGIC_LEN,
        };
        let heartbeat = decode_heartbeat(header, bytes, self.identity.flavour);
        let reached = heartbeat.is_some_and(|heartbeat| has_reached(&heartbeat, header.log_pos, sent, end));
        if reached && !self.cutter.is_open() {
            self.state = State::Reached;
        }
    }

    /// Closes the open chunk where the source pauses.
    fn pause(&mut self) -> Next {
        match self.closed_chunk() {
            Some(chunk) => Next::Chunk(chunk),
            None => {
                self.pace.take_flushed();
                Next::Idle
            }
        }
    }

    fn closed_chunk(&mut self) -> Option<Chunk> {
        let chunk = self.cutter.flush_whole();
        if chunk.is_some() {
            self.pace.flushed();
        }
        chunk
    }

    /// The next chunk of a compressed event.
    fn expanded(&mut self) -> Result<Option<Chunk>, SourceError> {
        self.cutter.next().inspect_err(|_| self.state = State::Ended)
    }

    fn wait(&mut self) -> Result<Option<Next>, SourceError> {
        match self.events.next(self.pace.patience(&self.cutter)) {
            Ok(Arrival::Event(bytes)) => self.event(bytes),
            Ok(Arrival::Nothing) => Ok(Some(self.pause())),
            Ok(Arrival::TooLarge) => Err(SourceError::StatementTooLarge {
                file: Arc::clone(self.cutter.file()),
                position: self.cutter.position(),
                limit: self.statement_limit,
            }),
            Err(error) => self.broken(error),
        }
    }

    /// Whole transactions that came before a broken link are still returned. The error comes with the next call: the
    /// thread is gone.
    fn broken(&mut self, error: SourceError) -> Result<Option<Next>, SourceError> {
        match self.closed_chunk() {
            Some(chunk) if error.is_transient() => Ok(Some(Next::Chunk(chunk))),
            _ => Err(error),
        }
    }
}

impl Source for LiveSource {
    fn next(&mut self) -> Result<Next, SourceError> {
        loop {
            if let Some(chunk) = self.expanded()? {
                return Ok(Next::Chunk(chunk));
            }
            match self.state {
                State::Running => {}
                State::Reached => {
                    self.state = State::Ended;
                    return Ok(self.cutter.flush().map_or(Next::End, Next::Chunk));
                }
                State::Ended => return Ok(Next::End),
            }
            match self.wait() {
                Ok(None) => {}
                Ok(Some(next)) => return Ok(next),
                Err(error) => {
                    self.state = State::Ended;
                    return Err(error);
                }
            }
        }
    }
}

impl fmt::Debug for LiveSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveSource")
            .field("server", &self.server)
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}

/// Whether there is nothing more to send. A start beyond the end is that of another history.
fn starts_at_end(start: &Coordinates, end: &Coordinates, server: &str) -> Result<bool, SourceError> {
    match compare(&start.file, start.position, end) {
        Ordering::Less => Ok(false),
        Ordering::Equal => Ok(true),
        Ordering::Greater => Err(SourceError::NotASource {
            server: server.to_owned(),
            why: format!("its log ends at {end}, before {start}, where the stream shall begin"),
            hint: "the source was reset or rebuilt: make the target a copy of it again, with a checkpoint of another name",
        }),
    }
}

fn decode_heartbeat<'b>(header: &EventHeader, bytes: &'b [u8], flavour: Flavour) -> Option<Heartbeat<'b>> {
    let body = bytes.get(HEADER_LEN..)?;
    let heartbeat = match header.event_type {
        EventType::HEARTBEAT_V2 => Heartbeat::decode_v2(body),
        _ => Heartbeat::decode(body, flavour == Flavour::MariaDb && header.log_pos == 0),
    };
    heartbeat.ok()
}

/// Whether a heartbeat says that the server has come to the end, having sent the last log up to `sent`. The name in it
/// may have a checksum behind it; its header holds the low half of a position at or after `sent`.
fn has_reached(heartbeat: &Heartbeat<'_>, log_pos: u32, sent: u64, end: &Coordinates) -> bool {
    let widened = || sent + u64::from(log_pos.wrapping_sub(sent as u32));
    let position = heartbeat.position.unwrap_or_else(widened);
    heartbeat.file.starts_with(end.file.as_bytes()) && position >= end.position
}

/// Compares a place with an end. Logs of one server are ordered by the number at the end of their names.
fn compare(file: &str, position: u64, end: &Coordinates) -> Ordering {
    let number = |name: &str| name.rsplit_once('.').and_then(|(_, digits)| digits.parse::<u64>().ok());
    number(file).cmp(&number(&end.file)).then(position.cmp(&end.position))
}

/// The ROTATE that names a log, with the checksum that this log's format description asks for: servers
/// send it before, with the checksum that is configured now.
fn renewed(rotate: &Bytes, description: &Bytes) -> Bytes {
    let Some(wanted) = checksum_of(description) else {
        return rotate.clone();
    };
    let has_checksum = ChecksumAlgorithm::Crc32.verify(rotate).is_ok();
    if has_checksum != wanted.is_empty() {
        return rotate.clone();
    }
    let body = rotate.get(HEADER_LEN..).unwrap_or_default();
    let body = if has_checksum {
        body.get(..body.len().saturating_sub(4)).unwrap_or_default()
    } else {
        body
    };
    rebuilt(rotate, body, wanted).unwrap_or_else(|| rotate.clone())
}

fn rebuilt(rotate: &[u8], body: &[u8], checksum: ChecksumAlgorithm) -> Option<Bytes> {
    let old = EventHeader::decode(rotate).ok()?;
    Rotate::decode(body).ok()?;
    let header = EventHeader {
        flags: EventFlags(old.flags.0 | EventFlags::ARTIFICIAL.0),
        ..old
    };
    let mut out = Vec::new();
    put_event(&mut out, &header, body, checksum).ok()?;
    Some(out.into())
}

fn checksum_of(description: &[u8]) -> Option<ChecksumAlgorithm> {
    let raw = RawEvent::first(description, 4, &FormatDescription::default()).ok()?;
    Some(FormatDescription::decode(raw.body()).ok()?.checksum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heartbeats_at_the_end() {
        const GIB4: u64 = 1 << 32;
        let check = |event_type, log_pos, body: &[u8], sent, end, expected| {
            let header = EventHeader {
                timestamp: 0,
                event_type,
                server_id: 1,
                event_size: 19 + body.len() as u32,
                log_pos,
                flags: EventFlags(0),
            };
            let end = Coordinates {
                file: "b.000002".into(),
                position: end,
            };
            let bytes = [&[0; HEADER_LEN], body].concat();
            let heartbeat = decode_heartbeat(&header, &bytes, Flavour::MariaDb);
            let found = heartbeat.is_some_and(|heartbeat| has_reached(&heartbeat, log_pos, sent, &end));
            assert_eq!(found, expected, "{log_pos}, {sent}, {end}");
        };
        let v1 = |log_pos, sent, end, expected| {
            check(
                EventType::HEARTBEAT,
                log_pos,
                b"b.000002\xa5\xa5\xa5\xa5",
                sent,
                end,
                expected,
            );
        };
        v1(200, 4, 200, true);
        v1(199, 4, 200, false);
        v1(200, GIB4 + 100, GIB4 + 200, true);
        v1(0xc000_0000, 0xb000_0000, GIB4 + 200, false);
        v1(200, 0xb000_0000, GIB4 + 200, true);
        check(EventType::HEARTBEAT, 200, b"b.000001", 4, 200, false);
        let long = b"\xc8\0\0\0\x01\0\0\0b.000002";
        check(EventType::HEARTBEAT, 0, long, 4, GIB4 + 200, true);
        check(EventType::HEARTBEAT, 0, long, 4, GIB4 + 201, false);
        let fields = b"\x01\x08b.000002\x02\x01\xc8\0";
        check(EventType::HEARTBEAT_V2, 0, fields, 4, 200, true);
        check(EventType::HEARTBEAT_V2, 0, fields, 4, 201, false);
        check(EventType::HEARTBEAT, 0, b"b", 4, 0, false);
    }
}
