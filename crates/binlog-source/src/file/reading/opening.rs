//! Where a log begins: magic number, encryption, and logs one behind the other.

use std::sync::Arc;
use std::time::Duration;

use binlog_parser::{EventHeader, EventType, HEADER_LEN, MAGIC};

use super::{Ending, Frame, Reading};
use crate::error::{SourceError, Unreadable};
use crate::file::encrypted::{self, EventOpener, LogCipher, begins_encrypted_log};
use crate::file::feed::Got;

/// How a log is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sealing {
    /// It is not.
    None,
    /// As a whole.
    Whole,
    /// Event by event, after START_ENCRYPTION.
    Events,
}

impl Reading {
    /// How the log is encrypted, by its front; nothing is taken of it.
    ///
    /// # Errors
    /// It does not open with the keys that were given.
    pub(crate) fn sealing(&mut self, patience: Duration) -> Result<Sealing, SourceError> {
        let whole = self.reaches(encrypted::HEADER_LEN, patience)?;
        if self.is_encrypted() && whole {
            self.unlock()?;
            let known = !self.reaches(MAGIC.len(), patience)? || self.window.bytes().starts_with(&MAGIC);
            return if known {
                Ok(Sealing::Whole)
            } else {
                Err(self.not_a_log())
            };
        }
        let second = |bytes: &[u8]| {
            let first = EventHeader::decode(bytes.get(MAGIC.len()..)?).ok()?;
            let begins_log = begins_log(bytes) && first.event_size <= u32::from(u16::MAX);
            begins_log.then_some(MAGIC.len() + first.event_size as usize)
        };
        let Some(at) = second(self.window.bytes()) else {
            return Ok(Sealing::None);
        };
        self.reaches(at + HEADER_LEN, patience)?;
        let begins = self.window.bytes().get(at..).is_some_and(EventOpener::begins);
        Ok(if begins { Sealing::Events } else { Sealing::None })
    }

    /// Reads up to the first event. Returns what else there is.
    pub(super) fn begin(&mut self, patience: Duration) -> Result<Option<Frame>, SourceError> {
        match self.fill(MAGIC.len(), patience)? {
            Got::Bytes(_) if self.is_encrypted() => {}
            Got::Bytes(_) => return self.begin_plain().map(|()| None),
            Got::Nothing => return Ok(Some(Frame::Nothing)),
            Got::End => return self.ends_in_magic().map(Some),
        }
        match self.fill(encrypted::HEADER_LEN, patience)? {
            Got::Bytes(_) => self.unlock()?,
            Got::Nothing => return Ok(Some(Frame::Nothing)),
            Got::End => return Ok(Some(self.ending(encrypted::HEADER_LEN))),
        }
        self.begin(patience)
    }

    fn is_encrypted(&self) -> bool {
        self.cipher.is_none() && self.window.bytes().starts_with(&encrypted::MAGIC)
    }

    /// Takes the header of an encrypted log.
    fn unlock(&mut self) -> Result<(), SourceError> {
        let header = self.window.take(encrypted::HEADER_LEN);
        let mut cipher = LogCipher::new(&self.name, &header, &self.keys)?;
        cipher.apply(self.window.bytes_mut());
        self.cipher = Some(cipher);
        Ok(())
    }

    fn begin_plain(&mut self) -> Result<(), SourceError> {
        if !self.window.bytes().starts_with(&MAGIC) {
            return Err(self.not_a_log());
        }
        self.window.take(MAGIC.len());
        self.position = MAGIC.len() as u64;
        self.begun = true;
        Ok(())
    }

    /// Whether another log begins here: logs were concatenated.
    pub(super) fn another_begins(&self, at: usize) -> bool {
        let bytes = self.window.bytes().get(at..).unwrap_or_default();
        let Some(cipher) = &self.cipher else {
            return begins_log(bytes) || begins_encrypted_log(bytes);
        };
        let front = bytes.first_chunk::<HEADER_LEN>();
        let stored = front.map(|front| cipher.encrypted(self.position + at as u64, *front));
        stored.is_some_and(|stored| begins_log(&stored) || begins_encrypted_log(&stored))
    }

    /// Closes the log that ended before the window, so that the next one is begun.
    pub(super) fn close(&mut self) {
        if let Some(mut cipher) = self.cipher.take() {
            cipher.seek(self.position);
            cipher.apply(self.window.bytes_mut());
        }
        self.opener = EventOpener::default();
        self.begun = false;
        self.another = true;
    }

    /// A log that is being created may be empty or hold a part of the magic number.
    pub(super) fn ends_in_magic(&self) -> Result<Frame, SourceError> {
        let have = self.window.bytes();
        if self.cipher.is_some() {
            return Ok(self.ending_after(encrypted::HEADER_LEN, MAGIC.len()));
        }
        let begins = MAGIC.starts_with(have) || encrypted::MAGIC.starts_with(have);
        match begins && (self.torn || !have.is_empty()) {
            true => Ok(self.ending(MAGIC.len())),
            false => Err(self.not_a_log()),
        }
    }

    /// An end at which `taken` bytes belong to what is not whole, besides those in the window.
    pub(super) fn ending_after(&self, taken: usize, need: usize) -> Frame {
        Frame::End(Ending {
            have: (taken + self.window.bytes().len()) as u64,
            need: (taken + need) as u64,
            torn: self.torn,
        })
    }

    /// Whether a format description stands where it should: then the magic number before it is damaged.
    fn is_described(&self) -> bool {
        let header = self.window.bytes().get(MAGIC.len()..).map(EventHeader::decode);
        header.is_some_and(|header| {
            header.is_ok_and(|header| {
                let end = header.event_size.wrapping_add(MAGIC.len() as u32);
                header.event_type == EventType::FORMAT_DESCRIPTION && header.log_pos == end
            })
        })
    }

    fn not_a_log(&self) -> SourceError {
        if let Some(cipher) = self.cipher.as_ref().filter(|_| !self.is_described()) {
            return cipher.wrong_key(&self.name).into();
        }
        let found = self.window.bytes().iter().take(8).copied().collect();
        SourceError::NotALog {
            file: Arc::clone(&self.name),
            found: Unreadable(found),
        }
    }
}

/// A magic number with a format description behind it. An event whose time has the same bytes (one second in
/// 2028) has the high byte of its server id where that description has its type.
fn begins_log(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC) && bytes.get(8) == Some(&EventType::FORMAT_DESCRIPTION.0)
}
