//! One framed event: its header is parsed, its body is not.

use crate::checksum::ChecksumAlgorithm;
use crate::error::{EventError, FieldError};
use crate::event::FormatDescription;
use crate::header::{EventHeader, EventType, HEADER_LEN};

/// A whole event in a buffer.
#[derive(Debug, Clone, Copy)]
pub struct RawEvent<'a> {
    /// The parsed common header.
    pub header: EventHeader,
    /// Position of the event's first byte in its log.
    pub offset: u64,
    bytes: &'a [u8],
    checksum: ChecksumAlgorithm,
}

impl<'a> RawEvent<'a> {
    /// Frames the event at the front of `bytes`, which may go on after it.
    ///
    /// # Errors
    /// The header is cut off, its length is less than a header and a checksum, or the event is cut off.
    pub fn first(bytes: &'a [u8], offset: u64, format: &FormatDescription) -> Result<Self, EventError> {
        let fail = |event_type, field_offset, error| EventError {
            event_type,
            event_offset: offset,
            field_offset,
            error,
        };
        let header = EventHeader::decode(bytes).map_err(|error| fail(None, 0, error))?;
        let checksum = checksum_of(&header, bytes, format);
        let size = header.event_size as usize;
        let at_size = |error| fail(Some(header.event_type), 9, error);
        if size < HEADER_LEN + checksum.len() {
            let value = u64::from(header.event_size);
            return Err(at_size(FieldError::Invalid {
                field: "event size",
                value,
                why: "is less than header and checksum",
            }));
        }
        let Some(bytes) = bytes.get(..size) else {
            return Err(at_size(FieldError::Short {
                field: "event",
                need: size,
                have: bytes.len(),
            }));
        };
        Ok(Self {
            header,
            offset,
            bytes,
            checksum,
        })
    }

    /// Header, body and checksum.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The body: what stands between header and checksum.
    #[must_use]
    pub fn body(&self) -> &'a [u8] {
        self.bytes
            .get(HEADER_LEN..self.bytes.len() - self.checksum.len())
            .unwrap_or_default()
    }

    /// Position of the first byte after the event.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.offset + self.bytes.len() as u64
    }

    /// How this event is checksummed.
    #[must_use]
    pub fn checksum(&self) -> ChecksumAlgorithm {
        self.checksum
    }

    /// Checks the event's checksum, where the log has one.
    pub fn verify_checksum(&self) -> Result<(), EventError> {
        let at = self.bytes.len() - self.checksum.len();
        self.checksum.verify(self.bytes).map_err(|error| self.error(at, error))
    }

    /// A field error of this event's body, placed.
    #[must_use]
    pub fn error(&self, field_offset: usize, error: FieldError) -> EventError {
        EventError {
            event_type: Some(self.header.event_type),
            event_offset: self.offset,
            field_offset,
            error,
        }
    }
}

/// A format description says itself whether it carries a checksum; others go by the one in force.
fn checksum_of(header: &EventHeader, bytes: &[u8], format: &FormatDescription) -> ChecksumAlgorithm {
    if header.event_type != EventType::FORMAT_DESCRIPTION {
        return format.checksum;
    }
    let body = bytes.get(HEADER_LEN..header.event_size as usize).unwrap_or_default();
    FormatDescription::own_checksum(body)
}
