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
//! | BINARY, VARBINARY, BLOB | *bytes*; BINARY with the zeros at its end, which the log leaves out |
//! | ENUM | name of the member; its number from 1 where the names are not known, or not the characters in one; 0 is the empty error value |
//! | SET | array of the members' names; a number with a bit for each where they are not known, or not their characters |
//! | JSON | the document itself (MariaDB's JSON is LONGTEXT: a string) |
//! | GEOMETRY | *bytes*: four bytes SRID and WKB |
//! | VECTOR | array of numbers |
//!
//! *Bytes* are `{"base64": "…"}`, with padding, and `"charset"` where a text's character set is known. Texts of statements
//! (`sql`, `query`, `session`, `default_schema`) are strings if they are UTF-8, else *bytes*.

mod charset;
mod columns;
mod definition;
mod difference;
pub mod envelope;
mod plain;
mod record;
mod value;

use std::sync::Arc;

use binlog_parser::event::{AppendBlock, MariaDbGtidFlags, XaIdentifier, XaPrepare};
use binlog_parser::{Chunk, Event, Query, RawEvent, Row, Rows, TableMap};
use binlog_schema::sql::SessionState;
use binlog_schema::{Touched, Unparsed};

use crate::at::At;
use crate::draft::{Draft, Page};
use crate::per_table::PerTable;
use crate::walk::{Transaction, Walk};
use crate::{Dump, DumpError, Names, WriteRows};
use columns::Columns;
pub use envelope::Envelope;
use envelope::{Enveloped, canal, debezium, maxwell};
use plain::Plain;
use value::ValueError;

/// Writes JSON Lines.
#[derive(Debug)]
pub struct JsonDumper {
    walk: Walk,
    /// What INTVAR, RAND and USER_VAR say for the next statement.
    session: Option<SessionState>,
    columns: PerTable<Columns>,
    form: Box<dyn Form>,
}

/// Writes the rows of an event.
#[derive(Debug)]
pub struct RowObjects {
    columns: Arc<Columns>,
    transaction: Arc<Transaction>,
    form: RowForm,
}

/// What the objects look like.
trait Form: std::fmt::Debug + Send {
    /// The end of a transaction.
    fn commit(&mut self, scene: Scene<'_>, xid: Option<u64>, out: &mut Vec<u8>);

    /// The open transaction has no end.
    fn broken(&mut self, out: &mut Vec<u8>);

    /// A statement that is not `BEGIN` or `COMMIT`.
    fn statement(&mut self, scene: Scene<'_>, said: Said<'_>, out: &mut Vec<u8>) -> Result<(), DumpError>;

    /// A part of a file that a statement loads.
    fn block(&mut self, scene: Scene<'_>, block: &AppendBlock<'_>, out: &mut Vec<u8>) -> Result<(), DumpError>;

    /// The start of a MariaDB transaction that ends in XA PREPARE.
    fn xa_start(&mut self, scene: Scene<'_>, xid: &XaIdentifier, out: &mut Vec<u8>);

    /// Its end, and that of one of MySQL.
    fn xa_prepare(&mut self, scene: Scene<'_>, prepare: &XaPrepare, out: &mut Vec<u8>);

    /// A table as it is from here on.
    fn table(&mut self, scene: Scene<'_>, map: &TableMap, columns: &Columns, out: &mut Vec<u8>);

    /// What writes the rows of this event.
    fn rows(&mut self, scene: Scene<'_>) -> RowForm;
}

/// What the objects of rows look like.
#[derive(Debug, Clone, Copy)]
enum RowForm {
    Plain,
    Debezium,
    Maxwell,
    Canal {
        /// The message's number.
        id: u64,
    },
}

/// An event, and what is known of its transaction.
#[derive(Debug, Clone, Copy)]
struct Scene<'s> {
    at: At<'s, 's>,
    transaction: &'s Transaction,
}

/// A statement.
#[derive(Debug)]
struct Said<'s> {
    query: &'s Query<'s>,
    /// Number of the file that it loads.
    load: Option<u32>,
    session: SessionState,
    touched: Result<Touched, Unparsed>,
}

/// A row event.
#[derive(Debug, Clone, Copy)]
struct RowsScene<'s> {
    scene: Scene<'s>,
    rows: &'s Rows<'s>,
    columns: &'s Columns,
}

impl Default for JsonDumper {
    fn default() -> Self {
        Self::new()
    }
}

impl JsonDumper {
    /// A dumper at the start of its text.
    #[must_use]
    pub fn new() -> Self {
        Self::with(Box::<Plain>::default())
    }

    /// A dumper of what another project sends of the same changes.
    #[must_use]
    pub fn in_envelope(envelope: Envelope) -> Self {
        Self::with(Box::new(Enveloped::new(envelope)))
    }

    fn with(form: Box<dyn Form>) -> Self {
        Self {
            walk: Walk::default(),
            session: None,
            columns: PerTable::default(),
            form,
        }
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

    fn names(&mut self) -> &mut Names {
        &mut self.walk.names
    }
}

impl JsonDumper {
    fn events(&mut self, chunk: &Chunk, page: &mut Page<RowObjects>) -> Result<(), DumpError> {
        if self.walk.enter(chunk) {
            self.form.broken(&mut page.text);
        }
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
        let transaction = Arc::clone(&self.walk.transaction);
        let scene = Scene {
            at,
            transaction: &transaction,
        };
        match event {
            Event::Query(query) if query.is("BEGIN") || !query.takes_effect() => {}
            Event::Query(query) if query.is("COMMIT") => self.form.commit(scene, None, out),
            Event::Xid(xid) => self.form.commit(scene, Some(xid.xid), out),
            Event::Query(query) => self.statement(scene, query, None, out)?,
            Event::Rows(rows) => self.rows(scene, rows, page)?,
            Event::AppendBlock(block) => self.form.block(scene, block, out)?,
            Event::DeleteFile { .. } => {}
            Event::ExecuteLoadQuery(load) => self.statement(scene, &load.query, Some(load.file_id), out)?,
            Event::Intvar(intvar) => self.session().intvar(intvar),
            Event::Rand(rand) => self.session().rand(rand),
            Event::UserVar(variable) => {
                let noted = self.session().user_var(variable);
                noted.map_err(|error| at.statement("session", error))?;
            }
            Event::MariaDbGtid(gtid) if gtid.flags.contains(MariaDbGtidFlags::PREPARED_XA) => {
                if let Some(xid) = &gtid.xa {
                    self.form.xa_start(scene, xid, out);
                }
            }
            Event::XaPrepare(prepare) => self.form.xa_prepare(scene, prepare, out),
            _ => at.refuse(event)?,
        }
        Ok(())
    }

    fn session(&mut self) -> &mut SessionState {
        let flavour = self.walk.flavour();
        self.session.get_or_insert_with(|| SessionState::new(flavour, flavour))
    }

    fn statement(
        &mut self,
        scene: Scene<'_>,
        query: &Query<'_>,
        load: Option<u32>,
        out: &mut Vec<u8>,
    ) -> Result<(), DumpError> {
        self.session();
        let flavour = self.walk.flavour();
        let said = Said {
            query,
            load,
            session: self
                .session
                .take()
                .unwrap_or_else(|| SessionState::new(flavour, flavour)),
            touched: self.walk.touched(query),
        };
        self.form.statement(scene, said, out)
    }

    fn rows(&mut self, scene: Scene<'_>, rows: &Rows<'_>, page: &mut Page<RowObjects>) -> Result<(), DumpError> {
        self.walk.names.meet(scene.at, &rows.table)?;
        let flavour = self.walk.flavour();
        let mut is_new = false;
        let columns = self.columns.get(&rows.table, || {
            is_new = true;
            let catalog = &self.walk.names.catalog;
            Columns::new(catalog.complete(&rows.table), catalog, flavour)
        });
        if is_new {
            self.form.table(scene, &rows.table, &columns, &mut page.text);
        }
        page.rows(RowObjects {
            columns,
            transaction: Arc::clone(&self.walk.transaction),
            form: self.form.rows(scene),
        });
        Ok(())
    }
}

impl WriteRows for RowObjects {
    fn table(&self) -> &Arc<TableMap> {
        &self.columns.map
    }

    fn write(&self, chunk: &Chunk, raw: &RawEvent<'_>, rows: &Rows<'_>, out: &mut Vec<u8>) -> Result<(), DumpError> {
        let scene = RowsScene {
            scene: Scene {
                at: At { chunk, raw: *raw },
                transaction: &self.transaction,
            },
            rows,
            columns: &self.columns,
        };
        match self.form {
            RowForm::Plain => plain::rows(scene, out),
            RowForm::Debezium => debezium::rows(scene, out),
            RowForm::Maxwell => maxwell::rows(scene, out),
            RowForm::Canal { id } => canal::rows(scene, id, out),
        }
    }
}

impl RowsScene<'_> {
    /// Decodes one row after the other: its number in the event, its images before and after.
    fn each(&self, mut write: impl FnMut(u64, &Row<'_>, &Row<'_>) -> Result<(), ValueError>) -> Result<(), DumpError> {
        let at = self.scene.at;
        let (mut before, mut after) = (Row::default(), Row::default());
        let (mut iter, mut number) = (self.rows.iter(), 0);
        while iter
            .next_into(&mut before, &mut after)
            .map_err(|(offset, error)| at.field(offset, error))?
        {
            write(number, &before, &after).map_err(|error| at.statement("row", error))?;
            number += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
