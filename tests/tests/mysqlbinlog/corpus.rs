//! Logs that servers write while they run the scripts in `corpus/`, under many settings.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context as _, Result, ensure};
use binlog_testkit::workload::Workload;
use binlog_testkit::{Flavour, Server, ServerOptions};
use mysql::prelude::Queryable as _;

use super::case::Log;

/// The logs, and the servers in whose folders they lie.
pub(crate) struct Corpus {
    pub(crate) logs: Vec<Log>,
    _servers: Vec<Server>,
}

/// A statement after this line may fail, in some of the settings.
const FAILS: &str = "-- may fail\n";

/// What stands for a new folder.
const FOLDER: &str = "{folder}";

macro_rules! scripts {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("corpus/", $name, ".sql")))),*]
    };
}

/// Scripts, each of which makes and drops all that it needs.
const SCRIPTS: &[(&str, &str)] = scripts![
    "routines",
    "session",
    "variables",
    "transactions",
    "names",
    "load",
    "types",
    "json",
    "ddl",
    "large",
];

/// Settings of the server, each named by itself. They last until changed.
const FORMATS: &[&[&str]] = &[
    &["binlog_format=STATEMENT"],
    &["binlog_format=MIXED", "binlog_rows_query_log_events=ON"],
    &["binlog_format=ROW", "binlog_rows_query_log_events=OFF"],
    &[
        "binlog_row_metadata=FULL",
        "binlog_row_value_options=PARTIAL_JSON",
        "binlog_rows_query_log_events=ON",
    ],
    &["binlog_row_image=MINIMAL", "binlog_checksum=NONE"],
    &[
        "binlog_row_image=NOBLOB",
        "binlog_checksum=CRC32",
        "binlog_transaction_compression=ON",
    ],
];

/// Of the server with GTIDs, which starts with rows.
const OF_GTIDS: &[&[&str]] = &[
    &["binlog_row_metadata=FULL"],
    &[
        "binlog_transaction_compression=ON",
        "binlog_rows_query_log_events=ON",
        "binlog_row_value_options=PARTIAL_JSON",
    ],
    &["binlog_format=STATEMENT", "binlog_transaction_compression=OFF"],
];

const WITH_GTIDS: &[(&str, &str)] = scripts!["gtids", "json", "types", "session", "names", "routines"];

/// Events hold few rows each, so that statements have several.
const SMALL_EVENTS: &[&str] = &[
    "--binlog-row-event-max-size=1024",
    "--log-bin-trust-function-creators=ON",
    "--default-time-zone=+00:00",
];

impl Corpus {
    fn record(mut server: Server, settings: &[&[&str]], scripts: &[(&str, &str)]) -> Result<Self> {
        let mut logs = Vec::new();
        for (number, settings) in settings.iter().enumerate() {
            for setting in *settings {
                server.execute([format!("SET GLOBAL {setting}")])?;
            }
            for (script, text) in scripts {
                logs.extend(logs_of(&server, &format!("{script}.{number}"), |server| {
                    feed(server, text)
                })?);
            }
            logs.extend(logs_of(&server, &format!("statements.{number}"), unusual)?);
            logs.extend(logs_of(&server, &format!("workload.{number}"), random)?);
        }
        server.stop()?;
        Ok(Self {
            logs,
            _servers: vec![server],
        })
    }
}

/// Without GTIDs, in every format.
pub(crate) fn anonymous() -> Result<Corpus> {
    let options = ServerOptions::new(Flavour::MySql97).args(SMALL_EVENTS.iter().copied());
    Corpus::record(Server::start(options)?, FORMATS, SCRIPTS)
}

/// With GTIDs.
pub(crate) fn with_gtids() -> Result<Corpus> {
    let options = ServerOptions::new(Flavour::MySql97)
        .gtid()
        .args(SMALL_EVENTS.iter().copied());
    Corpus::record(Server::start(options)?, OF_GTIDS, WITH_GTIDS)
}

/// What a replica writes: relay logs and its own log.
pub(crate) fn replica() -> Result<Corpus> {
    let options = |id| ServerOptions::new(Flavour::MySql97).gtid().server_id(id);
    let source = Server::start(options(1).args(["--binlog-row-metadata=FULL", "--binlog-rows-query-log-events=ON"]))?;
    let mut replica = Server::start(options(2).args([
        "--skip-replica-start",
        "--relay-log-purge=OFF",
        "--log-bin-trust-function-creators=ON",
        "--relay-log=relay",
    ]))?;
    let port = source.port();
    replica.execute([
        format!("CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT={port}, SOURCE_USER='root', SOURCE_AUTO_POSITION=1, GET_SOURCE_PUBLIC_KEY=1"),
        "START REPLICA".to_owned(),
    ])?;
    for (_, script) in WITH_GTIDS {
        feed(&source, script)?;
        replica.execute(["FLUSH RELAY LOGS"])?;
    }
    let gtids = source.gtids()?;
    let reached: Option<i64> = replica
        .conn()?
        .exec_first("SELECT WAIT_FOR_EXECUTED_GTID_SET(?, 60)", (gtids,))?;
    ensure!(reached == Some(0), "the replica does not follow");
    replica.stop()?;
    let mut logs = named(&replica.binlogs()?, "replica");
    logs.extend(named(&files(&replica.datadir(), "relay.0")?, "relay"));
    ensure!(logs.len() > 4, "only {} logs", logs.len());
    Ok(Corpus {
        logs,
        _servers: vec![source, replica],
    })
}

/// Servers that were killed, once or twice, and started again; and one that runs on.
pub(crate) fn crashed() -> Result<Corpus> {
    let mut server = Server::start(ServerOptions::new(Flavour::MySql97).gtid())?;
    for _ in 0..2 {
        server.execute([
            "DROP DATABASE IF EXISTS corpus",
            "CREATE DATABASE corpus",
            "CREATE TABLE corpus.t (a INT)",
        ])?;
        let mut open = server.conn()?;
        open.query_drop("BEGIN")?;
        open.query_drop("INSERT INTO corpus.t VALUES (1)")?;
        open.query_drop("CREATE TEMPORARY TABLE corpus.scratch (a INT)")?;
        server.execute(["INSERT INTO corpus.t VALUES (2)"])?;
        server.kill9()?;
        server.restart()?;
        server.execute(["INSERT INTO corpus.t VALUES (3)"])?;
        server.restart()?;
    }
    let logs = named(&server.binlogs()?, "crashed");
    Ok(Corpus {
        logs,
        _servers: vec![server],
    })
}

/// The logs that `run` makes the server begin.
fn logs_of(server: &Server, name: &str, run: impl Fn(&Server) -> Result<()>) -> Result<Vec<Log>> {
    let before = server.binlogs()?.len();
    server.execute(["FLUSH BINARY LOGS"])?;
    run(server).with_context(|| name.to_owned())?;
    let logs = server.binlogs()?;
    Ok(named(logs.get(before..).unwrap_or_default(), name))
}

fn named(files: &[impl AsRef<Path>], name: &str) -> Vec<Log> {
    let numbered = files.iter().enumerate();
    numbered
        .map(|(number, file)| Log::stored(format!("{name}/{number}"), file.as_ref()))
        .collect()
}

fn files(folder: &Path, prefix: &str) -> Result<Vec<std::path::PathBuf>> {
    let entries: Result<Vec<_>, _> = fs::read_dir(folder)?.collect();
    let paths = entries?.into_iter().map(|entry| entry.path());
    let mut files: Vec<_> = paths
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with(prefix))
        })
        .collect();
    files.sort();
    Ok(files)
}

/// Runs the script with the command-line client, which goes on after errors.
fn feed(server: &Server, script: &str) -> Result<()> {
    let folder = tempfile::tempdir_in(server.folder())?;
    let file = folder.path().join("script.sql");
    fs::write(&file, script.replace(FOLDER, &folder.path().display().to_string()))?;
    let mut client = server.client()?;
    client.args(["--force", "--comments", "--default-character-set=utf8mb4"]);
    client.stdin(fs::File::open(file)?).stdout(Stdio::null());
    let output = client.output().context("cannot run the client")?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let errors = said.lines().filter(|line| line.starts_with("ERROR")).count();
    ensure!(errors <= script.matches(FAILS).count(), "{said}");
    Ok(())
}

/// Statements that no script holds: bytes that are no text, and statements of a million bytes.
fn unusual(server: &Server) -> Result<()> {
    let mut conn = server.conn()?;
    let many = (0..20_000).map(|n| format!("({n})")).collect::<Vec<_>>().join(",");
    let statements = [
        "CREATE DATABASE corpus".to_owned(),
        "USE corpus".to_owned(),
        "CREATE TABLE t (a INT, b LONGBLOB)".to_owned(),
        "INSERT INTO t (b) VALUES ('a\0b')".to_owned(),
        "INSERT INTO t (b) VALUES ('\0'), ('') /* \0 */".to_owned(),
        "INSERT INTO t (b) VALUES ('\r\n\t\x08\x1a\x7f')".to_owned(),
        "\n\n  INSERT INTO t (b) VALUES ('space around')  \n\n ".to_owned(),
        format!("INSERT INTO t (b) VALUES ('{}')", "x".repeat(1 << 20)),
        format!("INSERT INTO t (a) VALUES {many}"),
        format!("/*{}*/ DELETE FROM t", "-".repeat(70_000)),
        "DROP DATABASE corpus".to_owned(),
    ];
    statements.iter().try_for_each(|sql| Ok(conn.query_drop(sql)?))
}

fn random(server: &Server) -> Result<()> {
    let mut conn = server.conn()?;
    Workload::prepare(&mut conn)?;
    Workload::new(7).run(&mut conn, 150)?;
    let databases: Vec<String> = conn.query("SHOW DATABASES")?;
    let own = ["information_schema", "mysql", "performance_schema", "sys"];
    let mut made = databases.iter().filter(|name| !own.contains(&name.as_str()));
    made.try_for_each(|name| Ok(conn.query_drop(format!("DROP DATABASE `{name}`"))?))
}
