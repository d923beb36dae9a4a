//! The rows of a table, in an order that depends on nothing but their bytes.

use anyhow::{Context as _, Result};
use mysql::prelude::Queryable as _;
use mysql::{Conn, Row, Value};

/// A value as bytes that differ if and only if the values differ, or NULL.
pub(super) type Cell = Option<Vec<u8>>;

/// Reads all rows, sorted. In the columns that `json` marks, only the meaning of a text counts.
pub(super) fn read(conn: &mut Conn, table: &str, json: &[bool]) -> Result<Vec<Vec<Cell>>> {
    let name = table.replace('.', "`.`");
    // The binary protocol has floats as they are, not as rounded text.
    let mut rows: Vec<Vec<Cell>> = conn
        .exec_map(format!("SELECT * FROM `{name}`"), (), |row: Row| cells(row, json))
        .with_context(|| format!("cannot read {table}"))?;
    rows.sort_unstable();
    Ok(rows)
}

fn cells(row: Row, json: &[bool]) -> Vec<Cell> {
    let values = row.unwrap().into_iter();
    let marks = json.iter().copied().chain(std::iter::repeat(false));
    values.zip(marks).map(|(value, json)| cell(value, json)).collect()
}

fn cell(value: Value, json: bool) -> Cell {
    match value {
        Value::NULL => None,
        Value::Bytes(bytes) if json => Some(canonical_json(bytes)),
        Value::Bytes(bytes) => Some(bytes),
        Value::Int(number) => Some(number.to_string().into_bytes()),
        Value::UInt(number) => Some(number.to_string().into_bytes()),
        Value::Float(number) => Some(format!("{number} ({:#010x})", number.to_bits()).into_bytes()),
        Value::Double(number) => Some(format!("{number} ({:#018x})", number.to_bits()).into_bytes()),
        date_or_time => Some(date_or_time.as_sql(true).into_bytes()),
    }
}

/// A JSON text with its objects' keys in order and no spaces between, or what it is if it is none.
fn canonical_json(text: Vec<u8>) -> Vec<u8> {
    match serde_json::from_slice::<serde_json::Value>(&text) {
        Ok(value) => value.to_string().into_bytes(),
        Err(_) => text,
    }
}

#[cfg(test)]
mod tests {
    use super::canonical_json;

    #[test]
    fn json_is_compared_by_its_meaning() {
        let check = |text: &str, expected: &str| {
            assert_eq!(canonical_json(text.into()), expected.as_bytes(), "{text}");
        };
        check(r#"{"b": 1, "a c": [1, 2]}"#, r#"{"a c":[1,2],"b":1}"#);
        check(
            r#"["a \" b", 18446744073709551615]"#,
            r#"["a \" b",18446744073709551615]"#,
        );
        check("{no json", "{no json");
    }
}
