//! Errors: what could not be read, where, and what may be done about it.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use binlog_parser::Place;

use crate::file::EncryptionError;

/// Why a source ends before its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The operating system, on a file or pipe.
    #[error("{file}: {doing}: {error}")]
    Io {
        /// The file.
        file: String,
        /// What was tried.
        doing: &'static str,
        /// What the system said.
        #[source]
        error: io::Error,
    },
    /// The bytes at the start are not those of a binary log.
    #[error("{file}: not a binary log: it begins with {found}")]
    NotALog {
        /// The file.
        file: Arc<str>,
        /// What stands there instead of the magic number.
        found: Unreadable,
    },
    /// The log ends inside an event.
    #[error("{file} at {position}: the log ends inside an event: need {need} bytes, have {have}")]
    Truncated {
        /// The log.
        file: Arc<str>,
        /// Position of the event's first byte.
        position: u64,
        /// Length of the event, or of its header where not even that is whole.
        need: u64,
        /// Bytes of it that there are.
        have: u64,
    },
    /// An event does not fit its format, or its checksum.
    #[error(transparent)]
    Event(#[from] Place),
    /// An encrypted log does not open, or a file of keys is not what it should be.
    #[error(transparent)]
    Encryption(#[from] EncryptionError),
    /// A log whose first event is not a format description.
    #[error("{file} at {position}: the log does not begin with a format description event")]
    NoFormat {
        /// The log.
        file: Arc<str>,
        /// Position of its first event.
        position: u64,
    },
    /// The first position that was asked for is not that of an event.
    #[error("{file}: no event begins at position {position}")]
    StartPosition {
        /// The log.
        file: Arc<str>,
        /// The position that was asked for.
        position: u64,
    },
    /// One statement is larger than `statement_limit`.
    #[error("{file} at {position}: a statement of more than {limit} bytes")]
    StatementTooLarge {
        /// The log.
        file: Arc<str>,
        /// Position of the event that goes over the limit.
        position: u64,
        /// The limit in bytes.
        limit: usize,
    },
    /// A folder or index in which no logs, or logs of several names, were found.
    #[error("{}: {why}", path.display())]
    NoLogs {
        /// The folder or index.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The server refused something.
    #[error("{server}: {doing}: {message} (error {code})")]
    Server {
        /// Host and port, or socket.
        server: String,
        /// What was tried.
        doing: &'static str,
        /// The server's error number.
        code: u16,
        /// The server's words.
        message: String,
    },
    /// The server could not be reached, or the link to it broke.
    #[error("{server}: {doing}: {message}")]
    Link {
        /// Host and port, or socket.
        server: String,
        /// What was tried.
        doing: &'static str,
        /// What happened.
        message: String,
    },
    /// The server is not set up to be a source.
    #[error("{server}: {why}")]
    NotASource {
        /// Host and port, or socket.
        server: String,
        /// What is missing.
        why: String,
        /// What to do about it.
        hint: &'static str,
    },
    /// Possible, and not done by this version.
    #[error("{what} is not supported: {why}")]
    Unsupported {
        /// What was asked for.
        what: &'static str,
        /// Why not.
        why: String,
    },
    /// A copy on this side does not fit the log of the source.
    #[error("{}: {why}", path.display())]
    Mirror {
        /// The copy.
        path: PathBuf,
        /// What does not fit.
        why: String,
    },
}

/// Server errors that pass without anybody's doing: too many connections, shutdown, lost packets,
/// killed query or session, offline mode, server not ready.
const TRANSIENT: [u16; 17] = [
    1040, 1053, 1077, 1079, 1152, 1158, 1159, 1160, 1161, 1184, 1203, 1317, 1927, 3032, 3169, 4031, 1129,
];

impl SourceError {
    /// Whether the same attempt may pass later without anybody's doing.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Link { .. } => true,
            Self::Server { code, .. } => TRANSIENT.contains(code),
            _ => false,
        }
    }

    /// Whether a server, or the way to it, is the reason.
    #[must_use]
    pub fn is_server(&self) -> bool {
        matches!(self, Self::Link { .. } | Self::Server { .. } | Self::NotASource { .. })
    }

    /// What the user may do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotALog { found, .. } => found.hint()?,
            Self::Encryption(error) => error.hint()?,
            // Sources that read through others.
            Self::Io { error, .. } => return error.get_ref()?.downcast_ref::<Self>()?.hint(),
            Self::Truncated { .. } => {
                "the file was cut off, or is still being written; if its server runs, use --follow"
            }
            Self::NoFormat { .. } => "give the log from its first byte, or with its format description in front",
            Self::StartPosition { .. } => "positions are those of events: `binlog info` and `dump` show them",
            Self::NoLogs { .. } => "name the log files, or one .index file",
            Self::NotASource { hint, .. } => hint,
            Self::Server {
                doing, code, message, ..
            } => server_hint(doing, *code, message)?,
            Self::Event(place) => event_hint(place)?,
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

fn event_hint(place: &Place) -> Option<&'static str> {
    let checksum = matches!(place.error.error, binlog_parser::FieldError::Checksum { .. });
    checksum.then_some("the file is damaged here; compare it with the source's copy")
}

/// What is tried when a server first looks for REPLICATION SLAVE. It then says what it also says to a wrong password.
pub(crate) const REGISTERING: &str = "registering as a replica";

/// What to do where logs are gone.
pub(crate) const PURGED: &str = "the source has purged what is needed; start again from a fresh copy of its data";

fn server_hint(doing: &str, code: u16, message: &str) -> Option<&'static str> {
    let message = message.to_ascii_lowercase();
    Some(match code {
        1045 | 1698 if doing != REGISTERING => "check user and password",
        1045 | 1227 | 1142 => {
            "the user needs REPLICATION SLAVE and REPLICATION CLIENT (MariaDB: BINLOG MONITOR): \
             GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO …"
        }
        1236 if message.contains("server_uuid") || message.contains("server_id") => {
            "another replica uses the same server id; choose another with --connection-server-id"
        }
        1236 if message.contains("purged") || message.contains("could not find") => PURGED,
        1236 if message.contains("max_allowed_packet") => {
            "the start position is not that of an event, or an event is larger than max_allowed_packet"
        }
        _ => return None,
    })
}

/// The first bytes of something that is not a binary log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable(pub Vec<u8>);

impl Unreadable {
    fn hint(&self) -> Option<&'static str> {
        Some(match self.0.as_slice() {
            [0x42, 0x5a, b'h', ..] => "bzip2 is not supported; unpack it first",
            [0xfd, b'7', b'z', ..] => "xz is not supported; unpack it first",
            // `IBB_MAGIC` of MariaDB's InnoDB, little-endian.
            [0xfe, 0xfe, 0x0d, 0x01, ..] => {
                "a binary log in InnoDB's own form (.ibb, MariaDB 12.3 on) is not supported; \
                 read it from its server with `binlog fetch`"
            }
            [] => "the file is empty",
            _ => return None,
        })
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("nothing");
        }
        for (index, byte) in self.0.iter().take(8).enumerate() {
            write!(f, "{}{byte:02x}", if index == 0 { "" } else { " " })?;
        }
        write!(
            f,
            " ({})",
            self.0.iter().take(8).copied().map(printable).collect::<String>()
        )
    }
}

fn printable(byte: u8) -> char {
    if byte.is_ascii_graphic() { char::from(byte) } else { '.' }
}
