//! What the rules say of the tables that a stream names.

use std::collections::HashMap;

use binlog_schema::TableName;

use crate::event::Verdict;

/// Tables whose verdicts are remembered.
const MOST: usize = 10_000;
/// Servers number tables one after the other.
const SLOTS: usize = 64;

/// A table, and what becomes of its rows.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) name: TableName,
    pub(crate) verdict: Verdict,
    /// Whether rules choose or change its rows.
    pub(crate) has_images: bool,
    /// The name that it gets, if it is kept.
    pub(crate) new_name: Option<TableName>,
}

/// The tables of the open statement, and what was judged before: a stream names the same tables over and over.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tables {
    known: Vec<Known>,
    /// Where in `known` a table stands, by the bytes that name it in table maps.
    places: HashMap<Box<[u8]>, usize>,
    /// The last table of each slot: what `places` says of it.
    slots: Vec<Option<(Box<[u8]>, usize)>>,
    /// Of the open statement by their ids, the last one last.
    open: Vec<(u64, usize)>,
}

impl Tables {
    /// Opens the table that these bytes of a table map name.
    pub(crate) fn open<E>(&mut self, id: u64, name: &[u8], judge: impl FnOnce() -> Result<Known, E>) -> Result<(), E> {
        let slot = (id % SLOTS as u64) as usize;
        let place = match self.slots.get(slot) {
            Some(Some((last, place))) if **last == *name => *place,
            _ => self.find(slot, name, judge)?,
        };
        self.open.push((id, place));
        Ok(())
    }

    #[cold]
    fn find<E>(&mut self, slot: usize, name: &[u8], judge: impl FnOnce() -> Result<Known, E>) -> Result<usize, E> {
        let place = match self.places.get(name) {
            Some(place) => *place,
            None => self.learn(name, judge()?),
        };
        self.slots.resize(SLOTS, None);
        if let Some(slot) = self.slots.get_mut(slot) {
            *slot = Some((name.into(), place));
        }
        Ok(place)
    }

    fn learn(&mut self, name: &[u8], known: Known) -> usize {
        if self.known.len() >= MOST && self.open.is_empty() {
            self.known.clear();
            self.places.clear();
            self.slots.clear();
        }
        self.known.push(known);
        let place = self.known.len() - 1;
        self.places.insert(name.into(), place);
        place
    }

    pub(crate) fn get(&self, id: u64) -> Option<&Known> {
        let (_, place) = self.open.iter().rev().find(|(open, _)| *open == id)?;
        self.known.get(*place)
    }

    /// The statement ends.
    pub(crate) fn close(&mut self) {
        self.open.clear();
    }
}
