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
//! - Where the log does not name a table's columns, its changes are comments, and [`SqlDumper::unnamed`] counts them.
//! - Generated columns are left out where the log's DDL tells them; a table map does not.
//! - `DEFINER` clauses of triggers, views and routines stand as logged: for another account the client needs the right to.
//! - Partial JSON updates are calls of the JSON functions that they log; documents keep the types of the values in them
//!   (see [`binlog_schema::sql::push_literal`]).
//! - A target's triggers run on these statements, unlike on replicated rows.
//! - LOAD DATA in statement format is an error for now.

mod client;
mod comment;
mod rows;
mod statement;

use std::collections::BTreeSet;

use binlog_parser::event::{Flavour, MariaDbGtidEvent, MariaDbGtidFlags};
use binlog_parser::{Chunk, Event, Rows, Step};
use binlog_schema::sql::SessionState;

use crate::at::At;
use crate::walk::Walk;
use crate::{Dump, DumpError, xa};
use client::ClientCharset;
use rows::{RowError, RowWriter};

/// How the SQL is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SqlOptions {
    /// Comments with position, time, server, GTID and original statement of each transaction.
    pub comments: bool,
}

impl Default for SqlOptions {
    fn default() -> Self {
        Self { comments: true }
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
    unnamed: Unnamed,
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

    /// What had to be written as comments.
    #[must_use]
    pub fn unnamed(&self) -> &Unnamed {
        &self.unnamed
    }
}

impl Dump for SqlDumper {
    fn chunk(&mut self, chunk: &Chunk, out: &mut Vec<u8>) -> Result<(), DumpError> {
        let broken = self.walk.enter(chunk);
        self.head(out);
        if broken {
            self.roll_back(out);
        }
        for raw in chunk.events() {
            let raw = raw?;
            let (event, step) = self.walk.step(chunk, &raw)?;
            let written = out.len();
            if matches!(step, Step::Begin | Step::Only) && self.options.comments {
                comment::transaction(out, chunk, &raw, &self.walk.transaction);
            }
            self.event(At { chunk, raw }, &event, out)
                .inspect_err(|_| out.truncate(written))?;
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), DumpError> {
        self.head(out);
        self.roll_back(out);
        if self.unnamed.rows > 0 {
            comment::unnamed(out, &self.unnamed);
        }
        Ok(())
    }
}

impl SqlDumper {
    fn event(&mut self, at: At<'_, '_>, event: &Event<'_>, out: &mut Vec<u8>) -> Result<(), DumpError> {
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
            Event::Rows(rows) => return self.rows(at, rows, out),
            Event::RowsQuery(query) if self.options.comments => comment::text(out, query.sql),
            Event::XaPrepare(prepare) => self.end(&xa::prepare(prepare), out),
            _ => at.refuse(event)?,
        }
        Ok(())
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

    fn rows(&mut self, at: At<'_, '_>, rows: &Rows<'_>, out: &mut Vec<u8>) -> Result<(), DumpError> {
        self.tell_client(client::UTF8MB4, client::UTF8MB4, out);
        let mut sets = Vec::new();
        self.session().for_rows(rows.flags, at.raw.header.timestamp, &mut sets);
        sets.iter().for_each(|set| client::push(out, set));
        let writer = RowWriter::new(&rows.table, &self.walk.catalog, self.walk.flavour());
        let written = writer.write(rows, out);
        let count = written.map_err(|error| row_error(at, error))?;
        if !writer.is_named() {
            self.unnamed.rows += count;
            let name = format!("{}.{}", rows.table.schema, rows.table.table);
            self.unnamed.tables.insert(name);
        }
        Ok(())
    }
}

fn row_error(at: At<'_, '_>, error: RowError) -> DumpError {
    match error {
        RowError::Field(offset, error) => at.field(offset, error),
        RowError::Literal { column, error } => at.statement("row", format!("{column}: {error}")),
    }
}

#[cfg(test)]
mod tests;
