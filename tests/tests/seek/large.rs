//! Logs of more than 4 GiB: their positions do not fit the headers of events.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use binlog_parser::{EventFlags, EventHeader, EventType, HEADER_LEN};
use binlog_testkit::{Flavour, Server, ServerOptions, binlog, run_binlog};
use mysql::prelude::Queryable as _;
use serde_json::Value;

use super::logs::{Logs, arguments, fixture, identities};

const GIB4: u64 = 1 << 32;

/// A log of real transactions that begin before 4 GiB and end after: before them lie ignorable events of nothing. Returns
/// how much later than in the original the transactions stand.
fn large_log(path: &Path) -> Result<u64> {
    const HEAD: usize = 154;
    const EVENT: u64 = 1 << 20;
    let original = fs::read(original())?;
    let (head, mut rest) = original.split_at_checked(HEAD).context("no head")?;
    let file = File::create(path)?;
    file.write_all_at(head, 0)?;
    let (mut at, begin) = (HEAD as u64, GIB4 - 3000);
    while at < begin {
        let size = EVENT.min(begin - at);
        let header = header(EventType::IGNORABLE, size as u32, at + size);
        file.write_all_at(&header, at)?;
        at += size;
    }
    while !rest.is_empty() {
        let header = EventHeader::decode(rest)?;
        let (event, others) = rest.split_at_checked(header.event_size as usize).context("no event")?;
        let end = at + event.len() as u64;
        let mut moved = Vec::new();
        EventHeader {
            log_pos: end as u32,
            ..header
        }
        .encode(&mut moved);
        moved.extend(event.get(HEADER_LEN..).context("no body")?);
        file.write_all_at(&moved, at)?;
        (at, rest) = (end, others);
    }
    Ok(begin - HEAD as u64)
}

fn header(event_type: EventType, event_size: u32, end: u64) -> Vec<u8> {
    let mut out = Vec::new();
    EventHeader {
        timestamp: 1_700_000_000,
        event_type,
        server_id: 1,
        event_size,
        log_pos: end as u32,
        flags: EventFlags::IGNORABLE,
    }
    .encode(&mut out);
    out
}

/// The original of the transactions.
fn original() -> PathBuf {
    fixture(Flavour::MySql97, "no-checksum.binlog")
}

fn number(change: &Value, name: &str) -> Result<u64> {
    change.get(name).and_then(Value::as_u64).context("no number")
}

/// Runs with this many KiB of address space.
fn run_within(kib: u64, arguments: &[&str], log: &Path) -> Result<String> {
    let program = binlog()?.get_program().to_owned();
    let mut run = Command::new("sh");
    run.args(["-c", "ulimit -v $0 && exec \"$@\"", &kib.to_string()]);
    let output = run
        .arg(program)
        .args(arguments)
        .arg(log)
        .stdin(Stdio::null())
        .output()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{arguments:?}: {}\n{errors}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}

struct Large {
    folder: tempfile::TempDir,
    log: Logs,
    moved: u64,
}

impl Large {
    fn make() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("binlog.000001");
        let moved = large_log(&path)?;
        let log = Logs(vec![path]);
        Ok(Self { folder, log, moved })
    }

    fn path(&self) -> Result<&Path> {
        self.log.0.first().map(PathBuf::as_path).context("no log")
    }

    /// Where the transactions begin.
    fn transactions(&self) -> Result<Vec<u64>> {
        let changes = Logs(vec![original()]).changes(&[])?;
        let begins = changes
            .iter()
            .map(|change| Ok(number(change, "transaction")? + self.moved));
        let mut found: Vec<u64> = begins.collect::<Result<_>>()?;
        found.dedup();
        Ok(found)
    }

    /// The changes between two positions are those of the original.
    fn check_between(&self, start: u64, stop: Option<u64>) -> Result<()> {
        let mut expected =
            Logs(vec![original()]).changes(&texts(&between(start - self.moved, stop.map(|at| at - self.moved))))?;
        for change in &mut expected {
            for name in ["position", "end", "transaction"] {
                let moved = number(change, name)? + self.moved;
                *change.get_mut(name).context("no position")? = moved.into();
            }
        }
        let options = between(start, stop);
        let found = self.log.changes(&texts(&options))?;
        let differ = found.iter().zip(&expected).find(|(found, expected)| found != expected);
        ensure!(differ.is_none(), "{options:?}: {differ:?}");
        ensure!(found.len() == expected.len(), "{options:?}: {} changes", found.len());
        Ok(())
    }
}

fn between(start: u64, stop: Option<u64>) -> Vec<String> {
    let mut options = vec!["--start-position".to_owned(), start.to_string()];
    if let Some(stop) = stop {
        options.extend(["--stop-position".to_owned(), stop.to_string()]);
    }
    options
}

fn texts(options: &[String]) -> Vec<&str> {
    options.iter().map(String::as_str).collect()
}

#[test]
fn positions_beyond_4_gib() -> Result<()> {
    let large = Large::make()?;
    let transactions = large.transactions()?;
    let after = transactions.partition_point(|at| *at < GIB4);
    ensure!(after > 1 && after < transactions.len());
    let (first, last) = (
        *transactions.first().context("none")?,
        *transactions.last().context("none")?,
    );
    for start in &transactions {
        large.check_between(*start, None)?;
    }
    let middle = transactions.get(after).copied();
    large.check_between(first, middle)?;
    large.check_between(middle.context("none")?, Some(last))?;
    let text = large.log.dump(&["--start-position", &last.to_string()])?;
    ensure!(text.contains(&format!("-- stdin:{last} ")), "{text}");
    let output = binlog()?
        .args(["dump", "--start-position", &(last + 1).to_string()])
        .arg(large.path()?)
        .output()?;
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(
        error.contains(&format!("no event begins at position {}", last + 1)),
        "{error}"
    );
    Ok(())
}

#[test]
fn a_filtered_log_of_what_lies_beyond_4_gib() -> Result<()> {
    let large = Large::make()?;
    let start = large.transactions()?.first().context("none")?.to_string();
    let kept = large.folder.path().join("kept.binlog");
    for options in [&[][..], &["--kind", "insert"]] {
        let filter = [&["--start-position", &*start], options].concat();
        let log = run_binlog(arguments("filter", &filter, &large.log.0))?.stdout;
        fs::write(&kept, log)?;
        run_binlog([Path::new("verify"), &kept])?;
        // The definitions before it are not in the filtered log.
        let of_any_log = |text: &str| {
            let mut all = identities(text)?;
            for object in all.iter_mut().filter_map(Value::as_object_mut) {
                object.retain(|name, _| !["file", "position", "end"].contains(&name.as_str()));
            }
            Ok::<_, anyhow::Error>(all)
        };
        let json = ["--format", "json"];
        let kept = Logs(vec![kept.clone()]).dump(&json)?;
        let expected = large.log.dump(&[&json[..], &filter].concat())?;
        ensure!(of_any_log(&kept)? == of_any_log(&expected)?, "{options:?}");
    }
    Ok(())
}

/// All of it is read, in little memory.
#[test]
fn everything_in_a_log_of_more_than_4_gib() -> Result<()> {
    const KIB: u64 = 1 << 20;
    let large = Large::make()?;
    let (path, end) = (large.path()?, fs::metadata(large.path()?)?.len());
    let small = run_binlog([Path::new("info"), &original()])?.stdout;
    let small = String::from_utf8(small)?;
    let line = |text: &str, begin: &str| text.lines().find(|line| line.starts_with(begin)).map(str::to_owned);
    let info = run_within(KIB, &["info"], path)?;
    ensure!(info.starts_with(&format!("binlog.000001: 4 to {end},")), "{info}");
    for begin in ["Transactions", "Changes"] {
        ensure!(line(&info, begin) == line(&small, begin), "{info}");
    }
    let largest = line(&small, "Largest").context("no largest")?;
    let at = largest
        .split(&[':', ','][..])
        .find_map(|word| word.trim().parse::<u64>().ok());
    let at = at.context("no position")? + large.moved;
    ensure!(
        line(&info, "Largest").is_some_and(|line| line.contains(&format!(":{at}"))),
        "{info}"
    );
    Ok(())
}

#[test]
fn a_log_of_more_than_4_gib_is_verified() -> Result<()> {
    let large = Large::make()?;
    let said = String::from_utf8(run_binlog([Path::new("verify"), large.path()?])?.stdout)?;
    ensure!(said.contains("good: 1 log"), "{said}");
    Ok(())
}

#[test]
fn apply_goes_on_beyond_4_gib() -> Result<()> {
    let large = Large::make()?;
    let target = Server::start(ServerOptions::new(Flavour::MySql97).server_id(2))?;
    let transactions = large.transactions()?;
    let (first, last) = (
        transactions.first().context("none")?,
        transactions.last().context("none")?,
    );
    let (first, last, url) = (first.to_string(), last.to_string(), target.url());
    let options = ["--quiet", "--start-position", &first, "--to", &url];
    run_binlog(arguments(
        "apply",
        &[&options[..], &["--stop-position", &last]].concat(),
        &large.log.0,
    ))?;
    let position = || -> Result<u64> {
        let row = target
            .conn()?
            .query_first("SELECT log_position FROM binlog_replica.checkpoint")?;
        row.context("no checkpoint")
    };
    ensure!(position()? == last.parse::<u64>()?, "{} is not {last}", position()?);
    // All that was applied before would fail the second time.
    for _ in 0..2 {
        run_binlog(arguments("apply", &options, &large.log.0))?;
        let end = fs::metadata(large.path()?)?.len();
        ensure!(position()? == end, "{} is not {end}", position()?);
    }
    Ok(())
}

/// The protocol's field for a position has 32 bits.
#[test]
fn a_server_is_not_asked_for_a_position_beyond_4_gib() -> Result<()> {
    let server = Server::start(ServerOptions::new(Flavour::MySql97))?;
    let start = format!("binlog.000001:{GIB4}");
    let output = binlog()?
        .args(["fetch", "--from", &server.url(), "--start", &start])
        .stdin(Stdio::null())
        .output()?;
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(!output.status.success());
    ensure!(error.contains(&start) && error.contains("start with GTIDs"), "{error}");
    Ok(())
}
