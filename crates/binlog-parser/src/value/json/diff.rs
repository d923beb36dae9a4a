//! Differences between a document and its new version.
//!
//! Layout: `Json_diff_vector::read_binary` in MySQL's `json_diff.cc`.

use std::fmt;

use super::path::JsonPath;
use super::{JsonError, JsonValue, invalid};
use crate::error::FieldError;
use crate::reader::{Reader, put_lenenc};

/// Differences between a JSON document and its new version, in MySQL's binary form.
///
/// ```
/// use binlog_parser::value::{JsonDiffs, JsonValue};
///
/// // {"a": 1}, and `$.a` becomes 2.
/// let old = JsonValue { bytes: &[0, 1, 0, 12, 0, 11, 0, 1, 0, 5, 1, 0, b'a'] };
/// let diffs = JsonDiffs { bytes: &[0, 3, b'$', b'.', b'a', 3, 5, 2, 0] };
/// let new = diffs.apply(old, JsonValue::LARGEST)?;
/// assert_eq!(new, [0, 1, 0, 12, 0, 11, 0, 1, 0, 5, 2, 0, b'a']);
/// # Ok::<(), binlog_parser::value::JsonApplyError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonDiffs<'a> {
    /// One difference after the other.
    pub bytes: &'a [u8],
}

/// One difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonDiff<'a> {
    /// What is done.
    pub operation: JsonOperation,
    /// Text of the path to the place: see [`JsonDiff::path`].
    pub path_text: &'a [u8],
    /// The new value; `None` where one is removed.
    pub value: Option<JsonValue<'a>>,
}

/// What a difference does (`enum_json_diff_operation`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JsonOperation {
    /// The value at the place is replaced: there is one.
    Replace,
    /// A member is added to an object that has none of its key, or an element is put before the one at the place in an
    /// array, or at its end.
    Insert,
    /// The member or element is removed: there is one.
    Remove,
}

/// Reads one difference after the other. After an error it is at its end.
#[derive(Debug, Clone)]
pub struct JsonDiffsIter<'a> {
    reader: Reader<'a>,
}

impl<'a> JsonDiffs<'a> {
    /// Whether there are none: a document that an UPDATE left alone is logged so, too.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The differences, in the order in which they are applied.
    #[must_use]
    pub fn iter(&self) -> JsonDiffsIter<'a> {
        JsonDiffsIter {
            reader: Reader::new(self.bytes),
        }
    }
}

impl<'a> IntoIterator for &JsonDiffs<'a> {
    type Item = Result<JsonDiff<'a>, JsonError>;
    type IntoIter = JsonDiffsIter<'a>;

    fn into_iter(self) -> JsonDiffsIter<'a> {
        self.iter()
    }
}

impl<'a> Iterator for JsonDiffsIter<'a> {
    type Item = Result<JsonDiff<'a>, JsonError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.reader.is_empty() {
            return None;
        }
        let diff = JsonDiff::read(&mut self.reader).map_err(|error| JsonError {
            offset: self.reader.offset(),
            error,
        });
        if diff.is_err() {
            self.reader.take_rest();
        }
        Some(diff)
    }
}

impl<'a> JsonDiff<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, FieldError> {
        let operation = match reader.u8("operation")? {
            0 => JsonOperation::Replace,
            1 => JsonOperation::Insert,
            2 => JsonOperation::Remove,
            code => return Err(invalid("operation", code.into(), "is not known")),
        };
        let path_text = counted(reader, "path")?;
        let value = match operation {
            JsonOperation::Remove => None,
            _ => Some(JsonValue {
                bytes: counted(reader, "new value")?,
            }),
        };
        Ok(Self {
            operation,
            path_text,
            value,
        })
    }

    /// Appends the difference as it stands in [`JsonDiffs::bytes`].
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.operation as u8);
        for bytes in [Some(self.path_text), self.value.map(|value| value.bytes)]
            .into_iter()
            .flatten()
        {
            put_lenenc(out, bytes.len() as u64);
            out.extend(bytes);
        }
    }

    /// The path to the place.
    ///
    /// # Errors
    /// The text is no path to a single place.
    pub fn path(&self) -> Result<JsonPath<'a>, JsonError> {
        JsonPath::parse(self.path_text)
    }
}

fn counted<'a>(reader: &mut Reader<'a>, field: &'static str) -> Result<&'a [u8], FieldError> {
    let len = reader.shortest_lenenc(field)?;
    reader.take(usize::try_from(len).unwrap_or(usize::MAX), field)
}

impl fmt::Display for JsonOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Replace => "REPLACE",
            Self::Insert => "INSERT",
            Self::Remove => "REMOVE",
        })
    }
}
