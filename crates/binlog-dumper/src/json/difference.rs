//! What an UPDATE changes in a JSON document, where the log has no more.

use binlog_parser::value::{JsonDiff, JsonDiffs, JsonError, JsonOperation, JsonValue};
use serde::Serialize;

use super::value::{JsonCell, JsonColumn, Text, ValueError};

/// One difference.
#[derive(Debug, Serialize)]
pub(super) struct Difference<'a> {
    operation: &'static str,
    path: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<JsonCell<'a>>,
}

impl JsonColumn {
    /// The new document.
    pub(super) fn changed(&self, old: JsonValue<'_>, diffs: &JsonDiffs<'_>) -> Result<JsonCell<'static>, ValueError> {
        let new = diffs.apply(old, JsonValue::LARGEST);
        let new = new.map_err(|error| ValueError::Changed {
            column: self.name.clone(),
            error,
        })?;
        self.document(&JsonValue { bytes: &new })
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
