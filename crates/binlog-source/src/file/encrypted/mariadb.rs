//! Logs of MariaDB with `encrypt_binlog`.
//!
//! After the format description stands START_ENCRYPTION: a scheme, the version of the key, a nonce. Each later event is
//! encrypted on its own, without padding, under an IV of the nonce and the event's position. Its length stays readable: the
//! event's first four bytes move to where the length stands, all from the fifth byte on is encrypted, the first four of
//! what comes out move to the front, and the length goes to where they were. Its checksum is that of the plain event.
//! Source: `encrypt_and_write` and `decrypt_event` in the server's `sql/log_event*.cc`, `Binlog_crypt_data`.
//!
//! In a decrypted log START_ENCRYPTION is marked as ignorable, as the server sends it to replicas: the events after it are
//! plain.

use std::sync::Arc;

use binlog_parser::{
    ChecksumAlgorithm, EventError, EventFlags, EventHeader, EventType, FormatDescription, HEADER_LEN, RawEvent, Reader,
};

use super::aes::{Aes, BLOCK, Mode};
use super::error::{EncryptedBy, EncryptionError};
use crate::error::SourceError;
use crate::keys::{Keys, list_id};

const TYPE_AT: usize = 4;
const LENGTH_AT: usize = 9;
const FLAGS_AT: usize = 17;

/// Decrypts the events of one log.
#[derive(Default)]
pub(crate) struct EventOpener {
    format: FormatDescription,
    server_id: u32,
    sealed: Option<Sealed>,
}

/// How events are encrypted.
struct Sealed {
    aes: Aes,
    nonce: [u8; 12],
    key: String,
    /// `file_key_management_encryption_algorithm`, which no event tells: the first event shows it.
    mode: Option<Mode>,
}

/// An event where it stands.
pub(crate) struct Place<'p> {
    pub(crate) file: &'p Arc<str>,
    pub(crate) position: u64,
}

impl EventOpener {
    /// Whether [`EventOpener::open`] has to see the event: it is encrypted, or decides how others are.
    pub(crate) fn is_for(&self, event: &[u8]) -> bool {
        let decides = |code| {
            matches!(
                code,
                EventType::FORMAT_DESCRIPTION | EventType::MARIADB_START_ENCRYPTION
            )
        };
        self.sealed.is_some() || event.get(TYPE_AT).is_none_or(|code| decides(EventType(*code)))
    }

    /// Takes the next event of a log, and decrypts it in place if it is encrypted.
    ///
    /// # Errors
    /// Encryption begins with this event and the key is not there; or the key is not the log's.
    pub(crate) fn open(&mut self, event: &mut [u8], at: &Place<'_>, keys: &Keys) -> Result<(), SourceError> {
        if self.sealed.is_some() {
            return self.unseal(event, at);
        }
        match event.get(TYPE_AT).copied().map(EventType) {
            Some(EventType::FORMAT_DESCRIPTION) => self.describe(event),
            Some(EventType::MARIADB_START_ENCRYPTION) => self.begin(event, at, keys)?,
            _ => {}
        }
        Ok(())
    }

    /// Whether encryption begins with the event whose header this is.
    pub(crate) fn begins(header: &[u8]) -> bool {
        EventHeader::decode(header).is_ok_and(|header| {
            header.event_type == EventType::MARIADB_START_ENCRYPTION && !header.flags.contains(EventFlags::IGNORABLE)
        })
    }

    /// Whether the first encrypted event is still to be seen, which shows whether the key is right.
    pub(crate) fn is_untried(&self) -> bool {
        self.sealed.as_ref().is_some_and(|sealed| sealed.mode.is_none())
    }

    /// Tries the key on that event.
    ///
    /// # Errors
    /// The key is not the log's.
    pub(crate) fn try_on(&mut self, event: &[u8], at: &Place<'_>) -> Result<(), SourceError> {
        self.unseal(&mut event.to_vec(), at)
    }

    /// One that is damaged is told of by those who decode it.
    fn describe(&mut self, event: &[u8]) {
        let Ok(raw) = RawEvent::first(event, 0, &self.format) else {
            return;
        };
        if let Ok(format) = FormatDescription::decode(raw.body()) {
            self.format = format;
            self.server_id = raw.header.server_id;
        }
    }

    fn begin(&mut self, event: &mut [u8], at: &Place<'_>, keys: &Keys) -> Result<(), SourceError> {
        let placed = |error: EventError| error.in_file(at.file);
        let raw = RawEvent::first(event, at.position, &self.format).map_err(placed)?;
        if raw.header.flags.contains(EventFlags::IGNORABLE) {
            return Ok(());
        }
        // Of a damaged nonce nothing else would tell.
        raw.verify_checksum().map_err(placed)?;
        let mut reader = Reader::new(raw.body());
        let mut decode = || Ok((reader.u8("scheme")?, reader.u32("key version")?, reader.array("nonce")?));
        let (scheme, version, nonce) = decode().map_err(|error| placed(raw.error(HEADER_LEN, error)))?;
        if scheme != 1 {
            let (file, version) = (Arc::clone(at.file), scheme);
            return Err(EncryptionError::Version { file, version }.into());
        }
        let key = list_id(version);
        let found = keys
            .of_list(version)
            .map_err(|why| EncryptionError::not_found(Arc::clone(at.file), EncryptedBy::MariaDb, key.clone(), why))?;
        let checksum = raw.checksum();
        self.sealed = Aes::new(found).map(|aes| Sealed {
            aes,
            nonce,
            key,
            mode: None,
        });
        mark_ignorable(event, checksum);
        Ok(())
    }

    fn unseal(&mut self, event: &mut [u8], at: &Place<'_>) -> Result<(), SourceError> {
        let Some(sealed) = &mut self.sealed else {
            return Ok(());
        };
        if sealed.mode.is_none() {
            let fits = |mode: &Mode| {
                let mut copy = event.to_vec();
                sealed.decrypt(*mode, &mut copy, at.position);
                fits(&copy, at.position, &self.format, self.server_id)
            };
            sealed.mode = [Mode::Cbc, Mode::Ctr].into_iter().find(fits);
        }
        let Some(mode) = sealed.mode else {
            let (file, key) = (Arc::clone(at.file), sealed.key.clone());
            let by = EncryptedBy::MariaDb;
            return Err(EncryptionError::WrongKey { file, by, key }.into());
        };
        sealed.decrypt(mode, event, at.position);
        Ok(())
    }
}

impl Sealed {
    fn decrypt(&self, mode: Mode, event: &mut [u8], position: u64) {
        let mut iv = [0; BLOCK];
        let low = (position as u32).to_le_bytes();
        let parts = self.nonce.iter().chain(&low);
        iv.iter_mut().zip(parts).for_each(|(to, from)| *to = *from);
        let Some(length) = moved_length(event) else {
            return;
        };
        if let Some(rest) = event.get_mut(TYPE_AT..) {
            self.aes.decrypt(mode, &iv, rest);
        }
        event.copy_within(LENGTH_AT..LENGTH_AT + 4, 0);
        if let Some(place) = event.get_mut(LENGTH_AT..LENGTH_AT + 4) {
            place.copy_from_slice(&length);
        }
    }
}

/// Puts the first four bytes into the place of the length, and returns the length.
fn moved_length(event: &mut [u8]) -> Option<[u8; 4]> {
    let length = *event.get(LENGTH_AT..)?.first_chunk()?;
    event.copy_within(..4, LENGTH_AT);
    Some(length)
}

/// Whether a decrypted event is one. By chance one of 2^32 is.
fn fits(event: &[u8], position: u64, format: &FormatDescription, server_id: u32) -> bool {
    let Ok(raw) = RawEvent::first(event, position, format) else {
        return false;
    };
    let EventHeader {
        event_type, log_pos, ..
    } = raw.header;
    let own = log_pos == raw.end() as u32 || log_pos == 0 && raw.header.server_id == server_id;
    let checked = raw.checksum() != ChecksumAlgorithm::None && raw.verify_checksum().is_ok();
    event_type.name().is_some() && (own || checked)
}

fn mark_ignorable(event: &mut [u8], checksum: ChecksumAlgorithm) {
    if let Some(flags) = event.get_mut(FLAGS_AT) {
        *flags |= EventFlags::IGNORABLE.0 as u8;
    }
    let covered = event.len().saturating_sub(checksum.len());
    let mut renewed = event.get(..covered).unwrap_or_default().to_vec();
    checksum.append(&mut renewed, 0);
    if renewed.len() == event.len() {
        event.copy_from_slice(&renewed);
    }
}
