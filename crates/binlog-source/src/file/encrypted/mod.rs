//! Encrypted logs, which come out as the plain ones that their servers send.
//!
//! - MySQL (`binlog_encryption`): a header of its own, and then the whole log as one stream: [`mysql`].
//! - MariaDB (`encrypt_binlog`): a plain log up to START_ENCRYPTION, and then event by event: [`mariadb`].

mod aes;
mod error;
mod mariadb;
mod mysql;

pub use error::{EncryptedBy, EncryptionError};
pub(crate) use mariadb::{EventOpener, Place};
pub(crate) use mysql::{HEADER_LEN, LogCipher, MAGIC, begins_encrypted_log};
#[cfg(test)]
mod tests;
