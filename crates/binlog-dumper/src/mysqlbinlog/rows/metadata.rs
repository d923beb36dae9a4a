//! `--print-table-metadata`

use binlog_parser::TableMap;
use binlog_parser::event::{Column, ColumnType};
use binlog_schema::sql::{collation_charset, collation_name};

use super::super::row_events::GENERATED_KEY;
use super::super::text::{decimal, escaped, quoted};

/// Appends what a table map says of its columns and primary key.
pub(in crate::mysqlbinlog) fn table_metadata(table: &TableMap, out: &mut Vec<u8>) {
    out.extend(b"# Columns(");
    for (index, column) in table.columns.iter().enumerate() {
        if index > 0 {
            out.extend(b",\n#         ");
        }
        push_column(out, column);
        if index == 0 && table.flags & GENERATED_KEY != 0 {
            out.extend(b" AUTO_INCREMENT");
        }
    }
    out.extend(b")\n");
    if let Some(key) = &table.primary_key {
        out.extend(b"# Primary Key(");
        for (index, part) in key.iter().enumerate() {
            out.extend(if index > 0 { &b", "[..] } else { b"" });
            match table.columns.get(part.column).and_then(|column| column.name.as_deref()) {
                Some(name) => out.extend(name.as_bytes()),
                None => decimal(out, part.column as u64),
            }
            if part.prefix > 0 {
                out.push(b'(');
                decimal(out, part.prefix);
                out.push(b')');
            }
        }
        out.extend(b")\n");
    }
}

fn push_column(out: &mut Vec<u8>, column: &Column) {
    if let Some(name) = &column.name {
        quoted(out, name.as_bytes());
        out.push(b' ');
    }
    push_type(out, column);
    if column.unsigned == Some(true) && column.column_type != ColumnType::YEAR {
        out.extend(b" UNSIGNED");
    }
    if !column.nullable {
        out.extend(b" NOT NULL");
    }
    push_members(out, column);
    push_collation(out, column);
    if column.visible == Some(false) {
        out.extend(b" INVISIBLE");
    }
}

const BINARY: u16 = 63;

fn push_type(out: &mut Vec<u8>, column: &Column) {
    let [low, high] = column.metadata.to_le_bytes();
    let is_binary = column.collation.is_none_or(|collation| collation == BINARY);
    let (name, argument): (&str, Option<u64>) = match column.column_type {
        ColumnType::TINY => ("TINYINT", None),
        ColumnType::SHORT => ("SMALLINT", None),
        ColumnType::INT24 => ("MEDIUMINT", None),
        ColumnType::LONG => ("INT", None),
        ColumnType::LONGLONG => ("BIGINT", None),
        ColumnType::FLOAT => ("FLOAT", None),
        ColumnType::DOUBLE => ("DOUBLE", None),
        ColumnType::NEWDECIMAL => {
            out.extend(b"DECIMAL(");
            decimal(out, low);
            out.push(b',');
            decimal(out, high);
            return out.push(b')');
        }
        ColumnType::BIT => ("BIT", Some(8 * u64::from(high) + u64::from(low))),
        ColumnType::TIMESTAMP | ColumnType::TIMESTAMP2 => ("TIMESTAMP", decimals(column)),
        ColumnType::DATETIME | ColumnType::DATETIME2 => ("DATETIME", decimals(column)),
        ColumnType::TIME | ColumnType::TIME2 => ("TIME", decimals(column)),
        ColumnType::DATE | ColumnType::NEWDATE => ("DATE", None),
        ColumnType::YEAR => ("YEAR", None),
        ColumnType::ENUM => ("ENUM", None),
        ColumnType::SET => ("SET", None),
        ColumnType::BLOB => (blob_name(column.metadata, is_binary), None),
        ColumnType::VARCHAR | ColumnType::VAR_STRING if is_binary => ("VARBINARY", Some(column.metadata.into())),
        ColumnType::VARCHAR | ColumnType::VAR_STRING => ("VARCHAR", Some(characters(column))),
        ColumnType::STRING if is_binary => ("BINARY", Some(column.metadata.into())),
        ColumnType::STRING => ("CHAR", Some(characters(column))),
        ColumnType::JSON => ("JSON", None),
        ColumnType::GEOMETRY => (geometry_name(column.geometry_type), None),
        ColumnType::VECTOR => ("VECTOR", column.vector_dimension.map(u64::from)),
        _ => ("INVALID_TYPE", None),
    };
    out.extend(name.as_bytes());
    if let Some(argument) = argument {
        out.push(b'(');
        decimal(out, argument);
        out.push(b')');
    }
}

fn decimals(column: &Column) -> Option<u64> {
    Some(u64::from(column.metadata)).filter(|decimals| *decimals > 0)
}

/// Length in characters of the longest size.
fn characters(column: &Column) -> u64 {
    let charset = column.collation.and_then(collation_charset).unwrap_or_default();
    let longest = match charset {
        "utf8mb4" | "utf16" | "utf16le" | "utf32" | "gb18030" => 4,
        "utf8mb3" | "ujis" | "eucjpms" => 3,
        "big5" | "sjis" | "euckr" | "gb2312" | "gbk" | "ucs2" | "cp932" => 2,
        _ => 1,
    };
    u64::from(column.metadata) / longest
}

fn blob_name(metadata: u16, is_binary: bool) -> &'static str {
    match (metadata, is_binary) {
        (1, true) => "TINYBLOB",
        (1, false) => "TINYTEXT",
        (2, true) => "BLOB",
        (2, false) => "TEXT",
        (3, true) => "MEDIUMBLOB",
        (3, false) => "MEDIUMTEXT",
        (_, true) => "LONGBLOB",
        (_, false) => "LONGTEXT",
    }
}

fn geometry_name(code: Option<u32>) -> &'static str {
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
    NAMES
        .get(code.unwrap_or(0) as usize)
        .copied()
        .unwrap_or("INVALID_GEOMETRY_TYPE")
}

fn push_members(out: &mut Vec<u8>, column: &Column) {
    if column.members.is_empty() {
        return;
    }
    out.push(b'(');
    for (index, member) in column.members.iter().enumerate() {
        out.extend(if index > 0 { &b", "[..] } else { b"" });
        push_member(out, member);
    }
    out.push(b')');
}

fn push_member(out: &mut Vec<u8>, member: &[u8]) {
    out.push(b'\'');
    for (index, part) in member.split(|byte| *byte == b'\'').enumerate() {
        out.extend(if index > 0 { &b"\\'"[..] } else { b"" });
        escaped(out, part);
    }
    out.push(b'\'');
}

fn push_collation(out: &mut Vec<u8>, column: &Column) {
    let Some(id) = column.collation.filter(|id| *id != BINARY) else {
        return;
    };
    if let (Some(charset), Some(collation)) = (collation_charset(id), collation_name(id)) {
        out.extend(b" CHARSET ");
        out.extend(charset.as_bytes());
        out.extend(b" COLLATE ");
        out.extend(collation.as_bytes());
    }
}
