//! Logs of version 1 (MySQL 3.23) and 3 (4.0 and 4.1), whose events are brought to version 4.
//!
//! Source: the constructors of `Log_event` and `Format_description_log_event` in the servers' `log_event` sources,
//! which do the same for each event that they read.

use binlog_parser::event::StartV3;
use binlog_parser::{EventFlags, EventHeader, EventType, FieldError, FormatDescription, HEADER_LEN, Reader};
use bytes::Bytes;

/// Length of a header of version 1: time, type, server id, event size.
const HEADER_LEN_V1: usize = 13;
/// The fixed parts of the bodies that are made here: those of MySQL 5.0, the first one with version 4.
const POST_HEADER_LENGTHS: [u8; 18] = [56, 13, 0, 8, 0, 18, 0, 4, 4, 4, 4, 18, 0, 0, 75, 0, 4, 26];

/// Which old version a log has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OldFormat {
    /// MySQL 3.23.
    V1,
    /// MySQL 4.0 and 4.1.
    V3,
}

impl OldFormat {
    /// The old version of a log with this first event, if it has one. Older servers begin a log
    /// with START_V3, and the versions differ by their header's length.
    pub(crate) fn begun_by(event: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(event);
        reader.take(4, "time").ok()?;
        let event_type = reader.u8("type").ok()?;
        reader.take(4, "server id").ok()?;
        let size = reader.u32("event size").ok()? as usize;
        match (EventType(event_type), size < HEADER_LEN + StartV3::LEN) {
            (EventType::START_V3, true) => Some(Self::V1),
            (EventType::START_V3, false) => Some(Self::V3),
            _ => None,
        }
    }

    /// Length of an event's header: that of the shortest event.
    pub(crate) fn header_len(self) -> usize {
        match self {
            Self::V1 => HEADER_LEN_V1,
            Self::V3 => HEADER_LEN,
        }
    }

    /// The event as version 4 has it. `end` is the position after it in its log.
    ///
    /// # Errors
    /// The body ends before what is added to it.
    pub(crate) fn renewed(self, event: &[u8], end: u64) -> Result<Bytes, FieldError> {
        let mut reader = Reader::new(event);
        let header = self.header(&mut reader, end)?;
        let mut out = vec![0; HEADER_LEN];
        let event_type = self.put_body(header.event_type, reader.take_rest(), &mut out)?;
        let event_size = u32::try_from(out.len()).unwrap_or(u32::MAX);
        let mut bytes = Vec::with_capacity(HEADER_LEN);
        EventHeader {
            event_type,
            event_size,
            ..header
        }
        .encode(&mut bytes);
        out.splice(..HEADER_LEN, bytes);
        Ok(out.into())
    }

    /// Version 3 stores where an event begins, and 0 in events that were made for a replica.
    fn header(self, reader: &mut Reader<'_>, end: u64) -> Result<EventHeader, FieldError> {
        let timestamp = reader.u32("time")?;
        let event_type = EventType(reader.u8("type")?);
        let server_id = reader.u32("server id")?;
        let event_size = reader.u32("event size")?;
        let (begin, flags) = match self {
            Self::V1 => (1, 0),
            Self::V3 => (reader.u32("position")?, reader.u16("flags")?),
        };
        Ok(EventHeader {
            timestamp,
            event_type,
            server_id,
            event_size,
            log_pos: if begin == 0 { 0 } else { end as u32 },
            flags: EventFlags(flags),
        })
    }

    fn put_body(self, event_type: EventType, body: &[u8], out: &mut Vec<u8>) -> Result<EventType, FieldError> {
        match (event_type, self) {
            (EventType::START_V3, _) => {
                described(&StartV3::decode(body)?).encode(out);
                return Ok(EventType::FORMAT_DESCRIPTION);
            }
            (EventType::QUERY, _) => {
                const NO_STATUS_VARIABLES: [u8; 2] = [0, 0];
                let mut reader = Reader::new(body);
                out.extend(reader.take(11, "fixed part of a statement")?);
                out.extend(NO_STATUS_VARIABLES);
                out.extend(reader.take_rest());
            }
            (EventType::ROTATE, Self::V1) => {
                out.extend(binlog_parser::MAGIC_LEN.to_le_bytes());
                out.extend(body);
            }
            _ => out.extend(body),
        }
        Ok(event_type)
    }
}

/// The format description in the place of a START_V3.
fn described(start: &StartV3<'_>) -> FormatDescription {
    let text = start.server_version.split(|byte| *byte == 0).next();
    FormatDescription {
        server_version: String::from_utf8_lossy(text.unwrap_or_default()).into_owned(),
        created: start.created,
        post_header_lengths: POST_HEADER_LENGTHS.to_vec(),
        ..FormatDescription::default()
    }
}
