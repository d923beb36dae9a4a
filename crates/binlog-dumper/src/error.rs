//! Why events could not be turned into text.

use binlog_parser::Place;
use binlog_schema::{DefinitionError, LogPlace};

/// Why events could not be turned into text, with the event.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DumpError {
    /// An event does not decode, or has no text in this form ([`binlog_parser::FieldError::Unsupported`]).
    #[error(transparent)]
    Event(#[from] Place),
    /// The source says that it lost events here: what follows is not the whole history.
    #[error("{file} at {position}, INCIDENT: the source lost events here: {message}")]
    LostEvents {
        /// Name of the log.
        file: String,
        /// Position of the INCIDENT.
        position: u64,
        /// The source's words.
        message: String,
    },
    /// A statement's session or text cannot be said again.
    #[error("{file} at {position}, {what}: {why}")]
    Statement {
        /// Name of the log.
        file: String,
        /// Position of the event.
        position: u64,
        /// What was to be written.
        what: &'static str,
        /// What stands in the way.
        why: String,
    },
    /// Lines of another project have no words for it.
    #[error("{file} at {position}: {what} cannot be said in lines of {envelope}")]
    Envelope {
        /// Name of the log.
        file: String,
        /// Position of the event.
        position: u64,
        /// What cannot be said.
        what: &'static str,
        /// The project.
        envelope: &'static str,
    },
    /// A table's definition is not that of its rows.
    #[error("{} at {}, {error}", at.file, at.position)]
    Definition {
        /// The event.
        at: LogPlace,
        /// What contradicts what.
        error: Box<DefinitionError>,
    },
}

impl DumpError {
    /// What may be done about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Definition { error, .. } => Some(error.hint().to_owned()),
            Self::Envelope { .. } => Some(
                "--format json without --json-envelope says all; a selection, as by --kind, can leave it out"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}
