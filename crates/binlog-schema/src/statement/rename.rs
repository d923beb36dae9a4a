//! Statements with other names: wherever a table or schema is named, and nowhere else.

use std::ops::Range;

use binlog_parser::event::Flavour;

use super::scan::{Named, Scan, Scanner, Spot};
use super::{StatementKind, Unparsed, read};
use crate::TableName;
use crate::cursor::Cursor;
use crate::lexer::{Kind, Tokens};
use crate::sql::push_identifier;

/// Other names.
pub trait Renames {
    /// The new name of a table, if it has one.
    fn table(&self, table: &TableName) -> Option<TableName>;

    /// The new name of a schema of which all is renamed to one schema.
    fn schema(&self, schema: &str) -> Option<String>;
}

/// The statement with the new names; `None` where it names nothing that has one. `default_schema` is the one under which it
/// ran; with the new names it is to run under [`Renames::schema`] of that.
///
/// Names are found where the grammar has them: tables and their qualifiers before columns, schemas, the schemas of programs
/// and functions, and what GRANT is on. Strings and comments are not looked at.
///
/// # Errors
/// Not all names can be found: in a statement that cannot be followed, in the body of a program, or where a qualifier may mean
/// a table or an alias.
pub fn renamed(
    sql: &[u8],
    default_schema: &str,
    flavour: Flavour,
    sql_mode: u64,
    names: &dyn Renames,
) -> Result<Option<Vec<u8>>, Unparsed> {
    let changes = read(sql, default_schema, flavour, sql_mode, |scanner, kind, tokens| {
        scanner.finds_all = true;
        scanner.find_names(kind)?;
        Changes::of(scanner, tokens, names)
    })?;
    Ok(changes.apply(sql))
}

impl Scanner<'_> {
    /// Finds all names.
    fn find_names(&mut self, kind: StatementKind) -> Scan<()> {
        match kind {
            StatementKind::Account => {
                self.granted();
                Ok(())
            }
            _ => self.judge(kind),
        }
    }

    /// `GRANT rights ON [TABLE | FUNCTION | PROCEDURE] schema.name TO …`; rights may have columns in parentheses.
    fn granted(&mut self) {
        while !self.cursor.is_end() {
            if self.cursor.is_symbol(b'(') {
                self.cursor.skip_group();
            } else if self.cursor.accept(&["ON"]) {
                let program = self.cursor.is_one_of(&["FUNCTION", "PROCEDURE", "PACKAGE"]);
                if self.cursor.nth_kind(1) != Some(Kind::Symbol(b'.')) {
                    self.cursor
                        .accept_any(&["TABLE", "FUNCTION", "PROCEDURE", "PACKAGE", "BODY"]);
                }
                return self.level(program);
            } else {
                self.cursor.advance();
            }
        }
    }

    fn level(&mut self, program: bool) {
        let from = self.cursor;
        if self.cursor.ident().is_none() {
            return;
        }
        let is_schema = program || self.cursor.nth_is_symbol(1, b'*');
        if self.cursor.is_symbol(b'.') && is_schema {
            let schema = from.text();
            self.spots.push(Spot {
                range: self.cursor.since(from),
                named: Named::Schema(schema),
            });
        } else if !program {
            self.cursor = from;
            // A role, which is no table, has TO behind it.
            drop(self.table());
        }
    }
}

/// Parts of a statement, and what stands there instead, in order.
struct Changes(Vec<(Range<usize>, Vec<u8>)>);

impl Changes {
    fn of(scanner: &Scanner<'_>, tokens: &Tokens<'_>, names: &dyn Renames) -> Scan<Self> {
        let mut changes = Vec::new();
        let mut spots: Vec<&Spot> = scanner.spots.iter().collect();
        spots.sort_by_key(|spot| spot.range.start);
        spots.dedup_by(|a, b| a.range == b.range);
        for spot in &spots {
            changes.extend(changed(spot, scanner.default_schema, names).map(|text| (spot.range.clone(), text)));
        }
        let qualifiers = Qualifiers { scanner, names };
        for chain in chains(tokens) {
            if !spots.iter().any(|spot| overlap(&spot.range, &chain.range)) {
                changes.extend(qualifiers.changed(&chain)?);
            }
        }
        changes.sort_by_key(|(range, _)| range.start);
        Ok(Self(changes))
    }

    fn apply(self, sql: &[u8]) -> Option<Vec<u8>> {
        if self.0.is_empty() {
            return None;
        }
        let (mut out, mut from) = (Vec::with_capacity(sql.len() + 64), 0);
        for (range, text) in self.0 {
            out.extend_from_slice(sql.get(from..range.start).unwrap_or_default());
            out.extend_from_slice(&text);
            from = range.end;
        }
        out.extend_from_slice(sql.get(from..).unwrap_or_default());
        Some(out)
    }
}

fn overlap(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}

/// What stands in the place of a name; `None` where it stays.
fn changed(spot: &Spot, default_schema: &str, names: &dyn Renames) -> Option<Vec<u8>> {
    match &spot.named {
        Named::Schema(schema) => names.schema(schema).map(|new| quoted(&new)),
        Named::Table {
            table,
            qualified,
            owner,
        } => {
            // Without its schema a name means that of its owner, or the default one, as it is called then.
            let implied = match owner {
                Some(owner) => names.table(owner).unwrap_or_else(|| owner.clone()).schema,
                None => names.schema(default_schema).unwrap_or_else(|| default_schema.into()),
            };
            let then = names.table(table).unwrap_or_else(|| table.clone());
            let needs_schema = *qualified || then.schema != implied;
            let stays = then.table == table.table && (!qualified || then.schema == table.schema);
            (!stays || needs_schema != *qualified).then(|| match needs_schema {
                true => [quoted(&then.schema), quoted(&then.table)].join(&b'.'),
                false => quoted(&then.table),
            })
        }
    }
}

fn quoted(name: &str) -> Vec<u8> {
    let mut out = Vec::new();
    push_identifier(&mut out, name);
    out
}

/// Names with points between them.
struct Chain {
    range: Range<usize>,
    parts: Vec<(String, Range<usize>)>,
    /// Whether a `*` follows the last point.
    all: bool,
    /// Whether a parenthesis follows.
    is_call: bool,
}

/// All chains of a statement.
fn chains(tokens: &Tokens<'_>) -> Vec<Chain> {
    let mut chains = Vec::new();
    let mut cursor = Cursor::new(tokens);
    while !cursor.is_end() {
        let from = cursor;
        let mut parts = Vec::new();
        let mut all = false;
        while cursor.is_name() || !parts.is_empty() && cursor.kind() == Some(Kind::Word) {
            let at = cursor;
            let text = cursor.text();
            cursor.advance();
            parts.push((text, cursor.since(at)));
            if !cursor.is_symbol(b'.') {
                break;
            }
            cursor.advance();
            all = cursor.accept_symbol(b'*');
        }
        if parts.is_empty() {
            cursor.advance();
        } else if parts.len() > 1 || all {
            chains.push(Chain {
                range: cursor.since(from),
                parts,
                all,
                is_call: cursor.is_symbol(b'('),
            });
        }
    }
    chains
}

/// What stands before the names of columns and functions.
struct Qualifiers<'s, 't> {
    scanner: &'s Scanner<'t>,
    names: &'s dyn Renames,
}

impl Qualifiers<'_, '_> {
    fn changed(&self, chain: &Chain) -> Scan<Vec<(Range<usize>, Vec<u8>)>> {
        let before = chain.parts.len() - usize::from(!chain.all);
        match (chain.parts.as_slice(), before) {
            ([(schema, range), ..], 1) if chain.is_call => {
                let new = self.names.schema(schema);
                Ok(new.map(|new| (range.clone(), quoted(&new))).into_iter().collect())
            }
            ([(table, range), ..], 1) => {
                let new = self.of_table(table)?;
                Ok(new.map(|new| (range.clone(), quoted(&new))).into_iter().collect())
            }
            ([(schema, first), (table, second), ..], _) => {
                let new = self.names.table(&TableName::new(schema, table));
                let parts = new.map(|new| {
                    [
                        (first.clone(), quoted(&new.schema)),
                        (second.clone(), quoted(&new.table)),
                    ]
                });
                Ok(parts.into_iter().flatten().collect())
            }
            _ => Ok(Vec::new()),
        }
    }

    /// The new name behind a qualifier that is a table's name, not an alias.
    fn of_table(&self, qualifier: &str) -> Scan<Option<String>> {
        let same = |other: &str| other.to_lowercase() == qualifier.to_lowercase();
        let tables = self.scanner.spots.iter().filter_map(|spot| match &spot.named {
            Named::Table { table, .. } if same(&table.table) => Some(table),
            _ => None,
        });
        let new = |table: &TableName| {
            self.names
                .table(table)
                .map_or_else(|| table.table.clone(), |new| new.table)
        };
        let mut called: Vec<String> = tables.map(new).collect();
        called.sort();
        called.dedup();
        let is_alias = self.scanner.aliases.iter().any(|alias| same(alias));
        match called.as_slice() {
            [] => Ok(None),
            [one] if one == qualifier => Ok(None),
            [_] if is_alias => Err(format!("{qualifier:?} is an alias, and a table that gets another name").into()),
            [one] => Ok(Some(one.clone())),
            _ => Err(format!("{qualifier:?} may be one of several tables that get other names").into()),
        }
    }
}

/// The statement without some of the tables that it drops, or renames; `None` where it is no list of tables, or a table is
/// renamed to one that is not kept, or from one.
///
/// # Errors
/// The statement cannot be followed.
pub fn without(
    sql: &[u8],
    default_schema: &str,
    flavour: Flavour,
    sql_mode: u64,
    keeps: &dyn Fn(&TableName) -> bool,
) -> Result<Option<Vec<u8>>, Unparsed> {
    read(sql, default_schema, flavour, sql_mode, |scanner, kind, _| {
        let each = match kind {
            StatementKind::DropTable | StatementKind::DropView => 1,
            StatementKind::RenameTable => 2,
            _ => return Ok(None),
        };
        scanner.judge(kind)?;
        Ok(kept_items(sql, &scanner.spots, each, keeps))
    })
}

/// The list's items that are kept, `each` of so many tables.
fn kept_items(sql: &[u8], spots: &[Spot], each: usize, keeps: &dyn Fn(&TableName) -> bool) -> Option<Vec<u8>> {
    let (first, last) = (spots.first()?, spots.last()?);
    let mut kept = Vec::new();
    for item in spots.chunks(each) {
        let fates: Vec<bool> = item.iter().map(|spot| spot.is_kept(keeps)).collect();
        match (fates.iter().all(|kept| *kept), fates.contains(&true)) {
            (true, _) => kept.push(sql.get(item.first()?.range.start..item.last()?.range.end)?),
            (false, true) => return None,
            (false, false) => {}
        }
    }
    if kept.is_empty() {
        return None;
    }
    let mut out = sql.get(..first.range.start)?.to_vec();
    out.extend(kept.join(&b", "[..]));
    out.extend(sql.get(last.range.end..)?);
    Some(out)
}

impl Spot {
    fn is_kept(&self, keeps: &dyn Fn(&TableName) -> bool) -> bool {
        match &self.named {
            Named::Table { table, .. } => keeps(table),
            Named::Schema(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `shop` is `shop_eu`, but `shop.orders` is `shop_eu.sales`, and `other.a` is `else.b`.
    struct Europe;

    impl Renames for Europe {
        fn table(&self, table: &TableName) -> Option<TableName> {
            match (&*table.schema, &*table.table) {
                ("shop", "orders") => Some(TableName::new("shop_eu", "sales")),
                ("shop", table) => Some(TableName::new("shop_eu", table)),
                ("other", "a") => Some(TableName::new("else", "b")),
                _ => None,
            }
        }

        fn schema(&self, schema: &str) -> Option<String> {
            (schema == "shop").then(|| "shop_eu".into())
        }
    }

    fn check_in(schema: &str, sql: &str, expected: &str) {
        let new = renamed(sql.as_bytes(), schema, Flavour::MySql, 0, &Europe);
        let shown = match &new {
            Ok(Some(new)) => String::from_utf8_lossy(new).replace('`', ""),
            Ok(None) => "-".into(),
            Err(error) => format!("error: {}", error.why),
        };
        assert_eq!(shown, expected, "{sql}");
    }

    #[test]
    fn rows_of_one_table() {
        let check = |sql, expected| check_in("shop", sql, expected);
        check(
            "INSERT INTO orders VALUES ('orders')",
            "INSERT INTO sales VALUES ('orders')",
        );
        check(
            "INSERT INTO shop.orders (id) VALUES (1) ON DUPLICATE KEY UPDATE orders.id = shop.orders.id + 1",
            "INSERT INTO shop_eu.sales (id) VALUES (1) ON DUPLICATE KEY UPDATE sales.id = shop_eu.sales.id + 1",
        );
        check("UPDATE items SET items.a = 1.5", "-");
        check("UPDATE noise.x SET a = 1", "-");
        check(
            "DELETE FROM orders WHERE orders.id = 1",
            "DELETE FROM sales WHERE sales.id = 1",
        );
        check("TRUNCATE `shop`.`orders`", "TRUNCATE shop_eu.sales");
    }

    #[test]
    fn of_several_tables() {
        let check = |sql, expected| check_in("shop", sql, expected);
        check(
            "UPDATE orders o JOIN other.a ON o.id = other.a.id SET o.x = a.x, a.y = 2",
            "UPDATE sales o JOIN else.b ON o.id = else.b.id SET o.x = b.x, b.y = 2",
        );
        check(
            "DELETE orders, i FROM orders JOIN items i ON i.o = orders.id",
            "DELETE sales, i FROM sales JOIN items i ON i.o = sales.id",
        );
        check("DELETE shop.orders.* FROM orders", "DELETE shop_eu.sales.* FROM sales");
        check(
            "INSERT INTO other.a SELECT orders.*, shop.f(x) FROM orders WHERE EXISTS (SELECT 1 FROM shop.items)",
            "INSERT INTO else.b SELECT sales.*, shop_eu.f(x) FROM sales WHERE EXISTS (SELECT 1 FROM shop_eu.items)",
        );
        check(
            "INSERT INTO items WITH c AS (SELECT * FROM orders) SELECT * FROM c",
            "INSERT INTO items WITH c AS (SELECT * FROM sales) SELECT * FROM c",
        );
        check(
            "UPDATE orders JOIN items orders SET orders.x = 1",
            "error: \"orders\" is an alias, and a table that gets another name",
        );
    }

    /// Names that were in the default database may need theirs.
    #[test]
    fn defaults() {
        let check = |sql, expected| check_in("other", sql, expected);
        check(
            "INSERT INTO a SELECT a.x FROM c",
            "INSERT INTO else.b SELECT b.x FROM c",
        );
        check(
            "INSERT INTO shop.orders SELECT * FROM a",
            "INSERT INTO shop_eu.sales SELECT * FROM else.b",
        );
        check(
            "CREATE TABLE shop.x (a INT, FOREIGN KEY (a) REFERENCES orders (id))",
            "CREATE TABLE shop_eu.x (a INT, FOREIGN KEY (a) REFERENCES sales (id))",
        );
        check(
            "CREATE TABLE a (x INT REFERENCES c (id))",
            "CREATE TABLE else.b (x INT REFERENCES other.c (id))",
        );
    }

    #[test]
    fn definitions() {
        let check = |sql, expected| check_in("shop", sql, expected);
        check(
            "CREATE DATABASE IF NOT EXISTS shop",
            "CREATE DATABASE IF NOT EXISTS shop_eu",
        );
        check("CREATE DATABASE other", "-");
        check("DROP TABLE items", "-");
        check(
            "DROP TABLE orders, other.a /* generated */",
            "DROP TABLE sales, else.b /* generated */",
        );
        check(
            "RENAME TABLE orders TO old, old TO other.a",
            "RENAME TABLE sales TO old, old TO else.b",
        );
        check("CREATE TABLE copy LIKE orders", "CREATE TABLE copy LIKE sales");
        check(
            "ALTER TABLE orders RENAME TO shop.sold",
            "ALTER TABLE sales RENAME TO shop_eu.sold",
        );
        check("CREATE INDEX orders ON orders (a)", "CREATE INDEX orders ON sales (a)");
        check(
            "CREATE VIEW shop.v AS SELECT o.id, items.x FROM orders o, items",
            "CREATE VIEW shop_eu.v AS SELECT o.id, items.x FROM sales o, items",
        );
        check(
            "CREATE TRIGGER shop.t AFTER INSERT ON orders FOR EACH ROW UPDATE items SET a = NEW.a WHERE items.id = 1",
            "CREATE TRIGGER shop_eu.t AFTER INSERT ON sales FOR EACH ROW UPDATE items SET a = NEW.a WHERE items.id = 1",
        );
        check("DROP TRIGGER shop.t", "DROP TRIGGER shop_eu.t");
        check(
            "CREATE PROCEDURE p() BEGIN DELETE FROM orders; INSERT INTO shop.items VALUES (1); END",
            "CREATE PROCEDURE p() BEGIN DELETE FROM sales; INSERT INTO shop_eu.items VALUES (1); END",
        );
        check(
            "GRANT SELECT (orders), INSERT ON shop.* TO 'orders'@'%'",
            "GRANT SELECT (orders), INSERT ON shop_eu.* TO 'orders'@'%'",
        );
        check("GRANT ALL ON TABLE orders TO u", "GRANT ALL ON TABLE sales TO u");
    }

    #[test]
    fn bodies_that_are_not_followed() {
        let sql = b"CREATE PROCEDURE p() BEGIN TRUNCATE TABLE orders; END";
        assert!(renamed(sql, "shop", Flavour::MySql, 0, &Europe).is_err());
    }

    #[test]
    fn lists_in_part() {
        let check = |sql: &str, expected: Option<&str>| {
            let part = without(sql.as_bytes(), "shop", Flavour::MySql, 0, &|table| {
                table.schema == "shop"
            })
            .unwrap();
            assert_eq!(
                part.as_deref().map(String::from_utf8_lossy).as_deref(),
                expected,
                "{sql}"
            );
        };
        check(
            "DROP /*!40005 TEMPORARY */ TABLE IF EXISTS a, `other`.b, shop.c /* generated by server */",
            Some("DROP /*!40005 TEMPORARY */ TABLE IF EXISTS a, shop.c /* generated by server */"),
        );
        check("DROP VIEW other.x, y RESTRICT", Some("DROP VIEW y RESTRICT"));
        check(
            "RENAME TABLE a TO b, other.a TO other.b, c TO d",
            Some("RENAME TABLE a TO b, c TO d"),
        );
        check("RENAME TABLE a TO other.b", None);
        check("INSERT INTO a SELECT * FROM other.b", None);
    }
}
