//! What mysqlbinlog makes of a column's type: how long a cell is, how it is written, and what it calls the type.

use binlog_parser::event::{Column, ColumnType};

use super::packed;

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    TinyInt,
    SmallInt,
    MediumInt,
    Int,
    BigInt,
    Decimal {
        precision: u8,
        scale: u8,
    },
    Float,
    Double,
    /// BIT and SET, with the number of bits.
    Bits(usize),
    Enum,
    Year,
    Date,
    OldTime,
    OldDateTime,
    OldTimestamp,
    /// With fraction digits, as the two after it.
    Time(u8),
    DateTime(u8),
    Timestamp(u8),
    Text,
    Json,
    Vector,
    /// mysqlbinlog has no text for the type.
    Unknown {
        code: u8,
        metadata: u16,
    },
}

/// Where a value ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// After so many bytes.
    Fixed(usize),
    /// After as many bytes as its first ones say, which are so many.
    Counted(usize),
    /// mysqlbinlog does not know.
    Unknown,
}

/// How the cells of a column are read and written.
#[derive(Debug)]
pub(super) struct CellType {
    pub(super) form: Form,
    pub(super) layout: Layout,
    /// What `-vv` calls the type.
    pub(super) name: String,
}

impl CellType {
    /// `dimensions` are those of a VECTOR.
    pub(super) fn of(column: &Column, dimensions: u32) -> Self {
        if column.stored_type == ColumnType::VAR_STRING {
            // mysqlbinlog reads no metadata of this type, and no value.
            return Self::new(Form::Text, Layout::Unknown, "VARSTRING(0)".to_owned());
        }
        let metadata = column.metadata;
        let [low, high] = metadata.to_le_bytes();
        let decimals = usize::from(low).div_ceil(2);
        let fixed = |form, len, name: &str| Self::new(form, Layout::Fixed(len), name.to_owned());
        match read_as(column) {
            ColumnType::TINY => fixed(Form::TinyInt, 1, "TINYINT"),
            ColumnType::SHORT => fixed(Form::SmallInt, 2, "SHORTINT"),
            ColumnType::INT24 => fixed(Form::MediumInt, 3, "MEDIUMINT"),
            ColumnType::LONG => fixed(Form::Int, 4, "INT"),
            ColumnType::LONGLONG => fixed(Form::BigInt, 8, "LONGINT"),
            ColumnType::FLOAT => fixed(Form::Float, 4, "FLOAT"),
            ColumnType::DOUBLE => fixed(Form::Double, 8, "DOUBLE"),
            ColumnType::NEWDECIMAL => decimal(low, high),
            ColumnType::BIT => {
                let bits = usize::from(high) * 8 + usize::from(low);
                fixed(Form::Bits(bits), bits.div_ceil(8), &format!("BIT({bits})"))
            }
            ColumnType::SET => fixed(
                Form::Bits(usize::from(low) * 8),
                low.into(),
                &format!("SET({low} bytes)"),
            ),
            ColumnType::ENUM if low == 1 => fixed(Form::Enum, 1, "ENUM(1 byte)"),
            ColumnType::ENUM => fixed(Form::Enum, 2, "ENUM(2 bytes)"),
            ColumnType::YEAR => fixed(Form::Year, 1, "YEAR"),
            ColumnType::DATE | ColumnType::NEWDATE => fixed(Form::Date, 3, "DATE"),
            ColumnType::TIME => fixed(Form::OldTime, 3, "TIME"),
            ColumnType::DATETIME => fixed(Form::OldDateTime, 8, "DATETIME"),
            ColumnType::TIMESTAMP => fixed(Form::OldTimestamp, 4, "TIMESTAMP"),
            ColumnType::TIME2 => fixed(Form::Time(low), 3 + decimals, &format!("TIME({low})")),
            ColumnType::DATETIME2 => fixed(Form::DateTime(low), 5 + decimals, &format!("DATETIME({low})")),
            ColumnType::TIMESTAMP2 => fixed(Form::Timestamp(low), 4 + decimals, &format!("TIMESTAMP({low})")),
            ColumnType::STRING => text(metadata, format!("STRING({metadata})")),
            ColumnType::VARCHAR => text(metadata, format!("VARSTRING({metadata})")),
            ColumnType::BLOB => Self::new(Form::Text, Layout::Counted(low.into()), blob(low).to_owned()),
            ColumnType::JSON => Self::new(Form::Json, Layout::Counted(low.into()), "JSON".to_owned()),
            ColumnType::VECTOR => {
                let name = format!("VECTOR({dimensions})");
                Self::new(Form::Vector, Layout::Counted(low.into()), name)
            }
            _ => unknown(column),
        }
    }

    fn new(form: Form, layout: Layout, name: String) -> Self {
        Self { form, layout, name }
    }
}

/// mysqlbinlog takes a typed array for one of its elements.
fn read_as(column: &Column) -> ColumnType {
    column.element.unwrap_or(column.column_type)
}

/// The metadata as mysqlbinlog reads it from the map: some types have their first byte high.
pub(super) fn stored_metadata(column: &Column) -> u16 {
    match read_as(column) {
        _ if column.stored_type == ColumnType::VAR_STRING => 0,
        ColumnType::NEWDECIMAL => column.metadata.swap_bytes(),
        ColumnType::STRING | ColumnType::ENUM | ColumnType::SET => u16::from_be_bytes(type_and_len(column)),
        other if has_metadata(other) => column.metadata,
        _ => 0,
    }
}

/// The metadata of a type that is stored as a string, as it stands in the map.
pub(super) fn type_and_len(column: &Column) -> [u8; 2] {
    let [low, high] = column.metadata.to_le_bytes();
    [column.column_type.0 ^ (high & 3) << 4, low]
}

/// `read_field_metadata` in MySQL's `rpl_utility.cc`.
fn has_metadata(column_type: ColumnType) -> bool {
    matches!(
        column_type,
        ColumnType::TINY_BLOB
            | ColumnType::MEDIUM_BLOB
            | ColumnType::LONG_BLOB
            | ColumnType::BLOB
            | ColumnType::GEOMETRY
            | ColumnType::JSON
            | ColumnType::VECTOR
            | ColumnType::FLOAT
            | ColumnType::DOUBLE
            | ColumnType::TIME2
            | ColumnType::DATETIME2
            | ColumnType::TIMESTAMP2
            | ColumnType::VARCHAR
            | ColumnType::BIT
    )
}

fn decimal(precision: u8, scale: u8) -> CellType {
    let layout = Layout::Fixed(packed::stored_len(precision, scale));
    let name = format!("DECIMAL({precision},{scale})");
    CellType::new(Form::Decimal { precision, scale }, layout, name)
}

fn text(max: u16, name: String) -> CellType {
    CellType::new(Form::Text, Layout::Counted(if max > 255 { 2 } else { 1 }), name)
}

fn blob(count: u8) -> &'static str {
    match count {
        1 => "TINYBLOB/TINYTEXT",
        2 => "BLOB/TEXT",
        3 => "MEDIUMBLOB/MEDIUMTEXT",
        _ => "LONGBLOB/LONGTEXT",
    }
}

/// Types that have no text, of which some have a length.
fn unknown(column: &Column) -> CellType {
    let layout = match column.column_type {
        ColumnType::DECIMAL | ColumnType::NULL => Layout::Fixed(0),
        ColumnType::TINY_BLOB | ColumnType::MEDIUM_BLOB | ColumnType::LONG_BLOB | ColumnType::GEOMETRY => {
            Layout::Counted(column.metadata.into())
        }
        _ => Layout::Unknown,
    };
    let (code, metadata) = (column.column_type.0, stored_metadata(column));
    CellType::new(Form::Unknown { code, metadata }, layout, String::new())
}
