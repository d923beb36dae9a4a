use super::*;
use crate::event::Flavour;
use crate::value::{Cell, Value};

/// `t (a INT, b VARCHAR(3), c INT)` without optional metadata.
const TABLE: &[u8] = &[
    7, 0, 0, 0, 0, 0, 1, 0, 1, b'x', 0, 1, b't', 0, 3, 3, 15, 3, 2, 3, 0, 0b111,
];
const HEAD: [u8; 8] = [7, 0, 0, 0, 0, 0, 1, 0];
const V2: [u8; 2] = [2, 0];

/// Rows of an event: each is its before image, an arrow, and its after image.
fn read(event_type: EventType, parts: &[&[u8]]) -> Result<Vec<String>, (usize, FieldError)> {
    let table = Arc::new(TableMap::decode(TABLE, 6, Flavour::MySql).unwrap());
    let body = parts.concat();
    let rows = Rows::decode(event_type, &body, 6, table).map_err(|error| (0, error))?;
    let mut again = Vec::new();
    rows.encode(6, &mut again);
    assert_eq!(again, body);
    let (mut before, mut after, mut list) = (Row::default(), Row::default(), Vec::new());
    let mut iter = rows.iter();
    loop {
        match iter.next_into(&mut before, &mut after) {
            Ok(true) => list.push(format!("{}>{}", show(&before), show(&after))),
            Ok(false) => return Ok(list),
            Err(error) => {
                assert!(iter.is_done());
                assert_eq!(iter.next_into(&mut before, &mut after), Ok(false));
                return Err(error);
            }
        }
    }
}

fn show(row: &Row<'_>) -> String {
    let cells = row.cells.iter().map(|cell| match cell {
        Cell::Absent => "-".to_owned(),
        Cell::Null => "NULL".to_owned(),
        Cell::Value(Value::Int(number)) => number.to_string(),
        Cell::Value(Value::Bytes(bytes)) => String::from_utf8_lossy(bytes).into_owned(),
        Cell::Value(other) => format!("{other:?}"),
    });
    cells.collect::<Vec<_>>().join(" ")
}

#[test]
fn changes() {
    let check = |event_type, parts: &[&[u8]], expected: &[&str]| {
        assert_eq!(read(event_type, parts).unwrap(), expected, "{event_type} {parts:02x?}");
    };
    let row: &[u8] = &[0, 1, 0, 0, 0, 2, b'h', b'i', 0xff, 0xff, 0xff, 0xff];
    check(
        EventType::WRITE_ROWS,
        &[&HEAD, &V2, &[3, 7], row, row],
        &[">1 hi -1", ">1 hi -1"],
    );
    check(EventType::WRITE_ROWS_V1, &[&HEAD, &[3, 7], row], &[">1 hi -1"]);
    check(EventType::DELETE_ROWS, &[&HEAD, &V2, &[3, 7], row], &["1 hi -1>"]);
    // Extra data of a partition.
    check(
        EventType::DELETE_ROWS,
        &[&HEAD, &[5, 0, 1, 2, 0], &[3, 7], row],
        &["1 hi -1>"],
    );
    // Only the key before, only what changed after; NULL bits are those of the columns in the image.
    check(
        EventType::UPDATE_ROWS,
        &[&HEAD, &V2, &[3, 0b001, 0b110], &[0, 1, 0, 0, 0, 0b10, 1, b'y']],
        &["1 - ->- y NULL"],
    );
    check(
        EventType::WRITE_ROWS,
        &[&HEAD, &V2, &[3, 7], &[0b111]],
        &[">NULL NULL NULL"],
    );
    check(EventType::WRITE_ROWS, &[&HEAD, &V2, &[3, 7]], &[]);
    // INSERT INTO t VALUES () with binlog_row_image=MINIMAL, from MySQL 9.7.
    check(EventType::WRITE_ROWS, &[&HEAD, &V2, &[3, 0]], &[">- - -"]);
}

#[test]
fn bad_events() {
    let check = |event_type, parts: &[&[u8]], offset, expected: &str| {
        let (at, error) = read(event_type, parts).unwrap_err();
        assert_eq!((at, &*error.to_string()), (offset, expected), "{parts:02x?}");
    };
    let insert = |parts: &[&[u8]], offset, expected| {
        check(
            EventType::WRITE_ROWS,
            &[&[HEAD.as_slice(), &V2], parts].concat(),
            offset,
            expected,
        );
    };
    insert(&[&[3, 7], &[0, 1, 0]], 32, "integer: need 4 bytes, have 2");
    insert(
        &[&[3, 7], &[0, 1, 0, 0, 0, 4, b'h', b'i']],
        37,
        "value: need 4 bytes, have 2",
    );
    // The first row is read; the second is cut off.
    insert(&[&[3, 1], &[0, 1, 0, 0, 0, 0]], 37, "integer: need 4 bytes, have 0");
    insert(&[&[3, 0], &[1]], 31, "1 bytes left over after rows without columns");
    insert(&[&[4, 7]], 0, "number of columns: 4 is not that of the table map");
    insert(&[&[3]], 0, "columns in the image: need 1 bytes, have 0");
    check(
        EventType::WRITE_ROWS,
        &[&HEAD, &[1, 0]],
        0,
        "extra data length: 1 is less than its own 2 bytes",
    );
    check(
        EventType::WRITE_ROWS,
        &[&HEAD, &[9, 0]],
        0,
        "extra data: need 7 bytes, have 0",
    );
    check(
        EventType::PRE_GA_UPDATE_ROWS,
        &[&HEAD, &[3, 7, 7]],
        0,
        "event type: not supported: these row changes are not decoded",
    );
}

/// Cut off or changed anywhere, an event is an error or other rows, and never a panic.
#[test]
fn damaged_events() {
    let row: &[u8] = &[0, 1, 0, 0, 0, 2, b'h', b'i', 0xff, 0xff, 0xff, 0xff];
    let good = [&HEAD, V2.as_slice(), &[3, 7, 7], row, row].concat();
    assert!(read(EventType::UPDATE_ROWS, &[&good]).is_ok());
    for len in 0..good.len() {
        let whole = len == good.len() - 2 * row.len();
        assert_eq!(read(EventType::UPDATE_ROWS, &[&good[..len]]).is_ok(), whole, "{len}");
    }
    // Behind the table's id, which the caller looks up.
    for at in 6..good.len() {
        for byte in 0..=255 {
            let mut bad = good.clone();
            bad[at] = byte;
            let _ = read(EventType::UPDATE_ROWS, &[&bad]);
        }
    }
}

#[test]
fn cells_are_small() {
    assert_eq!(size_of::<Cell<'_>>(), 24);
}

/// `t (j JSON, a INT, k JSON)`: the bits before an after image count JSON columns, in the image or not.
#[test]
fn partial_updates() {
    const TABLE: &[u8] = &[
        7, 0, 0, 0, 0, 0, 1, 0, 1, b'x', 0, 1, b't', 0, 3, 245, 3, 245, 2, 4, 4, 0b101,
    ];
    const BEFORE: &[u8] = &[0xfe, 9, 0, 0, 0];
    const DOCUMENT: &[u8] = &[2, 0, 0, 0, 8, 8];
    let table = Arc::new(TableMap::decode(TABLE, 6, Flavour::MySql).unwrap());
    let check = |columns_after, image: &[&[u8]], expected: [&str; 3]| {
        let body = [&HEAD, &V2[..], &[3, 0b010, columns_after], BEFORE, &image.concat()].concat();
        let rows = Rows::decode(EventType::PARTIAL_UPDATE_ROWS, &body, 6, Arc::clone(&table)).unwrap();
        let (mut before, mut after) = (Row::default(), Row::default());
        assert_eq!(rows.iter().next_into(&mut before, &mut after), Ok(true));
        let cells = after.cells.iter().map(|cell| match cell {
            Cell::Absent => "absent",
            Cell::Null => "null",
            Cell::Value(Value::JsonDiffs(_)) => "diffs",
            Cell::Value(Value::Json(_)) => "document",
            Cell::Value(_) => "value",
        });
        assert_eq!(cells.collect::<Vec<_>>(), expected);
        let mut again = Vec::new();
        rows.encode_change(&before, &after, &mut again).unwrap();
        assert_eq!(again, rows.data);
    };
    check(
        0b111,
        &[&[1, 0b10, 0b1111_1010], DOCUMENT, DOCUMENT],
        ["document", "null", "diffs"],
    );
    check(
        0b101,
        &[&[1, 0b01, 0b1111_1100], DOCUMENT, DOCUMENT],
        ["diffs", "absent", "document"],
    );
    check(
        0b100,
        &[&[1, 0b10, 0b1111_1110], DOCUMENT],
        ["absent", "absent", "diffs"],
    );
    check(0b101, &[&[0, 0b1111_1101], DOCUMENT], ["null", "absent", "document"]);
    check(0b001, &[&[0, 0b1111_1111]], ["null", "absent", "absent"]);
}

/// What does not fit its image.
#[test]
fn bad_rows() {
    let table = Arc::new(TableMap::decode(TABLE, 6, Flavour::MySql).unwrap());
    let body = [&HEAD, &V2[..], &[3, 0b011]].concat();
    let rows = Rows::decode(EventType::WRITE_ROWS, &body, 6, table).unwrap();
    let check = |cells: &[Cell<'static>], expected: &str| {
        let row = Row {
            cells: cells.to_vec(),
            ..Row::default()
        };
        let error = rows.encode_change(&Row::default(), &row, &mut Vec::new()).unwrap_err();
        assert_eq!(error.to_string(), expected);
    };
    let int = |number| Cell::Value(Value::Int(number));
    check(&[int(1)], "cells: 1 is not the number of columns");
    check(
        &[int(1), Cell::Absent, Cell::Absent],
        "cell: 1 is absent, and its column in the image",
    );
    check(
        &[int(1), Cell::Null, Cell::Null],
        "cell: 2 is given, and its column not in the image",
    );
    check(&[int(1), int(1), Cell::Absent], "column type: 15 takes no such value");
    check(
        &[int(1 << 31), Cell::Null, Cell::Absent],
        "integer: 2147483648 is too large for the column",
    );
}
