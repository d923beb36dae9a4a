//! A stream in shares: one for each table, and one for what belongs to no table.

use std::collections::{BTreeMap, BTreeSet};

use binlog_parser::event::ExecuteLoadQuery;
use binlog_parser::{Chunk, EventType, FormatDescription, HEADER_LEN, Query};
use binlog_schema::statement::touched_in_mode;
use binlog_schema::{Object, TableName};

use crate::error::FilterError;
use crate::event::{Role, table_map, table_name};
use crate::filter::Filter;
use crate::rules::RuleSet;

/// A part of a stream.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Share {
    /// Rows of this table, and statements that write it. A statement that writes several tables is in the share of each.
    Table(TableName),
    /// Statements that write no table, and what cannot be told.
    Rest,
}

/// Takes chunks apart into shares. Each share is a stream by itself: of whole transactions, in the order of the log, as
/// far as they have something for it. All content is in at least one share.
#[derive(Debug, Default)]
pub struct Split {
    filters: BTreeMap<Share, Filter>,
    /// Of the transaction that the last chunk left open: its first chunk, and the shares that have seen it.
    begun: Option<(Chunk, BTreeSet<Share>)>,
}

impl Share {
    /// Whether the share has what a statement does to this object.
    pub(crate) fn has(&self, object: &Object) -> bool {
        match self {
            Self::Table(table) => object.table() == Some(table),
            Self::Rest => object.table().is_none(),
        }
    }

    pub(crate) fn has_table(&self, schema: &str, table: &str) -> bool {
        matches!(self, Self::Table(name) if name.schema == schema && name.table == table)
    }
}

impl Split {
    /// The shares that have something of the chunk.
    ///
    /// # Errors
    /// An event cannot be read.
    pub fn apply(&mut self, chunk: &Chunk) -> Result<Vec<(Share, Chunk)>, FilterError> {
        let begun = self.begun.take().filter(|_| chunk.continues);
        let mut shares = met(chunk)?;
        shares.insert(Share::Rest);
        shares.extend(begun.iter().flat_map(|(_, seen)| seen.iter().cloned()));
        let mut out = Vec::new();
        for share in &shares {
            let new = || Filter::new(RuleSet::of_share(share.clone()));
            let filter = self.filters.entry(share.clone()).or_insert_with(new);
            let unseen = begun.as_ref().filter(|(_, seen)| !seen.contains(share));
            for part in unseen.map(|(first, _)| first).into_iter().chain([chunk]) {
                let kept = filter.apply(part.clone())?;
                if has_content(&kept)? {
                    out.push((share.clone(), kept));
                }
            }
        }
        if chunk.unfinished {
            let first = begun.map_or_else(|| chunk.clone(), |(first, _)| first);
            self.begun = Some((first, shares));
        }
        Ok(out)
    }
}

/// The tables of a chunk's events.
fn met(chunk: &Chunk) -> Result<BTreeSet<Share>, FilterError> {
    let mut met = BTreeSet::new();
    let mut format = FormatDescription::clone(&chunk.format);
    for raw in chunk.events() {
        let raw = raw?;
        let place = |error| FilterError::from(chunk.place(raw.error(HEADER_LEN, error)));
        match Role::of(&raw) {
            Role::Outside if raw.header.event_type == EventType::FORMAT_DESCRIPTION => {
                format = FormatDescription::decode(raw.body()).map_err(place)?;
            }
            Role::TableMap => {
                let id_len = format.table_id_len(raw.header.event_type);
                let (_, names) = table_map(raw.body(), id_len).map_err(place)?;
                met.insert(Share::Table(table_name(names).map_err(place)?));
            }
            Role::Statement => met.extend(written(&Query::decode(raw.body()).map_err(place)?, &format)),
            Role::Load => {
                let load = ExecuteLoadQuery::decode(raw.body()).map_err(place)?;
                met.extend(written(&load.query, &format));
            }
            _ => {}
        }
    }
    Ok(met)
}

/// The tables of a statement. What cannot be told is in no table's share.
fn written(query: &Query<'_>, format: &FormatDescription) -> BTreeSet<Share> {
    let schema = String::from_utf8_lossy(query.schema);
    let sql_mode = query.status.sql_mode.unwrap_or_default();
    let Ok(touched) = touched_in_mode(query.sql, &schema, format.flavour(), sql_mode) else {
        return BTreeSet::new();
    };
    let objects = touched.writes.iter().chain(&touched.reads);
    objects.filter_map(Object::table).cloned().map(Share::Table).collect()
}

fn has_content(chunk: &Chunk) -> Result<bool, FilterError> {
    for raw in chunk.events() {
        if Role::of(&raw?) != Role::Outside {
            return Ok(true);
        }
    }
    Ok(false)
}
