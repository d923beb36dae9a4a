//! A walk through a document without recursion.

use super::scalar::JsonScalar;
use super::{JsonError, MAX_DEPTH, invalid};
use crate::error::FieldError;
use crate::reader::Reader;

/// A step of a walk through a document. Between start and end stand the elements, in an object each
/// after its key.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum JsonToken<'a> {
    /// An object begins.
    ObjectStart,
    /// The object ends.
    ObjectEnd,
    /// An array begins.
    ArrayStart,
    /// The array ends.
    ArrayEnd,
    /// A key; its value follows.
    Key(&'a str),
    /// A value that holds no others.
    Scalar(JsonScalar<'a>),
}

/// Walks through a document.
///
/// # Errors
/// A part is cut off or of an unknown type, parts share bytes, a text is not UTF-8, a number is not finite, or there are
/// more than 100 levels. After an error the walk is at its end.
#[derive(Debug, Clone)]
pub struct JsonTokens<'a> {
    document: &'a [u8],
    begun: bool,
    open: Vec<Container<'a>>,
    /// Bytes that values to come can still cost.
    budget: usize,
    /// Where the last value or key stands.
    place: usize,
}

/// An object or array that is being read. Offsets in it count from its first byte.
#[derive(Debug, Clone, Copy)]
struct Container<'a> {
    /// Where it stands in the document.
    start: usize,
    bytes: &'a [u8],
    is_object: bool,
    is_large: bool,
    count: usize,
    next: usize,
    /// Whether the next element's key was read.
    has_key: bool,
}

impl<'a> JsonTokens<'a> {
    pub(super) fn new(document: &'a [u8]) -> Self {
        Self {
            document,
            begun: false,
            open: Vec::new(),
            budget: document.len(),
            place: 0,
        }
    }

    /// An error at the last value or key, for what the caller finds wrong with it.
    #[must_use]
    pub fn error(&self, error: FieldError) -> JsonError {
        JsonError {
            offset: self.place,
            error,
        }
    }

    /// Levels that are open.
    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    fn step(&mut self) -> Result<Option<JsonToken<'a>>, JsonError> {
        if !std::mem::replace(&mut self.begun, true) {
            return self.root().map(Some);
        }
        let Some(container) = self.open.last_mut() else {
            return Ok(None);
        };
        if container.next == container.count {
            let end = container.end();
            self.open.pop();
            return Ok(Some(end));
        }
        if container.is_object && !std::mem::replace(&mut container.has_key, true) {
            let container = *container;
            return self.key(container).map(Some);
        }
        let before = *container;
        container.next += 1;
        container.has_key = false;
        self.element(before).map(Some)
    }

    fn root(&mut self) -> Result<JsonToken<'a>, JsonError> {
        match self.document.split_first() {
            Some((code, bytes)) => self.value(*code, 1, bytes),
            None => Ok(JsonToken::Scalar(JsonScalar::Null)),
        }
    }

    fn key(&mut self, container: Container<'a>) -> Result<JsonToken<'a>, JsonError> {
        let entry = container.key_entry(container.next);
        self.place = container.start + entry;
        let key = container.key(entry).map_err(|error| self.error(error))?;
        self.spend(key.len())?;
        let key = std::str::from_utf8(key).map_err(|error| self.error(not_utf8("key", error)))?;
        Ok(JsonToken::Key(key))
    }

    fn element(&mut self, container: Container<'a>) -> Result<JsonToken<'a>, JsonError> {
        let entry = container.value_entry(container.next);
        self.place = container.start + entry;
        self.spend(1)?;
        let found = container.value(entry);
        let (code, offset, bytes) = found.map_err(|error| self.error(error))?;
        self.value(code, container.start + offset, bytes)
    }

    /// A value of this type at the front of `bytes`, which may go on after it.
    fn value(&mut self, code: u8, start: usize, bytes: &'a [u8]) -> Result<JsonToken<'a>, JsonError> {
        self.place = start;
        if code <= 3 {
            let (is_object, is_large) = (code < 2, code & 1 == 1);
            let container = Container::read(start, bytes, is_object, is_large);
            return self.enter(container.map_err(|error| self.error(error))?);
        }
        let scalar = JsonScalar::read(code, &mut Reader::new(bytes));
        let (scalar, len) = scalar.map_err(|error| self.error(error))?;
        self.spend(len)?;
        Ok(JsonToken::Scalar(scalar))
    }

    fn enter(&mut self, container: Container<'a>) -> Result<JsonToken<'a>, JsonError> {
        if self.open.len() == MAX_DEPTH {
            let depth = MAX_DEPTH as u64 + 1;
            return Err(self.error(invalid("depth", depth, "is more than 100 levels")));
        }
        self.open.push(container);
        Ok(match container.is_object {
            true => JsonToken::ObjectStart,
            false => JsonToken::ArrayStart,
        })
    }

    fn spend(&mut self, bytes: usize) -> Result<(), JsonError> {
        let why = "bytes stand where another value stands";
        let left = self.budget.checked_sub(bytes);
        self.budget = left.ok_or_else(|| self.error(invalid("value", bytes as u64, why)))?;
        Ok(())
    }
}

impl<'a> Iterator for JsonTokens<'a> {
    type Item = Result<JsonToken<'a>, JsonError>;

    fn next(&mut self) -> Option<Self::Item> {
        let step = self.step();
        if step.is_err() {
            self.open.clear();
        }
        step.transpose()
    }
}

impl<'a> Container<'a> {
    fn read(start: usize, bytes: &'a [u8], is_object: bool, is_large: bool) -> Result<Self, FieldError> {
        let width = width(is_large);
        let mut reader = Reader::new(bytes);
        let count = reader.uint(width, "number of elements")? as usize;
        let size = reader.uint(width, "size")? as usize;
        let bytes = Reader::new(bytes).take(size, "size")?;
        let container = Self {
            start,
            bytes,
            is_object,
            is_large,
            count,
            next: 0,
            has_key: false,
        };
        // The tables stand inside the size, too.
        Reader::new(bytes).take(container.value_entry(count), "table of elements")?;
        Ok(container)
    }

    fn end(&self) -> JsonToken<'a> {
        match self.is_object {
            true => JsonToken::ObjectEnd,
            false => JsonToken::ArrayEnd,
        }
    }

    /// Offset of the entry for a key: offset and length.
    fn key_entry(&self, index: usize) -> usize {
        let width = width(self.is_large);
        2 * width + index * (width + 2)
    }

    /// Offset of the entry for a value: type, and offset or the value itself.
    fn value_entry(&self, index: usize) -> usize {
        let width = width(self.is_large);
        let keys = if self.is_object { self.count } else { 0 };
        self.key_entry(keys) + index * (1 + width)
    }

    fn key(&self, entry: usize) -> Result<&'a [u8], FieldError> {
        let mut entry = self.at(entry, "key")?;
        let offset = entry.uint(width(self.is_large), "offset of a key")? as usize;
        let len = usize::from(entry.u16("length of a key")?);
        self.at(offset, "key")?.take(len, "key")
    }

    /// Type, offset and bytes of a value. Small values stand in their entries.
    fn value(&self, entry: usize) -> Result<(u8, usize, &'a [u8]), FieldError> {
        let mut reader = self.at(entry, "value")?;
        let code = reader.u8("type")?;
        let is_inlined = matches!(code, 4..=6) || (self.is_large && matches!(code, 7 | 8));
        if is_inlined {
            let bytes = reader.take(width(self.is_large), "value")?;
            return Ok((code, entry + 1, bytes));
        }
        let offset = reader.uint(width(self.is_large), "offset of a value")? as usize;
        Ok((code, offset, self.at(offset, "value")?.peek()))
    }

    fn at(&self, offset: usize, field: &'static str) -> Result<Reader<'a>, FieldError> {
        let mut reader = Reader::new(self.bytes);
        reader.take(offset, field)?;
        Ok(reader)
    }
}

/// Bytes of numbers, sizes and offsets.
fn width(is_large: bool) -> usize {
    if is_large { 4 } else { 2 }
}

pub(super) fn not_utf8(field: &'static str, error: std::str::Utf8Error) -> FieldError {
    let at = error.valid_up_to() as u64;
    invalid(field, at, "bytes are followed by one that is not UTF-8")
}
