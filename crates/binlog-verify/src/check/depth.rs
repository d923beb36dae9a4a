//! How deep an event is looked into.

use std::sync::Arc;

use binlog_parser::event::Event;
use binlog_parser::{Decoder, EventError, ExpandLimits, Expansion, FieldError, RawEvent, Row};

/// Looks behind the fields of events; memory is used again.
#[derive(Debug, Default)]
pub(super) struct Depth {
    /// A plain event of a compressed one.
    plain: Vec<u8>,
}

impl Depth {
    /// Walks over every cell of a row event up to its exact end. Returns how many rows there are.
    ///
    /// # Errors
    /// A row that does not fit its table, or an event that nobody here can look into.
    pub(super) fn look(&self, raw: &RawEvent<'_>, event: &Event<'_>) -> Result<u64, EventError> {
        rows(raw, event)
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
            count += rows(&plain, &decoder.decode(&plain)?)?;
            self.plain.clear();
        }
        Ok(count)
    }
}

fn rows(raw: &RawEvent<'_>, event: &Event<'_>) -> Result<u64, EventError> {
    let rows = match event {
        Event::Rows(rows) => rows,
        Event::Unknown(_) => {
            let (field, why) = ("event", "its type is not known");
            return Err(raw.error(0, FieldError::Unsupported { field, why }));
        }
        _ => return Ok(0),
    };
    let (mut before, mut after) = (Row::default(), Row::default());
    let mut iter = rows.iter();
    let mut count = 0;
    while iter
        .next_into(&mut before, &mut after)
        .map_err(|(offset, error)| raw.error(offset, error))?
    {
        count += 1;
    }
    Ok(count)
}
