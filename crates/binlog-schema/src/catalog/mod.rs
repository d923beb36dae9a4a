//! What tables look like, from the DDL seen in the log so far.

mod alter;
mod columns;
mod create;
mod definition;
mod follow;
mod types;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use binlog_parser::TableMap;
use binlog_parser::event::Flavour;

use crate::TableName;
pub use definition::{ColumnDefinition, ColumnNames, NameOrigin, TableDefinition};

/// The tables known so far. Cloning is cheap, and the clone does not see later changes.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    state: Arc<State>,
}

#[derive(Debug, Clone, Default)]
struct State {
    /// By schema and table in lower case: names that differ by case alone may be the same table.
    tables: HashMap<(String, String), Entry>,
    /// Schemas, in lower case, that were made or dropped in the log: what is not in `tables` is not there.
    seen_empty: HashSet<String>,
}

#[derive(Debug, Clone)]
enum Entry {
    Known(TableName, Arc<TableDefinition>),
    Absent,
    Unknown,
}

impl Catalog {
    /// Follows a statement. What cannot be followed makes its tables unknown, never wrong.
    ///
    /// The statement's text is read as under a `sql_mode` of 0; see [`Self::apply_in_mode`].
    pub fn apply(&mut self, sql: &[u8], default_schema: &str, flavour: Flavour) {
        self.apply_in_mode(sql, default_schema, flavour, 0);
    }

    /// As [`Self::apply`], for a statement that ran under this `sql_mode` (bits as in the log).
    pub fn apply_in_mode(&mut self, sql: &[u8], default_schema: &str, flavour: Flavour, sql_mode: u64) {
        if follow::may_define(sql) {
            Arc::make_mut(&mut self.state).follow(sql, default_schema, flavour, sql_mode);
        }
    }

    /// The table of a table map, if it is known and its columns agree with the map in number and type.
    #[must_use]
    pub fn columns(&self, map: &TableMap) -> Option<Arc<TableDefinition>> {
        let name = TableName::new(&*map.schema, &*map.table);
        let Entry::Known(known, table) = self.state.tables.get(&key(&name))? else {
            return None;
        };
        let agree = *known == name
            && table.columns.len() == map.columns.len()
            && table
                .columns
                .iter()
                .zip(&map.columns)
                .all(|(ours, theirs)| types::agree(&ours.data_type, theirs.column_type));
        agree.then(|| Arc::clone(table))
    }
}

fn key(name: &TableName) -> (String, String) {
    (name.schema.to_lowercase(), name.table.to_lowercase())
}

/// Names of the columns: the table map's own, or else the catalogue's.
#[must_use]
pub fn column_names(map: &TableMap, catalog: &Catalog) -> ColumnNames {
    if let Some(names) = map
        .columns
        .iter()
        .map(|column| column.name.as_deref().map(Arc::from))
        .collect()
    {
        return ColumnNames {
            names,
            origin: NameOrigin::TableMap,
        };
    }
    match catalog.columns(map) {
        Some(table) => ColumnNames {
            names: table
                .columns
                .iter()
                .map(|column| Arc::from(column.name.as_str()))
                .collect(),
            origin: NameOrigin::Ddl,
        },
        None => ColumnNames {
            names: Vec::new(),
            origin: NameOrigin::Unknown,
        },
    }
}

#[cfg(test)]
mod tests;
