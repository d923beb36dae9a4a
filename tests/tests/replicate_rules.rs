//! The servers' own rules for replicas, against replicas that have them.

use std::collections::BTreeSet;
use std::ffi::OsString;

use anyhow::{Context as _, Result, bail, ensure};
use binlog_testkit::compare::compare;
use binlog_testkit::{Flavour, Server, ServerOptions, run_binlog};
use mysql::prelude::Queryable as _;

/// Seconds that a replica may take.
const PATIENCE: u32 = 20;

const DATABASES: [&str; 4] = ["shop", "shop2", "other", "moved"];
const TABLES: [&str; 4] = ["orders", "items", "notes", "log"];

/// Rules, as an option and its value each.
const RULES: [&[(&str, &str)]; 12] = [
    &[("do-db", "shop")],
    &[("ignore-db", "other")],
    &[("do-db", "shop"), ("do-db", "shop2"), ("ignore-table", "shop.items")],
    &[("do-table", "shop.orders"), ("do-table", "other.orders")],
    &[("ignore-table", "shop.orders")],
    &[("wild-do-table", "shop%.%")],
    &[("wild-ignore-table", "other.%"), ("wild-ignore-table", "%.log")],
    &[("wild-do-table", "sh_p.o%"), ("ignore-table", "other.notes")],
    &[
        ("do-table", "shop.items"),
        ("wild-ignore-table", "shop.%"),
        ("wild-do-table", "%.orders"),
    ],
    &[("rewrite-db", "shop2->moved"), ("do-db", "moved"), ("do-db", "shop")],
    &[("rewrite-db", "shop2->moved"), ("wild-ignore-table", "moved.items")],
    &[("do-db", "shop"), ("ignore-db", "shop"), ("do-table", "shop.orders")],
];

/// A default database, or none, and what is done in it. What rules may leave out is not needed by what they keep.
const WORKLOAD: [(&str, &[&str]); 6] = [
    (
        "shop",
        &[
            "INSERT INTO orders VALUES (10, 'a'), (11, 'b')",
            "INSERT INTO other.orders VALUES (10, 'from shop')",
            "UPDATE items SET v = 'changed' WHERE id = 1",
            "DELETE FROM other.notes WHERE id = 2",
            "BEGIN",
            "INSERT INTO log VALUES (10, 'one')",
            "INSERT INTO shop2.log VALUES (10, 'two')",
            "COMMIT",
            "CREATE TABLE IF NOT EXISTS fresh (id INT PRIMARY KEY)",
            "INSERT INTO fresh VALUES (1)",
            "CREATE TABLE other.copied LIKE shop.orders",
            "CREATE VIEW seen AS SELECT * FROM other.orders",
            "CREATE PROCEDURE other.done() SELECT 1",
        ],
    ),
    (
        "other",
        &[
            "INSERT INTO shop.items VALUES (10, 'from other')",
            "UPDATE shop.orders SET v = 'by other' WHERE id = 1",
            "REPLACE INTO notes VALUES (1, 'replaced')",
            "INSERT INTO orders SELECT id + 100, v FROM shop.log",
            "TRUNCATE TABLE shop.log",
            "CREATE TABLE mine (id INT PRIMARY KEY, v INT)",
            "INSERT INTO mine VALUES (1, 1)",
            "ALTER TABLE mine ADD w INT DEFAULT 7",
            "DROP TABLE IF EXISTS shop.nothing, other.log",
            "CREATE USER somebody@localhost",
            "CREATE VIEW shop.looked AS SELECT * FROM shop.orders",
            "CREATE FUNCTION one() RETURNS INT DETERMINISTIC RETURN 1",
        ],
    ),
    (
        "shop2",
        &[
            "INSERT INTO orders VALUES (10, 'in shop2')",
            "UPDATE items SET v = 'in shop2' WHERE id = 1",
            "UPDATE orders a JOIN shop.items b ON a.id = b.id SET a.v = 'joined' WHERE a.id = 1",
            "UPDATE shop.notes a JOIN other.notes b ON a.id = b.id SET a.v = 'both', b.v = 'both'",
            "DELETE a FROM shop.notes a JOIN other.items b ON a.id = b.id WHERE b.id = 2",
            "RENAME TABLE notes TO renamed",
        ],
    ),
    (
        "",
        &[
            "INSERT INTO shop.orders VALUES (20, 'without')",
            "INSERT INTO other.items VALUES (20, 'without')",
            "CREATE DATABASE extra",
            "CREATE TABLE IF NOT EXISTS shop.late (id INT)",
        ],
    ),
    ("extra", &[]),
    (
        "shop",
        &["CREATE INDEX by_v ON items (v)", "ALTER TABLE items COMMENT = 'new'"],
    ),
];

#[test]
fn of_mysql() -> Result<()> {
    every_rule(Flavour::MySql97)
}

#[test]
fn of_mariadb() -> Result<()> {
    every_rule(Flavour::MariaDb118)
}

fn every_rule(flavour: Flavour) -> Result<()> {
    let start = |id| {
        let options = ServerOptions::new(flavour).server_id(id);
        Server::start(options.args(["--skip-slave-start", "--log-bin-trust-function-creators=ON"]))
    };
    let (source, replica, target) = (start(1)?, start(2)?, start(3)?);
    let mut failures = Vec::new();
    // Of a mixed log, which has the events of both others, some rules are enough.
    for (format, step) in [("ROW", 1), ("MIXED", 3), ("STATEMENT", 1)] {
        work(&source, format)?;
        for (number, rules) in RULES.iter().enumerate().step_by(step) {
            let name = format!("{format}{number}");
            if let Err(error) = same(&source, &replica, &target, rules, &name) {
                failures.push(format!("{flavour} {format} {rules:?}: {error:#}"));
            }
        }
    }
    ensure!(failures.is_empty(), "{}", failures.join("\n"));
    Ok(())
}

/// Makes the source's log: the workload alone, in this format.
fn work(source: &Server, format: &str) -> Result<()> {
    empty(source)?;
    let reset = match source.options().flavour.is_mariadb() {
        true => "RESET MASTER",
        false => "RESET BINARY LOGS AND GTIDS",
    };
    source.execute([reset])?;
    for (schema, statements) in WORKLOAD {
        let mut conn = source.conn()?;
        conn.query_drop(format!("SET binlog_format = '{format}', sql_mode = ''"))?;
        if !schema.is_empty() {
            conn.query_drop(format!("USE {schema}"))?;
        }
        for statement in statements {
            conn.query_drop(statement).context(*statement)?;
        }
    }
    Ok(())
}

/// The databases as they are before, which no log tells.
fn empty(server: &Server) -> Result<()> {
    let mut conn = server.conn()?;
    conn.query_drop("SET sql_log_bin = 0")?;
    conn.query_drop("DROP USER IF EXISTS somebody@localhost")?;
    for schema in DATABASES.iter().chain(&["extra"]) {
        conn.query_drop(format!("DROP DATABASE IF EXISTS {schema}"))?;
    }
    for schema in DATABASES {
        conn.query_drop(format!("CREATE DATABASE {schema}"))?;
        for table in TABLES {
            conn.query_drop(format!(
                "CREATE TABLE {schema}.{table} (id INT PRIMARY KEY, v VARCHAR(40))"
            ))?;
            conn.query_drop(format!(
                "INSERT INTO {schema}.{table} VALUES (1, 'first'), (2, 'second')"
            ))?;
        }
    }
    Ok(())
}

/// A replica with the rules, and our filter with them, come to the same.
fn same(source: &Server, replica: &Server, target: &Server, rules: &[(&str, &str)], name: &str) -> Result<()> {
    empty(replica)?;
    replicate(source, replica, rules).context("the replica")?;
    empty(target)?;
    let mut arguments: Vec<OsString> = ["apply", "--to", &target.url(), "--name", name].map(Into::into).into();
    for (option, value) in rules {
        arguments.push(format!("--replicate-{option}={value}").into());
    }
    arguments.extend(source.binlogs()?.into_iter().map(Into::into));
    run_binlog(arguments)?;
    let (theirs, ours) = (objects(replica)?, objects(target)?);
    ensure!(
        theirs == ours,
        "only the replica has {:?}, only the target {:?}",
        theirs.difference(&ours).collect::<Vec<_>>(),
        ours.difference(&theirs).collect::<Vec<_>>()
    );
    let is_table = |name: &String| name.contains('.') && !name.ends_with("()");
    compare(
        replica,
        target,
        &theirs.into_iter().filter(is_table).collect::<Vec<_>>(),
    )
}

fn replicate(source: &Server, replica: &Server, rules: &[(&str, &str)]) -> Result<()> {
    let (file, position) = source.binlog_position()?;
    let port = source.port();
    let connect = |word: &str, more: &str| {
        format!(
            "{word}_HOST = '127.0.0.1', {word}_PORT = {port}, {word}_USER = 'root', {word}_PASSWORD = '', \
             {word}_LOG_FILE = 'binlog.000001', {word}_LOG_POS = 4, {more}"
        )
    };
    let mut conn = replica.conn()?;
    let wait = match replica.options().flavour.is_mariadb() {
        true => {
            conn.query_drop("STOP SLAVE")?;
            conn.query_drop("RESET SLAVE ALL")?;
            for (variable, value) in mariadb_rules(rules) {
                conn.query_drop(format!("SET GLOBAL {variable} = '{value}'"))?;
            }
            conn.query_drop(format!(
                "CHANGE MASTER TO {}",
                connect("MASTER", "MASTER_SSL = 0, MASTER_USE_GTID = no")
            ))?;
            conn.query_drop("START SLAVE")?;
            format!("SELECT MASTER_POS_WAIT('{file}', {position}, {PATIENCE})")
        }
        false => {
            conn.query_drop("STOP REPLICA")?;
            conn.query_drop("RESET REPLICA ALL")?;
            conn.query_drop(format!(
                "CHANGE REPLICATION SOURCE TO {}",
                connect("SOURCE", "GET_SOURCE_PUBLIC_KEY = 1")
            ))?;
            conn.query_drop(format!("CHANGE REPLICATION FILTER {}", mysql_rules(rules)))?;
            conn.query_drop("START REPLICA")?;
            format!("SELECT SOURCE_POS_WAIT('{file}', {position}, {PATIENCE})")
        }
    };
    match conn.query_first::<Option<i64>, _>(wait)?.flatten() {
        Some(events) if events >= 0 => Ok(()),
        waited => bail!("waiting gave {waited:?}\n{}", replica.error_log()),
    }
}

/// The values of one kind of rule.
fn values<'r>(rules: &'r [(&str, &str)], option: &str) -> Vec<&'r str> {
    let of = rules.iter().filter(|(name, _)| *name == option);
    of.map(|(_, value)| *value).collect()
}

const OPTIONS: [&str; 7] = [
    "do-db",
    "ignore-db",
    "do-table",
    "ignore-table",
    "wild-do-table",
    "wild-ignore-table",
    "rewrite-db",
];

fn mariadb_rules(rules: &[(&str, &str)]) -> Vec<(String, String)> {
    let rule = |option: &&str| {
        (
            format!("replicate_{}", option.replace('-', "_")),
            values(rules, option).join(","),
        )
    };
    OPTIONS.iter().map(rule).collect()
}

fn mysql_rules(rules: &[(&str, &str)]) -> String {
    let list = |option: &&str| {
        let values = values(rules, option)
            .into_iter()
            .map(|value| match value.split_once("->") {
                Some((from, to)) => format!("({from}, {to})"),
                None if option.starts_with("wild") => format!("'{value}'"),
                None => value.to_owned(),
            });
        let name = option.replace('-', "_").to_uppercase();
        format!("REPLICATE_{name} = ({})", values.collect::<Vec<_>>().join(", "))
    };
    OPTIONS.iter().map(list).collect::<Vec<_>>().join(", ")
}

/// All tables and views, databases without any, routines and accounts.
fn objects(server: &Server) -> Result<BTreeSet<String>> {
    let names = "SELECT IFNULL(CONCAT(schema_name, '.', table_name), schema_name) FROM information_schema.schemata
         LEFT JOIN information_schema.tables ON table_schema = schema_name
         WHERE schema_name NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema', 'binlog_replica')
         UNION SELECT CONCAT(routine_schema, '.', routine_name, '()') FROM information_schema.routines
         WHERE routine_schema NOT IN ('mysql', 'sys')
         UNION SELECT user FROM mysql.user WHERE user = 'somebody'";
    Ok(server.conn()?.query::<String, _>(names)?.into_iter().collect())
}
