//! Why an encrypted log does not open.

use std::path::PathBuf;
use std::sync::Arc;

use binlog_parser::FieldError;

use crate::keys::NotFound;

/// Which server encrypted a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncryptedBy {
    /// MySQL, by `binlog_encryption`.
    MySql,
    /// MariaDB, by `encrypt_binlog`.
    MariaDb,
}

/// Why an encrypted log, or a file of keys, does not open. No key is told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncryptionError {
    /// No keys were given.
    #[error("{file}: the log is encrypted, and no keys were given; it needs key {key}")]
    NoKey {
        /// The log.
        file: Arc<str>,
        /// Who encrypted it.
        by: EncryptedBy,
        /// Id of the key.
        key: String,
    },
    /// The keys that were given are others.
    #[error(
        "{file}: the log is encrypted with key {key}, which is not among the keys given: {}",
        listed(have)
    )]
    MissingKey {
        /// The log.
        file: Arc<str>,
        /// Who encrypted it.
        by: EncryptedBy,
        /// Id of the key.
        key: String,
        /// Ids of the keys that could be.
        have: Vec<String>,
    },
    /// The key cannot be the log's.
    #[error("{file}: key {key} has {bits} bits, and the log's key has 256")]
    KeyLength {
        /// The log.
        file: Arc<str>,
        /// Id of the key.
        key: String,
        /// Bits of the key that was given.
        bits: usize,
    },
    /// What comes out is no log.
    #[error("{file}: the log does not open with the given key {key}")]
    WrongKey {
        /// The log.
        file: Arc<str>,
        /// Who encrypted it.
        by: EncryptedBy,
        /// Id of the key.
        key: String,
    },
    /// The header of an encrypted MySQL log makes no sense.
    #[error("{file}: the encryption header is damaged: byte {offset}: {error}")]
    Header {
        /// The log.
        file: Arc<str>,
        /// Offset in the file.
        offset: usize,
        /// What is wrong there.
        error: FieldError,
    },
    /// A way to encrypt that is not known.
    #[error("{file}: encryption of version {version} is not supported; 1 is")]
    Version {
        /// The log.
        file: Arc<str>,
        /// The version of the header, or the scheme of START_ENCRYPTION.
        version: u8,
    },
    /// A file of keys is not what it should be.
    #[error("{}: {why}", path.display())]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

impl EncryptionError {
    /// The error for a key that was not found.
    pub(crate) fn not_found(file: Arc<str>, by: EncryptedBy, key: String, why: NotFound) -> Self {
        match why {
            NotFound::NoneGiven => Self::NoKey { file, by, key },
            NotFound::Missing { have } => Self::MissingKey { file, by, key, have },
        }
    }

    /// What the user may do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        use EncryptedBy::{MariaDb, MySql};
        Some(match self {
            Self::NoKey { by: MySql, .. } => {
                "give the server's keyring: --keyring-file PATH, the `path` in component_keyring_file.cnf or the \
                 server's keyring_file_data; or the key itself: --binlog-key-file PATH, or BINLOG_KEY in the environment"
            }
            Self::NoKey { by: MariaDb, .. } => {
                "give the server's keys: --file-key-management-filename PATH; \
                 or the key itself: --binlog-key-file PATH, or BINLOG_KEY in the environment"
            }
            Self::MissingKey { by: MySql, .. } => {
                "the keyring is another server's, or from before the key was made or after it was purged: look for a \
                 backup of it; an id that differs from one of these in a character is a damaged header"
            }
            Self::MissingKey { by: MariaDb, .. } => {
                "file_key_management has keys of version 1 alone: the log was encrypted by another plugin; \
                 give its key by --binlog-key-file PATH, or BINLOG_KEY in the environment"
            }
            Self::KeyLength { .. } => "MySQL's keys for logs have 64 hexadecimal digits",
            Self::WrongKey { by: MySql, .. } => {
                "if another log with this key id opens, the key is right and this file's first kilobyte is damaged: \
                 compare it with the source's copy; else the keys are those of another server or time"
            }
            Self::WrongKey { by: MariaDb, .. } => {
                "if another log of this server opens, the key is right and the event after START_ENCRYPTION is damaged: \
                 compare the file with the source's copy; else the keys are those of another server or time"
            }
            Self::Header { .. } => "the file is damaged in its first 512 bytes; compare it with the source's copy",
            Self::Version { .. } | Self::KeyFile { .. } => return None,
        })
    }
}

fn listed(ids: &[String]) -> String {
    match ids {
        [] => "none of them is for logs".to_owned(),
        ids => ids.join(", "),
    }
}
