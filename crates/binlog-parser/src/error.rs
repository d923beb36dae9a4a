//! Errors: a parser says which field; the event's edge adds the event; the caller adds the file.

use std::fmt;
use std::sync::Arc;

use crate::header::EventType;

/// Why one field could not be read. Tiny, so that parsers can return it everywhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldError {
    /// The record ends inside the field.
    #[error("{field}: need {need} bytes, have {have}")]
    Short {
        /// Name of the field.
        field: &'static str,
        /// Bytes that the field needs.
        need: usize,
        /// Bytes that are left in the record.
        have: usize,
    },
    /// The field was read and its value cannot be right.
    #[error("{field}: {value} {why}")]
    Invalid {
        /// Name of the field.
        field: &'static str,
        /// The value that stood there.
        value: u64,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Bytes are left after the last field of a record of known layout.
    #[error("{left} bytes left over after {field}")]
    LeftOver {
        /// The last field of the record.
        field: &'static str,
        /// How many bytes are left.
        left: usize,
    },
    /// The stored checksum is not that of the bytes.
    #[error("checksum: stored {stored:08x}, computed {computed:08x}")]
    Checksum {
        /// As stored at the event's end.
        stored: u32,
        /// CRC-32 of the event's bytes.
        computed: u32,
    },
    /// A row event names a table id for which no table map was seen.
    #[error("no table map for table id {table_id}")]
    NoTableMap {
        /// The id in the row event.
        table_id: u64,
    },
    /// Compressed bytes cannot be expanded.
    #[error("compressed bytes: {why}")]
    Compressed {
        /// What is wrong with them.
        why: &'static str,
    },
    /// What compressed bytes are expanded to is not what it should be.
    #[error("expanded +{offset}: {error}")]
    Expanded {
        /// Offset in the plain bytes of the event that cannot be read.
        offset: u64,
        /// What happened.
        error: Box<FieldError>,
    },
    /// The form is known and this version does not decode it.
    #[error("{field}: not supported: {why}")]
    Unsupported {
        /// Name of the field, or of the event.
        field: &'static str,
        /// What would be needed.
        why: &'static str,
    },
}

/// A field error with the event in which it happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventError {
    /// Type code of the event; `None` where not even the header could be read.
    pub event_type: Option<EventType>,
    /// Offset of the event's first byte in its log.
    pub event_offset: u64,
    /// Offset of the field inside the event, from the first byte of its header.
    pub field_offset: usize,
    /// What happened.
    pub error: FieldError,
}

impl fmt::Display for EventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {}, ", self.event_offset)?;
        match self.event_type {
            Some(event_type) => write!(f, "{event_type}")?,
            None => f.write_str("event header")?,
        }
        write!(f, " +{}: {}", self.field_offset, self.error)
    }
}

impl std::error::Error for EventError {}

impl EventError {
    /// The same error with the name of the log in which the event stands.
    #[must_use]
    pub fn in_file(self, file: &Arc<str>) -> Place {
        Place {
            file: Arc::clone(file),
            error: self,
        }
    }
}

/// An event error with its log: `binlog.000042 at 1234567, TABLE_MAP +31: …`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file} {error}")]
pub struct Place {
    /// Name of the log, as the source gave it.
    pub file: Arc<str>,
    /// The event and what happened in it.
    pub error: EventError,
}
