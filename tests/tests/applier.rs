//! The applier alone: real logs in, a real target out. Each test starts its own servers.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow, ensure};
use binlog_applier::{Applied, Applier, ApplierOptions, ApplyError, Via};
use binlog_parser::{Chunk, Decoder, Event, MAGIC_LEN, PositionMeaning, RawEvent, Run, TransactionTracker};
use binlog_testkit::compare::compare;
use binlog_testkit::workload::{DROPPED, Workload, kept_tables};
use binlog_testkit::{Flavour, Server, ServerOptions};
use mysql::OptsBuilder;
use mysql::prelude::Queryable as _;

fn start(flavour: Flavour) -> Result<Server> {
    Server::start(ServerOptions::new(flavour))
}

fn start_target(flavour: Flavour) -> Result<Server> {
    Server::start(ServerOptions::new(flavour).server_id(2).no_binlog())
}

fn options(server: &Server) -> ApplierOptions {
    ApplierOptions::new(server.opts())
}

/// A log as chunks that end with the first transaction after so many events, or inside a
/// transaction with the first statement after so many.
fn chunks(path: &Path, events: usize) -> Result<Vec<Chunk>> {
    let bytes = bytes::Bytes::from(std::fs::read(path)?);
    let name: Arc<str> = path
        .file_name()
        .and_then(|name| name.to_str())
        .context("a name")?
        .into();
    let mut decoder = Decoder::default();
    let mut tracker = TransactionTracker::default();
    let mut chunks = Vec::new();
    let mut chunk: Option<Chunk> = None;
    let mut offset = MAGIC_LEN;
    while offset < bytes.len() as u64 {
        let rest = bytes.get(offset as usize..).context("the rest")?;
        let raw = RawEvent::first(rest, offset, decoder.format())?;
        let open = chunk.get_or_insert_with(|| Chunk {
            file: Arc::clone(&name),
            positions: PositionMeaning::OwnLog,
            format: Arc::clone(decoder.format()),
            open_tables: Vec::new(),
            runs: Vec::new(),
            end: offset,
            continues: tracker.is_open(),
            unfinished: false,
        });
        let event = decoder.decode(&raw)?;
        tracker.step(&event);
        open.runs.push(Run {
            bytes: bytes.slice(offset as usize..raw.end() as usize),
            offset,
            packed: false,
        });
        (open.end, open.unfinished) = (raw.end(), tracker.is_open());
        offset = raw.end();
        if open.runs.len() >= events && (!tracker.is_open() || ends_statement(&event)) {
            chunks.extend(chunk.take());
        }
    }
    chunks.extend(chunk);
    Ok(chunks)
}

fn ends_statement(event: &Event<'_>) -> bool {
    matches!(event, Event::Rows(rows) if rows.flags.contains(binlog_parser::event::RowsFlags::STMT_END))
}

fn apply_all(applier: &mut Applier, source: &Server, events: usize) -> Result<Applied> {
    let mut applied = Applied::default();
    for path in source.binlogs()? {
        for chunk in chunks(&path, events)? {
            applied += applier.apply(&chunk).map_err(explained)?;
        }
    }
    applier.flush()?;
    Ok(applied)
}

fn explained(error: ApplyError) -> anyhow::Error {
    let hint = error.hint().unwrap_or_default();
    anyhow!("{error}; {hint}")
}

fn fill(source: &Server, workload: &mut Workload, transactions: u64) -> Result<()> {
    let mut conn = source.conn()?;
    Workload::prepare(&mut conn)?;
    workload.run(&mut conn, transactions)?;
    Ok(())
}

fn compare_all(source: &Server, target: &Server) -> Result<()> {
    let mut tables = kept_tables(&mut source.conn()?)?;
    tables.extend(DROPPED.map(str::to_owned));
    compare(source, target, &tables)
}

/// What was applied is equal; the same logs again change nothing.
fn applies(source: ServerOptions, target: Flavour, workload: &mut Workload) -> Result<()> {
    let (source, target) = (Server::start(source)?, start_target(target)?);
    fill(&source, workload, 500)?;
    let mut applier = Applier::connect(&options(&target))?;
    let applied = apply_all(&mut applier, &source, 200)?;
    ensure!(applied.transactions > 400 && applied.skipped == 0, "{applied:?}");
    compare_all(&source, &target)?;
    drop(applier);

    let mut applier = Applier::connect(&options(&target))?;
    let again = apply_all(&mut applier, &source, 1000)?;
    let expected = Applied {
        skipped: applied.transactions,
        ..Applied::default()
    };
    ensure!(again == expected, "{again:?}");
    compare_all(&source, &target)?;

    drop(applier);
    workload.run(&mut source.conn()?, 100)?;
    let mut applier = Applier::connect(&options(&target))?;
    let more = apply_all(&mut applier, &source, 5)?;
    ensure!(
        more.skipped == applied.transactions && more.transactions > 50,
        "{more:?}"
    );
    compare_all(&source, &target)
}

#[test]
fn mysql_to_mysql() -> Result<()> {
    applies(
        ServerOptions::new(Flavour::MySql97),
        Flavour::MySql97,
        &mut Workload::new(1),
    )
}

#[test]
fn mysql_with_gtids_and_names() -> Result<()> {
    let source = ServerOptions::new(Flavour::MySql97)
        .gtid()
        .arg("--binlog-row-metadata=FULL");
    applies(source, Flavour::MySql97, &mut Workload::new(2))
}

#[test]
fn mysql_minimal_images() -> Result<()> {
    let source = ServerOptions::new(Flavour::MySql97).arg("--binlog-row-image=MINIMAL");
    applies(source, Flavour::MySql97, &mut Workload::new(3))
}

#[test]
fn mariadb_to_mariadb() -> Result<()> {
    applies(
        ServerOptions::new(Flavour::MariaDb118),
        Flavour::MariaDb118,
        &mut Workload::new(4),
    )
}

#[test]
fn mariadb_1011_to_mariadb() -> Result<()> {
    applies(
        ServerOptions::new(Flavour::MariaDb1011),
        Flavour::MariaDb118,
        &mut Workload::new(5),
    )
}

#[test]
fn mysql_to_mariadb() -> Result<()> {
    applies(
        ServerOptions::new(Flavour::MySql97),
        Flavour::MariaDb118,
        &mut Workload::new(6),
    )
}

#[test]
fn mariadb_to_mysql() -> Result<()> {
    applies(
        ServerOptions::new(Flavour::MariaDb118),
        Flavour::MySql97,
        &mut Workload::new(7),
    )
}

/// No table map tells the digits of fractions in MariaDB 5.3's form: they are those of the target's columns.
#[test]
fn fractions_of_mariadb_53() -> Result<()> {
    let start = |id| {
        let options = ServerOptions::new(Flavour::MariaDb118).server_id(id);
        Server::start(options.arg("--mysql56-temporal-format=OFF"))
    };
    let (source, target) = (start(1)?, start(2)?);
    source.execute([
        "CREATE DATABASE shop",
        "CREATE TABLE shop.moments (id INT PRIMARY KEY, t TIME(3), d DATETIME(6) NULL, s TIMESTAMP(2) NULL, old TIME)",
        "INSERT INTO shop.moments VALUES (1, '-838:59:58.999', '9999-12-31 23:59:59.999999', '2001-09-09 01:46:40.55', '12:00:01'),
         (2, '00:00:00.001', '2024-02-29 12:34:56.789012', NULL, NULL), (3, NULL, NULL, '2038-01-19 03:14:07.99', '-1:00')",
        "UPDATE shop.moments SET t = '12:34:56.789', s = '2001-09-09 01:46:40.01' WHERE id > 1",
        "DELETE FROM shop.moments WHERE id = 1",
    ])?;
    let applied = apply_all(&mut Applier::connect(&options(&target))?, &source, 200)?;
    ensure!(applied.rows == 6, "{applied:?}");
    compare(&source, &target, &["shop.moments"])
}

#[test]
#[ignore = "fetches a server that only the recording of fixtures needs"]
fn old_rows() -> Result<()> {
    let source = || ServerOptions::new(Flavour::MySql56);
    applies(source(), Flavour::MySql97, &mut Workload::new(7))?;
    applies(source(), Flavour::MariaDb118, &mut Workload::new(7))
}

#[test]
#[ignore = "fetches a server that only the recording of fixtures needs"]
fn old_statements() -> Result<()> {
    statements(Flavour::MySql56, Flavour::MySql97)?;
    statements(Flavour::MySql56, Flavour::MariaDb118)
}

#[test]
fn statements_in_their_session() -> Result<()> {
    statements(Flavour::MySql97, Flavour::MySql97)?;
    statements(Flavour::MariaDb118, Flavour::MariaDb118)?;
    statements(Flavour::MariaDb1011, Flavour::MariaDb118)
}

#[test]
fn statements_between_families() -> Result<()> {
    statements(Flavour::MySql97, Flavour::MariaDb118)?;
    statements(Flavour::MariaDb118, Flavour::MySql97)
}

/// Statements whose effect hangs on their session, and bytes that are no UTF-8.
fn statements(source: Flavour, target: Flavour) -> Result<()> {
    let source = Server::start(ServerOptions::new(source).arg("--binlog-format=STATEMENT"))?;
    let target = start_target(target)?;
    let file = source.folder().join("rows");
    std::fs::write(&file, "100,one\n101,'zwei'\n")?;
    let mut conn = source.conn()?;
    for statement in [
        "CREATE DATABASE d CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
        "USE d",
        "CREATE TABLE s (id INT AUTO_INCREMENT PRIMARY KEY, t TEXT, n DOUBLE, at DATETIME(6), b BLOB)",
        "SET SESSION time_zone = '+05:00', auto_increment_increment = 3",
        "INSERT INTO s (t, n, at) VALUES ('ä', 1, NOW()), (LAST_INSERT_ID(), 2, FROM_UNIXTIME(1000000000))",
        "SET SESSION time_zone = '-03:00', auto_increment_increment = 1",
        "INSERT INTO s (t, at) VALUES (LAST_INSERT_ID(), NOW())",
        "SET @v = _latin1 x'e4', @w = 1.5e0, @x = NULL, @y = 12.340",
        "INSERT INTO s (t, n, b) VALUES (@v, @w, @y), (@x, RAND(), 'x')",
        "SET SESSION sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'",
        "INSERT INTO \"s\" (t) VALUES ('a\\b')",
        "SET SESSION sql_mode = ''",
        "SET NAMES latin1",
        "INSERT INTO s (t) VALUES ('ä')",
        "SET NAMES utf8mb4",
        "BEGIN",
        "INSERT INTO s (t) VALUES ('in')",
        "SAVEPOINT a",
        "INSERT INTO s (t) VALUES ('out')",
        "ROLLBACK TO a",
        "INSERT INTO s (t) VALUES ('in too')",
        "COMMIT",
    ] {
        conn.query_drop(statement).with_context(|| statement.to_owned())?;
    }
    conn.query_drop(format!(
        "LOAD DATA INFILE '{}' REPLACE INTO TABLE s FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\\'' (id, t)",
        file.display()
    ))?;
    drop(conn);
    insert_raw_bytes(&source)?;
    target.execute(["SET GLOBAL local_infile = 1"])?;
    let mut applier = Applier::connect(&options(&target))?;
    let applied = apply_all(&mut applier, &source, 1000)?;
    ensure!(applied.rows == 0 && applied.statements > 10, "{applied:?}");
    compare(&source, &target, &["d.s"])
}

/// A statement with bytes that are no text at all.
fn insert_raw_bytes(source: &Server) -> Result<()> {
    let mut conn = source.conn()?;
    conn.query_drop("USE d")?;
    let hex: Vec<String> = b"INSERT INTO s (b) VALUES (_binary '\xff\xfe\x80')"
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    conn.query_drop(format!("SET @statement = x'{}'", hex.concat()))?;
    conn.query_drop("PREPARE s FROM @statement")?;
    conn.query_drop("EXECUTE s")?;
    Ok(())
}

/// The default database of a statement is not on the target, as where it was filtered away.
#[test]
fn statements_in_a_database_that_is_not_there() -> Result<()> {
    let flavour = Flavour::MariaDb118;
    let source = Server::start(ServerOptions::new(flavour).arg("--binlog-format=STATEMENT"))?;
    let target = start_target(flavour)?;
    source.execute([
        "CREATE DATABASE d",
        "CREATE TABLE d.t (id INT PRIMARY KEY)",
        "CREATE DATABASE other",
    ])?;
    let mut applier = Applier::connect(&options(&target))?;
    apply_all(&mut applier, &source, 50)?;
    drop(applier);
    target.execute(["DROP DATABASE other"])?;
    source.execute([
        "USE other",
        "INSERT INTO d.t VALUES (1)",
        "ALTER TABLE d.t ADD x INT",
        "USE d",
        "INSERT INTO t VALUES (2, 3)",
        "USE other",
        "UPDATE d.t SET x = 4",
    ])?;
    let mut applier = Applier::connect(&options(&target))?;
    apply_all(&mut applier, &source, 50)?;
    drop(applier);
    compare(&source, &target, &["d.t"])?;
    source.execute(["USE other", "CREATE TABLE u (id INT)"])?;
    let mut applier = Applier::connect(&options(&target))?;
    let error = apply_all(&mut applier, &source, 50)
        .err()
        .context("no error")?
        .to_string();
    ensure!(
        error.contains("Unknown database 'other'") && error.contains("CREATE TABLE u"),
        "{error}"
    );
    Ok(())
}

/// What another applier wrote on the source, which is then a target itself, is not applied.
#[test]
fn the_source_is_a_target_too() -> Result<()> {
    let flavour = Flavour::MySql97;
    let source = Server::start(ServerOptions::new(flavour).gtid().arg("--binlog-format=STATEMENT"))?;
    let target = start_target(flavour)?;
    let mut on_source = Applier::connect(&options(&source))?;
    on_source.flush()?;
    source.execute([
        "CREATE DATABASE d",
        "CREATE TABLE d.t (id INT PRIMARY KEY)",
        "INSERT INTO d.t VALUES (1)",
        "INSERT INTO binlog_replica.checkpoint (name, log_file, log_position, gtids, updated_at) VALUES ('default', 'x.1', 5, '', NOW())",
    ])?;
    let mut applier = Applier::connect(&options(&target))?;
    let applied = apply_all(&mut applier, &source, 3)?;
    ensure!(applied.skipped == 3 && applied.statements == 3, "{applied:?}");
    let checkpoint = applier.checkpoint().context("a checkpoint")?;
    let (file, position) = source.binlog_position()?;
    ensure!(
        (&checkpoint.coordinates.file, checkpoint.coordinates.position) == (&file, position),
        "{checkpoint:?}"
    );
    ensure!(checkpoint.gtids.to_string() == source.gtids()?, "{checkpoint:?}");
    let stored = checkpoint.clone();
    drop(applier);
    let applier = Applier::connect(&options(&target))?;
    ensure!(applier.checkpoint() == Some(&stored));
    Ok(())
}

/// Nothing on the target tells whether these were done.
#[test]
fn what_cannot_be_decided_is_asked() -> Result<()> {
    let target = start_target(Flavour::MySql97)?;
    drop(Applier::connect(&options(&target))?);
    target.execute(["INSERT INTO binlog_replica.checkpoint VALUES
        ('default', 'b.1', 5, '', NOW(), 'CREATE SERVER s', 'ask', '', 'b.1', 99, '')"])?;
    let error = Applier::connect(&options(&target)).err().context("no error")?;
    ensure!(
        error.to_string().contains("CREATE SERVER s") && !error.is_transient(),
        "{error}"
    );
    let hint = error.hint().context("a hint")?;
    let update = hint
        .split("If so: ")
        .nth(1)
        .and_then(|rest| rest.split(';').next())
        .context("an UPDATE")?;
    target.execute([update])?;
    let applier = Applier::connect(&options(&target))?;
    ensure!(
        applier
            .checkpoint()
            .is_some_and(|checkpoint| checkpoint.coordinates.position == 99)
    );
    Ok(())
}

/// Runs statements on the source, and applies its logs.
fn applies_statements(flavour: Flavour, statements: &[&str], tables: &[&str]) -> Result<()> {
    let (source, target) = (start(flavour)?, start_target(flavour)?);
    source.execute(["CREATE DATABASE d"])?;
    for statement in statements {
        let mut conn = source.conn()?;
        conn.query_drop("USE d")?;
        conn.query_drop(statement).with_context(|| (*statement).to_owned())?;
    }
    let mut applier = Applier::connect(&options(&target))?;
    apply_all(&mut applier, &source, 50).with_context(|| format!("{flavour}: {}", target.error_log()))?;
    compare(&source, &target, tables)
}

#[test]
fn foreign_keys_cascade_once() -> Result<()> {
    for flavour in Flavour::TESTED {
        applies_statements(
            flavour,
            &[
                "CREATE TABLE p (id INT PRIMARY KEY)",
                "CREATE TABLE c (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE ON UPDATE CASCADE)",
                "INSERT INTO p VALUES (1), (2), (3)",
                "INSERT INTO c VALUES (10, 1), (20, 2), (21, 2), (30, 3)",
                "DELETE FROM p WHERE id = 2",
                "UPDATE p SET id = 7 WHERE id = 3",
            ],
            &["d.p", "d.c"],
        )?;
    }
    Ok(())
}

#[test]
fn tables_made_from_queries() -> Result<()> {
    for flavour in Flavour::TESTED {
        applies_statements(
            flavour,
            &[
                "CREATE TABLE a (id INT PRIMARY KEY, x TEXT)",
                "INSERT INTO a VALUES (1, 'one'), (2, 'two')",
                "CREATE TABLE b AS SELECT * FROM a",
                "INSERT INTO b VALUES (3, 'three')",
            ],
            &["d.a", "d.b"],
        )?;
    }
    Ok(())
}

#[test]
fn columns_that_others_make() -> Result<()> {
    for flavour in Flavour::TESTED {
        applies_statements(
            flavour,
            &[
                "CREATE TABLE g (id INT AUTO_INCREMENT PRIMARY KEY, a INT, b INT AS (a + 1) STORED, c INT AS (a * 2) VIRTUAL, d INT NOT NULL,
                 seen TIMESTAMP NULL DEFAULT NULL ON UPDATE CURRENT_TIMESTAMP, UNIQUE (d), KEY (b))",
                "INSERT INTO g (a, d) VALUES (1, 1), (2, 2), (NULL, 3)",
                "UPDATE g SET a = a + 10",
                "DELETE FROM g WHERE d = 2",
                "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
                "INSERT INTO g (id, a, d) VALUES (NULL, 1, 17)",
            ],
            &["d.g"],
        )?;
    }
    Ok(())
}

#[test]
fn mysql_functional_keys() -> Result<()> {
    applies_statements(
        Flavour::MySql97,
        &[
            "CREATE TABLE f (a INT, INDEX ((a + 1)))",
            "INSERT INTO f VALUES (1), (2)",
            "DELETE FROM f WHERE a = 1",
            "DROP INDEX functional_index ON f",
        ],
        &["d.f"],
    )
}

#[test]
fn rows_without_key_are_found_by_all_their_bytes() -> Result<()> {
    for flavour in Flavour::TESTED {
        applies_statements(
            flavour,
            &[
                "CREATE TABLE n (t VARCHAR(20), c CHAR(5) CHARACTER SET latin1, b BINARY(4), f FLOAT, g DOUBLE, e ENUM('x', 'y'),
                 s SET('a', 'b'), m BIT(9), j JSON, w DECIMAL(9, 3), y YEAR, z TIME(2), bl BLOB)",
                "INSERT INTO n VALUES ('a', 'ä', 'x', 0.1, 0.1, 'x', 'a,b', 257, '{\"a\": [1, 2.5]}', -1.5, 1999, '-01:02:03.45', x'00ff'),
                 ('A', 'ä', 'x', 0.1, 0.1, 'x', 'a,b', 257, '{\"a\": [1, 2.5]}', -1.5, 1999, '-01:02:03.45', x'00ff'),
                 ('a ', 'Ä', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
                "UPDATE n SET w = 2 WHERE BINARY t = 'A'",
                "DELETE FROM n WHERE BINARY t = 'a '",
                "UPDATE n SET f = 3.25e20, bl = NULL WHERE BINARY t = 'a'",
                "DELETE FROM n WHERE BINARY t = 'a'",
            ],
            &["d.n"],
        )?;
    }
    Ok(())
}

/// A target that holds the source's first statements, and an error from the last.
fn fails(via: Via, statements: &[&str], on_target: &str) -> Result<(ApplyError, Server)> {
    let (source, target) = (start(Flavour::MariaDb118)?, start_target(Flavour::MariaDb118)?);
    let (last, first) = statements.split_last().context("statements")?;
    source.execute(first)?;
    let mut applier = Applier::connect(&options(&target))?;
    apply_all(&mut applier, &source, 50)?;
    drop(applier);
    target.execute([on_target])?;
    source.execute([last])?;
    let mut applier = Applier::connect(&ApplierOptions {
        via,
        ..options(&target)
    })?;
    let chunk = chunks(source.binlogs()?.last().context("a log")?, usize::MAX)?
        .pop()
        .context("a chunk")?;
    let applied = applier.apply(&chunk).and_then(|_| applier.flush());
    let error = applied.err().context("no error")?;
    let refused = applier.apply(&chunk).err().context("no error")?;
    ensure!(refused.to_string().contains("connect again"), "{refused}");
    Ok((error, target))
}

#[test]
fn differences_are_errors() -> Result<()> {
    const TABLE: [&str; 3] = [
        "CREATE DATABASE d",
        "CREATE TABLE d.t (id INT PRIMARY KEY, a INT)",
        "INSERT INTO d.t VALUES (1, 1), (2, 2)",
    ];
    let check_via = |via: Via, last: &str, on_target: &str, expected: &str| -> Result<()> {
        let statements: Vec<&str> = TABLE.into_iter().chain([last]).collect();
        let (error, target) = fails(via, &statements, on_target)?;
        let text = error.to_string();
        ensure!(text.contains(expected) && !error.is_transient(), "{text}");
        ensure!(text.contains("binlog.000001 at "), "{text}");
        let count: Option<u64> = target.conn()?.query_first("SELECT COUNT(*) FROM d.t WHERE a = 99")?;
        ensure!(count.unwrap_or(0) == 0);
        Ok(())
    };
    let check = |last: &str, on_target: &str, expected: &str| -> Result<()> {
        check_via(Via::Auto, last, on_target, expected)?;
        check_via(Via::Sql, last, on_target, expected)
    };
    check(
        "UPDATE d.t SET a = 99",
        "DELETE FROM d.t WHERE id = 2",
        "UPDATE d.t (`id` = 2): 0 of 1 rows found",
    )?;
    check(
        "DELETE FROM d.t",
        "DELETE FROM d.t WHERE id = 2",
        "and 1 more): 1 of 2 rows found",
    )?;
    check(
        "INSERT INTO d.t VALUES (3, 99)",
        "INSERT INTO d.t VALUES (3, 0)",
        "INSERT INTO d.t (`id` = 3)",
    )?;
    check(
        "INSERT INTO d.t VALUES (3, 99)",
        "ALTER TABLE d.t ADD b INT",
        "2 columns in the log",
    )?;
    check_via(
        Via::Sql,
        "INSERT INTO d.t VALUES (3, 99)",
        "CREATE TRIGGER d.tr BEFORE INSERT ON d.t FOR EACH ROW SET NEW.a = 1",
        "trigger tr",
    )
}

#[test]
fn one_applier_of_a_name() -> Result<()> {
    let target = start_target(Flavour::MySql97)?;
    let first = Applier::connect(&options(&target))?;
    let other = ApplierOptions {
        name: "other".to_owned(),
        ..options(&target)
    };
    Applier::connect(&other)?;
    let error = Applier::connect(&options(&target)).err().context("two of a name")?;
    ensure!(
        error.is_transient() && error.to_string().contains("another applier"),
        "{error}"
    );
    drop(first);
    Applier::connect(&options(&target))?;
    Ok(())
}

/// Applies the log up to a DDL, whose intent is then stored as an interrupted applier leaves it; the
/// target has run it or not. Either way the rest is applied to the same end.
fn interrupted(flavour: Flavour, ddl: &str, done: bool) -> Result<()> {
    let source = Server::start(ServerOptions::new(flavour).arg("--binlog-format=STATEMENT"))?;
    let target = start_target(flavour)?;
    source.execute([
        "CREATE DATABASE d",
        "CREATE TABLE d.t (id INT PRIMARY KEY)",
        "INSERT INTO d.t VALUES (1)",
    ])?;
    source.execute(["CREATE TABLE d.old (id INT PRIMARY KEY)"])?;
    let (_, before) = source.binlog_position()?;
    source.execute([ddl])?;
    let (_, after) = source.binlog_position()?;
    source.execute(["INSERT INTO d.t (id) VALUES (2)"])?;

    interrupt(&source, &target, before, after)?;
    if done {
        target.execute([ddl])?;
    }
    let mut applier = Applier::connect(&options(&target))?;
    apply_all(&mut applier, &source, 50)?;
    compare(&source, &target, &["d.t"])?;
    let left: Option<u64> = target
        .conn()?
        .query_first("SELECT COUNT(*) FROM binlog_replica.checkpoint WHERE intent_sql IS NOT NULL")?;
    ensure!(left == Some(0));
    Ok(())
}

/// An account that may do nothing but store the intent stops the applier before the statement. What it stored is
/// put back, as if the link had broken instead.
fn interrupt(source: &Server, target: &Server, before: u64, after: u64) -> Result<()> {
    let path = source.binlogs()?.pop().context("a log")?;
    let chunks = chunks(&path, 1)?;
    let mut applier = Applier::connect(&options(target))?;
    for chunk in chunks.iter().filter(|chunk| chunk.end <= before) {
        applier.apply(chunk).map_err(explained)?;
    }
    drop(applier);
    let session = if target.options().flavour.is_mariadb() {
        "BINLOG REPLAY"
    } else {
        "SESSION_VARIABLES_ADMIN"
    };
    target.execute([
        "CREATE USER limited",
        &format!("GRANT SELECT, {session} ON *.* TO limited"),
        "GRANT ALL ON binlog_replica.* TO limited",
        "CREATE TABLE d.saved LIKE binlog_replica.checkpoint",
        KEEP_INTENT,
    ])?;
    let server = OptsBuilder::from_opts(target.opts()).user(Some("limited")).into();
    let mut applier = Applier::connect(&ApplierOptions::new(server))?;
    let ddl = chunks.iter().find(|chunk| chunk.end == after).context("the DDL")?;
    let error = applier.apply(ddl).err().context("no error")?;
    ensure!(error.to_string().contains("denied") && !error.is_transient(), "{error}");
    ensure!(error.hint().is_some_and(|hint| hint.contains("rights")));
    drop(applier);
    target.execute([
        "DROP TRIGGER binlog_replica.keep_intent",
        "REPLACE INTO binlog_replica.checkpoint SELECT * FROM d.saved",
        "DROP TABLE d.saved",
    ])?;
    Ok(())
}

const KEEP_INTENT: &str =
    "CREATE TRIGGER binlog_replica.keep_intent AFTER UPDATE ON binlog_replica.checkpoint FOR EACH ROW
    INSERT INTO d.saved SELECT NEW.name, NEW.log_file, NEW.log_position, NEW.gtids, NEW.updated_at, NEW.intent_sql,
    NEW.intent_remedy, NEW.intent_before, NEW.intent_file, NEW.intent_position, NEW.intent_gtids
    FROM DUAL WHERE NEW.intent_sql IS NOT NULL";

const DDL: [&str; 5] = [
    "ALTER TABLE d.t ADD a INT DEFAULT 5",
    "CREATE TABLE d.new (id INT)",
    "DROP TABLE d.old",
    "RENAME TABLE d.old TO d.older",
    "TRUNCATE TABLE d.t",
];

#[test]
fn interrupted_before_ddl() -> Result<()> {
    for flavour in [Flavour::MySql97, Flavour::MariaDb118] {
        DDL.iter().try_for_each(|ddl| interrupted(flavour, ddl, false))?;
    }
    Ok(())
}

#[test]
fn interrupted_after_ddl() -> Result<()> {
    for flavour in [Flavour::MySql97, Flavour::MariaDb118] {
        DDL.iter().try_for_each(|ddl| interrupted(flavour, ddl, true))?;
    }
    Ok(())
}

/// Of an ALTER TABLE in two phases only the end counts, and one that ends without effect changes nothing.
#[test]
fn alter_in_two_phases() -> Result<()> {
    let options_of_source = ServerOptions::new(Flavour::MariaDb118).arg("--binlog-alter-two-phase=ON");
    let source = Server::start(options_of_source)?;
    let target = start_target(Flavour::MariaDb118)?;
    source.execute([
        "CREATE DATABASE shop",
        "CREATE TABLE shop.t (id INT PRIMARY KEY, v INT)",
        "INSERT INTO shop.t VALUES (1, 1), (2, 1)",
        "ALTER TABLE shop.t ADD COLUMN w INT DEFAULT 5",
        "ALTER TABLE shop.t MODIFY v BIGINT, ALGORITHM=COPY",
    ])?;
    let failed = source.execute(["ALTER TABLE shop.t ADD UNIQUE KEY (v)"]);
    ensure!(failed.is_err(), "it did not fail");
    source.execute(["INSERT INTO shop.t VALUES (3, 3, 3)"])?;

    let mut applier = Applier::connect(&options(&target))?;
    apply_all(&mut applier, &source, 1)?;
    let table = |server: &Server| -> Result<Option<(String, String)>> {
        Ok(server.conn()?.query_first("SHOW CREATE TABLE shop.t")?)
    };
    assert_eq!(table(&target)?, table(&source)?);
    let rows = |server: &Server| -> Result<Vec<(u32, u32, u32)>> {
        Ok(server.conn()?.query("SELECT * FROM shop.t ORDER BY id")?)
    };
    assert_eq!(rows(&target)?, [(1, 1, 5), (2, 1, 5), (3, 3, 3)]);
    Ok(())
}
