//! How fast files are cut into chunks: `cut [--no-checksums | --all-cores] LOG…` prints bytes, events, seconds and GB/s.
//!
//! Checksums are verified while cutting; with `--all-cores` by the chunks' own workers, and with `--no-checksums` not at all.

use std::io::Write as _;
use std::ops::ControlFlow;
use std::time::Instant;

use binlog_parser::{Chunk, Place};
use binlog_source::{CORE_CHUNK_LIMIT, FileOptions, FileSource, Input, SourceError, for_each_in_order};

type Error = Box<dyn std::error::Error>;

#[derive(Default)]
struct Totals {
    bytes: usize,
    events: usize,
}

fn main() -> Result<(), Error> {
    let mut options = FileOptions {
        chunk_limit: CORE_CHUNK_LIMIT,
        ..FileOptions::default()
    };
    let mut work: fn(Chunk) -> Result<Totals, Place> = counted;
    let mut inputs = Vec::new();
    for argument in std::env::args_os().skip(1) {
        match argument.to_str() {
            Some("--no-checksums") => options.verify_checksums = false,
            Some("--all-cores") => (options.verify_checksums, work) = (false, verified),
            _ => inputs.push(Input::Path(argument.into())),
        }
    }
    let start = Instant::now();
    let totals = cut(&mut FileSource::open(&inputs, options)?, work)?;
    let seconds = start.elapsed().as_secs_f64();
    let speed = totals.bytes as f64 / seconds / 1e9;
    let Totals { bytes, events } = totals;
    writeln!(
        std::io::stdout(),
        "{bytes} bytes, {events} events, {seconds:.3} s, {speed:.2} GB/s"
    )?;
    Ok(())
}

fn cut(source: &mut FileSource, work: fn(Chunk) -> Result<Totals, Place>) -> Result<Totals, SourceError> {
    let mut sum = Totals::default();
    for_each_in_order(source, ControlFlow::Continue, work, |totals| {
        let totals = totals.unwrap_or_else(|| Ok(Totals::default()))?;
        sum.bytes += totals.bytes;
        sum.events += totals.events;
        Ok::<(), SourceError>(())
    })?;
    Ok(sum)
}

fn counted(chunk: Chunk) -> Result<Totals, Place> {
    Ok(Totals {
        bytes: chunk.len(),
        events: chunk.events().count(),
    })
}

fn verified(chunk: Chunk) -> Result<Totals, Place> {
    for raw in chunk.events() {
        raw?.verify_checksum().map_err(|error| chunk.place(error))?;
    }
    counted(chunk)
}
