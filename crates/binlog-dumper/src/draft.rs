//! A chunk's text in two steps: what depends on the events before it, in the order of the log; and then the rows, which
//! depend on nothing but their event and table, so that cores can write those of several chunks at the same time.

use std::sync::Arc;

use binlog_parser::event::RowsKind;
use binlog_parser::{Chunk, Decoder, Entries, Event, EventType, RawEvent, Rows, TableMap};

use crate::DumpError;
use crate::files::FileBlock;

/// A chunk's text but for its rows.
#[derive(Debug)]
pub struct Draft<R> {
    chunk: Chunk,
    page: Page<R>,
    error: Option<DumpError>,
}

/// Text with places for the rows of one event after the other.
#[derive(Debug)]
pub(crate) struct Page<R> {
    pub(crate) text: Vec<u8>,
    /// Where in `text` the rows of each row event belong, and what writes them.
    rows: Vec<(usize, R)>,
    /// Blocks of the files that the text loads.
    pub(crate) files: Vec<FileBlock>,
}

/// Writes the rows of one event.
pub trait WriteRows {
    /// The rows' table map, with what definitions tell beside it.
    fn table(&self) -> &Arc<TableMap>;

    /// Appends the text of the event's rows.
    ///
    /// # Errors
    /// A row does not decode, or cannot be said in this form. What was appended may end anywhere.
    fn write(&self, chunk: &Chunk, raw: &RawEvent<'_>, rows: &Rows<'_>, out: &mut Vec<u8>) -> Result<(), DumpError>;
}

impl<R> Page<R> {
    pub(crate) fn new() -> Self {
        Self {
            text: Vec::new(),
            rows: Vec::new(),
            files: Vec::new(),
        }
    }

    /// The rows of the event stand here. Each row event has such a place.
    pub(crate) fn rows(&mut self, rows: R) {
        self.rows.push((self.text.len(), rows));
    }

    /// The draft that this page is of the chunk: all of it, or what stands before an error.
    pub(crate) fn of(self, chunk: Chunk, error: Option<DumpError>) -> Draft<R> {
        Draft {
            chunk,
            page: self,
            error,
        }
    }
}

impl<R> Draft<R> {
    /// Whether the text ends before an event that cannot be said in this form: nothing comes after it.
    #[must_use]
    pub fn is_cut_short(&self) -> bool {
        self.error.is_some()
    }

    /// Blocks of the files that the text loads, in order: they have to be there when the text is used.
    pub fn take_files(&mut self) -> Vec<FileBlock> {
        std::mem::take(&mut self.page.files)
    }
}

impl<R: WriteRows> Draft<R> {
    /// Appends the text.
    ///
    /// # Errors
    /// An event does not decode, or cannot be said in this form. `out` then holds all before that event.
    pub fn write(self, out: &mut Vec<u8>) -> Result<(), DumpError> {
        let written = self.write_rows(out)?;
        out.extend(self.page.text.get(written..).unwrap_or_default());
        self.error.map_or(Ok(()), Err)
    }

    /// Appends the text up to the last row event. Returns its length on the page.
    fn write_rows(&self, out: &mut Vec<u8>) -> Result<usize, DumpError> {
        let mut decoder = self.chunk.decoder();
        let mut events = self.chunk.entries();
        let mut written = 0;
        for (place, writer) in &self.page.rows {
            out.extend(self.page.text.get(written..*place).unwrap_or_default());
            written = *place;
            let Some((raw, mut rows)) = self.next_rows(&mut events, &mut decoder)? else {
                break;
            };
            rows.table = Arc::clone(writer.table());
            let start = out.len();
            writer
                .write(&self.chunk, &raw, &rows, out)
                .inspect_err(|_| out.truncate(start))?;
        }
        Ok(written)
    }

    fn next_rows<'c>(
        &self,
        events: &mut Entries<'c>,
        decoder: &mut Decoder,
    ) -> Result<Option<(RawEvent<'c>, Rows<'c>)>, DumpError> {
        while let Some(ref raw) = events.advance() {
            if !concerns_rows(raw.header.event_type) {
                continue;
            }
            if let Event::Rows(rows) = decoder.decode(raw).map_err(|error| self.chunk.place(error))? {
                return Ok(Some((*raw, rows)));
            }
        }
        Ok(None)
    }
}

/// Whether rows are decoded by it.
fn concerns_rows(event_type: EventType) -> bool {
    matches!(event_type, EventType::FORMAT_DESCRIPTION | EventType::TABLE_MAP) || RowsKind::of(event_type).is_some()
}
