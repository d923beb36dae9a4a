use super::*;

mod changed;
mod hostile;

/// The document of a text: the JSON that the tests need, read by hand.
fn tree(text: &str) -> Json<'static> {
    let mut rest = text;
    let tree = read_tree(&mut rest);
    assert_eq!(rest, "", "{text}");
    tree
}

fn document(text: &str) -> Vec<u8> {
    encoded(&tree(text))
}

fn encoded(tree: &Json<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    tree.encode(&mut out).unwrap();
    out
}

fn text(bytes: &[u8]) -> Result<String, JsonError> {
    let mut out = Vec::new();
    JsonValue { bytes }.write_text(&mut out)?;
    Ok(String::from_utf8(out).unwrap())
}

fn skip(rest: &mut &str, prefix: &str) -> bool {
    let found = rest.strip_prefix(prefix);
    *rest = found.unwrap_or(rest);
    found.is_some()
}

fn read_tree(rest: &mut &str) -> Json<'static> {
    if skip(rest, "[") {
        let mut elements = Vec::new();
        while !skip(rest, "]") {
            skip(rest, ", ");
            elements.push(read_tree(rest));
        }
        return Json::Array(elements);
    }
    if skip(rest, "{") {
        let mut members = Vec::new();
        while !skip(rest, "}") {
            skip(rest, ", ");
            let Json::String(key) = read_tree(rest) else {
                panic!("{rest}")
            };
            assert!(skip(rest, ": "), "{rest}");
            members.push((key, read_tree(rest)));
        }
        return Json::Object(members.into_iter().collect());
    }
    if skip(rest, "\"") {
        let (text, after) = rest.split_once('"').unwrap();
        *rest = after;
        return Json::String(text.to_owned().into());
    }
    let end = rest.find([',', ']', '}']).unwrap_or(rest.len());
    let (word, after) = rest.split_at(end);
    *rest = after;
    match word {
        "null" => Json::Null,
        "true" => Json::Bool(true),
        "false" => Json::Bool(false),
        word if word.contains(['.', 'e']) => Json::Double(word.parse().unwrap()),
        word => word
            .parse()
            .map_or_else(|_| Json::UInt(word.parse().unwrap()), Json::Int),
    }
}

#[test]
fn documents() {
    let check = |bytes: &[u8], expected: &str| {
        assert_eq!(text(bytes).unwrap(), expected);
        if !bytes.is_empty() {
            assert_eq!(encoded(&JsonValue { bytes }.read().unwrap()), bytes);
        }
    };
    check(&[], "null");
    check(&[4, 1], "true");
    check(&[5, 0xff, 0xff], "-1");
    check(&[12, 3, b'a', b'"', b'\n'], r#""a\"\n""#);
    check(&[2, 2, 0, 10, 0, 5, 1, 0, 4, 0, 0], "[1, null]");
    check(
        &[0, 1, 0, 14, 0, 11, 0, 1, 0, 12, 12, 0, b'k', 1, b'v'],
        r#"{"k": "v"}"#,
    );
    check(&[15, 246, 5, 5, 2, 0x80, 0x7b, 0x2d], "123.45");
    check(&[15, 252, 2, 1, 2], r#""base64:type252:AQI=""#);
    check(&[15, 16, 2, 0x0a, 0xaa], r#""base64:type16:Cqo=""#);
    check(&[15, 253, 2, b'h', b'i'], r#""hi""#);
    check(&[15, 10, 8, 0, 0, 0, 0, 0, 0xba, 0xb2, 0x19], r#""2024-02-29""#);
}

#[test]
fn lines_of_base64() {
    let check = |len: usize, breaks: usize| {
        let mut bytes = vec![15, 252, len as u8];
        bytes.extend(std::iter::repeat_n(7, len));
        assert_eq!(text(&bytes).unwrap().matches("\\n").count(), breaks, "{len}");
    };
    check(57, 0);
    check(58, 1);
    check(114, 1);
    check(115, 2);
}

#[test]
fn doubles() {
    let check = |value: f64, expected: &str| {
        let bytes: Vec<u8> = [11].into_iter().chain(value.to_le_bytes()).collect();
        assert_eq!(text(&bytes).unwrap(), expected);
    };
    check(1.0, "1.0");
    check(-0.5, "-0.5");
    check(1e14, "100000000000000.0");
    check(1e15, "1e15");
    check(1_234_567_890_123_456.0, "1.234567890123456e15");
    check(1_234_567_890_123_456.8, "1234567890123456.8");
    check(0.0, "0.0");
    check(-0.0, "-0.0");
    check(10.0, "10.0");
    check(0.000_123, "0.000123");
    check(1_651_628_297_622_695.0 + 0.25, "1651628297622695.2");
    check(1.5e300, "1.5e300");
    check(1e-15, "0.000000000000001");
    check(1e-16, "1e-16");
}

/// Trees are written, read and printed as what they are.
#[test]
fn trees_and_back() {
    let check = |text_in: &str| {
        let (tree, bytes) = (tree(text_in), document(text_in));
        assert_eq!(text(&bytes).unwrap(), text_in);
        assert_eq!(JsonValue { bytes: &bytes }.read().unwrap().into_owned(), tree);
    };
    check("[]");
    check("{}");
    check("[32767, 32768, -32769, 65536, 2147483648, -2147483649, 18446744073709551615]");
    check(r#"{"": 1, "B": [{}, [[]]], "a": 2, "aa": null, "bb": 1.5, "ä": "text"}"#);
    check(&format!("{}{}", "[".repeat(100), "]".repeat(100)));
    check(&format!(
        r#"["{}", "{}", "{}"]"#,
        "a".repeat(127),
        "b".repeat(128),
        "c".repeat(16384)
    ));
    check(&format!(
        r#"{{"a": {{"b": [70000, "{}", {{"c": 70000}}]}}}}"#,
        "x".repeat(70_000)
    ));
}

/// The large form reaches from what needs it to the root, and no further.
#[test]
fn forms() {
    let check = |text_in: &str, first: u8| assert_eq!(document(text_in)[0], first, "{}", &text_in[..20]);
    let fits = format!(r#"["{}", 1]"#, "x".repeat(65_535 - 10 - 3));
    let over = format!(r#"["{}", 1]"#, "x".repeat(65_535 - 10 - 2));
    assert_eq!(document(&fits).len(), 1 + 65_535);
    check(&fits, 2);
    check(&over, 3);
    check(&format!(r#"{{"key": {over}, "other": [1]}}"#), 1);
    let around = document(&format!("[{fits}, [1]]"));
    assert_eq!((around[0], around[9], around[14]), (3, 2, 2));
}

#[test]
fn trees_that_are_no_documents() {
    let check = |tree: Json<'_>, expected: &str| {
        assert_eq!(tree.encode(&mut Vec::new()).unwrap_err().to_string(), expected);
    };
    let deep = (0..101).fold(Json::Null, |tree, _| Json::Array(vec![tree]));
    check(deep, "depth: 101 is more than 100 levels");
    let key = [("k".repeat(65_536).into(), Json::Null)].into_iter().collect();
    check(Json::Object(key), "length of a key: 65536 is more than 65535");
}

#[test]
fn steps() {
    let bytes = document(r#"{"a": [1, true], "b": "c"}"#);
    let tokens: Result<Vec<_>, _> = JsonValue { bytes: &bytes }.tokens().collect();
    let expected = [
        JsonToken::ObjectStart,
        JsonToken::Key("a"),
        JsonToken::ArrayStart,
        JsonToken::Scalar(JsonScalar::Int(1)),
        JsonToken::Scalar(JsonScalar::Bool(true)),
        JsonToken::ArrayEnd,
        JsonToken::Key("b"),
        JsonToken::Scalar(JsonScalar::String("c")),
        JsonToken::ObjectEnd,
    ];
    assert_eq!(tokens.unwrap(), expected);
}
