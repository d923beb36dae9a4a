//! Each log that a new server wrote, dumped as SQL and run by an ordinary user on another one, makes the database that
//! the server's own tool makes of it with all rights; also under other names.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use binlog_testkit::compare::compare_as;
use binlog_testkit::{Flavour, Installation, Server, ServerOptions, run_binlog};
use mysql::prelude::Queryable as _;

/// Rights to data and definitions, and none to the server.
const ORDINARY: [&str; 3] = [
    "DROP USER IF EXISTS plain@localhost",
    "CREATE USER plain@localhost IDENTIFIED BY ''",
    "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES, TRIGGER, EVENT, EXECUTE, CREATE VIEW, \
     SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, CREATE TEMPORARY TABLES, LOCK TABLES ON *.* TO plain@localhost",
];

/// Whether a fixture begins with an empty server, and both texts of it can be run and compared.
fn is_whole(flavour: Flavour, name: &str) -> bool {
    match (name, flavour) {
        // It begins after its tables were made; and here events were lost.
        ("open" | "incident", _) => false,
        // mysqlbinlog puts the INSERT_ID of LOAD DATA behind it.
        ("statement", Flavour::MySql97) => false,
        // The server's own tool does not know the digits of MariaDB 5.3's fractions, and no client writes the history of a
        // table's versions.
        ("hires-temporals" | "hidden", Flavour::MariaDb118) => false,
        _ => true,
    }
}

/// Some of their statements failed on their server, after they had changed something.
const WITH_ERRORS: [&str; 4] = ["compressed-statement", "context", "ddl", "statement"];
/// Temporary tables of several connections, definitions that are another user's, or accounts.
const WITH_RIGHTS: [&str; 6] = ["compressed-statement", "context", "ddl", "mixed", "statement", "wide"];

fn further_rights(flavour: Flavour) -> &'static str {
    match flavour {
        Flavour::MySql97 | Flavour::MySql56 => {
            "GRANT SET_ANY_DEFINER, SYSTEM_USER, SESSION_VARIABLES_ADMIN, CREATE USER ON *.* TO plain@localhost"
        }
        Flavour::MariaDb118 | Flavour::MariaDb1011 => {
            "GRANT SET USER, BINLOG REPLAY, CREATE USER ON *.* TO plain@localhost"
        }
    }
}

#[test]
fn of_mysql() -> Result<()> {
    every_fixture(Flavour::MySql97)
}

#[test]
fn of_mariadb() -> Result<()> {
    every_fixture(Flavour::MariaDb118)
}

fn every_fixture(flavour: Flavour) -> Result<()> {
    let options = |id| ServerOptions::new(flavour).server_id(id);
    let arguments = ["--local-infile=ON", "--log-bin-trust-function-creators=ON"];
    let theirs = Server::start(options(2).args(arguments))?;
    let ours = Server::start(options(3).args(arguments))?;
    let mut failures = Vec::new();
    for (name, logs) in fixtures(flavour)? {
        if let Err(error) = round_trip(&name, &logs, &theirs, &ours) {
            failures.push(format!("{flavour}/{name}: {error:#}"));
        }
    }
    ensure!(failures.is_empty(), "{}", failures.join("\n"));
    Ok(())
}

fn round_trip(name: &str, logs: &[PathBuf], theirs: &Server, ours: &Server) -> Result<()> {
    empty(theirs)?;
    empty(ours)?;
    ours.execute(ORDINARY)?;
    let is_in = |names: &[&str]| names.contains(&name);
    if is_in(&WITH_RIGHTS) {
        ours.execute([further_rights(ours.options().flavour)])?;
    }
    let force = is_in(&WITH_ERRORS);
    let folder = tempfile::tempdir()?;
    let script = folder.path().join("script.sql");

    let mut tool = Installation::get(theirs.options().flavour)?.mysqlbinlog()?;
    tool.arg("--local-load").arg(folder.path()).args(logs);
    if theirs.options().flavour == Flavour::MySql97 {
        tool.arg("--skip-gtids");
    }
    let status = tool.stdout(File::create(&script)?).status()?;
    ensure!(status.success(), "the server's tool: {status}");
    feed(theirs.client()?, &script, force).context("the server's tool's text")?;

    let tables = tables(theirs)?;
    for renames in [false, true] {
        let new = |table: &str| {
            if renames {
                format!("new_{table}")
            } else {
                table.to_owned()
            }
        };
        if renames {
            empty(ours)?;
        }
        let further: &[&str] = match (renames, name) {
            (false, _) => &[],
            (true, "wide") => &["--rewrite", "*.*=new_*.*", "--on-unparsed", "keep"],
            (true, _) => &["--rewrite", "*.*=new_*.*"],
        };
        let dump = dumped(logs, folder.path(), further)?;
        fs::write(&script, dump)?;
        let mut client = ours.client()?;
        client.arg("--user=plain");
        let what = if renames {
            "the dump with other names"
        } else {
            "the dump"
        };
        feed(client, &script, force).context(what)?;
        let expected: Vec<String> = tables.iter().map(|table| new(table)).collect();
        let found = self::tables(ours)?;
        ensure!(expected == found, "{what}: {expected:?} became {found:?}");
        let pairs = tables
            .iter()
            .map(String::as_str)
            .zip(expected.iter().map(String::as_str));
        compare_as(theirs, ours, &pairs.collect::<Vec<_>>()).context(what)?;
    }
    Ok(())
}

/// The logs as SQL.
fn dumped(logs: &[PathBuf], folder: &Path, further: &[&str]) -> Result<Vec<u8>> {
    let mut arguments = vec!["dump".into(), "--local-load".into(), folder.as_os_str().to_owned()];
    arguments.extend(further.iter().map(Into::into));
    arguments.extend(logs.iter().map(|log| log.clone().into_os_string()));
    Ok(run_binlog(arguments)?.stdout)
}

/// The fixtures of a server that begin with an empty one, and can be run to their end.
fn fixtures(flavour: Flavour) -> Result<BTreeMap<String, Vec<PathBuf>>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    let mut fixtures = BTreeMap::<_, Vec<_>>::new();
    for entry in fs::read_dir(root.join(flavour.to_string()))? {
        let path = entry?.path();
        let name = path.file_name().context("no name")?.to_string_lossy().into_owned();
        if let Some(name) = name.strip_suffix(".binlog") {
            let name = name.split('.').next().unwrap_or(name);
            if is_whole(flavour, name) {
                fixtures.entry(name.to_owned()).or_default().push(path);
            }
        }
    }
    fixtures.values_mut().for_each(|logs| logs.sort());
    ensure!(fixtures.len() > 30, "only {} fixtures of {flavour}", fixtures.len());
    Ok(fixtures)
}

const SYSTEM: &str = "('mysql', 'sys', 'information_schema', 'performance_schema')";

fn empty(server: &Server) -> Result<()> {
    let mut conn = server.conn()?;
    let schemas = format!("SELECT schema_name FROM information_schema.schemata WHERE schema_name NOT IN {SYSTEM}");
    for schema in conn.query::<String, _>(schemas)? {
        conn.query_drop(format!("DROP DATABASE `{}`", schema.replace('`', "``")))?;
    }
    Ok(())
}

fn tables(server: &Server) -> Result<Vec<String>> {
    let tables = format!(
        "SELECT CONCAT(table_schema, '.', table_name) FROM information_schema.tables \
         WHERE table_schema NOT IN {SYSTEM} AND table_type = 'BASE TABLE' ORDER BY 1"
    );
    Ok(server.conn()?.query(tables)?)
}

fn feed(mut client: Command, script: &Path, force: bool) -> Result<()> {
    client.args(["--binary-mode", "--local-infile=1"]);
    if force {
        client.arg("--force");
    }
    let output = client.stdin(File::open(script)?).output()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "the client failed: {errors}");
    Ok(())
}
