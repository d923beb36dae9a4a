//! Compressed logs of both servers are as good as plain ones: every command sees the plain events that they hold.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use binlog_parser::event::GtidEvent;
use binlog_parser::{EventType, Expansion, FormatDescription, RawEvent};
use binlog_testkit::compare::{assert_absent, compare};
use binlog_testkit::workload::{DROPPED, KEPT, Workload, kept_tables};
use binlog_testkit::{Flavour, RunningBinlog, Server, ServerOptions, binlog, run_binlog};
use mysql::prelude::Queryable as _;

fn mysql() -> ServerOptions {
    ServerOptions::new(Flavour::MySql97)
        .gtid()
        .arg("--binlog-transaction-compression=ON")
}

fn mariadb(flavour: Flavour, format: &str) -> ServerOptions {
    ServerOptions::new(flavour).args([
        "--log-bin-compress=ON",
        "--log-bin-compress-min-len=10",
        &format!("--binlog-format={format}"),
    ])
}

/// A server with compressed logs, and on MySQL some transactions between that are not.
fn worked(options: ServerOptions) -> Result<Server> {
    let server = Server::start(options)?;
    let mut conn = server.conn()?;
    Workload::prepare(&mut conn)?;
    Workload::new(5).run(&mut conn, 150)?;
    server.execute(["FLUSH BINARY LOGS"])?;
    if !server.options().flavour.is_mariadb() {
        conn.query_drop("SET SESSION binlog_transaction_compression = OFF")?;
    }
    Workload::new(6).worker(1).run(&mut conn, 50)?;
    conn = server.conn()?;
    Workload::new(7).worker(2).run(&mut conn, 100)?;
    server.execute(["FLUSH BINARY LOGS"])?;
    ensure!(compressed_events(&server.binlogs()?)? > 100, "nothing is compressed");
    Ok(server)
}

fn command<'a>(words: &[&'a str], logs: &'a [PathBuf]) -> Vec<&'a Path> {
    let words = words.iter().copied().map(Path::new);
    words.chain(logs.iter().map(PathBuf::as_path)).collect()
}

/// Calls `look` for each event of a log.
fn each_event(log: &[u8], mut look: impl FnMut(&RawEvent<'_>) -> Result<()>) -> Result<()> {
    let mut format = FormatDescription::default();
    let mut at = 4;
    while at < log.len() {
        let raw = RawEvent::first(log.get(at..).context("no event")?, at as u64, &format)?;
        raw.verify_checksum()?;
        look(&raw)?;
        at += raw.bytes().len();
        if raw.header.event_type == EventType::FORMAT_DESCRIPTION {
            format = FormatDescription::decode(raw.body())?;
        }
    }
    Ok(())
}

fn compressed_events(logs: &[PathBuf]) -> Result<usize> {
    let mut count = 0;
    for log in logs {
        each_event(&fs::read(log)?, |raw| {
            count += usize::from(Expansion::<&[u8]>::is_for(raw.header.event_type));
            Ok(())
        })?;
    }
    Ok(count)
}

/// Every GTID of MySQL counts the bytes of its transaction, and every event says where it ends.
fn check_lengths(log: &[u8]) -> Result<()> {
    let mut ends = None;
    each_event(log, |raw| {
        ensure!(u64::from(raw.header.log_pos) == raw.end() || raw.header.log_pos == 0);
        if matches!(raw.header.event_type, EventType::GTID | EventType::ANONYMOUS_GTID) {
            ensure!(ends.is_none_or(|end| end == raw.offset), "at {}", raw.offset);
            let gtid = GtidEvent::decode(raw.body(), raw.header.event_type == EventType::ANONYMOUS_GTID)?;
            ends = gtid.transaction_length.map(|length| raw.offset + length);
        } else if raw.header.event_type == EventType::ROTATE {
            ends = None;
        }
        Ok(())
    })
}

/// The text that a command writes is what a client makes the same tables of.
fn feed(text: &Path, target: &Server) -> Result<()> {
    let mut client = target.client()?;
    let output = client
        .arg("--binary-mode")
        .stdin(File::open(text)?)
        .stderr(Stdio::piped())
        .output()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{client:?}: {errors}");
    Ok(())
}

fn into_file(mut command: Command, path: &Path) -> Result<()> {
    let output = command.stdout(File::create(path)?).stderr(Stdio::piped()).output()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success() && !errors.contains("ERROR"),
        "{command:?}: {errors}"
    );
    Ok(())
}

fn all(source: &Server, target: &Server) -> Result<()> {
    compare(source, target, &kept_tables(&mut source.conn()?)?)?;
    compare(source, target, &DROPPED)
}

fn target(source: &Server, number: u32) -> Result<Server> {
    Server::start(source.options().clone().server_id(number))
}

/// A copy stays as it is, in files and as a stream that nothing selects from.
fn stays_as_it_is(source: &Server) -> Result<()> {
    let logs = source.binlogs()?;
    let folder = source.folder().join("copies");
    let into = folder.display().to_string();
    run_binlog(["fetch", "--from", &source.url(), "--into", &into])?;
    for log in logs.iter().take(logs.len() - 1) {
        let copy = folder.join(log.file_name().context("no name")?);
        ensure!(fs::read(log)? == fs::read(&copy)?, "{} differs", copy.display());
        let passed = run_binlog([Path::new("filter"), log])?.stdout;
        ensure!(fs::read(log)? == passed, "{} changes on its way", log.display());
    }
    let stream = run_binlog(["fetch", "--from", &source.url()])?.stdout;
    fs::write(source.folder().join("stream"), &stream)?;
    ensure!(compressed_events(&[source.folder().join("stream")])? == compressed_events(&logs)?);
    run_binlog(command(&["verify"], &logs))?;
    Ok(())
}

/// Exactly the tables that are kept, for the server's own program and client.
fn filters(source: &Server) -> Result<()> {
    let target = target(source, 2)?;
    let (log, text) = (target.folder().join("filtered.000001"), target.folder().join("text"));
    let mut filter = binlog()?;
    filter.args(command(
        &["filter", "--table", "shop.*", "--not-table", "shop.audit_log"],
        &source.binlogs()?,
    ));
    into_file(filter, &log)?;
    ensure!(
        compressed_events(std::slice::from_ref(&log))? > 50,
        "nothing is compressed again"
    );
    check_lengths(&fs::read(&log)?)?;
    run_binlog([Path::new("verify"), &log])?;
    let mut reader = target.installation().mysqlbinlog()?;
    reader.arg("--verify-binlog-checksum").arg(&log);
    into_file(reader, &text)?;
    feed(&text, &target)?;
    compare(source, &target, &kept_tables(&mut source.conn()?)?)?;
    assert_absent(&target, &DROPPED)
}

fn dumps(source: &Server) -> Result<()> {
    let target = target(source, 3)?;
    let text = target.folder().join("dump.sql");
    let mut dump = binlog()?;
    dump.args(command(&["dump"], &source.binlogs()?));
    into_file(dump, &text)?;
    feed(&text, &target)?;
    all(source, &target)
}

fn applies(source: &Server) -> Result<()> {
    let target = target(source, 4)?;
    run_binlog(command(
        &["apply", "--quiet", "--to", &target.url()],
        &source.binlogs()?,
    ))?;
    all(source, &target)
}

fn replicates(source: &Server) -> Result<()> {
    let target = target(source, 5)?;
    let (from, to) = (source.url(), target.url());
    run_binlog(["replicate", "--quiet", "--until-end", "--from", &from, "--to", &to])?;
    all(source, &target)
}

fn every_command(options: ServerOptions) -> Result<()> {
    let source = worked(options)?;
    stays_as_it_is(&source)?;
    filters(&source)?;
    dumps(&source)?;
    applies(&source)?;
    replicates(&source)
}

#[test]
fn mysql_transactions() -> Result<()> {
    every_command(mysql())
}

#[test]
fn mysql_transactions_without_checksums() -> Result<()> {
    let source = worked(mysql().arg("--binlog-checksum=NONE"))?;
    stays_as_it_is(&source)?;
    filters(&source)
}

#[test]
fn mariadb_rows() -> Result<()> {
    every_command(mariadb(Flavour::MariaDb118, "ROW"))
}

#[test]
fn mariadb_1011_rows() -> Result<()> {
    every_command(mariadb(Flavour::MariaDb1011, "ROW"))
}

/// Of statements `filter` stops where they change kept and dropped tables together.
#[test]
fn mariadb_statements() -> Result<()> {
    for flavour in [Flavour::MariaDb118, Flavour::MariaDb1011] {
        let source = worked(mariadb(flavour, "STATEMENT"))?;
        stays_as_it_is(&source)?;
        applies(&source)?;
        replicates(&source)?;
    }
    Ok(())
}

/// Through a pipe, by positions alone, and again: nothing is repeated.
#[test]
fn mysql_without_gtids_through_pipes() -> Result<()> {
    let options = ServerOptions::new(Flavour::MySql97).arg("--binlog-transaction-compression=ON");
    let source = worked(options)?;
    let target = target(&source, 2)?;
    for _ in 0..2 {
        let mut fetch = binlog()?;
        let mut fetch = fetch
            .args(["fetch", "--from", &source.url()])
            .stdout(Stdio::piped())
            .spawn()?;
        let mut filter = binlog()?;
        let selection = ["filter", "--table", "shop.*", "--not-table", "shop.audit_log", "-"];
        let log = fetch.stdout.take().context("no stdout")?;
        let mut filter = filter.args(selection).stdin(log).stdout(Stdio::piped()).spawn()?;
        let mut apply = binlog()?;
        let log = filter.stdout.take().context("no stdout")?;
        let status = apply
            .args(["apply", "--quiet", "--to", &target.url(), "-"])
            .stdin(log)
            .status()?;
        ensure!(status.success() && filter.wait()?.success() && fetch.wait()?.success());
        compare(&source, &target, &kept_tables(&mut source.conn()?)?)?;
        assert_absent(&target, &DROPPED)?;
    }
    Ok(())
}

/// A replica takes what was compressed again for a relay log of its own.
#[test]
fn a_mysql_replica_takes_the_events() -> Result<()> {
    let source = worked(mysql())?;
    let options = ServerOptions::new(Flavour::MySql97).gtid().server_id(2);
    let mut target = Server::start(options.args(["--relay-log=relay", "--skip-replica-start"]))?;
    target.stop()?;
    let mut filter = binlog()?;
    filter.args(command(&["filter", "--table", "*.*"], &source.binlogs()?));
    into_file(filter, &target.datadir().join("relay.000001"))?;
    fs::write(target.datadir().join("relay.index"), "./relay.000001\n")?;
    target.restart()?;
    target.execute([
        "CHANGE REPLICATION SOURCE TO SOURCE_HOST = 'nowhere', RELAY_LOG_FILE = 'relay.000001', RELAY_LOG_POS = 4",
        "START REPLICA SQL_THREAD",
    ])?;
    target.execute([format!("DO WAIT_FOR_EXECUTED_GTID_SET('{}', 60)", source.gtids()?)])?;
    all(&source, &target).with_context(|| target.error_log())?;
    ensure!(source.gtids()? == target.gtids()?);
    Ok(())
}

fn survives_kills(options: ServerOptions) -> Result<()> {
    let source = Server::start(options)?;
    let target = target(&source, 2)?;
    Workload::prepare(&mut source.conn()?)?;
    let workload = Workload::new(11).spawn(&source);
    let (from, to) = (source.url(), target.url());
    let words = ["replicate", "--quiet", "--from", &from, "--to", &to];
    for round in 0..5_u64 {
        let replica = RunningBinlog::start(words)?;
        std::thread::sleep(Duration::from_millis(400 + 113 * round));
        replica.kill9()?;
    }
    workload.stop()?;
    run_binlog(words.into_iter().chain(["--until-end"]))?;
    compare(&source, &target, &KEPT)?;
    all(&source, &target)
}

#[test]
fn mysql_kill9() -> Result<()> {
    survives_kills(mysql())
}

#[test]
fn mariadb_kill9() -> Result<()> {
    survives_kills(mariadb(Flavour::MariaDb118, "ROW"))
}

/// Values that are stored compressed, as they are, and empty, in two character sets.
const COLUMNS: [&str; 10] = [
    "CREATE DATABASE shop",
    "CREATE TABLE shop.keyed (id INT PRIMARY KEY, a VARCHAR(200) COMPRESSED CHARACTER SET utf8mb4,
     b VARCHAR(2000) COMPRESSED CHARACTER SET latin1, c TEXT COMPRESSED, d MEDIUMBLOB COMPRESSED, e TINYTEXT COMPRESSED,
     f VARBINARY(300) COMPRESSED)",
    "CREATE TABLE shop.keyless (a VARCHAR(200) COMPRESSED CHARACTER SET utf8mb4, d MEDIUMBLOB COMPRESSED,
     b VARCHAR(2000) COMPRESSED CHARACTER SET latin1)",
    "INSERT INTO shop.keyed VALUES (1, REPEAT('ä', 200), REPEAT('é', 2000), REPEAT('text ', 1000), REPEAT(0xFF, 300000),
     REPEAT('t', 200), REPEAT(0x00, 300)), (2, '', '', '', '', '', ''), (3, 'a', 'é', 'c', 0xFF, 'e', 0x00),
     (4, NULL, NULL, NULL, NULL, NULL, NULL)",
    "SET column_compression_zlib_wrap = ON",
    "INSERT INTO shop.keyed SELECT id + 10, a, b, c, d, e, f FROM shop.keyed",
    "INSERT INTO shop.keyless SELECT a, d, b FROM shop.keyed",
    "UPDATE shop.keyed SET a = CONCAT(a, 'x'), d = REPEAT('d', 200000) WHERE id IN (3, 12)",
    "UPDATE shop.keyless SET b = REPEAT('b', 1999) WHERE b = REPEAT('é', 2000)",
    "DELETE FROM shop.keyless WHERE a = ''",
];

fn columns(flavour: Flavour) -> Result<()> {
    let metadata = ["--binlog-row-metadata=FULL"];
    let source = Server::start(ServerOptions::new(flavour).args(metadata))?;
    source.execute(COLUMNS)?;
    let tables = ["shop.keyed", "shop.keyless"];
    let logs = source.binlogs()?;
    run_binlog(command(&["verify"], &logs))?;
    let applied = target(&source, 2)?;
    run_binlog(command(&["apply", "--quiet", "--to", &applied.url()], &logs))?;
    compare(&source, &applied, &tables)?;
    let dumped = target(&source, 3)?;
    let text = dumped.folder().join("dump.sql");
    let mut dump = binlog()?;
    dump.args(command(&["dump"], &logs));
    into_file(dump, &text)?;
    feed(&text, &dumped)?;
    compare(&source, &dumped, &tables)?;
    let replicated = target(&source, 4)?;
    let (from, to) = (source.url(), replicated.url());
    run_binlog(["replicate", "--quiet", "--until-end", "--from", &from, "--to", &to])?;
    compare(&source, &replicated, &tables)?;
    let json = String::from_utf8(run_binlog(command(&["dump", "--format", "json"], &logs))?.stdout)?;
    ensure!(json.contains(&format!("\"a\":\"{}\"", "ä".repeat(200))));
    ensure!(json.contains("\"a\":\"\",\"b\":\"\",\"c\":\"\""));
    Ok(())
}

#[test]
fn mariadb_columns() -> Result<()> {
    columns(Flavour::MariaDb118)?;
    columns(Flavour::MariaDb1011)
}

/// The most memory that the process had, in bytes. What it writes is thrown away.
fn peak(mut command: Command) -> Result<u64> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        peak = kib.map_or(peak, |kib| kib * 1024);
        if let Some(status) = child.try_wait()? {
            ensure!(status.success(), "{command:?}: {status}");
            return Ok(peak);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A transaction that is larger than the memory that a command may take.
#[test]
fn memory_does_not_grow_with_a_transaction() -> Result<()> {
    const LIMIT: u64 = 200 << 20;
    let source = Server::start(mysql())?;
    source.execute([
        "CREATE DATABASE shop",
        "CREATE TABLE shop.t (id INT PRIMARY KEY, a MEDIUMBLOB)",
    ])?;
    let mut conn = source.conn()?;
    conn.query_drop("BEGIN")?;
    for id in 0..30 {
        conn.query_drop(format!("INSERT INTO shop.t VALUES ({id}, REPEAT('{id:02}', 4 << 20))"))?;
    }
    conn.query_drop("COMMIT")?;
    let logs = source.binlogs()?;
    let size = logs
        .iter()
        .map(|log| fs::metadata(log).map_or(0, |log| log.len()))
        .sum::<u64>();
    ensure!(size < 1 << 20, "{size} bytes are not compressed");
    for words in [&["verify"][..], &["info"], &["dump"], &["filter", "--table", "shop.*"]] {
        let mut command = binlog()?;
        command.args(self::command(words, &logs));
        let peak = peak(command)?;
        ensure!(peak < LIMIT, "{words:?} took {} MiB", peak >> 20);
    }
    Ok(())
}
