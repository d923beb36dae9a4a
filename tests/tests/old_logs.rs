//! Logs of servers before 5.0, made by hand: none of those servers runs here. MariaDB's reader knows version 3.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use binlog_parser::{Chunk, Event};
use binlog_source::{FileOptions, FileSource, Input, Next, Source as _};
use binlog_testkit::{Flavour, Installation, run_binlog};

/// 2001-09-09 01:46:40 UTC
const TIME: u32 = 1_000_000_000;

/// A log in the making.
struct OldLog {
    version: u16,
    bytes: Vec<u8>,
}

impl OldLog {
    fn new(version: u16, server: &str) -> Self {
        let mut start = version.to_le_bytes().to_vec();
        start.extend(server.bytes());
        start.resize(52, 0);
        start.extend(TIME.to_le_bytes());
        let bytes = b"\xfebin".to_vec();
        Self { version, bytes }.with(1, &start)
    }

    fn with(mut self, code: u8, body: &[u8]) -> Self {
        let begin = self.bytes.len() as u32;
        let header_len = if self.version == 1 { 13 } else { 19 };
        self.bytes.extend(TIME.to_le_bytes());
        self.bytes.push(code);
        self.bytes.extend(1_u32.to_le_bytes());
        self.bytes.extend((header_len + body.len() as u32).to_le_bytes());
        if self.version == 3 {
            self.bytes.extend(begin.to_le_bytes());
            self.bytes.extend(0_u16.to_le_bytes());
        }
        self.bytes.extend(body);
        self
    }

    fn with_query(self, sql: &str) -> Self {
        let mut body = vec![5, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0];
        body.extend(b"test\0");
        body.extend(sql.bytes());
        self.with(2, &body)
    }
}

fn version_1() -> OldLog {
    OldLog::new(1, "3.23.58-log")
        .with_query("create table t (a int auto_increment primary key, b varchar(20))")
        .with(5, &[2, 7, 0, 0, 0, 0, 0, 0, 0])
        .with_query("insert into t (b) values ('x')")
        .with(3, b"")
}

fn version_3() -> OldLog {
    let load = [5, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 4, 2, 0, 0, 0];
    let names = b"\x01,\0\x01\n\0\x01\\\x04\x01\x01a\0b\0t\0test\0";
    OldLog::new(3, "4.0.30-log")
        .with_query("create table t (a int auto_increment primary key, b varchar(20))")
        .with(5, &[2, 7, 0, 0, 0, 0, 0, 0, 0])
        .with(13, &[11, 0, 0, 0, 0, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0])
        .with(14, b"\x01\0\0\0v\0\0\x08\0\0\0\x03\0\0\0abc")
        .with_query("insert into t (b) values (concat(rand(), @v))")
        .with(8, &[&load[..], &[9, 0, 0, 0], names, b"/tmp/f\x001,one\n"].concat())
        .with(9, b"\x09\0\0\x002,two\n")
        .with(10, &[9, 0, 0, 0])
        .with(12, &[&load[..], names, b"/tmp/g"].concat())
        .with(4, b"\x04\0\0\0\0\0\0\0old-bin.002")
}

/// Where each event stands, where it ends, and what it is.
fn events(file: &Path) -> Result<Vec<(u64, u32, String)>> {
    let mut source = FileSource::open(&[Input::Path(file.to_owned())], FileOptions::default())?;
    let mut events = Vec::new();
    loop {
        match source.next()? {
            Next::Chunk(chunk) => collect(&chunk, &mut events)?,
            Next::Idle => {}
            Next::End => return Ok(events),
        }
    }
}

fn collect(chunk: &Chunk, events: &mut Vec<(u64, u32, String)>) -> Result<()> {
    let mut decoder = chunk.decoder();
    for raw in chunk.events() {
        let raw = raw?;
        let what = match decoder.decode(&raw)? {
            Event::Query(query) => String::from_utf8_lossy(query.sql).into_owned(),
            Event::CreateFile(file) => format!("{}", String::from_utf8_lossy(file.load.file)),
            Event::Load(load) => format!("{}", String::from_utf8_lossy(load.file)),
            Event::Rotate(rotate) => format!("{}", String::from_utf8_lossy(rotate.file)),
            _ => raw.header.event_type.to_string(),
        };
        events.push((raw.offset, raw.header.log_pos, what));
    }
    Ok(())
}

#[test]
fn version_3_reads_as_mariadb_reads_it() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("old-bin.001");
    fs::write(&file, version_3().bytes)?;
    let mut reader = Installation::get(Flavour::MariaDb1011)?.mysqlbinlog()?;
    let text = reader
        .arg("--force-read")
        .arg("--local-load")
        .arg(folder.path())
        .arg(&file)
        .output()?;
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    let number = |text: &str, after: &str| text.split(after).nth(1)?.split_whitespace().next()?.parse().ok();
    let mut lines = text.lines();
    let mut theirs = Vec::new();
    while let Some(line) = lines.next() {
        if let Some(begin) = line.strip_prefix("# at ") {
            let end: u32 = number(lines.next().unwrap_or_default(), "end_log_pos ").context("no end")?;
            theirs.push((begin.parse::<u64>()?, end));
        }
    }
    let ours = events(&file)?;
    assert_eq!(
        ours.iter().map(|(begin, end, _)| (*begin, *end)).collect::<Vec<_>>(),
        theirs,
        "{text}"
    );
    for (_, _, what) in ours.iter().filter(|(_, _, what)| what.contains(' ')) {
        assert!(text.contains(what), "{what} is not in\n{text}");
    }
    Ok(())
}

#[test]
fn version_1_reads() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("old-bin.001");
    fs::write(&file, version_1().bytes)?;
    let ours = events(&file)?;
    let brief: Vec<_> = ours.iter().map(|(begin, end, what)| (*begin, *end, &**what)).collect();
    let expected = [
        (4, 73, "FORMAT_DESCRIPTION"),
        (
            73,
            166,
            "create table t (a int auto_increment primary key, b varchar(20))",
        ),
        (166, 188, "INTVAR"),
        (188, 247, "insert into t (b) values ('x')"),
        (247, 260, "STOP"),
    ];
    assert_eq!(brief, expected);
    Ok(())
}

/// What stands in a log, without its places and what ends it.
fn whats(file: &Path) -> Result<Vec<String>> {
    let is_change = |what: &String| !matches!(what.as_str(), "STOP" | "old-bin.002");
    Ok(events(file)?
        .into_iter()
        .map(|(_, _, what)| what)
        .filter(is_change)
        .collect())
}

#[test]
fn commands_take_them() -> Result<()> {
    let folder = tempfile::tempdir()?;
    for (name, log) in [("v1", version_1()), ("v3", version_3())] {
        let file = folder.path().join(name);
        fs::write(&file, &log.bytes)?;
        for command in ["info", "verify"] {
            let output = run_binlog([command.as_ref(), file.as_os_str()])?;
            assert!(output.status.success(), "{command} {name}: {output:?}");
        }
        let saved = folder.path().join(format!("{name}.saved"));
        let salvage = [
            "verify".as_ref(),
            "--salvage".as_ref(),
            saved.as_os_str(),
            file.as_os_str(),
        ];
        run_binlog(salvage)?;
        assert_eq!(whats(&saved)?, whats(&file)?, "{name}");
        // What comes out is version 4.
        let filtered = run_binlog(["filter".as_ref(), file.as_os_str()])?;
        let renewed = folder.path().join(format!("{name}.new"));
        fs::write(&renewed, &filtered.stdout)?;
        assert!(run_binlog(["verify".as_ref(), renewed.as_os_str()])?.status.success());
        for cut in 5..log.bytes.len() {
            fs::write(&file, log.bytes.get(..cut).unwrap_or_default())?;
            let _ = events(&file);
        }
    }
    Ok(())
}

#[test]
fn start_positions_are_those_of_the_old_log() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("v1");
    fs::write(&file, version_1().bytes)?;
    let dump = |position: &str| {
        run_binlog([
            "dump".as_ref(),
            "--start-position".as_ref(),
            position.as_ref(),
            file.as_os_str(),
        ])
    };
    let text = dump("166")?;
    assert!(
        String::from_utf8_lossy(&text.stdout).contains("insert into t"),
        "{text:?}"
    );
    assert!(
        !String::from_utf8_lossy(&text.stdout).contains("create table"),
        "{text:?}"
    );
    let error = dump("167").err().context("no event begins there")?;
    assert!(error.to_string().contains("no event begins at position 167"), "{error}");
    Ok(())
}
