//! The transaction length in a MySQL GTID: it counts the event itself, whose size hangs on it.

use crate::error::FieldError;
use crate::event::GtidEvent;
use crate::header::{EventType, HEADER_LEN};
use crate::raw::RawEvent;

impl GtidEvent {
    /// The same event with the transaction length that it has when `rest_of_transaction` bytes follow it. The
    /// length counts the event itself too, whose size hangs on the length; `header_and_checksum` is the size of
    /// what surrounds the event's body. An event without a transaction length stays as it is.
    #[must_use]
    pub fn with_transaction_length(self, rest_of_transaction: u64, header_and_checksum: usize) -> Self {
        if self.transaction_length.is_none() {
            return self;
        }
        let others = rest_of_transaction.saturating_add(header_and_checksum as u64);
        // Of nearly the right size already.
        let mut event = Self {
            transaction_length: Some(others),
            ..self
        };
        loop {
            let length = others.saturating_add(event.body_len() as u64);
            if event.transaction_length == Some(length) {
                return event;
            }
            event.transaction_length = Some(length);
        }
    }

    /// A whole event again, with the length of a transaction of which `rest` bytes follow it; `None` where the event
    /// is no GTID, or one that has no such field.
    ///
    /// # Errors
    /// The event cannot be read.
    pub fn measured(raw: &RawEvent<'_>, rest: u64) -> Result<Option<Vec<u8>>, FieldError> {
        let event = match raw.header.event_type {
            EventType::GTID => Self::decode(raw.body(), false)?,
            EventType::ANONYMOUS_GTID => Self::decode(raw.body(), true)?,
            EventType::GTID_TAGGED => Self::decode_tagged(raw.body())?,
            _ => return Ok(None),
        };
        if event.transaction_length.is_none() {
            return Ok(None);
        }
        let mut out = Vec::with_capacity(raw.bytes().len() + 8);
        raw.header.encode(&mut out);
        let event = event.with_transaction_length(rest, HEADER_LEN + raw.checksum().len());
        event.encode(&mut out, raw.header.event_type)?;
        raw.header.complete(raw.checksum(), 0, &mut out)?;
        Ok(Some(out))
    }

    fn body_len(&self) -> usize {
        let mut body = Vec::with_capacity(128);
        match self.event_type() {
            EventType::GTID_TAGGED => self.encode_tagged(&mut body),
            _ => self.encode_untagged(&mut body),
        }
        body.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transaction_length_counts_its_own_size() {
        let sid = "414e4fa8-e6cd-11f1-9249-02fc00000001";
        for gtid in [format!("{sid}:1"), format!("{sid}:tag:1")] {
            let event = GtidEvent {
                gtid: gtid.parse().ok(),
                sequence_number: 1,
                immediate_commit_timestamp: Some(1_795_390_466_811_049),
                original_commit_timestamp: Some(1_795_390_466_811_049),
                transaction_length: Some(1),
                immediate_server_version: Some(90704),
                original_server_version: Some(90704),
                ..GtidEvent::default()
            };
            for rest in (0..400).chain([16_300, 16_384, 65_440, 65_535, 16_777_215, 1 << 32]) {
                let event = event.clone().with_transaction_length(rest, 23);
                let mut body = Vec::new();
                event.encode(&mut body, event.event_type()).unwrap();
                assert_eq!(event.transaction_length, Some(rest + 23 + body.len() as u64));
            }
            let old = GtidEvent {
                transaction_length: None,
                ..event
            };
            assert_eq!(old.clone().with_transaction_length(7, 23), old);
        }
    }
}
