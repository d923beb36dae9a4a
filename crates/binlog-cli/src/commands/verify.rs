//! `binlog verify`: reads everything, and says so or says what is wrong.

use std::io::Write as _;

use anyhow::Result;
use binlog_parser::event::Event;
use binlog_parser::{ChecksumAlgorithm, Chunk, Decoder, FieldError, Place, Row, Step, TransactionTracker};
use binlog_source::Next;
use clap::Args;

use crate::inputs::InputArgs;
use crate::output::OutputArgs;
use crate::progress::size;

/// Check binary logs: structure, checksums, every row.
#[derive(Args, Debug)]
pub(crate) struct Verify {
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    input: InputArgs,
}

/// What was found in one log.
#[derive(Debug, Default)]
struct Found {
    file: String,
    events: u64,
    checksums: u64,
    transactions: u64,
    rows: u64,
    bytes: u64,
    closed: bool,
    open_transaction: bool,
}

impl Verify {
    pub(crate) fn run(self) -> Result<()> {
        let mut source = self.input.open()?;
        let mut out = self.output.open()?;
        let mut check = Check::default();
        loop {
            match source.next()? {
                Next::Chunk(chunk) => {
                    if let Some(found) = check.change_of_file(&chunk) {
                        writeln!(out, "{found}")?;
                    }
                    check.chunk(&chunk)?;
                }
                Next::Idle => {}
                Next::End => break,
            }
        }
        writeln!(out, "{}", check.found)?;
        out.flush()?;
        Ok(())
    }
}

#[derive(Debug, Default)]
struct Check {
    found: Found,
    decoder: Decoder,
    tracker: TransactionTracker,
}

impl Check {
    /// What was found in the log before this chunk's, where that is another one.
    fn change_of_file(&mut self, chunk: &Chunk) -> Option<Found> {
        if *chunk.file == *self.found.file {
            return None;
        }
        let found = Found {
            file: chunk.file.to_string(),
            ..Found::default()
        };
        self.tracker = TransactionTracker::default();
        let before = std::mem::replace(&mut self.found, found);
        (before.events > 0).then_some(before)
    }

    /// The source has verified checksums; here every event and row is decoded.
    fn chunk(&mut self, chunk: &Chunk) -> Result<(), Place> {
        for raw in chunk.events() {
            let raw = raw?;
            let event = self.decoder.decode(&raw).map_err(|error| chunk.place(error))?;
            let rows = count_rows(&event);
            self.found.rows += rows.map_err(|(offset, error)| chunk.place(raw.error(offset, error)))?;
            let step = self.tracker.step(&event);
            self.found.transactions += u64::from(matches!(step, Step::End | Step::Only));
            self.found.events += 1;
            self.found.bytes += u64::from(raw.header.event_size);
            self.found.checksums += u64::from(raw.checksum() == ChecksumAlgorithm::Crc32);
            self.found.closed = matches!(event, Event::Stop | Event::Rotate(_));
        }
        self.found.open_transaction = self.tracker.is_open();
        Ok(())
    }
}

/// Reads all rows of the event; an event that nobody here can look into is an error.
fn count_rows(event: &Event<'_>) -> Result<u64, (usize, FieldError)> {
    let unread = |why| Err((0, FieldError::Unsupported { field: "event", why }));
    let rows = match event {
        Event::Rows(rows) => rows,
        Event::Unknown(_) => return unread("its type is not known"),
        Event::TransactionPayload(_) => return unread("compressed transactions are not read yet"),
        _ => return Ok(0),
    };
    let (mut before, mut after) = (Row::default(), Row::default());
    let mut iter = rows.iter();
    let mut count = 0;
    while iter.next_into(&mut before, &mut after)? {
        count += 1;
    }
    Ok(count)
}

impl std::fmt::Display for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}: ok, {} events, {} transactions, {} rows, {}, {} checksums verified",
            self.file,
            self.events,
            self.transactions,
            self.rows,
            size(self.bytes),
            self.checksums
        )?;
        if self.open_transaction {
            f.write_str(", ends inside a transaction")?;
        }
        if !self.closed {
            f.write_str(", not closed (still written, or its server crashed)")?;
        }
        Ok(())
    }
}
