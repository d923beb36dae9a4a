//! Cells of row images.

mod cell;
mod compressed;
mod decimal;
mod json;
mod temporal;

pub use compressed::CompressedValue;
pub use decimal::Decimal;
pub use json::{
    Json, JsonApplyError, JsonDiff, JsonDiffs, JsonDiffsIter, JsonError, JsonLeg, JsonObject, JsonOpaque,
    JsonOperation, JsonPath, JsonScalar, JsonToken, JsonTokens, JsonTyped, JsonValue,
};
pub use temporal::{Date, DateTime, Time, Timestamp};

/// One cell of a row image. Absent, NULL and a value are three different things.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// The image does not hold the column.
    Absent,
    /// NULL.
    Null,
    /// A value.
    Value(Value<'a>),
}

/// A row image: one cell for each column of the table map.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Row<'a> {
    /// The cells.
    pub cells: Vec<Cell<'a>>,
    /// The last byte of the image's NULL bits without those of columns: MySQL 8.0 on leaves the bits that are
    /// over unset, MySQL before it and MariaDB set them.
    pub null_padding: u8,
}

/// A value. Its type follows from the column's type alone.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Value<'a> {
    /// TINYINT to BIGINT, signed, or of a column whose signedness the log does not say
    /// ([`crate::event::Column::unsigned`] is `None`): then the bits read as signed.
    Int(i64),
    /// TINYINT to BIGINT of a column that the log says is unsigned.
    UInt(u64),
    /// FLOAT.
    Float(f32),
    /// DOUBLE.
    Double(f64),
    /// DECIMAL.
    Decimal(Decimal<'a>),
    /// BIT: the value's bytes, most significant first.
    Bit(&'a [u8]),
    /// YEAR: 0, or 1901 to 2155.
    Year(u16),
    /// DATE.
    Date(Date),
    /// TIME.
    Time(Time),
    /// DATETIME.
    DateTime(DateTime),
    /// TIMESTAMP.
    Timestamp(Timestamp),
    /// CHAR, VARCHAR, TEXT, BINARY, VARBINARY, BLOB and MariaDB's types made of them, in the column's
    /// character set. The log has BINARY values without trailing zero bytes, and also MariaDB's UUID, INET4
    /// and INET6, which it does not tell from BINARY: whoever wants all bytes fills up to the column's
    /// length ([`crate::event::Column::metadata`]).
    Bytes(&'a [u8]),
    /// VARCHAR, TEXT, VARBINARY and BLOB of a MariaDB column with the attribute `COMPRESSED`.
    Compressed(CompressedValue<'a>),
    /// ENUM: number of the member, from 1; 0 is the empty error value.
    Enum(u16),
    /// SET: a bit for each member.
    Set(u64),
    /// JSON in MySQL's binary form; empty bytes are an old server's JSON null.
    Json(JsonValue<'a>),
    /// What an UPDATE changes in a JSON document, where the log has no more (PARTIAL_UPDATE_ROWS).
    JsonDiffs(JsonDiffs<'a>),
    /// GEOMETRY: four bytes SRID, then WKB.
    Geometry(&'a [u8]),
    /// VECTOR: four bytes a dimension, little-endian floats.
    Vector(&'a [u8]),
}

impl Value<'_> {
    /// An [`Value::Int`] of `width` bytes (1, 2, 3, 4 or 8) read again as unsigned; other values unchanged.
    #[must_use]
    pub fn as_unsigned(self, width: u32) -> Self {
        match self {
            Self::Int(value) if width < 8 => Self::UInt(value as u64 & ((1 << (8 * width)) - 1)),
            Self::Int(value) => Self::UInt(value as u64),
            other => other,
        }
    }
}
