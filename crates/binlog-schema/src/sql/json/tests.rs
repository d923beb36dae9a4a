use binlog_parser::value::Json;

use super::*;

fn opaque(column_type: u8, data: &[u8]) -> Json<'_> {
    Json::Opaque {
        column_type: ColumnType(column_type),
        data: data.into(),
    }
}

fn encoded(tree: &Json<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    tree.encode(&mut bytes).unwrap();
    bytes
}

fn object<'a>(members: impl IntoIterator<Item = (&'static str, Json<'a>)>) -> Json<'a> {
    Json::Object(members.into_iter().map(|(key, value)| (key.into(), value)).collect())
}

fn document(tree: &Json<'_>, target: Flavour) -> String {
    let mut out = Vec::new();
    let bytes = encoded(tree);
    push_document(&mut out, JsonValue { bytes: &bytes }, target).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn documents_that_text_tells() {
    let check = |tree: Json<'_>, expected: &str| {
        assert_eq!(document(&tree, Flavour::MySql), expected);
        assert_eq!(document(&tree, Flavour::MariaDb), expected);
    };
    check(Json::Null, "_utf8mb4'null'");
    check(Json::String("a".into()), "_utf8mb4'\"a\"'");
    check(Json::UInt(u64::MAX), "_utf8mb4'18446744073709551615'");
    check(Json::UInt(1 << 32), "_utf8mb4'4294967296'");
    check(Json::Int((1 << 32) - 1), "_utf8mb4'4294967295'");
    check(Json::Int(i64::MIN), "_utf8mb4'-9223372036854775808'");
    check(
        object([("a", Json::Array(vec![Json::Int(-1), Json::Double(1.0)]))]),
        "_utf8mb4'{\"a\": [-1, 1.0]}'",
    );
    check(Json::String("it's".into()), "_utf8mb4 X'226974277322'");
    check(opaque(249, b"\x01"), "_utf8mb4'\"base64:type249:AQ==\"'");
}

#[test]
fn documents_with_types() {
    let check = |tree: Json<'_>, mysql: &str, mariadb: &str| {
        assert_eq!(document(&tree, Flavour::MySql), mysql);
        assert_eq!(document(&tree, Flavour::MariaDb), mariadb);
    };
    let decimal = || opaque(246, &[5, 2, 0x80, 0x7b, 0x2d]);
    check(
        decimal(),
        "CAST(CAST('123.45' AS DECIMAL(5,2)) AS JSON)",
        "_utf8mb4'123.45'",
    );
    check(Json::Int(1 << 32), "CAST(4294967296 AS JSON)", "_utf8mb4'4294967296'");
    check(Json::UInt(5), "CAST(CAST(5 AS UNSIGNED) AS JSON)", "_utf8mb4'5'");
    check(
        object([
            (
                "a",
                Json::Array(vec![decimal(), Json::Null, Json::Bool(true), Json::Double(-0.0)]),
            ),
            ("b", object([])),
            ("c", Json::String("it's".into())),
            ("d", opaque(249, b"\x01")),
        ]),
        "JSON_OBJECT(_utf8mb4'a', JSON_ARRAY(CAST('123.45' AS DECIMAL(5,2)), NULL, TRUE, -0e0), _utf8mb4'b', JSON_OBJECT(), \
         _utf8mb4'c', _utf8mb4 X'69742773', _utf8mb4'd', _utf8mb4'base64:type249:AQ==')",
        "_utf8mb4 X'7B2261223A205B3132332E34352C206E756C6C2C20747275652C202D302E305D2C202262223A207B7D2C202263223A20226974277322\
         2C202264223A20226261736536343A747970653234393A41513D3D227D'",
    );
}

#[test]
fn types() {
    let check = |column_type, data: &[u8], expected: &str| {
        let expected = format!("JSON_ARRAY({expected})");
        assert_eq!(
            document(&Json::Array(vec![opaque(column_type, data)]), Flavour::MySql),
            expected
        );
    };
    let day = [0, 0, 0, 0, 0, 0xba, 0xb2, 0x19];
    check(10, &day, "DATE'2024-02-29'");
    check(12, &day, "TIMESTAMP'2024-02-29 00:00:00.000000'");
    check(11, &0_i64.to_le_bytes(), "TIME'00:00:00.000000'");
    check(11, &(-1_i64).to_le_bytes(), "TIME'-00:00:00.000001'");
    check(15, b"\x01\xff", "X'01FF'");
    check(15, b"", "X''");
    let table = |array: &str, column: &str| {
        format!("(SELECT v FROM JSON_TABLE({array}, '$[0]' COLUMNS (v {column} PATH '$' ERROR ON ERROR)) j)")
    };
    check(7, &day, &table("'[\"2024-02-29 00:00:00.000000\"]'", "TIMESTAMP(6)"));
    check(7, &0_u64.to_le_bytes(), "TIMESTAMP'0000-00-00 00:00:00.000000'");
    check(252, b"\xff", &table("JSON_ARRAY(X'FF')", "LONGBLOB"));
    check(251, b"\xff", "UNCOMPRESS(COMPRESS(X'FF'))");
    check(254, b"\xff\x00", &table("JSON_ARRAY(X'FF00')", "BINARY(2)"));
    check(16, &[0x0a, 0xaa], &table("'[2730]'", "BIT(16)"));
    check(246, &[1, 0, 0x80], "CAST('0' AS DECIMAL(1,0))");
    check(246, &[2, 2, 0x7f ^ 5], "CAST('-0.05' AS DECIMAL(2,2))");
}

fn changes(diffs: &[(JsonOperation, &str, Json<'_>)], target: Flavour) -> String {
    let mut bytes = Vec::new();
    for (operation, path, value) in diffs {
        let value = encoded(value);
        let value = (*operation != JsonOperation::Remove).then_some(JsonValue { bytes: &value });
        let path_text = path.as_bytes();
        let diff = JsonDiff {
            operation: *operation,
            path_text,
            value,
        };
        diff.encode(&mut bytes);
    }
    let mut out = Vec::new();
    push_json_diffs(&mut out, b"`j`", &JsonDiffs { bytes: &bytes }, target).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn functions() {
    use JsonOperation::{Insert, Remove, Replace};
    let check = |diffs: &[(JsonOperation, &str, Json<'_>)], mysql: &str, mariadb: &str| {
        assert_eq!(changes(diffs, Flavour::MySql), mysql);
        assert_eq!(changes(diffs, Flavour::MariaDb), mariadb);
    };
    check(&[], "`j`", "`j`");
    check(
        &[
            (Replace, "$.a", Json::Int(1)),
            (Replace, "$.b", Json::String("x".into())),
        ],
        "JSON_REPLACE(`j`, _utf8mb4'$.a', 1, _utf8mb4'$.b', _utf8mb4'x')",
        "JSON_REPLACE(`j`, _utf8mb4'$.a', JSON_EXTRACT(_utf8mb4'1', '$'), _utf8mb4'$.b', JSON_EXTRACT(_utf8mb4'\"x\"', '$'))",
    );
    check(
        &[
            (Replace, "$[0]", Json::Array(vec![])),
            (Insert, "$[last-1]", Json::UInt(7)),
            (Insert, "$.a", Json::Null),
            (Remove, "$.\"it's\"", Json::Null),
        ],
        "JSON_REMOVE(JSON_INSERT(JSON_ARRAY_INSERT(JSON_REPLACE(`j`, _utf8mb4'$[0]', CAST(_utf8mb4'[]' AS JSON)), \
         _utf8mb4'$[last-1]', CAST(7 AS UNSIGNED)), _utf8mb4'$.a', NULL), _utf8mb4 X'242E226974277322')",
        "JSON_REMOVE(JSON_INSERT(JSON_ARRAY_INSERT(JSON_REPLACE(`j`, _utf8mb4'$[0]', JSON_EXTRACT(_utf8mb4'[]', '$')), \
         _utf8mb4'$[0]', JSON_EXTRACT(_utf8mb4'7', '$')), _utf8mb4'$.a', JSON_EXTRACT(_utf8mb4'null', '$')), \
         _utf8mb4 X'242E226974277322')",
    );
}

#[test]
fn many_functions() {
    let pair = [
        (JsonOperation::Replace, "$.a", Json::Null),
        (JsonOperation::Insert, "$.b", Json::Null),
    ];
    let repeated = |pairs| std::iter::repeat_n(pair.clone(), pairs).flatten().collect::<Vec<_>>();
    let count = |pairs: usize| changes(&repeated(pairs), Flavour::MySql).matches('(').count();
    assert_eq!((count(32), count(33)), (64, 1));
}
