//! Errors of the link, which know nothing of what it was used for.

use std::io;

use crate::error::SourceError;

/// Why the link failed. Holds no password.
#[derive(Debug)]
pub(in crate::live) enum LinkError {
    /// The server's error.
    Server {
        /// Its number.
        code: u16,
        /// Its words.
        message: String,
    },
    /// Encryption failed: what was wrong.
    Tls(String),
    /// Logging in as it was asked for is not possible.
    Refused {
        /// Why.
        why: String,
        /// What to do about it.
        hint: &'static str,
    },
    /// The way to the server broke.
    Lost(String),
    /// A packet is larger than the limit.
    TooLarge,
}

impl LinkError {
    /// The body of an error packet: number, SQLSTATE (not before the handshake), message.
    pub(super) fn of_server(body: &[u8]) -> Self {
        let Some((code, rest)) = body.split_first_chunk() else {
            return Self::malformed("the server sent an error without a number");
        };
        let message = match rest {
            [b'#', _, _, _, _, _, message @ ..] => message,
            message => message,
        };
        Self::Server {
            code: u16::from_le_bytes(*code),
            message: String::from_utf8_lossy(message).into_owned(),
        }
    }

    pub(in crate::live) fn ended() -> Self {
        Self::Lost("the server ended the stream".to_owned())
    }

    pub(in crate::live) fn malformed(why: &str) -> Self {
        Self::Lost(why.to_owned())
    }

    /// An error of the stream: encryption that worked before and fails now is a broken line.
    pub(in crate::live) fn while_streaming(self) -> Self {
        match self {
            Self::Tls(why) => Self::Lost(format!("TLS: {why}")),
            error => error,
        }
    }

    /// Puts the error into its place.
    pub(in crate::live) fn at(self, server: &str, doing: &'static str) -> SourceError {
        let server = server.to_owned();
        match self {
            Self::Server { code, message } => SourceError::Server {
                server,
                doing,
                code,
                message,
            },
            Self::Tls(why) => SourceError::NotASource {
                server,
                why: format!("{doing}: TLS: {why}"),
                hint: "name the server's authority with --ssl-ca, or choose another --ssl-mode",
            },
            Self::Refused { why, hint } => SourceError::NotASource {
                server,
                why: format!("{doing}: {why}"),
                hint,
            },
            Self::Lost(message) => SourceError::Link { server, doing, message },
            Self::TooLarge => SourceError::Link {
                server,
                doing,
                message: "a packet is larger than the limit of a statement".to_owned(),
            },
        }
    }
}

impl From<io::Error> for LinkError {
    fn from(error: io::Error) -> Self {
        if let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            return Self::Tls(tls.to_string());
        }
        Self::Lost(match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => "no answer in time".to_owned(),
            io::ErrorKind::UnexpectedEof => "the server closed the connection".to_owned(),
            _ => error.to_string(),
        })
    }
}

impl From<rustls::Error> for LinkError {
    fn from(error: rustls::Error) -> Self {
        Self::Tls(error.to_string())
    }
}
