use super::*;

fn decode<'a>(reader: &mut Reader<'a>, column: &Column) -> Result<Value<'a>, FieldError> {
    let mut cell = Cell::Absent;
    cell.decode(reader, column)?;
    match cell {
        Cell::Value(value) => Ok(value),
        other => panic!("{other:?}"),
    }
}
use crate::value::Cell;

fn column(column_type: ColumnType, metadata: u16) -> Column {
    Column::new(column_type, metadata, true)
}

/// The value takes all bytes, and is an error without the last.
fn check(column: &Column, bytes: &[u8], expected: Value<'_>) {
    let mut reader = Reader::new(bytes);
    let value = decode(&mut reader, column).unwrap();
    assert_eq!(value, expected, "{:?} {bytes:02x?}", column.column_type);
    assert!(reader.is_empty(), "{:?} {bytes:02x?}", column.column_type);
    let mut again = Vec::new();
    value.encode(column, &mut again).unwrap();
    assert_eq!(again, bytes, "{:?}", column.column_type);
    for len in 0..bytes.len() {
        let mut reader = Reader::new(&bytes[..len]);
        let error = decode(&mut reader, column).unwrap_err();
        assert!(matches!(error, FieldError::Short { .. }), "{error}");
    }
}

#[test]
fn integers() {
    let check = |column_type, bytes: &[u8], signed, unsigned| {
        let mut column = column(column_type, 0);
        for says in [None, Some(false)] {
            column.unsigned = says;
            check(&column, bytes, Value::Int(signed));
        }
        column.unsigned = Some(true);
        check(&column, bytes, Value::UInt(unsigned));
        assert_eq!(
            Value::Int(signed).as_unsigned(bytes.len() as u32),
            Value::UInt(unsigned)
        );
    };
    check(ColumnType::TINY, &[0x80], -128, 128);
    check(ColumnType::SHORT, &[0xff, 0x7f], 32_767, 32_767);
    check(ColumnType::SHORT, &[0x00, 0x80], -32_768, 32_768);
    check(ColumnType::INT24, &[0, 0, 0x80], -8_388_608, 8_388_608);
    check(ColumnType::INT24, &[1, 2, 3], 197_121, 197_121);
    check(ColumnType::LONG, &[0xff; 4], -1, 4_294_967_295);
    check(ColumnType::LONGLONG, &[0xff; 8], -1, u64::MAX);
    check(ColumnType::LONGLONG, &[0, 0, 0, 0, 0, 0, 0, 0x80], i64::MIN, 1 << 63);
}

#[test]
fn numbers() {
    let check = |column_type, metadata, bytes: &[u8], expected| {
        check(&column(column_type, metadata), bytes, expected);
    };
    check(ColumnType::FLOAT, 4, &[0, 0, 0xc0, 0xbf], Value::Float(-1.5));
    check(
        ColumnType::DOUBLE,
        8,
        &[0, 0, 0, 0, 0, 0, 0xf8, 0xbf],
        Value::Double(-1.5),
    );
    check(ColumnType::BIT, 1, &[1], Value::Bit(&[1]));
    check(ColumnType::BIT, 0x104, &[8, 1], Value::Bit(&[8, 1]));
    check(ColumnType::BIT, 0x800, &[0x80; 8], Value::Bit(&[0x80; 8]));
    check(ColumnType::YEAR, 0, &[0], Value::Year(0));
    check(ColumnType::YEAR, 0, &[1], Value::Year(1901));
    check(ColumnType::YEAR, 0, &[255], Value::Year(2155));
}

#[test]
fn decimals() {
    let check = |[precision, scale]: [u8; 2], bytes: &[u8], expected: &str| {
        let column = column(ColumnType::NEWDECIMAL, u16::from_le_bytes([precision, scale]));
        let mut reader = Reader::new(bytes);
        let value = decode(&mut reader, &column).unwrap();
        assert!(matches!(value, Value::Decimal(decimal) if decimal.to_string() == expected));
        assert!(reader.is_empty());
    };
    check([10, 2], &[0x80, 0, 0, 0, 5], "0.05");
    check([10, 2], &[0x7f, 0xff, 0xff, 0xff, 0xfe], "-0.01");
    check([5, 0], &[0x81, 0x86, 0x9f], "99999");
}

#[test]
fn strings() {
    let check = |column_type, metadata, bytes: &[u8], expected| {
        check(&column(column_type, metadata), bytes, expected);
    };
    check(ColumnType::VARCHAR, 255, &[2, b'h', b'i'], Value::Bytes(b"hi"));
    check(ColumnType::VARCHAR, 256, &[2, 0, b'h', b'i'], Value::Bytes(b"hi"));
    check(ColumnType::STRING, 40, &[0], Value::Bytes(b""));
    check(ColumnType::STRING, 1020, &[1, 0, b'a'], Value::Bytes(b"a"));
    check(ColumnType::BLOB, 1, &[1, 0xff], Value::Bytes(&[0xff]));
    check(ColumnType::BLOB, 4, &[1, 0, 0, 0, 0xff], Value::Bytes(&[0xff]));
    check(ColumnType::GEOMETRY, 4, &[1, 0, 0, 0, 9], Value::Geometry(&[9]));
    check(ColumnType::VECTOR, 4, &[1, 0, 0, 0, 9], Value::Vector(&[9]));
    let stored = |stored| Value::Compressed(CompressedValue { stored });
    check(
        ColumnType::MARIADB_VARCHAR_COMPRESSED,
        255,
        &[2, 0, b'a'],
        stored(b"\0a"),
    );
    check(ColumnType::MARIADB_VARCHAR_COMPRESSED, 256, &[1, 0, 9], stored(&[9]));
    check(ColumnType::MARIADB_BLOB_COMPRESSED, 3, &[1, 0, 0, 9], stored(&[9]));
    let json = JsonValue { bytes: &[4, 1] };
    check(ColumnType::JSON, 4, &[2, 0, 0, 0, 4, 1], Value::Json(json));
}

#[test]
fn choices() {
    let check = |column_type, metadata, bytes: &[u8], expected| {
        check(&column(column_type, metadata), bytes, expected);
    };
    check(ColumnType::ENUM, 1, &[255], Value::Enum(255));
    check(ColumnType::ENUM, 2, &[0x2c, 1], Value::Enum(300));
    check(ColumnType::SET, 1, &[0b101], Value::Set(0b101));
    check(ColumnType::SET, 3, &[0, 0, 1], Value::Set(1 << 16));
    check(ColumnType::SET, 8, &[0, 0, 0, 0, 0, 0, 0, 0x80], Value::Set(1 << 63));
}

#[test]
fn what_is_not_decoded() {
    let check = |column_type, expected: &str| {
        let error = decode(&mut Reader::new(&[0; 16]), &column(column_type, 1)).unwrap_err();
        assert_eq!(error.to_string(), format!("value: not supported: {expected}"));
    };
    check(
        ColumnType::DECIMAL,
        "the log does not say how long a DECIMAL of before MySQL 5.0 is",
    );
    check(ColumnType::NULL, "the column's type is not known");
}

/// Rows are decoded into memory that is used again: cells own nothing.
#[test]
fn cells_own_nothing() {
    const { assert!(!std::mem::needs_drop::<Cell<'_>>()) };
}

#[test]
fn what_does_not_fit() {
    let check = |column_type, metadata, value: Value<'_>, expected: &str| {
        let mut out = Vec::new();
        let error = value.encode(&column(column_type, metadata), &mut out).unwrap_err();
        assert_eq!(error.to_string(), expected);
        assert!(out.is_empty());
    };
    check(
        ColumnType::TINY,
        0,
        Value::UInt(256),
        "integer: 256 is too large for the column",
    );
    check(
        ColumnType::SHORT,
        0,
        Value::Int(-32_769),
        "integer: 18446744073709518847 is too large for the column",
    );
    check(
        ColumnType::VARCHAR,
        255,
        Value::Bytes(&[0; 256]),
        "length of a value: 256 is too large for the column",
    );
    check(
        ColumnType::BIT,
        0x104,
        Value::Bit(&[1]),
        "BIT: 1 bytes is not the length of the column",
    );
    check(
        ColumnType::ENUM,
        1,
        Value::Enum(256),
        "ENUM: 256 is too large for the column",
    );
    check(
        ColumnType::YEAR,
        0,
        Value::Year(1900),
        "YEAR: 1900 is neither 0 nor 1901 to 2155",
    );
    check(
        ColumnType::FLOAT,
        4,
        Value::Double(1.0),
        "column type: 4 takes no such value",
    );
    let decimal = Decimal::decode(&mut Reader::new(&[0x80, 0, 0]), 5, 2).unwrap();
    check(
        ColumnType::NEWDECIMAL,
        0x020a,
        Value::Decimal(decimal),
        "DECIMAL: 1282 is not the precision and scale of the column",
    );
}

/// Every value of a type, however made, is encoded to the bytes that it was decoded from, or was an error.
#[test]
fn no_bit_is_lost() {
    const TYPES: [(ColumnType, u16); 14] = [
        (ColumnType::DATE, 0),
        (ColumnType::TIME, 0),
        (ColumnType::TIME2, 0),
        (ColumnType::TIME2, 1),
        (ColumnType::TIME2, 4),
        (ColumnType::TIME2, 6),
        (ColumnType::DATETIME, 0),
        (ColumnType::DATETIME2, 0),
        (ColumnType::DATETIME2, 3),
        (ColumnType::DATETIME2, 5),
        (ColumnType::TIMESTAMP2, 2),
        (ColumnType::TIMESTAMP2, 6),
        (ColumnType::YEAR, 0),
        (ColumnType::NEWDECIMAL, 0x0208),
    ];
    let mut random = 1_u64;
    for (column_type, metadata) in TYPES {
        let column = column(column_type, metadata);
        for _ in 0..20_000 {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let bytes = (random ^ random >> 29).to_be_bytes();
            let mut reader = Reader::new(&bytes);
            let Ok(value) = decode(&mut reader, &column) else {
                continue;
            };
            let mut again = Vec::new();
            value.encode(&column, &mut again).unwrap();
            assert_eq!(again, bytes[..reader.offset()], "{value:?}");
        }
    }
}
