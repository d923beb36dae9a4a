//! What statements touch, against what servers say of them (`fixtures/statements`, by `cargo xtask statements`).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use binlog_parser::event::Flavour;
use binlog_schema::statement::touched_in_mode;
use binlog_schema::{Object, TableName};
use serde::Deserialize;

/// `sql_mode` with `ANSI_QUOTES`.
const ANSI_QUOTES: u64 = 4;

#[derive(Deserialize)]
struct Recorded {
    schema: String,
    ansi_quotes: bool,
    sql: String,
    writes: BTreeSet<Name>,
    reads: BTreeSet<Name>,
}

/// Schema and name; the name is empty for a schema itself.
type Name = (String, String);

#[test]
fn of_mysql() {
    check("mysql-9.7.jsonl", Flavour::MySql);
}

#[test]
fn of_mariadb() {
    check("mariadb-11.8.jsonl", Flavour::MariaDb);
}

fn check(file: &str, flavour: Flavour) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures/statements")
        .join(file);
    let text = fs::read_to_string(file).unwrap();
    let recorded: Vec<Recorded> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(recorded.len() >= 1500, "{} statements", recorded.len());
    let differences: Vec<String> = recorded
        .iter()
        .filter_map(|recorded| difference(recorded, flavour))
        .collect();
    let (count, shown) = (differences.len(), differences.iter().take(20));
    assert!(
        count == 0,
        "{count} differ:\n{}",
        shown.cloned().collect::<Vec<_>>().join("\n")
    );
}

/// What we say of the statement, where it is not what the server says.
fn difference(recorded: &Recorded, flavour: Flavour) -> Option<String> {
    let mode = if recorded.ansi_quotes { ANSI_QUOTES } else { 0 };
    let touched = match touched_in_mode(recorded.sql.as_bytes(), &recorded.schema, flavour, mode) {
        Ok(touched) => touched,
        Err(error) => return Some(format!("{error}\n    in {}", recorded.sql)),
    };
    let writes = names(&touched.writes);
    let reads = names(&touched.reads);
    let is_same = writes == recorded.writes && reads == recorded.reads;
    (!is_same).then(|| {
        let (theirs, sql) = ((&recorded.writes, &recorded.reads), &recorded.sql);
        format!(
            "{theirs:?}\n    became {:?}\n    in {} {sql}",
            (writes, reads),
            recorded.schema
        )
    })
}

fn names(objects: &[Object]) -> BTreeSet<Name> {
    let name = |table: &TableName| (table.schema.clone(), table.table.clone());
    let names = objects.iter().filter_map(|object| match object {
        Object::Table(table) | Object::Trigger { table: Some(table), .. } => Some(name(table)),
        Object::Schema(schema) => Some((schema.clone(), String::new())),
        _ => None,
    });
    names.collect()
}
