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

    /// Position after the event as it stands in the log, maybe compressed. The header has its low 32 bits.
    pub(crate) fn end(&self) -> u64 {
        match self.raw.header.log_pos {
            0 => self.raw.end(),
            low => self.raw.offset + u64::from(low.wrapping_sub(self.raw.offset as u32)),
        }
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
                Err(self.unsupported("LOAD DATA needs its file: say where to put it with --local-load"))
            }
            Event::Load(_) | Event::CreateFile(_) | Event::ExecLoad { .. } => {
                Err(self.unsupported("LOAD DATA of servers before 5.0 cannot be written"))
            }
            Event::TransactionPayload(_) => Err(self.unsupported("the source was told to leave it compressed")),
            Event::PreGaRows(_) => Err(self.unsupported("no log describes the rows of MySQL 5.1 before 5.1.16")),
            Event::RowsFragment(_) => Err(self.unsupported("fragments of row events are not put together")),
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
