//! The servers' own rules: `--replicate-do-db` and its siblings, which mean what they mean in a replica.
//!
//! - Row events are judged by the database of their table, and then by the rules for tables.
//! - Statements are judged by their *default* database, whatever they name, and then by the tables that they change, in the
//!   statement's order: the first one for which a rule says yes or no decides on all of it.
//! - `CREATE`, `ALTER` and `DROP DATABASE` are judged by that database, also by the rules with wildcards.
//! - Accounts are judged as changes of `mysql.user`. Routines and events have no tables.
//! - Other names of databases come first. Those in a statement's text stay as they are.
//!
//! Source: `db_ok`, `tables_ok` and `db_ok_with_wild_table` in the servers' `sql/rpl_filter.cc`, and who calls them in
//! `sql/sql_parse.cc`. What a replica does is tested with real ones (`tests/tests/replicate_rules.rs`).

use std::collections::{HashMap, HashSet};

use binlog_schema::statement::Renames;
use binlog_schema::{Object, StatementKind, TableName, Touched};

use crate::error::RuleError;

/// The rules as a server's options give them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReplicateRules {
    /// `--replicate-do-db`: a database each.
    pub do_db: Vec<String>,
    /// `--replicate-ignore-db`
    pub ignore_db: Vec<String>,
    /// `--replicate-do-table`: `db.table`.
    pub do_table: Vec<String>,
    /// `--replicate-ignore-table`
    pub ignore_table: Vec<String>,
    /// `--replicate-wild-do-table`: `db.table` in which `%` stands for any characters, `_` for one, and `\` takes this away.
    pub wild_do_table: Vec<String>,
    /// `--replicate-wild-ignore-table`
    pub wild_ignore_table: Vec<String>,
    /// `--replicate-rewrite-db`: `from->to`.
    pub rewrite_db: Vec<String>,
}

impl ReplicateRules {
    /// Adds further rules.
    pub fn add(&mut self, more: Self) {
        self.do_db.extend(more.do_db);
        self.ignore_db.extend(more.ignore_db);
        self.do_table.extend(more.do_table);
        self.ignore_table.extend(more.ignore_table);
        self.wild_do_table.extend(more.wild_do_table);
        self.wild_ignore_table.extend(more.wild_ignore_table);
        self.rewrite_db.extend(more.rewrite_db);
    }

    /// Whether there is no rule.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The compiled rules.
#[derive(Debug)]
pub(crate) struct Replicate {
    do_db: HashSet<String>,
    ignore_db: HashSet<String>,
    do_table: HashSet<String>,
    ignore_table: HashSet<String>,
    wild_do_table: Vec<String>,
    wild_ignore_table: Vec<String>,
    rewrite_db: HashMap<String, String>,
}

/// In rows, as the default database, and in definitions that are followed for the sake of names; never in the text of a
/// statement that is kept.
impl Renames for Replicate {
    fn table(&self, table: &TableName) -> Option<TableName> {
        Some(TableName::new(self.new_schema(&table.schema)?, table.table.as_str()))
    }

    fn schema(&self, schema: &str) -> Option<String> {
        self.new_schema(schema).map(str::to_owned)
    }
}

impl Replicate {
    /// `None` where there is no rule.
    pub(crate) fn compile(rules: &ReplicateRules) -> Result<Option<Self>, RuleError> {
        if rules.is_empty() {
            return Ok(None);
        }
        let set = |names: &[String]| names.iter().cloned().collect::<HashSet<_>>();
        let tables = |names: &[String]| names.iter().map(|name| with_dot(name)).collect::<Result<Vec<_>, _>>();
        Ok(Some(Self {
            do_db: set(&rules.do_db),
            ignore_db: set(&rules.ignore_db),
            do_table: tables(&rules.do_table)?.into_iter().collect(),
            ignore_table: tables(&rules.ignore_table)?.into_iter().collect(),
            wild_do_table: tables(&rules.wild_do_table)?,
            wild_ignore_table: tables(&rules.wild_ignore_table)?,
            rewrite_db: rules
                .rewrite_db
                .iter()
                .map(|rule| arrow(rule))
                .collect::<Result<_, _>>()?,
        }))
    }

    /// The other name of a database.
    pub(crate) fn new_schema(&self, schema: &str) -> Option<&str> {
        let new = self.rewrite_db.get(schema)?;
        (new != schema).then_some(new)
    }

    /// Whether row changes of the table are kept, under the new name of its database.
    pub(crate) fn keeps_rows(&self, schema: &str, table: &str) -> bool {
        self.keeps_default(schema) && self.decide([format!("{schema}.{table}")].into_iter())
    }

    /// Whether statements with this default database may be kept. Those without one have a database without a name.
    fn keeps_default(&self, schema: &str) -> bool {
        match self.do_db.is_empty() {
            false => self.do_db.contains(schema),
            true => !self.ignore_db.contains(schema),
        }
    }

    /// Whether a database may be made, changed and dropped.
    pub(crate) fn keeps_database(&self, schema: &str) -> bool {
        let name = format!("{schema}.");
        let matches = |patterns: &[String]| patterns.iter().any(|pattern| is_like(&name, pattern));
        self.keeps_default(schema)
            && (matches(&self.wild_do_table) || !matches(&self.wild_ignore_table) && self.wild_do_table.is_empty())
    }

    /// Whether a statement is kept, which has this default database; `None` if what it touches does not tell.
    /// Where that could not be told at all, there is no `touched`.
    pub(crate) fn keeps_statement(&self, schema: &str, touched: Option<&Touched>) -> Option<bool> {
        if !self.keeps_default(schema) {
            return Some(false);
        }
        match touched {
            Some(touched) => self.keeps_touched(touched),
            None => (!self.has_rules_for_tables()).then_some(true),
        }
    }

    fn keeps_touched(&self, touched: &Touched) -> Option<bool> {
        if touched.kind == StatementKind::DropTable && touched.temporary {
            // Otherwise the table would stay.
            return Some(true);
        }
        let mut tables = Vec::new();
        for object in changed(touched) {
            match object {
                Object::Schema(schema) if !self.keeps_database(schema) => return Some(false),
                Object::Table(table) | Object::Trigger { table: Some(table), .. } => tables.push(key(table)),
                Object::Trigger { table: None, .. } if self.has_rules_for_tables() => return None,
                Object::Global if touched.kind == StatementKind::Account => tables.push("mysql.user".to_owned()),
                _ => {}
            }
        }
        Some(tables.is_empty() || self.decide(tables.into_iter()))
    }

    fn has_rules_for_tables(&self) -> bool {
        let exact = self.do_table.is_empty() && self.ignore_table.is_empty();
        !(exact && self.wild_do_table.is_empty() && self.wild_ignore_table.is_empty())
    }

    /// The first table that a rule is about decides.
    fn decide(&self, tables: impl Iterator<Item = String>) -> bool {
        for table in tables {
            let is_like_one = |patterns: &[String]| patterns.iter().any(|pattern| is_like(&table, pattern));
            if self.do_table.contains(&table) {
                return true;
            }
            if self.ignore_table.contains(&table) {
                return false;
            }
            if is_like_one(&self.wild_do_table) {
                return true;
            }
            if is_like_one(&self.wild_ignore_table) {
                return false;
            }
        }
        self.do_table.is_empty() && self.wild_do_table.is_empty()
    }
}

/// What the server looks at of what a statement changes: not the new name that ALTER TABLE gives.
fn changed(touched: &Touched) -> &[Object] {
    match touched.kind {
        StatementKind::AlterTable => touched.writes.get(..1).unwrap_or_default(),
        _ => &touched.writes,
    }
}

fn key(table: &TableName) -> String {
    format!("{}.{}", table.schema, table.table)
}

fn with_dot(name: &str) -> Result<String, RuleError> {
    match name.contains('.') {
        true => Ok(name.to_owned()),
        false => Err(RuleError::Pattern {
            pattern: name.to_owned(),
            why: "has no point",
            hint: "a table is 'db.table'".to_owned(),
        }),
    }
}

fn arrow(rule: &str) -> Result<(String, String), RuleError> {
    match rule.split_once("->") {
        Some((from, to)) if !from.trim().is_empty() && !to.trim().is_empty() => {
            Ok((from.trim().to_owned(), to.trim().to_owned()))
        }
        _ => Err(RuleError::Pattern {
            pattern: rule.to_owned(),
            why: "does not name two databases",
            hint: "another name is 'from->to'".to_owned(),
        }),
    }
}

/// Whether a name is like a pattern: `%` is any characters, `_` one, and `\` takes this from the next character.
fn is_like(name: &str, pattern: &str) -> bool {
    let (name, pattern): (Vec<char>, Vec<char>) = (name.chars().collect(), pattern.chars().collect());
    let (mut at, mut of) = (0, 0);
    // Where to go on if what follows the last `%` does not fit: that `%` then stands for one character more.
    let mut again = None;
    loop {
        match (pattern.get(of), name.get(at)) {
            (Some('%'), _) => {
                again = Some((of, at));
                of += 1;
                continue;
            }
            (None, None) => return true,
            (Some('_'), Some(_)) => {
                (of, at) = (of + 1, at + 1);
                continue;
            }
            (Some('\\'), Some(found)) if pattern.get(of + 1) == Some(found) => {
                (of, at) = (of + 2, at + 1);
                continue;
            }
            (Some(wanted), Some(found)) if wanted == found && *wanted != '\\' => {
                (of, at) = (of + 1, at + 1);
                continue;
            }
            _ => {}
        }
        match again {
            Some((percent, from)) if from < name.len() => {
                again = Some((percent, from + 1));
                (of, at) = (percent + 1, from + 1);
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        let check = |pattern, like: &[&str], unlike: &[&str]| {
            for name in like {
                assert!(is_like(name, pattern), "{name} {pattern}");
            }
            for name in unlike {
                assert!(!is_like(name, pattern), "{name} {pattern}");
            }
        };
        check("shop.%", &["shop.", "shop.orders"], &["shop", "shops.orders"]);
        check("sh_p.o%s", &["shop.orders", "ship.os"], &["shp.orders", "shop.order"]);
        check("a\\_b.%\\%", &["a_b.%", "a_b.x%"], &["axb.%", "a_b.x"]);
        check("%.%", &["a.b", "."], &["ab"]);
        check("%a%b%.c", &["xaxbx.c", "ab.c"], &["ba.c"]);
    }

    #[test]
    fn rules_must_be_whole() {
        let compile = |rules: &ReplicateRules| Replicate::compile(rules).map(|_| ());
        let table = ReplicateRules {
            do_table: vec!["orders".into()],
            ..ReplicateRules::default()
        };
        assert!(compile(&table).unwrap_err().to_string().contains("db.table"));
        for rule in ["shop", "shop->", "->x"] {
            let rewrite = ReplicateRules {
                rewrite_db: vec![rule.into()],
                ..ReplicateRules::default()
            };
            assert!(compile(&rewrite).is_err(), "{rule}");
        }
    }
}
