//! TABLE_MAP: names a table and its columns' types for the row events after it.

mod optional;
mod without;

use crate::error::FieldError;
use crate::event::Flavour;
use crate::reader::{Reader, put_bits, put_lenenc};

/// `MAX_FIELDS` of both servers.
const MAX_COLUMNS: u64 = 4096;

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

    /// Whether MariaDB 5.3 stores fractions under this code, of which no table map tells the digits.
    fn may_hide_fractions(self) -> bool {
        matches!(self, ColumnType::TIME | ColumnType::DATETIME | ColumnType::TIMESTAMP)
    }

    /// Whether a value has its length before it, in as many bytes as the metadata says.
    fn counts_its_bytes(self) -> bool {
        matches!(
            self,
            ColumnType::TINY_BLOB
                | ColumnType::MEDIUM_BLOB
                | ColumnType::LONG_BLOB
                | ColumnType::BLOB
                | ColumnType::MARIADB_BLOB_COMPRESSED
                | ColumnType::JSON
                | ColumnType::GEOMETRY
                | ColumnType::VECTOR
        )
    }
}

/// One column of a table map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The real type: where the map says STRING and its metadata says ENUM or SET, ENUM or SET.
    pub column_type: ColumnType,
    /// The type that the map says.
    pub stored_type: ColumnType,
    /// Type of the elements of a TYPED_ARRAY, the hidden column of a multi-valued index; the metadata is theirs. Early
    /// releases of MySQL 8.0 log such columns.
    pub element: Option<ColumnType>,
    /// The type's metadata as the server's `Field` knows it: precision and scale, length, fraction digits… (those of
    /// MariaDB 5.3's form only by [`TableMap::with_fractions`]).
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
    /// The optional metadata as it is stored. What of it is known stands in the columns and the primary key.
    pub optional: Box<[u8]>,
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

    /// The set's bytes.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bits
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
        let (whole, rest) = self.bits.split_at_checked(self.columns / 8).unwrap_or((self.bits, &[]));
        let last = rest.first().map_or(0, |byte| byte & !(u8::MAX << (self.columns % 8)));
        whole.iter().chain([&last]).map(|byte| byte.count_ones() as usize).sum()
    }
}

impl TableMap {
    /// Reads the body. `id_len` is the width of the table id: 6, or 4 in logs of 5.1 before GA.
    /// `flavour` tells which columns the optional metadata counts as text.
    ///
    /// # Errors
    /// A field is cut off or out of range, or a name is not UTF-8.
    pub fn decode(body: &[u8], id_len: usize, flavour: Flavour) -> Result<Self, FieldError> {
        Self::read(&mut Reader::new(body), id_len, flavour)
    }

    /// After an error the reader stands where it happened.
    pub(crate) fn read(reader: &mut Reader<'_>, id_len: usize, flavour: Flavour) -> Result<Self, FieldError> {
        let table_id = reader.uint(id_len, "table id")?;
        let flags = reader.u16("flags")?;
        let schema = name(reader, "schema")?;
        let table = name(reader, "table")?;
        let mut columns = columns(reader)?;
        let optional = reader.peek().into();
        let primary_key = optional::read(reader, &mut columns, flavour)?;
        Ok(Self {
            table_id,
            flags,
            schema,
            table,
            columns: columns.into(),
            primary_key,
            optional,
        })
    }

    /// The map with these fraction digits, 0 to 6, of columns that have them in MariaDB 5.3's form, which maps do not
    /// tell; `None` where none of the columns can, or all have 0.
    #[must_use]
    pub fn with_fractions(&self, digits: impl Fn(usize) -> u8) -> Option<Self> {
        let mut columns = self.columns.clone();
        for (index, column) in columns.iter_mut().enumerate() {
            if column.column_type.may_hide_fractions() {
                column.metadata = digits(index).min(6).into();
            }
        }
        (columns != self.columns).then(|| Self {
            columns,
            ..self.clone()
        })
    }

    /// The map with these names of its columns, if it has none. Any other number of names than that of the columns is none.
    #[must_use]
    pub fn with_names(&self, names: &[&str]) -> Self {
        const COLUMN_NAME: u8 = 4;
        let mut named = self.clone();
        let is_named = self.columns.iter().any(|column| column.name.is_some());
        if is_named || names.len() != self.columns.len() {
            return named;
        }
        let mut value = Vec::new();
        for (column, name) in named.columns.iter_mut().zip(names) {
            column.name = Some((*name).into());
            put_lenenc(&mut value, name.len() as u64);
            value.extend(name.bytes());
        }
        let mut optional = named.optional.into_vec();
        optional.push(COLUMN_NAME);
        put_lenenc(&mut optional, value.len() as u64);
        optional.extend(value);
        named.optional = optional.into();
        named
    }

    /// Appends the body. `id_len` is the width of the table id, 6 or 4. Of the columns it holds type, metadata
    /// and whether NULL is allowed; the rest of them is in [`TableMap::optional`].
    ///
    /// # Errors
    /// A name is longer than 255 bytes.
    pub fn encode(&self, id_len: usize, out: &mut Vec<u8>) -> Result<(), FieldError> {
        out.extend(self.table_id.to_le_bytes().iter().take(id_len));
        out.extend(self.flags.to_le_bytes());
        put_name(&self.schema, "schema", out)?;
        put_name(&self.table, "table", out)?;
        put_lenenc(out, self.columns.len() as u64);
        out.extend(self.columns.iter().map(|column| column.stored_type.0));
        let mut metadata = Vec::new();
        for column in &self.columns {
            put_column(column, &mut metadata);
        }
        put_lenenc(out, metadata.len() as u64);
        out.extend(metadata);
        put_bits(self.columns.iter().map(|column| column.nullable), out);
        out.extend(&self.optional);
        Ok(())
    }
}

/// A length in one byte, the name, and a zero byte.
fn put_name(name: &str, field: &'static str, out: &mut Vec<u8>) -> Result<(), FieldError> {
    let Ok(len) = u8::try_from(name.len()) else {
        return Err(FieldError::Invalid {
            field,
            value: name.len() as u64,
            why: "bytes are more than 255",
        });
    };
    out.push(len);
    out.extend(name.bytes());
    out.push(0);
    Ok(())
}

fn name(reader: &mut Reader<'_>, field: &'static str) -> Result<Box<str>, FieldError> {
    let len = usize::from(reader.u8(field)?);
    let text = utf8(reader.take(len, field)?, field)?;
    reader.zero(field)?;
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
    let types = column_types(reader)?;
    let len = reader.lenenc("length of the metadata")?;
    let mut columns = Vec::with_capacity(types.len());
    reader.within(len, "column metadata", |metadata| {
        for code in types {
            columns.push(match ColumnType(*code) {
                ColumnType::TYPED_ARRAY => read_array(metadata)?,
                other => read_column(other, metadata)?,
            });
        }
        metadata.finish("column metadata")
    })?;
    let nullable = ColumnSet::new(reader.take(types.len().div_ceil(8), "nullable columns")?, types.len());
    for (index, column) in columns.iter_mut().enumerate() {
        column.nullable = nullable.contains(index);
    }
    Ok(columns)
}

fn column_types<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], FieldError> {
    const FIELD: &str = "number of columns";
    match reader.lenenc(FIELD)? {
        count @ 0..=MAX_COLUMNS => reader.take(count as usize, "column types"),
        count => Err(FieldError::Invalid {
            field: FIELD,
            value: count,
            why: "is more than the servers' 4096",
        }),
    }
}

/// In how many bytes a table map has the metadata of a type, and how.
enum MetadataForm {
    None,
    Byte,
    Word,
    /// The real type, then a length of which the real type has two bits.
    String,
}

/// `Field::save_field_metadata` of each type in the servers' `sql/field.cc`.
fn metadata_form(stored: ColumnType) -> MetadataForm {
    match stored {
        ColumnType::FLOAT | ColumnType::DOUBLE | ColumnType::TIMESTAMP2 | ColumnType::DATETIME2 | ColumnType::TIME2 => {
            MetadataForm::Byte
        }
        _ if stored.counts_its_bytes() => MetadataForm::Byte,
        ColumnType::VARCHAR | ColumnType::MARIADB_VARCHAR_COMPRESSED | ColumnType::BIT | ColumnType::NEWDECIMAL => {
            MetadataForm::Word
        }
        ColumnType::STRING | ColumnType::VAR_STRING | ColumnType::ENUM | ColumnType::SET => MetadataForm::String,
        _ => MetadataForm::None,
    }
}

fn read_column(stored_type: ColumnType, reader: &mut Reader<'_>) -> Result<Column, FieldError> {
    let (column_type, metadata) = read_metadata(stored_type, reader)?;
    check_metadata(column_type, metadata)?;
    Ok(Column {
        stored_type,
        ..Column::new(column_type, metadata, false)
    })
}

/// A typed array: the type of its elements, and their metadata, in which a VARCHAR's length has three bytes
/// (`read_field_metadata` in MySQL's `rpl_utility.cc`).
fn read_array(reader: &mut Reader<'_>) -> Result<Column, FieldError> {
    let element = ColumnType(reader.u8("type of an array's elements")?);
    if matches!(metadata_form(element), MetadataForm::String) {
        return Err(FieldError::Invalid {
            field: "type of an array's elements",
            value: element.0.into(),
            why: "is none that an array can have",
        });
    }
    let (_, metadata) = read_metadata(element, reader)?;
    check_metadata(element, metadata)?;
    if element == ColumnType::VARCHAR {
        reader.zero("length of an array's elements")?;
    }
    Ok(Column {
        element: Some(element),
        ..Column::new(ColumnType::TYPED_ARRAY, metadata, false)
    })
}

fn put_column(column: &Column, out: &mut Vec<u8>) {
    let Some(element) = column.element else {
        return put_metadata(column.stored_type, column, out);
    };
    out.push(element.0);
    put_metadata(element, column, out);
    if element == ColumnType::VARCHAR {
        out.push(0);
    }
}

/// The real type, and its metadata.
fn read_metadata(stored: ColumnType, reader: &mut Reader<'_>) -> Result<(ColumnType, u16), FieldError> {
    const FIELD: &str = "column metadata";
    let metadata = match metadata_form(stored) {
        MetadataForm::None => 0,
        MetadataForm::Byte => u16::from(reader.u8(FIELD)?),
        MetadataForm::Word => reader.u16(FIELD)?,
        MetadataForm::String => return string_metadata(reader.array(FIELD)?),
    };
    Ok((stored, metadata))
}

fn put_metadata(stored: ColumnType, column: &Column, out: &mut Vec<u8>) {
    let [low, high] = column.metadata.to_le_bytes();
    match metadata_form(stored) {
        MetadataForm::None => {}
        MetadataForm::Byte => out.push(low),
        MetadataForm::Word => out.extend([low, high]),
        MetadataForm::String => out.extend([column.column_type.0 ^ (high & 3) << 4, low]),
    }
}

/// `Field_string::do_save_field_metadata`: the real type, with bits 8 and 9 of the length inverted in it.
fn string_metadata([code, len]: [u8; 2]) -> Result<(ColumnType, u16), FieldError> {
    let high = u16::from(!code & 0x30) << 4;
    match ColumnType(code | 0x30) {
        real @ (ColumnType::STRING | ColumnType::VAR_STRING | ColumnType::ENUM | ColumnType::SET) => {
            Ok((real, u16::from(len) | high))
        }
        _ => Err(FieldError::Invalid {
            field: "column metadata",
            value: code.into(),
            why: "is no type that is stored as a string",
        }),
    }
}

/// Whether a column of the type can have the metadata.
fn check_metadata(column_type: ColumnType, metadata: u16) -> Result<(), FieldError> {
    let [low, high] = metadata.to_le_bytes();
    let good = match column_type {
        ColumnType::TIMESTAMP2 | ColumnType::DATETIME2 | ColumnType::TIME2 => metadata <= 6,
        _ if column_type.counts_its_bytes() => matches!(metadata, 1..=4),
        ColumnType::BIT => matches!(8 * u16::from(high) + u16::from(low), 1..=64) && low < 8,
        ColumnType::NEWDECIMAL => matches!(low, 1..=65) && high <= low,
        ColumnType::ENUM => matches!(metadata, 1 | 2),
        ColumnType::SET => matches!(metadata, 1..=8),
        _ => true,
    };
    match good {
        true => Ok(()),
        false => Err(FieldError::Invalid {
            field: "column metadata",
            value: metadata.into(),
            why: "cannot be that of the column's type",
        }),
    }
}

impl Column {
    /// A column of which only the fixed part of a table map is known.
    #[must_use]
    pub fn new(column_type: ColumnType, metadata: u16, nullable: bool) -> Self {
        let stored_type = match column_type {
            ColumnType::ENUM | ColumnType::SET => ColumnType::STRING,
            other => other,
        };
        Self {
            column_type,
            stored_type,
            element: None,
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

#[cfg(test)]
mod tests;
