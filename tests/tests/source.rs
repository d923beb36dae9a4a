//! Sources against real servers: what they return is what stands in the servers' logs, byte for byte.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use binlog_parser::gtid::GtidProgress;
use binlog_parser::{Chunk, Coordinates, EventType, PositionMeaning};
use binlog_source::{
    FileOptions, FileSource, Input, LiveOptions, LiveSource, Mirror, Next, Source, SourceError, StartAt, TlsChoice,
    server_opts,
};
use binlog_testkit::{Flavour, Server, ServerOptions};

/// How long anything here may take.
const PATIENCE: Duration = Duration::from_secs(30);

const BEFORE: [&str; 6] = [
    "CREATE DATABASE shop",
    "CREATE TABLE shop.t (id INT PRIMARY KEY, name LONGTEXT)",
    "INSERT INTO shop.t VALUES (1, 'käse'), (2, NULL)",
    "INSERT INTO shop.t VALUES (3, REPEAT('x', 3000000))",
    "FLUSH BINARY LOGS",
    "UPDATE shop.t SET name = 'y' WHERE id = 1",
];
const AFTER: [&str; 6] = [
    "CREATE TABLE shop.u AS SELECT * FROM shop.t WHERE id < 3",
    "DELETE FROM shop.t WHERE id = 3",
    "FLUSH BINARY LOGS",
    "INSERT INTO shop.u SELECT id + 10, name FROM shop.u",
    "BEGIN",
    "INSERT INTO shop.t VALUES (40, 'forty')",
];
const LAST: [&str; 3] = [
    "INSERT INTO shop.u VALUES (50, 'fifty')",
    "ALTER TABLE shop.u ADD COLUMN x INT",
    "DROP TABLE shop.u",
];

/// An event in its log.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    file: String,
    offset: u64,
    event_type: EventType,
    bytes: Vec<u8>,
}

fn places(chunks: &[Chunk]) -> Result<Vec<Place>> {
    let mut places = Vec::new();
    for chunk in chunks {
        for raw in chunk.events() {
            let raw = raw?;
            if !raw.header.is_artificial() {
                places.push(Place {
                    file: chunk.file.to_string(),
                    offset: raw.offset,
                    event_type: raw.header.event_type,
                    bytes: raw.bytes().to_vec(),
                });
            }
        }
    }
    Ok(places)
}

fn drained(source: &mut dyn Source) -> Result<Vec<Chunk>> {
    let start = Instant::now();
    let mut chunks = Vec::new();
    while start.elapsed() < PATIENCE {
        match source.next()? {
            Next::Chunk(chunk) => chunks.push(chunk),
            Next::Idle => {}
            Next::End => return Ok(chunks),
        }
    }
    bail!("no end after {PATIENCE:?}; {} chunks", chunks.len())
}

fn from_files(paths: &[PathBuf]) -> Result<Vec<Chunk>> {
    let inputs: Vec<_> = paths.iter().cloned().map(Input::Path).collect();
    drained(&mut FileSource::open(&inputs, FileOptions::default())?)
}

/// The events that a server sends: a log's last description without the in-use flag.
fn as_sent(server: &Server) -> Result<Vec<Place>> {
    let mut places = places(&from_files(&server.binlogs()?)?)?;
    for place in places
        .iter_mut()
        .filter(|place| place.event_type == EventType::FORMAT_DESCRIPTION)
    {
        if let Some(flags) = place.bytes.get_mut(17) {
            *flags &= !1;
        }
    }
    Ok(places)
}

fn live(server: &Server, start: StartAt) -> Result<LiveOptions> {
    let server = server_opts(&server.url(), None, &TlsChoice::default())?;
    Ok(LiveOptions {
        until_end: true,
        ..LiveOptions::new(server, start)
    })
}

fn from_live(server: &Server, start: StartAt) -> Result<Vec<Chunk>> {
    drained(&mut LiveSource::connect(&live(server, start)?)?)
}

fn same(found: &[Place], expected: &[Place]) -> Result<()> {
    let brief = |place: &Place| {
        format!(
            "{} {} {} {}",
            place.file,
            place.offset,
            place.event_type,
            place.bytes.len()
        )
    };
    for (found, expected) in found.iter().zip(expected) {
        ensure!(
            found == expected,
            "found {}, expected {}",
            brief(found),
            brief(expected)
        );
    }
    let tail = |list: &[Place]| list.last().map(brief);
    ensure!(
        found.len() == expected.len(),
        "{:?} and {:?}",
        tail(found),
        tail(expected)
    );
    Ok(())
}

fn without_descriptions(places: Vec<Place>) -> Vec<Place> {
    let kept = |place: &Place| {
        !matches!(
            place.event_type,
            EventType::FORMAT_DESCRIPTION
                | EventType::PREVIOUS_GTIDS
                | EventType::MARIADB_GTID_LIST
                | EventType::MARIADB_BINLOG_CHECKPOINT
        )
    };
    places.into_iter().filter(kept).collect()
}

fn progress(server: &Server) -> Result<GtidProgress> {
    let text = server.gtids()?;
    Ok(match server.options().flavour.is_mariadb() {
        true => GtidProgress::parse_mariadb(&text)?,
        false => GtidProgress::parse_mysql(&text)?,
    })
}

/// Files are read as they are; the live server sends the same, from wherever it is asked to begin.
fn reads_all(flavour: Flavour) -> Result<()> {
    let server = Server::start(ServerOptions::new(flavour).gtid())?;
    server.execute(BEFORE)?;
    let (file, position) = server.binlog_position()?;
    let done = progress(&server)?;
    server.execute(AFTER)?;
    server.execute(LAST)?;
    for log in server.binlogs()? {
        is_whole(&log)?;
    }
    let sent = as_sent(&server)?;

    let chunks = from_live(&server, StartAt::Oldest)?;
    ensure!(
        chunks
            .iter()
            .all(|chunk| chunk.positions == PositionMeaning::SourceLog && !chunk.unfinished)
    );
    begins_with_its_name(&chunks)?;
    same(&places(&chunks)?, &sent).context("from the oldest log")?;

    let is_first = |place: &Place| place.file == file && place.offset == position;
    let since = sent.iter().skip_while(|place| !is_first(place)).cloned().collect();
    let since = without_descriptions(since);
    let at = Coordinates {
        file: file.clone(),
        position,
    };
    let found = without_descriptions(places(&from_live(&server, StartAt::Coordinates(at))?)?);
    same(&found, &since).context("from coordinates")?;

    let found = without_descriptions(places(&from_live(&server, StartAt::Gtids(done))?)?);
    same(&found, &since).context("from GTIDs")?;
    let found = without_descriptions(places(&from_live(&server, StartAt::Gtids(GtidProgress::None))?)?);
    same(&found, &without_descriptions(sent)).context("from the first GTID")?;

    ensure!(from_live(&server, StartAt::Current)?.is_empty());
    let nothing = places(&from_live(&server, StartAt::Gtids(progress(&server)?))?)?;
    ensure!(without_descriptions(nothing).is_empty());
    Ok(())
}

fn is_whole(log: &Path) -> Result<()> {
    let mut bytes = b"\xfebin".to_vec();
    for chunk in from_files(&[log.to_owned()])? {
        ensure!(chunk.positions == PositionMeaning::OwnLog && log.ends_with(&*chunk.file));
        for run in &chunk.runs {
            ensure!(run.offset == bytes.len() as u64);
            bytes.extend(&run.bytes);
        }
        ensure!(chunk.end == bytes.len() as u64);
    }
    ensure!(bytes == fs::read(log)?, "{} differs", log.display());
    Ok(())
}

/// The first chunk of each log begins with its format description and the ROTATE that names it.
fn begins_with_its_name(chunks: &[Chunk]) -> Result<()> {
    let mut file = None;
    for chunk in chunks {
        if file.replace(&chunk.file) != Some(&chunk.file) {
            let head: Result<Vec<_>, _> = chunk.events().take(2).collect();
            let [description, rotate] = &*head? else {
                bail!("no head in {}", chunk.file)
            };
            ensure!(description.header.event_type == EventType::FORMAT_DESCRIPTION);
            ensure!(rotate.header.event_type == EventType::ROTATE && rotate.header.is_artificial());
            rotate.verify_checksum()?;
        }
    }
    Ok(())
}

#[test]
fn reads_all_mysql() -> Result<()> {
    reads_all(Flavour::MySql97)
}

#[test]
fn reads_all_mariadb() -> Result<()> {
    reads_all(Flavour::MariaDb118)
}

#[test]
fn reads_all_mariadb_1011() -> Result<()> {
    reads_all(Flavour::MariaDb1011)
}

/// What comes arrives at once, pauses are told, and a dead server is an error that passes.
fn follows(flavour: Flavour) -> Result<()> {
    let mut server = Server::start(ServerOptions::new(flavour).gtid())?;
    server.execute(BEFORE)?;
    let options = LiveOptions {
        until_end: false,
        ..live(&server, StartAt::Current)?
    };
    let mut source = LiveSource::connect(&options)?;
    ensure!(source.server().server_id == 1);
    until_idle(&mut source)?;
    for round in 0..3 {
        server.execute([format!("INSERT INTO shop.t VALUES ({}, 'z')", 100 + round)])?;
        let start = Instant::now();
        let chunk = loop {
            match source.next()? {
                Next::Chunk(chunk) => break chunk,
                Next::Idle => ensure!(start.elapsed() < PATIENCE),
                Next::End => bail!("an end"),
            }
        };
        ensure!(start.elapsed() < Duration::from_millis(300), "{:?}", start.elapsed());
        ensure!(!chunk.unfinished && !chunk.continues);
        ensure!(chunk.end == server.binlog_position()?.1);
        until_idle(&mut source)?;
    }
    server.kill9()?;
    let error = failure(&mut source)?;
    ensure!(error.is_transient() && error.is_server(), "{error}");
    ensure!(matches!(source.next()?, Next::End));
    let error = LiveSource::connect(&options).err().context("a dead server answers")?;
    ensure!(error.is_transient(), "{error}");
    Ok(())
}

/// An idle moment comes soon, and again.
fn until_idle(source: &mut LiveSource) -> Result<()> {
    for _ in 0..2 {
        let start = Instant::now();
        while !matches!(source.next()?, Next::Idle) {}
        ensure!(start.elapsed() < Duration::from_millis(900), "{:?}", start.elapsed());
    }
    Ok(())
}

fn failure(source: &mut dyn Source) -> Result<SourceError> {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        match source.next() {
            Ok(Next::End) => bail!("an end, not an error"),
            Ok(_) => {}
            Err(error) => return Ok(error),
        }
    }
    bail!("no error after {PATIENCE:?}")
}

#[test]
fn follows_mysql() -> Result<()> {
    follows(Flavour::MySql97)
}

#[test]
fn follows_mariadb() -> Result<()> {
    follows(Flavour::MariaDb118)
}

/// Events of more than 16 MiB come in several packets.
#[test]
fn reads_large_events() -> Result<()> {
    for flavour in [Flavour::MySql97, Flavour::MariaDb118] {
        let server = Server::start(ServerOptions::new(flavour).arg("--max-allowed-packet=64M"))?;
        server.execute(BEFORE)?;
        server.execute(["INSERT INTO shop.t VALUES (70, REPEAT('x', 40000000))"])?;
        let found = places(&from_live(&server, StartAt::Oldest)?)?;
        ensure!(found.iter().any(|place| place.bytes.len() > 40_000_000));
        same(&found, &as_sent(&server)?)?;
    }
    Ok(())
}

/// A source that waits for its server is dropped at once, and its connection with it.
#[test]
fn is_dropped_at_once() -> Result<()> {
    for flavour in [Flavour::MySql97, Flavour::MariaDb118] {
        let server = Server::start(ServerOptions::new(flavour).arg("--max-allowed-packet=64M"))?;
        server.execute(BEFORE)?;
        let mut source = LiveSource::connect(&LiveOptions {
            until_end: false,
            heartbeat: Duration::from_secs(60),
            ..live(&server, StartAt::Oldest)?
        })?;
        until_idle(&mut source)?;
        let start = Instant::now();
        drop(source);
        ensure!(start.elapsed() < Duration::from_millis(200), "{:?}", start.elapsed());
        // Events that nobody takes do not keep it either.
        let source = LiveSource::connect(&live(&server, StartAt::Oldest)?)?;
        server.execute(["INSERT INTO shop.t SELECT id + 100, REPEAT('x', 30000000) FROM shop.t"])?;
        let start = Instant::now();
        drop(source);
        ensure!(start.elapsed() < Duration::from_millis(200), "{:?}", start.elapsed());
    }
    Ok(())
}

/// A server that says nothing for three heartbeats, and ten seconds, is lost.
#[test]
fn a_silent_server_is_lost() -> Result<()> {
    let mut server = Server::start(ServerOptions::new(Flavour::MySql97))?;
    let mut source = LiveSource::connect(&LiveOptions {
        until_end: false,
        ..live(&server, StartAt::Oldest)?
    })?;
    until_idle(&mut source)?;
    server.freeze()?;
    let start = Instant::now();
    let error = failure(&mut source)?;
    server.thaw()?;
    ensure!(error.is_transient() && error.to_string().contains("in time"), "{error}");
    let waited = start.elapsed();
    ensure!(
        waited > Duration::from_secs(8) && waited < Duration::from_secs(15),
        "{waited:?}"
    );
    Ok(())
}

/// Tagged transactions are excluded by their tags.
#[test]
fn starts_after_tagged_gtids() -> Result<()> {
    let server = Server::start(ServerOptions::new(Flavour::MySql97).gtid())?;
    server.execute(BEFORE)?;
    server.execute([
        "SET gtid_next = 'AUTOMATIC:blue'",
        "INSERT INTO shop.t VALUES (60, 'sixty')",
    ])?;
    let done = progress(&server)?;
    ensure!(done.to_string().contains(":blue:1"), "{done}");
    let (file, position) = server.binlog_position()?;
    server.execute([
        "SET gtid_next = 'AUTOMATIC:blue'",
        "INSERT INTO shop.t VALUES (61, 'sixty-one')",
    ])?;
    server.execute(["INSERT INTO shop.t VALUES (62, 'sixty-two')"])?;
    let is_since = |place: &&Place| place.file == file && place.offset >= position;
    let since: Vec<_> = as_sent(&server)?.iter().filter(is_since).cloned().collect();
    ensure!(since.len() == 10, "{}", since.len());
    let found = without_descriptions(places(&from_live(&server, StartAt::Gtids(done))?)?);
    same(&found, &since)
}

/// What is wrong is said with a hint.
fn refuses(flavour: Flavour) -> Result<()> {
    let no_gtids: &[&str] = if flavour.is_mariadb() {
        &[]
    } else {
        &["--gtid-mode=OFF"]
    };
    let server = Server::start(ServerOptions::new(flavour).args(no_gtids.iter().copied()))?;
    server.execute(["CREATE USER 'weak'@'%' IDENTIFIED BY 'secret'"])?;
    server.execute(BEFORE)?;
    let url = |user: &str| server.url().replace("root", user);
    let check = |user: &str, start: StartAt, hint: &str| -> Result<()> {
        let opts = server_opts(&url(user), None, &TlsChoice::default())?;
        let options = LiveOptions {
            until_end: false,
            ..LiveOptions::new(opts, start)
        };
        let error = match LiveSource::connect(&options) {
            Ok(mut source) => failure(&mut source).with_context(|| format!("{user} {}", options.start))?,
            Err(error) => error,
        };
        let text = format!("{error:?} {error} {options:?}");
        ensure!(!text.contains("secret") && !text.contains("wrong"), "{text}");
        ensure!(!error.is_transient() && error.is_server(), "{error}");
        let found = error.hint().unwrap_or_default();
        ensure!(found.contains(hint), "{error}: {found}");
        Ok(())
    };
    check("weak:wrong", StartAt::Oldest, "password")?;
    check("weak:secret", StartAt::Current, "REPLICATION")?;
    check("weak:secret", StartAt::Oldest, "REPLICATION")?;
    let gone = Coordinates {
        file: "binlog.000077".into(),
        position: 4,
    };
    check("root", StartAt::Coordinates(gone), "purged")?;
    if !flavour.is_mariadb() {
        check("root", StartAt::Gtids(GtidProgress::None), "file and position")?;
    }
    Ok(())
}

#[test]
fn refuses_mysql() -> Result<()> {
    refuses(Flavour::MySql97)
}

#[test]
fn refuses_mariadb() -> Result<()> {
    refuses(Flavour::MariaDb118)
}

#[test]
fn purged_gtids_are_told() -> Result<()> {
    for flavour in [Flavour::MySql97, Flavour::MariaDb118] {
        let server = Server::start(ServerOptions::new(flavour).gtid())?;
        let early = progress(&server)?;
        server.execute(BEFORE)?;
        let (file, _) = server.binlog_position()?;
        if flavour.is_mariadb() {
            server.execute(["SET GLOBAL slave_connections_needed_for_purge = 0"])?;
        }
        let start = Instant::now();
        while server.binlogs()?.len() > 1 {
            // MariaDB keeps a log until its storage engines need it no more.
            ensure!(start.elapsed() < PATIENCE, "not purged");
            server.execute([format!("PURGE BINARY LOGS TO '{file}'")])?;
        }
        let error = failure(&mut LiveSource::connect(&live(&server, StartAt::Gtids(early))?)?)?;
        ensure!(error.hint().unwrap_or_default().contains("purged"), "{error}");
        ensure!(!error.is_transient());
    }
    Ok(())
}

#[test]
fn a_server_without_a_log_is_told() -> Result<()> {
    let server = Server::start(ServerOptions::new(Flavour::MySql97).no_binlog())?;
    let error = LiveSource::connect(&live(&server, StartAt::Oldest)?)
        .err()
        .context("it is a source")?;
    ensure!(error.hint().unwrap_or_default().contains("log_bin"), "{error}");
    Ok(())
}

/// Copies are the same as the source's logs once these are closed, also after a stop inside an event.
fn mirrors(flavour: Flavour) -> Result<()> {
    let server = Server::start(ServerOptions::new(flavour).gtid())?;
    let folder = server.folder().join("copies");
    server.execute(BEFORE)?;
    copy(&server, &folder)?;
    server.execute(AFTER)?;
    cut_last(&folder, 3)?;
    copy(&server, &folder)?;
    server.execute(LAST)?;
    let (file, position) = server.binlog_position()?;
    copy(&server, &folder)?;
    ensure!(fs::metadata(folder.join(&file))?.len() == position);
    cut_last(&folder, position - 60)?;
    server.execute(["FLUSH BINARY LOGS"])?;
    copy(&server, &folder)?;
    let (open, _) = server.binlog_position()?;
    let logs = server.binlogs()?;
    ensure!(logs.len() > 3);
    for log in &logs {
        let name = log.file_name().context("no name")?;
        if name != open.as_str() {
            let (ours, theirs) = (fs::read(folder.join(name))?, fs::read(log)?);
            let at = ours.iter().zip(&theirs).position(|(ours, theirs)| ours != theirs);
            ensure!(
                ours == theirs,
                "{} differs at {at:?}, of {} and {} bytes",
                log.display(),
                ours.len(),
                theirs.len()
            );
        }
    }
    ensure!(fs::read_dir(&folder)?.count() == logs.len());
    Ok(())
}

fn copy(server: &Server, folder: &Path) -> Result<()> {
    let mut mirror = Mirror::open(folder)?;
    let start = mirror.start();
    for chunk in from_live(server, start.clone()).with_context(|| start.to_string())? {
        mirror.write(&chunk)?;
    }
    mirror.sync()?;
    Ok(())
}

/// Takes bytes from the end of the last copy.
fn cut_last(folder: &Path, bytes: u64) -> Result<()> {
    let mut names: Vec<_> = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    names.sort();
    let last = fs::OpenOptions::new()
        .write(true)
        .open(names.last().context("no copies")?)?;
    last.set_len(last.metadata()?.len().saturating_sub(bytes))?;
    Ok(())
}

#[test]
fn mirrors_mysql() -> Result<()> {
    mirrors(Flavour::MySql97)
}

#[test]
fn mirrors_mariadb() -> Result<()> {
    mirrors(Flavour::MariaDb118)
}

#[test]
fn mirrors_mariadb_1011() -> Result<()> {
    mirrors(Flavour::MariaDb1011)
}

/// Events that are missing are an error of the copy, not a hole in it.
#[test]
fn a_mirror_has_no_holes() -> Result<()> {
    let server = Server::start(ServerOptions::new(Flavour::MariaDb118))?;
    server.execute(BEFORE)?;
    let mut chunks = from_live(&server, StartAt::Oldest)?;
    let chunk = chunks.first_mut().context("no chunk")?;
    let removed = chunk.events().nth(5).context("no event")??.offset;
    chunk.retain(|raw| raw.offset != removed);
    let error = Mirror::open(&server.folder().join("copies"))?.write(chunk).err();
    let error = error.context("no error")?;
    ensure!(error.to_string().contains("the source sent the event at"), "{error}");
    Ok(())
}
