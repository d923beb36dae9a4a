//! A table's columns, and its row images as objects by column name.

use std::borrow::Cow;
use std::sync::Arc;

use binlog_parser::event::{Column, Flavour};
use binlog_parser::value::JsonValue;
use binlog_parser::{Cell, Row, TableMap, Value};
use binlog_schema::sql::{Charset, LiteralColumn};
use binlog_schema::{Catalog, ColumnDefinition, TableDefinition, column_names};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::charset;
use super::definition::declared;
use super::value::{JsonCell, ValueError};

/// `Geometry::wkb_point` in the servers' source.
const POINT: u32 = 1;

/// A table's columns.
#[derive(Debug)]
pub(super) struct Columns {
    /// What their table map says of them, and what only definitions do.
    pub(super) map: Arc<TableMap>,
    pub(super) columns: Vec<JsonColumn>,
    /// The primary key's columns, in its order; empty where there is none, or none is known.
    pub(super) key: Vec<usize>,
}

#[derive(Debug)]
pub(super) struct JsonColumn {
    pub(super) name: String,
    pub(super) literal: LiteralColumn,
    pub(super) members: Vec<String>,
    /// Whether NULL is allowed.
    pub(super) nullable: bool,
    /// Metadata in the table map.
    pub(super) metadata: u16,
    /// Whether it is known that all geometries in it are points.
    pub(super) is_point: bool,
    /// The type as the table was made with, or as far as the log tells it: `varchar(40)`, `bigint unsigned`.
    pub(super) declared: String,
}

/// What a form writes for a value.
pub(super) trait Values {
    /// A value of the column.
    fn value<'a>(&self, column: &'a JsonColumn, value: &'a Value<'_>) -> Result<JsonCell<'a>, ValueError>;

    /// A JSON document.
    fn document(&self, column: &JsonColumn, document: &JsonValue<'_>) -> Result<JsonCell<'static>, ValueError>;

    fn cell<'a>(&self, column: &'a JsonColumn, cell: &'a Cell<'_>) -> Result<JsonCell<'a>, ValueError> {
        match cell {
            Cell::Absent | Cell::Null => Ok(JsonCell::Null),
            Cell::Value(value) => self.value(column, value),
        }
    }
}

/// A row image: an object by column name.
#[derive(Debug)]
pub(super) struct Image<'a, T = JsonCell<'a>>(pub(super) Vec<(&'a str, T)>);

impl Columns {
    pub(super) fn new(map: Arc<TableMap>, catalog: &Catalog, flavour: Flavour) -> Self {
        let names = column_names(&map, catalog).names;
        let definition = catalog.columns(&map);
        let columns = map.columns.iter().enumerate().map(|(index, column)| {
            let name = names.get(index);
            let name = name.map_or_else(|| format!("@{}", index + 1), ToString::to_string);
            let definition = definition.as_ref().and_then(|table| table.columns.get(index));
            JsonColumn::new(name, column, definition, flavour)
        });
        Self {
            columns: columns.collect(),
            key: key(&map, definition.as_deref()),
            map,
        }
    }

    /// The columns' names, or `@1`, `@2`, …
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    /// The columns that a row image holds.
    pub(super) fn image<'a>(&'a self, values: &impl Values, row: &'a Row<'_>) -> Result<Image<'a>, ValueError> {
        let cells = self.columns.iter().zip(&row.cells);
        let present = cells.filter(|(_, cell)| **cell != Cell::Absent);
        let twins = present.map(|(column, cell)| Ok((column.name.as_str(), values.cell(column, cell)?)));
        twins.collect::<Result<_, ValueError>>().map(Image)
    }

    /// The row after an update, as far as the two images tell it together: an image may leave out what did not change.
    pub(super) fn image_after<'a>(
        &'a self,
        values: &impl Values,
        before: &'a Row<'_>,
        after: &'a Row<'_>,
    ) -> Result<Image<'a>, ValueError> {
        let mut image = Vec::with_capacity(self.columns.len());
        for (column, (old, new)) in self.columns.iter().zip(before.cells.iter().zip(&after.cells)) {
            let cell = match (old, new) {
                (Cell::Absent, Cell::Absent) => continue,
                (old, Cell::Absent) => values.cell(column, old)?,
                (Cell::Absent, new) if crate::is_unchanged(new) => continue,
                (old, new) if crate::is_unchanged(new) => values.cell(column, old)?,
                (Cell::Value(Value::Json(old)), Cell::Value(Value::JsonDiffs(diffs))) => values.document(
                    column,
                    &JsonValue {
                        bytes: &column.apply(*old, diffs)?,
                    },
                )?,
                (_, Cell::Value(Value::JsonDiffs(_))) => {
                    let column = column.name.clone();
                    return Err(ValueError::Partial { column });
                }
                (_, new) => values.cell(column, new)?,
            };
            image.push((column.name.as_str(), cell));
        }
        Ok(Image(image))
    }

    /// What an update changed, as it was before it, where the image before has it.
    pub(super) fn image_changed<'a>(
        &'a self,
        values: &impl Values,
        before: &'a Row<'_>,
        after: &'a Row<'_>,
    ) -> Result<Image<'a>, ValueError> {
        let cells = self.columns.iter().zip(before.cells.iter().zip(&after.cells));
        let changed = cells.filter(|(_, (old, new))| **old != Cell::Absent && is_changed(old, new));
        let twins = changed.map(|(column, (old, _))| Ok((column.name.as_str(), values.cell(column, old)?)));
        twins.collect::<Result<_, ValueError>>().map(Image)
    }

    /// Names of the primary key's columns; `None` where there is no key, or none is known.
    pub(super) fn key_names(&self) -> Option<Vec<&str>> {
        let names = self.key.iter().filter_map(|index| self.columns.get(*index));
        let names: Vec<_> = names.map(|column| column.name.as_str()).collect();
        (!names.is_empty()).then_some(names)
    }
}

/// Whether an update changed a column, as its image after it tells.
pub(super) fn is_changed(old: &Cell<'_>, new: &Cell<'_>) -> bool {
    *new != Cell::Absent && old != new && !crate::is_unchanged(new)
}

impl JsonColumn {
    fn new(name: String, column: &Column, definition: Option<&ColumnDefinition>, flavour: Flavour) -> Self {
        let literal = LiteralColumn::new(column, definition, flavour);
        let mut made = Self {
            name,
            members: match (members(column, &literal.charset), definition) {
                (names, Some(definition)) if names.is_empty() => definition.members.clone(),
                (names, _) => names,
            },
            literal,
            nullable: column.nullable,
            metadata: column.metadata,
            is_point: column.geometry_type == Some(POINT)
                || definition.is_some_and(|column| column.data_type == "point"),
            declared: String::new(),
        };
        made.declared = declared(&made, column, definition);
        made
    }

    /// Bits of a BIT column.
    pub(super) fn bits(&self) -> u16 {
        let [low, high] = self.metadata.to_le_bytes();
        u16::from(high) * 8 + u16::from(low)
    }
}

/// The names in the table map; none of them where the characters of one are not known.
fn members(column: &Column, charset: &Charset) -> Vec<String> {
    let decode = |name: &[u8]| match charset {
        Charset::Text(charset) => charset::decode(charset, name.into()).ok().map(Cow::into_owned),
        _ => String::from_utf8(name.to_vec()).ok(),
    };
    let names = column.members.iter().map(|name| decode(name));
    names.collect::<Option<_>>().unwrap_or_default()
}

/// By the table map, or else by the definition.
fn key(map: &TableMap, definition: Option<&TableDefinition>) -> Vec<usize> {
    if let Some(parts) = &map.primary_key {
        return parts.iter().map(|part| part.column).collect();
    }
    let Some(definition) = definition else {
        return Vec::new();
    };
    let index = |name: &String| {
        let mut columns = definition.columns.iter();
        columns.position(|column| column.name.eq_ignore_ascii_case(name))
    };
    let names = definition.primary_key.iter().flatten();
    names.map(index).collect::<Option<_>>().unwrap_or_default()
}

impl<T: Serialize> Serialize for Image<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, cell) in &self.0 {
            map.serialize_entry(name, cell)?;
        }
        map.end()
    }
}
