//! Values of all types.

use super::*;

/// What `-vv` says of one value of one column, without the clauses.
pub(super) fn value_of(column_type: u8, metadata: &[u8], value: &[u8]) -> String {
    let map = map(0, &[column_type], metadata, &[]);
    let parts: [&[u8]; 3] = [&[1], &[0], value];
    let text = write(2, EventType::WRITE_ROWS, &map, &[], &parts);
    text.replace("### INSERT INTO `d``b`.`t``t`\n### SET\n###   @1=", "")
}

fn check_values(column_type: u8, metadata: &[u8], comment: &str, values: &[(&[u8], &str)]) {
    for (value, expected) in values {
        let expected = format!("{expected} /* {comment} nullable=1 is_null=0 */\n");
        assert_eq!(value_of(column_type, metadata, value), expected, "{value:02x?}");
    }
}

#[test]
fn integers() {
    let check = |code, comment: &str, values: &[(&[u8], &str)]| check_values(code, &[], comment, values);
    let tiny: [(&[u8], &str); 4] = [(&[0], "0"), (&[99], "99"), (&[127], "127"), (&[0x80], "-128 (128)")];
    check(1, "TINYINT meta=0", &tiny);
    check(
        2,
        "SHORTINT meta=0",
        &[(&[100, 0], "100"), (&[0xff, 0xff], "-1 (65535)")],
    );
    check(9, "MEDIUMINT meta=0", &[(&[0, 0, 0x80], "-8388608 (8388608)")]);
    let int: [(&[u8], &str); 2] = [
        (&[0, 0, 0, 0x80], "-2147483648 (2147483648)"),
        (&[0xff, 0xc9, 0x9a, 0x3b], "999999999"),
    ];
    check(3, "INT meta=0", &int);
    let long = [
        (i64::MAX, "9223372036854775807"),
        (i64::MIN, "-9223372036854775808 (9223372036854775808)"),
        (-1, "-1 (18446744073709551615)"),
        (100_000_000, "100000000"),
        (12_345_678, "12345678"),
    ];
    for (value, expected) in long {
        check(8, "LONGINT meta=0", &[(&value.to_le_bytes(), expected)]);
    }
    check(13, "YEAR meta=0", &[(&[0], "1900"), (&[124], "2024")]);
}

#[test]
fn bits_and_members() {
    check_values(
        16,
        &[3, 2],
        "BIT(19) meta=515",
        &[(&[0xf2, 0, 1], "b'0100000000000000001'")],
    );
    check_values(
        254,
        &[248, 2],
        "SET(2 bytes) meta=63490",
        &[(&[1, 0x80], "b'0000000110000000'")],
    );
    check_values(254, &[247, 1], "ENUM(1 byte) meta=63233", &[(&[200], "200")]);
    check_values(254, &[247, 2], "ENUM(2 bytes) meta=63234", &[(&[0, 1], "256")]);
}

#[test]
fn decimals() {
    let small: [(&[u8], &str); 9] = [
        (&[0x80, 0], "0.00"),
        (&[0x7f, 0xff], "-0.00"),
        (&[0xff, 0x63], "127.99"),
        (&[0x80, 0x64], "0"),
        (&[0x81, 0x63], "1.99"),
        (&[0x7e, 0xff], "-1.00"),
        (&[0xe3, 0xff], "0"),
        (&[0xe4, 1], "100.01"),
        (&[0x7f, 0xfe], "-0.01"),
    ];
    check_values(246, &[4, 2], "DECIMAL(4,2) meta=1026", &small);
    let large: [(&[u8], &str); 3] = [
        (&[0x80, 5, 0, 0, 0, 0], "83886080.00"),
        (&[0x8f, 0xff, 0xff, 0xff, 0xff, 0], "0"),
        (&[0x89, 0x3b, 0x9a, 0xc9, 0xff, 7], "9999999999.07"),
    ];
    check_values(246, &[12, 2], "DECIMAL(12,2) meta=3074", &large);
    check_values(246, &[2, 2], "DECIMAL(2,2) meta=514", &[(&[0x85], "0.05")]);
    check_values(
        246,
        &[1, 0],
        "DECIMAL(1,0) meta=256",
        &[(&[0x76], "-9"), (&[0x7f], "0")],
    );
}

#[test]
fn floats() {
    let floats = [
        (0.0, "0"),
        (-0.0, "-0"),
        (100_000.0, "100000"),
        (999_999.0, "999999"),
        (1e6, "1e+06"),
        (123_456_789.0, "1.23457e+08"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        (f32::INFINITY, "inf"),
        (f32::NEG_INFINITY, "-inf"),
        (f32::NAN, "nan"),
        (-f32::NAN, "-nan"),
        (-2.25, "-2.25"),
        (999_999.5, "1e+06"),
        (99_999.95, "100000"),
        (1e-45, "1.4013e-45"),
        (3.4e38, "3.4e+38"),
        (123_456.5, "123456"),
        (123_457.5, "123458"),
    ];
    for (value, expected) in floats {
        let expected = format!("{expected:20}");
        check_values(4, &[4], "FLOAT meta=4", &[(&f32::to_le_bytes(value), &expected)]);
    }
}

/// With 20 digits, a text is that of the double that it reads as.
#[test]
fn doubles() {
    let doubles = [
        "0",
        "-0",
        "1e+20",
        "9.9999999999999991611e+22",
        "123456.5",
        "0.10000000000000000555",
        "0.00010000000000000000479",
        "1.0000000000000000818e-05",
        "0.2999999999999999889",
        "47094324.528199143708",
        "1.5274797806488411296e-33",
        "9.9999999999999998411e-46",
        "-2.8721700102110424968e+212",
        "1.7976931348623157081e+308",
        "4.9406564584124654418e-324",
        "-inf",
    ];
    for expected in doubles {
        let value: f64 = expected.parse().unwrap();
        check_values(5, &[8], "DOUBLE meta=8", &[(&value.to_le_bytes(), expected)]);
    }
}

/// Computed digits are those that the standard library formats.
#[test]
fn digits_are_exact() {
    let mut bits = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..20_000 {
        bits = bits
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        for value in [f64::from_bits(bits), (bits >> 40) as f64 / 1000.0, bits as f64].map(f64::abs) {
            if value.is_finite() {
                check_digits(value);
            }
        }
    }
}

fn check_digits(value: f64) {
    let mut out = Vec::new();
    float::push_double(&mut out, value);
    let text = String::from_utf8(out).unwrap();
    let expected = format!("{value:.19e}").parse::<f64>().unwrap();
    assert_eq!(text.parse::<f64>().unwrap().to_bits(), expected.to_bits(), "{text}");
    let digits = |text: &str| {
        let mantissa = text.split('e').next().unwrap_or_default().replace('.', "");
        mantissa.trim_matches('0').to_owned()
    };
    assert_eq!(digits(&text), digits(&format!("{value:.19e}")), "{value:e}");
}

#[test]
fn dates_and_times() {
    check_values(
        10,
        &[],
        "DATE meta=0",
        &[(&[0x5d, 0xd0, 0x0f], "'2024:02:29'"), (&[0xff; 3], "'P767:15:31'")],
    );
    check_values(
        11,
        &[],
        "TIME meta=0",
        &[
            (&[0xa7, 0xf5, 0x7f], "'838:59:59'"),
            (&[0x59, 0x0a, 0x80], "'839:12:57'"),
        ],
    );
    check_values(7, &[], "TIMESTAMP meta=0", &[(&[0xff; 4], "-1")]);
    let old = [
        (20_240_229_123_456, "2024-02-29 12:34:56"),
        (123, "0000-00-00 00:01:23"),
        ((1 << 63) + 5, "922337203-68-54 77:58:13"),
    ];
    for (value, expected) in old {
        check_values(12, &[], "DATETIME meta=0", &[(&u64::to_le_bytes(value), expected)]);
    }
    let datetime: [(&[u8], &str); 2] = [
        (&[0x99, 0xb2, 0xba, 0xc8, 0xb8, 50], "'2024-02-29 12:34:56.5'"),
        (&[0x80, 0, 0, 0, 0, 0], "'0000-00-00 00:00:00.0'"),
    ];
    check_values(18, &[1], "DATETIME(1) meta=1", &datetime);
    check_values(
        17,
        &[6],
        "TIMESTAMP(6) meta=6",
        &[(&[0x65, 0x53, 0xf1, 0, 0, 1, 2], "1700000000.000258")],
    );
    check_values(17, &[0], "TIMESTAMP(0) meta=0", &[(&[0xff; 4], "4294967295")]);
    let time: [(&[u8], &str); 3] = [
        (&[0xb4, 0x6e, 0xfb, 0x26, 0xac], "'838:59:59.990'"),
        (&[0x7f, 0xff, 0xff, 0xff, 0x9c], "'-00:00:00.010'"),
        (&[0x80, 0x10, 0x83, 0, 0], "'01:02:03.000'"),
    ];
    check_values(19, &[3], "TIME(3) meta=3", &time);
}

#[test]
fn texts() {
    let all: Vec<u8> = (0..0x80).collect();
    let value = [&[128, 0], &all[..]].concat();
    let escaped = "\\x00\\x01\\x02\\x03\\x04\\x05\\x06\\x07\\b\\t\\n\\x0b\\f\\r\\x0e\\x0f\\x10\\x11\\x12\\x13\\x14\\x15\\x16\
        \\x17\\x18\\x19\\x1a\\x1b\\x1c\\x1d\\x1e\\x1f !\"#$%&\\'()*+,-./0123456789:;<=>?\
        @ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\\\]^_`abcdefghijklmnopqrstuvwxyz{|}~\x7f";
    check_values(
        15,
        &[0x2c, 1],
        "VARSTRING(300) meta=300",
        &[(&value, &format!("'{escaped}'"))],
    );
    check_values(254, &[0xce, 0xfc], "STRING(1020) meta=52988", &[(b"\x02\0ab", "'ab'")]);
    check_values(254, &[0xfe, 20], "STRING(20) meta=65044", &[(b"\x03it\'", "'it\\''")]);
    for (count, name) in [
        (1, "TINYBLOB/TINYTEXT"),
        (2, "BLOB/TEXT"),
        (3, "MEDIUMBLOB/MEDIUMTEXT"),
        (4, "LONGBLOB/LONGTEXT"),
    ] {
        let mut value = vec![0; usize::from(count)];
        value[0] = 2;
        value.extend("é".bytes());
        check_values(252, &[count], &format!("{name} meta={count}"), &[(&value, "'é'")]);
    }
}

/// mysqlbinlog gives the dimensions in the map to the VECTOR columns of the image.
#[test]
fn vectors() {
    let map = map(0, &[242, 3, 242], &[4, 4], &[13, 2, 1, 2]);
    let vector = [&[8, 0, 0, 0][..], &1.5_f32.to_le_bytes(), &(-f32::NAN).to_le_bytes()].concat();
    let check = |columns: u8, value: &[&[u8]], expected: &str| {
        let (bitmap, nulls): (&[u8], &[u8]) = (&[columns], &[0]);
        let parts = [&[bitmap, nulls], value].concat();
        let written = write(2, EventType::DELETE_ROWS, &map, &[], &parts);
        assert_eq!(written, format!("### DELETE FROM `d``b`.`t``t`\n### WHERE\n{expected}"));
    };
    let first = "###   @1=[1.50000e+00,-nan] /* VECTOR(1) meta=4 nullable=1 is_null=0 */\n";
    let third =
        |dimensions| format!("###   @3=[1.50000e+00,-nan] /* VECTOR({dimensions}) meta=4 nullable=1 is_null=0 */\n");
    let int = "###   @2=1 /* INT meta=0 nullable=1 is_null=0 */\n";
    check(0b111, &[&vector, &ONE, &vector], &[first, int, &third(2)].concat());
    check(0b110, &[&ONE, &vector], &[int, &third(1)].concat());
    check(0b101, &[&vector, &vector], &[first, &third(2)].concat());
}

/// A value, and whether the text goes on after it.
#[test]
fn json_documents() {
    let check = |document: &[u8], expected: &str| {
        let value = [&(document.len() as u32).to_le_bytes(), document].concat();
        assert_eq!(value_of(245, &[4], &value), expected, "{document:02x?}");
    };
    let good = |document: &[u8], expected: &str| {
        check(
            document,
            &format!("{expected} /* JSON meta=4 nullable=1 is_null=0 */\n"),
        );
    };
    good(b"", "'null'");
    good(b"\x04\x01", "'true'");
    good(b"\x0c\x03\n\"\\", "'\\n\"\\\\'");
    good(b"\x02\x01\0\x0a\0\x0c\x07\0\x02'\\", "'[\"\\'\\\\\\\\\"]'");
    good(b"\0\x01\0\x0c\0\x0b\0\x01\0\x05\x01\0a", "'{\"a\": 1}'");
    good(b"\x0f\xfc\x02ab", "'base64:type252:YWI='");
    good(b"\x0f\x0a\x08\0\0\0\0\0\xba\xb2\x19", "'2024-02-29'");
    good(
        b"\x02\x01\0\x07\0\x0c\x07\0",
        "Failed to format JSON object as string.\n",
    );
    check(b"\x0c\x05ab", "Invalid JSON\n");
    check(b"\xff", "Invalid JSON\n");
}

#[test]
fn json_differences() {
    let map = map(0, &[3, 245], &[4], &[]);
    let check = |diffs: &[u8], expected: &str| {
        let len = (diffs.len() as u32).to_le_bytes();
        let parts: [&[u8]; 8] = [&[1], &[2], &[0], &ONE, &[1, 1], &[0], &len, diffs];
        let written = write(1, EventType::PARTIAL_UPDATE_ROWS, &map, &[], &parts);
        let expected = format!("### UPDATE `d``b`.`t``t`\n### WHERE\n###   @1=1\n### SET\n###   @2={expected}\n");
        assert_eq!(written, expected, "{diffs:02x?}");
    };
    check(b"", "@2");
    check(b"\0\x03$.a\x03\x05\x01\0", "JSON_REPLACE(@2, '$.a', 1)");
    check(b"\x01\x03$.a\x04\x0c\x02ab", "JSON_INSERT(@2, '$.a', 'ab')");
    check(b"\x01\x04$[1]\x04\x0c\x02'b", "JSON_ARRAY_INSERT(@2, '$[1]', '\\'b')");
    check(b"\x02\x03$.a\x02\x03$.b", "JSON_REMOVE(@2, '$.a',\n###      '$.b')");
    check(
        b"\0\x03$.a\x02\x04\0\0\x03$.b\x02\x04\x01\x02\x03$.b\x01\x06$.c[0]\x0d\0\x01\0\x0c\0\x0b\0\x01\0\x05\x01\0a",
        "JSON_ARRAY_INSERT(\n###      JSON_REMOVE(\n###      JSON_REPLACE(@2, '$.a', null,\n###      '$.b', true),\n\
         ###      '$.b'),\n###      '$.c[0]', CAST('{\"a\": 1}' AS JSON))",
    );
    check(
        b"\0\x03$.a\x07\x0f\xf6\x04\x03\x02\x81\x32",
        "JSON_REPLACE(@2, '$.a', 1.50)",
    );
    let bad = |diffs: &[u8], before: &str, doing: &str| {
        check(diffs, &format!("{before}Error {doing} while printing JSON diff\n"));
    };
    bad(b"\x03\x01$", "", "reading operation type (invalid operation code)");
    bad(b"\0", "", "reading path length to skip");
    bad(b"\0\x07ab", "", "skipping path");
    bad(b"\0\x03$.a\x09\x04", "", "skipping value");
    bad(b"\0\x03$.a\x01\xff", "JSON_REPLACE(@2, '$.a', ", "parsing json value");
    let damaged = b"\0\x03$.a\x08\x02\x01\0\x07\0\x0c\x07\0";
    bad(damaged, "JSON_REPLACE(@2, '$.a', ", "converting json to string");
}
