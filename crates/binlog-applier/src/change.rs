//! Row events: each becomes as few statements as keep its order and tell whether every row was found.

use binlog_parser::event::{RowsFlags, RowsKind};
use binlog_parser::{Cell, Chunk, RawEvent, Row, Rows, Value};

use crate::error::{ApplyError, ApplyErrorKind};
use crate::plan::Plan;
use crate::rows::RowSql;
use crate::target::Target;

/// Bytes of a statement from which on it takes no further row. A quarter of the smallest usual `max_allowed_packet`.
const STATEMENT_LEN: usize = 1 << 20;
/// Rows of one DELETE: the servers' range optimizer handles so many keys without falling back to a scan.
const DELETED_ROWS: u64 = 200;
/// Letters of a key in a message.
const KEY_LEN: usize = 200;

/// Applies a row event and returns its rows.
pub(crate) fn apply(
    target: &mut Target,
    plan: &Plan,
    chunk: &Chunk,
    raw: &RawEvent<'_>,
    rows: &Rows<'_>,
) -> Result<u64, ApplyError> {
    plan.refuse_trigger(rows.kind)?;
    let flavour = target.flavour;
    let mut writing = Writing {
        target,
        sql: RowSql { plan, target: flavour },
        kind: rows.kind,
        statement: Vec::new(),
        key: Vec::new(),
        rows: 0,
        lenient: false,
    };
    let (mut before, mut after) = (Row::default(), Row::default());
    let (mut iter, mut count) = (rows.iter(), 0);
    while iter
        .next_into(&mut before, &mut after)
        .map_err(|(offset, error)| chunk.place(raw.error(offset, error)))?
    {
        writing.row(&before, &after)?;
        count += 1;
    }
    writing.send()?;
    Ok(count)
}

/// Sets the session for row changes.
pub(crate) fn set_session(target: &mut Target, flags: RowsFlags, timestamp: u32) -> Result<(), ApplyError> {
    let mut sets = Vec::new();
    target.session.for_rows(flags, timestamp, &mut sets);
    for set in sets {
        let done = target.execute(&set);
        let doing = "setting the session for row changes";
        done.map_err(|error| ApplyErrorKind::Target { doing, error })?;
    }
    Ok(())
}

struct Writing<'w> {
    target: &'w mut Target,
    sql: RowSql<'w>,
    kind: RowsKind,
    /// The statement so far.
    statement: Vec<u8>,
    /// First key in the statement.
    key: Vec<u8>,
    /// Rows in the statement.
    rows: u64,
    /// Whether its rows have values that a strict `sql_mode` refuses.
    lenient: bool,
}

/// Whether a value is an ENUM's 0, which the source stored for what is no member. No strict mode takes it.
fn has_error_member(row: &Row<'_>) -> bool {
    row.cells.contains(&Cell::Value(Value::Enum(0)))
}

impl Writing<'_> {
    fn row(&mut self, before: &Row<'_>, after: &Row<'_>) -> Result<(), ApplyError> {
        match self.kind {
            RowsKind::Insert => self.insert(after),
            RowsKind::Update => self.update(before, after),
            RowsKind::Delete => self.delete(before),
        }
    }

    fn insert(&mut self, row: &Row<'_>) -> Result<(), ApplyError> {
        if has_error_member(row) != self.lenient {
            self.send()?;
            self.lenient = !self.lenient;
        }
        if self.rows == 0 {
            self.sql.insert_head(&mut self.statement, row);
            self.note_key(row)?;
        } else {
            self.statement.extend(b", ");
        }
        self.sql.insert_values(&mut self.statement, row)?;
        self.rows += 1;
        self.send_if(self.statement.len() >= STATEMENT_LEN)
    }

    fn update(&mut self, before: &Row<'_>, after: &Row<'_>) -> Result<(), ApplyError> {
        self.note_key(before)?;
        self.lenient = has_error_member(after);
        if self.sql.update(&mut self.statement, before, after)? {
            self.rows = 1;
        }
        self.send()
    }

    fn delete(&mut self, row: &Row<'_>) -> Result<(), ApplyError> {
        if !self.sql.has_key(row) {
            self.note_key(row)?;
            self.sql.delete(&mut self.statement, row)?;
            self.rows = 1;
            return self.send();
        }
        if self.rows == 0 {
            self.sql.delete_head(&mut self.statement);
            self.note_key(row)?;
        } else {
            self.statement.extend(b" OR ");
        }
        self.sql.key(&mut self.statement, row)?;
        self.rows += 1;
        self.send_if(self.rows >= DELETED_ROWS || self.statement.len() >= STATEMENT_LEN)
    }

    fn note_key(&mut self, row: &Row<'_>) -> Result<(), ApplyError> {
        self.key.clear();
        if self.sql.has_key(row) {
            self.sql.key(&mut self.key, row)?;
        }
        Ok(())
    }

    fn send_if(&mut self, full: bool) -> Result<(), ApplyError> {
        if full { self.send() } else { Ok(()) }
    }

    fn send(&mut self) -> Result<(), ApplyError> {
        if self.rows > 0 {
            let done = match self.lenient {
                true => self.target.execute_lenient(&self.statement),
                false => self.target.execute(&self.statement),
            };
            let found = done.map_err(|error| self.refused(error))?;
            if found != self.rows {
                return Err(self.not_found(found));
            }
        }
        self.statement.clear();
        self.rows = 0;
        Ok(())
    }

    fn refused(&self, error: mysql::Error) -> ApplyError {
        ApplyErrorKind::Row {
            change: self.change(),
            table: self.sql.plan.name.clone(),
            key: self.key_text(),
            error,
        }
        .into()
    }

    fn not_found(&self, found: u64) -> ApplyError {
        ApplyErrorKind::RowNotFound {
            change: self.change(),
            table: self.sql.plan.name.clone(),
            key: self.key_text(),
            found,
            expected: self.rows,
        }
        .into()
    }

    fn change(&self) -> &'static str {
        match self.kind {
            RowsKind::Insert => "INSERT INTO",
            RowsKind::Update => "UPDATE",
            RowsKind::Delete => "DELETE FROM",
        }
    }

    /// ` (id = 5)`, or nothing where the table has no key.
    fn key_text(&self) -> String {
        if self.key.is_empty() {
            return String::new();
        }
        let key: String = String::from_utf8_lossy(&self.key).chars().take(KEY_LEN).collect();
        match self.rows {
            0 | 1 => format!(" ({key})"),
            rows => format!(" ({key} and {} more)", rows - 1),
        }
    }
}
