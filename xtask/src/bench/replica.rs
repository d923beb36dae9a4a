//! A server's own replica. What is measured is applying: it has fetched the log before.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use binlog_parser::gtid::{GtidProgress, TransactionGtid};
use binlog_source::{FileOptions, FileSource, Input, Next, Source as _};
use binlog_testkit::{Flavour, Server, ServerOptions};
use mysql::prelude::Queryable as _;

use super::measure::Run;

/// The most time that a replica may take.
const PATIENCE: Duration = Duration::from_secs(3600);
/// Between two looks at how far it is.
const INTERVAL: Duration = Duration::from_millis(20);

/// A source whose log is this one.
pub(super) fn source(flavour: Flavour, log: &Path) -> Result<Server> {
    let mut source = Server::start(ServerOptions::new(flavour).gtid())?;
    source.stop()?;
    let own = source.binlogs()?.pop().context("no log")?;
    fs::copy(log, own).context("cannot copy the log")?;
    source.restart()?;
    Ok(source)
}

/// A durable server that has fetched the source's log, and is to apply it with so many workers, in the order of the source.
pub(super) fn server(source: &Server, log: &Path, workers: usize) -> Result<Server> {
    let flavour = source.options().flavour;
    let options = ServerOptions::new(flavour).gtid().durable().server_id(2);
    let options = options.args(["--relay-log=relay", "--skip-slave-start", "--log-slave-updates"]);
    let options = match flavour.is_mariadb() {
        true => options.args([
            format!("--slave-parallel-threads={workers}"),
            "--slave-parallel-mode=optimistic".to_owned(),
        ]),
        false => options.args([
            format!("--replica-parallel-workers={workers}"),
            "--replica-preserve-commit-order=ON".to_owned(),
        ]),
    };
    let server = Server::start(options)?;
    fetch(source, &server, log)?;
    Ok(server)
}

fn fetch(source: &Server, server: &Server, log: &Path) -> Result<()> {
    let (port, size) = (source.port(), fs::metadata(log).context("no log")?.len());
    let name = source.binlogs()?.into_iter().next().context("no log")?;
    let name = name
        .file_name()
        .and_then(|name| name.to_str())
        .context("no name")?
        .to_owned();
    let mut conn = server.conn()?;
    let [change, start, show] = match server.options().flavour.is_mariadb() {
        true => [
            format!(
                "CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = {port}, MASTER_USER = 'root',
                 MASTER_PASSWORD = '', MASTER_SSL = 0, MASTER_LOG_FILE = '{name}', MASTER_LOG_POS = 4"
            ),
            "START SLAVE IO_THREAD".to_owned(),
            "SHOW SLAVE STATUS".to_owned(),
        ],
        false => [
            format!(
                "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = {port}, SOURCE_USER = 'root',
                 SOURCE_PASSWORD = '', GET_SOURCE_PUBLIC_KEY = 1, SOURCE_LOG_FILE = '{name}', SOURCE_LOG_POS = 4"
            ),
            "START REPLICA IO_THREAD".to_owned(),
            "SHOW REPLICA STATUS".to_owned(),
        ],
    };
    conn.query_drop(change)?;
    conn.query_drop(start)?;
    let started = Instant::now();
    loop {
        let row: mysql::Row = conn.query_first(&show)?.context("no status")?;
        let column = |names: [&str; 2]| {
            names
                .iter()
                .find_map(|name| row.get::<Option<String>, _>(*name))
                .flatten()
        };
        let error = column(["Last_IO_Error", "Last_IO_Error"]).unwrap_or_default();
        ensure!(error.is_empty(), "the replica cannot fetch: {error}");
        let file = column(["Source_Log_File", "Master_Log_File"]).unwrap_or_default();
        let position = column(["Read_Source_Log_Pos", "Read_Master_Log_Pos"]).and_then(|text| text.parse().ok());
        if file > name || position.is_some_and(|position: u64| position >= size) {
            return Ok(());
        }
        ensure!(started.elapsed() < PATIENCE, "the replica does not fetch");
        thread::sleep(INTERVAL);
    }
}

/// Lets it apply everything. Its memory is not measured.
pub(super) fn run(server: &Server, log: &Path) -> Result<Run> {
    let gtids = last_gtids(log)?;
    let mut conn = server.conn()?;
    let start = match server.options().flavour.is_mariadb() {
        true => "START SLAVE SQL_THREAD",
        false => "START REPLICA SQL_THREAD",
    };
    let started = Instant::now();
    conn.query_drop(start)?;
    while !is_done(server, &mut conn, &gtids)? {
        ensure!(started.elapsed() < PATIENCE, "the replica is not done");
        thread::sleep(INTERVAL);
    }
    let time = started.elapsed();
    Ok(Run { time, peak: 0 })
}

fn is_done(server: &Server, conn: &mut mysql::Conn, gtids: &str) -> Result<bool> {
    if server.options().flavour.is_mariadb() {
        let at: Option<String> = conn.query_first("SELECT @@GLOBAL.gtid_slave_pos")?;
        let error: Option<mysql::Row> = conn.query_first("SHOW SLAVE STATUS")?;
        if let Some(error) = error
            .and_then(|row| row.get::<String, _>("Last_SQL_Error"))
            .filter(|error| !error.is_empty())
        {
            bail!("the replica stopped: {error}");
        }
        return Ok(at.as_deref() == Some(gtids));
    }
    let error: Option<String> = conn.query_first(
        "SELECT last_error_message FROM performance_schema.replication_applier_status_by_worker WHERE last_error_number <> 0",
    )?;
    if let Some(error) = error {
        bail!("the replica stopped: {error}");
    }
    let done: Option<bool> = conn.exec_first("SELECT GTID_SUBSET(?, @@GLOBAL.gtid_executed)", (gtids,))?;
    Ok(done.unwrap_or(false))
}

/// GTIDs of all transactions in the log: as a set, or of MariaDB the last one.
fn last_gtids(log: &Path) -> Result<String> {
    let mut gtids = GtidProgress::None;
    let mut source = FileSource::open(&[Input::Path(log.into())], FileOptions::default())?;
    while let Next::Chunk(chunk) = source.next()? {
        let mut decoder = chunk.decoder();
        for raw in chunk.events() {
            let event = decoder.decode(&raw?).map_err(|error| chunk.place(error))?;
            if let Some(gtid) = TransactionGtid::of(&event) {
                gtids.advance(&gtid);
            }
        }
    }
    Ok(gtids.to_string())
}
