//! The table maps in force, and those that were decoded lately.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::error::FieldError;
use crate::event::TableMap;

/// Table maps that are remembered; servers number tables one after the other.
const SLOTS: usize = 64;
/// Longest body that is remembered.
const MAX_BODY: usize = 64 * 1024;

/// Table maps by their ids. A server writes the same ones over and over: one that was decoded from the same bytes is
/// opened again.
#[derive(Debug, Clone, Default)]
pub(super) struct Tables {
    slots: Vec<Option<Seen>>,
    /// What is open, and in no slot.
    more: BTreeMap<u64, Arc<TableMap>>,
    /// Number of the statement.
    statement: u64,
}

#[derive(Debug, Clone)]
struct Seen {
    body: Box<[u8]>,
    table: Arc<TableMap>,
    /// The last statement that opened it.
    statement: u64,
}

impl Tables {
    /// Opens the map of this body for the statement: one seen before, or the one that `decode` makes.
    pub(super) fn open(
        &mut self,
        body: &[u8],
        decode: impl FnOnce() -> Result<TableMap, FieldError>,
    ) -> Result<Arc<TableMap>, FieldError> {
        let statement = self.statement;
        // The low byte of the table's id.
        let slot = slot(body.first().copied().unwrap_or(0).into());
        if let Some(Some(seen)) = self.slots.get_mut(slot)
            && *seen.body == *body
        {
            seen.statement = statement;
            let table = Arc::clone(&seen.table);
            if !self.more.is_empty() {
                self.more.remove(&table.table_id);
            }
            return Ok(table);
        }
        let table = Arc::new(decode()?);
        self.insert(slot, body, Arc::clone(&table));
        Ok(table)
    }

    #[inline]
    pub(super) fn get(&self, table_id: u64) -> Option<&Arc<TableMap>> {
        match self.slots.get(slot(table_id)) {
            Some(Some(seen)) if seen.table.table_id == table_id && seen.statement == self.statement => {
                Some(&seen.table)
            }
            _ => self.more.get(&table_id),
        }
    }

    /// The statement ends: none is open.
    pub(super) fn close(&mut self) {
        self.statement += 1;
        if !self.more.is_empty() {
            self.more.clear();
        }
    }

    /// The last map of an id counts. One that leaves its slot to another id stays open.
    fn insert(&mut self, slot: usize, body: &[u8], table: Arc<TableMap>) {
        self.more.remove(&table.table_id);
        self.slots.resize(SLOTS, None);
        let Some(place) = self.slots.get_mut(slot) else { return };
        let is_open = |seen: &Seen| seen.statement == self.statement && seen.table.table_id != table.table_id;
        if let Some(left) = place.take().filter(is_open) {
            self.more.insert(left.table.table_id, left.table);
        }
        if body.len() > MAX_BODY {
            self.more.insert(table.table_id, table);
            return;
        }
        *place = Some(Seen {
            body: body.into(),
            table,
            statement: self.statement,
        });
    }
}

fn slot(table_id: u64) -> usize {
    (table_id % SLOTS as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Flavour;

    fn body(id: u8, name: u8) -> [u8; 18] {
        [id, 0, 0, 0, 0, 0, 1, 0, 1, b'x', 0, 1, name, 0, 1, 3, 0, 0]
    }

    fn map(body: &[u8]) -> Result<TableMap, FieldError> {
        TableMap::decode(body, 6, Flavour::MySql)
    }

    fn open(tables: &mut Tables, body: &[u8]) -> Arc<TableMap> {
        tables.open(body, || map(body)).unwrap()
    }

    /// A table map is decoded once for its bytes; bytes that differ anywhere are another one.
    #[test]
    fn seen_bytes_are_not_decoded_again() {
        let mut tables = Tables::default();
        let body = body(7, b't');
        let first = open(&mut tables, &body);
        tables.close();
        let again = tables.open(&body, || panic!("decoded again")).unwrap();
        assert!(Arc::ptr_eq(&first, &again));
        for (at, byte) in [(0, 7 + 64), (12, b'u'), (17, 1)] {
            let mut other = body;
            other[at] = byte;
            assert_ne!(first, open(&mut tables, &other), "{at}");
        }
        assert!(tables.open(&[7], || map(&[7])).is_err());
    }

    /// The ids 7 and 71 have the same slot.
    #[test]
    fn the_last_map_of_an_id_is_open_up_to_the_statements_end() {
        let mut tables = Tables::default();
        let maps = [
            (7, b'a'),
            (8, b'b'),
            (71, b'c'),
            (8, b'd'),
            (7, b'e'),
            (71, b'f'),
            (7, b'e'),
        ];
        for (id, name) in maps {
            open(&mut tables, &body(id, name));
        }
        let name = |tables: &Tables, id| tables.get(id).map(|table| table.table.to_string());
        let names = [7, 8, 71, 9].map(|id| name(&tables, id));
        assert_eq!(names, [Some("e".into()), Some("d".into()), Some("f".into()), None]);
        tables.close();
        assert!([7, 8, 71].iter().all(|id| tables.get(*id).is_none()));
        open(&mut tables, &body(7, b'e'));
        assert_eq!(name(&tables, 7), Some("e".into()));
        assert_eq!(name(&tables, 71), None);
    }

    #[test]
    fn a_long_body_is_open_and_not_remembered() {
        let mut tables = Tables::default();
        let long = [&body(9, b't')[..], &vec![0; MAX_BODY]].concat();
        let mut decoded = 0;
        for _ in 0..2 {
            let decode = || {
                decoded += 1;
                map(&body(9, b't'))
            };
            tables.open(&long, decode).unwrap();
            assert!(tables.get(9).is_some());
            tables.close();
            assert!(tables.get(9).is_none());
        }
        assert_eq!(decoded, 2);
    }
}
