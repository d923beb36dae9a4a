//! Dumps of real logs: SQL that an ordinary user's client runs again, JSON Lines that tell all.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use binlog_dumper::{Dump, JsonDumper, SqlDumper, SqlOptions, Summary};
use binlog_parser::Chunk;
use binlog_source::{FileOptions, FileSource, Input, Next, Source as _};
use binlog_testkit::compare::{assert_absent, compare};
use binlog_testkit::workload::{DROPPED, Workload, kept_tables};
use binlog_testkit::{Flavour, Server, ServerOptions, run_binlog};
use mysql::prelude::Queryable as _;
use serde_json::Value;

const ROW_METADATA_FULL: &str = "--binlog-row-metadata=FULL";

/// All that dumped SQL may need: no right beyond those to the tables themselves.
const ORDINARY: [&str; 3] = [
    "CREATE USER plain@localhost IDENTIFIED BY ''",
    "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES ON shop.* TO plain@localhost",
    "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES ON other.* TO plain@localhost",
];

#[test]
fn sql_replays_on_mysql() -> Result<()> {
    replays(ServerOptions::new(Flavour::MySql97), Flavour::MySql97)
}

#[test]
fn sql_replays_on_mysql_with_gtids_and_full_metadata() -> Result<()> {
    let options = ServerOptions::new(Flavour::MySql97).gtid();
    let options = options.args([ROW_METADATA_FULL, "--binlog-rows-query-log-events=ON"]);
    replays(options, Flavour::MySql97)
}

#[test]
fn sql_replays_on_mysql_with_minimal_images() -> Result<()> {
    let options = ServerOptions::new(Flavour::MySql97).args([ROW_METADATA_FULL, "--binlog-row-image=MINIMAL"]);
    replays(options, Flavour::MySql97)
}

#[test]
fn sql_replays_on_mariadb() -> Result<()> {
    replays(ServerOptions::new(Flavour::MariaDb118), Flavour::MariaDb118)
}

#[test]
fn sql_replays_on_mariadb_with_full_metadata() -> Result<()> {
    replays(
        ServerOptions::new(Flavour::MariaDb118).arg(ROW_METADATA_FULL),
        Flavour::MariaDb118,
    )
}

#[test]
fn statements_replay() -> Result<()> {
    use Flavour::{MariaDb118, MySql56, MySql97};
    for (flavour, target) in [(MySql56, MySql97), (MySql97, MySql97), (MariaDb118, MariaDb118)] {
        let source = Server::start(ServerOptions::new(flavour).arg("--binlog-format=STATEMENT"))?;
        run(&source, STATEMENTS)?;
        let target = replay(&source, target)?;
        compare(&source, &target, &["shop.said"]).with_context(|| format!("{flavour}"))?;
    }
    Ok(())
}

/// What statements get wrong without the session that they ran in.
const STATEMENTS: &str = r#"
CREATE DATABASE shop CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
USE shop;
SET time_zone='+03:00', TIMESTAMP=1000000000.5;
CREATE TABLE said (id INT AUTO_INCREMENT PRIMARY KEY, at TIMESTAMP(3) NULL, r DOUBLE, who VARCHAR(50), n DECIMAL(20,5));
INSERT INTO said (at, r, who) VALUES (NOW(3), RAND(), 'a;b -- c');
SET @v = 'käse', @d = 1.25, @i = -5, @f = 1e10, @`it``s` = NULL;
INSERT INTO said (who, n) VALUES (@v, @d), (CONCAT(@v, '''', @i), @f), (@`it``s`, @i);
SET sql_mode='ANSI_QUOTES,NO_BACKSLASH_ESCAPES';
INSERT INTO "said" (who) VALUES ('a\');
SET sql_mode='', auto_increment_increment=5;
INSERT INTO said (r) VALUES (NULL), (NULL);
INSERT INTO said (r) VALUES (LAST_INSERT_ID());
INSERT INTO shop.said (who) VALUES ('x') -- the end
;
CREATE DATABASE other;
USE other;
DROP DATABASE other;
CREATE DATABASE other;
USE other;
UPDATE shop.said SET who = CONCAT(who, DATABASE()) WHERE id = 1;
BEGIN;
INSERT INTO shop.said (who) VALUES ('rolled back');
ROLLBACK;
SET SESSION character_set_client=latin1;
INSERT INTO shop.said (who) VALUES ('ä as latin1');
"#;

/// No table map tells the digits of these columns: the definitions in the log do.
#[test]
fn fractions_in_the_form_of_mariadb_53_replay() -> Result<()> {
    for flavour in [Flavour::MariaDb118, Flavour::MariaDb1011] {
        let options = || ServerOptions::new(flavour).arg("--mysql56-temporal-format=OFF");
        let source = Server::start(options())?;
        let columns = |kind: &str, letter: &str| {
            let column = |digits| format!("{letter}{digits} {kind}({digits}) NULL");
            (0..=6).map(column).collect::<Vec<_>>().join(", ")
        };
        let (times, date_times, stamps) = (
            columns("TIME", "t"),
            columns("DATETIME", "d"),
            columns("TIMESTAMP", "s"),
        );
        source.execute([
            "CREATE DATABASE shop",
            &format!("CREATE TABLE shop.moments (id INT PRIMARY KEY, {times}, {date_times}, {stamps}, last INT)"),
        ])?;
        let mut conn = source.conn()?;
        let moments = [
            "'-838:59:59', '1000-01-01', '1970-01-01 00:00:01'",
            "'838:59:59', '9999-12-31 23:59:59', '2038-01-19 03:14:07'",
            "'-00:00:00.999999', '0000-00-00', '0000-00-00'",
            "'12:34:56.789012', '2024-02-29 12:34:56.789012', '2024-02-29 12:34:56.789012'",
            "'-12:34:56.100001', '2024-00-00 23:59:59.000001', '2001-09-09 01:46:40.5'",
            "NULL, NULL, NULL",
        ];
        conn.query_drop("SET sql_mode = ''")?;
        conn.query_drop("CREATE TEMPORARY TABLE shop.given (id INT, t TIME(6), d DATETIME(6), s TIMESTAMP(6) NULL)")?;
        for (id, moment) in moments.iter().enumerate() {
            conn.query_drop(format!("INSERT INTO shop.given VALUES ({id}, {moment})"))?;
        }
        let all = |letter: &str| [letter; 7].join(", ");
        let select = format!(
            "SELECT id, {}, {}, {}, id FROM shop.given",
            all("t"),
            all("d"),
            all("s")
        );
        conn.query_drop(format!("INSERT INTO shop.moments {select}"))?;
        conn.query_drop("UPDATE shop.moments SET t3 = d6, d1 = s6, s2 = d5 WHERE id < 4")?;
        conn.query_drop("DELETE FROM shop.moments WHERE id = 1")?;
        let target = replay_on(&source, options())?;
        compare(&source, &target, &["shop.moments"]).with_context(|| format!("{flavour}"))?;
    }
    Ok(())
}

#[test]
fn statements_of_east_asian_clients_replay() -> Result<()> {
    /// In gbk and sjis the second byte of a character may be that of a backslash.
    const GBK: &[u8] =
        b"/*!\\C gbk */; CREATE DATABASE shop; CREATE TABLE shop.said (a VARCHAR(20) COMMENT '\xd5\x5c');
        INSERT INTO shop.said VALUES ('\xd5\x5c'), ('\xd5\x5c;');
        /*!\\C sjis */; INSERT INTO shop.said VALUES ('\x83\x5c');
        /*!\\C utf8mb4 */; INSERT INTO shop.said VALUES ('\xc3\xa4');";
    for flavour in [Flavour::MySql97, Flavour::MariaDb118] {
        let source = Server::start(ServerOptions::new(flavour).arg("--binlog-format=STATEMENT"))?;
        let script = source.folder().join("script.sql");
        fs::write(&script, GBK)?;
        feed(source.client()?, &script)?;
        let target = replay(&source, flavour)?;
        compare(&source, &target, &["shop.said"])?;
        let texts: Vec<String> = target.conn()?.query("SELECT a FROM shop.said")?;
        assert_eq!(texts, ["誠", "誠;", "ソ", "ä"], "{flavour}");
    }
    Ok(())
}

/// Statements that are cut between their row events, because they are large.
#[test]
fn large_statements_replay() -> Result<()> {
    let rows = "WITH RECURSIVE n AS (SELECT 1 AS id UNION ALL SELECT id + 1 FROM n WHERE id < 12000) SELECT id, REPEAT(SHA2(id, 256), 10) FROM n";
    for (flavour, option) in [
        (Flavour::MySql97, "SET cte_max_recursion_depth = 100000"),
        (Flavour::MariaDb118, "SET max_recursive_iterations = 100000"),
    ] {
        let source = Server::start(ServerOptions::new(flavour).arg(ROW_METADATA_FULL))?;
        let mut conn = source.conn()?;
        for sql in [
            "CREATE DATABASE shop",
            "USE shop",
            "CREATE TABLE shop.said (id INT PRIMARY KEY, a TEXT)",
            "CREATE TABLE shop.other (id INT PRIMARY KEY, a TEXT)",
            option,
            &format!("INSERT INTO shop.said {rows}"),
            &format!("INSERT INTO shop.other {rows}"),
            "UPDATE shop.said s JOIN shop.other o ON s.id = o.id SET s.a = REVERSE(s.a), o.a = CONCAT(o.a, 'x')",
            "DELETE FROM shop.said WHERE id % 2 = 0",
        ] {
            conn.query_drop(sql)?;
        }
        let inside = chunks(&source)?
            .iter()
            .filter(|chunk| !chunk.open_tables.is_empty())
            .count();
        ensure!(inside > 10, "{inside} chunks begin inside a statement");
        let target = replay(&source, flavour)?;
        compare(&source, &target, &["shop.said", "shop.other"]).with_context(|| format!("{flavour}"))?;
        let partial = Server::start(ServerOptions::new(flavour).server_id(2))?;
        let log = source.binlogs()?.pop().context("no log")?;
        let log = log.to_str().context("a path that is not UTF-8")?;
        run_binlog([
            "apply",
            "--to",
            &partial.url(),
            "--table",
            "shop.said",
            "--on-mixed",
            "keep",
            log,
        ])?;
        compare(&source, &partial, &["shop.said"]).with_context(|| format!("{flavour}"))?;
        assert_absent(&partial, &["shop.other"])?;
    }
    Ok(())
}

/// LOAD DATA of a statement log, with the files that come beside the text.
#[test]
fn files_are_loaded_again() -> Result<()> {
    const SCRIPT: &str = "CREATE DATABASE shop; CREATE TABLE shop.said (id INT PRIMARY KEY, a VARCHAR(50));
        LOAD DATA LOCAL INFILE '{file}' INTO TABLE shop.said CHARACTER SET latin1 FIELDS TERMINATED BY ';' (id, @a) SET a = UPPER(@a);
        USE shop; LOAD DATA LOCAL INFILE '{file}' REPLACE INTO TABLE said CHARACTER SET utf8mb4 FIELDS TERMINATED BY ';';";
    for flavour in [Flavour::MySql97, Flavour::MariaDb118] {
        let options = |id| ServerOptions::new(flavour).server_id(id).arg("--local-infile=ON");
        let source = Server::start(options(1).arg("--binlog-format=STATEMENT"))?;
        let (file, script) = (source.folder().join("said"), source.folder().join("script.sql"));
        fs::write(&file, "1;one;\n2;t'w\\\\o;\n3;drei\n")?;
        fs::write(&script, SCRIPT.replace("{file}", file.to_str().context("not UTF-8")?))?;
        let client = |server: &Server| {
            let mut client = server.client()?;
            client.arg("--local-infile=1");
            Ok::<_, anyhow::Error>(client)
        };
        feed(client(&source)?, &script)?;
        let target = Server::start(options(2))?;
        let folder = tempfile::tempdir()?;
        let log = source.binlogs()?.pop().context("no log")?;
        let [log, files] = [&log, folder.path()].map(|path| path.to_string_lossy().into_owned());
        let text = run_binlog(["dump", "--local-load", &files, &log])?.stdout;
        fs::write(&script, text)?;
        feed(client(&target)?, &script)?;
        compare(&source, &target, &["shop.said"]).with_context(|| format!("{flavour}"))?;
        let refused = run_binlog(["dump", &log]).unwrap_err().to_string();
        ensure!(refused.contains("--local-load"), "{refused}");
        let lines = run_binlog(["dump", "--format", "json", &log])?.stdout;
        let lines = serde_json::Deserializer::from_slice(&lines).into_iter();
        let lines: Vec<Value> = lines.collect::<Result<_, _>>()?;
        check_schema(&lines)?;
        let loads = |kind: &str| {
            let mut numbers = Vec::new();
            for line in lines.iter().filter(|line| line["kind"] == *kind) {
                numbers.extend(line["load"].as_u64());
            }
            numbers
        };
        assert_eq!(loads("load"), loads("statement"));
        assert_eq!(loads("load").len(), 2);
    }
    Ok(())
}

fn of_fixture(arguments: &[&str]) -> Result<(String, String)> {
    let log = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/mysql-9.7/row.binlog");
    let output = run_binlog(["dump"].iter().chain(arguments).chain(&[log]))?;
    Ok((String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?))
}

#[test]
fn sql_has_the_shape_that_is_asked_for() -> Result<()> {
    let table = ["--table", "types.keys2"];
    let count = |text: &str, start: &str| text.lines().filter(|line| line.starts_with(start)).count();
    let dump = |options: &[&str]| Ok::<_, anyhow::Error>(of_fixture(&[&table, options].concat())?.0);
    let plain = dump(&[])?;
    assert!(
        count(&plain, "INSERT") > 1 && count(&plain, "-- row.binlog:") > 1,
        "{plain}"
    );
    let joined = dump(&["--rows-per-insert", "1000"])?;
    assert_eq!(count(&joined, "INSERT"), 1);
    assert_eq!(joined.matches("), (").count() + 1, count(&plain, "INSERT"));
    assert_eq!(count(&dump(&["--no-comments"])?, "-- row.binlog:"), 0);
    let complete = dump(&["--columns", "complete"])?;
    assert_eq!(count(&plain, "UPDATE"), count(&complete, "UPDATE"));
    assert!(
        !plain.contains("`c2` IS NULL") && complete.contains("`c2` IS NULL"),
        "{complete}"
    );
    assert_eq!(dump(&["--columns", "minimal"])?, plain);
    let only = |kind: &str| dump(&["--kind", kind]);
    assert_eq!(count(&only("ddl")?, "INSERT") + count(&only("ddl")?, "BEGIN"), 0);
    assert_eq!(count(&only("insert,update,delete")?, "CREATE"), 0);
    Ok(())
}

#[test]
fn reports_and_colours() -> Result<()> {
    let table = ["--table", "types.keys2"];
    let (plain, none) = of_fixture(&table)?;
    assert_eq!(none, "");
    let (text, report) = of_fixture(&[&table[..], &["--report"]].concat())?;
    assert_eq!(text, plain);
    assert!(report.starts_with("transactions: 48 in, 4 kept"), "{report}");
    let (text, report) = of_fixture(&[&table[..], &["--report=json"]].concat())?;
    assert_eq!(text, plain);
    let report: Value = serde_json::from_str(&report)?;
    assert_eq!(report["gtids"], serde_json::json!({"in": 48, "kept": 4}));
    let (coloured, _) = of_fixture(&[&table[..], &["--color", "always"]].concat())?;
    assert!(coloured.contains("\n\x1b[32mINSERT INTO"), "{coloured}");
    let stripped = ["\x1b[90m", "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[0m"];
    assert_eq!(
        stripped.iter().fold(coloured, |text, code| text.replace(code, "")),
        plain
    );
    Ok(())
}

fn run(server: &Server, script: &str) -> Result<()> {
    server.execute(script.split(";\n").map(str::trim).filter(|sql| !sql.is_empty()))
}

#[test]
fn sql_keeps_hard_values() -> Result<()> {
    for flavour in [Flavour::MySql97, Flavour::MariaDb118] {
        let source = Server::start(ServerOptions::new(flavour).arg(ROW_METADATA_FULL))?;
        run(&source, HARD)?;
        let target = replay(&source, flavour)?;
        compare(&source, &target, &["shop.hard", "shop.keyless", "shop.born"])?;
    }
    Ok(())
}

/// What plain statements get wrong when they are not exact.
const HARD: &str = "
CREATE DATABASE shop;
USE shop;
SET sql_mode='', time_zone='+05:00';
CREATE TABLE hard (
  id BINARY(4) PRIMARY KEY, zero INT NOT NULL AUTO_INCREMENT UNIQUE, at TIMESTAMP(3) NULL,
  touched TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, born DATETIME,
  f FLOAT, d DOUBLE, bits BIT(20), txt TEXT, kind ENUM('a','b'), half DOUBLE AS (d / 2) STORED);
INSERT INTO hard (id, zero, at, born, f, d, bits, txt, kind)
  VALUES (X'01020000', 5, '2026-01-01 00:00:00.123', '0000-00-00', 0.1, 1e308, 5, 'a\\\\b\\'c\\n\\0;-- x\\r\\n', 'zzz');
INSERT INTO hard (id, zero, txt) VALUES (X'01020001', 6, CONCAT('x', CHAR(26), '/*', REPEAT('ä', 3000)));
UPDATE hard SET zero = 0, touched = touched WHERE id = X'01020000';
UPDATE hard SET d = -d, touched = touched WHERE id = X'01020000';
SET TIMESTAMP = 1000000000;
UPDATE hard SET f = 1e-30 WHERE id = X'01020001';
DELETE FROM hard WHERE id = X'01020001';
CREATE TABLE keyless (b BINARY(3), f FLOAT, d DOUBLE, txt VARCHAR(20) CHARACTER SET latin1, bits BIT(3), day DATE, t TIME(2));
INSERT INTO keyless VALUES (X'00', 0.1, 0.1, 'ä', 1, '2026-00-00', '-100:00:00.25'), (X'0100', 0.2, 0.2, 'A', 2, NULL, NULL),
  (X'0100', 0.2, 0.2, 'a', 2, NULL, NULL), (NULL, NULL, NULL, NULL, NULL, NULL, NULL);
UPDATE keyless SET day = '2026-01-01' WHERE BINARY txt = 'a';
DELETE FROM keyless WHERE f < 0.15;
XA START 'a', X'00FF', 7;
INSERT INTO keyless (b) VALUES ('xa');
XA END 'a', X'00FF', 7;
XA PREPARE 'a', X'00FF', 7;
XA COMMIT 'a', X'00FF', 7;
CREATE TABLE born SELECT 1 AS a, 'x;y' AS b;
CREATE DEFINER=plain@localhost TRIGGER watch AFTER DELETE ON born FOR EACH ROW BEGIN SET @a = 1; SET @b = ';'; END;
";

#[test]
fn unnamed_columns_are_comments() -> Result<()> {
    let source = Server::start(ServerOptions::new(Flavour::MySql97))?;
    source.execute([
        "CREATE DATABASE shop",
        "CREATE TABLE shop.t (a INT)",
        "FLUSH BINARY LOGS",
    ])?;
    source.execute(["INSERT INTO shop.t VALUES (1), (2)"])?;
    let second = |chunk: &Chunk| chunk.file.ends_with("2");
    let mut dumper = SqlDumper::default();
    let mut text = Vec::new();
    for chunk in chunks(&source)?.into_iter().filter(second) {
        dumper.chunk(&chunk, &mut text)?;
    }
    dumper.finish(&mut text);
    assert_eq!(dumper.unnamed().rows, 2);
    let text = String::from_utf8(text)?;
    ensure!(text.contains("\n-- INSERT INTO `shop`.`t` (@1) VALUES (2)\n"), "{text}");
    Ok(())
}

#[test]
fn json_lines_tell_the_final_table() -> Result<()> {
    for flavour in [Flavour::MySql97, Flavour::MariaDb118] {
        let source = Server::start(ServerOptions::new(flavour).gtid().arg(ROW_METADATA_FULL))?;
        Workload::prepare(&mut source.conn()?)?;
        Workload::new(5).run(&mut source.conn()?, 300)?;
        let lines = json_lines(&source)?;
        check_schema(&lines)?;
        assert_eq!(final_customers(&lines)?, customers(&source)?, "{flavour}");
    }
    Ok(())
}

#[test]
fn summary_counts_what_was_done() -> Result<()> {
    for flavour in [Flavour::MySql97, Flavour::MariaDb118] {
        let source = Server::start(ServerOptions::new(flavour).gtid())?;
        source.execute([
            "CREATE DATABASE shop",
            "CREATE TABLE shop.t (a INT)",
            "INSERT INTO shop.t VALUES (1), (2), (3)",
            "UPDATE shop.t SET a = 0 WHERE a > 1",
            "DELETE FROM shop.t WHERE a = 1",
        ])?;
        let mut summary = Summary::default();
        for chunk in chunks(&source)? {
            summary.chunk(&chunk)?;
        }
        assert_eq!(summary.transactions, 5);
        assert_eq!(summary.ddl_statements, 2);
        let rows: Vec<_> = summary
            .tables
            .values()
            .map(|rows| (rows.inserts, rows.updates, rows.deletes))
            .collect();
        assert_eq!(rows, [(3, 2, 1)]);
        assert_eq!(summary.gtids.to_string(), source.gtids()?);
    }
    Ok(())
}

/// A workload's log, dumped and fed to the client on a new server, makes the same tables.
fn replays(options: ServerOptions, target: Flavour) -> Result<()> {
    let source = Server::start(options)?;
    Workload::prepare(&mut source.conn()?)?;
    Workload::new(17).run(&mut source.conn()?, 400)?;
    let target = replay(&source, target)?;
    let mut tables = kept_tables(&mut source.conn()?)?;
    tables.extend(DROPPED.map(str::to_owned));
    compare(&source, &target, &tables)
}

fn replay(source: &Server, flavour: Flavour) -> Result<Server> {
    replay_on(source, ServerOptions::new(flavour))
}

fn replay_on(source: &Server, options: ServerOptions) -> Result<Server> {
    let target = Server::start(options)?;
    target.execute(ORDINARY)?;
    target.execute([
        "GRANT TRIGGER ON shop.* TO plain@localhost",
        "SET GLOBAL log_bin_trust_function_creators = 1",
    ])?;
    let file = target.folder().join("dump.sql");
    fs::write(&file, sql(source)?)?;
    let mut client = target.client()?;
    client.arg("--user=plain");
    feed(client, &file).with_context(|| kept(&file))?;
    Ok(target)
}

fn feed(mut client: Command, script: &Path) -> Result<()> {
    client.arg("--binary-mode").stdin(fs::File::open(script)?);
    let output = client.stdout(Stdio::null()).stderr(Stdio::piped()).output()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "the client failed: {errors}");
    Ok(())
}

/// Copies a script that fails to where it outlives its server.
fn kept(script: &Path) -> String {
    let place = std::env::temp_dir().join("dump-that-failed.sql");
    match fs::copy(script, &place) {
        Ok(_) => format!("running {}", place.display()),
        Err(error) => error.to_string(),
    }
}

fn sql(source: &Server) -> Result<Vec<u8>> {
    let mut dumper = SqlDumper::new(SqlOptions::default());
    let mut out = Vec::new();
    for chunk in chunks(source)? {
        dumper.chunk(&chunk, &mut out)?;
    }
    dumper.finish(&mut out);
    assert_eq!(dumper.unnamed().tables.len(), 0, "{:?}", dumper.unnamed());
    Ok(out)
}

fn json_lines(source: &Server) -> Result<Vec<Value>> {
    let mut dumper = JsonDumper::new();
    let mut out = Vec::new();
    for chunk in chunks(source)? {
        dumper.chunk(&chunk, &mut out)?;
    }
    dumper.finish(&mut out);
    let lines = out.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let parsed =
        lines.map(|line| serde_json::from_slice(line).with_context(|| String::from_utf8_lossy(line).into_owned()));
    parsed.collect()
}

/// Every object has the members that the schema file requires of its kind, and none that it does not know.
fn check_schema(lines: &[Value]) -> Result<()> {
    let schema: Value = serde_json::from_str(include_str!("../../crates/binlog-dumper/src/json/schema.json"))?;
    let kinds = schema
        .pointer("/properties/kind/enum")
        .and_then(Value::as_array)
        .context("no kinds")?;
    for line in lines {
        let kind = line.get("kind").context("no kind")?;
        ensure!(kinds.contains(kind), "{line}");
        let rules = schema.get("allOf").and_then(Value::as_array).context("no rules")?;
        let rule = rules
            .iter()
            .find(|rule| rule.pointer("/if/properties/kind/const") == Some(kind));
        let of_kind = rule.and_then(|rule| rule.pointer("/then/required"));
        for required in [schema.get("required"), of_kind] {
            let names = required.and_then(Value::as_array).context("nothing required")?;
            let missing = names
                .iter()
                .filter_map(Value::as_str)
                .find(|name| line.get(name).is_none());
            ensure!(missing.is_none(), "{missing:?} is missing: {line}");
        }
        let known = schema.get("properties").context("no properties")?;
        let unknown = line
            .as_object()
            .context("no object")?
            .keys()
            .find(|name| known.get(name.as_str()).is_none());
        ensure!(unknown.is_none(), "{unknown:?} is not in the schema: {line}");
    }
    Ok(())
}

type Customers = BTreeMap<String, (Option<String>, Option<i64>, Option<i64>)>;

fn final_customers(lines: &[Value]) -> Result<Customers> {
    let mut table = Customers::new();
    let changes = lines
        .iter()
        .filter(|line| line.get("table").is_some_and(|table| table == "customers"));
    for line in changes.filter(|line| line.get("schema").is_some_and(|schema| schema == "shop")) {
        if let Some(before) = line.get("before") {
            table
                .remove(&code(before)?)
                .with_context(|| format!("no such row before: {line}"))?;
        }
        if let Some(after) = line.get("after") {
            let number = |name| after.get(name).and_then(Value::as_i64);
            let name = after.get("name").and_then(Value::as_str).map(str::to_owned);
            table.insert(code(after)?, (name, number("points"), number("balance")));
        }
    }
    Ok(table)
}

fn code(image: &Value) -> Result<String> {
    let code = image.get("code").and_then(Value::as_str);
    code.map(str::to_owned).with_context(|| format!("no code: {image}"))
}

fn customers(source: &Server) -> Result<Customers> {
    let rows = source.conn()?.query_map(
        "SELECT code, name, points, balance FROM shop.customers",
        |(code, name, points, balance)| (code, (name, points, balance)),
    )?;
    Ok(rows.into_iter().collect())
}

/// The server's logs, in chunks so small that many transactions are cut.
fn chunks(server: &Server) -> Result<Vec<Chunk>> {
    let inputs: Vec<_> = server.binlogs()?.into_iter().map(Input::Path).collect();
    let options = FileOptions {
        chunk_limit: 1000,
        ..FileOptions::default()
    };
    let mut source = FileSource::open(&inputs, options)?;
    let mut chunks = Vec::new();
    while let Next::Chunk(chunk) = source.next()? {
        chunks.push(chunk);
    }
    Ok(chunks)
}
