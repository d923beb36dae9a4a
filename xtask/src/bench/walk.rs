//! Libraries at the same work: all events of a log, and every cell of its rows.

use std::fs::File;
use std::hint::black_box;
use std::io::{BufReader, Read as _};
use std::ops::ControlFlow;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use binlog_parser::{Chunk, Decoder, Event, EventHeader, MAGIC_LEN, RawEvent, Row};
use binlog_source::{CORE_CHUNK_LIMIT, FileOptions, FileSource, Input, for_each_in_order};
use clap::ValueEnum;
use mysql_common::binlog::consts::BinlogVersion;
use mysql_common::binlog::events::EventData;
use mysql_replication::{EventData as ReplicationData, Full};

/// Bytes that are read at once.
const BLOCK: u64 = 1 << 18;

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Library {
    /// `binlog-parser` alone.
    BinlogParser,
    /// `binlog-parser` behind `binlog-source`, on all cores.
    BinlogSource,
    MysqlCommon,
    MysqlReplication,
}

/// What a library found.
#[derive(Default)]
struct Found {
    events: u64,
    rows: u64,
}

impl Library {
    /// Reads the whole log, and prints what it holds.
    pub(super) fn walk(self, file: &Path) -> Result<()> {
        let found = match self {
            Self::BinlogParser => binlog_parser(file),
            Self::BinlogSource => binlog_source(file),
            Self::MysqlCommon => mysql_common(file),
            Self::MysqlReplication => mysql_replication(file),
        }?;
        println!("{} events, {} rows", found.events, found.rows);
        Ok(())
    }
}

fn open(file: &Path) -> Result<File> {
    File::open(file).with_context(|| format!("cannot open {}", file.display()))
}

/// For those who read small pieces.
fn buffered(file: &Path) -> Result<BufReader<File>> {
    Ok(BufReader::with_capacity(1 << 20, open(file)?))
}

/// Reads block by block, and goes over the whole events in each.
fn binlog_parser(file: &Path) -> Result<Found> {
    let mut input = open(file)?;
    let mut walker = Walker::default();
    let mut block = Vec::new();
    input.read_exact(&mut [0; MAGIC_LEN as usize])?;
    while (&mut input).take(BLOCK).read_to_end(&mut block)? > 0 {
        let walked = walker.whole_events(&block)?;
        block.drain(..walked);
    }
    ensure!(block.is_empty(), "the log ends inside an event");
    Ok(walker.found)
}

/// Checksums are not verified, as the others do not.
fn binlog_source(file: &Path) -> Result<Found> {
    let options = FileOptions {
        verify_checksums: false,
        chunk_limit: CORE_CHUNK_LIMIT,
        ..FileOptions::default()
    };
    let mut source = FileSource::open(&[Input::Path(file.into())], options)?;
    let mut all = Found::default();
    for_each_in_order(
        &mut source,
        ControlFlow::Continue,
        walked,
        |found: Option<Result<Found>>| {
            let found = found.unwrap_or_else(|| Ok(Found::default()))?;
            all.events += found.events;
            all.rows += found.rows;
            anyhow::Ok(())
        },
    )?;
    Ok(all)
}

fn walked(chunk: Chunk) -> Result<Found> {
    let mut walker = Walker::default();
    let (mut before, mut after) = (Row::default(), Row::default());
    for raw in chunk.events() {
        walker.event(&raw?, &mut before, &mut after)?;
    }
    Ok(walker.found)
}

/// Decodes every cell with `binlog-parser`.
#[derive(Default)]
struct Walker {
    decoder: Decoder,
    found: Found,
}

impl Walker {
    /// How many bytes the whole events at the front take.
    fn whole_events(&mut self, block: &[u8]) -> Result<usize> {
        let (mut before, mut after) = (Row::default(), Row::default());
        let mut walked = 0;
        while let Some(rest) = block.get(walked..) {
            let whole = EventHeader::decode(rest).is_ok_and(|header| header.event_size as usize <= rest.len());
            if !whole {
                break;
            }
            let raw = RawEvent::first(rest, walked as u64, self.decoder.format())?;
            self.event(&raw, &mut before, &mut after)?;
            walked += raw.bytes().len();
        }
        Ok(walked)
    }

    fn event<'a>(&mut self, raw: &RawEvent<'a>, before: &mut Row<'a>, after: &mut Row<'a>) -> Result<()> {
        self.found.events += 1;
        if let Event::Rows(rows) = self.decoder.decode(raw)? {
            let mut changes = rows.iter();
            let place = |(at, error)| raw.error(at, error);
            while changes.next_into(before, after).map_err(place)? {
                black_box((&before, &after));
                self.found.rows += 1;
            }
        }
        Ok(())
    }
}

fn mysql_common(file: &Path) -> Result<Found> {
    let mut log = mysql_common::binlog::BinlogFile::new(BinlogVersion::Version4, buffered(file)?)?;
    let mut found = Found::default();
    while let Some(event) = log.next() {
        let event = event?;
        found.events += 1;
        if let Some(EventData::RowsEvent(data)) = event.read_data()? {
            let table = log
                .reader()
                .get_tme(data.table_id())
                .context("rows without a table map")?;
            for row in data.rows(table) {
                black_box(row?);
                found.rows += 1;
            }
        }
    }
    Ok(found)
}

fn mysql_replication(file: &Path) -> Result<Found> {
    let mut log = mysql_replication::file::BinlogFile::<_, Full>::new(buffered(file)?, Default::default())?;
    let mut found = Found::default();
    while let Some(event) = log.next_event()? {
        found.events += 1;
        if let ReplicationData::Rows(rows) = &event.event {
            for row in rows.rows()? {
                let (before, after) = row?.operation.into_images();
                for image in before.into_iter().chain(after) {
                    for field in image.fields() {
                        black_box(field?);
                    }
                }
                found.rows += 1;
            }
        }
    }
    Ok(found)
}
