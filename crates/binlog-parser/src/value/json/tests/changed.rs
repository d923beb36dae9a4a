//! Differences and the paths in them.

use super::*;
use JsonOperation::{Insert, Remove, Replace};

fn diffs(list: &[(JsonOperation, &str, &str)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (operation, path, value) in list {
        let value = document(value);
        let diff = JsonDiff {
            operation: *operation,
            path_text: path.as_bytes(),
            value: (*operation != Remove).then_some(JsonValue { bytes: &value }),
        };
        diff.encode(&mut out);
    }
    out
}

fn apply(old: &str, list: &[(JsonOperation, &str, &str)]) -> Result<String, String> {
    let (old, diffs) = (document(old), diffs(list));
    let new = JsonDiffs { bytes: &diffs }.apply(JsonValue { bytes: &old }, JsonValue::LARGEST);
    Ok(text(&new.map_err(|error| error.to_string())?).unwrap())
}

#[test]
fn applied() {
    let check = |old: &str, list: &[(JsonOperation, &str, &str)], new: &str| {
        assert_eq!(apply(old, list).as_deref(), Ok(new));
    };
    let old = r#"{"a": 1, "b": [1, 2, {"c": 3}], "d e": null}"#;
    check(old, &[], old);
    check(
        old,
        &[(Replace, "$.a", "[true]")],
        r#"{"a": [true], "b": [1, 2, {"c": 3}], "d e": null}"#,
    );
    check(
        old,
        &[(Replace, "$.b[2].c", "4")],
        r#"{"a": 1, "b": [1, 2, {"c": 4}], "d e": null}"#,
    );
    check(
        old,
        &[(Replace, "$.b[last-1]", "4")],
        r#"{"a": 1, "b": [1, 4, {"c": 3}], "d e": null}"#,
    );
    check(
        old,
        &[(Insert, "$.B", "0")],
        r#"{"B": 0, "a": 1, "b": [1, 2, {"c": 3}], "d e": null}"#,
    );
    check(
        old,
        &[(Insert, "$.b[1]", "0")],
        r#"{"a": 1, "b": [1, 0, 2, {"c": 3}], "d e": null}"#,
    );
    check(
        old,
        &[(Insert, "$.b[9]", "0")],
        r#"{"a": 1, "b": [1, 2, {"c": 3}, 0], "d e": null}"#,
    );
    check(
        old,
        &[(Insert, "$.b[last-9]", "0")],
        r#"{"a": 1, "b": [0, 1, 2, {"c": 3}], "d e": null}"#,
    );
    check(
        old,
        &[(Remove, "$.\"d e\"", "0"), (Remove, "$.b[0]", "0")],
        r#"{"a": 1, "b": [2, {"c": 3}]}"#,
    );
    check(
        "[[], {}]",
        &[(Insert, "$[0][last]", "1"), (Insert, "$[1].\"\"", "2")],
        r#"[[1], {"": 2}]"#,
    );
}

#[test]
fn refused() {
    let check = |old: &str, operation, path: &str, why: &str| {
        let expected = format!("difference 0, {operation} {path}: {why}");
        assert_eq!(apply(old, &[(operation, path, "0")]), Err(expected));
    };
    let no_place = "the document has no such place";
    let old = r#"{"a": [1], "b": 2}"#;
    for (operation, path) in [
        (Replace, "$.c"),
        (Replace, "$.a[1]"),
        (Replace, "$[0]"),
        (Replace, "$.a.b"),
        (Insert, "$.a.b"),
        (Insert, "$.a"),
        (Insert, "$.b[0]"),
        (Insert, "$.c.d"),
        (Remove, "$.c"),
        (Remove, "$.a[1]"),
        (Remove, "$.a[last-1]"),
        (Remove, "$.b[0]"),
    ] {
        check(old, operation, path, no_place);
    }
    check(old, Replace, "$", "the whole document is no place for a difference");
    check(
        old,
        Replace,
        "$.*",
        "JSON +3: path: 42 is a byte that cannot stand there",
    );
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    let path = format!("${}", "[0]".repeat(100));
    let error = apply(&deep, &[(Insert, &path, "[]")]).unwrap_err();
    assert!(
        error.ends_with("the document would have more than 100 levels"),
        "{error}"
    );
    assert!(apply(&deep, &[(Insert, &path, "0")]).is_ok());
}

#[test]
fn limits() {
    let (old, list) = (
        document("[1, 2, 3]"),
        diffs(&[(Insert, "$[0]", "1"), (Insert, "$[0]", "1")]),
    );
    let apply = |limit| JsonDiffs { bytes: &list }.apply(JsonValue { bytes: &old }, limit);
    assert!(apply(old.len() + list.len()).is_ok());
    let over = apply(old.len() + list.len() - 1).unwrap_err().to_string();
    assert_eq!(over, "34 bytes are over the limit of 33");
}

#[test]
fn lists_and_back() {
    let bytes = diffs(&[
        (Replace, "$.a", "1"),
        (Insert, "$[1]", "[]"),
        (Remove, "$.\"x y\"", "0"),
    ]);
    let read: Vec<_> = JsonDiffs { bytes: &bytes }.iter().collect::<Result<_, _>>().unwrap();
    let mut again = Vec::new();
    read.iter().for_each(|diff| diff.encode(&mut again));
    assert_eq!(again, bytes);
    for len in 1..bytes.len() {
        let list = JsonDiffs { bytes: &bytes[..len] };
        let whole = list.iter().filter(Result::is_ok).count();
        assert!(
            list.iter().any(|diff| diff.is_err()) || whole == 1 || whole == 2,
            "{len}"
        );
    }
    let unknown = JsonDiffs { bytes: &[3, 1, b'$'] };
    let error = unknown.iter().next().unwrap().unwrap_err();
    assert_eq!(error.to_string(), "JSON +1: operation: 3 is not known");
    assert_eq!(unknown.iter().count(), 1);
}

#[test]
fn paths() {
    let check = |text: &str, expected: &str| {
        let path = JsonPath::parse(text.as_bytes()).unwrap();
        assert_eq!(path.to_string(), expected);
        assert_eq!(JsonPath::parse(expected.as_bytes()).unwrap(), path);
    };
    check("$", "$");
    check("$.a", "$.\"a\"");
    check("$.ä_$1.b[0][last][last-7]", "$.\"ä_$1\".\"b\"[0][last][last-7]");
    check(r#"$."".". [""#, r#"$."".". [""#);
    check(
        r#"$."\"\\\/\b\f\n\r\t\u00e4\ud83e\uddc0🧀é""#,
        r#"$."\"\\/\b\f\n\r\tä🧀🧀é""#,
    );
    let bad = |text: &[u8]| assert!(JsonPath::parse(text).is_err(), "{:?}", String::from_utf8_lossy(text));
    for text in [
        "",
        "a",
        "$.",
        "$[",
        "$[]",
        "$[a]",
        "$[-1]",
        "$[+1]",
        "$[last+1]",
        "$[last-]",
        "$[4294967296]",
        "$.a b",
        "$..a",
        "$**.a",
        "$[*]",
        "$[1 to 2]",
        "$.\"a",
        r#"$."\x""#,
        r#"$."\ud800""#,
        r#"$."\u12""#,
        "$ .a",
        "$a",
    ] {
        bad(text.as_bytes());
    }
    bad(b"$.\"\xff\"");
    bad(b"$.\xff");
}
