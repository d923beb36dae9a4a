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
    assert!(read_metadata(ColumnType::STRING, &mut Reader::new(&[245, 1])).is_err());
}

/// The element's metadata as the map has it, and what it says.
#[test]
fn typed_arrays() {
    let check = |bytes: &[u8], element: ColumnType, metadata| {
        let mut reader = Reader::new(bytes);
        let column = read_array(&mut reader).unwrap();
        assert!(reader.is_empty());
        let read = (column.column_type, column.element, column.metadata);
        assert_eq!(read, (ColumnType::TYPED_ARRAY, Some(element), metadata));
        let mut again = Vec::new();
        put_column(&column, &mut again);
        assert_eq!(again, bytes);
    };
    check(&[8], ColumnType::LONGLONG, 0);
    check(&[15, 80, 1, 0], ColumnType::VARCHAR, 336);
    check(&[246, 10, 2], ColumnType::NEWDECIMAL, 0x20a);
    check(&[18, 6], ColumnType::DATETIME2, 6);
    for bad in [&[][..], &[15, 80, 1], &[15, 80, 1, 1], &[18, 7], &[254, 254, 12]] {
        assert!(read_array(&mut Reader::new(bad)).is_err(), "{bad:?}");
    }
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
