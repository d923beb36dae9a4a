//! How deep an event is looked into.

use std::sync::Arc;

use binlog_parser::event::Event;
use binlog_parser::{Decoder, EventError, ExpandLimits, Expansion, FieldError, RawEvent, Row};

/// Looks behind the fields of a chunk's events; memory is used again.
#[derive(Debug, Default)]
pub(super) struct Depth<'c> {
    change: Change<'c>,
    /// A plain event of a compressed one.
    plain: Vec<u8>,
}

/// Room for a row change.
#[derive(Debug, Default)]
struct Change<'a> {
    before: Row<'a>,
    after: Row<'a>,
}

impl<'c> Depth<'c> {
    /// Walks over every cell of a row event up to its exact end. Returns how many rows there are.
    ///
    /// # Errors
    /// A row that does not fit its table, or an event that nobody here can look into.
    pub(super) fn look(&mut self, raw: &RawEvent<'_>, event: &Event<'c>) -> Result<u64, EventError> {
        rows(raw, event, &mut self.change)
    }

    /// Looks into the plain events of a compressed one. Returns how many rows there are.
    ///
    /// # Errors
    /// The bytes do not expand, or what they hold is not as it should be.
    pub(super) fn expanded(&mut self, raw: &RawEvent<'_>, decoder: &mut Decoder) -> Result<u64, EventError> {
        let Some(mut expansion) = Expansion::new(raw, raw.bytes(), ExpandLimits::default())? else {
            return Ok(0);
        };
        let format = Arc::clone(decoder.format());
        let mut count = 0;
        self.plain.clear();
        while expansion.next_into(&mut self.plain)? {
            let plain = RawEvent::first(&self.plain, raw.offset, &format)?;
            count += rows(&plain, &decoder.decode(&plain)?, &mut Change::default())?;
            self.plain.clear();
        }
        Ok(count)
    }
}

fn rows<'a>(raw: &RawEvent<'_>, event: &Event<'a>, change: &mut Change<'a>) -> Result<u64, EventError> {
    let rows = match event {
        Event::Rows(rows) => rows,
        Event::Unknown(_) => {
            let (field, why) = ("event", "its type is not known");
            return Err(raw.error(0, FieldError::Unsupported { field, why }));
        }
        _ => return Ok(0),
    };
    let mut iter = rows.iter();
    let mut count = 0;
    while iter
        .next_into(&mut change.before, &mut change.after)
        .map_err(|(offset, error)| raw.error(offset, error))?
    {
        count += 1;
    }
    Ok(count)
}
