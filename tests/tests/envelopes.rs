//! Lines of other projects, beside the examples in those projects' documentation and beside what the server says of its values.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;

use anyhow::{Context as _, Result, ensure};
use binlog_testkit::{Flavour, Server, ServerOptions, binlog, run_binlog};
use mysql::prelude::Queryable as _;
use serde_json::{Value, json};

const ROW_METADATA_FULL: &str = "--binlog-row-metadata=FULL";

/// "Data Format" in Maxwell's documentation.
#[test]
fn maxwell_documents() -> Result<()> {
    let options = ServerOptions::new(Flavour::MySql97).server_id(23042);
    let source = Server::start(options.arg(ROW_METADATA_FULL))?;
    let mut conn = source.conn()?;
    for sql in [
        "CREATE DATABASE test",
        "USE test",
        "SET time_zone = '+00:00', TIMESTAMP = 1477053126",
        MAXWELL_TABLE,
        "SET TIMESTAMP = 1477053217",
        "insert into test.e set m = 4.2341, c = '2016-10-21 05:33:37.523000', comment = 'I am a creature of light.'",
        "SET TIMESTAMP = 1477053234",
        "update test.e set m = 5.444, c = '2016-10-21 05:33:54.631000' where id = 1",
        "delete from test.e where id = 1",
        "SET TIMESTAMP = 1477053308",
        "alter table test.e add column torvalds bigint unsigned after m",
        "drop table test.e",
    ] {
        conn.query_drop(sql)?;
    }
    let thread: u32 = conn.query_first("SELECT CONNECTION_ID()")?.context("no id")?;
    let lines = lines(&source, "maxwell")?;
    let creature = "I am a creature of light.";
    let updated = json!({"id": 1, "m": 5.444, "c": "2016-10-21 05:33:54.631000", "comment": creature});
    let expected = [
        json!({"type": "table-create", "database": "test", "table": "e", "ts": 1477053126000_u64, "sql": MAXWELL_TABLE}),
        json!({
            "database": "test", "table": "e", "type": "insert", "ts": 1477053217, "commit": true, "server_id": 23042, "thread_id": thread,
            "data": {"id": 1, "m": 4.2341, "c": "2016-10-21 05:33:37.523000", "comment": creature},
        }),
        json!({
            "database": "test", "table": "e", "type": "update", "ts": 1477053234,
            "data": updated, "old": {"m": 4.2341, "c": "2016-10-21 05:33:37.523000"},
        }),
        json!({"database": "test", "table": "e", "type": "delete", "data": updated}),
        json!({
            "type": "table-alter", "database": "test", "table": "e", "ts": 1477053308000_u64,
            "sql": "alter table test.e add column torvalds bigint unsigned after m",
        }),
        json!({"type": "table-drop", "database": "test", "table": "e"}),
    ];
    let of_table: Vec<_> = lines.iter().filter(|line| line.get("table").is_some()).collect();
    assert_eq!(of_table.len(), expected.len(), "{of_table:?}");
    for (line, expected) in of_table.into_iter().zip(&expected) {
        has_members(line, expected)?;
        let position = line.get("position").and_then(Value::as_str).context("no position")?;
        ensure!(
            position
                .split_once(':')
                .is_some_and(|(_, at)| at.parse::<u64>().is_ok()),
            "{line}"
        );
        ensure!(
            line.get("data").is_none() || line.get("xid").is_some_and(Value::is_u64),
            "{line}"
        );
    }
    Ok(())
}

const MAXWELL_TABLE: &str = "create table test.e ( id int(10) not null primary key auto_increment, m double, c timestamp(6), \
     comment varchar(255) charset 'latin1' )";

/// Rows of transactions of one row and of more than wait in memory.
#[test]
fn maxwell_tells_commits() -> Result<()> {
    let source = Server::start(ServerOptions::new(Flavour::MySql97).gtid().arg(ROW_METADATA_FULL))?;
    source.execute([
        "CREATE DATABASE shop",
        "CREATE TABLE shop.t (id INT PRIMARY KEY, a VARCHAR(500))",
        "INSERT INTO shop.t VALUES (0, 'alone')",
        "SET SESSION cte_max_recursion_depth = 100000",
    ])?;
    let mut conn = source.conn()?;
    for sql in [
        "SET SESSION cte_max_recursion_depth = 100000",
        "BEGIN",
        "INSERT INTO shop.t WITH RECURSIVE n AS (SELECT 1 AS id UNION ALL SELECT id + 1 FROM n WHERE id < 30000) \
         SELECT id, REPEAT('x', 500) FROM n",
        "DELETE FROM shop.t WHERE id < 2",
        "COMMIT",
    ] {
        conn.query_drop(sql)?;
    }
    let lines = lines(&source, "maxwell")?;
    check_commits(&lines)?;
    let folder = tempfile::tempdir()?;
    let arguments = [
        "dump",
        "--format",
        "json",
        "--json-envelope",
        "maxwell",
        "--split",
        "table",
        "--output",
    ];
    let mut arguments = arguments.map(OsString::from).to_vec();
    arguments.push(folder.path().into());
    arguments.extend(source.binlogs()?.into_iter().map(|log| log.into_os_string()));
    run_binlog(arguments)?;
    check_commits(&parsed(&fs::read(folder.path().join("shop.t.jsonl"))?)?)
}

fn check_commits(lines: &[Value]) -> Result<()> {
    let rows: Vec<_> = lines.iter().filter(|line| line.get("data").is_some()).collect();
    let (alone, many) = rows.split_first().context("no rows")?;
    assert_eq!((alone.get("commit"), alone.get("xoffset")), (Some(&json!(true)), None));
    assert_eq!(many.len(), 30_002);
    let xid = many.first().and_then(|row| row.get("xid")).context("no xid")?;
    assert_ne!(alone.get("xid"), Some(xid));
    for (number, row) in many.iter().enumerate() {
        let is_last = number + 1 == many.len();
        ensure!(row.get("xid") == Some(xid), "{row}");
        ensure!(row.get("commit") == is_last.then_some(&json!(true)), "{row}");
        ensure!(row.get("xoffset") == (!is_last).then_some(&json!(number)), "{row}");
    }
    Ok(())
}

/// "create events", "update events" and the like in the documentation of Debezium's connector for MySQL.
#[test]
fn debezium_documents() -> Result<()> {
    const INSERT: &str =
        "INSERT INTO customers (first_name, last_name, email) VALUES ('Anne', 'Kretchmar', 'annek@noanswer.org')";
    const UPDATE: &str = "UPDATE customers SET first_name='Anne Marie' WHERE id=1004";
    const DELETE: &str = "DELETE FROM customers WHERE id=1004";
    let options = ServerOptions::new(Flavour::MySql97).server_id(223344);
    let source = Server::start(options.args([ROW_METADATA_FULL, "--binlog-rows-query-log-events=ON"]))?;
    let mut conn = source.conn()?;
    for sql in [
        "CREATE DATABASE inventory",
        "USE inventory",
        "CREATE TABLE customers (id INTEGER NOT NULL AUTO_INCREMENT PRIMARY KEY, first_name VARCHAR(255) NOT NULL,
         last_name VARCHAR(255) NOT NULL, email VARCHAR(255) NOT NULL UNIQUE KEY) AUTO_INCREMENT=1004",
        "SET TIMESTAMP = 1465581029",
        INSERT,
        UPDATE,
        DELETE,
        "TRUNCATE TABLE customers",
    ] {
        conn.query_drop(sql)?;
    }
    let thread: u32 = conn.query_first("SELECT CONNECTION_ID()")?.context("no id")?;
    let anne = |name| json!({"id": 1004, "first_name": name, "last_name": "Kretchmar", "email": "annek@noanswer.org"});
    let (first, second) = (anne("Anne"), anne("Anne Marie"));
    let lines = lines(&source, "debezium")?;
    let events: Vec<_> = lines.iter().filter(|line| line.get("op").is_some()).collect();
    let expected = [
        ("c", json!(null), &first, json!(INSERT)),
        ("u", first.clone(), &second, json!(UPDATE)),
        ("d", second.clone(), &Value::Null, json!(DELETE)),
    ];
    assert_eq!(events.len(), expected.len() + 1, "{events:?}");
    for (event, (op, before, after, query)) in events.iter().zip(expected) {
        let expected = json!({
            "before": before, "after": after, "op": op, "ts_ms": 1465581029000_u64, "transaction": null,
            "source": {
                "connector": "mysql", "ts_ms": 1465581029000_u64, "snapshot": "false", "db": "inventory", "table": "customers",
                "server_id": 223344, "gtid": null, "row": 0, "thread": thread, "query": query,
            },
        });
        has_members(event, &expected)?;
        for (member, is_right) in [
            ("version", Value::is_string as fn(&Value) -> bool),
            ("name", Value::is_string),
            ("file", Value::is_string),
            ("pos", Value::is_u64),
        ] {
            ensure!(event["source"].get(member).is_some_and(is_right), "{member}: {event}");
        }
    }
    let truncate = json!({"op": "t", "source": {"db": "inventory", "table": "customers", "thread": thread}});
    has_members(events[3], &truncate)?;
    let ddl = json!({"databaseName": "inventory", "schemaName": null, "ddl": "TRUNCATE TABLE customers"});
    has_members(lines.last().context("no lines")?, &ddl)
}

/// The update of a weight that several projects document as canal's format.
#[test]
fn canal_documents() -> Result<()> {
    let source = Server::start(ServerOptions::new(Flavour::MySql97).arg(ROW_METADATA_FULL))?;
    source.execute([
        "CREATE DATABASE inventory",
        "CREATE TABLE inventory.products (id INTEGER PRIMARY KEY, name VARCHAR(255), description VARCHAR(512), weight FLOAT)",
        "INSERT INTO inventory.products VALUES (111, 'scooter', 'Big 2-wheel scooter', 5.15)",
        "SET TIMESTAMP = 1589373560",
    ])?;
    let mut conn = source.conn()?;
    conn.query_drop("SET TIMESTAMP = 1589373560")?;
    conn.query_drop("UPDATE inventory.products SET weight = 5.18 WHERE id = 111")?;
    let lines = lines(&source, "canal")?;
    let update = lines.last().context("no lines")?;
    let mut expected = json!({
        "data": [{"id": "111", "name": "scooter", "description": "Big 2-wheel scooter", "weight": "5.18"}],
        "database": "inventory",
        "es": 1589373560000_u64,
        "id": 9,
        "isDdl": false,
        "mysqlType": {"id": "integer", "name": "varchar(255)", "description": "varchar(512)", "weight": "float"},
        "old": [{"weight": "5.15"}],
        "pkNames": ["id"],
        "sql": "",
        "sqlType": {"id": 4, "name": 12, "description": 12, "weight": 7},
        "table": "products",
        "ts": 1589373560798_u64,
        "type": "UPDATE",
    });
    let expected = expected.as_object_mut().context("no object")?;
    for (name, value) in expected.iter_mut() {
        let found = update.get(name).with_context(|| name.clone())?;
        match name.as_str() {
            "id" | "ts" => ensure!(found.is_u64(), "{update}"),
            _ => assert_eq!(found, value, "{name}"),
        }
    }
    let create =
        json!({"type": "CREATE", "isDdl": true, "data": null, "old": null, "mysqlType": null, "table": "products"});
    has_members(&lines[1], &create)
}

/// Values beside what the server says of them in SQL.
#[test]
fn values_are_the_servers() -> Result<()> {
    for flavour in [Flavour::MySql97, Flavour::MariaDb118] {
        let source = Server::start(ServerOptions::new(flavour).arg(ROW_METADATA_FULL))?;
        source.execute(["CREATE DATABASE shop", TYPES])?;
        let mut conn = source.conn()?;
        conn.query_drop("SET time_zone = '+00:00', sql_mode = 'ALLOW_INVALID_DATES'")?;
        for row in ROWS {
            conn.query_drop(format!("INSERT INTO shop.t VALUES ({row})"))?;
        }
        for (envelope, expressions) in [("debezium", DEBEZIUM), ("maxwell", MAXWELL), ("canal", CANAL)] {
            let lines = lines(&source, envelope)?;
            for (column, expression) in expressions {
                let sql = format!("SELECT {expression} FROM shop.t ORDER BY id");
                let expected: Vec<Option<String>> = conn.query(&sql).context(sql)?;
                let found: Vec<_> = lines.iter().flat_map(rows_of).map(|row| plain(&row[*column])).collect();
                assert_eq!(found, expected, "{flavour} {envelope} {column}");
            }
        }
        if flavour == Flavour::MySql97 {
            let expected: Vec<Option<String>> = conn.query("SELECT ST_AsText(g) FROM shop.t ORDER BY id")?;
            let lines = lines(&source, "maxwell")?;
            let tight = |text: String| text.replace(" (", "(").replace(", ", ",");
            let found = lines.iter().flat_map(rows_of).map(|row| plain(&row["g"]).map(tight));
            assert_eq!(found.collect::<Vec<_>>(), expected);
        }
    }
    Ok(())
}

const TYPES: &str = "CREATE TABLE shop.t (id INT PRIMARY KEY, big BIGINT UNSIGNED, bits BIT(12), yes BIT(1), f DOUBLE,
    n DECIMAL(65,30), y YEAR, d DATE, t TIME(6), ms DATETIME(3), us DATETIME(6), ts TIMESTAMP(3) NULL, c CHAR(5) CHARACTER SET latin1,
    v VARCHAR(50) CHARACTER SET gbk, fixed BINARY(5), bl BLOB, e ENUM('x','y'), s SET('x','y','z'), g GEOMETRY) CHARACTER SET utf8mb4";

const ROWS: [&str; 3] = [
    "1, 18446744073709551615, 2748, 1, 0.1, -12345678901234567890123456789012345.678901234567890123456789012345, 2155, '2026-02-28',
     '-838:59:58.000001', '1969-12-31 23:59:59.999', '9999-12-31 23:59:59.999999', '2026-02-28 12:00:00.005', 'k\u{e4}se', '\u{8aa0}\u{5b9e}',
     X'0100', X'00FFE4', 'y', 'x,z', ST_GeomFromText('POLYGON((0 0,1 0,1 1.5,0 0))')",
    "2, 0, 0, 0, -1e20, 0.000000000000000000000000000128, 0, '1000-01-01', '00:00:00', '2026-02-28 12:00:00', '1970-01-01', NULL, '', '', X'', X'',
     'x', '', ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 2),MULTIPOINT((3 4),(5 6)),LINESTRING(0 0,-1 1))')",
    "3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL",
];

const DEBEZIUM: &[(&str, &str)] = &[
    ("id", "id"),
    ("big", "big"),
    (
        "bits",
        "TO_BASE64(CONCAT(CHAR(bits & 255), CHAR(bits >> 8), IF(bits IS NULL, NULL, '')))",
    ),
    ("yes", "CASE yes WHEN 1 THEN 'true' WHEN 0 THEN 'false' END"),
    ("y", "y + 0"),
    ("d", "TO_DAYS(d) - 719528"),
    (
        "t",
        "IF(t < 0, -1, 1) * (((HOUR(t) * 60 + MINUTE(t)) * 60 + SECOND(t)) * 1000000 + MICROSECOND(t))",
    ),
    ("ms", "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', ms) DIV 1000"),
    ("us", "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', us)"),
    ("ts", "CONCAT(REPLACE(ts, ' ', 'T'), 'Z')"),
    ("c", "CONVERT(c USING utf8mb4)"),
    ("v", "CONVERT(v USING utf8mb4)"),
    ("fixed", "TO_BASE64(fixed)"),
    ("bl", "TO_BASE64(bl)"),
    ("e", "e"),
    ("s", "s"),
];

const MAXWELL: &[(&str, &str)] = &[
    ("big", "big"),
    ("bits", "bits + 0"),
    ("yes", "yes + 0"),
    ("y", "y + 0"),
    ("d", "d"),
    ("t", "t"),
    ("ms", "ms"),
    ("us", "us"),
    ("ts", "ts"),
    ("c", "CONVERT(c USING utf8mb4)"),
    ("v", "CONVERT(v USING utf8mb4)"),
    ("fixed", "TO_BASE64(fixed)"),
    ("bl", "TO_BASE64(bl)"),
    ("e", "e"),
    (
        "s",
        "IF(s IS NULL, NULL, CONCAT('[', IF(s = '', '', CONCAT('\"', REPLACE(s, ',', '\",\"'), '\"')), ']'))",
    ),
];

const CANAL: &[(&str, &str)] = &[
    ("id", "id"),
    ("big", "big"),
    ("bits", "bits + 0"),
    ("n", "n"),
    ("y", "y"),
    ("d", "d"),
    ("t", "t"),
    ("ms", "ms"),
    ("us", "us"),
    ("ts", "ts"),
    ("c", "CONVERT(c USING utf8mb4)"),
    ("v", "CONVERT(v USING utf8mb4)"),
    ("e", "e + 0"),
    ("s", "s + 0"),
];

/// Characters of the bytes from 80 on of each character set that has one byte for each; 0000 where there is none.
#[test]
fn single_bytes_are_the_servers() -> Result<()> {
    let source = Server::start(ServerOptions::new(Flavour::MySql97))?;
    let mut conn = source.conn()?;
    let charsets: Vec<String> = conn.query(
        "SELECT CHARACTER_SET_NAME FROM information_schema.CHARACTER_SETS
         WHERE MAXLEN = 1 AND CHARACTER_SET_NAME NOT IN ('ascii', 'binary', 'swe7') ORDER BY 1",
    )?;
    let mut table = String::new();
    for charset in charsets {
        table.push_str(&charset);
        table.push(' ');
        for byte in 0x80..=0xff {
            let sql = format!("SELECT HEX(CONVERT(_{charset} X'{byte:02X}' USING utf16))");
            let code: String = conn.query_first(sql)?.context("no answer")?;
            table.push_str(if code == "003F" { "0000" } else { &code });
        }
        table.push('\n');
    }
    let known = include_str!("../../crates/binlog-dumper/src/json/single_bytes.txt");
    ensure!(known == table, "this is the server's table:\n{table}");
    Ok(())
}

/// Every character that a server's character set has is the one that the server says.
#[test]
fn characters_are_the_servers() -> Result<()> {
    let source = Server::start(ServerOptions::new(Flavour::MySql97).arg(ROW_METADATA_FULL))?;
    let mut conn = source.conn()?;
    conn.query_drop("CREATE DATABASE shop")?;
    conn.query_drop("SET SESSION cte_max_recursion_depth = 100000, sql_mode = ''")?;
    let charsets: Vec<String> =
        conn.query("SELECT CHARACTER_SET_NAME FROM information_schema.CHARACTER_SETS ORDER BY 1")?;
    let mut expected = BTreeMap::new();
    for charset in charsets.iter().filter(|charset| *charset != "binary") {
        conn.query_drop(format!(
            "CREATE TABLE shop.{charset} (n INT PRIMARY KEY, c VARCHAR(2) CHARACTER SET {charset})"
        ))?;
        conn.query_drop(format!(
            "INSERT INTO shop.{charset} WITH RECURSIVE n AS (SELECT 32 AS n UNION ALL SELECT n + 1 FROM n WHERE n < 65533),
             c AS (SELECT n, CONVERT(CHAR(n USING ucs2) USING {charset}) AS c FROM n WHERE n NOT BETWEEN 55296 AND 57343)
             SELECT n, c FROM c WHERE n = 63 OR c <> _ascii'?' COLLATE ascii_bin"
        ))
        .with_context(|| charset.clone())?;
        let rows: Vec<(u32, String)> = conn.query(format!("SELECT n, CONVERT(c USING utf8mb4) FROM shop.{charset}"))?;
        expected.extend(rows.into_iter().map(|(n, c)| ((charset.clone(), n), c)));
    }
    let (mut wrong, mut marked) = (BTreeMap::<_, Vec<_>>::new(), BTreeMap::<_, usize>::new());
    for line in lines(&source, "maxwell")? {
        let (Some(table), Some(data)) = (line["table"].as_str(), line.get("data")) else {
            continue;
        };
        let n = data["n"].as_u64().context("no number")? as u32;
        let right = expected.remove(&(table.to_owned(), n)).context("a row that is none")?;
        match data["c"].as_str() {
            Some(found) if found == right => {}
            Some(found) => wrong
                .entry(table.to_owned())
                .or_default()
                .push(format!("{n:x}: {found:?} not {right:?}")),
            None => *marked.entry(table.to_owned()).or_default() += 1,
        }
    }
    ensure!(expected.is_empty(), "{} rows are not there", expected.len());
    ensure!(wrong.is_empty(), "{wrong:#?}");
    let marked: Vec<_> = marked
        .iter()
        .map(|(charset, count)| (charset.as_str(), *count))
        .collect();
    assert_eq!(
        marked,
        [
            ("big5", 250),
            ("eucjpms", 1973),
            ("gb18030", 19),
            ("swe7", 95),
            ("ujis", 1880)
        ]
    );
    Ok(())
}

#[test]
fn an_envelope_is_for_json() -> Result<()> {
    let output = binlog()?
        .args(["dump", "--json-envelope", "canal", "binlog.000001"])
        .output()?;
    let errors = String::from_utf8(output.stderr)?;
    assert_eq!(
        (output.status.code(), errors.trim()),
        (Some(2), "error: --json-envelope is for --format json")
    );
    Ok(())
}

/// The lines of all logs of a server.
fn lines(source: &Server, envelope: &str) -> Result<Vec<Value>> {
    let mut arguments = ["dump", "--format", "json", "--json-envelope", envelope]
        .map(Into::into)
        .to_vec();
    arguments.extend(source.binlogs()?.into_iter().map(|log| log.into_os_string()));
    parsed(&run_binlog(arguments)?.stdout)
}

fn parsed(text: &[u8]) -> Result<Vec<Value>> {
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let parsed =
        lines.map(|line| serde_json::from_slice(line).with_context(|| String::from_utf8_lossy(line).into_owned()));
    parsed.collect()
}

/// Each member of `expected` is in `line`, also inside objects.
fn has_members(line: &Value, expected: &Value) -> Result<()> {
    match expected.as_object() {
        Some(members) => members.iter().try_for_each(|(name, value)| {
            let found = line.get(name).with_context(|| format!("no {name} in {line}"))?;
            has_members(found, value).with_context(|| name.clone())
        }),
        None => {
            ensure!(line == expected, "{line} is not {expected}");
            Ok(())
        }
    }
}

/// The rows of a line, whatever its project.
fn rows_of(line: &Value) -> Vec<&Value> {
    match [line.get("after"), line.get("data")] {
        [Some(row), _] => vec![row],
        [_, Some(Value::Array(rows))] => rows.iter().collect(),
        [_, Some(row @ Value::Object(_))] => vec![row],
        _ => Vec::new(),
    }
}

/// A value as the server's client gets it.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
