//! Changes of tables. Each step looks at what is there, so that it fits after any interruption.

use anyhow::{Context as _, Result};
use mysql::Conn;
use mysql::prelude::Queryable as _;

use super::random::Random;
use super::transactions::lost_a_lock;

/// Changes one table, or makes or removes one.
pub(super) fn step(random: &mut Random, conn: &mut Conn) -> Result<()> {
    let statements = match random.below(8) {
        0 | 1 => extra_column(random, conn)?,
        2 => index(conn)?,
        3 => width(conn)?,
        4 => dropped_tables(random, conn)?,
        5 => truncation(random, conn)?,
        _ => drafts(random, conn)?,
    };
    if random.percent(50) {
        run(conn, &statements)
    } else {
        run_unqualified(conn, &statements)
    }
}

/// With `shop` as the default database, whose name is then left out.
fn run_unqualified(conn: &mut Conn, statements: &[String]) -> Result<()> {
    let short: Vec<String> = statements.iter().map(|text| text.replace("shop.", "")).collect();
    run(conn, &["USE shop".to_owned()])?;
    run(conn, &short)?;
    run(conn, &["USE other".to_owned()])
}

fn run(conn: &mut Conn, statements: &[String]) -> Result<()> {
    for statement in statements {
        match conn.query_drop(statement) {
            // Another worker was in the way: the step ends here.
            Err(error) if lost_a_lock(&error) => return Ok(()),
            result => result.with_context(|| format!("the workload cannot run {statement}"))?,
        }
    }
    Ok(())
}

/// A column in the middle of `shop.orders`, and rows that use it.
fn extra_column(random: &mut Random, conn: &mut Conn) -> Result<Vec<String>> {
    if column_type(conn, "shop", "orders", "extra")?.is_some() {
        return Ok(vec!["ALTER TABLE shop.orders DROP COLUMN extra".into()]);
    }
    let kind = random.pick(&["INT NULL DEFAULT 5", "VARCHAR(300) NULL", "DATETIME(3) NULL"]);
    let place = random.pick(&["AFTER total", "AFTER status", ""]);
    let value = if kind.starts_with("DATETIME") {
        "'2024-05-06 07:08:09.123'"
    } else {
        "'17'"
    };
    Ok(vec![
        format!("ALTER TABLE shop.orders ADD COLUMN extra {kind} {place}"),
        format!(
            "UPDATE shop.orders SET extra = {value} ORDER BY id DESC LIMIT {}",
            1 + random.below(40)
        ),
    ])
}

fn index(conn: &mut Conn) -> Result<Vec<String>> {
    let there: Option<u64> = conn.query_first(
        "SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = 'shop'
         AND table_name = 'items' AND index_name = 'by_quantity'",
    )?;
    Ok(vec![if there == Some(0) {
        "CREATE INDEX by_quantity ON shop.items (quantity, day)".into()
    } else {
        "DROP INDEX by_quantity ON shop.items".into()
    }])
}

/// A longer `VARCHAR` needs two bytes for its length.
fn width(conn: &mut Conn) -> Result<Vec<String>> {
    let now = column_type(conn, "shop", "customers", "name")?;
    let width = if now.as_deref() == Some("varchar(60)") { 300 } else { 60 };
    Ok(vec![format!(
        "ALTER TABLE shop.customers MODIFY name VARCHAR({width}) NULL"
    )])
}

fn dropped_tables(random: &mut Random, conn: &mut Conn) -> Result<Vec<String>> {
    let (schema, table) = if random.percent(50) {
        ("shop", "audit_log")
    } else {
        ("other", "noise")
    };
    let there = column_type(conn, schema, table, "more")?.is_some();
    let change = if there {
        "DROP COLUMN more"
    } else {
        "ADD COLUMN more INT NULL FIRST"
    };
    Ok(vec![format!("ALTER TABLE {schema}.{table} {change}")])
}

fn truncation(random: &mut Random, conn: &mut Conn) -> Result<Vec<String>> {
    let table = if has_table(conn, "drafts")? && random.percent(70) {
        "shop.drafts"
    } else {
        "other.noise"
    };
    Ok(vec![format!("TRUNCATE TABLE {table}")])
}

/// `shop.drafts` is made, becomes `shop.drafts_old`, and goes.
fn drafts(random: &mut Random, conn: &mut Conn) -> Result<Vec<String>> {
    if !has_table(conn, "drafts")? {
        let rows: Vec<String> = (0..5).map(|id| format!("({id}, {})", random.text())).collect();
        return Ok(vec![
            "CREATE TABLE shop.drafts (id INT UNSIGNED NOT NULL PRIMARY KEY, text TEXT NULL)".into(),
            format!("INSERT INTO shop.drafts VALUES {}", rows.join(", ")),
        ]);
    }
    let mut statements = Vec::new();
    if has_table(conn, "drafts_old")? {
        statements.push("DROP TABLE shop.drafts_old".into());
    }
    statements.push("RENAME TABLE shop.drafts TO shop.drafts_old".into());
    Ok(statements)
}

fn has_table(conn: &mut Conn, table: &str) -> Result<bool> {
    let count: Option<u64> = conn.exec_first(
        "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'shop' AND table_name = ?",
        (table,),
    )?;
    Ok(count != Some(0))
}

fn column_type(conn: &mut Conn, schema: &str, table: &str, column: &str) -> Result<Option<String>> {
    let found = conn.exec_first(
        "SELECT column_type FROM information_schema.columns
         WHERE table_schema = ? AND table_name = ? AND column_name = ?",
        (schema, table, column),
    )?;
    Ok(found)
}
