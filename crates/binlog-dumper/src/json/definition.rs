//! The serialize-only twins of a table's definition.

use binlog_parser::TableMap;
use binlog_parser::event::{Column, ColumnType};
use binlog_schema::ColumnDefinition;
use binlog_schema::catalog::character_bytes;
use binlog_schema::sql::{Charset, LiteralColumn};
use serde::Serialize;

use super::columns::{Columns, JsonColumn};

/// What a `table` object has further.
#[derive(Debug, Serialize)]
pub(super) struct Definition<'a> {
    schema: &'a str,
    table: &'a str,
    columns: Vec<ColumnTwin<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_key: Option<Vec<&'a str>>,
}

#[derive(Debug, Serialize)]
struct ColumnTwin<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    type_name: String,
    nullable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    unsigned: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    charset: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    members: &'a [String],
}

impl<'a> Definition<'a> {
    pub(super) fn new(map: &'a TableMap, columns: &'a Columns) -> Self {
        let twins = columns.columns.iter().zip(&map.columns);
        let name = |index: usize| columns.columns.get(index).map(|column| column.name.as_str());
        let parts = map.primary_key.as_ref();
        Self {
            schema: &map.schema,
            table: &map.table,
            columns: twins.map(|(column, stored)| ColumnTwin::new(column, stored)).collect(),
            primary_key: parts.map(|parts| parts.iter().filter_map(|part| name(part.column)).collect()),
        }
    }
}

impl<'a> ColumnTwin<'a> {
    fn new(column: &'a JsonColumn, stored: &Column) -> Self {
        Self {
            name: &column.name,
            type_name: type_name(&column.literal, stored),
            nullable: stored.nullable,
            unsigned: column.literal.unsigned.filter(|_| is_number(stored.column_type)),
            charset: match &column.literal.charset {
                Charset::Text(charset) if has_charset(stored.column_type) => Some(charset),
                _ => None,
            },
            members: &column.members,
        }
    }
}

/// The type as SQL has it, in lower case. Where the log does not tell text from bytes, a string is text and a BLOB is bytes.
fn type_name(literal: &LiteralColumn, stored: &Column) -> String {
    let [low, high] = stored.metadata.to_le_bytes();
    let (is_binary, is_text) = match literal.charset {
        Charset::Binary => (true, false),
        Charset::Text(_) => (false, true),
        Charset::Unknown => (false, false),
    };
    let with = |name: &str, number: u32| format!("{name}({number})");
    let fraction = |name: &str| match low {
        0 => name.to_owned(),
        _ => with(name, low.into()),
    };
    match stored.column_type {
        ColumnType::TINY => "tinyint".to_owned(),
        ColumnType::SHORT => "smallint".to_owned(),
        ColumnType::INT24 => "mediumint".to_owned(),
        ColumnType::LONG => "int".to_owned(),
        ColumnType::LONGLONG => "bigint".to_owned(),
        ColumnType::FLOAT => "float".to_owned(),
        ColumnType::DOUBLE => "double".to_owned(),
        ColumnType::NEWDECIMAL => format!("decimal({low},{high})"),
        ColumnType::BIT => with("bit", u32::from(high) * 8 + u32::from(low)),
        ColumnType::YEAR => "year".to_owned(),
        ColumnType::DATE | ColumnType::NEWDATE => "date".to_owned(),
        ColumnType::TIME => "time".to_owned(),
        ColumnType::DATETIME => "datetime".to_owned(),
        ColumnType::TIMESTAMP => "timestamp".to_owned(),
        ColumnType::TIME2 => fraction("time"),
        ColumnType::DATETIME2 => fraction("datetime"),
        ColumnType::TIMESTAMP2 => fraction("timestamp"),
        ColumnType::ENUM => "enum".to_owned(),
        ColumnType::SET => "set".to_owned(),
        ColumnType::STRING if is_binary => with("binary", stored.metadata.into()),
        ColumnType::STRING => "char".to_owned(),
        ColumnType::VARCHAR | ColumnType::VAR_STRING if is_binary => with("varbinary", stored.metadata.into()),
        ColumnType::VARCHAR | ColumnType::VAR_STRING => "varchar".to_owned(),
        ColumnType::BLOB if is_text => format!("{}text", blob_size(low)),
        ColumnType::BLOB => format!("{}blob", blob_size(low)),
        ColumnType::JSON => "json".to_owned(),
        ColumnType::GEOMETRY => "geometry".to_owned(),
        ColumnType::VECTOR => stored
            .vector_dimension
            .map_or_else(|| "vector".to_owned(), |dimensions| with("vector", dimensions)),
        other => format!("type {}", other.0),
    }
}

/// The type as the column was made with, in lower case; or as far as the table map tells it.
pub(super) fn declared(column: &JsonColumn, stored: &Column, definition: Option<&ColumnDefinition>) -> String {
    let literal = &column.literal;
    let mut text = match definition.filter(|definition| !definition.data_type.is_empty()) {
        Some(definition) => as_written(definition),
        None => with_length(type_name(literal, stored), literal, stored),
    };
    if !column.members.is_empty() {
        let members = column.members.iter();
        let members: Vec<_> = members.map(|name| format!("'{}'", name.replace('\'', "''"))).collect();
        text.push_str(&format!("({})", members.join(",")));
    }
    if is_number(stored.column_type) && literal.unsigned == Some(true) {
        text.push_str(" unsigned");
    }
    text
}

fn as_written(definition: &ColumnDefinition) -> String {
    let name = &definition.data_type;
    match (definition.length, definition.decimals) {
        (Some(length), Some(decimals)) => format!("{name}({length},{decimals})"),
        (Some(length), None) => format!("{name}({length})"),
        _ => name.clone(),
    }
}

/// Characters of CHAR and VARCHAR, where the character set tells how many the bytes are.
fn with_length(name: String, literal: &LiteralColumn, stored: &Column) -> String {
    match (&literal.charset, name.as_str()) {
        (Charset::Text(charset), "char" | "varchar") => match character_bytes(Some(charset)) {
            [longest] => format!("{name}({})", u64::from(stored.metadata) / longest),
            _ => name,
        },
        _ => name,
    }
}

/// By the bytes of a length.
fn blob_size(count: u8) -> &'static str {
    match count {
        1 => "tiny",
        3 => "medium",
        4 => "long",
        _ => "",
    }
}

fn is_number(column_type: ColumnType) -> bool {
    matches!(
        column_type,
        ColumnType::TINY
            | ColumnType::SHORT
            | ColumnType::INT24
            | ColumnType::LONG
            | ColumnType::LONGLONG
            | ColumnType::FLOAT
            | ColumnType::DOUBLE
            | ColumnType::NEWDECIMAL
    )
}

fn has_charset(column_type: ColumnType) -> bool {
    matches!(
        column_type,
        ColumnType::STRING
            | ColumnType::VARCHAR
            | ColumnType::VAR_STRING
            | ColumnType::BLOB
            | ColumnType::ENUM
            | ColumnType::SET
    )
}
