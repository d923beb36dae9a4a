//! The lines that other projects' consumers read: Debezium, Maxwell and canal.
//!
//! The documentation of each module is the specification of its lines. This holds for all of them:
//!
//! - Names, types and primary keys are those of the plain form ([`super`]): of the log, or else of the definitions that are given.
//!   Where nothing tells them, columns are `@1`, `@2`, …, and there is no key.
//! - Numbers are JSON numbers, with all of their digits, as these projects write them: a reader that has nothing but doubles loses
//!   digits beyond 2^53. (In the plain form such a number is a string.) A FLOAT or DOUBLE that is not a number is a string.
//! - Text is decoded by the character set of its column or, of a statement, of its client. What does not decode, or has a character set
//!   that is not known here (`swe7`, and what is no character of those in `charset.rs`), is the plain form's `{"base64": …, "charset": …}`. Where no character set is known, text is what is
//!   UTF-8.
//! - BINARY values have the zeros at their end, which the log leaves out.
//! - The row after an update has what the image after it leaves out (`binlog_row_image=MINIMAL`, `NOBLOB`) from the image before. What
//!   neither has is absent.
//! - These lines have no word for some of what a log says. It is an error that names the event: a file that a statement loads, `ROLLBACK` and
//!   `ROLLBACK TO SAVEPOINT` of rows that were written, the differences of a JSON document of which the log does not have the one before, and
//!   but for canal also a statement that changes rows (`binlog_format=STATEMENT`), one that cannot be judged, and `XA ROLLBACK`.
//! - Rows of an XA transaction stand where they stand in the log, at its XA PREPARE.
//! - `SAVEPOINT`, `XA START` and the like are no lines; nor are, but for canal, `XA COMMIT` and what changes neither rows nor definitions (`SET`, `ANALYZE`, …).

pub mod canal;
mod commits;
mod connect;
pub mod debezium;
pub mod maxwell;
mod text;
mod wkt;

use binlog_parser::TableMap;
use binlog_parser::event::{AppendBlock, XaIdentifier, XaPrepare};
use binlog_schema::{Object, StatementKind, TableName};

use super::columns::Columns;
use super::{Form, RowForm, Said, Scene};
use crate::DumpError;
pub use commits::Commits;

/// Another project's lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Envelope {
    /// Change events of Debezium's connectors, as the JSON converter without schemas writes them.
    Debezium,
    /// Maxwell's daemon. What a dumper writes of it has to go through [`Commits`].
    Maxwell,
    /// canal's flat messages.
    Canal,
}

/// The lines of an envelope.
#[derive(Debug)]
pub(super) struct Enveloped {
    envelope: Envelope,
    /// Messages so far.
    messages: u64,
    /// Position of the last transaction that has rows, in its log.
    with_rows: Option<u64>,
}

impl Enveloped {
    pub(super) fn new(envelope: Envelope) -> Self {
        Self {
            envelope,
            messages: 0,
            with_rows: None,
        }
    }

    /// The end of a transaction, which only Maxwell tells.
    fn end(&self, commit: Option<Option<u64>>, out: &mut Vec<u8>) {
        if self.envelope == Envelope::Maxwell {
            commits::mark_end(commit, out);
        }
    }

    fn next_message(&mut self) -> u64 {
        self.messages += 1;
        self.messages
    }

    fn refuse(&self, scene: Scene<'_>, what: &'static str) -> DumpError {
        DumpError::Envelope {
            file: scene.at.chunk.file.to_string(),
            position: scene.at.raw.offset,
            what,
            envelope: self.envelope.name(),
        }
    }

    fn ddl(
        &mut self,
        scene: Scene<'_>,
        said: &Said<'_>,
        kind: StatementKind,
        out: &mut Vec<u8>,
    ) -> Result<(), DumpError> {
        match self.envelope {
            Envelope::Debezium => debezium::ddl(scene, said, kind, out),
            Envelope::Canal => canal::statement(scene, said, Some(kind), self.next_message(), out),
            Envelope::Maxwell if kind == StatementKind::Truncate => return Err(self.refuse(scene, "TRUNCATE")),
            Envelope::Maxwell => maxwell::ddl(scene, said, kind, out),
        }
        Ok(())
    }

    /// A statement that undoes what came before it.
    fn undo(&mut self, scene: Scene<'_>, out: &mut Vec<u8>) -> Result<(), DumpError> {
        if self.with_rows == Some(scene.transaction.position) {
            return Err(self.refuse(scene, "taking back rows that were written"));
        }
        self.end(None, out);
        Ok(())
    }
}

impl Form for Enveloped {
    fn commit(&mut self, _: Scene<'_>, xid: Option<u64>, out: &mut Vec<u8>) {
        self.end(Some(xid), out);
    }

    fn broken(&mut self, out: &mut Vec<u8>) {
        self.end(None, out);
    }

    fn statement(&mut self, scene: Scene<'_>, said: Said<'_>, out: &mut Vec<u8>) -> Result<(), DumpError> {
        let kind = said.kind();
        match kind {
            Some(kind) if kind.is_ddl() => self.ddl(scene, &said, kind, out),
            Some(StatementKind::Rollback) => self.undo(scene, out),
            Some(StatementKind::Savepoint) if said.begins_with("ROLLBACK") => self.undo(scene, out),
            Some(StatementKind::Savepoint | StatementKind::Begin | StatementKind::Commit) => Ok(()),
            Some(StatementKind::Xa) if !said.decides_xa() => Ok(()),
            kind if self.envelope == Envelope::Canal && said.load.is_none() => {
                canal::statement(scene, &said, kind, self.next_message(), out);
                Ok(())
            }
            Some(StatementKind::Xa) if said.begins_with("XA ROLLBACK") => Err(self.refuse(scene, "XA ROLLBACK")),
            Some(StatementKind::Xa | StatementKind::Maintenance | StatementKind::Set) => Ok(()),
            Some(kind) if kind.is_dml() => Err(self.refuse(scene, "a change of rows by a statement")),
            _ => Err(self.refuse(scene, "a statement that cannot be judged")),
        }
    }

    fn block(&mut self, scene: Scene<'_>, _: &AppendBlock<'_>, _: &mut Vec<u8>) -> Result<(), DumpError> {
        Err(self.refuse(scene, "the file of a LOAD DATA"))
    }

    fn xa_start(&mut self, _: Scene<'_>, _: &XaIdentifier, _: &mut Vec<u8>) {}

    fn xa_prepare(&mut self, _: Scene<'_>, prepare: &XaPrepare, out: &mut Vec<u8>) {
        self.end(prepare.one_phase.then_some(None), out);
    }

    fn table(&mut self, _: Scene<'_>, _: &TableMap, _: &Columns, _: &mut Vec<u8>) {}

    fn rows(&mut self, scene: Scene<'_>) -> RowForm {
        self.with_rows = Some(scene.transaction.position);
        match self.envelope {
            Envelope::Debezium => RowForm::Debezium,
            Envelope::Maxwell => RowForm::Maxwell,
            Envelope::Canal => RowForm::Canal {
                id: self.next_message(),
            },
        }
    }
}

impl Envelope {
    fn name(self) -> &'static str {
        match self {
            Self::Debezium => "Debezium",
            Self::Maxwell => "Maxwell",
            Self::Canal => "canal",
        }
    }
}

impl Said<'_> {
    fn kind(&self) -> Option<StatementKind> {
        match &self.touched {
            Ok(touched) => Some(touched.kind),
            Err(unparsed) => unparsed.kind,
        }
    }

    fn begins_with(&self, words: &str) -> bool {
        let head = self.query.sql.get(..words.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(words.as_bytes()))
    }

    /// Whether it says what becomes of a prepared XA transaction.
    fn decides_xa(&self) -> bool {
        self.begins_with("XA COMMIT") || self.begins_with("XA ROLLBACK")
    }

    /// What the statement changes, in its order; nothing where that cannot be told.
    fn writes(&self) -> &[Object] {
        self.touched
            .as_ref()
            .map(|touched| &*touched.writes)
            .unwrap_or_default()
    }

    fn tables(&self) -> impl Iterator<Item = &TableName> {
        self.writes().iter().filter_map(Object::table)
    }

    /// The schema of the first thing that it changes, or else the default one; empty where there is none.
    fn schema(&self) -> std::borrow::Cow<'_, str> {
        match self.writes().iter().find_map(Object::schema) {
            Some(schema) => schema.into(),
            None => String::from_utf8_lossy(self.query.schema),
        }
    }

    /// The text.
    fn sql(&self) -> text::Decoded<'_> {
        let client = self.query.status.charsets.map(|charsets| charsets.client);
        text::statement(self.query.sql, client)
    }
}

/// Seconds of an event as milliseconds.
fn millis(scene: Scene<'_>) -> u64 {
    u64::from(scene.at.raw.header.timestamp) * 1000
}

/// When the transaction was committed, or else when the statement began, in milliseconds: these lines have the time at
/// which they were made.
fn made(scene: Scene<'_>) -> u64 {
    match scene.transaction.committed {
        Some(micros) if micros > 0 => micros / 1000,
        _ => millis(scene),
    }
}

#[cfg(test)]
mod tests;
