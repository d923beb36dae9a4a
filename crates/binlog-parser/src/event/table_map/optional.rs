//! The optional metadata of a table map: type, length and value of each field.
//!
//! Source: `Table_map_log_event::Optional_metadata_fields` in MySQL's `rows_event.h`. MariaDB (10.5 on)
//! writes the same fields and counts GEOMETRY columns as text; MySQL counts VECTOR columns. Both count YEAR as numeric.

use super::{Column, ColumnType, PrimaryKeyPart, utf8};
use crate::error::FieldError;
use crate::event::Flavour;
use crate::reader::Reader;

/// Most members of an ENUM; a SET has at most 64.
const MAX_MEMBERS: u64 = 65_535;

/// The primary key, if the log names one.
type PrimaryKey = Option<Box<[PrimaryKeyPart]>>;

/// Reads all fields into the columns. Fields that are not known are passed over, as the servers do.
pub(super) fn read(
    reader: &mut Reader<'_>,
    columns: &mut [Column],
    flavour: Flavour,
) -> Result<PrimaryKey, FieldError> {
    let mut primary_key = None;
    for_each_field(reader, |code, value| {
        match code {
            8 => primary_key = Some(key(value, columns.len(), false)?),
            9 => primary_key = Some(key(value, columns.len(), true)?),
            _ => read_of_columns(code, value, columns, flavour)?,
        }
        Ok(())
    })?;
    Ok(primary_key)
}

/// Reads fields, each with its type and its value.
#[inline(always)]
pub(super) fn for_each_field<'a>(
    reader: &mut Reader<'a>,
    mut read: impl FnMut(u8, &mut Reader<'a>) -> Result<(), FieldError>,
) -> Result<(), FieldError> {
    while !reader.is_empty() {
        let code = reader.u8("optional metadata type")?;
        let len = reader.lenenc("optional metadata length")?;
        reader.within(len, "optional metadata", |value| read(code, value))?;
    }
    Ok(())
}

/// Reads a field that says something of each column of a kind.
fn read_of_columns(
    code: u8,
    value: &mut Reader<'_>,
    columns: &mut [Column],
    flavour: Flavour,
) -> Result<(), FieldError> {
    let text = |column: &Column| is_text(column.column_type, flavour);
    let choice = |column: &Column| matches!(column.column_type, ColumnType::ENUM | ColumnType::SET);
    let collation = |column: &mut Column, number| column.collation = Some(number);
    match code {
        1 => bits(value, columns, is_numeric, |column, bit| column.unsigned = Some(bit)),
        2 => default_charset(value, columns, text),
        3 => numbers(value, columns, text, "column charset", collation),
        4 => names(value, columns),
        5 => members(value, columns, ColumnType::SET),
        6 => members(value, columns, ColumnType::ENUM),
        7 => {
            let set = |column: &mut Column, number| column.geometry_type = Some(number);
            numbers(value, columns, is(ColumnType::GEOMETRY), "geometry type", set)
        }
        10 => default_charset(value, columns, choice),
        11 => numbers(value, columns, choice, "column charset", collation),
        12 => bits(value, columns, |_| true, |column, bit| column.visible = Some(bit)),
        13 => {
            let set = |column: &mut Column, number| column.vector_dimension = Some(number);
            numbers(value, columns, is(ColumnType::VECTOR), "dimensions", set)
        }
        _ => Ok(()),
    }
}

fn is(column_type: ColumnType) -> impl Fn(&Column) -> bool {
    move |column| column.column_type == column_type
}

pub(super) fn is_numeric(column: &Column) -> bool {
    matches!(
        column.column_type,
        ColumnType::TINY
            | ColumnType::SHORT
            | ColumnType::INT24
            | ColumnType::LONG
            | ColumnType::LONGLONG
            | ColumnType::NEWDECIMAL
            | ColumnType::FLOAT
            | ColumnType::DOUBLE
            | ColumnType::YEAR
    )
}

pub(super) fn is_text(column_type: ColumnType, flavour: Flavour) -> bool {
    match column_type {
        ColumnType::STRING | ColumnType::VAR_STRING | ColumnType::VARCHAR | ColumnType::BLOB => true,
        ColumnType::GEOMETRY | ColumnType::MARIADB_BLOB_COMPRESSED | ColumnType::MARIADB_VARCHAR_COMPRESSED => {
            flavour == Flavour::MariaDb
        }
        ColumnType::VECTOR => flavour == Flavour::MySql,
        _ => false,
    }
}

/// A bit for each of these columns, the highest bit of the first byte first.
fn bits(
    value: &mut Reader<'_>,
    columns: &mut [Column],
    of: impl Fn(&Column) -> bool,
    set: impl Fn(&mut Column, bool),
) -> Result<(), FieldError> {
    let count = columns.iter().filter(|column| of(column)).count();
    let bytes = value.take(count.div_ceil(8), "bits of columns")?;
    for (index, column) in columns.iter_mut().filter(|column| of(column)).enumerate() {
        let bit = bytes.get(index / 8).is_some_and(|byte| byte << (index % 8) & 0x80 != 0);
        set(column, bit);
    }
    value.finish("bits of columns")
}

/// A number for each of these columns.
fn numbers<T: TryFrom<u64>>(
    value: &mut Reader<'_>,
    columns: &mut [Column],
    of: impl Fn(&Column) -> bool,
    field: &'static str,
    set: impl Fn(&mut Column, T),
) -> Result<(), FieldError> {
    for column in columns.iter_mut().filter(|column| of(column)) {
        set(column, number(value, field)?);
    }
    value.finish(field)
}

/// A collation for all of these columns, then pairs of a column's index among them and its collation.
fn default_charset(
    value: &mut Reader<'_>,
    columns: &mut [Column],
    of: impl Fn(&Column) -> bool,
) -> Result<(), FieldError> {
    let default = number(value, "default charset")?;
    let mut chosen: Vec<&mut Column> = columns.iter_mut().filter(|column| of(column)).collect();
    for column in &mut chosen {
        column.collation = Some(default);
    }
    while !value.is_empty() {
        let index = value.lenenc("column of a charset")?;
        let collation = number(value, "charset of a column")?;
        let column = usize::try_from(index).ok().and_then(|index| chosen.get_mut(index));
        let Some(column) = column else {
            return Err(invalid("column of a charset", index, "is no text column"));
        };
        column.collation = Some(collation);
    }
    Ok(())
}

fn names(value: &mut Reader<'_>, columns: &mut [Column]) -> Result<(), FieldError> {
    for column in columns {
        column.name = Some(utf8(value.lenenc_bytes("column name")?, "column name")?);
    }
    value.finish("column name")
}

/// The members of each column of the type.
fn members(value: &mut Reader<'_>, columns: &mut [Column], of: ColumnType) -> Result<(), FieldError> {
    for column in columns.iter_mut().filter(|column| column.column_type == of) {
        let count = value.lenenc("number of members")?;
        if count > MAX_MEMBERS {
            return Err(invalid("number of members", count, "is more than a column can have"));
        }
        let list = (0..count).map(|_| value.lenenc_bytes("member").map(Box::from));
        column.members = list.collect::<Result<_, _>>()?;
    }
    value.finish("member")
}

fn key(value: &mut Reader<'_>, columns: usize, with_prefixes: bool) -> Result<Box<[PrimaryKeyPart]>, FieldError> {
    let mut parts = Vec::new();
    while !value.is_empty() {
        let column: usize = number(value, "primary key column")?;
        let prefix = match with_prefixes {
            true => number(value, "primary key prefix")?,
            false => 0,
        };
        if column >= columns || parts.len() == columns {
            return Err(invalid("primary key column", column as u64, "is no further column"));
        }
        parts.push(PrimaryKeyPart { column, prefix });
    }
    Ok(parts.into())
}

/// A length-encoded number that fits its type.
fn number<T: TryFrom<u64>>(value: &mut Reader<'_>, field: &'static str) -> Result<T, FieldError> {
    let number = value.lenenc(field)?;
    T::try_from(number).map_err(|_| invalid(field, number, "is too large"))
}

fn invalid(field: &'static str, value: u64, why: &'static str) -> FieldError {
    FieldError::Invalid { field, value, why }
}

#[cfg(test)]
mod tests {
    use crate::FieldError;
    use crate::event::{Flavour, PrimaryKeyPart, TableMap};

    /// MySQL 9.7, binlog_row_metadata=FULL: id INT UNSIGNED, y YEAR, n BIGINT, e ENUM('a','bc') latin1,
    /// s SET('x','y') utf8mb4, g POINT, v VECTOR(3) INVISIBLE, c CHAR(255) utf8mb4, d VARCHAR(9) latin1,
    /// p DECIMAL(10,2), PRIMARY KEY (d(4), id).
    const MYSQL: &[u8] = b"\x6a\0\0\0\0\0\x01\0\x01x\0\x01t\0\
        \x0a\x03\x0d\x08\xfe\xfe\xff\xf2\xfe\x0f\xf6\
        \x0c\xf7\x01\xf8\x01\x04\x04\xce\xfc\x09\x00\x0a\x02\
        \xfe\x02\
        \x01\x01\xc0\
        \x03\x05\x3f\xfc\xff\x00\x08\
        \x07\x01\x01\
        \x0d\x01\x03\
        \x04\x15\x02id\x01y\x01n\x01e\x01s\x01g\x01v\x01c\x01d\x01p\
        \x0b\x04\x08\xfc\xff\x00\
        \x05\x05\x02\x01x\x01y\
        \x06\x06\x02\x01a\x02bc\
        \x09\x04\x08\x04\x00\x00\
        \x0c\x02\xfd\xc0";

    /// MariaDB 11.8, binlog_row_metadata=FULL: y YEAR, n INT UNSIGNED, g POINT,
    /// c VARCHAR(100) COMPRESSED latin1, d VARCHAR(9) latin1, t TIME(2), PRIMARY KEY (n).
    const MARIADB: &[u8] = b"\x12\0\0\0\0\0\x01\0\x01x\0\x01t\0\
        \x06\x0d\x03\xff\x8d\x0f\x13\
        \x06\x04\x65\x00\x09\x00\x02\
        \x3d\
        \x01\x01\xc0\
        \x02\x03\x08\x00\x3f\
        \x07\x01\x01\
        \x04\x0c\x01y\x01n\x01g\x01c\x01d\x01t\
        \x08\x01\x01";

    /// Each column as name, signedness and collation.
    fn columns(map: &TableMap) -> Vec<String> {
        let columns = map.columns.iter().map(|column| {
            let sign = column.unsigned.map_or("", |unsigned| if unsigned { "+" } else { "-" });
            let collation = column.collation.map_or_else(String::new, |number| number.to_string());
            format!("{}{sign}{collation}", column.name.as_deref().unwrap_or("?"))
        });
        columns.collect()
    }

    #[test]
    fn fields_go_to_their_columns() {
        let mysql = TableMap::decode(MYSQL, 6, Flavour::MySql).unwrap();
        assert_eq!(
            columns(&mysql),
            ["id+", "y+", "n-", "e8", "s255", "g", "v63", "c255", "d8", "p-"]
        );
        let part = |column, prefix| PrimaryKeyPart { column, prefix };
        assert_eq!(mysql.primary_key.as_deref(), Some([part(8, 4), part(0, 0)].as_slice()));
        let members: Vec<&[u8]> = mysql.columns[3].members.iter().map(|member| &**member).collect();
        assert_eq!(members, [b"a".as_slice(), b"bc"]);
        assert_eq!(mysql.columns[5].geometry_type, Some(1));
        assert_eq!(mysql.columns[6].vector_dimension, Some(3));
        let hidden = |map: &TableMap| map.columns.iter().position(|column| column.visible == Some(false));
        assert_eq!(hidden(&mysql), Some(6));

        let mariadb = TableMap::decode(MARIADB, 6, Flavour::MariaDb).unwrap();
        assert_eq!(columns(&mariadb), ["y+", "n+", "g63", "c8", "d8", "t"]);
        assert_eq!(mariadb.primary_key.as_deref(), Some([part(1, 0)].as_slice()));
        assert_eq!(mariadb.columns[5].visible, None);
    }

    #[test]
    fn without_columns() {
        for (bytes, flavour) in [(MYSQL, Flavour::MySql), (MARIADB, Flavour::MariaDb)] {
            let map = TableMap::decode(bytes, 6, flavour).unwrap();
            assert_eq!(map.without_columns(flavour, |_| false).unwrap(), map);
            for dropped in 0..map.columns.len() {
                let fewer = map.without_columns(flavour, |column| column == dropped).unwrap();
                let mut expected = map.columns.to_vec();
                expected.remove(dropped);
                assert_eq!(*fewer.columns, *expected);
                let mut body = Vec::new();
                fewer.encode(6, &mut body).unwrap();
                assert_eq!(TableMap::decode(&body, 6, flavour).unwrap(), fewer);
            }
        }
        let unknown = decode(&[99, 2, 1, 2]).unwrap();
        assert!(unknown.without_columns(Flavour::MySql, |column| column == 0).is_err());
    }

    #[test]
    fn with_names() {
        let named = decode(&[]).unwrap().with_names(&["a", "b", "c"]);
        let mut body = Vec::new();
        named.encode(6, &mut body).unwrap();
        let read = TableMap::decode(&body, 6, Flavour::MySql).unwrap();
        assert_eq!(columns(&read), ["a", "b", "c"]);
        assert_eq!(read.with_names(&["x", "y", "z"]), read);
    }

    /// The map of a table with an INT, a VARCHAR and an ENUM, and these optional fields.
    fn decode(optional: &[u8]) -> Result<TableMap, FieldError> {
        let mut body = b"\x07\0\0\0\0\0\x01\0\x01x\0\x01t\0\x03\x03\x0f\xfe\x04\x09\x00\xf7\x01\x00".to_vec();
        body.extend(optional);
        TableMap::decode(&body, 6, Flavour::MySql)
    }

    #[test]
    fn unknown_fields_are_passed_over() {
        let map = decode(&[99, 2, 1, 2, 1, 1, 0x80, 2, 1, 8]).unwrap();
        assert_eq!(columns(&map), ["?+", "?8", "?"]);
    }

    #[test]
    fn bad_fields() {
        let check = |optional: &[u8], expected: &str| {
            assert_eq!(decode(optional).unwrap_err().to_string(), expected, "{optional:02x?}");
        };
        check(&[1], "optional metadata length: need 1 bytes, have 0");
        check(&[1, 2, 0], "optional metadata: need 2 bytes, have 1");
        check(&[1, 0], "bits of columns: need 1 bytes, have 0");
        check(&[2, 3, 8, 1, 9], "column of a charset: 1 is no text column");
        check(&[3, 0], "column charset: need 1 bytes, have 0");
        check(&[4, 2, 1, 0xff], "column name: 0 bytes are UTF-8, not more");
        check(&[6, 2, 200, 1], "member: need 1 bytes, have 0");
        check(&[8, 1, 3], "primary key column: 3 is no further column");
        check(&[8, 4, 0, 1, 2, 0], "primary key column: 0 is no further column");
        // A server that counts other columns than those that are known to have the field.
        check(&[1, 2, 0, 0], "1 bytes left over after bits of columns");
        check(&[3, 2, 8, 8], "1 bytes left over after column charset");
        check(
            &[4, 7, 1, b'a', 1, b'b', 1, b'c', 0],
            "1 bytes left over after column name",
        );
        check(&[6, 3, 1, 0, 0], "1 bytes left over after member");
        check(
            &[6, 4, 0xfd, 0, 0, 1],
            "number of members: 65536 is more than a column can have",
        );
        check(&[2, 4, 0xfd, 0, 0, 1], "default charset: 65536 is too large");
    }

    /// Cut off or changed anywhere, a map is an error or another map, and never a panic.
    #[test]
    fn damaged_maps() {
        for (map, flavour) in [(MYSQL, Flavour::MySql), (MARIADB, Flavour::MariaDb)] {
            for len in 0..map.len() {
                let _ = TableMap::decode(&map[..len], 6, flavour);
            }
            for at in 0..map.len() {
                for byte in 0..=255 {
                    let mut bad = map.to_vec();
                    bad[at] = byte;
                    let _ = TableMap::decode(&bad, 6, flavour);
                }
            }
        }
    }
}
