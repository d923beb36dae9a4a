//! What is made once for a table.

use std::collections::HashMap;
use std::sync::Arc;

use binlog_parser::TableMap;

/// What was made for each table map, while the same definitions hold. The decoder gives one table map for as long as it
/// says the same.
#[derive(Debug)]
pub(crate) struct PerTable<T> {
    /// By the map's place in memory, which it keeps: the map is held.
    made: HashMap<usize, (Arc<TableMap>, Arc<T>)>,
}

impl<T> Clone for PerTable<T> {
    fn clone(&self) -> Self {
        let made = self.made.clone();
        Self { made }
    }
}

impl<T> Default for PerTable<T> {
    fn default() -> Self {
        let made = HashMap::new();
        Self { made }
    }
}

impl<T> PerTable<T> {
    /// Other definitions hold from here on, or other table maps come.
    pub(crate) fn clear(&mut self) {
        self.made.clear();
    }

    pub(crate) fn find(&self, map: &Arc<TableMap>) -> Option<Arc<T>> {
        let (_, made) = self.made.get(&Arc::as_ptr(map).addr())?;
        Some(Arc::clone(made))
    }

    pub(crate) fn get(&mut self, map: &Arc<TableMap>, make: impl FnOnce() -> T) -> Arc<T> {
        let place = Arc::as_ptr(map).addr();
        let made = self.made.entry(place);
        let (_, made) = made.or_insert_with(|| (Arc::clone(map), Arc::new(make())));
        Arc::clone(made)
    }
}
