//! No document, however made, panics, loops, or grows out of proportion.

use super::*;

/// Reads the document in all ways.
fn read(bytes: &[u8]) -> Result<String, JsonError> {
    let value = JsonValue { bytes };
    let tokens = value.tokens().take(10 * bytes.len() + 10).count();
    assert!(tokens < 10 * bytes.len() + 10, "{bytes:?}");
    let mut out = Vec::new();
    let written = value.write_text(&mut out);
    assert!(out.len() < 60 * bytes.len() + 60, "{bytes:?}");
    if let Ok(tree) = value.read() {
        assert!(encoded(&tree).len() <= 2 * bytes.len() + 2, "{bytes:?}");
    }
    written.map(|()| String::from_utf8(out).unwrap())
}

#[test]
fn every_prefix_and_every_byte() {
    for text in [
        r#"{"k": "v"}"#,
        r#"[{"a": 1, "b": [true, "text", 1.5]}, [], 70000, null]"#,
    ] {
        let good = document(text);
        for len in 1..good.len() {
            assert!(read(&good[..len]).is_err(), "{len}");
        }
        for at in 0..good.len() {
            for byte in 0..=255 {
                let mut bad = good.clone();
                bad[at] = byte;
                let _ = read(&bad);
            }
        }
    }
}

#[test]
fn bad_documents() {
    let check = |bytes: &[u8], expected: &str| assert_eq!(read(bytes).unwrap_err().to_string(), expected);
    check(&[13, 1], "JSON +1: type: 13 is no JSON type");
    check(&[4, 3], "JSON +1: literal: 3 is not null, true or false");
    check(
        &[12, 0x81, 0x80, 0x80, 0x80, 0x80],
        "JSON +1: length: 1 has more than 5 bytes",
    );
    check(
        &[12, 3, b'a', 0xff, b'b'],
        "JSON +1: string: 1 bytes are followed by one that is not UTF-8",
    );
    check(&[15, 10, 1, 0], "JSON +1: DATE: need 8 bytes, have 1");
    check(
        &[15, 10, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        "JSON +1: 1 bytes left over after opaque value",
    );
    let infinite = [&[11][..], &f64::INFINITY.to_le_bytes()].concat();
    check(&infinite, "JSON +1: double: 9218868437227405312 is not finite");
    // Sizes that leave no room for the tables behind them.
    for size in 4..7 {
        let expected = format!("JSON +1: table of elements: need 7 bytes, have {size}");
        check(&[2, 1, 0, size, 0, 5, 1, 0], &expected);
    }
    check(&[2, 1, 0, 9, 0, 5, 1, 0], "JSON +1: size: need 9 bytes, have 7");
    assert!(read(&[2, 1, 0, 7, 0, 5, 1, 0]).is_ok());
}

#[test]
fn parts_in_each_other() {
    // An array that holds itself, and one that holds itself twice.
    assert!(read(&[2, 1, 0, 7, 0, 2, 0, 0]).is_err());
    assert!(read(&[2, 2, 0, 10, 0, 2, 0, 0, 2, 0, 0]).is_err());
    // 60 arrays, each of which holds the next one twice: 2^60 elements.
    let mut bytes = vec![2];
    for _ in 0..60 {
        bytes.extend([2, 0, 0xff, 0xff, 2, 10, 0, 2, 10, 0]);
    }
    bytes.resize(70_000, 0);
    assert!(read(&bytes).is_err());
    // 300 elements that are all one text of 60,000 bytes.
    let mut bytes = vec![2, 44, 1, 0xff, 0xff];
    (0..300).for_each(|_| bytes.extend([12, 0x88, 0x03]));
    bytes.resize(1 + 904, 0);
    bytes.extend([0xe0, 0xd4, 3]);
    bytes.resize(70_000, b'x');
    assert!(read(&bytes).is_err());
}

#[test]
fn keys_out_of_order() {
    let mut bytes = document(r#"{"a": 1, "b": 2}"#);
    let last = bytes.len() - 1;
    bytes[last] = b'a';
    assert_eq!(text(&bytes).unwrap(), r#"{"a": 1, "a": 2}"#);
    let error = JsonValue { bytes: &bytes }.read().unwrap_err();
    assert!(
        error.to_string().ends_with("key: 1 does not follow the key before it"),
        "{error}"
    );
}
