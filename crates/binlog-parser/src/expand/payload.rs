//! The events of a TRANSACTION_PAYLOAD: whole events without checksums, one after the other.

use std::ops::Range;

use crate::checksum::ChecksumAlgorithm;
use crate::error::{EventError, FieldError};
use crate::event::TransactionPayload;
use crate::expand::ExpandLimits;
use crate::expand::plain::Plain;
use crate::header::{EventHeader, EventType, HEADER_LEN};
use crate::raw::RawEvent;

/// Bytes by which an event grows at first; then by as many as were read.
const STEP: usize = 64 << 10;

/// Reads the events of a payload.
#[derive(Debug)]
pub(super) struct PayloadEvents {
    header: EventHeader,
    offset: u64,
    checksum: ChecksumAlgorithm,
    /// Where the payload stands in the event.
    payload: Range<usize>,
    plain: Plain,
    /// Plain bytes that the payload says it holds.
    size: Option<u64>,
    /// Plain bytes read.
    made: u64,
    limit: usize,
}

impl PayloadEvents {
    pub(super) fn new(raw: &RawEvent<'_>, limits: ExpandLimits) -> Result<Self, EventError> {
        let fields = TransactionPayload::decode(raw.body()).map_err(|error| raw.error(HEADER_LEN, error))?;
        let end = HEADER_LEN + raw.body().len();
        let plain = Plain::new(fields.compression, limits.window_log_max);
        Ok(Self {
            header: raw.header,
            offset: raw.offset,
            checksum: raw.checksum(),
            payload: end - fields.payload.len()..end,
            plain: plain.map_err(|error| raw.error(HEADER_LEN, error))?,
            size: fields.uncompressed_size,
            made: 0,
            limit: limits.event,
        })
    }

    /// Appends the next event. `false` at the end.
    pub(super) fn next_into(&mut self, event: &[u8], out: &mut Vec<u8>) -> Result<bool, EventError> {
        let start = self.made;
        let payload = event.get(self.payload.clone()).unwrap_or_default();
        self.event(payload, out).map_err(|error| EventError {
            event_type: Some(self.header.event_type),
            event_offset: self.offset,
            field_offset: self.payload.start + self.plain.read(),
            error: FieldError::Expanded {
                offset: start,
                error: Box::new(error),
            },
        })
    }

    fn event(&mut self, payload: &[u8], out: &mut Vec<u8>) -> Result<bool, FieldError> {
        let from = out.len();
        let have = self.grow(payload, HEADER_LEN, out)?;
        if have == 0 {
            return self.end().map(|()| false);
        }
        let header = EventHeader::decode(out.get(from..).unwrap_or_default())?;
        let size = self.size_of(&header)?;
        let have = have + self.grow(payload, size - HEADER_LEN, out)?;
        if have < size {
            return Err(FieldError::Short {
                field: "event",
                need: size,
                have,
            });
        }
        let header = EventHeader {
            log_pos: self.header.log_pos,
            ..header
        };
        header.complete(self.checksum, from, out).map(|()| true)
    }

    fn size_of(&self, header: &EventHeader) -> Result<usize, FieldError> {
        let size = header.event_size as usize;
        let invalid = |field, value: u32, why| {
            let value = value.into();
            Err(FieldError::Invalid { field, value, why })
        };
        if size < HEADER_LEN {
            return invalid("event size", header.event_size, "is less than a header");
        }
        if size > self.limit {
            return invalid("event size", header.event_size, "is over the limit");
        }
        match may_stand_inside(header.event_type) {
            true => Ok(size),
            false => invalid("event type", header.event_type.0.into(), "stands in no payload"),
        }
    }

    /// Appends up to `len` plain bytes: fewer where the payload ends.
    fn grow(&mut self, payload: &[u8], len: usize, out: &mut Vec<u8>) -> Result<usize, FieldError> {
        let from = out.len();
        let mut have = 0;
        while have < len {
            let step = (len - have).min(STEP.max(have));
            let at = from + have;
            out.resize(at + step, 0);
            let got = self.plain.fill(payload, out.get_mut(at..).unwrap_or_default())?;
            out.truncate(at + got);
            have += got;
            self.made += got as u64;
            if let Some(size) = self.size.filter(|size| self.made > *size) {
                return Err(wrong_size(size, "is less than there is"));
            }
            if got < step {
                break;
            }
        }
        Ok(have)
    }

    fn end(&self) -> Result<(), FieldError> {
        match self.size {
            Some(size) if size != self.made => Err(wrong_size(size, "is more than there is")),
            _ => Ok(()),
        }
    }
}

fn wrong_size(value: u64, why: &'static str) -> FieldError {
    FieldError::Invalid {
        field: "uncompressed size",
        value,
        why,
    }
}

/// Events that say how the log is read, and those that begin a transaction or hold one, stand outside of payloads.
fn may_stand_inside(event_type: EventType) -> bool {
    !matches!(
        event_type,
        EventType::START_V3
            | EventType::FORMAT_DESCRIPTION
            | EventType::STOP
            | EventType::ROTATE
            | EventType::PREVIOUS_GTIDS
            | EventType::HEARTBEAT
            | EventType::HEARTBEAT_V2
            | EventType::GTID
            | EventType::ANONYMOUS_GTID
            | EventType::GTID_TAGGED
            | EventType::TRANSACTION_PAYLOAD
    )
}
