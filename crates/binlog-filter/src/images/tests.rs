use binlog_parser::event::{Column, ColumnType};
use binlog_parser::value::{Cell, Row, Value};

use super::*;

/// `t.t` with an INT, a VARCHAR in UTF-8, and a DECIMAL.
fn map() -> TableMap {
    let column = |column_type, metadata, name: &str| Column {
        unsigned: Some(false),
        collation: Some(45),
        name: Some(name.into()),
        ..Column::new(column_type, metadata, true)
    };
    TableMap {
        table_id: 1,
        flags: 0,
        schema: "t".into(),
        table: "t".into(),
        columns: Box::new([
            column(ColumnType::LONG, 0, "n"),
            column(ColumnType::VARCHAR, 80, "s"),
            column(ColumnType::YEAR, 0, "y"),
        ]),
        primary_key: None,
        optional: Box::default(),
    }
}

fn bound(rule: &str) -> Result<Images, String> {
    let rules = ImageRules::compile(&[format!("t.t: {rule}")], &[], &[]).map_err(|error| error.to_string())?;
    let bound = rules.bind(map(), Flavour::MySql, &Catalog::default()).unwrap();
    bound.map_err(|misfit| misfit.why)
}

/// Whether the condition is true for the row.
fn holds(rule: &str, cells: [Cell<'_>; 3]) -> Option<bool> {
    let images = bound(rule).unwrap();
    let row = Row {
        cells: cells.to_vec(),
        null_padding: 0,
    };
    images.tests[0].0.holds(&row, images.known_map()).unwrap()
}

#[test]
fn unknown_is_neither_true_nor_false() {
    let row = || [Cell::Value(Value::Int(5)), Cell::Null, Cell::Value(Value::Year(2025))];
    for (rule, expected) in [
        ("n = 5", Some(true)),
        ("s = 'x'", None),
        ("NOT s = 'x'", None),
        ("s = 'x' OR n = 5", Some(true)),
        ("s = 'x' AND n = 5", None),
        ("s = 'x' AND n = 6", Some(false)),
        ("s IS NULL", Some(true)),
        ("s IS NOT NULL", Some(false)),
        ("s LIKE '%'", None),
        ("n IN (1, 5)", Some(true)),
        ("s NOT IN ('a', 'b')", None),
        ("n BETWEEN 6 AND 7 OR y > 2024", Some(true)),
        ("n NOT BETWEEN 5 AND 5", Some(false)),
        ("n > 4.999 AND n < 5.001", Some(true)),
        ("n <= 5.0", Some(true)),
        ("n > -0.0", Some(true)),
        ("y > n", Some(true)),
        ("5 = n", Some(true)),
        ("(((n = 5)))", Some(true)),
        ("`N` = 5 and @1 <> 6", Some(true)),
        ("TRUE <> n", Some(true)),
    ] {
        assert_eq!(holds(rule, row()), expected, "{rule}");
    }
}

#[test]
fn patterns_of_like() {
    let is_like = |text: &'static [u8], pattern: &str| {
        let row = [Cell::Null, Cell::Value(Value::Bytes(text)), Cell::Null];
        holds(&format!("s LIKE '{pattern}'"), row).unwrap()
    };
    assert!(is_like("größe".as_bytes(), "gr__e"));
    assert!(is_like(b"a\nb", "a%b"));
    assert!(is_like(b"50%", "50\\%"));
    assert!(!is_like(b"500", "50\\%"));
    assert!(is_like(b"(a.c)", "(a.c)"));
    assert!(!is_like(b"(abc)", "(a.c)"));
    assert!(is_like(b"\xff\xfe", "%"));
    assert!(!is_like(b"A", "a"));
}

#[test]
fn what_is_no_condition() {
    for rule in [
        "",
        "n",
        "n =",
        "n == 5",
        "n = 5 AND",
        "n = NULL",
        "(n = 5",
        "n IN ()",
        "s LIKE n",
        "n ! 5",
    ] {
        assert!(bound(rule).unwrap_err().contains("condition"), "{rule}");
    }
    let deep = format!("{}n = 5{}", "(".repeat(10_000), ")".repeat(10_000));
    assert!(bound(&deep).is_err());
}

#[test]
fn what_does_not_fit_the_column() {
    for (rule, why) in [
        ("n = 'x'", "column `n` is a number: write it without quotes"),
        ("s = 5", "column `s` is a text: write '5' in quotes"),
        ("n = 1e3", "without an exponent"),
        ("n LIKE '1'", "column `n` is no text"),
        ("m = 1", "there is no column `m`, but n, s, y"),
        ("@4 = 1", "there is no column @4: it has 3"),
        ("n = s", "the columns `n` and `s` cannot be compared"),
        ("1 = 1", "no column"),
    ] {
        let found = bound(rule).unwrap_err();
        assert!(found.contains(why), "{rule}: {found}");
    }
}

#[test]
fn rules_of_columns() {
    for rule in [
        "shop.users.email",
        "shop.*.@3",
        "/shop_[0-9]+.users/.email",
        "`a.b`.`c`.`d.e`",
    ] {
        assert!(ImageRules::compile(&[], &[rule.into()], &[]).is_ok(), "{rule}");
    }
    for rule in ["users.email", "email", "shop.users.", "shop.users.@0", "shop.users.a b"] {
        assert!(ImageRules::compile(&[], &[rule.into()], &[]).is_err(), "{rule}");
    }
    for (rule, is_good) in [
        ("shop.users.email=hash", true),
        ("shop.users.email=NULL", true),
        ("shop.users.email='it''s = x'", true),
        ("shop.users.email=x", false),
        ("shop.users.email", false),
    ] {
        assert_eq!(ImageRules::compile(&[], &[], &[rule.into()]).is_ok(), is_good, "{rule}");
    }
}
