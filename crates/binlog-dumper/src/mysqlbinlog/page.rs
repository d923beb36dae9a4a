//! Text in two steps: what depends on earlier events, in order; and then the bytes and rows of row events, which are
//! most of it and depend on nothing else.
//!
//! A page holds all that its text needs by itself, so that another core can write it: references that both cores count
//! for each event would cost more than the writing.

mod overflow;

use std::borrow::Cow;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use binlog_parser::{FormatDescription, RawEvent};
use bytes::Bytes;

use super::base64::Base64Lines;
use super::options::TextOptions;
use super::printer::At;
use super::row_heads::{RowHeads, Told};
use super::rows::RowsText;
use super::session::Table;
use super::text::end_statement;
use crate::Overflow;

/// Text with places for the row events of one statement after the other.
#[derive(Debug, Default)]
pub struct Page {
    pub(super) text: Vec<u8>,
    pub(super) events: Events,
    blocks: Vec<Block>,
    /// Where in `text` lines at the head of events belong.
    heads: Vec<(usize, Head)>,
    /// The first piece of the statement that has not ended.
    open: usize,
}

/// The bytes of an event, in a block that it shares with those near it.
#[derive(Debug, Clone, Copy)]
pub struct EventBytes<'a> {
    block: &'a Bytes,
    start: usize,
    end: usize,
}

/// Where in the text the row events of a statement belong, and which pieces they are.
#[derive(Debug)]
struct Block {
    place: usize,
    pieces: Range<usize>,
    phase: Phase,
    /// Nothing of the statement's row events stands before it.
    is_first: bool,
}

/// What is written of a statement's row events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Base64,
    Rows,
    /// The one after the other.
    Both,
}

/// What writes one event after the other.
#[derive(Debug, Default)]
struct Pens {
    base64: Base64Lines,
    rows: RowsText,
}

/// Row events, in pieces.
#[derive(Debug, Default)]
pub(super) struct Events {
    blocks: Vec<Bytes>,
    overflow: Option<Arc<dyn Overflow>>,
    size: usize,
    pieces: Vec<Piece>,
    tables: Vec<Arc<Table>>,
    formats: Vec<Arc<FormatDescription>>,
}

/// What is written of an event.
#[derive(Debug, Clone, Copy)]
enum Piece {
    /// Its bytes in base64, with the end of the statement if it is the last; and its rows as comments.
    Event {
        part: Part,
        base64: Option<Place>,
        rows: Option<Comments>,
    },
    /// The end of a statement of which the last event is left out.
    End,
}

/// Where the bytes of an event are.
#[derive(Debug, Clone, Copy)]
enum Part {
    InBlock { block: usize, start: usize, end: usize },
    Overflown { from: u64, len: usize },
}

/// The lines at the head of an event.
#[derive(Debug)]
struct Head {
    part: Part,
    position: u64,
    end_log_pos: u32,
    format: usize,
    told: Told,
    table: Option<usize>,
}

/// Where in its statement an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Before,
    Last,
}

/// How rows are told: indexes of the table, if it is known, and of the format.
#[derive(Debug, Clone, Copy)]
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

impl<'a> EventBytes<'a> {
    /// An event that is all of its block.
    #[must_use]
    pub fn whole(block: &'a Bytes) -> Self {
        let (start, end) = (0, block.len());
        Self { block, start, end }
    }

    /// An event that is a part of a block. `None` where the block ends before it.
    #[must_use]
    pub fn part(block: &'a Bytes, range: Range<usize>) -> Option<Self> {
        let Range { start, end } = range;
        block.get(start..end).map(|_| Self { block, start, end })
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(self) -> &'a [u8] {
        self.block.get(self.start..self.end).unwrap_or_default()
    }

    /// The bytes, to be kept.
    pub(super) fn to_owned(self) -> Bytes {
        self.block.slice(self.start..self.end)
    }
}

impl Events {
    /// Adds an event.
    pub(super) fn push(&mut self, event: EventBytes<'_>, base64: Option<Place>, rows: Option<RowsOf<'_>>) {
        if base64.is_none() && rows.is_none() {
            return;
        }
        self.size += event.end - event.start;
        let part = self.part(event);
        let rows = rows.map(|rows| Comments {
            table: rows.table.map(|table| index(&mut self.tables, table)),
            format: index(&mut self.formats, rows.format),
            verbose: rows.verbose,
        });
        self.pieces.push(Piece::Event { part, base64, rows });
    }

    fn part(&mut self, event: EventBytes<'_>) -> Part {
        let EventBytes { block, start, end } = event;
        if self.blocks.last().is_none_or(|last| last.as_ptr() != block.as_ptr()) {
            self.blocks.push(block.clone());
        }
        let block = self.blocks.len() - 1;
        Part::InBlock { block, start, end }
    }

    /// The bytes of an event in a block.
    fn bytes(&self, part: Part) -> &[u8] {
        match part {
            Part::InBlock { block, start, end } => {
                let block = self.blocks.get(block);
                block.and_then(|block| block.get(start..end)).unwrap_or_default()
            }
            Part::Overflown { .. } => &[],
        }
    }

    /// The bytes of an event, wherever they are.
    fn fetch(&self, part: Part) -> io::Result<Cow<'_, [u8]>> {
        match (part, &self.overflow) {
            (Part::Overflown { from, len }, Some(overflow)) => {
                let mut bytes = vec![0; len];
                overflow.read(from, &mut bytes)?;
                Ok(bytes.into())
            }
            _ => Ok(self.bytes(part).into()),
        }
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
    /// Puts the lines at the head of an event so many bytes after the text so far.
    pub(super) fn head(&mut self, after: usize, at: &At<'_>, told: Told, table: Option<&Arc<Table>>) {
        let events = &mut self.events;
        let head = Head {
            part: events.part(at.event),
            position: at.position,
            end_log_pos: at.raw.header.log_pos,
            format: index(&mut events.formats, at.format),
            told,
            table: table.map(|table| index(&mut events.tables, table)),
        };
        self.heads.push((self.text.len() + after, head));
    }

    /// Puts the row events of the statement that ends where the text ends so far.
    pub(super) fn place(&mut self) {
        let pieces = self.open..self.events.pieces.len();
        self.open = pieces.end;
        if !pieces.is_empty() {
            self.blocks.push(Block {
                place: self.text.len(),
                pieces,
                phase: Phase::Both,
                is_first: true,
            });
        }
    }

    /// Whether all row events have their place: what follows may stand on another page.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.open == self.events.pieces.len()
    }

    /// Whether events of the page wait elsewhere.
    #[must_use]
    pub fn has_overflow(&self) -> bool {
        self.events.overflow.is_some()
    }

    /// Appends all of the text.
    ///
    /// # Errors
    /// Events that wait elsewhere cannot be read.
    pub fn write(&self, options: &TextOptions, out: &mut Vec<u8>) -> io::Result<()> {
        let (mut written, mut pens) = (0, Pens::default());
        let (mut heads, mut row_heads) = (self.heads.iter().peekable(), RowHeads::new(options));
        let places = self.blocks.iter().map(|block| (block.place, Some(block)));
        for (place, block) in places.chain([(self.text.len(), None)]) {
            while let Some((place, head)) = heads.next_if(|(before, _)| *before <= place) {
                self.write_text(&mut written, *place, out);
                self.write_head(head, &mut row_heads, out);
            }
            self.write_text(&mut written, place, out);
            if let Some(block) = block {
                self.write_block(block, &mut pens, out)?;
            }
        }
        Ok(())
    }

    fn write_text(&self, written: &mut usize, to: usize, out: &mut Vec<u8>) {
        let from = std::mem::replace(written, to);
        out.extend_from_slice(self.text.get(from..to).unwrap_or_default());
    }

    fn write_head(&self, head: &Head, row_heads: &mut RowHeads<'_>, out: &mut Vec<u8>) {
        let table = head.table.and_then(|at| self.events.tables.get(at));
        if let Some(format) = self.events.formats.get(head.format)
            && let Some(mut raw) = RawEvent::framed(self.events.bytes(head.part), 0, format)
        {
            raw.header.log_pos = head.end_log_pos;
            let table = table.map(Arc::as_ref);
            row_heads.write(head.told, (&raw, head.position), format, table, out);
        }
    }

    /// Bytes of what stands on the page, and of the events that belong on it.
    #[must_use]
    pub fn size(&self) -> usize {
        self.text.len() + self.events.size
    }

    /// Takes the page, and leaves an empty one with room for as much.
    #[must_use]
    pub fn turn(&mut self) -> Self {
        let next = Self {
            text: Vec::with_capacity(self.text.len()),
            heads: Vec::with_capacity(self.heads.len()),
            blocks: Vec::with_capacity(self.blocks.len()),
            events: Events {
                pieces: Vec::with_capacity(self.events.pieces.len()),
                ..Events::default()
            },
            open: 0,
        };
        std::mem::replace(self, next)
    }

    fn write_block(&self, block: &Block, pens: &mut Pens, out: &mut Vec<u8>) -> io::Result<()> {
        let pieces = self.events.pieces.get(block.pieces.clone()).unwrap_or_default();
        if block.phase != Phase::Rows {
            self.write_base64(pieces, block.is_first, &mut pens.base64, out)?;
        }
        if block.phase != Phase::Base64 {
            self.write_comments(pieces, &mut pens.rows, out)?;
        }
        Ok(())
    }

    fn write_base64(
        &self,
        pieces: &[Piece],
        is_first: bool,
        lines: &mut Base64Lines,
        out: &mut Vec<u8>,
    ) -> io::Result<()> {
        let mut begun = !is_first;
        for piece in pieces {
            match piece {
                Piece::Event {
                    part,
                    base64: Some(place),
                    ..
                } => {
                    out.extend_from_slice(if begun { b"" } else { b"\nBINLOG '\n" });
                    begun = true;
                    lines.push(&self.events.fetch(*part)?, out);
                    if *place == Place::Last {
                        end_binlog(out);
                    }
                }
                Piece::End if begun => end_binlog(out),
                _ => {}
            }
        }
        Ok(())
    }

    fn write_comments(&self, pieces: &[Piece], rows: &mut RowsText, out: &mut Vec<u8>) -> io::Result<()> {
        for piece in pieces {
            if let Piece::Event {
                part,
                rows: Some(comments),
                ..
            } = piece
            {
                self.write_rows(&self.events.fetch(*part)?, comments, rows, out);
            }
        }
        Ok(())
    }

    fn write_rows(&self, event: &[u8], comments: &Comments, rows: &mut RowsText, out: &mut Vec<u8>) {
        let tables = &self.events.tables;
        let table = comments.table.and_then(|at| Some((at, &**tables.get(at)?)));
        if let Some(format) = self.events.formats.get(comments.format)
            && let Some(raw) = RawEvent::framed(event, 0, format)
        {
            rows.write(&raw, format, table, comments.verbose, out);
        }
    }
}

impl Piece {
    /// Bytes of its event.
    fn len(&self) -> usize {
        match self {
            Self::Event {
                part: Part::InBlock { start, end, .. },
                ..
            } => end - start,
            Self::Event {
                part: Part::Overflown { len, .. },
                ..
            } => *len,
            Self::End => 0,
        }
    }
}

fn end_binlog(out: &mut Vec<u8>) {
    out.push(b'\'');
    end_statement(out);
}
