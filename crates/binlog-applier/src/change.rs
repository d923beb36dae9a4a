//! Row changes as SQL: a group becomes as few statements as keep its order and tell whether every row was found.

use binlog_parser::event::{RowsFlags, RowsKind};
use binlog_parser::{Cell, Row, Value};

use crate::conflict::{Conflict, Difference, OnConflict};
use crate::error::{ApplyError, ApplyErrorKind, Rows};
use crate::group::Group;
use crate::rows::RowSql;
use crate::target::Target;

/// Bytes of a statement from which on it takes no further row. A quarter of the smallest usual `max_allowed_packet`.
const STATEMENT_LEN: usize = 1 << 20;
/// Rows of one DELETE: the servers' range optimizer handles so many keys without falling back to a scan.
const DELETED_ROWS: u64 = 200;
/// Letters of a key in a message.
const KEY_LEN: usize = 200;

/// Writes a group's changes as statements.
pub(crate) fn apply(target: &mut Target, group: &Group) -> Result<(), ApplyError> {
    let plan = &*group.shape.plan;
    plan.refuse_trigger(group.shape.kind)
        .map_err(|error| error.at(|| group.place(0)))?;
    let timestamp = group.shape.timestamp.unwrap_or(group.timestamp);
    set_session(target, group.shape.flags, timestamp)?;
    let flavour = target.flavour;
    let mut writing = Writing {
        target,
        sql: RowSql { plan, target: flavour },
        kind: group.shape.kind,
        statement: Vec::new(),
        key: Vec::new(),
        first: 0,
        rows: 0,
        lenient: false,
        group,
    };
    group.for_each(|number, before, after| {
        if writing.rows == 0 {
            writing.first = number;
        }
        let written = writing.row(before, after);
        written.map_err(|error| error.at(|| group.place(writing.first)))
    })?;
    let sent = writing.send();
    sent.map_err(|error| error.at(|| group.place(writing.first)))
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
    /// Number of the first change in the statement.
    first: usize,
    /// Rows in the statement.
    rows: u64,
    /// Whether its rows have values that a strict `sql_mode` refuses.
    lenient: bool,
    group: &'w Group,
}

/// `ER_DUP_KEY`, `ER_DUP_ENTRY`, `ER_DUP_ENTRY_WITH_KEY_NAME`
const DUPLICATE: [u16; 3] = [1022, 1062, 1586];

fn is_duplicate(error: &mysql::Error) -> bool {
    matches!(error, mysql::Error::MySqlError(answer) if DUPLICATE.contains(&answer.code))
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
        if !self.sql.update(&mut self.statement, before, after)? {
            self.statement.clear();
            return Ok(());
        }
        self.rows = 1;
        match self.run() {
            Ok(1) => {}
            Ok(found) => self.missing(found, before, Some(after))?,
            Err(error) if is_duplicate(&error) => self.in_the_way(error, after, false)?,
            Err(error) => return Err(self.refused(error)),
        }
        self.begin();
        Ok(())
    }

    fn delete(&mut self, row: &Row<'_>) -> Result<(), ApplyError> {
        if !self.sql.has_key(row) || self.target.is_told_conflicts() {
            self.note_key(row)?;
            self.sql.delete(&mut self.statement, row)?;
            self.rows = 1;
            match self.run().map_err(|error| self.refused(error))? {
                1 => {}
                found => self.missing(found, row, None)?,
            }
            self.begin();
            return Ok(());
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

    /// Sends the statement of several inserts or deletes.
    fn send(&mut self) -> Result<(), ApplyError> {
        if self.rows > 0 {
            match self.run() {
                Ok(found) if found == self.rows => {}
                Ok(found) if self.target.on_conflict == OnConflict::Stop => {
                    return Err(self.not_found(found, String::new(), None));
                }
                // Which ones were missing, nobody wants to know.
                Ok(_) => {}
                Err(error) if is_duplicate(&error) => self.insert_singly()?,
                Err(error) => return Err(self.refused(error)),
            }
        }
        self.begin();
        Ok(())
    }

    /// Begins another statement.
    fn begin(&mut self) {
        self.statement.clear();
        self.rows = 0;
    }

    /// Runs the statement, and returns the rows that it changed or found.
    fn run(&mut self) -> Result<u64, mysql::Error> {
        match self.lenient {
            true => self.target.execute_lenient(&self.statement),
            false => self.target.execute(&self.statement),
        }
    }

    /// Inserts the rows of the last statement one by one, to see which of them are there already.
    fn insert_singly(&mut self) -> Result<(), ApplyError> {
        let (group, range) = (self.group, self.first as u64..self.first as u64 + self.rows);
        group.for_each(|number, _, after| {
            if !range.contains(&(number as u64)) {
                return Ok(());
            }
            self.begin();
            (self.first, self.rows) = (number, 1);
            self.note_key(after)?;
            self.sql.insert_head(&mut self.statement, after);
            self.sql.insert_values(&mut self.statement, after)?;
            match self.run() {
                Ok(_) => Ok(()),
                Err(error) if is_duplicate(&error) => self.in_the_way(error, after, true),
                Err(error) => Err(self.refused(error)),
            }
        })
    }

    /// Decides about a row that is to be updated or deleted, and is not there.
    fn missing(&mut self, found: u64, before: &Row<'_>, after: Option<&Row<'_>>) -> Result<(), ApplyError> {
        let (expected, there) = (self.sql.described(before), self.found(before)?);
        let overwrites = self.target.on_conflict == OnConflict::Overwrite && after.is_some();
        match (self.target.on_conflict, after) {
            (OnConflict::Stop, _) => return Err(self.not_found(found, expected, there)),
            (OnConflict::Overwrite, Some(after)) if self.sql.is_whole(after) => self.overwrite(after)?,
            (OnConflict::Overwrite, Some(_)) => return Err(self.not_found(found, expected, there)),
            _ => {}
        }
        self.met(Difference::Missing, expected, there, overwrites);
        Ok(())
    }

    /// Decides about a row in whose way another is.
    fn in_the_way(&mut self, error: mysql::Error, row: &Row<'_>, inserts: bool) -> Result<(), ApplyError> {
        let (expected, there) = (self.sql.described(row), self.found(row)?);
        let overwrites = match (self.target.on_conflict, inserts) {
            (OnConflict::Skip, _) => false,
            (OnConflict::Overwrite | OnConflict::Idempotent, true) => true,
            _ => return Err(self.duplicate(error, expected, there)),
        };
        if overwrites {
            self.overwrite(row)?;
        }
        self.met(Difference::Duplicate, expected, there, overwrites);
        Ok(())
    }

    /// Makes the target's row this one, whether it is there or not.
    fn overwrite(&mut self, row: &Row<'_>) -> Result<(), ApplyError> {
        self.statement.clear();
        self.sql.upsert(&mut self.statement, row)?;
        self.run().map_err(|error| self.refused(error))?;
        Ok(())
    }

    /// The row with the image's key, as SQL.
    fn found(&mut self, row: &Row<'_>) -> Result<Option<String>, ApplyError> {
        if !self.sql.has_key(row) {
            return Ok(None);
        }
        let mut sql = b"SELECT * FROM ".to_vec();
        sql.extend(&self.sql.plan.table);
        sql.extend(b" WHERE ");
        self.sql.key(&mut sql, row)?;
        self.target.row(&sql)
    }

    fn met(&mut self, difference: Difference, expected: String, found: Option<String>, overwritten: bool) {
        self.target.conflicts.push(Conflict {
            place: self.group.place(self.first),
            table: self.sql.plan.name.clone(),
            change: self.change(),
            difference,
            expected,
            found,
            overwritten,
        });
    }

    fn refused(&self, error: mysql::Error) -> ApplyError {
        self.duplicate(error, String::new(), None)
    }

    fn duplicate(&self, error: mysql::Error, row: String, found: Option<String>) -> ApplyError {
        ApplyErrorKind::Row {
            change: self.change(),
            table: self.sql.plan.name.clone(),
            key: self.key_text(),
            rows: Rows::new(row, found),
            error,
        }
        .into()
    }

    fn not_found(&self, found: u64, row: String, there: Option<String>) -> ApplyError {
        ApplyErrorKind::RowNotFound {
            change: self.change(),
            table: self.sql.plan.name.clone(),
            key: self.key_text(),
            found,
            expected: self.rows,
            rows: Rows::new(row, there),
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
