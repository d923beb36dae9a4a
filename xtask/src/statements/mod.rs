//! `cargo xtask statements`: statements, and the tables that real servers say they touch.
//!
//! What a statement touches is asked of the server by its privileges: an account without any right runs the statement, each
//! denial names a table and a right, that right is granted, and so on until the statement is done. No reader of SQL of
//! ours takes part in it.

#![allow(clippy::indexing_slicing, reason = "lists of known length")]

mod ddl;
mod dml;
mod grammar;
mod judge;
mod query;

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context as _, Result};
use binlog_testkit::Flavour;
use clap::Args;

use crate::workspace;
use grammar::Grammar;
use judge::Judge;

/// How many statements, and which.
#[derive(Args)]
pub(crate) struct Options {
    /// Statements that each server accepts.
    #[arg(long, default_value_t = 1500)]
    count: usize,
    /// Begins another row of statements.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// A statement, and where it is run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Statement {
    pub(crate) sql: String,
    /// The default schema.
    pub(crate) schema: &'static str,
    pub(crate) ansi_quotes: bool,
    /// Whether it commits by itself.
    pub(crate) is_ddl: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    for flavour in [Flavour::MySql97, Flavour::MariaDb118] {
        let lines = record(flavour, options)?;
        let folder = workspace::root().join("fixtures/statements");
        fs::create_dir_all(&folder)?;
        let file = folder.join(format!("{flavour}.jsonl"));
        fs::write(&file, lines.concat()).with_context(|| format!("cannot write {}", file.display()))?;
        println!("{flavour}: {} statements", lines.len());
    }
    Ok(())
}

fn record(flavour: Flavour, options: &Options) -> Result<Vec<String>> {
    let mut grammar = Grammar::new(flavour, options.seed);
    let mut judge = Judge::start(flavour)?;
    let (mut seen, mut lines) = (BTreeSet::new(), Vec::new());
    let mut refused = 0;
    while lines.len() < options.count {
        let statement = grammar.statement();
        if !seen.insert(statement.sql.clone()) {
            continue;
        }
        match judge.touched(&statement).with_context(|| statement.sql.clone())? {
            Ok(touched) => lines.push(touched.line(&statement)),
            Err(why) => {
                refused += 1;
                if refused % 100 == 1 {
                    println!("{flavour} refused {refused}, such as: {why}: {}", statement.sql);
                }
            }
        }
    }
    Ok(lines)
}
