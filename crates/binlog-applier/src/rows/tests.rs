use binlog_parser::TableMap;
use binlog_parser::event::Column;

use super::*;
use crate::table::Layout;

fn target(name: &str, data_type: &str) -> TargetColumn {
    TargetColumn {
        name: name.to_owned(),
        data_type: data_type.to_owned(),
        full_type: data_type.to_owned(),
        collation: None,
        unsigned: false,
        generated: name == "sum",
        on_update: name == "seen",
        charset: Charset::Binary,
        fraction: 0,
    }
}

/// `BINARY(3)`, or a type without metadata.
fn logged(column_type: ColumnType) -> Column {
    Column::new(column_type, if column_type == ColumnType::STRING { 3 } else { 0 }, true)
}

/// Columns id, f, b, seen, sum.
fn plan(key: &[&str]) -> Plan {
    let types = [
        ColumnType::LONG,
        ColumnType::FLOAT,
        ColumnType::STRING,
        ColumnType::LONG,
        ColumnType::LONG,
    ];
    let map = TableMap {
        table_id: 1,
        flags: 0,
        schema: "d".into(),
        table: "t".into(),
        columns: types.map(logged).into(),
        primary_key: None,
        optional: Box::default(),
    };
    let columns = [
        ("id", "int"),
        ("f", "float"),
        ("b", "binary"),
        ("seen", "int"),
        ("sum", "int"),
    ];
    let layout = Layout {
        columns: columns.map(|(name, data_type)| target(name, data_type)).into(),
        hidden: 0,
        key: key.iter().map(|name| (*name).to_owned()).collect(),
        unique: Vec::new(),
        foreign: false,
        versioned: false,
        triggers: Vec::new(),
        engine: "InnoDB".to_owned(),
    };
    Plan::new(&map.into(), &layout, Flavour::MySql).unwrap()
}

fn row(id: i64, seen: Cell<'static>) -> Row<'static> {
    let int = |value| Cell::Value(Value::Int(value));
    Row {
        cells: vec![
            int(id),
            Cell::Value(Value::Float(0.5)),
            Cell::Value(Value::Bytes(b"x")),
            seen,
            int(9),
        ],
        ..Row::default()
    }
}

fn text(plan: &Plan, write: impl FnOnce(&RowSql<'_>, &mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(
        &RowSql {
            plan,
            target: Flavour::MySql,
        },
        &mut out,
    );
    String::from_utf8(out).unwrap()
}

#[test]
fn inserts_leave_out_what_is_generated() {
    let plan = plan(&["id"]);
    let row = row(1, Cell::Null);
    let sql = text(&plan, |sql, out| {
        sql.insert_head(out, &row);
        sql.insert_values(out, &row).unwrap();
    });
    assert!(
        sql.starts_with("INSERT INTO `d`.`t` (`id`, `f`, `b`, `seen`) VALUES (1, "),
        "{sql}"
    );
    assert!(sql.ends_with(", NULL)"), "{sql}");
}

#[test]
fn updates_find_their_row_by_key() {
    let plan = plan(&["id"]);
    let (before, after) = (row(1, Cell::Null), row(2, Cell::Absent));
    let sql = text(&plan, |sql, out| assert!(sql.update(out, &before, &after).unwrap()));
    assert!(sql.starts_with("UPDATE `d`.`t` SET `id` = 2, "), "{sql}");
    assert!(sql.ends_with(", `seen` = `seen` WHERE `id` = 1"), "{sql}");
}

/// Column `b` as a JSON column: what text does not say keeps its type, and is found as text.
#[test]
fn documents() {
    let check = |target, key: &[&str], old: Option<&[u8]>, set: &str, condition: &str| {
        let mut plan = plan(key);
        let json = plan.columns[2].as_mut().unwrap();
        json.literal.column_type = ColumnType::JSON;
        let mut before = row(1, Cell::Absent);
        before.cells[1] = Cell::Absent;
        before.cells[2] = old.map_or(Cell::Absent, |bytes| Cell::Value(Value::Json(JsonValue { bytes })));
        let mut after = row(1, Cell::Absent);
        let diffs = JsonDiffs {
            bytes: b"\0\x03$.a\x03\x06\x02\0",
        };
        after.cells = vec![Cell::Absent; 5];
        after.cells[2] = Cell::Value(Value::JsonDiffs(diffs));
        let mut out = Vec::new();
        let sql = RowSql { plan: &plan, target };
        assert!(sql.update(&mut out, &before, &after).unwrap());
        let expected = format!("UPDATE `d`.`t` SET `b` = {set}, `seen` = `seen` WHERE {condition}");
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    };
    let old: &[u8] = &[0, 1, 0, 12, 0, 11, 0, 1, 0, 5, 1, 0, b'a'];
    let (function, whole) = (
        "JSON_REPLACE(`b`, _utf8mb4'$.a', CAST(2 AS UNSIGNED))",
        "JSON_OBJECT(_utf8mb4'a', CAST(2 AS UNSIGNED))",
    );
    check(Flavour::MySql, &["id"], None, function, "`id` = 1");
    check(Flavour::MySql, &["id"], Some(old), whole, "`id` = 1");
    let found = "`id` <=> 1 AND CAST(`b` AS BINARY) = _binary'{\"a\": 1}' AND `sum` <=> 9 LIMIT 1";
    check(Flavour::MySql, &[], Some(old), whole, found);
    check(Flavour::MariaDb, &["id"], Some(old), "_utf8mb4'{\"a\": 2}'", "`id` = 1");
    let function = "JSON_REPLACE(`b`, _utf8mb4'$.a', JSON_EXTRACT(_utf8mb4'2', '$'))";
    check(Flavour::MariaDb, &["id"], None, function, "`id` = 1");
}

#[test]
fn without_a_key_all_columns_decide() {
    for key in [&[][..], &["seen"]] {
        let plan = plan(key);
        let before = row(1, Cell::Null);
        let sql = text(&plan, |sql, out| sql.delete(out, &before).unwrap());
        assert!(
            sql.starts_with("DELETE FROM `d`.`t` WHERE `id` <=> 1 AND `f` <=> "),
            "{sql}"
        );
        assert!(sql.contains("780000"), "BINARY is padded: {sql}");
        assert!(sql.ends_with(" AND `seen` <=> NULL AND `sum` <=> 9 LIMIT 1"), "{sql}");
    }
}
