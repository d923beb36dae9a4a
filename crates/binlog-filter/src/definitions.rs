//! What tables look like where the filter stands, for rules that name columns.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use binlog_parser::event::TableMap;
use binlog_parser::{Chunk, EventType, FieldError, HEADER_LEN, Query, RawEvent};
use binlog_schema::catalog::may_define;
use binlog_schema::{Catalog, Ddl, LogPlace};

use crate::error::{At, FilterError};
use crate::images::{ImageRules, Images};
use crate::rewrite::AnyGtid;

/// Table maps of which is remembered what becomes of their rows.
const MOST: usize = 10_000;

/// Follows definitions in the order of the log, and applies rules to them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Definitions {
    catalog: Catalog,
    /// By the body of the table map behind the table id.
    known: HashMap<Box<[u8]>, Arc<Images>>,
    /// Rules that were applied, and whether they ever had their column.
    rules: BTreeMap<String, bool>,
    /// Of the open statement by table id, the last one last.
    open: Vec<(u64, Arc<Images>)>,
}

impl Definitions {
    pub(crate) fn new(catalog: Catalog) -> Self {
        Self {
            catalog,
            ..Self::default()
        }
    }

    /// Learns what the next event says of tables.
    pub(crate) fn learn(&mut self, chunk: &Chunk, raw: &RawEvent<'_>) -> Result<(), FilterError> {
        let place = LogPlace::new(&chunk.file, raw.offset);
        let at = |error| FilterError::from(chunk.place(raw.error(HEADER_LEN, error)));
        if self.catalog.is_waiting() && has_place(raw) && self.catalog.reach(&place) {
            self.known.clear();
        }
        match raw.header.event_type {
            EventType::QUERY => {
                let query = Query::decode(raw.body()).map_err(at)?;
                self.follow(chunk, raw, &query, place)
            }
            EventType::GTID | EventType::GTID_TAGGED | EventType::MARIADB_GTID if self.catalog.is_waiting() => {
                let gtid = AnyGtid::decode(raw).map_err(at)?.gtid();
                if self.catalog.reach_transaction(gtid.as_ref()) {
                    self.known.clear();
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn follow(
        &mut self,
        chunk: &Chunk,
        raw: &RawEvent<'_>,
        query: &Query<'_>,
        place: LogPlace,
    ) -> Result<(), FilterError> {
        if !query.takes_effect() || !may_define(query.sql) {
            return Ok(());
        }
        self.known.clear();
        let ddl = Ddl {
            sql: query.sql,
            default_schema: &String::from_utf8_lossy(query.schema),
            flavour: chunk.format.flavour(),
            sql_mode: query.status.sql_mode.unwrap_or_default(),
            at: place,
        };
        let at = At::of(chunk, raw);
        let applied = self.catalog.apply(&ddl);
        applied.map_err(|error| FilterError::Definition { at, error })
    }

    /// Opens the table of this map, about which there are rules.
    pub(crate) fn open(
        &mut self,
        rules: &ImageRules,
        chunk: &Chunk,
        raw: &RawEvent<'_>,
        (id, id_len): (u64, usize),
    ) -> Result<Arc<Images>, FilterError> {
        let body = raw.body().get(id_len..).unwrap_or_default();
        let images = match self.known.get(body) {
            Some(images) => Arc::clone(images),
            None => self.bind(rules, chunk, raw, id_len)?,
        };
        self.open.push((id, Arc::clone(&images)));
        Ok(images)
    }

    fn bind(
        &mut self,
        rules: &ImageRules,
        chunk: &Chunk,
        raw: &RawEvent<'_>,
        id_len: usize,
    ) -> Result<Arc<Images>, FilterError> {
        let place = |error: FieldError| FilterError::from(chunk.place(raw.error(HEADER_LEN, error)));
        let flavour = chunk.format.flavour();
        let map = TableMap::decode(raw.body(), id_len, flavour).map_err(place)?;
        let stands = LogPlace::new(&chunk.file, raw.offset);
        if let Err(error) = self.catalog.meet(&map, &stands) {
            let at = At::of(chunk, raw);
            return Err(FilterError::Definition { at, error });
        }
        let bound = rules.bind(map, flavour, &self.catalog).map_err(place)?;
        let images = bound.map_err(|misfit| misfit.at(At::of(chunk, raw)))?;
        if self.known.len() >= MOST {
            self.known.clear();
        }
        for (rule, applies) in &images.rules {
            *self.rules.entry(rule.clone()).or_default() |= applies;
        }
        let images = Arc::new(images);
        let body = raw.body().get(id_len..).unwrap_or_default();
        self.known.insert(body.into(), Arc::clone(&images));
        Ok(images)
    }

    /// Rules of which no row had the column.
    pub(crate) fn without_column(&self) -> impl Iterator<Item = &str> {
        let rules = self.rules.iter().filter(|(_, applies)| !**applies);
        rules.map(|(rule, _)| rule.as_str())
    }

    /// What becomes of the rows of a table that the open statement named.
    pub(crate) fn get(&self, id: u64) -> Option<&Arc<Images>> {
        self.open
            .iter()
            .rev()
            .find(|(open, _)| *open == id)
            .map(|(_, images)| images)
    }

    /// The statement ends.
    pub(crate) fn close(&mut self) {
        self.open.clear();
    }
}

/// Whether the event stands in the log where it says, among those that are read.
fn has_place(raw: &RawEvent<'_>) -> bool {
    !raw.header.is_artificial() && raw.header.event_type != EventType::FORMAT_DESCRIPTION
}
