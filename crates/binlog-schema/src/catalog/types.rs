//! Whether a column's type in DDL and in a table map are the same.

use binlog_parser::event::ColumnType;

/// Types in a table map that a column of this type can have.
const TYPES: &[(&[&str], &[ColumnType])] = &[
    (&["tinyint", "bool", "boolean", "int1"], &[ColumnType::TINY]),
    (&["smallint", "int2"], &[ColumnType::SHORT]),
    (&["mediumint", "middleint", "int3"], &[ColumnType::INT24]),
    (&["int", "integer", "int4"], &[ColumnType::LONG]),
    (&["bigint", "serial", "int8"], &[ColumnType::LONGLONG]),
    (
        &["decimal", "dec", "numeric", "fixed", "number"],
        &[ColumnType::NEWDECIMAL, ColumnType::DECIMAL],
    ),
    (
        &["float", "real", "float4", "double", "float8"],
        &[ColumnType::FLOAT, ColumnType::DOUBLE],
    ),
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

/// Whether a column defined as `data_type` can stand in a table map as `column_type`.
pub(super) fn agree(data_type: &str, column_type: ColumnType) -> bool {
    TYPES
        .iter()
        .any(|(names, types)| names.contains(&data_type) && types.contains(&column_type))
}

/// Whether columns of the type have a character set.
pub(super) fn is_text(data_type: &str) -> bool {
    let text = data_type.ends_with("text") || data_type.contains("char") || data_type == "clob";
    text || matches!(data_type, "enum" | "set")
}
