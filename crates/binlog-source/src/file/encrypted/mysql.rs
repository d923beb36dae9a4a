//! Logs of MySQL with `binlog_encryption`.
//!
//! 512 bytes of header (`fd 62 69 6e`, a version, and fields: the id of a key, the file's password encrypted with that key,
//! its IV; the rest is 0), and then the plain log, magic number and all, in AES-256-CTR. Key and first counter come from the
//! SHA-512 of the password. Positions are those of the plain log: the server does not count the header. Source: the
//! server's `sql/rpl_log_encryption.h` and `sql/stream_cipher.cc`.

use std::sync::Arc;

use aes::Aes256;
use binlog_parser::{FieldError, Reader};
use cipher::{KeyIvInit as _, StreamCipher as _, StreamCipherSeek as _};
use ctr::Ctr64BE;
use sha2::{Digest as _, Sha512};

use super::aes::{Aes, Mode};
use super::error::{EncryptedBy, EncryptionError};
use crate::keys::{Key, Keys};

/// The first bytes of an encrypted log.
pub(crate) const MAGIC: [u8; 4] = [0xfd, b'b', b'i', b'n'];
/// Bytes before the encrypted ones.
pub(crate) const HEADER_LEN: usize = 512;

const KEY_ID: u8 = 1;
const PASSWORD: u8 = 2;
const IV: u8 = 3;

/// Whether another encrypted log begins where an event could: the magic number, and the header's front as far as it is there.
pub(crate) fn begins_encrypted_log(bytes: &[u8]) -> bool {
    let Some(([0xfd, b'b', b'i', b'n', 1, KEY_ID, _], id)) = bytes.split_first_chunk::<7>() else {
        return false;
    };
    let len = id.len().min(12);
    len > 0 && id.get(..len) == b"MySQLReplica".get(..len)
}

/// What the header says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Header {
    key_id: String,
    /// The file's password, encrypted.
    password: [u8; 32],
    iv: [u8; 16],
}

impl Header {
    /// Decodes the header after its magic number and version.
    fn decode(reader: &mut Reader<'_>) -> Result<Self, FieldError> {
        let mut header = Self::default();
        let mut seen = [false; 3];
        loop {
            let field = reader.u8("field")?;
            match field {
                0 => break,
                KEY_ID => header.key_id = key_id(reader)?,
                PASSWORD => header.password = reader.array("file password")?,
                IV => header.iv = reader.array("IV of the file password")?,
                _ => return Err(invalid("field", field, "is not 1, 2 or 3")),
            }
            if let Some(seen) = seen.get_mut(usize::from(field - 1)) {
                *seen = true;
            }
        }
        match seen.iter().position(|seen| !seen) {
            None => Ok(header),
            Some(missing) => Err(invalid("field", missing as u8 + 1, "is missing")),
        }
    }
}

fn key_id(reader: &mut Reader<'_>) -> Result<String, FieldError> {
    let len = reader.u8("length of the key id")?;
    let id = reader.take(usize::from(len), "key id")?;
    match id.iter().find(|byte| !byte.is_ascii_graphic()) {
        None => Ok(String::from_utf8_lossy(id).into_owned()),
        Some(byte) => Err(invalid("key id", *byte, "is no letter of an id")),
    }
}

fn invalid(field: &'static str, value: u8, why: &'static str) -> FieldError {
    let value = u64::from(value);
    FieldError::Invalid { field, value, why }
}

/// Decrypts a log after its header.
pub(crate) struct LogCipher {
    stream: Ctr64BE<Aes256>,
    key_id: String,
}

impl LogCipher {
    /// The cipher of the log `file` that begins with this header.
    ///
    /// # Errors
    /// The header is damaged, or its key is not there.
    pub(crate) fn new(file: &Arc<str>, header: &[u8], keys: &Keys) -> Result<Self, EncryptionError> {
        let mut reader = Reader::new(header);
        let mut version = || {
            reader
                .take(MAGIC.len(), "magic number")
                .and_then(|_| reader.u8("version"))
        };
        let version = version().map_err(|error| damaged(file, 0, error))?;
        if version != 1 {
            let file = Arc::clone(file);
            return Err(EncryptionError::Version { file, version });
        }
        let header = Header::decode(&mut reader).map_err(|error| damaged(file, reader.offset(), error))?;
        let key = keys.of_keyring(&header.key_id);
        let key = key.map_err(|why| {
            EncryptionError::not_found(Arc::clone(file), EncryptedBy::MySql, header.key_id.clone(), why)
        })?;
        Self::unlocked(file, header, key)
    }

    fn unlocked(file: &Arc<str>, header: Header, key: &Key) -> Result<Self, EncryptionError> {
        let Header {
            key_id,
            mut password,
            iv,
        } = header;
        let Some(aes @ Aes::Bits256(_)) = Aes::new(key) else {
            return Err(EncryptionError::KeyLength {
                file: Arc::clone(file),
                key: key_id,
                bits: key.bits(),
            });
        };
        aes.decrypt(Mode::Cbc, &iv, &mut password);
        let derived = Sha512::digest(password);
        let (mut file_key, mut counter) = ([0; 32], [0; 16]);
        let (front, rest) = derived.split_at(file_key.len());
        file_key.copy_from_slice(front);
        counter.iter_mut().zip(rest).take(8).for_each(|(to, from)| *to = *from);
        let stream = Ctr64BE::new(&file_key.into(), &counter.into());
        Ok(Self { stream, key_id })
    }

    /// Decrypts what follows the bytes before.
    pub(crate) fn apply(&mut self, bytes: &mut [u8]) {
        self.stream.apply_keystream(bytes);
    }

    /// Goes on at a position of the log.
    pub(crate) fn seek(&mut self, position: u64) {
        // It fails at positions beyond 2^68 alone.
        let _ = self.stream.try_seek(position);
    }

    /// Decrypted bytes that stand at `position`, encrypted again.
    pub(crate) fn encrypted<const N: usize>(&self, position: u64, bytes: [u8; N]) -> [u8; N] {
        let mut stream = self.stream.clone();
        let mut encrypted = bytes;
        if stream.try_seek(position).is_ok() {
            stream.apply_keystream(&mut encrypted);
        }
        encrypted
    }

    /// The error for a log that does not begin as one.
    pub(crate) fn wrong_key(&self, file: &Arc<str>) -> EncryptionError {
        EncryptionError::WrongKey {
            file: Arc::clone(file),
            by: EncryptedBy::MySql,
            key: self.key_id.clone(),
        }
    }
}

fn damaged(file: &Arc<str>, offset: usize, error: FieldError) -> EncryptionError {
    let file = Arc::clone(file);
    EncryptionError::Header { file, offset, error }
}
