//! SQL that the server's own client runs again: `mysql --binary-mode < dump.sql`.
//!
//! Row changes are plain `INSERT`, `UPDATE` and `DELETE` statements, one a row, that need no more than
//! the rights to these statements; DDL and statement-format events are printed as they stand in the log, each
//! after the `SET` statements for the session that it ran in; only those in statement format that use
//! temporary tables or `CONNECTION_ID()` need a privilege (MySQL's `SESSION_VARIABLES_ADMIN`, MariaDB's `BINLOG REPLAY`),
//! because they set `pseudo_thread_id`. Text is given byte by byte, so the client
//! must not change line ends: `--binary-mode`.
//!
//! - Rows are found by primary key where the log tells it, or else by all columns of the before image and `LIMIT 1`.
//! - Where neither the log nor a given definition names a table's columns, its changes are comments, and [`SqlDumper::unnamed`] counts them.
//! - Generated columns are left out where DDL in the log or a given definition tells them; a table map does not.
//! - `DEFINER` clauses of triggers, views and routines stand as logged: for another account the client needs the right to.
//! - Partial JSON updates are calls of the JSON functions that they log; documents keep the types of the values in them
//!   (see [`binlog_schema::sql::push_literal`]).
//! - A target's triggers run on these statements, unlike on replicated rows.
//! - LOAD DATA in statement format loads the file from the client, which must allow that: `mysql --local-infile`. The files
//!   come beside the text: [`Draft::take_files`].

mod client;
mod comment;
mod insert;
mod rows;
mod statement;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use binlog_parser::event::{Flavour, MariaDbGtidEvent, MariaDbGtidFlags};
use binlog_parser::{Chunk, Event, RawEvent, Rows, Step};
use binlog_schema::sql::SessionState;

use crate::at::At;
use crate::draft::{Draft, Page};
use crate::files::Files;
use crate::per_table::PerTable;
use crate::text::Clock;
use crate::walk::Walk;
use crate::{Dump, DumpError, Names, xa};
use client::ClientCharset;
pub use rows::RowWriter;

/// How the SQL is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SqlOptions {
    /// Comments with position, time, server, GTID and original statement of each transaction.
    pub comments: bool,
    /// All columns of the images in every UPDATE and DELETE: rows are changed only where all of them still are as the
    /// log says. Otherwise rows are found by key, and an UPDATE sets what it changed.
    pub all_columns: bool,
    /// Rows in one INSERT at most, of those that one event inserted. 0 counts as 1.
    pub rows_per_insert: usize,
}

impl Default for SqlOptions {
    fn default() -> Self {
        Self {
            comments: true,
            all_columns: false,
            rows_per_insert: 1,
        }
    }
}

/// Row changes that could not be written as executable statements, because the log does not name the columns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unnamed {
    /// Row changes.
    pub rows: u64,
    /// The tables, as `schema.table`.
    pub tables: BTreeSet<String>,
}

impl Unnamed {
    /// Adds those of another text.
    pub fn add(&mut self, other: Self) {
        self.rows += other.rows;
        self.tables.extend(other.tables);
    }
}

/// Writes SQL.
#[derive(Debug, Default)]
pub struct SqlDumper {
    options: SqlOptions,
    walk: Walk,
    session: Option<(Flavour, SessionState)>,
    client_charset: ClientCharset,
    /// Whether the log made temporary tables, whose names are their connection's.
    temporary_tables: bool,
    /// Whether `BEGIN` was written and no end after it.
    began: bool,
    headed: bool,
    clock: Clock,
    writers: PerTable<RowWriter>,
    /// Where the files of LOAD DATA statements will be; `None` where they go nowhere.
    folder: Option<Vec<u8>>,
    files: Files,
    /// By table as `schema.table`: row changes that were written as comments.
    unnamed: BTreeMap<String, Arc<AtomicU64>>,
}

impl SqlDumper {
    /// A dumper at the start of its text.
    #[must_use]
    pub fn new(options: SqlOptions) -> Self {
        Self {
            options,
            ..Self::default()
        }
    }

    /// The dumper for a text that loads the files of LOAD DATA statements from this folder: see [`Draft::take_files`].
    /// Without one, these statements are errors.
    #[must_use]
    pub fn with_files_in(self, folder: Vec<u8>) -> Self {
        Self {
            folder: Some(folder),
            ..self
        }
    }

    /// What had to be written as comments, by the drafts that were written.
    #[must_use]
    pub fn unnamed(&self) -> Unnamed {
        let counts = self
            .unnamed
            .iter()
            .map(|(table, count)| (table, count.load(Ordering::Relaxed)));
        let written = || counts.clone().filter(|(_, count)| *count > 0);
        Unnamed {
            rows: written().map(|(_, count)| count).sum(),
            tables: written().map(|(table, _)| table.clone()).collect(),
        }
    }
}

impl Dump for SqlDumper {
    type Rows = Arc<RowWriter>;

    fn draft(&mut self, chunk: Chunk) -> Draft<Self::Rows> {
        let mut page = Page::new();
        let ended = self.events(&chunk, &mut page);
        page.of(chunk, ended.err())
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        self.head(out);
        self.roll_back(out);
        let unnamed = self.unnamed();
        if unnamed.rows > 0 {
            comment::unnamed(out, &unnamed);
        }
    }

    fn names(&mut self) -> &mut Names {
        &mut self.walk.names
    }
}

impl SqlDumper {
    fn events(&mut self, chunk: &Chunk, page: &mut Page<Arc<RowWriter>>) -> Result<(), DumpError> {
        let broken = self.walk.enter(chunk);
        self.writers.clear();
        if broken {
            self.roll_back(&mut page.text);
        }
        let mut events = chunk.entries();
        while let Some(raw) = events.advance() {
            let (event, step) = self.walk.step(chunk, &raw)?;
            if self.walk.names.take_learnt() {
                self.writers.clear();
            }
            let written = page.text.len();
            if matches!(step, Step::Begin | Step::Only) {
                self.transaction(chunk, &raw, &mut page.text);
            }
            self.event(At { chunk, raw }, &event, page)
                .inspect_err(|_| page.text.truncate(written))?;
        }
        match events.error() {
            Some(error) => Err(chunk.place(error).into()),
            None => self.walk.names.leave(),
        }
    }

    fn event(&mut self, at: At<'_, '_>, event: &Event<'_>, page: &mut Page<Arc<RowWriter>>) -> Result<(), DumpError> {
        let out = &mut page.text;
        match event {
            Event::MariaDbGtid(gtid) => self.mariadb_begin(gtid, out),
            Event::Query(query) if !query.takes_effect() => {}
            Event::Query(query) => return self.query(at, query, out),
            Event::Xid(_) => self.end(b"COMMIT", out),
            Event::Intvar(intvar) => self.session().intvar(intvar),
            Event::Rand(rand) => self.session().rand(rand),
            Event::UserVar(variable) => {
                let noted = self.session().user_var(variable);
                noted.map_err(|error| at.statement("session", error))?;
            }
            Event::Rows(rows) => self.rows(at, rows, page)?,
            Event::AppendBlock(block) if self.folder.is_some() => {
                let block = self.files.block(at, block);
                page.files.push(block.ok_or_else(|| at.unsupported(NO_BEGINNING))?);
            }
            Event::DeleteFile { file_id } if self.folder.is_some() => drop(self.files.take(*file_id)),
            Event::ExecuteLoadQuery(load) if self.folder.is_some() => return self.load(at, load, out),
            Event::RowsQuery(query) if self.options.comments => comment::text(out, query.sql),
            Event::XaPrepare(prepare) => self.end(&xa::prepare(prepare), out),
            _ => at.refuse(event)?,
        }
        Ok(())
    }

    fn transaction(&mut self, chunk: &Chunk, raw: &RawEvent<'_>, out: &mut Vec<u8>) {
        self.head(out);
        if self.options.comments {
            comment::transaction(out, chunk, raw, &mut self.clock, &self.walk.transaction);
        }
    }

    fn head(&mut self, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.headed, true) {
            comment::head(out, self.walk.flavour());
            self.client_charset.push(out);
        }
    }

    /// The session that was written so far; a new one where the servers' family changes.
    fn session(&mut self) -> &mut SessionState {
        let flavour = self.walk.flavour();
        if self.session.as_ref().is_some_and(|(of, _)| *of != flavour) {
            self.session = None;
        }
        let new = || (flavour, SessionState::new(flavour, flavour).without_thread_id());
        &mut self.session.get_or_insert_with(new).1
    }

    fn mariadb_begin(&mut self, gtid: &MariaDbGtidEvent, out: &mut Vec<u8>) {
        match &gtid.xa {
            Some(xid) if gtid.flags.contains(MariaDbGtidFlags::PREPARED_XA) => client::push(out, &xa::start(xid)),
            _ if gtid.flags.contains(MariaDbGtidFlags::STANDALONE) => {}
            _ => self.begin(out),
        }
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.began, true) {
            client::push(out, b"BEGIN");
        }
    }

    fn end(&mut self, keyword: &[u8], out: &mut Vec<u8>) {
        self.head(out);
        self.began = false;
        client::push(out, keyword);
    }

    /// Ends a transaction that the log leaves open.
    fn roll_back(&mut self, out: &mut Vec<u8>) {
        if self.began {
            comment::text(out, b"the transaction does not end in the log");
            self.end(b"ROLLBACK", out);
        }
    }

    fn rows(&mut self, at: At<'_, '_>, rows: &Rows<'_>, page: &mut Page<Arc<RowWriter>>) -> Result<(), DumpError> {
        self.walk.names.meet(at, &rows.table)?;
        let out = &mut page.text;
        self.head(out);
        self.tell_client(client::UTF8MB4, client::UTF8MB4, out);
        let mut sets = Vec::new();
        self.session().for_rows(rows.flags, at.raw.header.timestamp, &mut sets);
        sets.iter().for_each(|set| client::push(out, set));
        let table = &rows.table;
        let unnamed = || {
            let name = format!("{}.{}", table.schema, table.table);
            Arc::clone(self.unnamed.entry(name).or_default())
        };
        let flavour = self.walk.flavour();
        let catalog = &self.walk.names.catalog;
        let make = || RowWriter::new(&catalog.complete(table), catalog, flavour, self.options, unnamed);
        page.rows(self.writers.get(table, make));
        Ok(())
    }
}

const NO_BEGINNING: &str = "the beginning of its file does not stand before it";

#[cfg(test)]
mod tests;
