//! Valid logs of the whole transactions of damaged ones.

use std::fs::{self, File, OpenOptions};
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use binlog_parser::{
    ChecksumAlgorithm, Chunk, EventFlags, EventHeader, EventType, FormatDescription, HEADER_LEN, MAGIC_LEN, Run,
};
use binlog_source::{Input, Next, SalvageOptions, SalvageSource, Source as _};
use binlog_verify::{Keeper, LogReport, Report};
use binlog_writer::Writer;

use super::{Read, logs};
use crate::failure::Usage;

/// A log that was written.
#[derive(Debug)]
pub(super) struct Saved {
    /// Name of the log from which it was saved.
    pub(super) file: String,
    /// Where it is.
    pub(super) output: PathBuf,
    /// Whole transactions in it.
    pub(super) transactions: u64,
    /// Its length.
    pub(super) bytes: u64,
    /// What is wrong with it all the same.
    pub(super) wrong: Option<String>,
}

/// Nothing is overwritten, and a pipe cannot be read twice.
pub(super) fn refuse(inputs: &[Input], out: &Path) -> Result<()> {
    if inputs.contains(&Input::Stdin) {
        bail!(Usage("--salvage reads logs twice: give files".to_owned()));
    }
    for input in inputs {
        let output = output_of(input, inputs.len(), out);
        if output.exists() {
            bail!(Usage(format!("{} is there already", output.display())));
        }
    }
    Ok(())
}

/// Writes what survives of each log, and verifies it.
pub(super) fn save(report: &Report, read: &[Read], options: &SalvageOptions, out: &Path) -> Result<Vec<Saved>> {
    if read.len() > 1 {
        fs::create_dir_all(out).with_context(|| format!("create {}", out.display()))?;
    }
    let mut saved = Vec::new();
    for (index, log) in read.iter().enumerate() {
        let end = read.get(index + 1).map_or(report.logs.len(), |next| next.first);
        let reports = report.logs.get(log.first..end).unwrap_or_default();
        if reports.iter().any(|report| report.totals.events > 0) {
            let output = output_of(&log.input, read.len(), out);
            saved.push(save_log(&log.input, reports, options, output)?);
        }
    }
    Ok(saved)
}

fn save_log(input: &Input, reports: &[LogReport], options: &SalvageOptions, output: PathBuf) -> Result<Saved> {
    let creating = || format!("create {}", output.display());
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&output)
        .with_context(creating)?;
    let bytes = write(input, reports, options, BufWriter::new(file))?;
    let (written, _) = logs(&[Input::Path(output.clone())], &SalvageOptions::default())?;
    let wrong = written
        .findings()
        .find(|finding| finding.severity == binlog_verify::Severity::Error);
    Ok(Saved {
        file: reports
            .first()
            .map(|report| report.file.to_string())
            .unwrap_or_default(),
        transactions: written.totals().transactions,
        wrong: wrong.map(|finding| finding.problem.to_string()),
        output,
        bytes,
    })
}

/// Reads the log as it was read before, and writes what is kept.
fn write(input: &Input, reports: &[LogReport], options: &SalvageOptions, out: BufWriter<File>) -> Result<u64> {
    let mut source = SalvageSource::open(input, options.clone())?;
    let mut keeper = Keeper::new(reports);
    let mut writer = Writer::new(out);
    // What cannot be read further was said by the first reading.
    while let Ok(Next::Chunk(chunk)) = source.next() {
        let kept = keeper.keep(chunk);
        if writer.position() == 0 && !kept.is_empty() && !is_described(&kept) {
            writer.write(&described(&kept))?;
        }
        writer.write(&kept)?;
    }
    writer.flush()?;
    Ok(writer.position())
}

fn output_of(input: &Input, count: usize, out: &Path) -> PathBuf {
    match input {
        Input::Path(path) if count > 1 => out.join(path.file_name().unwrap_or(path.as_os_str())),
        _ => out.to_owned(),
    }
}

fn is_described(chunk: &Chunk) -> bool {
    chunk
        .first_header()
        .is_some_and(|header| header.event_type == EventType::FORMAT_DESCRIPTION)
}

/// A chunk of the format description that another one lacks.
fn described(chunk: &Chunk) -> Chunk {
    let bytes = description(&chunk.format, chunk.first_header());
    Chunk {
        runs: vec![Run {
            bytes: bytes.into(),
            offset: MAGIC_LEN,
            packed: false,
        }],
        format: Arc::clone(&chunk.format),
        file: Arc::clone(&chunk.file),
        open_tables: Vec::new(),
        continues: false,
        unfinished: false,
        ..*chunk
    }
}

/// The event of a format; time and server are those of the first event that it describes.
fn description(format: &FormatDescription, first: Option<EventHeader>) -> Vec<u8> {
    let mut body = Vec::new();
    format.encode(&mut body);
    let size = HEADER_LEN + body.len() + ChecksumAlgorithm::Crc32.len();
    let mut bytes = Vec::with_capacity(size);
    EventHeader {
        timestamp: first.map_or(0, |header| header.timestamp),
        event_type: EventType::FORMAT_DESCRIPTION,
        server_id: first.map_or(0, |header| header.server_id),
        event_size: size as u32,
        log_pos: MAGIC_LEN as u32 + size as u32,
        flags: EventFlags::default(),
    }
    .encode(&mut bytes);
    bytes.extend(body);
    ChecksumAlgorithm::Crc32.append(&mut bytes, 0);
    bytes
}
