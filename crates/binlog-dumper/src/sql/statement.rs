//! Statements: QUERY events with their sessions, and what ends them for the client.

use binlog_parser::event::ExecuteLoadQuery;
use binlog_parser::{EventFlags, Query};
use binlog_schema::StatementKind;

use super::client::push;
use super::{NO_BEGINNING, SqlDumper, comment};
use crate::DumpError;
use crate::at::At;

impl SqlDumper {
    pub(super) fn query(&mut self, at: At<'_, '_>, query: &Query<'_>, out: &mut Vec<u8>) -> Result<(), DumpError> {
        if query.is("BEGIN") {
            self.begin(out);
        } else if query.is("COMMIT") {
            self.end(b"COMMIT", out);
        } else if query.is("ROLLBACK") {
            self.end(b"ROLLBACK", out);
        } else {
            self.statement(at, query, query.sql, out)?;
        }
        Ok(())
    }

    pub(super) fn load(
        &mut self,
        at: At<'_, '_>,
        load: &ExecuteLoadQuery<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), DumpError> {
        let name = self.files.take(load.file_id);
        let (Some(name), Some(folder)) = (name, &self.folder) else {
            return Err(at.unsupported(NO_BEGINNING));
        };
        let path = [folder, &b"/"[..], name.as_bytes()].concat();
        if path.iter().any(|byte| matches!(byte, b'\'' | b'\\')) {
            return Err(at.unsupported("the folder for its file has a quote or backslash in its name"));
        }
        let sql = load.with_local_file(&path);
        let sql = sql.ok_or_else(|| at.unsupported("the place of the file's name lies outside its text"))?;
        self.statement(at, &load.query, &sql, out)
    }

    /// A statement, of which this is the text to run.
    fn statement(&mut self, at: At<'_, '_>, query: &Query<'_>, sql: &[u8], out: &mut Vec<u8>) -> Result<(), DumpError> {
        self.head(out);
        if let Some(charsets) = query.status.charsets {
            self.tell_client(charsets.client, charsets.connection, out);
        }
        let kind = self.walk.kind(query);
        self.temporary_tables |= kind == Some(StatementKind::CreateTable) && is_temporary(query);
        self.set_session(at, query, out)?;
        if query.error_code != 0 && self.options.comments {
            let words = format!("the source ended this statement with error {}", query.error_code);
            comment::text(out, words.as_bytes());
        }
        push(out, executable(sql, kind));
        if kind == Some(StatementKind::DropDatabase) {
            // It may have been the default database.
            self.session = None;
        }
        Ok(())
    }

    fn set_session(&mut self, at: At<'_, '_>, query: &Query<'_>, out: &mut Vec<u8>) -> Result<(), DumpError> {
        let header = &at.raw.header;
        let thread_specific = self.temporary_tables && header.flags.contains(EventFlags::THREAD_SPECIFIC);
        if thread_specific || holds_word(query.sql, b"CONNECTION_ID") {
            push(out, format!("SET pseudo_thread_id={}", query.thread_id).as_bytes());
        }
        let mut query = query.clone();
        if header.flags.contains(EventFlags::SUPPRESS_USE) {
            query.schema = b"";
        }
        // A check that the statement has passed; to set it needs a privilege.
        query.status.sql_require_primary_key = None;
        let mut sets = Vec::new();
        let set = self.session().diff(&query, header.timestamp, &mut sets);
        set.map_err(|error| at.statement("session", error))?;
        sets.iter().for_each(|set| push(out, set));
        Ok(())
    }
}

/// Whether a CREATE TABLE makes a temporary table; the flag of a thread's own tables stands on every DROP TABLE, too.
fn is_temporary(query: &Query<'_>) -> bool {
    let head = query.sql.split(|byte| *byte == b'(').next().unwrap_or_default();
    holds_word(head, b"TEMPORARY")
}

fn holds_word(sql: &[u8], word: &[u8]) -> bool {
    sql.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word))
}

/// The text without what only a replica may run: MySQL 8.0.21 on writes CREATE TABLE … SELECT as
/// `CREATE TABLE … START TRANSACTION`, after which a client may insert nothing.
fn executable(sql: &[u8], kind: Option<StatementKind>) -> &[u8] {
    const SUFFIX: &[u8] = b" START TRANSACTION";
    match sql
        .len()
        .checked_sub(SUFFIX.len())
        .and_then(|at| sql.split_at_checked(at))
    {
        Some((head, SUFFIX)) if kind == Some(StatementKind::CreateTable) => head,
        _ => sql,
    }
}
