//! JSON Lines: one object a row change or statement, in the log's order. This comment is the specification, and
//! `schema.json` beside it says the same in JSON Schema.
//!
//! Every object has
//!
//! | member | |
//! |---|---|
//! | `kind` | `insert`, `update`, `delete`; `ddl` for a statement that changes definitions; `statement` for any other; `commit` for the end of a transaction; `table` for a table's definition; `load` for a part of a file that a statement loads |
//! | `file` | name of the log |
//! | `position`, `end` | position of the event's first byte, and of the first byte after it; of a compressed event for those that it holds |
//! | `timestamp` | when the statement began on its server, RFC 3339 in UTC; whole seconds, of statements with microseconds where the log has them |
//! | `server_id` | number of the server that made the event |
//! | `transaction` | position of the first event of the transaction: with `file` it names the transaction |
//!
//! and, where the log tells them,
//!
//! | member | |
//! |---|---|
//! | `committed` | when the server that wrote the log committed the transaction, RFC 3339 in UTC, microseconds |
//! | `gtid` | identifier of the transaction |
//! | `thread_id` | connection that ran the statement |
//!
//! Row changes have further
//!
//! | member | |
//! |---|---|
//! | `schema`, `table` | the table |
//! | `row` | number of the row in its event, from 0 |
//! | `before` | the row before an update or delete: an object by column name |
//! | `after` | the row after an insert or update |
//! | `changed` | of an update: names of the columns in `after` that are not the same in `before` |
//! | `partial` | of an update: an object by name of the columns of which the log has only what changes in a JSON document, and not the document before; they are not in `after`. Each is an array of differences, to be applied one after the other |
//! | `query` | text of the statement behind the change, where the source logs it |
//!
//! A column that the row image does not hold is not in the object; NULL is `null`. A column whose name neither the
//! log's table maps nor its DDL tells is `@1`, `@2`, …
//!
//! A *difference* has `operation`, `path` and, unless the operation is `remove`, the new `value`: `replace` gives the value at
//! the path another one; `insert` adds a member to an object, or puts an element before the one at the path, or at the array's
//! end; `remove` removes. Paths are those of MySQL's JSON functions, for one place: `$.list[2]."a key"`.
//!
//! Statements have
//!
//! | member | |
//! |---|---|
//! | `sql` | the text |
//! | `default_schema` | the default database, where there is one |
//! | `session` | the `SET` statements that make the session the text ran in |
//! | `error_code` | the error that the statement ended with on its server, where it is not 0 |
//! | `load` | of LOAD DATA: number of the file that it loads |
//!
//! The file is in the `load` objects before it that have the same `load`, in order, each with its `data` as *bytes*.
//!
//! `BEGIN` is not an object; `ROLLBACK`, `SAVEPOINT` and `XA` are statements. The objects of a transaction have the same
//! `transaction`. It ends with
//!
//! - `commit`, which has the storage engine's number of the transaction as `xid`, where there is one;
//! - `ROLLBACK`, or `XA PREPARE`;
//! - or with itself: DDL has no transaction around it.
//!
//! A *table* object comes before the first row change of a table, and again where its definition is another one. It has
//! `schema` and `table`, `primary_key`, the names of its columns, where the log tells it, and `columns`, in order, each with
//!
//! | member | |
//! |---|---|
//! | `name` | as in the images |
//! | `type` | as in SQL, in lower case: `bigint`, `decimal(10,2)`, `datetime(6)`, `varbinary(16)`, `longtext` |
//! | `nullable` | whether NULL is allowed |
//! | `unsigned` | of a number, where it is known |
//! | `charset` | of text, where it is known |
//! | `members` | of ENUM and SET, where they are known |
//!
//! Nothing is told of the length of CHAR and VARCHAR, of which the log has bytes.
//!
//! # Values
//!
//! | column | JSON |
//! |---|---|
//! | TINYINT to BIGINT, BIT | number; a string of digits outside ±(2^53 − 1). BIT is an unsigned integer. Signed where the log does not say |
//! | FLOAT, DOUBLE | number, with the fewest digits that give the same value back |
//! | DECIMAL | string, as the server prints it |
//! | YEAR | number |
//! | DATE, TIME, DATETIME | string as the server prints it: `2026-11-22`, `-838:59:59`, `2026-11-22 10:00:00.123` |
//! | TIMESTAMP | string, RFC 3339 in UTC with the column's fraction digits: `2026-11-22T10:00:00.123Z`; the zero value `0000-00-00T00:00:00Z` |
//! | CHAR, VARCHAR, TEXT | string, if the character set is UTF-8 or ASCII or the value is plain ASCII; else *bytes* with `charset` |
//! | of unknown character set | string if it is UTF-8; else *bytes* |
//! | BINARY, VARBINARY, BLOB | *bytes* |
//! | ENUM | name of the member; its number from 1 where the names are not known; 0 is the empty error value |
//! | SET | array of the members' names; a number with a bit for each where they are not known |
//! | JSON | the document itself (MariaDB's JSON is LONGTEXT: a string) |
//! | GEOMETRY | *bytes*: four bytes SRID and WKB |
//! | VECTOR | array of numbers |
//!
//! *Bytes* are `{"base64": "…"}`, with padding, and `"charset"` where a text's character set is known. Texts of statements
//! (`sql`, `query`, `session`, `default_schema`) are strings if they are UTF-8, else *bytes*.

mod definition;
mod difference;
mod record;
mod value;

use std::collections::HashMap;
use std::sync::Arc;

use binlog_parser::event::MariaDbGtidFlags;
use binlog_parser::{Chunk, Event, Query, RawEvent, Row, Rows, TableMap};
use binlog_schema::sql::SessionState;
use binlog_schema::{Catalog, StatementKind};

use crate::at::At;
use crate::draft::{Draft, Page};
use crate::per_table::PerTable;
use crate::walk::{Transaction, Walk};
use crate::{Dump, DumpError, WriteRows, xa};
use definition::Definition;
use record::{Change, Commit, Head, LoadBlock, Statement};
use value::{Columns, Text};

/// Writes JSON Lines.
#[derive(Debug, Default)]
pub struct JsonDumper {
    walk: Walk,
    /// What INTVAR, RAND and USER_VAR say for the next statement.
    session: Option<SessionState>,
    columns: PerTable<Columns>,
    /// The definitions that were told last, by schema and table.
    told: HashMap<(String, String), String>,
}

/// Writes the rows of an event.
#[derive(Debug)]
pub struct RowObjects {
    columns: Arc<Columns>,
    transaction: Arc<Transaction>,
}

impl JsonDumper {
    /// A dumper at the start of its text.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Dump for JsonDumper {
    type Rows = RowObjects;

    fn draft(&mut self, chunk: Chunk) -> Draft<Self::Rows> {
        let mut page = Page::new();
        let ended = self.events(&chunk, &mut page);
        page.of(chunk, ended.err())
    }

    fn finish(&mut self, _out: &mut Vec<u8>) {}

    fn catalog(&mut self) -> &mut Catalog {
        &mut self.walk.names.catalog
    }

    fn foresee(&mut self, chunk: &Chunk) -> Result<(), DumpError> {
        self.walk.names.foresee(chunk)
    }
}

impl JsonDumper {
    fn events(&mut self, chunk: &Chunk, page: &mut Page<RowObjects>) -> Result<(), DumpError> {
        self.walk.enter(chunk);
        self.columns.clear();
        let mut events = chunk.entries();
        while let Some(raw) = events.advance() {
            let (event, _) = self.walk.step(chunk, &raw)?;
            if self.walk.names.take_learnt() {
                self.columns.clear();
            }
            let written = page.text.len();
            self.event(At { chunk, raw }, &event, page)
                .inspect_err(|_| page.text.truncate(written))?;
        }
        match events.error() {
            Some(error) => Err(chunk.place(error).into()),
            None => self.walk.names.leave(),
        }
    }

    fn event(&mut self, at: At<'_, '_>, event: &Event<'_>, page: &mut Page<RowObjects>) -> Result<(), DumpError> {
        let out = &mut page.text;
        match event {
            Event::Query(query) if query.is("BEGIN") || !query.takes_effect() => {}
            Event::Query(query) if query.is("COMMIT") => self.commit(at, None, out),
            Event::Xid(xid) => self.commit(at, Some(xid.xid), out),
            Event::Query(query) => self.statement(at, query, None, out)?,
            Event::Rows(rows) => self.rows(at, rows, page)?,
            Event::AppendBlock(block) => {
                let block = LoadBlock::new(block.file_id, block.data);
                record::write(&self.head("load", at), &block, out);
            }
            Event::DeleteFile { .. } => {}
            Event::ExecuteLoadQuery(load) => self.statement(at, &load.query, Some(load.file_id), out)?,
            Event::Intvar(intvar) => self.session().intvar(intvar),
            Event::Rand(rand) => self.session().rand(rand),
            Event::UserVar(variable) => {
                let noted = self.session().user_var(variable);
                noted.map_err(|error| at.statement("session", error))?;
            }
            Event::MariaDbGtid(gtid) if gtid.flags.contains(MariaDbGtidFlags::PREPARED_XA) => {
                if let Some(xid) = &gtid.xa {
                    record::write(&self.head("statement", at), &Statement::new(&xa::start(xid)), out);
                }
            }
            Event::XaPrepare(prepare) => {
                record::write(&self.head("statement", at), &Statement::new(&xa::prepare(prepare)), out);
            }
            _ => at.refuse(event)?,
        }
        Ok(())
    }

    fn head<'d>(&'d self, kind: &'static str, at: At<'d, '_>) -> Head<'d> {
        Head::new(kind, at, &self.walk.transaction)
    }

    fn session(&mut self) -> &mut SessionState {
        let flavour = self.walk.flavour();
        self.session.get_or_insert_with(|| SessionState::new(flavour, flavour))
    }

    fn statement(
        &mut self,
        at: At<'_, '_>,
        query: &Query<'_>,
        load: Option<u32>,
        out: &mut Vec<u8>,
    ) -> Result<(), DumpError> {
        let mut session = Vec::new();
        let set = self.session().diff(query, at.raw.header.timestamp, &mut session);
        set.map_err(|error| at.statement("session", error))?;
        self.session = None;
        let kind = match self.walk.kind(query).is_some_and(StatementKind::is_ddl) {
            true => "ddl",
            false => "statement",
        };
        let statement = Statement {
            default_schema: Some(Text(query.schema)).filter(|text| !text.0.is_empty()),
            session: session.iter().map(|set| Text(set)).collect(),
            error_code: Some(query.error_code).filter(|code| *code != 0),
            load,
            ..Statement::new(query.sql)
        };
        let head = self.head(kind, at);
        let head = head.precise(at.raw.header.timestamp, query.status.microseconds);
        record::write(&head, &statement, out);
        Ok(())
    }

    fn commit(&self, at: At<'_, '_>, xid: Option<u64>, out: &mut Vec<u8>) {
        record::write(&self.head("commit", at), &Commit::new(xid), out);
    }

    fn rows(&mut self, at: At<'_, '_>, rows: &Rows<'_>, page: &mut Page<RowObjects>) -> Result<(), DumpError> {
        self.walk.names.meet(at, &rows.table)?;
        let flavour = self.walk.flavour();
        let mut is_new = false;
        let columns = self.columns.get(&rows.table, || {
            is_new = true;
            Columns::new(&rows.table, &self.walk.names.catalog, flavour)
        });
        if is_new {
            self.tell(at, &rows.table, &columns, &mut page.text);
        }
        page.rows(RowObjects {
            columns,
            transaction: Arc::clone(&self.walk.transaction),
        });
        Ok(())
    }

    /// Tells a definition that was not told.
    fn tell(&mut self, at: At<'_, '_>, map: &TableMap, columns: &Columns, out: &mut Vec<u8>) {
        let definition = Definition::new(map, columns);
        // Twins that have only text as keys are written.
        let text = serde_json::to_string(&definition).unwrap_or_default();
        let name = (map.schema.to_string(), map.table.to_string());
        if self.told.get(&name) != Some(&text) {
            record::write(&self.head("table", at), &definition, out);
            self.told.insert(name, text);
        }
    }
}

impl WriteRows for RowObjects {
    fn write(&self, chunk: &Chunk, raw: &RawEvent<'_>, rows: &Rows<'_>, out: &mut Vec<u8>) -> Result<(), DumpError> {
        let at = At { chunk, raw: *raw };
        let head = Head::new(record::kind(rows.kind), at, &self.transaction);
        let query = self.transaction.query.as_deref().map(Text);
        let (mut before, mut after) = (Row::default(), Row::default());
        let (mut iter, mut number) = (rows.iter(), 0);
        while iter
            .next_into(&mut before, &mut after)
            .map_err(|(offset, error)| at.field(offset, error))?
        {
            let change = Change::new(&self.columns, rows, number, (&before, &after), query);
            let change = change.map_err(|error| at.statement("row", error))?;
            record::write(&head, &change, out);
            number += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
