//! Paths in documents, as differences have them.
//!
//! Grammar and text: `Json_path_leg::to_string` in MySQL's `json_path.cc`. Differences name one place: they have no wildcards
//! and ranges.

use std::borrow::Cow;
use std::fmt;

use super::{JsonError, invalid};
use crate::error::FieldError;
use crate::reader::Reader;

/// A path: `$.key."another key"[0]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonPath<'a> {
    /// From the document's root to the place.
    pub legs: Vec<JsonLeg<'a>>,
}

/// A step from a container to one of its elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JsonLeg<'a> {
    /// `.key`: a member of an object.
    Member(Cow<'a, str>),
    /// `[3]`: an element of an array, counted from its first, 0.
    Cell(u32),
    /// `[last-3]`: an element of an array, counted from its last, 0.
    CellFromLast(u32),
}

impl<'a> JsonPath<'a> {
    /// Reads a path as servers write it.
    ///
    /// # Errors
    /// It is not UTF-8, or no such path.
    pub fn parse(text: &'a [u8]) -> Result<Self, JsonError> {
        let mut reader = Reader::new(text);
        let legs = read(&mut reader).map_err(|error| JsonError {
            offset: reader.offset(),
            error,
        })?;
        Ok(Self { legs })
    }
}

impl JsonLeg<'_> {
    /// The place in an array of this length, and whether there is an element: what is inserted where there
    /// is none goes to the array's end or front (`Json_array_index`).
    pub(super) fn place(&self, len: usize) -> Option<(usize, bool)> {
        match *self {
            Self::Member(_) => None,
            Self::Cell(index) => Some(((index as usize).min(len), (index as usize) < len)),
            Self::CellFromLast(index) => {
                let from_front = len.checked_sub(index as usize + 1);
                Some((from_front.unwrap_or(0), from_front.is_some()))
            }
        }
    }
}

fn read<'a>(reader: &mut Reader<'a>) -> Result<Vec<JsonLeg<'a>>, FieldError> {
    let mut legs = Vec::new();
    expect(reader, b'$')?;
    while !reader.is_empty() {
        legs.push(match reader.u8("path")? {
            b'.' if reader.peek().first() == Some(&b'"') => JsonLeg::Member(quoted(reader)?),
            b'.' => JsonLeg::Member(Cow::Borrowed(name(reader)?)),
            b'[' => cell(reader)?,
            byte => return Err(wrong(byte)),
        });
    }
    Ok(legs)
}

/// A key that is an identifier: up to the next leg.
fn name<'a>(reader: &mut Reader<'a>) -> Result<&'a str, FieldError> {
    let rest = reader.peek();
    let end = rest.iter().position(|byte| matches!(byte, b'.' | b'['));
    let name = utf8(reader.take(end.unwrap_or(rest.len()), "key")?)?;
    match name
        .bytes()
        .find(|byte| byte.is_ascii_whitespace() || b"\"*\\]".contains(byte))
    {
        Some(byte) => Err(wrong(byte)),
        None if name.is_empty() => Err(invalid("path", 0, "bytes are no key")),
        None => Ok(name),
    }
}

/// A key as a JSON string.
fn quoted<'a>(reader: &mut Reader<'a>) -> Result<Cow<'a, str>, FieldError> {
    expect(reader, b'"')?;
    let text = reader.peek();
    let plain = text.iter().position(|byte| matches!(byte, b'"' | b'\\'));
    let plain = utf8(reader.take(plain.unwrap_or(text.len()), "key")?)?;
    if reader.peek().first() == Some(&b'"') {
        reader.u8("key")?;
        return Ok(Cow::Borrowed(plain));
    }
    let mut key = plain.to_owned();
    while let Some(character) = next_character(reader)? {
        key.push(character);
    }
    Ok(Cow::Owned(key))
}

/// The next character of a JSON string; `None` behind its end.
fn next_character(reader: &mut Reader<'_>) -> Result<Option<char>, FieldError> {
    Ok(Some(match reader.u8("key")? {
        b'"' => return Ok(None),
        b'\\' => escaped(reader)?,
        first => {
            let len = match first {
                0..=0x7f => 0,
                0xe0..=0xef => 2,
                0xf0.. => 3,
                _ => 1,
            };
            let mut bytes = vec![first];
            bytes.extend(reader.take(len, "key")?);
            utf8(&bytes)?.chars().next().unwrap_or_default()
        }
    }))
}

fn escaped(reader: &mut Reader<'_>) -> Result<char, FieldError> {
    Ok(match reader.u8("key")? {
        byte @ (b'"' | b'\\' | b'/') => char::from(byte),
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => {
            let first = hex(reader)?;
            let is_half = (0xd800..0xdc00).contains(&first);
            let second = match is_half && reader.peek().starts_with(b"\\u") {
                true => reader.take(2, "key").and_then(|_| hex(reader))?,
                false => return unicode(first),
            };
            unicode(0x1_0000 + ((first & 0x3ff) << 10) + (second & 0x3ff))?
        }
        byte => return Err(wrong(byte)),
    })
}

fn hex(reader: &mut Reader<'_>) -> Result<u32, FieldError> {
    let digits = reader.array::<4>("key")?;
    let text = std::str::from_utf8(&digits).unwrap_or_default();
    u32::from_str_radix(text, 16).map_err(|_| wrong(b'u'))
}

fn unicode(code: u32) -> Result<char, FieldError> {
    char::from_u32(code).ok_or_else(|| invalid("key", code.into(), "is no character"))
}

/// What stands between brackets.
fn cell<'a>(reader: &mut Reader<'a>) -> Result<JsonLeg<'a>, FieldError> {
    let rest = reader.peek();
    let end = rest.iter().position(|byte| *byte == b']').unwrap_or(rest.len());
    let text = utf8(reader.take(end, "array index")?)?;
    expect(reader, b']')?;
    let no_index = || invalid("path", end as u64, "bytes are no array index");
    let number = |digits: &str| match digits.bytes().all(|byte| byte.is_ascii_digit()) {
        true => digits.parse::<u32>().map_err(|_| no_index()),
        false => Err(no_index()),
    };
    match text.strip_prefix("last") {
        None => number(text).map(JsonLeg::Cell),
        Some("") => Ok(JsonLeg::CellFromLast(0)),
        Some(rest) => number(rest.strip_prefix('-').unwrap_or_default()).map(JsonLeg::CellFromLast),
    }
}

fn expect(reader: &mut Reader<'_>, wanted: u8) -> Result<(), FieldError> {
    match reader.u8("path")? {
        byte if byte == wanted => Ok(()),
        byte => Err(wrong(byte)),
    }
}

fn wrong(byte: u8) -> FieldError {
    invalid("path", byte.into(), "is a byte that cannot stand there")
}

fn utf8(bytes: &[u8]) -> Result<&str, FieldError> {
    std::str::from_utf8(bytes).map_err(|error| super::token::not_utf8("path", error))
}

impl fmt::Display for JsonPath<'_> {
    /// With every key in quotes, which the servers read as well.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("$")?;
        self.legs.iter().try_for_each(|leg| write!(f, "{leg}"))
    }
}

impl fmt::Display for JsonLeg<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Member(key) => {
                let mut quoted = Vec::new();
                super::text::push_string(&mut quoted, key.as_bytes());
                write!(f, ".{}", String::from_utf8_lossy(&quoted))
            }
            Self::Cell(index) => write!(f, "[{index}]"),
            Self::CellFromLast(0) => f.write_str("[last]"),
            Self::CellFromLast(index) => write!(f, "[last-{index}]"),
        }
    }
}
