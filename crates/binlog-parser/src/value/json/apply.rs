//! Differences applied to the old document.
//!
//! Meaning: `apply_json_diffs` in MySQL's `json_diff.cc`.

use super::diff::{JsonDiff, JsonDiffs, JsonOperation};
use super::path::{JsonLeg, JsonPath};
use super::tree::Json;
use super::{JsonError, JsonValue, MAX_DEPTH};
use crate::error::FieldError;

/// Why differences could not be applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonApplyError {
    /// The old document cannot be read.
    #[error("the old document: {0}")]
    Old(JsonError),
    /// The differences cannot be read.
    #[error("the differences: {0}")]
    Diffs(JsonError),
    /// A difference has an unreadable path or value, or does not fit the document.
    #[error("difference {index}, {operation} {path}: {why}")]
    Refused {
        /// Number of the difference, from 0.
        index: usize,
        /// What it does.
        operation: JsonOperation,
        /// Its path.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// The new document cannot be written.
    #[error("the new document: {0}")]
    New(FieldError),
    /// The old document with the new values, or the new one, would be over the limit.
    #[error("{len} bytes are over the limit of {limit}")]
    OverLimit {
        /// Bytes.
        len: usize,
        /// The limit.
        limit: usize,
    },
}

impl<'a> JsonDiffs<'a> {
    /// The new document, in the form that the server stores it in if it does not change it in place.
    ///
    /// Neither document may have more than `limit` bytes; working memory is about eleven times that. Inserting into and
    /// removing from an array or object moves what is behind the place; not more than `limit` elements are moved.
    ///
    /// # Errors
    /// The document or the differences cannot be read or do not fit each other, or a limit is exceeded.
    pub fn apply(&self, old: JsonValue<'a>, limit: usize) -> Result<Vec<u8>, JsonApplyError> {
        check_limit(old.bytes.len().saturating_add(self.bytes.len()), limit)?;
        let root = old.read().map_err(JsonApplyError::Old)?;
        let mut changing = Changing {
            root,
            moves_left: limit,
        };
        for (index, diff) in self.iter().enumerate() {
            let diff = diff.map_err(JsonApplyError::Diffs)?;
            changing.apply(&diff).map_err(|why| JsonApplyError::Refused {
                index,
                operation: diff.operation,
                path: String::from_utf8_lossy(diff.path_text).into_owned(),
                why,
            })?;
        }
        let mut new = Vec::new();
        changing.root.encode(&mut new).map_err(JsonApplyError::New)?;
        check_limit(new.len(), limit)?;
        Ok(new)
    }
}

fn check_limit(len: usize, limit: usize) -> Result<(), JsonApplyError> {
    if len > limit {
        Err(JsonApplyError::OverLimit { len, limit })
    } else {
        Ok(())
    }
}

struct Changing<'a> {
    root: Json<'a>,
    moves_left: usize,
}

/// What an operation found no place for.
const NO_PLACE: &str = "the document has no such place";

impl<'a> Changing<'a> {
    fn apply(&mut self, diff: &JsonDiff<'a>) -> Result<(), String> {
        let JsonPath { mut legs } = diff.path().map_err(|error| error.to_string())?;
        let value = match diff.value {
            Some(value) => Some(read_value(value, legs.len())?),
            None => None,
        };
        let Some(last) = legs.pop() else {
            return Err("the whole document is no place for a difference".to_owned());
        };
        let parent = find(&mut self.root, &legs).ok_or(NO_PLACE)?;
        let done = match (diff.operation, value) {
            (JsonOperation::Replace, Some(value)) => replace(parent, &last, value),
            (JsonOperation::Insert, Some(value)) => insert(parent, last, value),
            (JsonOperation::Remove, _) => remove(parent, &last),
            (_, None) => None,
        };
        let moved = done.ok_or(NO_PLACE)?;
        let left = self.moves_left.checked_sub(moved);
        self.moves_left = left.ok_or("too many elements are moved")?;
        Ok(())
    }
}

/// The value, if it does not make more levels than a document can have.
fn read_value(value: JsonValue<'_>, legs: usize) -> Result<Json<'_>, String> {
    let (value, depth) = Json::read_with_depth(value).map_err(|error| error.to_string())?;
    match legs + depth <= MAX_DEPTH {
        true => Ok(value),
        false => Err("the document would have more than 100 levels".to_owned()),
    }
}

fn find<'t, 'a>(root: &'t mut Json<'a>, legs: &[JsonLeg<'a>]) -> Option<&'t mut Json<'a>> {
    legs.iter().try_fold(root, child)
}

fn child<'t, 'a>(parent: &'t mut Json<'a>, leg: &JsonLeg<'a>) -> Option<&'t mut Json<'a>> {
    match (parent, leg) {
        (Json::Object(object), JsonLeg::Member(key)) => object.get_mut(key),
        (Json::Array(elements), leg) => match leg.place(elements.len())? {
            (place, true) => elements.get_mut(place),
            _ => None,
        },
        _ => None,
    }
}

/// How many elements were moved, here and below; `None` where there is no place.
fn replace<'a>(parent: &mut Json<'a>, leg: &JsonLeg<'a>, value: Json<'a>) -> Option<usize> {
    *child(parent, leg)? = value;
    Some(0)
}

fn insert<'a>(parent: &mut Json<'a>, leg: JsonLeg<'a>, value: Json<'a>) -> Option<usize> {
    match (parent, leg) {
        (Json::Object(object), JsonLeg::Member(key)) if object.get(&key).is_none() => {
            object.insert(key, value);
            Some(object.len())
        }
        (Json::Array(elements), leg) => {
            let (place, _) = leg.place(elements.len())?;
            elements.insert(place, value);
            Some(elements.len() - place)
        }
        _ => None,
    }
}

fn remove<'a>(parent: &mut Json<'a>, leg: &JsonLeg<'a>) -> Option<usize> {
    match (parent, leg) {
        (Json::Object(object), JsonLeg::Member(key)) => {
            object.remove(key)?;
            Some(object.len())
        }
        (Json::Array(elements), leg) => match leg.place(elements.len())? {
            (place, true) => {
                elements.remove(place);
                Some(elements.len() - place)
            }
            _ => None,
        },
        _ => None,
    }
}
