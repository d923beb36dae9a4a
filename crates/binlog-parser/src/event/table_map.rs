//! TABLE_MAP: names a table and its columns' types for the row events after it.

mod optional;

use crate::error::FieldError;
use crate::event::Flavour;
use crate::reader::Reader;

/// Type code of a column as it stands in a table map (`enum_field_types`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ColumnType(pub u8);

#[allow(missing_docs, reason = "the names are those of the server's source")]
impl ColumnType {
    pub const DECIMAL: Self = Self(0);
    pub const TINY: Self = Self(1);
    pub const SHORT: Self = Self(2);
    pub const LONG: Self = Self(3);
    pub const FLOAT: Self = Self(4);
    pub const DOUBLE: Self = Self(5);
    pub const NULL: Self = Self(6);
    pub const TIMESTAMP: Self = Self(7);
    pub const LONGLONG: Self = Self(8);
    pub const INT24: Self = Self(9);
    pub const DATE: Self = Self(10);
    pub const TIME: Self = Self(11);
    pub const DATETIME: Self = Self(12);
    pub const YEAR: Self = Self(13);
    pub const NEWDATE: Self = Self(14);
    pub const VARCHAR: Self = Self(15);
    pub const BIT: Self = Self(16);
    pub const TIMESTAMP2: Self = Self(17);
    pub const DATETIME2: Self = Self(18);
    pub const TIME2: Self = Self(19);
    pub const TYPED_ARRAY: Self = Self(20);
    pub const MARIADB_BLOB_COMPRESSED: Self = Self(140);
    pub const MARIADB_VARCHAR_COMPRESSED: Self = Self(141);
    pub const VECTOR: Self = Self(242);
    pub const JSON: Self = Self(245);
    pub const NEWDECIMAL: Self = Self(246);
    pub const ENUM: Self = Self(247);
    pub const SET: Self = Self(248);
    pub const TINY_BLOB: Self = Self(249);
    pub const MEDIUM_BLOB: Self = Self(250);
    pub const LONG_BLOB: Self = Self(251);
    pub const BLOB: Self = Self(252);
    pub const VAR_STRING: Self = Self(253);
    pub const STRING: Self = Self(254);
    pub const GEOMETRY: Self = Self(255);
}

/// One column of a table map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The real type: where the map says STRING and its metadata says ENUM or SET, ENUM or SET.
    pub column_type: ColumnType,
    /// The type's metadata as the server's `Field` knows it: precision and scale, length, fraction digits…
    pub metadata: u16,
    /// Whether NULL is allowed.
    pub nullable: bool,
    /// Whether a numeric column is unsigned; `None` where the log does not say.
    pub unsigned: Option<bool>,
    /// Collation number of a text, ENUM or SET column; 63 is binary; `None` where the log does not say.
    pub collation: Option<u16>,
    /// Name; `None` where the log does not say.
    pub name: Option<Box<str>>,
    /// Members of an ENUM or SET, in the column's character set; empty where the log does not say.
    pub members: Box<[Box<[u8]>]>,
    /// `Geometry::wkbType` of a GEOMETRY column.
    pub geometry_type: Option<u32>,
    /// Whether the column is visible; `None` where the log does not say.
    pub visible: Option<bool>,
    /// Dimensions of a VECTOR column.
    pub vector_dimension: Option<u32>,
}

/// One part of a primary key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrimaryKeyPart {
    /// Index of the column.
    pub column: usize,
    /// Characters of the prefix that is indexed; 0 for the whole column.
    pub prefix: u32,
}

/// A table map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableMap {
    /// Number that the row events refer to; it says nothing beyond its statement.
    pub table_id: u64,
    /// Flags as stored.
    pub flags: u16,
    /// Schema.
    pub schema: Box<str>,
    /// Table.
    pub table: Box<str>,
    /// Columns in the table's order.
    pub columns: Box<[Column]>,
    /// Primary key; `None` where the log does not say.
    pub primary_key: Option<Box<[PrimaryKeyPart]>>,
}

/// Which columns a row image holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnSet<'a> {
    bits: &'a [u8],
    columns: usize,
}

impl<'a> ColumnSet<'a> {
    /// A set of `columns` bits, lowest bit of the first byte first.
    #[must_use]
    pub fn new(bits: &'a [u8], columns: usize) -> Self {
        Self { bits, columns }
    }

    /// Whether the image holds the column.
    #[must_use]
    pub fn contains(&self, column: usize) -> bool {
        column < self.columns
            && self
                .bits
                .get(column / 8)
                .is_some_and(|byte| byte >> (column % 8) & 1 != 0)
    }

    /// Number of columns of the table.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Number of columns in the image.
    #[must_use]
    pub fn count(&self) -> usize {
        (0..self.columns).filter(|column| self.contains(*column)).count()
    }
}

impl TableMap {
    /// Reads the body. `id_len` is the width of the table id: 6, or 4 in logs of 5.1 before GA.
    /// `flavour` tells which columns the optional metadata counts as text.
    ///
    /// # Errors
    /// A field is cut off or out of range, or a name is not UTF-8.
    pub fn decode(body: &[u8], id_len: usize, flavour: Flavour) -> Result<Self, FieldError> {
        let mut reader = Reader::new(body);
        let table_id = reader.uint(id_len, "table id")?;
        let flags = reader.u16("flags")?;
        let schema = name(&mut reader, "schema")?;
        let table = name(&mut reader, "table")?;
        let mut columns = columns(&mut reader)?;
        let primary_key = optional::read(&mut reader, &mut columns, flavour)?;
        Ok(Self {
            table_id,
            flags,
            schema,
            table,
            columns: columns.into(),
            primary_key,
        })
    }
}

fn name(reader: &mut Reader<'_>, field: &'static str) -> Result<Box<str>, FieldError> {
    let len = usize::from(reader.u8(field)?);
    let text = utf8(reader.take(len, field)?, field)?;
    reader.take(1, field)?;
    Ok(text)
}

/// The servers write names in UTF-8.
fn utf8(bytes: &[u8], field: &'static str) -> Result<Box<str>, FieldError> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.into()),
        Err(error) => Err(FieldError::Invalid {
            field,
            value: error.valid_up_to() as u64,
            why: "bytes are UTF-8, not more",
        }),
    }
}

fn columns(reader: &mut Reader<'_>) -> Result<Vec<Column>, FieldError> {
    let count = reader.lenenc("number of columns")?;
    let types = reader.take(usize::try_from(count).unwrap_or(usize::MAX), "column types")?;
    let len = reader.lenenc("length of the metadata")?;
    let mut metadata = reader.sub(usize::try_from(len).unwrap_or(usize::MAX), "column metadata")?;
    let nullable = ColumnSet::new(reader.take(types.len().div_ceil(8), "nullable columns")?, types.len());
    let columns = types.iter().enumerate().map(|(index, code)| {
        let (column_type, metadata) = read_metadata(ColumnType(*code), &mut metadata)?;
        Ok(Column::new(column_type, metadata, nullable.contains(index)))
    });
    let columns = columns.collect::<Result<_, _>>()?;
    match metadata.remaining() {
        0 => Ok(columns),
        left => Err(FieldError::LeftOver {
            field: "column metadata",
            left,
        }),
    }
}

/// The real type, and its metadata.
fn read_metadata(stored: ColumnType, reader: &mut Reader<'_>) -> Result<(ColumnType, u16), FieldError> {
    const FIELD: &str = "column metadata";
    let metadata = match stored {
        ColumnType::FLOAT
        | ColumnType::DOUBLE
        | ColumnType::TIMESTAMP2
        | ColumnType::DATETIME2
        | ColumnType::TIME2
        | ColumnType::TINY_BLOB
        | ColumnType::MEDIUM_BLOB
        | ColumnType::LONG_BLOB
        | ColumnType::BLOB
        | ColumnType::MARIADB_BLOB_COMPRESSED
        | ColumnType::JSON
        | ColumnType::GEOMETRY
        | ColumnType::VECTOR => u16::from(reader.u8(FIELD)?),
        ColumnType::VARCHAR | ColumnType::MARIADB_VARCHAR_COMPRESSED | ColumnType::BIT | ColumnType::NEWDECIMAL => {
            reader.u16(FIELD)?
        }
        ColumnType::STRING | ColumnType::VAR_STRING | ColumnType::ENUM | ColumnType::SET => {
            return Ok(string_metadata(reader.array(FIELD)?));
        }
        ColumnType::TYPED_ARRAY => {
            return Err(FieldError::Unsupported {
                field: "column type",
                why: "an array is no column of a table",
            });
        }
        _ => 0,
    };
    Ok((stored, metadata))
}

/// `Field_string::do_save_field_metadata`: the real type, with bits 8 and 9 of the length inverted in it.
fn string_metadata([code, len]: [u8; 2]) -> (ColumnType, u16) {
    let high = u16::from(!code & 0x30) << 4;
    (ColumnType(code | 0x30), u16::from(len) | high)
}

impl Column {
    /// A column of which only the fixed part of a table map is known.
    fn new(column_type: ColumnType, metadata: u16, nullable: bool) -> Self {
        Self {
            column_type,
            metadata,
            nullable,
            unsigned: None,
            collation: None,
            name: None,
            members: Box::default(),
            geometry_type: None,
            visible: None,
            vector_dimension: None,
        }
    }
}
