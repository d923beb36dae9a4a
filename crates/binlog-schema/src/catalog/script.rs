//! SQL text that defines tables: what mysqldump and mariadb-dump write, statements, or the answers to SHOW CREATE TABLE.

mod split;

use std::sync::Arc;

use binlog_parser::event::Flavour;

use super::coordinates::Coordinates;
use super::given::Given;
use super::origin::GivenBy;
use super::{State, follow};
use crate::cursor::Cursor;
use crate::lexer::{ANSI_QUOTES, Kind, NO_BACKSLASH_ESCAPES, Tokens};
use crate::statement::{StatementKind, touched_in_mode};
use split::{Piece, Splitter};

/// Reads definitions from SQL text, given piece by piece. It keeps statements that define tables or say where in a log
/// the text stands, one at a time; of all others, like INSERT, nothing.
///
/// - The schema of a name without one is that of `USE`, of a dump's comments, or the one given.
/// - Server-only comments are read as the server that made the dump does, which a dump's head says; else as MySQL does.
/// - Answers to SHOW CREATE TABLE can be those of the client with `\G`, or tab-separated.
#[derive(Debug)]
pub struct SchemaScript {
    name: Arc<str>,
    splitter: Splitter,
    reader: Reader,
}

/// Why SQL text does not define tables.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("schema file {name}, line {line}: {why}")]
pub struct ScriptError {
    /// The text's name.
    pub name: Arc<str>,
    /// The line where the statement begins, from 1.
    pub line: u64,
    /// What is wrong.
    pub why: String,
}

#[derive(Debug)]
struct Reader {
    state: State,
    schema: String,
    flavour: Flavour,
    sql_mode: u64,
    from: Coordinates,
}

impl SchemaScript {
    /// A text of this name. `schema` is that of names without one, until the text says another.
    #[must_use]
    pub fn new(name: &str, schema: Option<&str>) -> Self {
        Self {
            name: name.into(),
            splitter: Splitter::default(),
            reader: Reader {
                state: State::default(),
                schema: schema.unwrap_or_default().to_owned(),
                flavour: Flavour::MySql,
                sql_mode: 0,
                from: Coordinates::default(),
            },
        }
    }

    /// Reads on.
    ///
    /// # Errors
    /// A statement's table has no schema, or a statement cannot be read.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), ScriptError> {
        let reader = &mut self.reader;
        let pushed = self.splitter.push(bytes, |piece| reader.piece(piece));
        pushed.map_err(|(line, why)| self.error(line, why))
    }

    /// What the text defines.
    ///
    /// # Errors
    /// As [`Self::push`], or there is no table in the text.
    pub fn finish(mut self) -> Result<Given, ScriptError> {
        let reader = &mut self.reader;
        let finished = self.splitter.finish(|piece| reader.piece(piece));
        finished.map_err(|(line, why)| self.error(line, why))?;
        let by = GivenBy::File(Arc::clone(&self.name));
        let given = Given::of(self.reader.state, by, self.reader.from);
        if given.tables.is_empty() && given.not_followed.is_empty() {
            return Err(ScriptError {
                name: self.name,
                line: 1,
                why: "no CREATE TABLE was found".to_owned(),
            });
        }
        Ok(given)
    }

    fn error(&self, line: u64, why: String) -> ScriptError {
        let name = Arc::clone(&self.name);
        ScriptError { name, line, why }
    }
}

/// Statements that dumps put into comments, of which one does not run them but wants to know.
const SAID: [&str; 4] = [
    "CHANGE MASTER TO ",
    "CHANGE REPLICATION SOURCE TO ",
    "SET GLOBAL gtid_slave_pos",
    "SET @@GLOBAL.GTID_PURGED",
];

impl Reader {
    fn piece(&mut self, piece: Piece<'_>) -> Result<(), String> {
        match piece {
            Piece::Comment(text) => self.comment(text),
            Piece::Statement(sql) if sql.starts_with(b"*") => {
                vertical(sql).into_iter().try_for_each(|sql| self.statement(&sql))
            }
            Piece::Statement(sql) if sql.starts_with(b"Table\t") => {
                tabular(sql).into_iter().try_for_each(|sql| self.statement(&sql))
            }
            Piece::Statement(sql) => self.statement(sql),
        }
    }

    /// A dump's comments hold its head, and statements that are not to run.
    fn comment(&mut self, text: &[u8]) -> Result<(), String> {
        let line = String::from_utf8_lossy(text);
        let line = line.trim_end_matches('*').trim();
        if line.contains("MariaDB") {
            self.flavour = Flavour::MariaDb;
        }
        if let Some(("Host:", rest)) = line.split_once(' ')
            && let Some((_, schema)) = rest.split_once("Database: ")
        {
            self.dump_is_of(schema.trim());
        }
        if let Some(schema) = line.strip_prefix("Current Database: ") {
            self.statement(format!("USE {schema}").as_bytes())?;
        }
        match SAID.iter().any(|head| line.starts_with(head)) {
            true => self.statement(line.trim_end_matches(';').as_bytes()),
            false => Ok(()),
        }
    }

    /// The schema in a dump's head; what was given by name wins.
    fn dump_is_of(&mut self, schema: &str) {
        if self.schema.is_empty() {
            schema.clone_into(&mut self.schema);
        }
    }

    fn statement(&mut self, sql: &[u8]) -> Result<(), String> {
        let tokens = Tokens::read(sql, self.flavour, self.sql_mode)?;
        let mut cursor = Cursor::new(&tokens);
        if cursor.accept(&["USE"]) {
            self.schema = cursor.text();
        } else if cursor.is("SET") || cursor.is("CHANGE") {
            self.from.note(cursor).map_err(|error| error.to_string())?;
            self.note_sql_mode(cursor);
        } else if follow::may_define(sql) && !cursor.is_end() {
            self.define(sql)?;
        }
        Ok(())
    }

    /// `SQL_MODE = 'text'` among what is SET.
    fn note_sql_mode(&mut self, mut cursor: Cursor<'_>) {
        while !cursor.is_end() {
            let is_mode = cursor.is("SQL_MODE");
            cursor.advance();
            if is_mode && cursor.accept_symbol(b'=') && cursor.kind() == Some(Kind::Text) {
                let text = cursor.text().to_ascii_uppercase();
                let has = |name: &str| text.split(',').any(|mode| mode.trim() == name);
                let quotes = has("ANSI") || has("ANSI_QUOTES") || has("ORACLE");
                let escapes = has("NO_BACKSLASH_ESCAPES");
                self.sql_mode = if quotes { ANSI_QUOTES } else { 0 } | if escapes { NO_BACKSLASH_ESCAPES } else { 0 };
            }
        }
    }

    fn define(&mut self, sql: &[u8]) -> Result<(), String> {
        match touched_in_mode(sql, &self.schema, self.flavour, self.sql_mode) {
            Err(unparsed) if unparsed.kind.is_some_and(defines_table) => {
                return Err(match self.schema.is_empty() {
                    true => format!("{unparsed}; say which database it is: --schema DB=FILE"),
                    false => unparsed.to_string(),
                });
            }
            Err(_) => return Ok(()),
            Ok(_) => {}
        }
        self.state.follow(sql, &self.schema, self.flavour, self.sql_mode);
        Ok(())
    }
}

fn defines_table(kind: StatementKind) -> bool {
    matches!(
        kind,
        StatementKind::CreateTable | StatementKind::AlterTable | StatementKind::RenameTable
    )
}

/// The statements in what the client prints with `\G`.
fn vertical(text: &[u8]) -> Vec<Vec<u8>> {
    let mut found: Vec<Vec<u8>> = Vec::new();
    let mut is_inside = false;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        if let Some(first) = line.trim_ascii_start().strip_prefix(b"Create Table: ") {
            found.push(first.to_vec());
            is_inside = true;
        } else if line.starts_with(b"****") {
            is_inside = false;
        } else if let Some(last) = found.last_mut().filter(|_| is_inside) {
            last.extend(line);
        }
    }
    found
}

/// The statements in what the client prints with `--batch`: a tab before each, and escapes in it.
fn tabular(text: &[u8]) -> Vec<Vec<u8>> {
    let lines = text.split(|byte| *byte == b'\n').skip(1);
    let statements = lines.filter_map(|line| line.split(|byte| *byte == b'\t').nth(1));
    statements.map(unescaped).collect()
}

fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'\\' => match bytes.next() {
                Some(b'n') => b'\n',
                Some(b't') => b'\t',
                Some(b'0') => 0,
                Some(other) => *other,
                None => b'\\',
            },
            other => *other,
        });
    }
    out
}

#[cfg(test)]
mod tests;
