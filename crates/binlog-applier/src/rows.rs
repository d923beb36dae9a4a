//! Row changes as SQL.

use binlog_parser::event::{ColumnType, Flavour};
use binlog_parser::value::{JsonDiffs, JsonValue};
use binlog_parser::{Cell, Row, Value};
use binlog_schema::sql::{Charset, LiteralColumn, LiteralError, push_json_diffs, push_literal};

use crate::error::{ApplyError, ApplyErrorKind};
use crate::plan::{Plan, PlanColumn};
use crate::table::TargetColumn;

/// Writes row changes of one plan for a target of this family.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowSql<'p> {
    pub(crate) plan: &'p Plan,
    pub(crate) target: Flavour,
}

impl<'p> RowSql<'p> {
    /// The columns that an image holds and that can be written.
    fn written<'r, 'a>(
        &self,
        row: &'r Row<'a>,
    ) -> impl Iterator<Item = (&'p PlanColumn, &'r Cell<'a>)> + use<'p, 'r, 'a> {
        present(self.plan, row).filter(|(column, _)| !column.target.generated)
    }

    /// As [`Self::written`], of the image after an update, each with its cell before.
    fn written_over<'r, 'a>(
        &self,
        before: &'r Row<'a>,
        after: &'r Row<'a>,
    ) -> impl Iterator<Item = (&'p PlanColumn, &'r Cell<'a>, &'r Cell<'a>)> + use<'p, 'r, 'a> {
        let olds = before.cells.iter().chain(std::iter::repeat(&Cell::Absent));
        let cells = self.plan.columns.iter().zip(olds.zip(&after.cells));
        cells
            .filter(|(_, (_, new))| !is_unchanged(new))
            .filter_map(|(column, (old, new))| Some((column.as_ref()?, old, new)))
            .filter(|(column, _, _)| !column.target.generated)
    }

    /// `INSERT INTO t (a, b) VALUES `, for images like this one.
    pub(crate) fn insert_head(&self, out: &mut Vec<u8>, row: &Row<'_>) {
        out.extend(b"INSERT INTO ");
        out.extend(&self.plan.table);
        out.extend(b" (");
        separated(out, b", ", self.written(row), |out, (column, _)| {
            out.extend(&column.name);
        });
        out.extend(b") VALUES ");
    }

    /// `(1, 2)`
    pub(crate) fn insert_values(&self, out: &mut Vec<u8>, row: &Row<'_>) -> Result<(), ApplyError> {
        out.push(b'(');
        try_separated(out, b", ", self.written(row), |out, (column, cell)| {
            self.cell(out, column, cell)
        })?;
        out.push(b')');
        Ok(())
    }

    /// `INSERT INTO t (a, b) VALUES (1, 2) ON DUPLICATE KEY UPDATE a = 1, b = 2`
    pub(crate) fn upsert(&self, out: &mut Vec<u8>, row: &Row<'_>) -> Result<(), ApplyError> {
        self.insert_head(out, row);
        self.insert_values(out, row)?;
        out.extend(b" ON DUPLICATE KEY UPDATE ");
        try_separated(out, b", ", self.written(row), |out, (column, cell)| {
            out.extend(&column.name);
            out.extend(b" = ");
            self.cell(out, column, cell)
        })
    }

    /// Whether the image holds all columns, and whole values.
    pub(crate) fn is_whole(&self, row: &Row<'_>) -> bool {
        let is_whole = |cell: &Cell<'_>| !matches!(cell, Cell::Absent | Cell::Value(Value::JsonDiffs(_)));
        row.cells.iter().all(is_whole)
    }

    /// `a = 1, b = NULL`, for a message; without what has no literal.
    pub(crate) fn described(&self, row: &Row<'_>) -> String {
        let mut out = Vec::new();
        for (column, cell) in present(self.plan, row) {
            let (start, separator) = (out.len(), if out.is_empty() { "" } else { ", " });
            out.extend(separator.bytes());
            out.extend(&column.name);
            out.extend(b" = ");
            if self.cell(&mut out, column, cell).is_err() {
                out.truncate(start);
            }
        }
        String::from_utf8_lossy(&out).into_owned()
    }

    /// `UPDATE t SET a = 1 WHERE …`; `false` where there is nothing to set.
    pub(crate) fn update(&self, out: &mut Vec<u8>, before: &Row<'_>, after: &Row<'_>) -> Result<bool, ApplyError> {
        out.extend(b"UPDATE ");
        out.extend(&self.plan.table);
        out.extend(b" SET ");
        let start = out.len();
        let changed = self.written_over(before, after);
        try_separated(out, b", ", changed, |out, (column, old, cell)| {
            out.extend(&column.name);
            out.extend(b" = ");
            match cell {
                Cell::Value(Value::JsonDiffs(diffs)) => self.changed(out, column, old, diffs),
                cell => self.cell(out, column, cell),
            }
        })?;
        if out.len() == start {
            return Ok(false);
        }
        self.keep_times(out, after);
        self.condition(out, before)?;
        Ok(true)
    }

    /// The new value of a JSON column: whole, where the old one is known, or else as functions of what the target has.
    fn changed(
        &self,
        out: &mut Vec<u8>,
        column: &PlanColumn,
        old: &Cell<'_>,
        diffs: &JsonDiffs<'_>,
    ) -> Result<(), ApplyError> {
        let Cell::Value(Value::Json(old)) = old else {
            let pushed = push_json_diffs(out, &column.name, diffs, self.target);
            return pushed.map_err(|error| self.unwritten(&column.target, error));
        };
        let new = diffs.apply(*old, JsonValue::LARGEST);
        let new = new.map_err(|error| {
            let (table, column) = (self.plan.name.clone(), column.target.name.clone());
            ApplyError::from(ApplyErrorKind::Document { table, column, error })
        })?;
        let new = Value::Json(JsonValue { bytes: &new });
        self.value(out, &column.target, &new, &column.literal)
    }

    /// A column that the source left alone must not get the target's time.
    fn keep_times(&self, out: &mut Vec<u8>, after: &Row<'_>) {
        let cells = self.plan.columns.iter().zip(&after.cells);
        let kept = cells
            .filter(|(_, cell)| **cell == Cell::Absent)
            .filter_map(|(column, _)| column.as_ref());
        for column in kept.filter(|column| column.target.on_update) {
            out.extend(b", ");
            out.extend(&column.name);
            out.extend(b" = ");
            out.extend(&column.name);
        }
    }

    /// `DELETE FROM t WHERE …`
    pub(crate) fn delete(&self, out: &mut Vec<u8>, before: &Row<'_>) -> Result<(), ApplyError> {
        out.extend(b"DELETE FROM ");
        out.extend(&self.plan.table);
        self.condition(out, before)
    }

    /// `DELETE FROM t WHERE `, to be followed by keys.
    pub(crate) fn delete_head(&self, out: &mut Vec<u8>) {
        out.extend(b"DELETE FROM ");
        out.extend(&self.plan.table);
        out.extend(b" WHERE ");
    }

    /// Whether the image holds a whole key.
    pub(crate) fn has_key(&self, row: &Row<'_>) -> bool {
        !self.plan.key.is_empty() && self.plan.key.iter().all(|place| has_value(row, *place))
    }

    fn condition(&self, out: &mut Vec<u8>, before: &Row<'_>) -> Result<(), ApplyError> {
        out.extend(b" WHERE ");
        if self.has_key(before) {
            return self.key(out, before);
        }
        try_separated(out, b" AND ", present(self.plan, before), |out, (column, cell)| {
            self.same(out, column, cell)
        })?;
        out.extend(b" LIMIT 1");
        Ok(())
    }

    /// `a = 1 AND b = 2`
    pub(crate) fn key(&self, out: &mut Vec<u8>, row: &Row<'_>) -> Result<(), ApplyError> {
        let parts = self.plan.key.iter().filter_map(|place| {
            let column = self.plan.columns.get(*place)?.as_ref()?;
            Some((column, row.cells.get(*place)?))
        });
        try_separated(out, b" AND ", parts, |out, (column, cell)| {
            out.extend(&column.name);
            out.extend(b" = ");
            self.compared(out, column, cell)
        })
    }

    /// Whether the column holds exactly this, NULL and the bytes of text included.
    fn same(&self, out: &mut Vec<u8>, column: &PlanColumn, cell: &Cell<'_>) -> Result<(), ApplyError> {
        if let (Cell::Value(Value::Json(document)), Flavour::MySql) = (cell, self.target) {
            return self.same_text(out, column, document);
        }
        out.extend(&column.name);
        out.extend(b" <=> ");
        self.compared(out, column, cell)?;
        let (Cell::Value(Value::Bytes(_) | Value::Compressed(_)), Charset::Text(charset)) =
            (cell, &column.literal.charset)
        else {
            return Ok(());
        };
        out.extend(b" AND CAST(CONVERT(");
        out.extend(&column.name);
        out.extend(format!(" USING {charset}) AS BINARY) = CAST(").into_bytes());
        self.compared(out, column, cell)?;
        out.extend(b" AS BINARY)");
        Ok(())
    }

    /// The server's comparison of documents sees no difference between numbers of different types.
    fn same_text(&self, out: &mut Vec<u8>, column: &PlanColumn, document: &JsonValue<'_>) -> Result<(), ApplyError> {
        let mut text = Vec::new();
        let written = document.write_text(&mut text);
        written.map_err(|error| self.unwritten(&column.target, error.into()))?;
        out.extend(b"CAST(");
        out.extend(&column.name);
        out.extend(b" AS BINARY) = ");
        let binary = LiteralColumn {
            charset: Charset::Binary,
            column_type: ColumnType::VARCHAR,
            unsigned: None,
            fixed_len: 0,
        };
        self.value(out, &column.target, &Value::Bytes(&text), &binary)
    }

    /// A value as the other side of a comparison.
    fn compared(&self, out: &mut Vec<u8>, column: &PlanColumn, cell: &Cell<'_>) -> Result<(), ApplyError> {
        let Cell::Value(value) = cell else {
            return self.cell(out, column, cell);
        };
        match value {
            // The server compares a FLOAT column as DOUBLE.
            Value::Float(value) => {
                let double = LiteralColumn {
                    column_type: ColumnType::DOUBLE,
                    ..column.literal.clone()
                };
                self.value(out, &column.target, &Value::Double(f64::from(*value)), &double)
            }
            value if column.target.data_type == "json" && self.target == Flavour::MySql => {
                out.extend(b"CAST(");
                self.value(out, &column.target, value, &column.literal)?;
                out.extend(b" AS JSON)");
                Ok(())
            }
            value => self.value(out, &column.target, value, &column.literal),
        }
    }

    fn cell(&self, out: &mut Vec<u8>, column: &PlanColumn, cell: &Cell<'_>) -> Result<(), ApplyError> {
        match cell {
            Cell::Value(value) => self.value(out, &column.target, value, &column.literal),
            Cell::Null | Cell::Absent => {
                out.extend(b"NULL");
                Ok(())
            }
        }
    }

    fn value(
        &self,
        out: &mut Vec<u8>,
        column: &TargetColumn,
        value: &Value<'_>,
        literal: &LiteralColumn,
    ) -> Result<(), ApplyError> {
        let pushed = push_literal(out, value, literal, self.target);
        pushed.map_err(|error| self.unwritten(column, error))
    }

    fn unwritten(&self, column: &TargetColumn, error: LiteralError) -> ApplyError {
        let (table, column) = (self.plan.name.clone(), column.name.clone());
        ApplyErrorKind::Value { table, column, error }.into()
    }
}

/// The cells that an image holds and that have a name on the target.
fn present<'p, 'r, 'a>(
    plan: &'p Plan,
    row: &'r Row<'a>,
) -> impl Iterator<Item = (&'p PlanColumn, &'r Cell<'a>)> + use<'p, 'r, 'a> {
    let cells = plan.columns.iter().zip(&row.cells);
    cells
        .filter(|(_, cell)| **cell != Cell::Absent)
        .filter_map(|(column, cell)| Some((column.as_ref()?, cell)))
}

/// Whether the image after says that nothing changed.
fn is_unchanged(cell: &Cell<'_>) -> bool {
    match cell {
        Cell::Absent => true,
        Cell::Value(Value::JsonDiffs(diffs)) => diffs.is_empty(),
        Cell::Null | Cell::Value(_) => false,
    }
}

fn has_value(row: &Row<'_>, place: usize) -> bool {
    matches!(row.cells.get(place), Some(Cell::Value(_)))
}

fn separated<T>(
    out: &mut Vec<u8>,
    separator: &[u8],
    items: impl Iterator<Item = T>,
    mut push: impl FnMut(&mut Vec<u8>, T),
) {
    for (index, item) in items.enumerate() {
        if index > 0 {
            out.extend(separator);
        }
        push(out, item);
    }
}

fn try_separated<T>(
    out: &mut Vec<u8>,
    separator: &[u8],
    items: impl Iterator<Item = T>,
    mut push: impl FnMut(&mut Vec<u8>, T) -> Result<(), ApplyError>,
) -> Result<(), ApplyError> {
    for (index, item) in items.enumerate() {
        if index > 0 {
            out.extend(separator);
        }
        push(out, item)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
