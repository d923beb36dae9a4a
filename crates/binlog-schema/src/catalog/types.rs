//! Whether a column's type in DDL and in a table map are the same.

use binlog_parser::event::{Column, ColumnType};

use super::ColumnDefinition;
use crate::sql::collation_charset;

/// The type of a text column that the server made as large as it needs.
pub(super) const ANY_TEXT: &str = "clob";

/// Types in a table map that a column of this type can have.
const TYPES: &[(&[&str], &[ColumnType])] = &[
    (&["tinyint", "bool", "boolean", "int1"], &[ColumnType::TINY]),
    (&["smallint", "int2"], &[ColumnType::SHORT]),
    (&["mediumint", "middleint", "int3"], &[ColumnType::INT24]),
    (&["int", "integer", "int4"], &[ColumnType::LONG]),
    (&["bigint", "serial", "int8"], &[ColumnType::LONGLONG]),
    (
        &["decimal", "dec", "numeric", "fixed"],
        &[ColumnType::NEWDECIMAL, ColumnType::DECIMAL],
    ),
    (&["number"], &[ColumnType::NEWDECIMAL, ColumnType::DOUBLE]),
    (&["float4"], &[ColumnType::FLOAT]),
    (&["double", "float8"], &[ColumnType::DOUBLE]),
    (&["float", "real"], &[ColumnType::FLOAT, ColumnType::DOUBLE]),
    (&["bit"], &[ColumnType::BIT]),
    (&["year"], &[ColumnType::YEAR]),
    (
        &["date"],
        &[
            ColumnType::DATE,
            ColumnType::NEWDATE,
            ColumnType::DATETIME,
            ColumnType::DATETIME2,
        ],
    ),
    (&["time"], &[ColumnType::TIME, ColumnType::TIME2]),
    (&["datetime"], &[ColumnType::DATETIME, ColumnType::DATETIME2]),
    (&["timestamp"], &[ColumnType::TIMESTAMP, ColumnType::TIMESTAMP2]),
    (
        &["char", "character", "nchar", "binary", "uuid", "inet4", "inet6"],
        &[ColumnType::STRING],
    ),
    (
        &["varchar", "varbinary", "nvarchar", "varcharacter", "varchar2", "raw"],
        &[
            ColumnType::VARCHAR,
            ColumnType::VAR_STRING,
            ColumnType::MARIADB_VARCHAR_COMPRESSED,
        ],
    ),
    (
        &[
            "tinytext",
            "text",
            "mediumtext",
            "longtext",
            "tinyblob",
            "blob",
            "mediumblob",
            "longblob",
            "clob",
        ],
        BLOBS,
    ),
    (&["json"], &[ColumnType::JSON, ColumnType::BLOB, ColumnType::LONG_BLOB]),
    (&["enum"], &[ColumnType::ENUM]),
    (&["set"], &[ColumnType::SET]),
    (&["vector"], &[ColumnType::VECTOR, ColumnType::VARCHAR]),
    (
        &[
            "geometry",
            "point",
            "linestring",
            "polygon",
            "multipoint",
            "multilinestring",
            "multipolygon",
            "geometrycollection",
            "geomcollection",
        ],
        &[ColumnType::GEOMETRY],
    ),
];

const BLOBS: &[ColumnType] = &[
    ColumnType::BLOB,
    ColumnType::TINY_BLOB,
    ColumnType::MEDIUM_BLOB,
    ColumnType::LONG_BLOB,
    ColumnType::MARIADB_BLOB_COMPRESSED,
];

/// Whether a column that is defined like this can stand in a table map like that, as far as the map tells. Types that are
/// not known here can be anything.
pub(super) fn agree(ours: &ColumnDefinition, theirs: &Column) -> bool {
    let name = ours.data_type.as_str();
    let Some((_, types)) = TYPES.iter().find(|(names, _)| names.contains(&name)) else {
        return true;
    };
    let is_text = BLOBS.contains(&theirs.column_type) && too_long(ours);
    (types.contains(&theirs.column_type) && size_agrees(ours, theirs) || is_text)
        && sign_agrees(ours, theirs)
        && bytes_agree(ours, theirs)
}

/// Whether a server that is not strict makes text of the CHAR or VARCHAR.
fn too_long(ours: &ColumnDefinition) -> bool {
    match ours.length {
        Some(length) if ours.data_type.contains("var") => length > LONGEST_ROW / 4,
        Some(length) => ours.data_type.contains("char") && length > LONGEST_CHAR,
        None => false,
    }
}

/// Most bytes of a row without its BLOBs, less the two of a length.
const LONGEST_ROW: u64 = 65_533;
const LONGEST_CHAR: u64 = 255;

fn sign_agrees(ours: &ColumnDefinition, theirs: &Column) -> bool {
    theirs.column_type == ColumnType::YEAR || theirs.unsigned.is_none_or(|unsigned| unsigned == ours.unsigned)
}

/// Whether both are bytes, or both text, where that is certain.
fn bytes_agree(ours: &ColumnDefinition, theirs: &Column) -> bool {
    match (theirs.collation, ours.charset_name()) {
        (Some(collation), Some(charset)) if has_charset(&ours.data_type) => {
            (collation == BINARY) == (charset == "binary")
        }
        _ => true,
    }
}

/// Number of the collation `binary`.
const BINARY: u16 = 63;

fn size_agrees(ours: &ColumnDefinition, theirs: &Column) -> bool {
    let metadata = u64::from(theirs.metadata);
    let [low, high] = theirs.metadata.to_le_bytes();
    let length = ours.length;
    match theirs.column_type {
        ColumnType::FLOAT => ours.decimals.is_some() || length.is_none_or(|bits| bits <= FLOAT_BITS),
        ColumnType::DOUBLE if ours.data_type == "float" => length.is_some_and(|bits| bits > FLOAT_BITS),
        ColumnType::NEWDECIMAL if ours.data_type != "number" => {
            let digits = length.filter(|digits| *digits > 0).unwrap_or(10);
            (digits, ours.decimals.unwrap_or(0)) == (low.into(), high.into())
        }
        ColumnType::BIT => 8 * u64::from(high) + u64::from(low) == length.unwrap_or(1).max(1),
        ColumnType::TIME2 | ColumnType::DATETIME2 | ColumnType::TIMESTAMP2 => {
            ours.data_type == "date" || metadata == length.unwrap_or(0)
        }
        ColumnType::STRING | ColumnType::VARCHAR => string_size_agrees(ours, theirs),
        ColumnType::BLOB if length.is_none() => {
            let lengths = blob_lengths(&ours.data_type);
            lengths.is_empty() || lengths.contains(&metadata)
        }
        ColumnType::ENUM => metadata == if ours.members.len() < 256 { 1 } else { 2 },
        ColumnType::SET => metadata == set_bytes(ours.members.len()),
        _ => true,
    }
}

/// Bits of a FLOAT's precision; of more, it is a DOUBLE.
const FLOAT_BITS: u64 = 24;

fn string_size_agrees(ours: &ColumnDefinition, theirs: &Column) -> bool {
    let metadata = u64::from(theirs.metadata);
    let length = ours.length.unwrap_or(1);
    match ours.data_type.as_str() {
        "uuid" | "inet6" => metadata == 16,
        "inet4" => metadata == 4,
        "vector" => metadata == 4 * length,
        _ => {
            let of_map = theirs.collation.and_then(collation_charset);
            let charset = of_map.or(ours.charset_name());
            character_bytes(charset).iter().any(|bytes| metadata == bytes * length)
        }
    }
}

/// How many bytes the length before a value can have. MariaDB's `sql_mode=ORACLE` makes a LONGBLOB of a BLOB.
fn blob_lengths(data_type: &str) -> &'static [u64] {
    match data_type {
        "tinytext" | "tinyblob" => &[1],
        "text" => &[2],
        "blob" => &[2, 4],
        "mediumtext" | "mediumblob" => &[3],
        "longtext" | "longblob" | "json" => &[4],
        _ => &[],
    }
}

fn set_bytes(members: usize) -> u64 {
    match members.div_ceil(8) as u64 {
        bytes @ 0..=4 => bytes.max(1),
        _ => 8,
    }
}

/// Bytes of the longest character (`MAXLEN` in `information_schema.CHARACTER_SETS`): all that they may be, where the
/// name does not tell. `utf8` has another meaning in MariaDB without `UTF8_IS_UTF8MB3`.
#[must_use]
pub fn character_bytes(charset: Option<&str>) -> &'static [u64] {
    match charset {
        None => &[1, 2, 3, 4],
        Some("utf8mb4" | "utf16" | "utf16le" | "utf32" | "gb18030") => &[4],
        Some("utf8mb3" | "ujis" | "eucjpms") => &[3],
        Some("utf8") => &[3, 4],
        Some("big5" | "cp932" | "euckr" | "gb2312" | "gbk" | "sjis" | "ucs2") => &[2],
        Some(_) => &[1],
    }
}

impl ColumnDefinition {
    /// The character set, `binary` for bytes; `None` where it is not known, or there is none.
    #[must_use]
    pub fn charset_name(&self) -> Option<&str> {
        let name = self.data_type.as_str();
        let bytes =
            name.ends_with("blob") || matches!(name, "binary" | "varbinary" | "raw" | "uuid" | "inet4" | "inet6");
        match bytes {
            true => Some("binary"),
            false => self.charset.as_deref(),
        }
    }
}

/// Whether a table map tells the type's character set.
fn has_charset(data_type: &str) -> bool {
    data_type.ends_with("blob") || data_type.ends_with("binary") || is_text(data_type)
}

/// The type as a table map tells it, for people.
pub(super) fn show(column: &Column) -> String {
    let (metadata, [low, high]) = (column.metadata, column.metadata.to_le_bytes());
    let name = match column.column_type {
        ColumnType::TINY => "TINYINT".to_owned(),
        ColumnType::SHORT => "SMALLINT".to_owned(),
        ColumnType::INT24 => "MEDIUMINT".to_owned(),
        ColumnType::LONG => "INT".to_owned(),
        ColumnType::LONGLONG => "BIGINT".to_owned(),
        ColumnType::NEWDECIMAL => format!("DECIMAL({low},{high})"),
        ColumnType::DECIMAL => "DECIMAL of before MySQL 5.0".to_owned(),
        ColumnType::FLOAT => "FLOAT".to_owned(),
        ColumnType::DOUBLE => "DOUBLE".to_owned(),
        ColumnType::BIT => format!("BIT({})", 8 * u16::from(high) + u16::from(low)),
        ColumnType::YEAR => "YEAR".to_owned(),
        ColumnType::DATE | ColumnType::NEWDATE => "DATE".to_owned(),
        ColumnType::TIME => "TIME".to_owned(),
        ColumnType::TIME2 => format!("TIME({metadata})"),
        ColumnType::DATETIME => "DATETIME".to_owned(),
        ColumnType::DATETIME2 => format!("DATETIME({metadata})"),
        ColumnType::TIMESTAMP => "TIMESTAMP".to_owned(),
        ColumnType::TIMESTAMP2 => format!("TIMESTAMP({metadata})"),
        ColumnType::STRING => show_string(column, ["CHAR", "BINARY"]),
        ColumnType::VARCHAR | ColumnType::VAR_STRING => show_string(column, ["VARCHAR", "VARBINARY"]),
        ColumnType::BLOB => blob_name(metadata).to_owned(),
        ColumnType::ENUM => "ENUM".to_owned(),
        ColumnType::SET => format!("SET of {metadata} bytes"),
        ColumnType::JSON => "JSON".to_owned(),
        ColumnType::GEOMETRY => "GEOMETRY".to_owned(),
        ColumnType::VECTOR => "VECTOR".to_owned(),
        ColumnType(number) => format!("a column of type {number}"),
    };
    match column.unsigned {
        Some(true) if column.column_type != ColumnType::YEAR => format!("{name} UNSIGNED"),
        _ => name,
    }
}

/// With the length in characters, where the map tells of which character set.
fn show_string(column: &Column, [text, bytes]: [&str; 2]) -> String {
    let metadata = u64::from(column.metadata);
    let charset = column.collation.and_then(collation_charset);
    match (charset, character_bytes(charset)) {
        (Some("binary"), _) => format!("{bytes}({metadata})"),
        (Some(charset), [longest]) => format!("{text}({}) CHARACTER SET {charset}", metadata / longest),
        _ => format!("{text} or {bytes} of {metadata} bytes"),
    }
}

fn blob_name(metadata: u16) -> &'static str {
    match metadata {
        1 => "TINYTEXT or TINYBLOB",
        2 => "TEXT or BLOB",
        3 => "MEDIUMTEXT or MEDIUMBLOB",
        _ => "LONGTEXT or LONGBLOB",
    }
}

/// Whether columns of the type have a character set.
pub(super) fn is_text(data_type: &str) -> bool {
    let text = data_type.ends_with("text") || data_type.contains("char") || data_type == "clob";
    text || matches!(data_type, "enum" | "set")
}
