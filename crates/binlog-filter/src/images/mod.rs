//! Rules for rows and columns: which rows are kept by their values, and what of them.

mod change;
mod charset;
mod condition;
mod datum;
mod grammar;
mod mask;
mod names;

use std::sync::Arc;

use binlog_parser::FieldError;
use binlog_parser::event::{Flavour, TableMap};
use binlog_schema::{Catalog, TableName};

use crate::error::{At, FilterError, RuleError};
use crate::pattern::Pattern;
use condition::{Condition, Test};
use grammar::ColumnRef;
use mask::{Cover, Mask};
use names::Columns;

pub(crate) use change::{Counts, Outcome, Trouble};

/// The rules of all tables, in order.
#[derive(Debug, Default)]
pub(crate) struct ImageRules(Vec<Rule>);

#[derive(Debug)]
struct Rule {
    pattern: Pattern,
    what: What,
    /// `--where 'shop.orders: region = 1'`
    said: String,
}

#[derive(Debug)]
enum What {
    Where(Condition),
    Drop(ColumnRef),
    Mask(ColumnRef, Mask),
}

/// What becomes of the rows of one table map.
#[derive(Debug)]
pub(crate) struct Images {
    columns: Columns,
    /// The rules of the table, and whether they have their column.
    pub(crate) rules: Vec<(String, bool)>,
    /// All of them must hold.
    tests: Vec<(Test, String)>,
    covers: Vec<(usize, Cover)>,
    /// For each column whether it is left out; empty where none is.
    dropped: Vec<bool>,
    /// The map without these columns.
    map: Arc<TableMap>,
}

/// A rule that cannot be applied to a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Misfit {
    pub(crate) rule: String,
    pub(crate) why: String,
}

impl Misfit {
    pub(crate) fn at(self, at: At) -> FilterError {
        let Self { rule, why } = self;
        FilterError::Misfit { at, rule, why }
    }
}

impl ImageRules {
    pub(crate) fn compile(wheres: &[String], drops: &[String], masks: &[String]) -> Result<Self, RuleError> {
        let wheres = wheres.iter().map(|text| Rule::of_where(text));
        let drops = drops.iter().map(|text| Rule::of_drop(text));
        let masks = masks.iter().map(|text| Rule::of_mask(text));
        wheres.chain(drops).chain(masks).collect::<Result<_, _>>().map(Self)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a rule is about the table.
    pub(crate) fn concern(&self, table: &TableName) -> bool {
        self.of(table).next().is_some()
    }

    /// Whether the column of this name is left out.
    pub(crate) fn drops_column(&self, table: &TableName, column: &str) -> bool {
        self.of(table).any(|rule| match &rule.what {
            What::Drop(ColumnRef::Name(name)) => name.to_lowercase() == column.to_lowercase(),
            _ => false,
        })
    }

    /// Whether a column of the table is left out.
    pub(crate) fn drops_any_column(&self, table: &TableName) -> bool {
        self.of(table).any(|rule| matches!(rule.what, What::Drop(_)))
    }

    /// What becomes of rows with this map.
    pub(crate) fn bind(
        &self,
        map: TableMap,
        flavour: Flavour,
        catalog: &Catalog,
    ) -> Result<Result<Images, Misfit>, FieldError> {
        let table = TableName::new(&*map.schema, &*map.table);
        let columns = Columns::of(map, catalog);
        let mut images = Images {
            rules: Vec::new(),
            tests: Vec::new(),
            covers: Vec::new(),
            dropped: Vec::new(),
            map: Arc::clone(&columns.map),
            columns,
        };
        for rule in self.of(&table) {
            match images.add(rule) {
                Ok(applies) => images.rules.push((rule.said.clone(), applies)),
                Err(why) => {
                    let rule = rule.said.clone();
                    return Ok(Err(Misfit { rule, why }));
                }
            }
        }
        if images.drops_columns() {
            // Whoever reads on must not look for the names in a definition that has all columns.
            let named = images.columns.named();
            images.map = Arc::new(named.without_columns(flavour, |index| images.is_dropped(index))?);
        }
        Ok(Ok(images))
    }

    fn of<'r>(&'r self, table: &TableName) -> impl Iterator<Item = &'r Rule> {
        self.0
            .iter()
            .filter(move |rule| rule.pattern.matches(&table.schema, &table.table))
    }
}

impl Rule {
    /// `table: condition`
    fn of_where(text: &str) -> Result<Self, RuleError> {
        let hint = "a condition is \"shop.orders: region = 'EU' and total > 100\"";
        let wrong = |why| wrong(text, why, hint);
        let from = match text.strip_prefix('/') {
            Some(regex) => regex.rfind("/:").map_or(text.len(), |end| end + 1),
            None => 0,
        };
        let colon = text.get(from..).and_then(|rest| rest.find(':'));
        let colon = colon.ok_or_else(|| wrong("has no colon between table and condition"))? + from;
        let (table, condition) = (text.get(..colon), text.get(colon + 1..));
        Ok(Self {
            pattern: Pattern::table(table.unwrap_or_default().trim())?,
            what: What::Where(
                grammar::condition(condition.unwrap_or_default())
                    .ok_or_else(|| wrong("has no condition that can be read behind the colon"))?,
            ),
            said: format!("--where {}", quoted(text)),
        })
    }

    /// `table.column`
    fn of_drop(text: &str) -> Result<Self, RuleError> {
        let wrong = |why| wrong(text, why, "'shop.users.email', or 'shop.users.@3' for the third column");
        let (pattern, column) = column_of(text).ok_or_else(|| wrong("is no column of a table"))?;
        Ok(Self {
            pattern,
            what: What::Drop(column),
            said: format!("--drop-column {}", quoted(text)),
        })
    }

    /// `table.column=mask`
    fn of_mask(text: &str) -> Result<Self, RuleError> {
        let wrong = |why| wrong(text, why, "'shop.users.email=hash', '…=null' or '…=''nobody'''");
        let cut = text.find('=').ok_or_else(|| wrong("has no = before the mask"))?;
        let (of, mask) = text.split_at_checked(cut).unwrap_or_default();
        let mask = mask.strip_prefix('=').unwrap_or_default();
        let (pattern, column) = column_of(of).ok_or_else(|| wrong("is no column of a table"))?;
        let mask = Mask::parse(mask).ok_or_else(|| wrong("is masked by none of hash, null and a text in quotes"))?;
        Ok(Self {
            pattern,
            what: What::Mask(column, mask),
            said: format!("--mask {}", quoted(text)),
        })
    }
}

/// The table, and the column behind the last dot that is not in backquotes.
fn column_of(text: &str) -> Option<(Pattern, ColumnRef)> {
    let mut in_quotes = false;
    let dots = text.char_indices().filter(|(_, character)| {
        in_quotes ^= *character == '`';
        *character == '.' && !in_quotes
    });
    let (dot, _) = dots.last()?;
    let (table, column) = text.split_at_checked(dot)?;
    Some((Pattern::table(table).ok()?, grammar::column(column.strip_prefix('.')?)?))
}

fn wrong(text: &str, why: &'static str, hint: &str) -> RuleError {
    RuleError::Pattern {
        pattern: text.into(),
        why,
        hint: hint.into(),
    }
}

/// As in a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

impl Images {
    /// Adds a rule. A column to leave out or to mask may not be there (yet, or any more): then it is `false`.
    fn add(&mut self, rule: &Rule) -> Result<bool, String> {
        match &rule.what {
            What::Where(condition) => self.tests.push((condition.bind(&self.columns)?, rule.said.clone())),
            What::Drop(column) => {
                let Some(index) = self.columns.find_if_there(column)? else {
                    return Ok(false);
                };
                self.dropped.resize(self.columns.map.columns.len(), false);
                if let Some(dropped) = self.dropped.get_mut(index) {
                    *dropped = true;
                }
            }
            What::Mask(column, mask) => {
                let Some(index) = self.columns.find_if_there(column)? else {
                    return Ok(false);
                };
                // The first mask of a column counts.
                if !self.covers.iter().any(|(covered, _)| *covered == index) {
                    self.covers.push((index, mask.bind(&self.columns, index)?));
                }
            }
        }
        Ok(true)
    }

    /// The map by which the rows are read.
    pub(crate) fn known_map(&self) -> &Arc<TableMap> {
        &self.columns.map
    }

    /// The map, if it is another than before.
    pub(crate) fn new_map(&self) -> Option<&TableMap> {
        self.drops_columns().then_some(&*self.map)
    }

    fn drops_columns(&self) -> bool {
        !self.dropped.is_empty()
    }

    fn is_dropped(&self, column: usize) -> bool {
        self.dropped.get(column).copied().unwrap_or(false)
    }

    /// Whether kept rows get other images.
    fn changes_images(&self) -> bool {
        self.drops_columns() || !self.covers.is_empty()
    }
}

#[cfg(test)]
mod tests;
