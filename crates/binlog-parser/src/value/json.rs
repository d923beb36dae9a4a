//! MySQL's binary JSON.

use crate::error::FieldError;

/// A JSON document in MySQL's binary form, not yet looked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonValue<'a> {
    /// The document's bytes.
    pub bytes: &'a [u8],
}

/// Why a document could not be read, and where in its bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("JSON +{offset}: {error}")]
pub struct JsonError {
    /// Offset in the document's bytes.
    pub offset: usize,
    /// What happened.
    pub error: FieldError,
}

impl JsonValue<'_> {
    /// Appends the document as the server prints it: `{"a": 1, "b": [true, null]}`.
    pub fn write_text(&self, out: &mut Vec<u8>) -> Result<(), JsonError> {
        let _ = out;
        Err(JsonError {
            offset: 0,
            error: FieldError::Unsupported {
                field: "JSON",
                why: "not written yet",
            },
        })
    }
}
