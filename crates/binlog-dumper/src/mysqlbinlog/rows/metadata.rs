//! What `--print-table-metadata` says of a table map.

use binlog_parser::TableMap;
use binlog_parser::event::{Column, ColumnType};
use binlog_schema::sql::collation_name;

use super::form::type_and_len;

/// Collation number of `binary`.
const BINARY: u16 = 63;
/// Collation numbers from here on are MariaDB's.
const FOREIGN: u16 = 512;

/// Flag of a table map whose first column is an invisible primary key that the server made (`TM_GENERATED_INVISIBLE_PK_F`).
pub(in crate::mysqlbinlog) const GENERATED_KEY: u16 = 4;
/// What the server calls that column.
const GENERATED_NAME: &str = "my_row_id";

/// Appends the columns and the primary key.
pub(in crate::mysqlbinlog) fn table_metadata(map: &TableMap, out: &mut Vec<u8>) {
    let has_generated_key = map.flags & GENERATED_KEY != 0;
    out.extend_from_slice(b"# Columns(");
    for (index, column) in map.columns.iter().enumerate() {
        let is_known = match has_generated_key && index == 0 {
            true => push_generated(column, out),
            false => push_column(column, out),
        };
        if is_known && index + 1 < map.columns.len() {
            out.extend_from_slice(b",\n#         ");
        }
    }
    out.extend_from_slice(b")\n");
    match has_generated_key {
        true => push(out, &format!("# Primary Key({GENERATED_NAME})\n")),
        false => push_primary_key(map, out),
    }
}

/// What the log does not say of the server's own key, mysqlbinlog knows.
fn push_generated(column: &Column, out: &mut Vec<u8>) -> bool {
    let is_known = push_column(
        &Column {
            name: column.name.clone().or(Some(GENERATED_NAME.into())),
            unsigned: column.unsigned.or(Some(true)),
            nullable: false,
            visible: column.visible.or(Some(false)),
            ..column.clone()
        },
        out,
    );
    if is_known {
        push(out, " AUTO_INCREMENT");
    }
    is_known
}

fn push_primary_key(map: &TableMap, out: &mut Vec<u8>) {
    let parts = map.primary_key.as_deref().unwrap_or_default();
    for (index, part) in parts.iter().enumerate() {
        push(out, if index == 0 { "# Primary Key(" } else { ", " });
        match map.columns.get(part.column).and_then(|column| column.name.as_deref()) {
            Some(name) => push(out, name),
            None => push(out, &part.column.to_string()),
        }
        if part.prefix > 0 {
            push(out, &format!("({})", part.prefix));
        }
    }
    if !parts.is_empty() {
        push(out, ")\n");
    }
}

/// `false` where the type has no name: then nothing that follows it is said, not even a comma.
fn push_column(column: &Column, out: &mut Vec<u8>) -> bool {
    if let Some(name) = &column.name {
        push_quoted(out, name.as_bytes(), b'`');
        out.push(b' ');
    }
    let charset = Charset::of(column);
    let Some(name) = type_name(column, charset.as_ref()) else {
        push(out, &format!("INVALID_TYPE({})", column.stored_type.0));
        return false;
    };
    push(out, &name);
    if column.unsigned == Some(true) && column.column_type != ColumnType::YEAR {
        push(out, " UNSIGNED");
    }
    if !column.nullable {
        push(out, " NOT NULL");
    }
    push_members(&column.members, out);
    if let Some(charset) = charset.filter(|charset| !charset.is_binary() || is_choice(column)) {
        push(
            out,
            &format!(" CHARSET {} COLLATE {}", charset.name(), charset.collation),
        );
    }
    if column.visible == Some(false) {
        push(out, " INVISIBLE");
    }
    true
}

fn push_members(members: &[Box<[u8]>], out: &mut Vec<u8>) {
    for (index, member) in members.iter().enumerate() {
        push(out, if index == 0 { "(" } else { ", " });
        push_quoted(out, member, b'\'');
    }
    if !members.is_empty() {
        out.push(b')');
    }
}

fn is_choice(column: &Column) -> bool {
    matches!(column.column_type, ColumnType::ENUM | ColumnType::SET)
}

/// `None` where mysqlbinlog has no name for the type.
fn type_name(column: &Column, charset: Option<&Charset>) -> Option<String> {
    let metadata = column.metadata;
    let [low, high] = metadata.to_le_bytes();
    let charset = charset.filter(|charset| !charset.is_binary());
    let counted = |text, binary, len: u16| match charset {
        Some(charset) => format!("{text}({})", len / charset.longest()),
        None => format!("{binary}({len})"),
    };
    Some(match column.column_type {
        _ if column.stored_type == ColumnType::VAR_STRING => {
            counted("VARCHAR", "VARBINARY", u16::from_le_bytes(type_and_len(column)))
        }
        ColumnType::TINY => "TINYINT".to_owned(),
        ColumnType::SHORT => "SMALLINT".to_owned(),
        ColumnType::INT24 => "MEDIUMINT".to_owned(),
        ColumnType::LONG => "INT".to_owned(),
        ColumnType::LONGLONG => "BIGINT".to_owned(),
        ColumnType::NEWDECIMAL => format!("DECIMAL({low},{high})"),
        ColumnType::FLOAT => "FLOAT".to_owned(),
        ColumnType::DOUBLE => "DOUBLE".to_owned(),
        ColumnType::BIT => format!("BIT({})", u16::from(low) + u16::from(high) * 8),
        ColumnType::TIMESTAMP2 => with_decimals("TIMESTAMP", low),
        ColumnType::DATETIME2 => with_decimals("DATETIME", low),
        ColumnType::TIME2 => with_decimals("TIME", low),
        ColumnType::DATE | ColumnType::NEWDATE => "DATE".to_owned(),
        ColumnType::YEAR => "YEAR".to_owned(),
        ColumnType::ENUM => "ENUM".to_owned(),
        ColumnType::SET => "SET".to_owned(),
        ColumnType::BLOB => format!("{}{}", blob_size(low), if charset.is_some() { "TEXT" } else { "BLOB" }),
        ColumnType::VARCHAR => counted("VARCHAR", "VARBINARY", metadata),
        ColumnType::STRING => counted("CHAR", "BINARY", metadata),
        ColumnType::JSON => "JSON".to_owned(),
        ColumnType::GEOMETRY => geometry(column.geometry_type.unwrap_or(0)),
        ColumnType::VECTOR => format!("VECTOR({})", column.vector_dimension.unwrap_or(0)),
        _ => return None,
    })
}

fn with_decimals(name: &str, decimals: u8) -> String {
    match decimals {
        0 => name.to_owned(),
        _ => format!("{name}({decimals})"),
    }
}

fn blob_size(count: u8) -> &'static str {
    match count {
        1 => "TINY",
        2 => "",
        3 => "MEDIUM",
        _ => "LONG",
    }
}

fn geometry(code: u32) -> String {
    const NAMES: [&str; 8] = [
        "GEOMETRY",
        "POINT",
        "LINESTRING",
        "POLYGON",
        "MULTIPOINT",
        "MULTILINESTRING",
        "MULTIPOLYGON",
        "GEOMCOLLECTION",
    ];
    match NAMES.get(code as usize) {
        Some(name) => (*name).to_owned(),
        None => format!("INVALID_GEOMETRY_TYPE({code})"),
    }
}

/// A character set and collation that mysqlbinlog knows.
struct Charset {
    collation: String,
}

impl Charset {
    fn of(column: &Column) -> Option<Self> {
        let collation = match column.collation? {
            BINARY => "binary".to_owned(),
            number @ ..FOREIGN => collation_name(number)?,
            _ => return None,
        };
        Some(Self { collation })
    }

    fn name(&self) -> &str {
        self.collation.split_once('_').map_or(&self.collation, |(name, _)| name)
    }

    fn is_binary(&self) -> bool {
        self.collation == "binary"
    }

    /// Bytes of its longest character.
    fn longest(&self) -> u16 {
        match self.name() {
            "utf8mb4" | "utf16" | "utf16le" | "utf32" | "gb18030" => 4,
            "utf8mb3" | "ujis" | "eucjpms" => 3,
            "big5" | "sjis" | "euckr" | "gb2312" | "gbk" | "ucs2" | "cp932" => 2,
            _ => 1,
        }
    }
}

/// Appends text in quotes, with escapes that are not those of values.
fn push_quoted(out: &mut Vec<u8>, text: &[u8], quote: u8) {
    out.push(quote);
    for byte in text {
        match byte {
            0 => push(out, "\\0"),
            0x08 => push(out, "\\b"),
            b'\t' => push(out, "\\t"),
            b'\n' => push(out, "\\n"),
            b'\r' => push(out, "\\r"),
            b'\'' | b'\\' => out.extend_from_slice(&[b'\\', *byte]),
            b'`' if quote == b'`' => push(out, "``"),
            _ => out.push(*byte),
        }
    }
    out.push(quote);
}

fn push(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}
