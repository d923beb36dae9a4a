//! Whether two servers hold the same tables.

mod difference;
mod layout;
mod rows;

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use mysql::Conn;
use mysql::prelude::Queryable as _;

use crate::Server;

/// Fails unless each table, named `schema.table`, has the same columns, indexes and rows on both
/// servers. The error shows the first difference.
///
/// Values are compared exactly, as the bytes that the servers store. Between different products
/// types are compared loosely, and JSON, which is text on MariaDB, by its meaning.
pub fn compare<S: AsRef<str>>(source: &Server, target: &Server, tables: &[S]) -> Result<()> {
    let pairs: Vec<_> = tables.iter().map(|table| (table.as_ref(), table.as_ref())).collect();
    compare_as(source, target, &pairs)
}

/// [`compare`] for tables that have another name on the target.
pub fn compare_as(source: &Server, target: &Server, tables: &[(&str, &str)]) -> Result<()> {
    let mut source_conn = session(source)?;
    let mut target_conn = session(target)?;
    let same_product = source.options().flavour == target.options().flavour;
    for &(from, to) in tables {
        compare_table(&mut source_conn, &mut target_conn, from, to, same_product)
            .with_context(|| format!("{from} differs from the target's {to}"))?;
    }
    Ok(())
}

/// [`compare`], again and again until it succeeds or the time is over.
pub fn compare_within<S: AsRef<str>>(patience: Duration, source: &Server, target: &Server, tables: &[S]) -> Result<()> {
    let deadline = Instant::now() + patience;
    loop {
        match compare(source, target, tables) {
            Err(error) if Instant::now() > deadline => {
                return Err(error.context(format!("still after {patience:?}")));
            }
            Err(_) => sleep(Duration::from_millis(100)),
            Ok(()) => return Ok(()),
        }
    }
}

/// Fails if the target has one of the tables.
pub fn assert_absent<S: AsRef<str>>(target: &Server, tables: &[S]) -> Result<()> {
    let mut conn = session(target)?;
    for table in tables.iter().map(AsRef::as_ref) {
        let (schema, name) = split(table)?;
        let found: Option<u8> = conn.exec_first(
            "SELECT 1 FROM information_schema.tables WHERE table_schema = ? AND table_name = ?",
            (schema, name),
        )?;
        if found.is_some() {
            bail!("the target has the table {table}, which should not have reached it");
        }
    }
    Ok(())
}

fn compare_table(source: &mut Conn, target: &mut Conn, from: &str, to: &str, same_product: bool) -> Result<()> {
    let expected = layout::read(source, split(from)?).context("on the source")?;
    let found = layout::read(target, split(to)?).context("on the target")?;
    layout::compare(&expected, &found, same_product)?;
    let json = expected.json_columns(&found, same_product);
    let expected_rows = rows::read(source, from, &json).context("on the source")?;
    let found_rows = rows::read(target, to, &json).context("on the target")?;
    difference::first(&expected.names(), &expected_rows, &found_rows)
}

/// A connection that sees values as they are stored.
fn session(server: &Server) -> Result<Conn> {
    let mut conn = server.conn()?;
    for statement in [
        "SET SESSION time_zone = '+00:00'",
        "SET SESSION sql_mode = ''",
        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "SET character_set_results = NULL",
    ] {
        conn.query_drop(statement)
            .with_context(|| format!("cannot run {statement}"))?;
    }
    Ok(conn)
}

fn split(table: &str) -> Result<(&str, &str)> {
    table
        .split_once('.')
        .with_context(|| format!("{table:?} is not of the form schema.table"))
}
