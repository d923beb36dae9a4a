//! Definitions that are given, and from where on in the log they hold.

use std::cmp::Ordering;
use std::sync::Arc;

use binlog_parser::MAGIC_LEN;
use binlog_parser::event::Flavour;
use binlog_parser::gtid::TransactionGtid;

use super::coordinates::{Coordinates, order};
use super::current::Current;
use super::origin::{GivenBy, LogPlace, Origin};
use super::{Catalog, Definition, Entry, State, key};
use crate::TableName;

/// Definitions of tables that do not come from the log.
#[derive(Debug, Clone)]
pub struct Given {
    pub(super) by: GivenBy,
    pub(super) from: Coordinates,
    pub(super) tables: Vec<Arc<Definition>>,
    pub(super) not_followed: Vec<TableName>,
}

impl Given {
    /// The definitions of now of the server of this name (host and port, or socket): the schema and the answer to
    /// `SHOW CREATE TABLE` of each table, under a `sql_mode` without `ANSI_QUOTES` and `NO_BACKSLASH_ESCAPES`.
    #[must_use]
    pub fn by_server<'a>(name: &str, flavour: Flavour, tables: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let mut state = State::default();
        for (schema, sql) in tables {
            state.follow(sql, schema, flavour, 0);
        }
        Self::of(state, GivenBy::Server(name.into()), Coordinates::default())
    }

    /// What is known after the statements of a text.
    pub(super) fn of(state: State, by: GivenBy, from: Coordinates) -> Self {
        let (mut tables, mut not_followed) = (Vec::new(), Vec::new());
        for ((schema, table), entry) in state.tables {
            match entry {
                Entry::Known(known) => tables.push(Arc::new(Definition {
                    origin: Origin::Given(by.clone()),
                    ..Definition::clone(&known)
                })),
                Entry::Unknown => not_followed.push(TableName::new(schema, table)),
                Entry::Absent => {}
            }
        }
        tables.sort_by(|one, other| one.name.cmp(&other.name));
        not_followed.sort();
        Self {
            by,
            from,
            tables,
            not_followed,
        }
    }

    /// The tables that are defined.
    pub fn tables(&self) -> impl Iterator<Item = &TableName> {
        self.tables.iter().map(|table| &table.name)
    }

    /// Tables whose definition cannot be followed: system-versioned ones, those made by a SELECT.
    #[must_use]
    pub fn not_followed(&self) -> &[TableName] {
        &self.not_followed
    }
}

impl Catalog {
    /// Adds definitions, before the first event. Those of a text hold from its coordinates on, or from the start if it
    /// has none, and win over those of texts that were given before; those of a server are for what is not known
    /// otherwise.
    pub fn give(&mut self, given: Given) {
        let state = Arc::make_mut(&mut self.state);
        match &given.by {
            GivenBy::Server(_) => state.give_current(&given),
            GivenBy::File(_) if given.from == Coordinates::default() => state.begin(&given),
            GivenBy::File(_) => state.waiting.push(given),
        }
    }

    /// Whether definitions hold only from a place on that is not reached yet.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        !self.state.waiting.is_empty()
    }

    /// The next event begins at this place; format descriptions, which are always read, do not count. Returns whether definitions begin to hold here.
    pub fn reach(&mut self, at: &LogPlace) -> bool {
        let is_first = self.state.at == LogPlace::default();
        let state = Arc::make_mut(&mut self.state);
        state.at = at.clone();
        state.begin_those(|given| match given.from.log.as_ref().map(|log| order(at, log)) {
            Some(Some(Ordering::Less)) => false,
            Some(Some(order)) => {
                given.is_gap = is_first && order == Ordering::Greater && !given.is_of_start(at);
                true
            }
            Some(None) if given.from.gtids.is_none() => {
                given.is_elsewhere = true;
                true
            }
            Some(None) | None => false,
        })
    }

    /// The next transaction has this GTID, or none. Returns whether definitions begin to hold here.
    pub fn reach_transaction(&mut self, gtid: Option<&TransactionGtid>) -> bool {
        if !self.is_waiting() {
            return false;
        }
        let at = self.state.at.clone();
        let state = Arc::make_mut(&mut self.state);
        state.begin_those(|given| {
            let by_log = given.from.log.as_ref().is_some_and(|log| order(&at, log).is_some());
            let gtids = given.from.gtids.as_ref().filter(|_| !by_log);
            gtids.is_some_and(|gtids| gtid.is_none_or(|gtid| !gtids.contains(gtid)))
        })
    }

    /// What a reader should know of the given definitions, after the last event.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        let unreached = self.state.waiting.iter().map(|given| {
            let (by, from) = (&given.by, &given.from);
            format!("{by} holds from {from} on, which was not reached: it named nothing")
        });
        self.state.remarks.iter().cloned().chain(unreached).collect()
    }
}

impl State {
    /// What begins to hold does so now. Returns whether there is any.
    fn begin_those(&mut self, is_reached: impl Fn(&mut Beginning<'_>) -> bool) -> bool {
        let waiting = self.waiting.len();
        for given in std::mem::take(&mut self.waiting) {
            let mut beginning = Beginning::of(&given);
            if !is_reached(&mut beginning) {
                self.waiting.push(given);
                continue;
            }
            let remark = beginning.remark(&given, &self.at);
            self.remarks.extend(remark);
            self.begin(&given);
        }
        self.waiting.len() < waiting
    }

    /// Definitions hold from here on, of tables that DDL in the log does not define.
    fn begin(&mut self, given: &Given) {
        for table in &given.tables {
            let by_log = match self.entry(&table.name) {
                Some(Entry::Known(known)) => known.origin.given().is_none(),
                Some(Entry::Absent) => true,
                Some(Entry::Unknown) | None => false,
            };
            if !by_log {
                self.tables.insert(key(&table.name), Entry::Known(Arc::clone(table)));
            }
        }
    }

    fn give_current(&mut self, given: &Given) {
        let tables = given.tables.iter().map(|known| {
            let current = Current {
                table: Arc::clone(&known.table),
                by: given.by.clone(),
                used: None,
            };
            (known.name.clone(), current)
        });
        self.current.extend(tables);
    }
}

/// Definitions of which it is asked whether they begin to hold.
struct Beginning<'g> {
    from: &'g Coordinates,
    /// Reading began after the place that they are of.
    is_gap: bool,
    /// They are of another log.
    is_elsewhere: bool,
}

impl<'g> Beginning<'g> {
    fn of(given: &'g Given) -> Self {
        Self {
            from: &given.from,
            is_gap: false,
            is_elsewhere: false,
        }
    }

    /// Whether they are of the start of this log.
    fn is_of_start(&self, at: &LogPlace) -> bool {
        let log = self.from.log.as_ref();
        log.is_some_and(|log| log.file == at.file && log.position <= MAGIC_LEN)
    }

    fn remark(&self, given: &Given, at: &LogPlace) -> Option<String> {
        let (by, from) = (&given.by, &given.from);
        if self.is_gap {
            return Some(format!(
                "{by} is of {from}, and reading begins at {at}: changes of tables between these are not known"
            ));
        }
        self.is_elsewhere
            .then(|| format!("{by} is of {from}, which is none of these logs: it is taken to hold from {at} on"))
    }
}
