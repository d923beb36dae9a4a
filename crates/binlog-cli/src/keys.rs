//! Keys of encrypted logs, from files and the environment: command lines are seen by everybody on the machine.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use binlog_source::{Digest, Key, Keys, ListSecret};
use clap::{Args, ValueEnum};

use crate::failure::Usage;

/// A key in hexadecimal digits.
const KEY: &str = "BINLOG_KEY";

/// What opens encrypted logs. A key itself may also come from BINLOG_KEY, in hexadecimal digits.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Encrypted logs")]
pub(crate) struct KeyArgs {
    /// MySQL's keys: the data file of its component_keyring_file, or of its plugin keyring_file
    #[arg(long, value_name = "PATH")]
    keyring_file: Option<PathBuf>,
    /// MariaDB's keys: the list of its plugin file_key_management
    #[arg(long, value_name = "PATH")]
    file_key_management_filename: Option<PathBuf>,
    /// The file with the secret that opens this list, where the list is encrypted
    #[arg(long, value_name = "FILE:PATH", requires = "file_key_management_filename")]
    file_key_management_filekey: Option<String>,
    /// How the list's key is made of the secret
    #[arg(
        long,
        value_name = "DIGEST",
        default_value = "sha1",
        requires = "file_key_management_filekey"
    )]
    file_key_management_digest: DigestName,
    /// Rounds of PBKDF2 with which it is made; 0 for none of it
    #[arg(
        long,
        value_name = "ROUNDS",
        default_value_t = 0,
        requires = "file_key_management_filekey"
    )]
    file_key_management_use_pbkdf2: u32,
    /// A key itself, for logs of either server: a file with its hexadecimal digits (by default from
    /// BINLOG_KEY in the environment)
    #[arg(long, value_name = "PATH")]
    binlog_key_file: Option<PathBuf>,
}

/// A digest, named as the server's option names it.
#[derive(ValueEnum, Debug, Clone, Copy, Default)]
enum DigestName {
    #[default]
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl KeyArgs {
    /// Reads them all.
    pub(crate) fn keys(&self) -> Result<Arc<Keys>> {
        let mut keys = Keys::default();
        if let Some(path) = &self.keyring_file {
            keys.add_keyring_file(path)?;
        }
        if let Some(path) = &self.file_key_management_filename {
            keys.add_file_key_management(path, self.secret()?.as_ref())?;
        }
        if let Some(path) = &self.binlog_key_file {
            keys.set_any_from_file(path)?;
        } else if let Some(digits) = env::var_os(KEY) {
            let key = Key::from_hex(digits.as_encoded_bytes().trim_ascii());
            let why = || {
                Usage(format!(
                    "{KEY} in the environment is no key: 32, 48 or 64 hexadecimal digits"
                ))
            };
            keys.set_any(key.with_context(why)?);
        }
        Ok(Arc::new(keys))
    }

    fn secret(&self) -> Result<Option<ListSecret>> {
        let Some(filekey) = &self.file_key_management_filekey else {
            return Ok(None);
        };
        let Some(path) = filekey.strip_prefix("FILE:") else {
            // It may be the secret.
            bail!(Usage(
                "--file-key-management-filekey needs FILE:PATH; a secret does not belong on a command line".to_owned()
            ));
        };
        Ok(Some(ListSecret {
            filekey: first_line(Path::new(path))?,
            digest: self.file_key_management_digest.into(),
            pbkdf2: self.file_key_management_use_pbkdf2,
        }))
    }
}

/// The file without the ends of lines behind it, as the server reads it.
fn first_line(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = fs::read(path).with_context(|| format!("{}: reading the secret", path.display()))?;
    while bytes.last().is_some_and(|last| matches!(last, b'\r' | b'\n')) {
        bytes.pop();
    }
    Ok(bytes)
}

impl From<DigestName> for Digest {
    fn from(name: DigestName) -> Self {
        match name {
            DigestName::Sha1 => Self::Sha1,
            DigestName::Sha224 => Self::Sha224,
            DigestName::Sha256 => Self::Sha256,
            DigestName::Sha384 => Self::Sha384,
            DigestName::Sha512 => Self::Sha512,
        }
    }
}
