//! Keys of encrypted logs, and the files that hold them.

mod key;
mod key_list;
mod keyring;
mod keyring_plugin;
mod sealed_list;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::error::SourceError;
use crate::file::{EncryptionError, io_error};

pub use key::Key;
pub use sealed_list::{Digest, ListSecret};

/// Largest key file that is read: MariaDB reads one MiB of its own, and a keyring also holds the keys of tablespaces.
const KEY_FILE_LIMIT: u64 = 64 << 20;

/// The key that MariaDB encrypts logs with: `ENCRYPTION_KEY_SYSTEM_DATA`.
const SYSTEM_KEY: u32 = 1;

/// The keys that were given to open encrypted logs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys {
    /// By the ids of MySQL's keyrings.
    keyring: Option<BTreeMap<String, Key>>,
    /// By the ids of MariaDB's `file_key_management`.
    list: Option<BTreeMap<u32, Key>>,
    /// For all logs whose key is in neither.
    any: Option<Key>,
}

impl Keys {
    /// Adds the keys of a keyring: the file of `component_keyring_file`, or of the older plugin `keyring_file`.
    ///
    /// # Errors
    /// The file cannot be read, or is no keyring.
    pub fn add_keyring_file(&mut self, path: &Path) -> Result<(), SourceError> {
        let bytes = read(path)?;
        let keys = if bytes.starts_with(keyring_plugin::MAGIC) {
            keyring_plugin::parse(&bytes)
        } else {
            keyring::parse(&bytes)
        };
        self.keyring
            .get_or_insert_default()
            .extend(keys.map_err(|why| key_file(path, why))?);
        Ok(())
    }

    /// Adds the keys of `file_key_management_filename`. `secret` opens the file where that is itself encrypted.
    ///
    /// # Errors
    /// The file cannot be read, does not open, or is no list of keys.
    pub fn add_file_key_management(&mut self, path: &Path, secret: Option<&ListSecret>) -> Result<(), SourceError> {
        let bytes = read(path)?;
        let text = sealed_list::open(bytes, secret).map_err(|why| key_file(path, why))?;
        let keys = key_list::parse(&text).map_err(|why| key_file(path, why))?;
        self.list.get_or_insert_default().extend(keys);
        Ok(())
    }

    /// Sets a key for all logs whose key is not in a file that was added.
    pub fn set_any(&mut self, key: Key) {
        self.any = Some(key);
    }

    /// Sets that key from a file with its hexadecimal digits.
    ///
    /// # Errors
    /// The file cannot be read, or holds something else.
    pub fn set_any_from_file(&mut self, path: &Path) -> Result<(), SourceError> {
        let bytes = read(path)?;
        let key = Key::from_hex(bytes.trim_ascii());
        let why = || key_file(path, "holds no key: 32, 48 or 64 hexadecimal digits".to_owned());
        self.any = Some(key.ok_or_else(why)?);
        Ok(())
    }

    /// The key with this id of a keyring.
    pub(crate) fn of_keyring(&self, id: &str) -> Result<&Key, NotFound> {
        let found = self.keyring.as_ref().and_then(|keys| keys.get(id));
        let have = self.keyring.as_ref().map(|keys| keys.keys().cloned().collect());
        self.or_any(found, have)
    }

    /// The key with which MariaDB encrypts logs. `file_key_management` has no versions: all of its keys have version 1.
    pub(crate) fn of_list(&self, version: u32) -> Result<&Key, NotFound> {
        let found = self.list.as_ref().and_then(|keys| keys.get(&SYSTEM_KEY));
        let named = |id| format!("{id} version 1");
        let have = self.list.as_ref().map(|keys| keys.keys().map(named).collect());
        self.or_any(found.filter(|_| version == 1), have)
    }

    fn or_any<'k>(&'k self, found: Option<&'k Key>, have: Option<Vec<String>>) -> Result<&'k Key, NotFound> {
        found.or(self.any.as_ref()).ok_or(match have {
            Some(have) => NotFound::Missing { have },
            None => NotFound::NoneGiven,
        })
    }
}

/// Why there is no key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotFound {
    /// No keys were given of the server's kind.
    NoneGiven,
    /// Keys with other ids were.
    Missing {
        /// Their ids.
        have: Vec<String>,
    },
}

/// What a MariaDB log's key is called.
pub(crate) fn list_id(version: u32) -> String {
    format!("{SYSTEM_KEY} version {version}")
}

fn read(path: &Path) -> Result<Vec<u8>, SourceError> {
    let failed = |error| io_error(path, "reading the keys", error);
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(KEY_FILE_LIMIT + 1).read_to_end(&mut bytes).map_err(failed)?;
    match bytes.len() as u64 > KEY_FILE_LIMIT {
        true => Err(key_file(path, format!("is larger than {KEY_FILE_LIMIT} bytes"))),
        false => Ok(bytes),
    }
}

fn key_file(path: &Path, why: String) -> SourceError {
    let path: PathBuf = path.to_owned();
    EncryptionError::KeyFile { path, why }.into()
}
