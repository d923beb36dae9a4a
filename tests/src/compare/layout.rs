//! The columns and indexes of a table.

use anyhow::{Result, bail};
use mysql::Conn;
use mysql::prelude::Queryable as _;

/// What a table looks like.
#[derive(Debug)]
pub(super) struct Layout {
    columns: Vec<Column>,
    /// Index name, place in the index, column: none where an expression stands.
    indexes: Vec<(String, u32, Option<String>)>,
}

#[derive(Debug)]
struct Column {
    name: String,
    kind: String,
    nullable: String,
    charset: Option<String>,
    collation: Option<String>,
}

impl Layout {
    pub(super) fn names(&self) -> Vec<&str> {
        self.columns.iter().map(|column| column.name.as_str()).collect()
    }

    /// The columns that are JSON on one side, and text on the other for want of such a type.
    pub(super) fn json_columns(&self, other: &Self, same_product: bool) -> Vec<bool> {
        let pairs = self.columns.iter().zip(&other.columns);
        let json = pairs.map(|(a, b)| !same_product && (a.kind == "json" || b.kind == "json"));
        json.collect()
    }
}

pub(super) fn read(conn: &mut Conn, (schema, table): (&str, &str)) -> Result<Layout> {
    let columns = conn.exec_map(
        "SELECT column_name, column_type, is_nullable, character_set_name, collation_name
         FROM information_schema.columns WHERE table_schema = ? AND table_name = ?
         ORDER BY ordinal_position",
        (schema, table),
        |(name, kind, nullable, charset, collation)| Column {
            name,
            kind,
            nullable,
            charset,
            collation,
        },
    )?;
    if columns.is_empty() {
        bail!("there is no table {schema}.{table}");
    }
    let indexes = conn.exec(
        "SELECT index_name, seq_in_index, column_name FROM information_schema.statistics
         WHERE table_schema = ? AND table_name = ? ORDER BY 1, 2",
        (schema, table),
    )?;
    Ok(Layout { columns, indexes })
}

pub(super) fn compare(source: &Layout, target: &Layout, same_product: bool) -> Result<()> {
    let describe = |layout: &Layout| -> Vec<String> {
        layout
            .columns
            .iter()
            .map(|column| description(column, same_product))
            .collect()
    };
    let (expected, found) = (describe(source), describe(target));
    if expected != found {
        bail!(
            "columns on the source: {}\ncolumns on the target: {}",
            expected.join(", "),
            found.join(", ")
        );
    }
    if source.indexes != target.indexes {
        bail!(
            "indexes on the source: {:?}\nindexes on the target: {:?}",
            source.indexes,
            target.indexes
        );
    }
    Ok(())
}

/// A column in words that mean the same on every product.
fn description(column: &Column, same_product: bool) -> String {
    let mut words = vec![column.name.clone(), kind(&column.kind)];
    if same_product || !may_be_json(&column.kind) {
        words.extend(column.charset.as_deref().map(charset));
    }
    if same_product {
        words.extend(column.collation.clone());
    }
    if column.nullable == "NO" {
        words.push("not null".into());
    }
    words.join(" ")
}

/// A type without display widths, which came and went; JSON is text on MariaDB.
fn kind(kind: &str) -> String {
    let (name, rest) = kind.split_once('(').unwrap_or((kind, ""));
    let after = rest.split_once(')').map_or("", |(_, after)| after);
    match name {
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "year" => format!("{name}{after}"),
        "json" => "longtext".into(),
        _ => kind.to_owned(),
    }
}

/// JSON has no character set on MySQL, and utf8mb4 on MariaDB, where it is text.
fn may_be_json(kind: &str) -> bool {
    matches!(kind, "json" | "longtext")
}

/// `utf8` is the old name of utf8mb3.
fn charset(name: &str) -> String {
    if name == "utf8" {
        "utf8mb3".into()
    } else {
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::kind;

    #[test]
    fn types_are_compared_loosely() {
        let check = |text: &str, expected: &str| assert_eq!(kind(text), expected);
        check("int(11)", "int");
        check("int", "int");
        check("bigint(20) unsigned zerofill", "bigint unsigned zerofill");
        check("year(4)", "year");
        check("varchar(60)", "varchar(60)");
        check("enum('a(1)','b')", "enum('a(1)','b')");
        check("json", "longtext");
    }
}
