//! Images, cut off or of some columns, and what stands before the rows.

use super::values::value_of;
use super::*;

/// An UPDATE of three INT columns from images of these columns.
fn update(event_type: EventType, columns: [u8; 2], data: &[&[u8]]) -> String {
    let map = map(0, &[3, 3, 245], &[4], &[]);
    let [before, after] = columns.map(|bits| [bits]);
    let parts = [&[&before[..], &after], data].concat();
    let text = write(1, event_type, &map, &[], &parts);
    text.replace("### UPDATE `d``b`.`t``t`\n### WHERE\n", "+")
}

#[test]
fn images_of_some_columns() {
    let check = |columns, data: &[&[u8]], expected: &str| {
        assert_eq!(update(EventType::UPDATE_ROWS, columns, data), expected, "{data:02x?}");
    };
    check([1, 2], &[&[0], &ONE, &[0], &ONE], "+###   @1=1\n### SET\n###   @2=1\n");
    check(
        [5, 2],
        &[&[2], &ONE, &[1]],
        "+###   @1=1\n###   @3=NULL\n### SET\n###   @2=NULL\n",
    );
    check(
        [2, 2],
        &[&[0], &ONE, &[1], &[1], &[1]],
        "+###   @2=1\n### SET\n###   @2=NULL\n+###   @2=NULL\n### SET\n###   @2=NULL\n",
    );
    // mysqlbinlog takes an image without bytes for an error.
    check([1, 0], &[&[0], &ONE, &[0], &ONE], "+###   @1=1\n### SET\n");
    check([1, 2], &[], "");
}

#[test]
fn cut_off_rows() {
    let corrupted = |what: &str, left: usize| {
        let event = "***Corrupted replication event was detected: ";
        format!("{event}{what}; there are only {left} bytes left of the event. Not printing the value***\n")
            .replace("bitmap; there", "bitmap size is set to 1, but there")
    };
    let check = |event_type, data: &[&[u8]], expected: String| {
        let written = update(event_type, [1, 2], data);
        assert_eq!(written, format!("+###   @1={expected}"), "{data:02x?}");
    };
    let truncated = |left| corrupted("field data is truncated", left);
    check(EventType::UPDATE_ROWS, &[&[0], &[1, 0]], truncated(2));
    check(
        EventType::UPDATE_ROWS,
        &[&[0], &ONE],
        format!("1\n{}", corrupted("NULL bitmap", 0)),
    );
    check(
        EventType::UPDATE_ROWS,
        &[&[0], &ONE, &[0]],
        format!("1\n### SET\n###   @2={}", truncated(0)),
    );
    let partial = EventType::PARTIAL_UPDATE_ROWS;
    check(
        partial,
        &[&[0], &ONE, &[1]],
        format!("1\n{}", corrupted("partial update bitmap", 0)),
    );
    check(
        partial,
        &[&[0], &ONE, &[1, 1]],
        format!("1\n{}", corrupted("NULL bitmap", 0)),
    );
    let options = "1\n*** Error reading binlog_row_value_options from Partial_update_rows_log_event\n";
    check(partial, &[&[0], &ONE, &[0xff]], options.to_owned());
    for (column_type, metadata) in [(15, &[44, 1][..]), (252, &[2]), (140, &[2]), (253, &[0xfe, 20])] {
        assert_eq!(value_of(column_type, metadata, &[5, 0, b'a']), truncated(3));
    }
}

#[test]
fn types_without_text() {
    let unknown = |code, metadata: u16| {
        format!("!! Don't know how to handle column type={code} meta={metadata} ({metadata:04x})\n")
    };
    assert_eq!(value_of(255, &[4], &[1, 0, 0, 0, 9, 1, 1, 1, 1]), unknown(255, 4));
    assert_eq!(value_of(249, &[1], &[0]), unknown(249, 1));
    assert_eq!(value_of(0, &[], &[0]), unknown(0, 0));
    let map = map(0, &[255], &[4], &[]);
    let parts: [&[u8]; 2] = [&[1], &[1]];
    let null = write(1, EventType::WRITE_ROWS, &map, &[], &parts);
    assert_eq!(
        null,
        format!("### INSERT INTO `d``b`.`t``t`\n### SET\n###   @1={}", unknown(255, 4))
    );
}

#[test]
fn extra_data() {
    let check = |event_type, extra: &[u8], parts: &[&[u8]], expected: &str| {
        let written = write(1, event_type, &map(0, &[3], &[], &[]), extra, parts);
        assert_eq!(written, expected, "{extra:02x?}");
    };
    let nothing = "### INSERT INTO `d`b`.`t`t` VALUES ()\n";
    let insert = |extra: &[u8], expected: &str| {
        check(EventType::WRITE_ROWS, extra, &[&[1]], &format!("{expected}{nothing}"));
    };
    insert(&[], "");
    insert(&[9, 9], "");
    let partition = "### Extra row info for partitioning: partition: 3\n";
    insert(&[1, 3, 0], partition);
    insert(
        &[0, 5, 9, 1, 0xab, 2],
        "### Extra row ndb info: data_format: 9, len: 3, data: 0x01AB02\n",
    );
    let both = format!("### Extra row ndb info: data_format: 9, len: 0, data: \"\"\n{partition}");
    insert(&[0, 2, 9, 1, 3, 0], &both);
    let partitions = "### Extra row info for partitioning: source_partition: 1 target_partition: 3\n";
    check(EventType::UPDATE_ROWS, &[1, 3, 0, 1, 0], &[&[1], &[1]], partitions);
}

#[test]
fn unknown_tables() {
    let mut out = Vec::new();
    unknown_table(1 << 40, &mut out);
    assert_eq!(out, b"### Row event for unknown table #1099511627776");
}

/// Whatever the bytes are, there is a text, which is not much longer than them.
#[test]
fn any_bytes() {
    const TYPES: [u8; 24] = [
        1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 15, 16, 17, 18, 19, 242, 245, 246, 254, 254, 252, 254,
    ];
    const METADATA: &[u8] = b"\x04\x08\x09\0\x03\x01\x02\x06\x05\x04\x04\x41\x1e\xf7\x02\xf8\x08\x02\xfe\x14";
    let map = map(0, &TYPES, METADATA, &[]);
    let mut bits = 1_u64;
    for _ in 0..5000 {
        let data: Vec<u8> = (0..200)
            .map(|_| {
                bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (bits >> 56) as u8 & (bits >> 40) as u8
            })
            .collect();
        let parts: [&[u8]; 3] = [&[0xff; 3], &[0xff; 3], &data];
        let written = write(2, EventType::PARTIAL_UPDATE_ROWS, &map, &[], &parts);
        assert!(written.len() < 200 * 100, "{written}");
    }
}
