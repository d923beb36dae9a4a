//! JSON documents.

use binlog_parser::event::ColumnType;
use binlog_parser::value::{JsonOpaque, JsonScalar, JsonToken, JsonValue};

use super::image::Scratch;
use super::quoted;

/// The last type code of objects and arrays.
const LAST_CONTAINER: u8 = 3;

/// Why a document has no text.
pub(super) enum NoText {
    /// Its first value is none.
    Invalid,
    /// It is damaged further on.
    Damaged,
}

/// What a document is as an SQL value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A number, a truth value or null.
    Word,
    /// Text, or a value of another type that is written as text.
    Text,
    /// An object or an array.
    Container,
}

/// Appends a cell. `None` where the text of the event ends.
pub(super) fn push(out: &mut Vec<u8>, document: &[u8], scratch: &mut Scratch) -> Option<()> {
    match write_text(document, &mut scratch.text) {
        Ok(_) => quoted::push(out, &scratch.text),
        Err(NoText::Damaged) => out.extend_from_slice(b"Failed to format JSON object as string.\n"),
        Err(NoText::Invalid) => {
            out.extend_from_slice(b"Invalid JSON\n");
            return None;
        }
    }
    Some(())
}

/// Writes a document's text over `text`. A text that is the whole document has no double quotes.
pub(super) fn write_text(document: &[u8], text: &mut Vec<u8>) -> Result<Kind, NoText> {
    text.clear();
    let document = JsonValue { bytes: document };
    if document.bytes.is_empty() {
        text.extend_from_slice(b"null");
        return Ok(Kind::Word);
    }
    let kind = match document.bytes.first() {
        Some(0..=LAST_CONTAINER) => Kind::Container,
        _ => match first_token(document)? {
            JsonToken::Scalar(JsonScalar::String(whole)) => {
                text.extend_from_slice(whole.as_bytes());
                return Ok(Kind::Text);
            }
            JsonToken::Scalar(JsonScalar::Opaque(opaque)) => return write_opaque(opaque, text),
            _ => Kind::Word,
        },
    };
    match document.write_text(text) {
        Ok(()) => Ok(kind),
        Err(_) => first_token(document).and(Err(NoText::Damaged)),
    }
}

fn first_token(document: JsonValue<'_>) -> Result<JsonToken<'_>, NoText> {
    document.tokens().next().and_then(Result::ok).ok_or(NoText::Invalid)
}

fn write_opaque(opaque: JsonOpaque<'_>, text: &mut Vec<u8>) -> Result<Kind, NoText> {
    let plain = opaque.text().map_err(|_| NoText::Damaged)?;
    text.extend_from_slice(plain.as_bytes());
    Ok(match opaque.column_type {
        ColumnType::NEWDECIMAL => Kind::Word,
        _ => Kind::Text,
    })
}
