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
    #[inline]
    pub fn first(bytes: &'a [u8], offset: u64, format: &FormatDescription) -> Result<Self, EventError> {
        match Self::framed(bytes, offset, format) {
            Some(raw) => Ok(raw),
            None => Err(Self::unframed(bytes, offset, format)),
        }
    }

    /// Like [`RawEvent::first`], where the reason is not wanted yet: [`RawEvent::unframed`] tells it. In a loop over many
    /// small events a result with room for an error costs more than the framing itself.
    #[inline(always)]
    #[must_use]
    pub fn framed(bytes: &'a [u8], offset: u64, format: &FormatDescription) -> Option<Self> {
        let header = EventHeader::of(bytes.first_chunk()?);
        let checksum = checksum_of(&header, bytes, format);
        let size = header.event_size as usize;
        if size < HEADER_LEN + checksum.len() {
            return None;
        }
        Some(Self {
            header,
            offset,
            bytes: bytes.get(..size)?,
            checksum,
        })
    }

    /// Why no event is framed at the front of `bytes`.
    #[cold]
    #[must_use]
    pub fn unframed(bytes: &[u8], offset: u64, format: &FormatDescription) -> EventError {
        match EventHeader::decode(bytes) {
            Ok(header) => {
                let checksum = checksum_of(&header, bytes, format);
                unframed(Some(&header), offset, misfit(&header, checksum, bytes.len()))
            }
            Err(error) => unframed(None, offset, error),
        }
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

    /// Whether this is a format description as servers send it of a log that they send from its middle: they clear
    /// its time of creation and its position, and renew its checksum only where the log has checksums.
    #[must_use]
    #[inline]
    pub fn is_renewed_without_checksum(&self) -> bool {
        self.header.event_type == EventType::FORMAT_DESCRIPTION && self.is_renewed_description()
    }

    #[cold]
    fn is_renewed_description(&self) -> bool {
        self.header.log_pos == 0
            && FormatDescription::decode(self.body())
                .is_ok_and(|format| format.created == 0 && format.checksum == ChecksumAlgorithm::None)
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

/// Appends a whole event: the header with its `event_size` made right, the body, and a checksum over both.
/// [`EventHeader::complete`] does the same for a body that is encoded in its place.
///
/// `checksum` is that of the log for this type: see [`FormatDescription::checksum_of`].
///
/// # Errors
/// The event is 4 GiB or more, for which the header has no room.
pub fn put_event(
    out: &mut Vec<u8>,
    header: &EventHeader,
    body: &[u8],
    checksum: ChecksumAlgorithm,
) -> Result<(), FieldError> {
    let from = out.len();
    out.reserve(HEADER_LEN + body.len() + checksum.len());
    header.encode(out);
    out.extend(body);
    header.complete(checksum, from, out)
}

#[cold]
fn unframed(header: Option<&EventHeader>, offset: u64, error: FieldError) -> EventError {
    const SIZE_AT: usize = 9;
    EventError {
        event_type: header.map(|header| header.event_type),
        event_offset: offset,
        field_offset: header.map_or(0, |_| SIZE_AT),
        error,
    }
}

/// Why an event of this header is not in `have` bytes.
#[cold]
fn misfit(header: &EventHeader, checksum: ChecksumAlgorithm, have: usize) -> FieldError {
    let need = header.event_size as usize;
    match need < HEADER_LEN + checksum.len() {
        true => FieldError::Invalid {
            field: "event size",
            value: u64::from(header.event_size),
            why: "is less than header and checksum",
        },
        false => FieldError::Short {
            field: "event",
            need,
            have,
        },
    }
}

/// A format description says itself whether it carries a checksum; others go by the one in force.
#[inline]
fn checksum_of(header: &EventHeader, bytes: &[u8], format: &FormatDescription) -> ChecksumAlgorithm {
    if header.event_type != EventType::FORMAT_DESCRIPTION {
        return format.checksum;
    }
    let body = bytes.get(HEADER_LEN..header.event_size as usize).unwrap_or_default();
    FormatDescription::own_checksum(body)
}
