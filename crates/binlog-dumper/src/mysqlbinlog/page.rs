//! Text in two steps: what depends on earlier events, in order; and then the bytes and rows of row events, which are
//! most of it and depend on nothing else.
//!
//! A page holds all that its text needs by itself, so that another core can write it: references that both cores count
//! for each event would cost more than the writing.

use std::ops::Range;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use binlog_parser::{FormatDescription, RawEvent};

use super::rows::RowsText;
use super::session::Table;
use super::text::end_statement;

/// Characters of a line of base64, and the bytes in it.
const LINE: usize = 76;
const LINE_BYTES: usize = LINE / 4 * 3;

/// Text with places for the row events of one statement after the other.
#[derive(Debug, Default)]
pub struct Page {
    pub(super) text: Vec<u8>,
    pub(super) events: Events,
    /// Where in `text` each statement's row events belong, and which pieces they are.
    blocks: Vec<(usize, Range<usize>)>,
    /// The first piece of the statement that has not ended.
    open: usize,
}

/// Row events, in pieces.
#[derive(Debug, Default)]
pub(super) struct Events {
    bytes: Vec<u8>,
    pieces: Vec<Piece>,
    tables: Vec<Arc<Table>>,
    formats: Vec<Arc<FormatDescription>>,
}

/// What is written of an event.
#[derive(Debug)]
enum Piece {
    /// Its bytes in base64, with the end of the statement if it is the last; and its rows as comments.
    Event {
        bytes: Range<usize>,
        base64: Option<Place>,
        rows: Option<Comments>,
    },
    /// The end of a statement of which the last event is left out.
    End,
}

/// Where in its statement an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Before,
    Last,
}

/// How rows are told: indexes of the table, if it is known, and of the format.
#[derive(Debug)]
struct Comments {
    table: Option<usize>,
    format: usize,
    verbose: u32,
}

/// How an event's rows are to be told.
pub(super) struct RowsOf<'a> {
    pub(super) table: Option<&'a Arc<Table>>,
    pub(super) format: &'a Arc<FormatDescription>,
    pub(super) verbose: u32,
}

impl Events {
    /// Adds an event.
    pub(super) fn push(&mut self, event: &[u8], base64: Option<Place>, rows: Option<RowsOf<'_>>) {
        if base64.is_none() && rows.is_none() {
            return;
        }
        let from = self.bytes.len();
        self.bytes.extend(event);
        let rows = rows.map(|rows| Comments {
            table: rows.table.map(|table| index(&mut self.tables, table)),
            format: index(&mut self.formats, rows.format),
            verbose: rows.verbose,
        });
        let bytes = from..self.bytes.len();
        self.pieces.push(Piece::Event { bytes, base64, rows });
    }

    /// Ends a statement of which the last event is left out.
    pub(super) fn end(&mut self) {
        self.pieces.push(Piece::End);
    }
}

/// Where it stands among those before it, the last ones first.
fn index<T>(all: &mut Vec<Arc<T>>, wanted: &Arc<T>) -> usize {
    const NEAR: usize = 16;
    let near = all.iter().enumerate().rev().take(NEAR);
    let found = near
        .filter(|(_, one)| Arc::ptr_eq(one, wanted))
        .map(|(at, _)| at)
        .next();
    found.unwrap_or_else(|| {
        all.push(Arc::clone(wanted));
        all.len() - 1
    })
}

impl Page {
    /// Puts the row events of the statement that ends where the text ends so far.
    pub(super) fn place(&mut self) {
        let pieces = self.open..self.events.pieces.len();
        self.open = pieces.end;
        if !pieces.is_empty() {
            self.blocks.push((self.text.len(), pieces));
        }
    }

    /// Whether all row events have their place: what follows may stand on another page.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.open == self.events.pieces.len()
    }

    /// Appends all of the text.
    pub fn write(&self, out: &mut Vec<u8>) {
        let (mut written, mut rows) = (0, RowsText::default());
        for (place, pieces) in &self.blocks {
            out.extend(self.text.get(written..*place).unwrap_or_default());
            written = *place;
            let pieces = self.events.pieces.get(pieces.clone()).unwrap_or_default();
            self.write_block(pieces, &mut rows, out);
        }
        out.extend(self.text.get(written..).unwrap_or_default());
    }

    /// Bytes of what stands on the page, and of the events that belong on it.
    #[must_use]
    pub fn size(&self) -> usize {
        self.text.len() + self.events.bytes.len()
    }

    fn write_block(&self, pieces: &[Piece], rows_text: &mut RowsText, out: &mut Vec<u8>) {
        let mut begun = false;
        for piece in pieces {
            match piece {
                Piece::Event {
                    bytes,
                    base64: Some(place),
                    ..
                } => {
                    out.extend(if begun { &b""[..] } else { b"\nBINLOG '\n" });
                    begun = true;
                    push_base64(out, self.bytes(bytes));
                    if *place == Place::Last {
                        end_binlog(out);
                    }
                }
                Piece::End if begun => end_binlog(out),
                _ => {}
            }
        }
        for piece in pieces {
            if let Piece::Event {
                bytes,
                rows: Some(rows),
                ..
            } = piece
            {
                self.write_rows(self.bytes(bytes), rows, rows_text, out);
            }
        }
    }

    fn bytes(&self, range: &Range<usize>) -> &[u8] {
        self.events.bytes.get(range.clone()).unwrap_or_default()
    }

    fn write_rows(&self, event: &[u8], comments: &Comments, rows: &mut RowsText, out: &mut Vec<u8>) {
        let table = comments.table.and_then(|at| self.events.tables.get(at));
        if let Some(format) = self.events.formats.get(comments.format)
            && let Ok(raw) = RawEvent::first(event, 0, format)
        {
            rows.write(&raw, format, table.map(Arc::as_ref), comments.verbose, out);
        }
    }
}

fn end_binlog(out: &mut Vec<u8>) {
    out.push(b'\'');
    end_statement(out);
}

/// Appends bytes in lines of base64, and a line end.
pub(super) fn push_base64(out: &mut Vec<u8>, bytes: &[u8]) {
    for line in bytes.chunks(LINE_BYTES) {
        let start = out.len();
        out.resize(start + line.len().div_ceil(3) * 4, 0);
        if let Some(room) = out.get_mut(start..) {
            // The room is made for it.
            let _ = STANDARD.encode_slice(line, room);
        }
        out.push(b'\n');
    }
}
