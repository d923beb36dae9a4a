//! What tables look like at the place where a dumper stands.

use std::collections::VecDeque;
use std::sync::Arc;

use binlog_parser::event::Flavour;
use binlog_parser::gtid::TransactionGtid;
use binlog_parser::{Chunk, Decoder, Event, EventType, Query, RawEvent, TableMap};
use binlog_schema::catalog::may_define;
use binlog_schema::{Catalog, ColumnNames, Ddl, DefinitionError, LogPlace, column_names};

use crate::DumpError;
use crate::at::At;
use crate::per_table::PerTable;

/// What tables look like at the place where a dumper stands. A clone is cheap, and does not learn from later events of the
/// other.
#[derive(Debug, Clone, Default)]
pub struct Names {
    pub(crate) catalog: Catalog,
    /// What was not learnt yet of a chunk of which not all events will come; `None` where all come.
    foreseen: Option<VecDeque<Foreseen>>,
    met: PerTable<ColumnNames>,
    has_learnt: bool,
}

/// What of an event matters to definitions.
#[derive(Debug, Clone)]
struct Foreseen {
    at: LogPlace,
    fact: Fact,
}

#[derive(Debug, Clone)]
enum Fact {
    /// Nothing but its place: reading begins there.
    Place,
    Transaction(Option<TransactionGtid>),
    Statement {
        sql: Box<[u8]>,
        schema: String,
        flavour: Flavour,
        sql_mode: u64,
    },
}

impl Names {
    /// What is known of tables. Definitions are given to it before the first chunk.
    pub fn catalog(&mut self) -> &mut Catalog {
        &mut self.catalog
    }

    /// Another chunk comes, with table maps of its own.
    pub(crate) fn enter(&mut self) {
        self.met.clear();
    }

    /// Takes in what a chunk tells of tables, of which the next draft will have a part of the events. Once this was called
    /// for a chunk, it must be called for each one.
    ///
    /// # Errors
    /// An event does not decode.
    pub fn foresee(&mut self, chunk: &Chunk) -> Result<(), DumpError> {
        let mut decoder = Decoder::new(chunk.format.clone());
        let foreseen = self.foreseen.get_or_insert_default();
        let mut is_first = true;
        for raw in chunk.events() {
            let raw = raw?;
            if has_place(&raw) && std::mem::take(&mut is_first) {
                let at = LogPlace::new(&chunk.file, raw.offset);
                let fact = Fact::Place;
                foreseen.push_back(Foreseen { at, fact });
            }
            if !concerns_names(raw.header.event_type) {
                continue;
            }
            let event = decoder.decode(&raw).map_err(|error| chunk.place(error))?;
            if let Some(fact) = Fact::of(&event, decoder.format().flavour()) {
                let at = LogPlace::new(&chunk.file, raw.offset);
                foreseen.push_back(Foreseen { at, fact });
            }
        }
        Ok(())
    }

    /// The next event: what it tells of definitions, or what was foreseen up to it.
    ///
    /// # Errors
    /// A statement changes a table of which rows were named by a server's definition of now.
    pub(crate) fn advance(
        &mut self,
        chunk: &Chunk,
        raw: &RawEvent<'_>,
        event: &Event<'_>,
        flavour: Flavour,
    ) -> Result<(), DumpError> {
        let matters = matches!(event, Event::Query(_)) || self.catalog.is_waiting();
        if self.foreseen.is_some() {
            self.learn_foreseen(Some(raw.offset))?;
        } else if let Some(fact) = matters.then(|| Fact::of(event, flavour)).flatten() {
            self.learn(&LogPlace::new(&chunk.file, raw.offset), &fact)?;
        }
        if self.catalog.is_waiting() && has_place(raw) {
            self.reach(&LogPlace::new(&chunk.file, raw.offset));
        }
        Ok(())
    }

    /// The chunk ends: learns what was foreseen of it and not met on the way.
    ///
    /// # Errors
    /// A statement changes a table of which rows were named by a server's definition of now.
    pub fn leave(&mut self) -> Result<(), DumpError> {
        self.learn_foreseen(None)
    }

    /// Whether other definitions hold than when this was last asked.
    pub(crate) fn take_learnt(&mut self) -> bool {
        std::mem::take(&mut self.has_learnt)
    }

    /// The names of the columns of rows with this map, and where they come from.
    ///
    /// # Errors
    /// The table's definition is not that of the rows.
    pub(crate) fn meet(&mut self, at: At<'_, '_>, map: &Arc<TableMap>) -> Result<Arc<ColumnNames>, DumpError> {
        if let Some(met) = self.met.find(map) {
            return Ok(met);
        }
        let place = LogPlace::new(&at.chunk.file, at.raw.offset);
        self.catalog
            .meet(map, &place)
            .map_err(|error| contradiction(&place, error))?;
        Ok(self.met.get(map, || column_names(map, &self.catalog)))
    }

    fn learn_foreseen(&mut self, up_to: Option<u64>) -> Result<(), DumpError> {
        while let Some(next) = self.next_foreseen(up_to) {
            self.learn(&next.at, &next.fact)?;
        }
        Ok(())
    }

    fn next_foreseen(&mut self, up_to: Option<u64>) -> Option<Foreseen> {
        let foreseen = self.foreseen.as_mut()?;
        let position = foreseen.front()?.at.position;
        up_to
            .is_none_or(|offset| position <= offset)
            .then(|| foreseen.pop_front())?
    }

    fn learn(&mut self, at: &LogPlace, fact: &Fact) -> Result<(), DumpError> {
        self.reach(at);
        match fact {
            Fact::Place => {}
            Fact::Transaction(gtid) => {
                let begins = self.catalog.reach_transaction(gtid.as_ref());
                self.note_learnt(begins);
            }
            Fact::Statement {
                sql,
                schema,
                flavour,
                sql_mode,
            } => {
                let ddl = Ddl {
                    sql,
                    default_schema: schema,
                    flavour: *flavour,
                    sql_mode: *sql_mode,
                    at: at.clone(),
                };
                self.note_learnt(true);
                self.catalog.apply(&ddl).map_err(|error| contradiction(at, error))?;
            }
        }
        Ok(())
    }

    fn reach(&mut self, at: &LogPlace) {
        let begins = self.catalog.is_waiting() && self.catalog.reach(at);
        self.note_learnt(begins);
    }

    /// What was met may have another definition from here on.
    fn note_learnt(&mut self, has_learnt: bool) {
        if has_learnt {
            self.has_learnt = true;
            self.met.clear();
        }
    }
}

impl Fact {
    fn of(event: &Event<'_>, flavour: Flavour) -> Option<Self> {
        match event {
            Event::Gtid(_) | Event::MariaDbGtid(_) => Some(Self::Transaction(TransactionGtid::of(event))),
            Event::Query(query) if query.takes_effect() && may_define(query.sql) => {
                Some(Self::statement(query, flavour))
            }
            _ => None,
        }
    }

    fn statement(query: &Query<'_>, flavour: Flavour) -> Self {
        Self::Statement {
            sql: query.sql.into(),
            schema: String::from_utf8_lossy(query.schema).into_owned(),
            flavour,
            sql_mode: query.status.sql_mode.unwrap_or_default(),
        }
    }
}

fn contradiction(at: &LogPlace, error: Box<DefinitionError>) -> DumpError {
    let at = at.clone();
    DumpError::Definition { at, error }
}

/// Whether the event stands in the log where it says, among those that are read.
fn has_place(raw: &RawEvent<'_>) -> bool {
    !raw.header.is_artificial() && raw.header.event_type != EventType::FORMAT_DESCRIPTION
}

/// Whether it is a part of [`Fact`], or the events after it are decoded by it.
fn concerns_names(event_type: EventType) -> bool {
    matches!(
        event_type,
        EventType::FORMAT_DESCRIPTION
            | EventType::QUERY
            | EventType::GTID
            | EventType::ANONYMOUS_GTID
            | EventType::GTID_TAGGED
            | EventType::MARIADB_GTID
    )
}

#[cfg(test)]
mod tests {
    use binlog_schema::SchemaScript;

    use super::*;
    use crate::fixture::Events;
    use crate::{Dump as _, SqlDumper};

    /// Two rows under the same table map, between which a dump was taken.
    #[test]
    fn a_definition_begins_between_rows() {
        let insert = |events: Events, id| events.table_map(b"").rows(EventType::WRITE_ROWS, &[(id, None)]);
        let before = || insert(Events::new().query("shop", "BEGIN"), 1).xid();
        let position = before().chunk().end;
        let log = insert(before().query("shop", "BEGIN"), 2).xid();
        let mut dumper = given(position);
        assert_eq!(
            inserts(&mut dumper, &log.chunk()),
            ["-- (@1, @2) (1,", "(`id`, `name`) (2,"]
        );
    }

    #[test]
    fn what_is_foreseen_is_learnt_in_its_place() {
        let insert = |events: Events, id| events.table_map(b"").rows(EventType::WRITE_ROWS, &[(id, None)]);
        let rename = "ALTER TABLE orders RENAME COLUMN name TO who";
        let log = insert(insert(Events::new(), 1).query("shop", rename), 2).chunk();
        let mut kept = log.clone();
        kept.retain(|raw| raw.header.event_type != EventType::QUERY);
        let mut dumper = given(4);
        dumper.names().foresee(&log).unwrap();
        assert_eq!(inserts(&mut dumper, &kept), ["(`id`, `name`) (1,", "(`id`, `who`) (2,"]);
    }

    /// A dumper to which a dump that was taken at this position gives `shop.orders`.
    fn given(position: u64) -> SqlDumper {
        let mut script = SchemaScript::new("x.sql", Some("shop"));
        let head = format!("CHANGE MASTER TO MASTER_LOG_FILE='binlog.000002', MASTER_LOG_POS={position};");
        script.push(head.as_bytes()).unwrap();
        script.push(b"CREATE TABLE orders (id INT, name VARCHAR(40))").unwrap();
        let mut dumper = SqlDumper::default();
        dumper.names().catalog().give(script.finish().unwrap());
        dumper
    }

    /// Columns and first value of the inserts.
    fn inserts(dumper: &mut SqlDumper, chunk: &Chunk) -> Vec<String> {
        let mut text = Vec::new();
        dumper.chunk(chunk, &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        let inserts = text.lines().filter(|line| line.contains("INSERT"));
        let short = |line: &str| line.replace("INSERT INTO `shop`.`orders` ", "").replace("VALUES ", "");
        inserts
            .map(|line| short(line).split(" NULL").next().unwrap_or_default().to_owned())
            .collect()
    }
}
