//! What tables look like, from the DDL seen in the log so far, and from definitions that were given.
//!
//! What a row's columns are called follows, in this order, from the table map of the row, DDL in the log before it, a
//! given SQL text ([`SchemaScript`]), and a server's definitions of now. [`Catalog::meet`] says which one it was.

mod alter;
mod columns;
mod coordinates;
mod create;
mod current;
mod definition;
mod error;
mod follow;
mod given;
mod origin;
mod script;
mod types;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use binlog_parser::TableMap;
use binlog_parser::event::Flavour;

use crate::TableName;
use current::Current;
pub use definition::{ColumnDefinition, ColumnNames, TableDefinition};
pub use error::DefinitionError;
pub use follow::may_define;
pub use given::Given;
pub use origin::{GivenBy, LogPlace, Origin};
pub use script::{SchemaScript, ScriptError};
pub use types::character_bytes;

/// The tables known so far. Cloning is cheap, and the clone does not see later changes.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    state: Arc<State>,
}

/// What becomes of rows whose table map contradicts their table's definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnMismatch {
    /// They are an error.
    #[default]
    Stop,
    /// Their columns have no names.
    Unnamed,
}

#[derive(Debug, Clone, Default)]
struct State {
    /// By schema and table in lower case: names that differ by case alone may be the same table.
    tables: HashMap<(String, String), Entry>,
    /// Schemas, in lower case, that were made or dropped in the log: what is not in `tables` is not there.
    seen_empty: HashSet<String>,
    /// Definitions that hold from a place on that is not reached yet.
    waiting: Vec<Given>,
    /// A server's definitions of now, for tables of which nothing else is known.
    current: BTreeMap<TableName, Current>,
    /// Where the last statement stands.
    at: LogPlace,
    /// What the last statement makes wrong that was said before it.
    wrong: Option<Box<DefinitionError>>,
    on_mismatch: OnMismatch,
    /// What a reader should know of the given definitions.
    remarks: Vec<String>,
}

#[derive(Debug, Clone)]
enum Entry {
    Known(Arc<Definition>),
    Absent,
    Unknown,
}

#[derive(Debug, Clone)]
struct Definition {
    name: TableName,
    table: Arc<TableDefinition>,
    origin: Origin,
}

/// A statement, and where it stands.
#[derive(Debug, Clone)]
pub struct Ddl<'a> {
    /// Its text.
    pub sql: &'a [u8],
    /// Schema of names without one; empty where there is none.
    pub default_schema: &'a str,
    /// Whose statement it is.
    pub flavour: Flavour,
    /// Bits of its `sql_mode`, as in the log.
    pub sql_mode: u64,
    /// Where its event begins.
    pub at: LogPlace,
}

impl Catalog {
    /// A catalogue that knows no table yet.
    #[must_use]
    pub fn new(on_mismatch: OnMismatch) -> Self {
        let state = State {
            on_mismatch,
            ..State::default()
        };
        Self { state: Arc::new(state) }
    }

    /// Follows a statement. What cannot be followed makes its tables unknown, never wrong.
    ///
    /// # Errors
    /// The statement changes a table of which rows were named by a server's definition of now.
    pub fn apply(&mut self, ddl: &Ddl<'_>) -> Result<(), Box<DefinitionError>> {
        if !follow::may_define(ddl.sql) {
            return Ok(());
        }
        let state = Arc::make_mut(&mut self.state);
        state.at = ddl.at.clone();
        state.follow(ddl.sql, ddl.default_schema, ddl.flavour, ddl.sql_mode);
        state.wrong.take().map_or(Ok(()), Err)
    }

    /// Says whose definition names the columns of rows with this table map, which stand `at` this place.
    ///
    /// # Errors
    /// Number or types of the map's columns are not those of the definition. With [`OnMismatch::Unnamed`] the columns
    /// are unknown instead.
    pub fn meet(&mut self, map: &TableMap, at: &LogPlace) -> Result<Origin, Box<DefinitionError>> {
        if is_named(map) {
            self.use_for_named(map, at);
            return Ok(Origin::TableMap);
        }
        let Some((table, origin)) = self.find(map) else {
            return Ok(Origin::Unknown);
        };
        match (mismatch(map, table, &origin), self.state.on_mismatch) {
            (Some(error), OnMismatch::Stop) => return Err(error),
            (Some(_), OnMismatch::Unnamed) => return Ok(Origin::Unknown),
            (None, _) => {}
        }
        if matches!(origin, Origin::Given(GivenBy::Server(_))) {
            self.use_current(map, at);
        }
        Ok(origin)
    }

    /// Of a map with names a definition tells which columns are generated.
    fn use_for_named(&mut self, map: &TableMap, at: &LogPlace) {
        let is_used = |(table, origin): (Arc<TableDefinition>, Origin)| {
            let generates = table.columns.iter().any(|column| column.generated);
            generates && matches!(origin, Origin::Given(GivenBy::Server(_)))
        };
        if self.agreeing(map).is_some_and(is_used) {
            self.use_current(map, at);
        }
    }

    /// The table of a table map, if it is known and agrees with the map in number, types and names of the columns.
    #[must_use]
    pub fn columns(&self, map: &TableMap) -> Option<Arc<TableDefinition>> {
        self.agreeing(map).map(|(table, _)| table)
    }

    /// The table map with what only the definition tells of how its rows are stored: the fraction digits of MariaDB 5.3's
    /// temporal types.
    #[must_use]
    pub fn complete(&self, map: &Arc<TableMap>) -> Arc<TableMap> {
        let completed = self.columns(map).and_then(|table| {
            let digits = |index: usize| table.columns.get(index)?.length?.try_into().ok();
            map.with_fractions(|index| digits(index).unwrap_or(0))
        });
        completed.map_or_else(|| Arc::clone(map), Arc::new)
    }

    fn agreeing(&self, map: &TableMap) -> Option<(Arc<TableDefinition>, Origin)> {
        let (table, origin) = self.find(map)?;
        let names = map.columns.iter().zip(&table.columns);
        let mut pairs = names.filter_map(|(theirs, ours)| theirs.name.as_deref().zip(Some(&*ours.name)));
        if pairs.any(|(theirs, ours)| theirs != ours) || mismatch(map, table, &origin).is_some() {
            return None;
        }
        Some((with_hidden(table, map.columns.len()), origin))
    }

    fn find(&self, map: &TableMap) -> Option<(&Arc<TableDefinition>, Origin)> {
        let name = TableName::new(&*map.schema, &*map.table);
        match self.state.entry(&name) {
            Some(Entry::Known(known)) if known.name == name => Some((&known.table, known.origin.clone())),
            Some(Entry::Known(_) | Entry::Absent) => None,
            Some(Entry::Unknown) | None => {
                let current = self.state.current_of(&name)?;
                Some((&current.table, Origin::Given(current.by.clone())))
            }
        }
    }
}

/// Whether the table map names its columns.
fn is_named(map: &TableMap) -> bool {
    map.columns.iter().all(|column| column.name.is_some())
}

/// The definition, and behind it the columns that the server added and that only the table map tells.
fn with_hidden(table: &Arc<TableDefinition>, columns: usize) -> Arc<TableDefinition> {
    let known = table.columns.len();
    if columns <= known {
        return Arc::clone(table);
    }
    let hidden = |index| ColumnDefinition {
        name: format!("@{}", index + 1),
        generated: true,
        ..ColumnDefinition::default()
    };
    let mut table = TableDefinition::clone(table);
    table.columns.extend((known..columns).map(hidden));
    Arc::new(table)
}

/// What of the table map contradicts the definition.
fn mismatch(map: &TableMap, table: &TableDefinition, origin: &Origin) -> Option<Box<DefinitionError>> {
    let error = |what, log, definition| {
        Some(Box::new(DefinitionError::Mismatch {
            table: TableName::new(&*map.schema, &*map.table),
            what,
            log,
            definition,
            origin: origin.clone(),
        }))
    };
    let (theirs, ours) = (map.columns.len(), table.columns.len());
    if !(ours..=ours + table.hidden).contains(&theirs) {
        return error(String::new(), format!("{theirs} columns"), ours.to_string());
    }
    let mut columns = table.columns.iter().zip(&map.columns).enumerate();
    let (index, (ours, theirs)) = columns.find(|(_, (ours, theirs))| !types::agree(ours, theirs))?;
    let what = format!("column {} `{}`: ", index + 1, ours.name);
    error(what, types::show(theirs), ours.to_string())
}

fn key(name: &TableName) -> (String, String) {
    (name.schema.to_lowercase(), name.table.to_lowercase())
}

/// Names of the columns: the table map's own, or else the catalogue's.
#[must_use]
pub fn column_names(map: &TableMap, catalog: &Catalog) -> ColumnNames {
    if is_named(map) {
        let names = map.columns.iter().filter_map(|column| column.name.as_deref());
        return ColumnNames {
            names: names.map(Arc::from).collect(),
            origin: Origin::TableMap,
        };
    }
    let (table, origin) = catalog.agreeing(map).unzip();
    let columns = table.iter().flat_map(|table| &table.columns);
    ColumnNames {
        names: columns.map(|column| Arc::from(column.name.as_str())).collect(),
        origin: origin.unwrap_or(Origin::Unknown),
    }
}

#[cfg(test)]
mod tests;
