//! TABLE_MAP: names a table and its columns' types for the row events after it.

mod optional;

use crate::error::FieldError;
use crate::event::Flavour;
use crate::reader::Reader;

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
    let types = column_types(reader)?;
    let len = reader.lenenc("length of the metadata")?;
    let mut metadata = reader.sub(usize::try_from(len).unwrap_or(usize::MAX), "column metadata")?;
    let nullable = ColumnSet::new(reader.take(types.len().div_ceil(8), "nullable columns")?, types.len());
    let mut columns = Vec::with_capacity(types.len());
    for (index, code) in types.iter().enumerate() {
        let (column_type, metadata) = read_metadata(ColumnType(*code), &mut metadata)?;
        check_metadata(column_type, metadata)?;
        columns.push(Column::new(column_type, metadata, nullable.contains(index)));
    }
    metadata.finish("column metadata")?;
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

/// The real type, and its metadata.
fn read_metadata(stored: ColumnType, reader: &mut Reader<'_>) -> Result<(ColumnType, u16), FieldError> {
    const FIELD: &str = "column metadata";
    let metadata = match stored {
        ColumnType::FLOAT | ColumnType::DOUBLE | ColumnType::TIMESTAMP2 | ColumnType::DATETIME2 | ColumnType::TIME2 => {
            u16::from(reader.u8(FIELD)?)
        }
        _ if stored.counts_its_bytes() => u16::from(reader.u8(FIELD)?),
        ColumnType::VARCHAR | ColumnType::MARIADB_VARCHAR_COMPRESSED | ColumnType::BIT | ColumnType::NEWDECIMAL => {
            reader.u16(FIELD)?
        }
        ColumnType::STRING | ColumnType::VAR_STRING | ColumnType::ENUM | ColumnType::SET => {
            return string_metadata(reader.array(FIELD)?);
        }
        ColumnType::TYPED_ARRAY => {
            return Err(FieldError::Unsupported {
                field: "column type",
                why: "hidden columns of multi-valued indexes are not decoded",
            });
        }
        _ => 0,
    };
    Ok((stored, metadata))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn column_sets() {
        let check = |bits: &[u8], columns, expected: &[usize]| {
            let set = ColumnSet::new(bits, columns);
            let list: Vec<usize> = (0..columns + 9).filter(|column| set.contains(*column)).collect();
            assert_eq!(list, expected, "{bits:02x?}");
            assert_eq!(set.count(), expected.len(), "{bits:02x?}");
        };
        check(&[], 0, &[]);
        check(&[0xff], 3, &[0, 1, 2]);
        check(&[0b1000_0010], 8, &[1, 7]);
        check(&[0x80, 0xff], 10, &[7, 8, 9]);
        check(&[1], 10, &[0]);
    }

    #[test]
    fn real_types() {
        let check = |stored: u8, bytes: &[u8], expected: u8, metadata| {
            let mut reader = Reader::new(bytes);
            let read = read_metadata(ColumnType(stored), &mut reader);
            assert_eq!(read, Ok((ColumnType(expected), metadata)), "{stored} {bytes:02x?}");
            assert!(reader.is_empty());
        };
        check(3, &[], 3, 0);
        check(5, &[8], 5, 8);
        check(15, &[0xb0, 0x04], 15, 1200);
        check(16, &[5, 1], 16, 0x105);
        check(19, &[6], 19, 6);
        check(141, &[101, 0], 141, 101);
        check(246, &[10, 2], 246, 0x20a);
        // CHAR(3), CHAR(255) and CHAR(64) of four-byte characters, ENUM, SET.
        check(254, &[254, 12], 254, 12);
        check(254, &[0xce, 0xfc], 254, 1020);
        check(254, &[0xee, 0x00], 254, 256);
        check(254, &[247, 2], 247, 2);
        check(254, &[248, 8], 248, 8);
        assert!(read_metadata(ColumnType::TYPED_ARRAY, &mut Reader::new(&[3])).is_err());
        assert!(read_metadata(ColumnType::STRING, &mut Reader::new(&[245, 1])).is_err());
    }

    #[test]
    fn metadata_that_fits_its_type() {
        let check = |column_type, good: &[u16], bad: &[u16]| {
            for metadata in good {
                assert_eq!(check_metadata(column_type, *metadata), Ok(()), "{column_type:?}");
            }
            for metadata in bad {
                assert!(
                    check_metadata(column_type, *metadata).is_err(),
                    "{column_type:?} {metadata}"
                );
            }
        };
        check(ColumnType::TIME2, &[0, 6], &[7]);
        check(ColumnType::BLOB, &[1, 4], &[0, 5]);
        check(ColumnType::BIT, &[1, 0x100, 0x707, 0x800], &[0, 8, 0x801, 0x900]);
        check(ColumnType::NEWDECIMAL, &[1, 0x1e41, 0x2626], &[0, 66, 0x0201]);
        check(ColumnType::ENUM, &[1, 2], &[0, 3]);
        check(ColumnType::SET, &[1, 8], &[0, 9]);
        check(ColumnType::VARCHAR, &[0, 65_535], &[]);
    }

    #[test]
    fn bad_maps() {
        let good = [7, 0, 0, 0, 0, 0, 1, 0, 1, b'x', 0, 1, b't', 0, 2, 3, 15, 2, 3, 0, 0];
        assert!(TableMap::decode(&good, 6, Flavour::MySql).is_ok());
        for len in 0..good.len() {
            assert!(TableMap::decode(&good[..len], 6, Flavour::MySql).is_err(), "{len}");
        }
        let check = |at: usize, byte: u8, expected: &str| {
            let mut bad = good;
            bad[at] = byte;
            let error = TableMap::decode(&bad, 6, Flavour::MySql).unwrap_err();
            assert_eq!(error.to_string(), expected, "{at}");
        };
        check(9, 0xff, "schema: 0 bytes are UTF-8, not more");
        check(14, 200, "column types: need 200 bytes, have 6");
        check(14, 253, "number of columns: 134915 is more than the servers' 4096");
        check(14, 251, "number of columns: 251 starts no length-encoded integer");
        check(15, 15, "column metadata: need 2 bytes, have 0");
        check(16, 3, "2 bytes left over after column metadata");
        check(17, 200, "column metadata: need 200 bytes, have 3");
    }
}
