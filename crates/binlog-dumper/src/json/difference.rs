//! What an UPDATE changes in a JSON document, where the log has no more.

use binlog_parser::value::{JsonDiff, JsonDiffs, JsonError, JsonOperation, JsonValue};
use binlog_parser::{Cell, Row, Value};
use serde::Serialize;

use super::columns::{Columns, Image, JsonColumn, Values};
use super::value::{JsonCell, PlainValues, Text, ValueError};

/// Of columns of which there are only the differences to the image before, these.
pub(super) type Partial<'a> = Image<'a, Vec<Difference<'a>>>;

/// One difference.
#[derive(Debug, Serialize)]
pub(super) struct Difference<'a> {
    operation: &'static str,
    path: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<JsonCell<'a>>,
}

impl Columns {
    /// The columns that the image after an update holds: those that it or the image before tells in full, and those of which
    /// it has only differences.
    pub(super) fn image_over<'a>(
        &'a self,
        before: &'a Row<'_>,
        after: &'a Row<'_>,
    ) -> Result<(Image<'a>, Option<Partial<'a>>), ValueError> {
        let (mut whole, mut partial) = (Vec::new(), Vec::new());
        let cells = before.cells.iter().zip(&after.cells);
        for (column, (old, new)) in self.columns.iter().zip(cells) {
            let name = column.name.as_str();
            match (old, new) {
                (_, Cell::Absent) => {}
                (Cell::Value(Value::Json(old)), Cell::Value(Value::JsonDiffs(diffs))) => {
                    let new = column.apply(*old, diffs)?;
                    whole.push((name, column.document(&JsonValue { bytes: &new })?));
                }
                (_, new) if crate::is_unchanged(new) => {}
                (_, Cell::Value(Value::JsonDiffs(diffs))) => partial.push((name, column.differences(diffs)?)),
                (_, cell) => whole.push((name, PlainValues.cell(column, cell)?)),
            }
        }
        let partial = (!partial.is_empty()).then_some(Image(partial));
        Ok((Image(whole), partial))
    }
}

impl JsonColumn {
    /// The new document.
    pub(super) fn apply(&self, old: JsonValue<'_>, diffs: &JsonDiffs<'_>) -> Result<Vec<u8>, ValueError> {
        let new = diffs.apply(old, JsonValue::LARGEST);
        new.map_err(|error| ValueError::Changed {
            column: self.name.clone(),
            error,
        })
    }

    /// The differences, in the order in which they are applied.
    pub(super) fn differences<'a>(&self, diffs: &JsonDiffs<'a>) -> Result<Vec<Difference<'a>>, ValueError> {
        diffs.iter().map(|diff| self.difference(diff)).collect()
    }

    fn difference<'a>(&self, diff: Result<JsonDiff<'a>, JsonError>) -> Result<Difference<'a>, ValueError> {
        let diff = diff.map_err(|error| ValueError::Json {
            column: self.name.clone(),
            error,
        })?;
        Ok(Difference {
            operation: match diff.operation {
                JsonOperation::Replace => "replace",
                JsonOperation::Insert => "insert",
                JsonOperation::Remove => "remove",
            },
            path: Text(diff.path_text),
            value: diff.value.map(|value| self.document(&value)).transpose()?,
        })
    }
}
