//! The first difference between two sorted lists of rows, for people to read.

use std::cmp::Ordering;

use anyhow::{Result, bail};

use super::rows::Cell;

/// Longer values are shown in part.
const SHOWN_BYTES: usize = 120;

/// Fails with the first difference.
pub(super) fn first(names: &[&str], source: &[Vec<Cell>], target: &[Vec<Cell>]) -> Result<()> {
    if source == target {
        return Ok(());
    }
    let counts = format!("{} rows on the source, {} on the target", source.len(), target.len());
    let (mut left, mut right) = (source.iter().peekable(), target.iter().peekable());
    while left.peek().is_some() && left.peek() == right.peek() {
        left.next();
        right.next();
    }
    let order = match (left.peek(), right.peek()) {
        (Some(a), Some(b)) => a.cmp(b),
        (Some(_), None) => Ordering::Less,
        _ => Ordering::Greater,
    };
    let (side, row, other) = if order == Ordering::Less {
        ("source", left.next(), right.next())
    } else {
        ("target", right.next(), left.next())
    };
    let shown = row.map(|row| show(names, row)).unwrap_or_default();
    let nearest = other
        .map(|row| format!("\nnext there:\n{}", show(names, row)))
        .unwrap_or_default();
    bail!("{counts}; only the {side} has:\n{shown}{nearest}");
}

fn show(names: &[&str], row: &[Cell]) -> String {
    let columns = names
        .iter()
        .zip(row)
        .map(|(name, cell)| format!("  {name} = {}", value(cell)));
    columns.collect::<Vec<_>>().join("\n")
}

fn value(cell: &Cell) -> String {
    let Some(bytes) = cell else {
        return "NULL".into();
    };
    let shown = bytes.get(..SHOWN_BYTES).unwrap_or(bytes);
    let more = if shown.len() < bytes.len() {
        format!("… ({} bytes)", bytes.len())
    } else {
        String::new()
    };
    match std::str::from_utf8(shown) {
        Ok(text) => format!("{text:?}{more}"),
        Err(_) => format!("\"{}\"{more}", shown.escape_ascii()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Cell, first};

    fn rows(texts: &[&str]) -> Vec<Vec<Cell>> {
        texts
            .iter()
            .map(|text| vec![Some(text.as_bytes().to_vec()), None])
            .collect()
    }

    #[test]
    fn the_first_difference_is_shown() {
        let check = |source: &[&str], target: &[&str], expected: &str| {
            let error = first(&["id", "name"], &rows(source), &rows(target)).unwrap_err();
            assert_eq!(error.to_string(), expected);
        };
        check(
            &["a", "b"],
            &["a"],
            "2 rows on the source, 1 on the target; only the source has:\n  id = \"b\"\n  name = NULL",
        );
        check(
            &["b"],
            &["a", "b"],
            "1 rows on the source, 2 on the target; only the target has:\n  id = \"a\"\n  name = NULL\
             \nnext there:\n  id = \"b\"\n  name = NULL",
        );
        assert!(first(&["id"], &rows(&["a"]), &rows(&["a"])).is_ok());
    }
}
