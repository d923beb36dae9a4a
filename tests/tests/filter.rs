//! Filtered logs: what the servers' own tools and servers say of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use binlog_filter::{Filter, Policy, Report, RuleSet, Selection};
use binlog_source::{FileOptions, FileSource, Input, Next, Source as _};
use binlog_testkit::compare::{assert_absent, compare, compare_as};
use binlog_testkit::workload::{DROPPED, Workload, kept_tables};
use binlog_testkit::{Flavour, Installation, Server, ServerOptions};
use binlog_writer::Writer;

/// Seconds to wait for a replica.
const PATIENCE: u32 = 60;
/// A chunk for every statement.
const TINY_CHUNKS: usize = 1;
const USUAL_CHUNKS: usize = binlog_source::CHUNK_LIMIT;

fn worked(options: ServerOptions) -> Result<Server> {
    let server = Server::start(options)?;
    let mut conn = server.conn()?;
    Workload::prepare(&mut conn)?;
    Workload::new(5).run(&mut conn, 250)?;
    server.execute(["FLUSH BINARY LOGS"])?;
    Workload::new(6).worker(1).run(&mut conn, 100)?;
    server.execute(["FLUSH BINARY LOGS"])?;
    Ok(server)
}

/// MySQL has GTIDs since 9.5 unless it is told otherwise.
fn mysql_without_gtids() -> ServerOptions {
    ServerOptions::new(Flavour::MySql97)
}

fn shop() -> Selection {
    Selection {
        tables: vec!["shop.*".into()],
        not_tables: vec!["shop.audit_log".into()],
        ..Selection::default()
    }
}

/// One log of what the selection keeps of the logs.
/// Without selection, what is compressed stays so, as the command does it.
fn filtered(logs: &[PathBuf], selection: &Selection, chunk_limit: usize) -> Result<(Vec<u8>, Report)> {
    let inputs: Vec<Input> = logs.iter().cloned().map(Input::Path).collect();
    let rules = RuleSet::compile(selection)?;
    let mut source = FileSource::open(
        &inputs,
        FileOptions {
            chunk_limit,
            expand: !rules.keeps_everything(),
            ..FileOptions::default()
        },
    )?;
    let mut filter = Filter::new(rules);
    let mut writer = Writer::new(Vec::new());
    loop {
        match source.next()? {
            Next::Chunk(chunk) => writer.write(&filter.apply(chunk)?)?,
            Next::Idle => {}
            Next::End => return Ok((writer.finish()?, filter.report().clone())),
        }
    }
}

/// Runs `program | client`, or the program alone; each must end well.
fn pipe(mut program: Command, client: Option<Command>) -> Result<()> {
    program.stderr(Stdio::piped());
    let Some(mut client) = client else {
        let output = program.stdout(Stdio::null()).output()?;
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.success() && !errors.contains("ERROR"),
            "{program:?}: {errors}"
        );
        return Ok(());
    };
    let mut program = program.stdout(Stdio::piped()).spawn()?;
    let text = program.stdout.take().context("no stdout")?;
    let output = client.stdin(text).stderr(Stdio::piped()).output()?;
    ensure!(
        output.status.success(),
        "{client:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    ensure!(program.wait()?.success(), "the program that reads the log failed");
    Ok(())
}

fn reader_of(flavour: Flavour, log: &Path) -> Result<Command> {
    let mut command = Installation::get(flavour)?.mysqlbinlog()?;
    command.arg("--verify-binlog-checksum").arg(log);
    Ok(command)
}

/// The server's own program takes the log, and its client makes the same tables of it.
fn replays(source: &Server, log: &[u8], target: ServerOptions) -> Result<Server> {
    let target = Server::start(target)?;
    let path = target.folder().join("filtered.000001");
    fs::write(&path, log)?;
    let flavour = source.options().flavour;
    pipe(reader_of(flavour, &path)?, None)?;
    let mut client = target.client()?;
    client.arg("--binary-mode");
    pipe(reader_of(flavour, &path)?, Some(client))?;
    compare(source, &target, &kept_tables(&mut source.conn()?)?)?;
    assert_absent(&target, &DROPPED)?;
    Ok(target)
}

fn same_without_rules(options: ServerOptions) -> Result<()> {
    let source = worked(options)?;
    for log in source.binlogs()? {
        let bytes = fs::read(&log)?;
        for chunk_limit in [TINY_CHUNKS, USUAL_CHUNKS] {
            let (same, report) = filtered(std::slice::from_ref(&log), &Selection::default(), chunk_limit)?;
            ensure!(same == bytes, "{} is not the same", log.display());
            ensure!(report.events == report.events_kept && report.dropped() == 0);
        }
    }
    Ok(())
}

#[test]
fn mysql_with_gtids_is_the_same_without_rules() -> Result<()> {
    same_without_rules(ServerOptions::new(Flavour::MySql97).gtid())
}

#[test]
fn mysql_is_the_same_without_rules() -> Result<()> {
    same_without_rules(mysql_without_gtids())
}

#[test]
fn mariadb_is_the_same_without_rules() -> Result<()> {
    same_without_rules(ServerOptions::new(Flavour::MariaDb118))
}

#[test]
fn mariadb_10_11_is_the_same_without_rules() -> Result<()> {
    same_without_rules(ServerOptions::new(Flavour::MariaDb1011))
}

/// Filtered logs are one valid log, which filtered again is the same.
fn keeps_the_shop(options: ServerOptions) -> Result<(Server, Server, Report)> {
    let target = || options.clone().server_id(2);
    let source = worked(options.clone())?;
    let logs = source.binlogs()?;
    let (log, report) = filtered(&logs, &shop(), USUAL_CHUNKS)?;
    ensure!(report.events == report.events_kept + report.dropped(), "{report}");
    let replayed = replays(&source, &log, target())?;
    let again = source.folder().join("again.000001");
    fs::write(&again, &log)?;
    ensure!(
        filtered(&[again], &shop(), USUAL_CHUNKS)?.0 == log,
        "filtered twice is not filtered once"
    );
    let (tiny, _) = filtered(&logs, &shop(), TINY_CHUNKS)?;
    replays(&source, &tiny, target())?;
    Ok((source, replayed, report))
}

#[test]
fn mysql_with_gtids_keeps_the_shop() -> Result<()> {
    let (source, target, report) = keeps_the_shop(ServerOptions::new(Flavour::MySql97).gtid())?;
    ensure!(
        source.gtids()? == target.gtids()?,
        "{} is not {}",
        source.gtids()?,
        target.gtids()?
    );
    ensure!(
        report.gtids == report.gtids_kept && report.transactions_emptied > 0,
        "{report}"
    );
    Ok(())
}

#[test]
fn mysql_keeps_the_shop() -> Result<()> {
    let (.., report) = keeps_the_shop(mysql_without_gtids())?;
    ensure!(report.gtids == 0 && report.transactions_dropped > 0, "{report}");
    Ok(())
}

#[test]
fn mysql_with_statement_texts_keeps_the_shop() -> Result<()> {
    let options = ServerOptions::new(Flavour::MySql97).gtid();
    let texts = [
        "--binlog-rows-query-log-events=ON",
        "--binlog-row-metadata=FULL",
        "--binlog-row-image=MINIMAL",
    ];
    keeps_the_shop(options.args(texts))?;
    Ok(())
}

#[test]
fn mysql_without_checksums_keeps_the_shop() -> Result<()> {
    keeps_the_shop(
        ServerOptions::new(Flavour::MySql97)
            .gtid()
            .arg("--binlog-checksum=NONE"),
    )?;
    Ok(())
}

#[test]
fn mariadb_keeps_the_shop() -> Result<()> {
    let (.., report) = keeps_the_shop(ServerOptions::new(Flavour::MariaDb118))?;
    ensure!(
        report.gtids == report.gtids_kept && report.transactions_emptied > 0,
        "{report}"
    );
    Ok(())
}

#[test]
fn mariadb_10_11_keeps_the_shop() -> Result<()> {
    keeps_the_shop(ServerOptions::new(Flavour::MariaDb1011))?;
    Ok(())
}

/// Logs of all kinds, each with its server: `fixtures/FLAVOUR/NAME.binlog`.
/// The workload's database gets another name, and one of its tables another one still.
#[test]
fn other_names() -> Result<()> {
    let selection = Selection {
        renames: vec!["shop.items=stock.things".into(), "shop.*=shop_eu.*".into()],
        ..Selection::default()
    };
    for options in [
        ServerOptions::new(Flavour::MySql97),
        ServerOptions::new(Flavour::MySql97).arg("--binlog-format=MIXED"),
        ServerOptions::new(Flavour::MariaDb118),
    ] {
        let source = worked(options)?;
        let (log, report) = filtered(&source.binlogs()?, &selection, TINY_CHUNKS)?;
        ensure!(report.dropped() == 0, "{report:?}");
        let target = Server::start(ServerOptions::new(source.options().flavour).server_id(2))?;
        target.execute(["CREATE DATABASE stock CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"])?;
        let path = target.folder().join("filtered.000001");
        fs::write(&path, log)?;
        let mut client = target.client()?;
        client.arg("--binary-mode");
        pipe(reader_of(source.options().flavour, &path)?, Some(client))?;
        let tables = kept_tables(&mut source.conn()?)?;
        let new = |table: &str| match table {
            "shop.items" => "stock.things".to_owned(),
            table => table.replacen("shop.", "shop_eu.", 1),
        };
        let pairs: Vec<(&str, String)> = tables.iter().map(|table| (table.as_str(), new(table))).collect();
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(from, to)| (*from, to.as_str())).collect();
        compare_as(&source, &target, &pairs)?;
        assert_absent(&target, &["shop.orders", "shop_eu.items"])?;
    }
    Ok(())
}

fn fixtures() -> Result<Vec<(Flavour, PathBuf)>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    let mut logs = Vec::new();
    for flavour in Flavour::ALL {
        for entry in fs::read_dir(root.join(flavour.name()))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "binlog") {
                logs.push((flavour, path));
            }
        }
    }
    logs.sort_by(|one, other| one.1.cmp(&other.1));
    ensure!(logs.len() > 40, "only {} fixtures", logs.len());
    Ok(logs)
}

#[test]
fn fixtures_are_the_same_without_rules() -> Result<()> {
    for (_, log) in fixtures()? {
        let same = filtered(std::slice::from_ref(&log), &Selection::default(), TINY_CHUNKS)?.0;
        ensure!(same == fs::read(&log)?, "{} is not the same", log.display());
    }
    Ok(())
}

/// Selections that cut through what the fixtures hold. Nothing stops them.
fn selections() -> Vec<Selection> {
    let text = |text: &str| vec![text.to_owned()];
    let base = |on_mixed, on_unparsed| Selection {
        on_mixed,
        on_unparsed,
        ..Selection::default()
    };
    let (keep, drop) = (base(Policy::Keep, Policy::Keep), base(Policy::Drop, Policy::Drop));
    vec![
        Selection {
            tables: text("shop.*"),
            ..keep.clone()
        },
        Selection {
            tables: text("shop.orders"),
            ..drop.clone()
        },
        Selection {
            not_tables: text("/^shop\\.(items|c)/"),
            ..drop.clone()
        },
        Selection {
            not_databases: text("shop"),
            ..drop.clone()
        },
        Selection {
            kinds: text("insert"),
            ..keep.clone()
        },
        Selection {
            kinds: text("ddl"),
            ..drop
        },
        Selection {
            server_ids: vec![99],
            ..keep
        },
    ]
}

#[test]
fn filtered_fixtures_are_valid() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("filtered.000001");
    for (flavour, log) in fixtures()? {
        // mysqlbinlog 9.7 does not know row events of version 1.
        let readable = !log.ends_with("row-v1.binlog");
        for (number, selection) in selections().iter().enumerate() {
            let what = || format!("{} by selection {number}", log.display());
            let (once, report) = filtered(std::slice::from_ref(&log), selection, USUAL_CHUNKS).with_context(what)?;
            ensure!(
                report.events == report.events_kept + report.dropped(),
                "{}: {report}",
                what()
            );
            fs::write(&path, &once)?;
            if readable {
                pipe(reader_of(flavour, &path)?, None).with_context(what)?;
            }
            let twice = filtered(std::slice::from_ref(&path), selection, USUAL_CHUNKS)
                .with_context(what)?
                .0;
            ensure!(once == twice, "{}: filtered twice is not filtered once", what());
        }
    }
    Ok(())
}

/// A replica takes the filtered log for a relay log of its own, and applies it.
#[test]
fn a_mysql_replica_applies_it() -> Result<()> {
    let source = worked(ServerOptions::new(Flavour::MySql97).gtid())?;
    let options = ServerOptions::new(Flavour::MySql97).gtid().server_id(2);
    let mut target = Server::start(options.args(["--relay-log=relay", "--skip-replica-start"]))?;
    target.stop()?;
    let (log, _) = filtered(&source.binlogs()?, &shop(), TINY_CHUNKS)?;
    fs::write(target.datadir().join("relay.000001"), &log)?;
    fs::write(target.datadir().join("relay.index"), "./relay.000001\n")?;
    target.restart()?;
    target.execute([
        "CHANGE REPLICATION SOURCE TO SOURCE_HOST = 'nowhere', RELAY_LOG_FILE = 'relay.000001', RELAY_LOG_POS = 4",
        "START REPLICA SQL_THREAD",
    ])?;
    let wait = format!("DO WAIT_FOR_EXECUTED_GTID_SET('{}', {PATIENCE})", source.gtids()?);
    if let Err(error) = target
        .execute([wait])
        .and_then(|()| compare(&source, &target, &kept_tables(&mut source.conn()?)?))
    {
        bail!("{error:#}\n{}", target.error_log());
    }
    ensure!(
        source.gtids()? == target.gtids()?,
        "{} is not {}",
        source.gtids()?,
        target.gtids()?
    );
    assert_absent(&target, &DROPPED)
}

/// Statements with all that they depend on; the row of `shop.audit_log` and the database `other` are left out.
const STATEMENTS: [&str; 21] = [
    "CREATE DATABASE shop",
    "CREATE DATABASE other",
    "CREATE TABLE shop.orders (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, r DOUBLE, at DATETIME, text TEXT)",
    "CREATE TABLE shop.audit_log LIKE shop.orders",
    "USE other",
    "CREATE TABLE noise LIKE shop.orders",
    "INSERT INTO shop.orders (r, at) VALUES (RAND(), NOW()), (RAND(), NOW())",
    "INSERT INTO noise (r) VALUES (RAND())",
    "SET @a = 'käse'",
    "INSERT INTO shop.audit_log (text) VALUES (@a)",
    "INSERT INTO shop.orders (text) VALUES (CONCAT(@a, LAST_INSERT_ID()))",
    "SELECT 'one', 2 UNION SELECT 'two', 3 INTO OUTFILE 'load.txt'",
    "LOAD DATA INFILE 'load.txt' INTO TABLE noise (text, r)",
    "LOAD DATA INFILE 'load.txt' INTO TABLE shop.orders (text, r)",
    "XA START 'one'",
    "UPDATE shop.orders SET text = 'xa' WHERE id = 1",
    "INSERT INTO shop.audit_log (text) VALUES ('xa')",
    "XA END 'one'",
    "XA PREPARE 'one'",
    "XA COMMIT 'one'",
    "DELETE FROM shop.orders WHERE id = 2",
];

fn statements_replay(flavour: Flavour, format: &str) -> Result<()> {
    let options = ServerOptions::new(flavour).arg(format!("--binlog-format={format}"));
    let source = Server::start(options.clone())?;
    source.execute(STATEMENTS)?;
    let (log, _) = filtered(&source.binlogs()?, &shop(), USUAL_CHUNKS)?;
    let target = Server::start(options.server_id(2))?;
    let path = target.folder().join("filtered.000001");
    fs::write(&path, &log)?;
    let mut reader = reader_of(flavour, &path)?;
    reader.arg("--local-load").arg(target.folder());
    target.execute(["SET GLOBAL local_infile = 1"])?;
    let mut client = target.client()?;
    client.args(["--binary-mode", "--local-infile=1"]);
    pipe(reader, Some(client))?;
    compare(&source, &target, &["shop.orders"])?;
    assert_absent(&target, &["shop.audit_log", "other.noise"])
}

#[test]
fn mysql_statements_replay() -> Result<()> {
    statements_replay(Flavour::MySql97, "STATEMENT")?;
    statements_replay(Flavour::MySql97, "MIXED")
}

#[test]
fn mariadb_statements_replay() -> Result<()> {
    statements_replay(Flavour::MariaDb118, "STATEMENT")?;
    statements_replay(Flavour::MariaDb1011, "MIXED")
}

/// What stops by default in logs of statements: that is all that touches kept and dropped tables together, or what
/// cannot be told.
#[test]
fn statements_that_stop() -> Result<()> {
    let check = |name: &str, selection: Selection, expected: &str| {
        let log = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(name);
        let Err(error) = filtered(&[log], &selection, USUAL_CHUNKS) else {
            bail!("{name} does not stop");
        };
        ensure!(error.to_string().contains(expected), "{name}: {error}");
        Ok(())
    };
    let mixed = "QUERY: a statement touches shop.items and, which the rules drop, other.noise: \
                 UPDATE shop.items, other.noise SET";
    for flavour in Flavour::ALL {
        check(&format!("{flavour}/statement.binlog"), shop(), mixed)?;
    }
    Ok(())
}

/// What would be kept, and by which rule, without a log.
#[test]
fn dry_runs_and_explanations() -> Result<()> {
    let log = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/mysql-9.7/row.binlog");
    let output = binlog_testkit::binlog()?
        .args(["filter", "--dry-run", "--explain", "--table", "types.integers"])
        .arg(&log)
        .output()?;
    let [stdout, stderr] = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    ensure!(output.status.success(), "{stderr}");
    ensure!(stdout.starts_with("transactions: 48 in, 6 kept"), "{stdout}");
    ensure!(
        stderr.contains("kept    types.integers: insert rows: --table 'types.integers'\n"),
        "{stderr}"
    );
    ensure!(
        stderr.contains("dropped types.keys2: CREATE TABLE: no --table or --database has it\n"),
        "{stderr}"
    );
    Ok(())
}

#[test]
fn domains() -> Result<()> {
    let of = |domain_ids: Vec<u32>, flavour: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(flavour);
        let logs = [1, 2, 3].map(|number| folder.join(format!("gtid.{number}.binlog")));
        let selection = Selection {
            domain_ids,
            ..Selection::default()
        };
        filtered(&logs, &selection, USUAL_CHUNKS)
    };
    let all = of(vec![0, 7, u32::MAX], "mariadb-11.8")?.1;
    ensure!(all.transactions_emptied == 0, "{all}");
    let first = of(vec![0], "mariadb-11.8")?.1;
    ensure!(
        first.gtids_kept == all.gtids_kept && first.transactions_emptied > 1,
        "{first}"
    );
    let error = of(vec![0], "mysql-9.7").map(drop).unwrap_err().to_string();
    ensure!(error.contains("no GTID with a domain"), "{error}");
    Ok(())
}

/// Whatever is wrong with a log, it is an error or goes unnoticed (checksums are not verified here), and no panic.
#[test]
fn damaged_logs_are_errors() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("damaged.000001");
    let mut errors = 0;
    for (_, log) in fixtures()? {
        let bytes = fs::read(&log)?;
        for at in (4..bytes.len()).step_by(1 + bytes.len() / 40) {
            for selection in selections() {
                let mut damaged = bytes.clone();
                damaged.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 0x81);
                fs::write(&path, damaged)?;
                errors += u32::from(unverified(&path, &selection).is_err());
            }
        }
    }
    ensure!(errors > 1000, "only {errors} errors");
    Ok(())
}

fn unverified(log: &Path, selection: &Selection) -> Result<()> {
    let options = FileOptions {
        verify_checksums: false,
        chunk_limit: TINY_CHUNKS,
        ..FileOptions::default()
    };
    let mut source = FileSource::open(&[Input::Path(log.to_owned())], options)?;
    let mut filter = Filter::new(RuleSet::compile(selection)?);
    let mut writer = Writer::new(Vec::new());
    while let Next::Chunk(chunk) = source.next()? {
        writer.write(&filter.apply(chunk)?)?;
    }
    Ok(())
}
