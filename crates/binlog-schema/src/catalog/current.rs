//! A server's definitions of now: right for a row if its table does not change after it.

use std::sync::Arc;

use binlog_parser::TableMap;

use super::error::DefinitionError;
use super::origin::{GivenBy, LogPlace};
use super::{Catalog, State, TableDefinition};
use crate::TableName;

/// A table as a server has it now.
#[derive(Debug, Clone)]
pub(super) struct Current {
    pub(super) table: Arc<TableDefinition>,
    pub(super) by: GivenBy,
    /// The first rows that it named.
    pub(super) used: Option<LogPlace>,
}

impl Catalog {
    /// From here on the table must not change.
    pub(super) fn use_current(&mut self, map: &TableMap, at: &LogPlace) {
        let name = TableName::new(&*map.schema, &*map.table);
        if self.state.is_named_by_server(&name) {
            return;
        }
        if let Some(current) = Arc::make_mut(&mut self.state).current.get_mut(&name) {
            current.used = Some(at.clone());
        }
    }
}

impl State {
    pub(super) fn current_of(&self, name: &TableName) -> Option<&Current> {
        self.current.get(name)
    }

    /// Whether rows of the table were named by a server's definition.
    pub(super) fn is_named_by_server(&self, name: &TableName) -> bool {
        self.current_of(name).is_some_and(|current| current.used.is_some())
    }

    /// These tables change: what was said of them by a server's definition is wrong.
    pub(super) fn change_server_tables(&mut self, is_changed: impl Fn(&TableName) -> bool) {
        let used = |(table, current): (&TableName, &Current)| {
            Some(Box::new(DefinitionError::ChangedLater {
                table: table.clone(),
                by: current.by.clone(),
                used: current.used.clone()?,
            }))
        };
        let changed = self.current.iter().filter(|(name, _)| is_changed(name));
        let wrong = changed.filter_map(used).next();
        self.wrong = self.wrong.take().or(wrong);
    }
}
