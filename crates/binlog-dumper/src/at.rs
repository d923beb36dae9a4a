//! An event with its chunk, and the errors that name it.

use binlog_parser::{Chunk, Event, FieldError, RawEvent};

use crate::DumpError;

/// An event of a chunk.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At<'c, 'a> {
    pub(crate) chunk: &'c Chunk,
    pub(crate) raw: RawEvent<'a>,
}

impl At<'_, '_> {
    /// A field that does not decode; `offset` counts from the event's first byte.
    pub(crate) fn field(&self, offset: usize, error: FieldError) -> DumpError {
        DumpError::Event(self.chunk.place(self.raw.error(offset, error)))
    }

    /// A part of a statement that cannot be written.
    pub(crate) fn statement(&self, what: &'static str, why: impl ToString) -> DumpError {
        DumpError::Statement {
            file: self.chunk.file.to_string(),
            position: self.raw.offset,
            what,
            why: why.to_string(),
        }
    }

    /// An event that no text form has words for.
    pub(crate) fn unsupported(&self, why: &'static str) -> DumpError {
        let field = self.raw.header.event_type.name().unwrap_or("event");
        self.field(0, FieldError::Unsupported { field, why })
    }

    /// An error for the events that carry changes and that no text form has words for.
    pub(crate) fn refuse(&self, event: &Event<'_>) -> Result<(), DumpError> {
        match event {
            Event::AppendBlock(_) | Event::DeleteFile { .. } | Event::ExecuteLoadQuery(_) => {
                Err(self.unsupported("LOAD DATA in statement format, with its file, cannot be written yet"))
            }
            Event::TransactionPayload(_) => Err(self.unsupported("compressed transactions cannot be read yet")),
            Event::Unknown(_) => Err(self.unsupported("this event type is not known")),
            Event::Incident(incident) => Err(DumpError::LostEvents {
                file: self.chunk.file.to_string(),
                position: self.raw.offset,
                message: String::from_utf8_lossy(incident.message).into_owned(),
            }),
            _ => Ok(()),
        }
    }
}
