//! Row changes as statements.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use binlog_parser::event::{ColumnType, Flavour, RowsKind};
use binlog_parser::value::CompressedValue;
use binlog_parser::{Cell, Chunk, FieldError, RawEvent, Row, Rows, TableMap, Value};
use binlog_schema::sql::{
    Charset, LiteralColumn, LiteralError, push_identifier, push_json_diffs, push_literal, push_table,
};
use binlog_schema::{Catalog, Origin, TableDefinition, column_names};

use super::insert::Inserts;
use super::{SqlOptions, client, comment};
use crate::at::At;
use crate::{DumpError, WriteRows};

/// Why a row has no statement.
#[derive(Debug)]
enum RowError {
    /// A field of the event does not decode; with its offset in the event.
    Field(usize, FieldError),
    /// A value has no literal.
    Literal {
        /// Table and column.
        column: String,
        /// What is wrong with the value.
        error: LiteralError,
    },
}

/// Writes the rows of a table.
#[derive(Debug)]
pub struct RowWriter {
    map: Arc<TableMap>,
    /// In backticks, with its schema.
    name: Vec<u8>,
    flavour: Flavour,
    options: SqlOptions,
    /// Where the columns' names are not known: how many rows were written as comments.
    unnamed: Option<Arc<AtomicU64>>,
    columns: Vec<WriterColumn>,
    /// Indexes of the primary key's columns; empty where it is not known or there is none.
    key: Vec<usize>,
}

#[derive(Debug)]
struct WriterColumn {
    /// In backticks, or `@1`.
    name: Vec<u8>,
    literal: LiteralColumn,
    /// Computed from other columns: cannot be set.
    generated: bool,
    /// Bytes of a BINARY column, whose images have no trailing zero bytes.
    binary_len: Option<usize>,
    /// `ON UPDATE CURRENT_TIMESTAMP` is possible.
    may_update_itself: bool,
}

impl WriteRows for Arc<RowWriter> {
    fn table(&self) -> &Arc<TableMap> {
        &self.map
    }

    fn write(&self, chunk: &Chunk, raw: &RawEvent<'_>, rows: &Rows<'_>, out: &mut Vec<u8>) -> Result<(), DumpError> {
        self.rows(rows, out).map_err(|error| {
            let at = At { chunk, raw: *raw };
            match error {
                RowError::Field(offset, error) => at.field(offset, error),
                RowError::Literal { column, error } => at.statement("row", format!("{column}: {error}")),
            }
        })
    }
}

impl RowWriter {
    /// `unnamed` counts the rows that are written as comments.
    pub(super) fn new(
        map: &Arc<TableMap>,
        catalog: &Catalog,
        flavour: Flavour,
        options: SqlOptions,
        unnamed: impl FnOnce() -> Arc<AtomicU64>,
    ) -> Self {
        let names = column_names(map, catalog);
        let definition = catalog.columns(map);
        let column = |index| WriterColumn::new(map, index, names.names.get(index), definition.as_deref(), flavour);
        Self {
            map: Arc::clone(map),
            name: qualified(map),
            flavour,
            options,
            unnamed: (names.origin == Origin::Unknown).then(unnamed),
            columns: (0..map.columns.len()).filter_map(column).collect(),
            key: key(map, definition.as_deref()).unwrap_or_default(),
        }
    }

    /// Appends a statement for each row, or for several inserted ones.
    fn rows(&self, rows: &Rows<'_>, out: &mut Vec<u8>) -> Result<(), RowError> {
        let (mut before, mut after) = (Row::default(), Row::default());
        let (mut iter, mut words) = (rows.iter(), Vec::new());
        let mut inserts = Inserts::new(self.options.rows_per_insert);
        while iter
            .next_into(&mut before, &mut after)
            .map_err(|(offset, error)| RowError::Field(offset, error))?
        {
            if self.unnamed.is_none() && !has_error_value(&after) {
                if inserts.joins(rows.kind, out) {
                    self.values(&after, out)?;
                } else {
                    self.statement(rows.kind, &before, &after, out)?;
                }
                inserts.wrote();
                client::end_values(out);
                continue;
            }
            inserts.interrupt();
            words.clear();
            self.statement(rows.kind, &before, &after, &mut words)?;
            match &self.unnamed {
                None => push_lenient(out, &words),
                Some(count) => {
                    comment::text(out, &words);
                    count.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
        Ok(())
    }

    fn statement(&self, kind: RowsKind, before: &Row<'_>, after: &Row<'_>, out: &mut Vec<u8>) -> Result<(), RowError> {
        match kind {
            RowsKind::Insert => self.insert(after, out),
            RowsKind::Update => {
                out.extend(b"UPDATE ");
                out.extend(&self.name);
                self.set(before, after, out)?;
                self.condition(before, out)
            }
            RowsKind::Delete => {
                out.extend(b"DELETE FROM ");
                out.extend(&self.name);
                self.condition(before, out)
            }
        }
    }

    fn insert(&self, after: &Row<'_>, out: &mut Vec<u8>) -> Result<(), RowError> {
        out.extend(b"INSERT INTO ");
        out.extend(&self.name);
        out.extend(b" (");
        let given = || self.present(after).filter(|(column, _)| !column.generated);
        for (index, (column, _)) in given().enumerate() {
            separate(out, index, b", ");
            out.extend(&column.name);
        }
        out.extend(b") VALUES ");
        self.values(after, out)
    }

    fn values(&self, after: &Row<'_>, out: &mut Vec<u8>) -> Result<(), RowError> {
        out.push(b'(');
        let given = self.present(after).filter(|(column, _)| !column.generated);
        for (index, (column, cell)) in given.enumerate() {
            separate(out, index, b", ");
            self.cell(column, cell, out)?;
        }
        out.push(b')');
        Ok(())
    }

    /// Sets what changed, and what would otherwise change by itself.
    fn set(&self, before: &Row<'_>, after: &Row<'_>, out: &mut Vec<u8>) -> Result<(), RowError> {
        out.extend(b" SET ");
        let mut count = 0;
        for (index, column) in self.columns.iter().enumerate() {
            let (old, new) = (before.cells.get(index), after.cells.get(index));
            let Some(cell) = new.filter(|cell| **cell != Cell::Absent && !column.generated) else {
                continue;
            };
            let differs = old != new && !crate::is_unchanged(cell);
            if differs || column.may_update_itself || self.options.all_columns {
                separate(out, count, b", ");
                self.assignment(column, cell, out)?;
                count += 1;
            }
        }
        if count == 0 {
            self.set_nothing(before, out)?;
        }
        Ok(())
    }

    /// An update that changes no column that can be set.
    fn set_nothing(&self, before: &Row<'_>, out: &mut Vec<u8>) -> Result<(), RowError> {
        let mut settable = self.present(before).filter(|(column, _)| !column.generated);
        match settable.next() {
            Some((column, cell)) => self.assignment(column, cell, out),
            None => Ok(()),
        }
    }

    fn assignment(&self, column: &WriterColumn, cell: &Cell<'_>, out: &mut Vec<u8>) -> Result<(), RowError> {
        out.extend(&column.name);
        out.extend(b" = ");
        if let Cell::Value(Value::JsonDiffs(diffs)) = cell {
            let pushed = push_json_diffs(out, &column.name, diffs, self.flavour);
            return pushed.map_err(|error| self.error(column, error));
        }
        self.cell(column, cell, out)
    }

    /// The row by its primary key, or else by all that the image holds.
    fn condition(&self, before: &Row<'_>, out: &mut Vec<u8>) -> Result<(), RowError> {
        out.extend(b" WHERE ");
        let has_key = !self.key.is_empty() && self.key.iter().all(|index| holds(before, *index));
        let by_key = has_key && !self.options.all_columns;
        let mut count = 0;
        for (index, column) in self.columns.iter().enumerate() {
            let Some(cell) = before.cells.get(index).filter(|cell| **cell != Cell::Absent) else {
                continue;
            };
            if by_key && !self.key.contains(&index) || !by_key && column.generated {
                continue;
            }
            separate(out, count, b" AND ");
            self.equals(column, cell, by_key, out)?;
            count += 1;
        }
        if !has_key {
            out.extend(b" LIMIT 1");
        }
        Ok(())
    }

    /// By key the column's own comparison finds the row; otherwise text must be the same byte by byte.
    fn equals(&self, column: &WriterColumn, cell: &Cell<'_>, by_key: bool, out: &mut Vec<u8>) -> Result<(), RowError> {
        let value = match cell {
            Cell::Value(value) => value,
            Cell::Null | Cell::Absent => {
                out.extend(&column.name);
                out.extend(b" IS NULL");
                return Ok(());
            }
        };
        match value {
            Value::Json(document) => {
                let mut text = Vec::new();
                let written = document.write_text(&mut text);
                written.map_err(|error| self.error(column, error.into()))?;
                self.same_bytes(column, &text, out)
            }
            Value::Vector(bytes) => self.same_bytes(column, bytes, out),
            Value::Bytes(bytes) => self.bytes_equal(column, bytes, by_key, out),
            Value::Compressed(value) => {
                let plain = value.expand(CompressedValue::LARGEST);
                let plain = plain.map_err(|error| self.error(column, error.into()))?;
                self.bytes_equal(column, &plain, by_key, out)
            }
            _ => self.comparison(column, *value, out),
        }
    }

    fn bytes_equal(
        &self,
        column: &WriterColumn,
        bytes: &[u8],
        by_key: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), RowError> {
        if let Some(len) = column.binary_len {
            let mut padded = bytes.to_vec();
            padded.resize(len.max(bytes.len()), 0);
            return self.comparison(column, Value::Bytes(&padded), out);
        }
        if by_key || column.literal.charset == Charset::Binary {
            return self.comparison(column, Value::Bytes(bytes), out);
        }
        self.same_bytes(column, bytes, out)
    }

    /// For what has no `=`, or one that sees no difference where there is one.
    fn same_bytes(&self, column: &WriterColumn, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), RowError> {
        out.extend(b"CAST(");
        out.extend(&column.name);
        out.extend(b" AS BINARY) = ");
        let binary = LiteralColumn {
            charset: Charset::Binary,
            column_type: ColumnType::VARCHAR,
            unsigned: None,
            fixed_len: 0,
        };
        let pushed = push_literal(out, &Value::Bytes(bytes), &binary, self.flavour);
        pushed.map_err(|error| self.error(column, error))
    }

    fn comparison(&self, column: &WriterColumn, value: Value<'_>, out: &mut Vec<u8>) -> Result<(), RowError> {
        out.extend(&column.name);
        out.extend(b" = ");
        self.literal(column, &value, out)
    }

    fn cell(&self, column: &WriterColumn, cell: &Cell<'_>, out: &mut Vec<u8>) -> Result<(), RowError> {
        match cell {
            Cell::Value(value) => self.literal(column, value, out),
            Cell::Null | Cell::Absent => {
                out.extend(b"NULL");
                Ok(())
            }
        }
    }

    fn literal(&self, column: &WriterColumn, value: &Value<'_>, out: &mut Vec<u8>) -> Result<(), RowError> {
        let pushed = push_literal(out, value, &column.literal, self.flavour);
        pushed.map_err(|error| self.error(column, error))
    }

    fn error(&self, column: &WriterColumn, error: LiteralError) -> RowError {
        let name = String::from_utf8_lossy(&column.name);
        let column = format!("{}.{}.{name}", self.map.schema, self.map.table);
        RowError::Literal { column, error }
    }

    /// The columns that an image holds.
    fn present<'s, 'r, 'a>(&'s self, row: &'r Row<'a>) -> impl Iterator<Item = (&'s WriterColumn, &'r Cell<'a>)> {
        let cells = self.columns.iter().zip(&row.cells);
        cells.filter(|(_, cell)| **cell != Cell::Absent)
    }
}

impl WriterColumn {
    fn new(
        map: &TableMap,
        index: usize,
        name: Option<&std::sync::Arc<str>>,
        definition: Option<&TableDefinition>,
        flavour: Flavour,
    ) -> Option<Self> {
        let column = map.columns.get(index)?;
        let definition = definition.and_then(|table| table.columns.get(index));
        let literal = LiteralColumn::new(column, definition, flavour);
        let is_binary = column.column_type == ColumnType::STRING && literal.charset == Charset::Binary;
        Some(Self {
            name: name.map_or_else(|| format!("@{}", index + 1).into_bytes(), |name| identifier(name)),
            literal,
            generated: definition.is_some_and(|column| column.generated),
            binary_len: is_binary.then_some(usize::from(column.metadata)),
            may_update_itself: is_time_stamp(column.column_type),
        })
    }
}

/// ENUM's error value: a strict session does not store it.
fn has_error_value(row: &Row<'_>) -> bool {
    row.cells.contains(&Cell::Value(Value::Enum(0)))
}

fn push_lenient(out: &mut Vec<u8>, words: &[u8]) {
    client::push(
        out,
        b"SET @binlog_sql_mode=@@sql_mode, sql_mode=REPLACE(@@sql_mode, 'STRICT_ALL_TABLES', '')",
    );
    out.extend(words);
    client::end_values(out);
    client::push(out, b"SET sql_mode=@binlog_sql_mode");
}

fn is_time_stamp(column_type: ColumnType) -> bool {
    matches!(
        column_type,
        ColumnType::TIMESTAMP | ColumnType::TIMESTAMP2 | ColumnType::DATETIME | ColumnType::DATETIME2
    )
}

fn qualified(map: &TableMap) -> Vec<u8> {
    let mut out = Vec::new();
    push_table(&mut out, &map.schema, &map.table);
    out
}

fn identifier(name: &str) -> Vec<u8> {
    let mut out = Vec::new();
    push_identifier(&mut out, name);
    out
}

fn key(map: &TableMap, definition: Option<&TableDefinition>) -> Option<Vec<usize>> {
    if let Some(parts) = &map.primary_key {
        return Some(parts.iter().map(|part| part.column).collect());
    }
    let table = definition?;
    let names = table.primary_key.as_ref()?;
    let place = |name: &String| {
        table
            .columns
            .iter()
            .position(|column| column.name.eq_ignore_ascii_case(name))
    };
    names.iter().map(place).collect()
}

fn holds(row: &Row<'_>, index: usize) -> bool {
    row.cells.get(index).is_some_and(|cell| *cell != Cell::Absent)
}

fn separate(out: &mut Vec<u8>, index: usize, separator: &[u8]) {
    if index > 0 {
        out.extend(separator);
    }
}
