//! Documents as trees.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::opaque::JsonOpaque;
use super::scalar::JsonScalar;
use super::token::{JsonToken, JsonTokens};
use super::{JsonError, JsonValue, invalid};
use crate::event::ColumnType;

/// A document, or a part of one, as a tree. Texts are borrowed from where they were read, or owned.
///
/// A tree takes up to about eleven times the bytes of its document. To be dropped and written it must not
/// have many more levels than the server's hundred.
#[derive(Debug, Clone, PartialEq)]
pub enum Json<'a> {
    /// JSON null.
    Null,
    /// A truth value.
    Bool(bool),
    /// See [`JsonScalar::Int`].
    Int(i64),
    /// See [`JsonScalar::UInt`].
    UInt(u64),
    /// A number, which is finite.
    Double(f64),
    /// A text.
    String(Cow<'a, str>),
    /// See [`JsonOpaque`].
    Opaque {
        /// The column type.
        column_type: ColumnType,
        /// The value's bytes.
        data: Cow<'a, [u8]>,
    },
    /// An array.
    Array(Vec<Json<'a>>),
    /// An object.
    Object(JsonObject<'a>),
}

/// An object: values by key. Keys stand in the server's order: short ones first, those of one length by their bytes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct JsonObject<'a> {
    members: Vec<(Cow<'a, str>, Json<'a>)>,
}

/// A container that is being read.
struct Open<'a> {
    key: &'a str,
    container: Json<'a>,
}

impl<'a> Json<'a> {
    /// See [`JsonValue::read`].
    pub(super) fn read(document: JsonValue<'a>) -> Result<Self, JsonError> {
        Self::read_with_depth(document).map(|(tree, _)| tree)
    }

    /// The tree and how many levels it has; 0 for a scalar.
    pub(super) fn read_with_depth(document: JsonValue<'a>) -> Result<(Self, usize), JsonError> {
        let mut tokens = document.tokens();
        let (mut open, mut depth) = (Vec::<Open<'a>>::new(), 0);
        while let Some(token) = tokens.next() {
            let whole = match token? {
                JsonToken::ObjectStart => {
                    open.push(Open::new(Self::Object(JsonObject::default())));
                    None
                }
                JsonToken::ArrayStart => {
                    open.push(Open::new(Self::Array(Vec::new())));
                    None
                }
                JsonToken::Key(key) => {
                    if let Some(parent) = open.last_mut() {
                        parent.key = key;
                    }
                    None
                }
                JsonToken::ObjectEnd | JsonToken::ArrayEnd => open.pop().map(|open| open.container),
                JsonToken::Scalar(scalar) => Some(Self::from(scalar)),
            };
            depth = depth.max(tokens.depth());
            match (whole, open.last_mut()) {
                (None, _) => {}
                (Some(tree), None) => return Ok((tree, depth)),
                (Some(value), Some(parent)) => parent.add(value, &tokens)?,
            }
        }
        Ok((Self::Null, depth))
    }

    /// The same tree with texts of its own.
    #[must_use]
    pub fn into_owned(self) -> Json<'static> {
        match self {
            Self::Null => Json::Null,
            Self::Bool(value) => Json::Bool(value),
            Self::Int(value) => Json::Int(value),
            Self::UInt(value) => Json::UInt(value),
            Self::Double(value) => Json::Double(value),
            Self::String(text) => Json::String(Cow::Owned(text.into_owned())),
            Self::Opaque { column_type, data } => Json::Opaque {
                column_type,
                data: Cow::Owned(data.into_owned()),
            },
            Self::Array(elements) => Json::Array(elements.into_iter().map(Json::into_owned).collect()),
            Self::Object(object) => Json::Object(object.into_owned()),
        }
    }
}

impl<'a> Open<'a> {
    fn new(container: Json<'a>) -> Self {
        Self { key: "", container }
    }

    fn add(&mut self, value: Json<'a>, tokens: &JsonTokens<'a>) -> Result<(), JsonError> {
        match &mut self.container {
            Json::Array(elements) => elements.push(value),
            Json::Object(object) => {
                let index = object.members.len() as u64;
                if !object.push(self.key, value) {
                    return Err(tokens.error(invalid("key", index, "does not follow the key before it")));
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl<'a> From<JsonScalar<'a>> for Json<'a> {
    fn from(scalar: JsonScalar<'a>) -> Self {
        match scalar {
            JsonScalar::Null => Self::Null,
            JsonScalar::Bool(value) => Self::Bool(value),
            JsonScalar::Int(value) => Self::Int(value),
            JsonScalar::UInt(value) => Self::UInt(value),
            JsonScalar::Double(value) => Self::Double(value),
            JsonScalar::String(text) => Self::String(Cow::Borrowed(text)),
            JsonScalar::Opaque(JsonOpaque { column_type, data }) => Self::Opaque {
                column_type,
                data: Cow::Borrowed(data),
            },
        }
    }
}

impl<'a> JsonObject<'a> {
    /// How many members there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Keys and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json<'a>)> {
        self.members.iter().map(|(key, value)| (&**key, value))
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Json<'a>> {
        let at = self.find(key).ok()?;
        self.members.get(at).map(|(_, value)| value)
    }

    /// The value of a key, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Json<'a>> {
        let at = self.find(key).ok()?;
        self.members.get_mut(at).map(|(_, value)| value)
    }

    /// Sets a member, and returns the value that the key had.
    pub fn insert(&mut self, key: Cow<'a, str>, value: Json<'a>) -> Option<Json<'a>> {
        match self.find(&key) {
            Ok(at) => self.members.get_mut(at).map(|(_, old)| std::mem::replace(old, value)),
            Err(at) => {
                self.members.insert(at, (key, value));
                None
            }
        }
    }

    /// Removes a member, and returns its value.
    pub fn remove(&mut self, key: &str) -> Option<Json<'a>> {
        let at = self.find(key).ok()?;
        Some(self.members.remove(at).1)
    }

    /// Adds a member whose key is behind all others; `false` if it is not.
    fn push(&mut self, key: &'a str, value: Json<'a>) -> bool {
        let follows = match self.members.last() {
            Some((last, _)) => order(last, key) == Ordering::Less,
            None => true,
        };
        if follows {
            self.members.push((Cow::Borrowed(key), value));
        }
        follows
    }

    fn find(&self, key: &str) -> Result<usize, usize> {
        self.members.binary_search_by(|(known, _)| order(known, key))
    }

    fn into_owned(self) -> JsonObject<'static> {
        let members = self.members.into_iter();
        let owned = members.map(|(key, value)| (Cow::Owned(key.into_owned()), value.into_owned()));
        JsonObject {
            members: owned.collect(),
        }
    }
}

impl<'a> FromIterator<(Cow<'a, str>, Json<'a>)> for JsonObject<'a> {
    /// Of members with one key the last one stays.
    fn from_iter<T: IntoIterator<Item = (Cow<'a, str>, Json<'a>)>>(members: T) -> Self {
        let mut object = Self::default();
        for (key, value) in members {
            object.insert(key, value);
        }
        object
    }
}

/// The server's order of keys (`Json_key_comparator`).
fn order(one: &str, other: &str) -> Ordering {
    one.len().cmp(&other.len()).then_with(|| one.cmp(other))
}
