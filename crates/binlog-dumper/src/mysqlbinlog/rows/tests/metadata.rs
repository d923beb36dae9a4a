//! `--print-table-metadata`.

use super::*;

fn metadata_of(map: &TableMap) -> String {
    let mut out = Vec::new();
    table_metadata(map, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

#[test]
fn columns_with_all_that_a_log_can_say() {
    let optional: &[&[u8]] = &[
        b"\x01\x01\xc0",
        b"\x02\x03\x3f\x01\x21",
        b"\x04\x10\x03a`b\x03q'\\\0\x02%s\x01e\x01f",
        b"\x05\x08\x02\x01a\x04b\0\n`",
        b"\x06\x05\x02\x02it\0",
        b"\x09\x04\0\0\x04\x05",
        b"\x0a\x03\x08\x01\x3f",
        b"\x0c\x01\x54",
    ];
    let map = map(
        0,
        &[3, 254, 254, 15, 252, 3],
        b"\xf7\x01\xf8\x01\x1e\0\x01",
        &optional.concat(),
    );
    let expected = "\
        # Columns(`a``b` INT UNSIGNED INVISIBLE,\n\
        #         `q\\'\\\\` ENUM('it', '') CHARSET latin1 COLLATE latin1_swedish_ci,\n\
        #         `` SET('a', 'b\\0\\n`') CHARSET binary COLLATE binary INVISIBLE,\n\
        #         `%s` VARBINARY(30),\n\
        #         `e` TINYTEXT CHARSET utf8mb3 COLLATE utf8mb3_general_ci INVISIBLE,\n\
        #         `f` INT UNSIGNED)\n\
        # Primary Key(a`b, e(5))\n";
    assert_eq!(metadata_of(&map), expected);
}

#[test]
fn columns_of_all_types() {
    let check = |types: &[u8], metadata: &[u8], optional: &[u8], expected: &str| {
        assert_eq!(
            metadata_of(&map(0, types, metadata, optional)),
            format!("# Columns({expected})\n")
        );
    };
    check(&[1, 2], &[], &[], "TINYINT,\n#         SMALLINT");
    check(&[9, 8], &[], &[1, 1, 0x40], "MEDIUMINT,\n#         BIGINT UNSIGNED");
    check(&[13, 4], &[4], &[1, 1, 0xc0], "YEAR,\n#         FLOAT UNSIGNED");
    check(&[246, 5], &[10, 2, 8], &[], "DECIMAL(10,2),\n#         DOUBLE");
    check(&[16, 10], &[5, 1], &[], "BIT(13),\n#         DATE");
    check(
        &[18, 17, 19],
        &[0, 3, 6],
        &[],
        "DATETIME,\n#         TIMESTAMP(3),\n#         TIME(6)",
    );
    check(
        &[7, 11, 3, 12],
        &[],
        &[],
        "INVALID_TYPE(7)INVALID_TYPE(11)INT,\n#         INVALID_TYPE(12)",
    );
    check(&[245, 242], &[4, 4], &[13, 1, 3], "JSON,\n#         VECTOR(3)");
    check(
        &[255, 255],
        &[4, 4],
        &[7, 2, 7, 8],
        "GEOMCOLLECTION,\n#         INVALID_GEOMETRY_TYPE(8)",
    );
    check(&[252, 252], &[2, 4], &[], "BLOB,\n#         LONGBLOB");
    let utf8mb4 = "CHARSET utf8mb4 COLLATE utf8mb4_0900_ai_ci";
    let expected = format!("VARCHAR(15) {utf8mb4},\n#         CHAR(10) {utf8mb4}");
    check(&[15, 254], &[60, 0, 0xfe, 40], &[2, 3, 0xfc, 0xff, 0], &expected);
    // MariaDB's collations are not known.
    check(&[15], &[60, 0], &[3, 3, 0xfc, 0x40, 2], "VARBINARY(60)");
    check(&[253], &[0xfe, 20], &[], "VARBINARY(5374)");
    check(&[], &[], &[], "");
}

#[test]
fn generated_primary_key() {
    let check = |optional: &[u8], expected: [&str; 2]| {
        let expected = format!(
            "# Columns({})\n# Primary Key(my_row_id)\n",
            expected.join(",\n#         ")
        );
        assert_eq!(
            metadata_of(&map(4, &[8, 3], &[], optional)),
            expected,
            "{optional:02x?}"
        );
    };
    let hidden = "`my_row_id` BIGINT UNSIGNED NOT NULL INVISIBLE AUTO_INCREMENT";
    check(&[8, 1, 1], [hidden, "INT"]);
    let visible = "`my_row_id` BIGINT UNSIGNED NOT NULL AUTO_INCREMENT";
    check(&[12, 1, 0xc0], [visible, "INT"]);
    let signed = "`a` BIGINT NOT NULL INVISIBLE AUTO_INCREMENT";
    check(b"\x01\x01\0\x04\x04\x01a\x01b", [signed, "`b` INT"]);
}
