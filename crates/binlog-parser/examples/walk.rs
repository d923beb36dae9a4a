//! Walks over all events of a plain binary log and decodes every cell: `walk FILE [TIMES]`.
#![allow(clippy::print_stdout, reason = "a program, which tells what it found")]

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use binlog_parser::{Decoder, Event, EventError, MAGIC_LEN, RawEvent, Row};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let log = std::fs::read(arguments.next().ok_or("walk FILE [TIMES]")?)?;
    let times = arguments.next().map_or(Ok(1), |times| times.parse())?;
    for _ in 0..times {
        let started = Instant::now();
        let (events, cells) = walk(&log)?;
        let seconds = started.elapsed().as_secs_f64();
        let rate = log.len() as f64 / 1e6 / seconds;
        println!("{events} events, {cells} cells, {seconds:.3} s, {rate:.0} MB/s");
    }
    Ok(())
}

/// Counts the events and cells of a whole log.
fn walk(log: &[u8]) -> Result<(u64, u64), EventError> {
    let mut decoder = Decoder::default();
    let (mut before, mut after) = (Row::default(), Row::default());
    let (mut events, mut cells) = (0, 0);
    let mut offset = MAGIC_LEN as usize;
    while let Some(rest) = log.get(offset..).filter(|rest| !rest.is_empty()) {
        let raw = RawEvent::first(rest, offset as u64, decoder.format())?;
        if let Event::Rows(rows) = decoder.decode(&raw)? {
            let mut changes = rows.iter();
            let at = |(at, error)| raw.error(at, error);
            while changes.next_into(&mut before, &mut after).map_err(at)? {
                cells += black_box(&before).cells.len() + black_box(&after).cells.len();
            }
        }
        events += 1;
        offset += raw.bytes().len();
    }
    Ok((events, cells as u64))
}
