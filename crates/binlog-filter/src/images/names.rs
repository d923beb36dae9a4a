//! The columns of a table, as rules call them.

use std::sync::Arc;

use binlog_parser::event::{Column, TableMap};
use binlog_schema::catalog::column_names;
use binlog_schema::{Catalog, TableDefinition};

use super::charset::Charset;
use super::datum::Class;
use super::grammar::ColumnRef;

/// A table map with what else is known of its columns.
#[derive(Debug)]
pub(super) struct Columns {
    /// Signs and members are filled in where the log does not tell them.
    pub(super) map: Arc<TableMap>,
    /// Empty where they are not known.
    names: Vec<Arc<str>>,
    classes: Vec<Class>,
}

impl Columns {
    pub(super) fn of(map: TableMap, catalog: &Catalog) -> Self {
        let map = Arc::new(map);
        let names = column_names(&map, catalog).names;
        let definition = catalog.columns(&map);
        let mut completed = TableMap::clone(&catalog.complete(&map));
        if let Some(definition) = &definition {
            complete(&mut completed, definition);
        }
        let columns = completed.columns.iter().enumerate();
        let classes = columns.map(|(index, column)| Class::of(column, charset(index, column, definition.as_deref())));
        Self {
            classes: classes.collect(),
            map: Arc::new(completed),
            names,
        }
    }

    /// Where the column stands; `None` if names are known and none is this one.
    pub(super) fn find_if_there(&self, column: &ColumnRef) -> Result<Option<usize>, String> {
        match (column, self.names.is_empty()) {
            (ColumnRef::Name(_), false) => Ok(self.find(column).ok()),
            _ => self.find(column).map(Some),
        }
    }

    /// Where the column stands. The error is what is wrong.
    pub(super) fn find(&self, column: &ColumnRef) -> Result<usize, String> {
        let count = self.map.columns.len();
        match column {
            ColumnRef::Number(index) if *index < count => Ok(*index),
            ColumnRef::Number(index) => Err(format!("there is no column @{}: it has {count}", index + 1)),
            ColumnRef::Name(name) if self.names.is_empty() => Err(format!(
                "the log does not tell which column is `{name}`: write its number, as @1, or give the definition by --schema"
            )),
            ColumnRef::Name(name) => {
                let is_meant = |known: &Arc<str>| known.to_lowercase() == name.to_lowercase();
                let place = self.names.iter().position(is_meant);
                place.ok_or_else(|| format!("there is no column `{name}`, but {}", self.names.join(", ")))
            }
        }
    }

    /// The map with the names of its columns, as far as they are known.
    pub(super) fn named(&self) -> TableMap {
        let names: Vec<&str> = self.names.iter().map(|name| &**name).collect();
        self.map.with_names(&names)
    }

    pub(super) fn name(&self, index: usize) -> String {
        match self.names.get(index) {
            Some(name) => format!("`{name}`"),
            None => format!("@{}", index + 1),
        }
    }

    pub(super) fn class(&self, index: usize) -> Class {
        self.classes.get(index).copied().unwrap_or(Class::Nothing)
    }

    pub(super) fn column(&self, index: usize) -> Option<&Column> {
        self.map.columns.get(index)
    }
}

/// What the definition tells and the log does not.
fn complete(map: &mut TableMap, definition: &TableDefinition) {
    for (column, defined) in map.columns.iter_mut().zip(&definition.columns) {
        column.unsigned = column.unsigned.or(Some(defined.unsigned));
        if column.members.is_empty() {
            let members = defined.members.iter();
            column.members = members.map(|member| member.as_bytes().into()).collect();
        }
    }
}

fn charset(index: usize, column: &Column, definition: Option<&TableDefinition>) -> Charset {
    let by_definition = || {
        let defined = definition?.columns.get(index)?;
        defined.charset_name().map(Charset::of_name)
    };
    let told = column.collation.map(Charset::of_collation);
    told.or_else(by_definition).unwrap_or(Charset::UNKNOWN)
}
