//! Transactions of one to several statements.

use anyhow::{Error, Result};
use mysql::Conn;
use mysql::prelude::Queryable as _;

use super::random::Random;
use super::rows::Rows;
use super::tables::knows_json;

/// How a transaction ended.
pub(super) enum Outcome {
    Committed,
    RolledBack,
}

/// Runs one transaction.
pub(super) fn run(random: &mut Random, rows: &mut Rows, conn: &mut Conn) -> Result<Outcome> {
    let json = knows_json(conn);
    // All statements first, so that what the server does changes nothing in what comes later.
    let (statements, outcome) = plan(random, rows, json);
    for statement in &statements {
        if let Err(error) = conn.query_drop(statement) {
            return after(error, statement, conn);
        }
    }
    Ok(outcome)
}

fn plan(random: &mut Random, rows: &mut Rows, json: bool) -> (Vec<String>, Outcome) {
    if random.percent(25) {
        return (vec![statement(random, rows, json)], Outcome::Committed);
    }
    let mut statements = vec!["BEGIN".to_owned()];
    let count = if random.percent(2) { 60 } else { 1 + random.below(7) };
    for _ in 0..count {
        statements.push(statement(random, rows, json));
        if random.percent(5) {
            undone_part(random, rows, json, &mut statements);
        }
    }
    let rolled_back = random.percent(10);
    statements.push(if rolled_back { "ROLLBACK" } else { "COMMIT" }.to_owned());
    (
        statements,
        if rolled_back {
            Outcome::RolledBack
        } else {
            Outcome::Committed
        },
    )
}

fn undone_part(random: &mut Random, rows: &mut Rows, json: bool, statements: &mut Vec<String>) {
    statements.push("SAVEPOINT before_part".into());
    statements.push(statement(random, rows, json));
    statements.push("ROLLBACK TO SAVEPOINT before_part".into());
}

fn statement(random: &mut Random, rows: &mut Rows, json: bool) -> String {
    match random.below(100) {
        0..20 => rows.insert_orders(random),
        20..26 => rows.insert_customers(random),
        26..40 => rows.replace_items(random),
        40..47 => Rows::insert_notes(random),
        47..51 => Rows::change_notes(random),
        51..62 => rows.update_orders(random, json),
        62..69 => rows.update_items(random),
        69..74 => rows.update_customers(random),
        74..78 => rows.change_key(random),
        78..83 => rows.delete(random),
        83..86 => rows.update_two_tables(random),
        86..94 => rows.audit(random),
        _ => Rows::noise(random),
    }
}

/// A deadlock or a lock that took too long is part of the game; all else is an error.
fn after(error: mysql::Error, statement: &str, conn: &mut Conn) -> Result<Outcome> {
    if lost_a_lock(&error) {
        conn.query_drop("ROLLBACK")?;
        return Ok(Outcome::RolledBack);
    }
    let head: String = statement.chars().take(300).collect();
    Err(Error::new(error).context(format!("the workload cannot run {head}")))
}

/// Whether another transaction was in the way.
pub(super) fn lost_a_lock(error: &mysql::Error) -> bool {
    const LOCK_WAIT_TIMEOUT: u16 = 1205;
    const DEADLOCK: u16 = 1213;
    matches!(error, mysql::Error::MySqlError(answer) if matches!(answer.code, LOCK_WAIT_TIMEOUT | DEADLOCK))
}
