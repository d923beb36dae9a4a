//! MySQL's binary JSON: documents, and the differences that PARTIAL_UPDATE_ROWS has in their place.
//!
//! Layout: the head comment of `sql/json_binary.h` in MySQL's source.
//!
//! A document from a damaged log can say that its parts stand in each other, and so expand to any size. Reading
//! therefore spends a budget: whatever is read costs its bytes, an element of an object or array one more,
//! and all of a document may not cost more than it has bytes. A document that a server wrote costs less, because no two
//! of its parts share bytes. So the work, the text and the tree are never more than a small multiple of the document.

mod apply;
mod binary;
mod diff;
mod opaque;
mod path;
mod scalar;
mod text;
mod token;
mod tree;

pub use apply::JsonApplyError;
pub use diff::{JsonDiff, JsonDiffs, JsonDiffsIter, JsonOperation};
pub use opaque::{JsonOpaque, JsonTyped};
pub use path::{JsonLeg, JsonPath};
pub use scalar::JsonScalar;
pub use token::{JsonToken, JsonTokens};
pub use tree::{Json, JsonObject};

use crate::error::FieldError;

/// Levels that a document can have on the server (`JSON_DOCUMENT_MAX_DEPTH`).
const MAX_DEPTH: usize = 100;

/// A JSON document in MySQL's binary form, not yet looked into.
///
/// ```
/// use binlog_parser::value::{Json, JsonValue};
///
/// let document = JsonValue { bytes: &[2, 2, 0, 10, 0, 5, 1, 0, 4, 0, 0] };
/// let mut text = Vec::new();
/// document.write_text(&mut text)?;
/// assert_eq!(text, b"[1, null]");
///
/// let Json::Array(elements) = document.read()? else { panic!() };
/// assert_eq!(elements, [Json::Int(1), Json::Null]);
/// # Ok::<(), binlog_parser::value::JsonError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonValue<'a> {
    /// The document's bytes; none are an old server's JSON null.
    pub bytes: &'a [u8],
}

/// Why a document or its differences could not be read, and where in their bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("JSON +{offset}: {error}")]
pub struct JsonError {
    /// Offset in the bytes.
    pub offset: usize,
    /// What happened.
    pub error: FieldError,
}

impl<'a> JsonValue<'a> {
    /// Bytes of the largest document: the server's largest `max_allowed_packet`.
    pub const LARGEST: usize = 1 << 30;

    /// Walks through the document, from its first byte to its last level.
    #[must_use]
    pub fn tokens(&self) -> JsonTokens<'a> {
        JsonTokens::new(self.bytes)
    }

    /// The document as a tree, whose texts are still those of the document.
    ///
    /// # Errors
    /// As [`JsonTokens`], and if an object's keys are not in order.
    pub fn read(&self) -> Result<Json<'a>, JsonError> {
        Json::read(*self)
    }

    /// Appends the document as the server prints it: `{"a": 1, "b": [true, null]}`. What was written
    /// up to an error stays in `out`; it is never more than a small multiple of the document.
    ///
    /// # Errors
    /// As [`JsonTokens`], and if a value of another column type is not one of that type.
    pub fn write_text(&self, out: &mut Vec<u8>) -> Result<(), JsonError> {
        text::write(self.tokens(), out)
    }
}

fn invalid(field: &'static str, value: u64, why: &'static str) -> FieldError {
    FieldError::Invalid { field, value, why }
}

#[cfg(test)]
mod tests;
