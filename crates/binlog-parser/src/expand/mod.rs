//! Compressed events as the plain events that they hold.
//!
//! MySQL compresses the events of a transaction together, into one TRANSACTION_PAYLOAD; MariaDB compresses a
//! statement or the rows of a row event each on its own. An [`Expansion`] gives the plain events of either, one after
//! the other, each with a header, a size and a checksum of its own, as if the server had not compressed them:
//!
//! - the position in their headers is that of the compressed event;
//! - they have a checksum where the compressed event has one;
//! - no more than one of them is in memory, beside what the decompression itself needs.

mod mariadb;
mod payload;
mod plain;
mod zlib;

use crate::error::EventError;
use crate::header::EventType;
use crate::raw::RawEvent;
pub(crate) use mariadb::{compressed_type, head_len};
use payload::PayloadEvents;
pub(crate) use zlib::Packed;

/// What an expansion may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpandLimits {
    /// Bytes of the largest plain event.
    pub event: usize,
    /// Binary logarithm of the largest zstd window in bytes, 10 to 31. A payload that needs a larger one is an error.
    pub window_log_max: u32,
}

impl Default for ExpandLimits {
    /// Events of 1 GiB, which is the servers' own limit, and windows of 128 MiB, which zstd's highest level needs.
    fn default() -> Self {
        Self {
            event: 1 << 30,
            window_log_max: 27,
        }
    }
}

/// The plain events of a compressed one, in order. `B` holds the compressed event.
#[derive(Debug)]
pub struct Expansion<B> {
    event: B,
    kind: Kind,
}

#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "there is one of them at a time")]
enum Kind {
    Payload(PayloadEvents),
    /// A MariaDB event, which is one plain event.
    One(mariadb::Compressed),
    Done,
}

impl<B: AsRef<[u8]>> Expansion<B> {
    /// Whether events of this type are compressed.
    #[must_use]
    pub fn is_for(event_type: EventType) -> bool {
        event_type == EventType::TRANSACTION_PAYLOAD || mariadb::plain_type(event_type).is_some()
    }

    /// Begins to expand an event; `None` where it is not compressed. `event` has the bytes of `raw`.
    ///
    /// # Errors
    /// The event's own fields cannot be read, or its compression is not known.
    pub fn new(raw: &RawEvent<'_>, event: B, limits: ExpandLimits) -> Result<Option<Self>, EventError> {
        let kind = match raw.header.event_type {
            EventType::TRANSACTION_PAYLOAD => Kind::Payload(PayloadEvents::new(raw, limits)?),
            other => match mariadb::plain_type(other) {
                Some(plain) => Kind::One(mariadb::Compressed::new(raw, plain, limits)),
                None => return Ok(None),
            },
        };
        Ok(Some(Self { event, kind }))
    }

    /// Appends the next plain event to `out`. `false` where there are no more, and after an error.
    ///
    /// # Errors
    /// The compressed bytes are damaged, or what they hold is not what the event says, or goes over a limit. The
    /// error's place is that of the compressed event and of the compressed byte in it; [`crate::FieldError::Expanded`]
    /// tells the offset in the plain bytes. `out` is as it was before.
    pub fn next_into(&mut self, out: &mut Vec<u8>) -> Result<bool, EventError> {
        let from = out.len();
        let event = self.event.as_ref();
        let result = match &mut self.kind {
            Kind::Payload(events) => events.next_into(event, out),
            Kind::One(one) => one.expand(event, out).map(|()| true),
            Kind::Done => return Ok(false),
        };
        if !matches!((&self.kind, &result), (Kind::Payload(_), Ok(true))) {
            self.kind = Kind::Done;
        }
        result.inspect_err(|_| out.truncate(from))
    }
}

#[cfg(test)]
mod tests;
