//! What a row change touches: the values of the table's unique keys, before and after. Two changes of which none touches
//! what the other does lead to the same in either order. The servers' own write sets hold the same.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use binlog_parser::{Cell, Row, TableMap, Value};

use crate::claims::Touch;
use crate::table::{KeyPart, Layout, TargetColumn};

/// Touched by every change to a table with foreign keys: they keep their order among each other.
const FOREIGN: u64 = 0;

/// How the changes of a table are told apart.
#[derive(Debug)]
pub(crate) struct Footprint {
    /// Hash of the table's name.
    table: u64,
    foreign: bool,
    /// The unique keys; `None` where they do not tell rows apart: any change touches the whole table.
    keys: Option<Vec<Vec<Part>>>,
    /// Columns that tell rows apart by their bytes; empty where none do.
    identity: Vec<usize>,
}

/// A part of a unique key.
#[derive(Debug)]
struct Part {
    /// Index of the column.
    column: usize,
    compared: Compared,
}

/// When the server takes two values of a key for the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compared {
    /// Their bytes are the same.
    Bytes,
    /// As text whose trailing spaces do not count.
    Text,
    /// As text in which at least capitals do not count: [`folded`] is the same.
    Folded,
}

/// The key values of a change cannot be told.
struct Untold;

impl Footprint {
    /// For the rows of a table map; `names` gives a column's index by its name.
    pub(crate) fn new(map: &TableMap, layout: &Layout, columns: &[Option<&TargetColumn>], key: &[usize]) -> Self {
        let keys = layout.unique.iter().map(|parts| key_parts(parts, columns)).collect();
        let keys: Option<Vec<Vec<Part>>> = Some(keys).and_then(|keys: Option<Vec<_>>| keys);
        let mut hasher = DefaultHasher::new();
        (&map.schema, &map.table).hash(&mut hasher);
        let is_plain = !layout.versioned && !layout.foreign;
        let keys = keys.filter(|keys| !keys.is_empty() && !layout.versioned);
        Self {
            table: hasher.finish(),
            foreign: layout.foreign,
            identity: if keys.is_some() && is_plain {
                key.to_vec()
            } else {
                Vec::new()
            },
            keys,
        }
    }

    /// Appends what a change touches. An image that the change does not have has no cells.
    pub(crate) fn touch(&self, map: &TableMap, before: &Row<'_>, after: &Row<'_>, touches: &mut Vec<Touch>) {
        let start = touches.len();
        if self.foreign {
            touches.push(Touch::Whole(FOREIGN));
        }
        touches.push(Touch::Part(self.table));
        if self.touch_keys(map, before, after, touches).is_err() {
            touches.truncate(start + usize::from(self.foreign));
            touches.push(Touch::Whole(self.table));
        }
    }

    fn touch_keys(
        &self,
        map: &TableMap,
        before: &Row<'_>,
        after: &Row<'_>,
        touches: &mut Vec<Touch>,
    ) -> Result<(), Untold> {
        for (number, parts) in self.keys.as_ref().ok_or(Untold)?.iter().enumerate() {
            let mut first = None;
            for (image, other) in [(before, None), (after, Some(before))] {
                if image.cells.is_empty() {
                    continue;
                }
                let hash = self.key_hash(map, number, parts, image, other)?;
                if hash != first {
                    touches.extend(hash.map(Touch::Whole));
                }
                first = hash;
            }
        }
        Ok(())
    }

    /// Hash of a key's values; `None` where one of them is NULL, which is no other NULL's equal. What an image leaves out is as in `other`.
    fn key_hash(
        &self,
        map: &TableMap,
        number: usize,
        parts: &[Part],
        image: &Row<'_>,
        other: Option<&Row<'_>>,
    ) -> Result<Option<u64>, Untold> {
        let mut hasher = DefaultHasher::new();
        (self.table, number).hash(&mut hasher);
        let mut bytes = Vec::with_capacity(32);
        for part in parts {
            let cell = match image.cells.get(part.column) {
                None | Some(Cell::Absent) => other.and_then(|other| other.cells.get(part.column)),
                cell => cell,
            };
            let value = match cell {
                Some(Cell::Value(value)) => value,
                Some(Cell::Null) => return Ok(None),
                Some(Cell::Absent) | None => return Err(Untold),
            };
            bytes.clear();
            put_compared(map, part, value, &mut bytes)?;
            bytes.hash(&mut hasher);
        }
        Ok(Some(hasher.finish()))
    }

    /// Appends the bytes by which the row of an image is known; `false` where it has none.
    pub(crate) fn identify(&self, map: &TableMap, image: &Row<'_>, out: &mut Vec<u8>) -> bool {
        for column in &self.identity {
            let (Some(Cell::Value(value)), Some(column)) = (image.cells.get(*column), map.columns.get(*column)) else {
                return false;
            };
            if value.encode(column, out).is_err() {
                return false;
            }
        }
        !self.identity.is_empty()
    }
}

/// `None` where equal values of the key may have other bytes than can be foreseen here.
fn key_parts(parts: &[KeyPart], columns: &[Option<&TargetColumn>]) -> Option<Vec<Part>> {
    parts.iter().map(|part| key_part(part, columns)).collect()
}

fn key_part(part: &KeyPart, columns: &[Option<&TargetColumn>]) -> Option<Part> {
    let name = part.column.as_ref().filter(|_| !part.prefix)?;
    let is_it = |column: &Option<&TargetColumn>| column.is_some_and(|column| column.name == *name);
    let column = columns.iter().position(is_it)?;
    let compared = compared(columns.get(column).copied().flatten()?)?;
    Some(Part { column, compared })
}

fn compared(column: &TargetColumn) -> Option<Compared> {
    match column.data_type.as_str() {
        "float" | "double" | "real" | "json" | "geometry" => None,
        "enum" | "set" => Some(Compared::Bytes),
        _ => match column.collation.as_deref() {
            None | Some("binary") => Some(Compared::Bytes),
            Some(collation) if is_wide(collation) => None,
            Some(collation) if collation.ends_with("_bin") => Some(Compared::Text),
            Some(collation) if is_known(collation) => Some(Compared::Folded),
            Some(_) => None,
        },
    }
}

/// Of character sets whose ASCII letters have more bytes than one.
fn is_wide(collation: &str) -> bool {
    ["ucs2", "utf16", "utf32"]
        .iter()
        .any(|charset| collation.starts_with(charset))
}

/// Collations without rules of a language, in which ASCII texts are equal only if [`folded`] says so.
fn is_known(collation: &str) -> bool {
    const CHARSETS: [&str; 5] = ["utf8mb4_", "utf8mb3_", "utf8_", "latin1_", "ascii_"];
    const RULES: [&str; 14] = [
        "0900_ai_ci",
        "0900_as_ci",
        "0900_as_cs",
        "general_ci",
        "general_cs",
        "general_nopad_ci",
        "general_mysql500_ci",
        "unicode_ci",
        "unicode_nopad_ci",
        "unicode_520_ci",
        "swedish_ci",
        "uca1400_ai_ci",
        "uca1400_as_ci",
        "uca1400_as_cs",
    ];
    let rules = CHARSETS.iter().find_map(|charset| collation.strip_prefix(charset));
    // Of the Swedish ones only latin1's compares no two letters as one.
    rules.is_some_and(|rules| RULES.contains(&rules))
        && !(collation.starts_with("utf8") && collation.ends_with("_swedish_ci"))
}

fn put_compared(map: &TableMap, part: &Part, value: &Value<'_>, out: &mut Vec<u8>) -> Result<(), Untold> {
    match (part.compared, value) {
        (Compared::Text, Value::Bytes(text)) => {
            out.extend(text.trim_ascii_end());
            Ok(())
        }
        (Compared::Folded, Value::Bytes(text)) if text.is_ascii() => {
            out.extend(folded(text));
            Ok(())
        }
        (Compared::Bytes, value) => {
            let column = map.columns.get(part.column).ok_or(Untold)?;
            value.encode(column, out).map_err(|_| Untold)
        }
        _ => Err(Untold),
    }
}

/// Letters and digits alone, in capitals: collations differ in what else they leave out.
fn folded(text: &[u8]) -> impl Iterator<Item = u8> {
    text.iter()
        .filter(|byte| byte.is_ascii_alphanumeric())
        .map(u8::to_ascii_uppercase)
}
