//! JSON documents and their partial updates, from a real server's log to its rows, to a client and to other servers.

mod random;
mod replayed;

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use binlog_parser::value::JsonValue;
use binlog_testkit::compare::compare;
use binlog_testkit::{Flavour, Server, ServerOptions, binlog, run_binlog};
use mysql::Conn;
use mysql::prelude::Queryable as _;

use random::Random;
use replayed::{Documents, Replayed, typed};

const PARTIAL: &str = "--binlog-row-value-options=PARTIAL_JSON";
const MINIMAL: &str = "--binlog-row-image=MINIMAL";
const NOBLOB: &str = "--binlog-row-image=NOBLOB";

const TABLES: [&str; 2] = ["shop.docs", "shop.loose"];

#[test]
fn documents_are_what_the_server_prints() -> Result<()> {
    let source = start(1, &[])?;
    let mut random = Random::new(11);
    let mut conn = lenient(&source)?;
    for id in 0..700 {
        let sql = format!("INSERT INTO shop.docs VALUES ({id}, {}, NULL, 0)", random.document(5));
        conn.query_drop(&sql).with_context(|| sql)?;
    }
    for (id, text) in (1000..).zip(texts()) {
        conn.exec_drop("INSERT INTO shop.docs VALUES (?, ?, NULL, 0)", (id, text))?;
    }
    let replayed = Replayed::read(&source.binlogs()?)?;
    let docs = replayed.table("docs")?;
    compare_texts(&source, "docs", docs)?;
    for document in docs.values().flatten() {
        let tree = JsonValue { bytes: document }.read()?;
        let mut again = Vec::new();
        tree.encode(&mut again)?;
        ensure!(again == *document, "{tree:?}");
    }
    Ok(())
}

/// What random documents do not have: many levels, many elements, many bytes, every form of number.
fn texts() -> Vec<String> {
    let mut texts = vec![
        format!("{}{}", "[".repeat(100), "]".repeat(100)),
        format!("{}1{}", "{\"k\": ".repeat(100), "}".repeat(100)),
        format!("[{}]", vec!["70000"; 30_000].join(", ")),
        format!("[{}]", vec!["null"; 70_000].join(", ")),
        format!("[[\"{}\"], [[\"{}\"]]]", "x".repeat(65_000), "y".repeat(66_000)),
        format!("{{\"{}\": 1}}", "k".repeat(65_535)),
        "\"\\u0000\\u001f\\u007f\\u0080\\ud83e\\uddc0\\/\"".to_owned(),
    ];
    for len in [127, 128, 16_383, 16_384, 65_000, 65_520, 65_530, 65_540] {
        texts.push(format!("[\"{}\", 1, 40000]", "z".repeat(len)));
    }
    for exponent in -330..310 {
        texts.push(format!(
            "[1e{exponent}, -1.5e{exponent}, 9.999999999999999e{exponent}, 123456789012345.6e{exponent}]"
        ));
    }
    texts.retain(|text| !text.contains("e308") && !text.contains("e309") && !too_large(text));
    texts
}

/// Whether `123456789012345.6e…` is over the largest double.
fn too_large(text: &str) -> bool {
    (294..310).any(|exponent| text.contains(&format!("6e{exponent}]")))
}

#[test]
fn partial_updates_with_full_images() -> Result<()> {
    partial_updates(21, &[PARTIAL])
}

#[test]
fn partial_updates_with_minimal_images() -> Result<()> {
    partial_updates(22, &[PARTIAL, MINIMAL])
}

#[test]
fn partial_updates_without_blobs() -> Result<()> {
    partial_updates(23, &[PARTIAL, NOBLOB, "--binlog-row-metadata=FULL"])
}

fn partial_updates(seed: u64, args: &[&str]) -> Result<()> {
    let source = start(1, args)?;
    change(&source, &mut Random::new(seed))?;
    let logs = source.binlogs()?;
    let replayed = Replayed::read(&logs)?;
    ensure!(replayed.partial > 200, "{} partial updates", replayed.partial);
    compare_texts(&source, "docs", replayed.table("docs")?)?;
    let expected = stored(&source, "docs")?;
    ensure!(trees(replayed.table("docs")?)? == trees(&expected)?, "types differ");
    for (name, into) in [("dump", dumped as Copied), ("apply", applied), ("filter", filtered)] {
        let target = into(&source, &logs)?;
        check(&source, &target).with_context(|| name)?;
    }
    on_mariadb(&source, &logs)
}

/// Starts a server with empty tables and, in `types`, a value of each type that no expression has.
fn start(server_id: u32, args: &[&str]) -> Result<Server> {
    let options = ServerOptions::new(Flavour::MySql97).gtid().server_id(server_id);
    let source = Server::start(options.args(args.iter().copied()))?;
    source.execute([
        "CREATE DATABASE shop",
        "CREATE TABLE shop.types (tb TINYBLOB, bl BLOB, mb MEDIUMBLOB, lb LONGBLOB, bi BINARY(5), vb VARBINARY(9), b BIT(12), y YEAR,
         ts TIMESTAMP(3) NULL, e ENUM('x','y'), s SET('x','y'), f FLOAT, u BIGINT UNSIGNED, c CHAR(5))",
        "INSERT INTO shop.types VALUES (X'00FF', X'01FE', X'02FD', X'03FC', X'04FB', X'05FA', b'101010101010', 2024,
         '2024-02-29 12:34:56.789', 'y', 'x,y', 0.1, 77, 'käse')",
        "CREATE TABLE shop.docs (id INT PRIMARY KEY, doc JSON, other JSON, n INT)",
        "CREATE TABLE shop.loose (id INT, doc JSON, other JSON, n INT)",
    ])?;
    Ok(source)
}

/// A connection that stores all dates.
fn lenient(server: &Server) -> Result<Conn> {
    let mut conn = server.conn()?;
    conn.query_drop("SET SESSION sql_mode = 'ALLOW_INVALID_DATES'")?;
    Ok(conn)
}

fn change(source: &Server, random: &mut Random) -> Result<()> {
    let mut conn = lenient(source)?;
    for id in 0..120 {
        for table in if id < 12 { &TABLES[..] } else { &TABLES[..1] } {
            let (one, other) = (random.document(4), random.document(3));
            let sql = format!("INSERT INTO {table} VALUES ({id}, {one}, {other}, 0)");
            conn.query_drop(&sql).with_context(|| sql)?;
        }
    }
    for step in 0..700 {
        let sql = random.update(if step % 5 == 0 { TABLES[1] } else { TABLES[0] });
        conn.query_drop(&sql).with_context(|| sql)?;
    }
    conn.query_drop("DELETE FROM shop.docs WHERE id % 17 = 3")?;
    conn.query_drop("DELETE FROM shop.loose WHERE id = 5")?;
    Ok(())
}

type Copied = fn(&Server, &[PathBuf]) -> Result<Server>;

fn dumped(_: &Server, logs: &[PathBuf]) -> Result<Server> {
    let target = empty_target()?;
    let mut dump = binlog()?;
    dump.arg("dump").args(logs);
    feed(dump, &target)?;
    Ok(target)
}

fn applied(_: &Server, logs: &[PathBuf]) -> Result<Server> {
    let target = empty_target()?;
    apply(&target, logs)?;
    Ok(target)
}

/// A filter changes nothing in the rows: the server's own tools take its log.
fn filtered(source: &Server, logs: &[PathBuf]) -> Result<Server> {
    let target = empty_target()?;
    let log = target.folder().join("filtered.binlog");
    let mut filter = binlog()?;
    filter.args(["filter", "--table", "shop.*"]).args(logs);
    let status = filter.stdout(File::create(&log)?).status()?;
    ensure!(status.success(), "{status}");
    let mut mysqlbinlog = source.installation().mysqlbinlog()?;
    mysqlbinlog.arg("--skip-gtids").arg(log);
    feed(mysqlbinlog, &target)?;
    Ok(target)
}

fn empty_target() -> Result<Server> {
    Server::start(ServerOptions::new(Flavour::MySql97).server_id(2))
}

fn apply(target: &Server, logs: &[PathBuf]) -> Result<()> {
    let mut arguments: Vec<_> = ["apply", "--quiet", "--to", &target.url()].map(OsString::from).into();
    arguments.extend(logs.iter().map(|log| log.clone().into_os_string()));
    run_binlog(arguments).map(|_| ())
}

/// Runs what a program prints.
fn feed(mut program: Command, target: &Server) -> Result<()> {
    let script = target.folder().join("script.sql");
    let status = program.stdout(File::create(&script)?).status()?;
    ensure!(status.success(), "{program:?}: {status}");
    let mut client = target.client()?;
    client
        .arg("--binary-mode")
        .stdin(File::open(&script)?)
        .stdout(Stdio::null());
    let output = client.stderr(Stdio::piped()).output()?;
    if !output.status.success() {
        let kept = std::env::temp_dir().join("json-that-failed.sql");
        fs::copy(&script, &kept)?;
        let errors = String::from_utf8_lossy(&output.stderr);
        anyhow::bail!("{}: {errors}", kept.display());
    }
    Ok(())
}

/// The same rows, and the same types in the documents.
fn check(source: &Server, target: &Server) -> Result<()> {
    compare(source, target, &TABLES)?;
    for table in ["docs", "loose"] {
        let (here, there) = (trees(&stored(source, table)?)?, trees(&stored(target, table)?)?);
        for (one, other) in here.iter().zip(&there) {
            ensure!(one == other, "{table}: {one:?}, on the target {other:?}");
        }
        ensure!(here.len() == there.len());
    }
    Ok(())
}

/// MariaDB's documents are text.
fn on_mariadb(source: &Server, logs: &[PathBuf]) -> Result<()> {
    let target = Server::start(ServerOptions::new(Flavour::MariaDb118).server_id(3))?;
    apply(&target, logs)?;
    compare(source, &target, &TABLES).context("MariaDB")
}

/// Documents as the server holds them: it logs a copy.
fn stored(server: &Server, table: &str) -> Result<Documents> {
    server.execute([
        "SET SESSION binlog_row_image = 'FULL'".to_owned(),
        format!("CREATE TABLE shop.copy_of_{table} (number INT AUTO_INCREMENT PRIMARY KEY, doc JSON, id INT)"),
        format!(
            "INSERT INTO shop.copy_of_{table} (doc, id) SELECT doc, id FROM shop.{table} ORDER BY id, CAST(doc AS CHAR)"
        ),
    ])?;
    let replayed = Replayed::read(&server.binlogs()?)?;
    let copy = replayed.table(&format!("copy_of_{table}"))?;
    server.execute([format!("DROP TABLE shop.copy_of_{table}")])?;
    Ok(copy.clone())
}

fn trees(documents: &Documents) -> Result<Vec<Option<binlog_parser::value::Json<'static>>>> {
    let trees = documents
        .values()
        .map(|document| document.as_deref().map(typed).transpose());
    trees.collect()
}

fn compare_texts(server: &Server, table: &str, documents: &Documents) -> Result<()> {
    let sql = format!("SELECT id, CAST(CAST(doc AS CHAR) AS BINARY) FROM shop.{table} ORDER BY id");
    let rows: Vec<(i64, Option<Vec<u8>>)> = server.conn()?.query(sql)?;
    ensure!(
        rows.len() == documents.len(),
        "{} rows, not {}",
        documents.len(),
        rows.len()
    );
    for (id, expected) in rows {
        let document = documents.get(&id).with_context(|| format!("no row {id}"))?;
        let mut text = Vec::new();
        match document {
            Some(bytes) => JsonValue { bytes }.write_text(&mut text)?,
            None => ensure!(expected.is_none(), "row {id}"),
        }
        let (text, expected) = (
            String::from_utf8(text)?,
            String::from_utf8(expected.unwrap_or_default())?,
        );
        ensure!(text == expected, "row {id}: {text}\nis not {expected}");
    }
    Ok(())
}
