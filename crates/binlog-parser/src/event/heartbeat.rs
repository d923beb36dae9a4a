//! HEARTBEAT and HEARTBEAT_V2: the source is alive and has nothing to send.

use crate::error::FieldError;
use crate::event::tlv::{self, TlvField};
use crate::header::EventType;
use crate::reader::Reader;

/// How far the source has read its log. It stands in streams only.
///
/// Sources: `Heartbeat_event` and `codecs::binary::Heartbeat` of MySQL; `send_heartbeat_event` of MariaDB.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heartbeat<'a> {
    /// Name of the source's log.
    pub file: &'a [u8],
    /// Position in that log; `None` where the header's `log_pos` is it.
    pub position: Option<u64>,
    /// Fields of a later server (HEARTBEAT_V2 only).
    pub unknown: Vec<TlvField<'a>>,
}

const FILE: u64 = 1;
const POSITION: u64 = 2;

impl<'a> Heartbeat<'a> {
    /// Reads the body of a HEARTBEAT. `has_position` is the form of MariaDB where the header's `log_pos` is 0: the
    /// position, of 4 GB or more, stands before the name.
    pub fn decode(body: &'a [u8], has_position: bool) -> Result<Self, FieldError> {
        let mut reader = Reader::new(body);
        Ok(Self {
            position: has_position.then(|| reader.u64("position")).transpose()?,
            file: reader.take_rest(),
            unknown: Vec::new(),
        })
    }

    /// Reads the body of a HEARTBEAT_V2 (MySQL 8.0.26 on).
    pub fn decode_v2(body: &'a [u8]) -> Result<Self, FieldError> {
        let mut reader = Reader::new(body);
        let file = tlv::read_bytes(&mut reader, FILE, "log name")?;
        let position = tlv::read_integer(&mut reader, POSITION, "log position")?;
        let unknown = tlv::read_unknown(&mut reader, POSITION)?;
        reader.finish("end mark")?;
        Ok(Self {
            file,
            position: Some(position),
            unknown,
        })
    }

    /// Appends the body, in the layout of `event_type`. A HEARTBEAT_V2 without a position gets position 0.
    pub fn encode(&self, event_type: EventType, out: &mut Vec<u8>) {
        if event_type == EventType::HEARTBEAT_V2 {
            tlv::put_bytes(out, FILE, self.file);
            tlv::put_integer(out, POSITION, self.position.unwrap_or_default());
            tlv::put_unknown(out, &self.unknown);
        } else {
            out.extend(self.position.iter().flat_map(|position| position.to_le_bytes()));
            out.extend(self.file);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(heartbeat: &Heartbeat<'_>, event_type: EventType, body: &[u8], file: &str, position: Option<u64>) {
        assert_eq!((heartbeat.file, heartbeat.position), (file.as_bytes(), position));
        let mut again = Vec::new();
        heartbeat.encode(event_type, &mut again);
        assert_eq!(again, body);
    }

    #[test]
    fn both_ways() {
        let short = b"binlog.000001";
        let plain = Heartbeat::decode(short, false).unwrap();
        check(&plain, EventType::HEARTBEAT, short, "binlog.000001", None);
        let long = b"\x04\0\0\0\x01\0\0\0log.2";
        let large = Heartbeat::decode(long, true).unwrap();
        check(&large, EventType::HEARTBEAT, long, "log.2", Some(0x1_0000_0004));
        // As MySQL 9.7 writes it.
        let real = b"\x01\x0dbinlog.000001\x02\x01\x9e\0";
        let heartbeat = Heartbeat::decode_v2(real).unwrap();
        check(&heartbeat, EventType::HEARTBEAT_V2, real, "binlog.000001", Some(158));
        let fields = b"\x01\x05log.1\x02\x03\xfc\x2c\x01\x07\x01!\0";
        let second = Heartbeat::decode_v2(fields).unwrap();
        check(&second, EventType::HEARTBEAT_V2, fields, "log.1", Some(300));
        assert_eq!(second.unknown, [TlvField { code: 7, value: b"!" }]);
        for len in 0..fields.len() {
            assert!(Heartbeat::decode_v2(&fields[..len]).is_err(), "{len}");
        }
    }
}
