//! The table maps in force, and those that were decoded lately.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::error::FieldError;
use crate::event::TableMap;

/// Bodies that are remembered; servers number tables one after the other.
const SLOTS: usize = 64;
/// Longest body that is remembered.
const MAX_BODY: usize = 64 * 1024;

/// Table maps of the open statement, by their ids. Most statements change one table.
#[derive(Debug, Clone, Default)]
pub(super) struct OpenTables {
    first: Option<Arc<TableMap>>,
    more: BTreeMap<u64, Arc<TableMap>>,
}

impl OpenTables {
    pub(super) fn insert(&mut self, table: Arc<TableMap>) {
        match &mut self.first {
            Some(first) if first.table_id != table.table_id => {
                self.more.insert(table.table_id, table);
            }
            first => *first = Some(table),
        }
    }

    pub(super) fn get(&self, table_id: u64) -> Option<&Arc<TableMap>> {
        match &self.first {
            Some(first) if first.table_id == table_id => Some(first),
            _ => self.more.get(&table_id),
        }
    }

    pub(super) fn clear(&mut self) {
        self.first = None;
        if !self.more.is_empty() {
            self.more.clear();
        }
    }
}

/// Table maps by the bytes they were decoded from: a server writes the same ones over and over.
#[derive(Debug, Clone, Default)]
pub(super) struct SeenTables {
    slots: Vec<Option<Seen>>,
}

#[derive(Debug, Clone)]
struct Seen {
    body: Box<[u8]>,
    table: Arc<TableMap>,
}

impl SeenTables {
    /// The map of this body: one seen before, or the one that `decode` makes.
    pub(super) fn get_or_decode(
        &mut self,
        body: &[u8],
        decode: impl FnOnce() -> Result<TableMap, FieldError>,
    ) -> Result<Arc<TableMap>, FieldError> {
        // The low byte of the table's id.
        let slot = usize::from(body.first().copied().unwrap_or(0)) % SLOTS;
        if let Some(Some(seen)) = self.slots.get(slot)
            && *seen.body == *body
        {
            return Ok(Arc::clone(&seen.table));
        }
        let table = Arc::new(decode()?);
        if body.len() <= MAX_BODY {
            self.slots.resize(SLOTS, None);
            if let Some(slot) = self.slots.get_mut(slot) {
                let (body, table) = (body.into(), Arc::clone(&table));
                *slot = Some(Seen { body, table });
            }
        }
        Ok(table)
    }

    pub(super) fn clear(&mut self) {
        self.slots.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Flavour;

    fn map(body: &[u8]) -> Result<TableMap, FieldError> {
        TableMap::decode(body, 6, Flavour::MySql)
    }

    /// A table map is decoded once for its bytes; bytes that differ anywhere are another one.
    #[test]
    fn seen_bytes_are_not_decoded_again() {
        let mut seen = SeenTables::default();
        let body = [7, 0, 0, 0, 0, 0, 1, 0, 1, b'x', 0, 1, b't', 0, 1, 3, 0, 0];
        let first = seen.get_or_decode(&body, || map(&body)).unwrap();
        let again = seen.get_or_decode(&body, || panic!("decoded again")).unwrap();
        assert!(Arc::ptr_eq(&first, &again));
        for (at, table) in [(0, 7 + 64), (12, b'u'), (17, 1)] {
            let mut other = body;
            other[at] = table;
            let other = seen.get_or_decode(&other, || map(&other)).unwrap();
            assert_ne!(first, other, "{at}");
        }
        assert!(seen.get_or_decode(&[7], || map(&[7])).is_err());
    }

    #[test]
    fn open_tables() {
        let mut open = OpenTables::default();
        let body = |id: u8, name: u8| [id, 0, 0, 0, 0, 0, 1, 0, 1, b'x', 0, 1, name, 0, 1, 3, 0, 0];
        for (id, name) in [(7, b'a'), (8, b'b'), (9, b'c'), (8, b'd'), (7, b'e')] {
            open.insert(Arc::new(map(&body(id, name)).unwrap()));
        }
        let name = |id| open.get(id).map(|table| &*table.table);
        assert_eq!([7, 8, 9, 10].map(name), [Some("e"), Some("d"), Some("c"), None]);
        open.clear();
        assert!([7, 8, 9].iter().all(|id| open.get(*id).is_none()));
    }
}
