//! The same job through pipes and files, and what other tools say of our logs.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use binlog_testkit::compare::{assert_absent, compare};
use binlog_testkit::workload::{DROPPED, Workload, kept_tables};
use binlog_testkit::{Flavour, RunningBinlog, Server, ServerOptions, binlog, run_binlog};

const PATIENCE: Duration = Duration::from_secs(60);
const RULES: [&str; 4] = ["--table", "shop.*", "--not-table", "shop.audit_log"];

fn worked(options: ServerOptions) -> Result<Server> {
    let server = Server::start(options)?;
    let mut conn = server.conn()?;
    Workload::prepare(&mut conn)?;
    Workload::new(3).run(&mut conn, 200)?;
    server.execute(["FLUSH BINARY LOGS"])?;
    Workload::new(4).worker(1).without_ddl().run(&mut conn, 100)?;
    Ok(server)
}

fn target_of(source: &Server) -> Result<Server> {
    Server::start(ServerOptions::new(source.options().flavour).server_id(2))
}

fn check_kept(source: &Server, target: &Server) -> Result<()> {
    compare(source, target, &kept_tables(&mut source.conn()?)?)?;
    assert_absent(target, &DROPPED)
}

/// Runs the commands as `a | b | c`; each must end well.
fn pipeline(commands: Vec<Command>) -> Result<()> {
    let mut children = Vec::new();
    let mut stdin = Stdio::null();
    for mut command in commands {
        let mut child = command.stdin(stdin).stdout(Stdio::piped()).spawn()?;
        stdin = child.stdout.take().context("no stdout")?.into();
        children.push(child);
    }
    drop(stdin);
    for mut child in children {
        let status = child.wait()?;
        ensure!(status.success(), "{status}");
    }
    Ok(())
}

fn command(arguments: &[&str]) -> Result<Command> {
    let mut command = binlog()?;
    command.args(arguments);
    Ok(command)
}

fn through_pipes(options: ServerOptions) -> Result<()> {
    let source = worked(options)?;
    let target = target_of(&source)?;
    let filter: Vec<&str> = ["filter", "-"].into_iter().chain(RULES).collect();
    // The second run finds nothing to do, because the checkpoint is at the source's end.
    for _ in 0..2 {
        pipeline(vec![
            command(&["fetch", "--from", &source.url()])?,
            command(&filter)?,
            command(&["apply", "-", "--to", &target.url()])?,
        ])?;
        check_kept(&source, &target)?;
    }
    Ok(())
}

#[test]
fn mysql_through_pipes() -> Result<()> {
    through_pipes(ServerOptions::new(Flavour::MySql97).gtid())
}

#[test]
fn mysql_without_gtids_through_pipes() -> Result<()> {
    through_pipes(ServerOptions::new(Flavour::MySql97))
}

#[test]
fn mariadb_through_pipes() -> Result<()> {
    through_pipes(ServerOptions::new(Flavour::MariaDb118))
}

fn from_files(options: ServerOptions) -> Result<()> {
    let source = worked(options)?;
    let target = target_of(&source)?;
    let mut arguments: Vec<String> = vec!["apply".into(), "--to".into(), target.url()];
    arguments.extend(RULES.map(String::from));
    for log in source.binlogs()? {
        arguments.push(log.to_str().context("a path that is not UTF-8")?.to_owned());
    }
    for _ in 0..2 {
        run_binlog(&arguments)?;
        check_kept(&source, &target)?;
    }
    Ok(())
}

#[test]
fn mysql_from_files() -> Result<()> {
    from_files(ServerOptions::new(Flavour::MySql97).gtid())
}

#[test]
fn mariadb_from_files() -> Result<()> {
    from_files(ServerOptions::new(Flavour::MariaDb1011))
}

/// The folder's logs are the source's logs, byte for byte, although the copying was killed.
fn copies(options: ServerOptions) -> Result<()> {
    let mut source = worked(options)?;
    let folder = tempfile::tempdir()?;
    let (url, into) = (
        source.url(),
        folder.path().to_str().context("a path that is not UTF-8")?,
    );
    let follow = ["fetch", "--from", &url, "--into", into, "--follow"];
    let workload = Workload::new(5).worker(2).without_ddl().spawn(&source);
    for _ in 0..3 {
        let fetch = RunningBinlog::start(follow)?;
        workload.advance(100, PATIENCE)?;
        source.execute(["FLUSH BINARY LOGS"])?;
        thread::sleep(Duration::from_millis(300));
        fetch.kill9()?;
    }
    workload.stop()?;
    let fetch = RunningBinlog::start(follow)?;
    wait_for_copies(&source, folder.path())?;
    // The link breaks, and the copying goes on by itself.
    source.stop()?;
    source.restart()?;
    wait_for_copies(&source, folder.path())?;
    fetch.stop(PATIENCE)
}

fn wait_for_copies(source: &Server, folder: &Path) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    let logs = source.binlogs()?;
    let (open, closed) = logs.split_last().context("no logs")?;
    while !logs.iter().all(|log| same_length(log, folder).unwrap_or(false)) {
        if Instant::now() > deadline {
            bail!("not all of {logs:?} were copied");
        }
        thread::sleep(Duration::from_millis(50));
    }
    for log in closed {
        ensure!(
            fs::read(log)? == fs::read(copy_of(log, folder)?)?,
            "{} differs",
            log.display()
        );
    }
    // The log that the server has open says so in one flag of its format description.
    let (theirs, ours) = (fs::read(open)?, fs::read(copy_of(open, folder)?)?);
    let differences = theirs.iter().zip(&ours).filter(|(theirs, ours)| theirs != ours).count();
    ensure!(differences <= 5, "{} differs in {differences} bytes", open.display());
    Ok(())
}

fn same_length(log: &Path, folder: &Path) -> Result<bool> {
    Ok(fs::metadata(log)?.len() == fs::metadata(copy_of(log, folder)?)?.len())
}

fn copy_of(log: &Path, folder: &Path) -> Result<PathBuf> {
    Ok(folder.join(log.file_name().context("no name")?))
}

#[test]
fn mysql_copies() -> Result<()> {
    copies(ServerOptions::new(Flavour::MySql97).gtid())
}

#[test]
fn mariadb_copies() -> Result<()> {
    copies(ServerOptions::new(Flavour::MariaDb118))
}

/// What `filter` writes, the flavour's own tool reads with checksums, and its client replays.
fn is_a_valid_log(options: ServerOptions) -> Result<()> {
    let source = worked(options)?;
    let target = target_of(&source)?;
    let folder = tempfile::tempdir()?;
    let (filtered, sql) = (folder.path().join("filtered"), folder.path().join("filtered.sql"));
    let mut filter = command(&["filter"])?;
    filter.args(RULES).args(source.binlogs()?).arg("-o").arg(&filtered);
    ensure!(filter.status()?.success());
    let mut tool = source.installation().mysqlbinlog()?;
    tool.arg("--verify-binlog-checksum")
        .arg(&filtered)
        .stdout(File::create(&sql)?);
    let output = tool.stderr(Stdio::piped()).output()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success() && !errors.contains("ERROR") && !errors.contains("WARNING"),
        "{errors}"
    );
    ensure!(target.client()?.stdin(File::open(&sql)?).status()?.success());
    check_kept(&source, &target)
}

#[test]
fn mysql_filtered_log_is_valid() -> Result<()> {
    is_a_valid_log(ServerOptions::new(Flavour::MySql97))
}

#[test]
fn mariadb_filtered_log_is_valid() -> Result<()> {
    is_a_valid_log(ServerOptions::new(Flavour::MariaDb118))
}

#[test]
fn a_closed_pipe_is_success() -> Result<()> {
    let source = worked(ServerOptions::new(Flavour::MySql97))?;
    let mut dump = command(&["dump"])?;
    let mut child = dump
        .args(source.binlogs()?)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    drop(child.stdout.take());
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "{}", output.status);
    ensure!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

#[test]
fn a_dump_follows_the_log() -> Result<()> {
    let source = Server::start(ServerOptions::new(Flavour::MySql97))?;
    source.execute(["CREATE DATABASE shop"])?;
    let folder = tempfile::tempdir()?;
    let out = folder.path().join("out.sql");
    let log = source.binlogs()?.pop().context("no log")?;
    let mut dump = command(&["dump", "--follow"])?;
    dump.arg(&log).arg("-o").arg(&out);
    let dump = RunningBinlog::spawn(dump)?;
    for table in ["shop.a", "shop.b"] {
        source.execute([format!("CREATE TABLE {table} (id INT)").as_str(), "FLUSH BINARY LOGS"])?;
        let deadline = Instant::now() + PATIENCE;
        while !fs::read_to_string(&out).is_ok_and(|text| text.contains(&format!("CREATE TABLE {table}"))) {
            ensure!(Instant::now() < deadline, "{table} does not come");
            thread::sleep(Duration::from_millis(20));
        }
    }
    dump.kill9()
}
