//! Definitions of a table without some of its columns.

use std::ops::Range;

use binlog_parser::event::Flavour;

use super::{StatementKind, Unparsed, read};
use crate::cursor::Cursor;
use crate::lexer::{Kind, Tokens};

/// What is left of a statement that defines a table, without some columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remainder {
    /// All: it names none of them.
    Same,
    /// A statement without them.
    Changed(Vec<u8>),
    /// Nothing: it is about them alone.
    Nothing,
    /// It cannot be told without them: it also names them elsewhere, in a key or behind AFTER.
    Entangled,
}

/// What a `CREATE TABLE`, `ALTER TABLE`, `CREATE INDEX` or `DROP INDEX` says of its table without these columns, which are
/// given by name. Any other statement is the same.
///
/// # Errors
/// The statement cannot be read.
pub fn without_columns(
    sql: &[u8],
    default_schema: &str,
    flavour: Flavour,
    sql_mode: u64,
    is_dropped: &dyn Fn(&str) -> bool,
) -> Result<Remainder, Unparsed> {
    read(sql, default_schema, flavour, sql_mode, |_, kind, tokens| {
        let names_one = |range: &Range<usize>| names(tokens, range.clone(), is_dropped);
        Ok(match kind {
            _ if !names_one(&(0..tokens.len())) => Remainder::Same,
            StatementKind::CreateTable | StatementKind::AlterTable => {
                let parts = parts(tokens, kind);
                let drops = |part: &Range<usize>| drops(tokens, part, kind, is_dropped);
                let (dropped, kept): (Vec<_>, Vec<_>) = parts.into_iter().partition(drops);
                let is_entangled = || {
                    let elsewhere = |token: &usize| !dropped.iter().any(|part| part.contains(token));
                    let mut others = (0..tokens.len()).filter(elsewhere);
                    others.any(|token| names_one(&(token..token + 1)))
                };
                match (dropped.is_empty() || is_entangled(), kept.is_empty(), kind) {
                    (true, ..) => Remainder::Entangled,
                    (false, false, _) => Remainder::Changed(joined(sql, tokens, &kept, &dropped)),
                    (false, true, StatementKind::AlterTable) => Remainder::Nothing,
                    (false, true, _) => Remainder::Entangled,
                }
            }
            StatementKind::CreateIndex | StatementKind::DropIndex => Remainder::Entangled,
            _ => Remainder::Same,
        })
    })
}

/// Whether a token in this range is the name of one of the columns.
fn names(tokens: &Tokens<'_>, range: Range<usize>, is_dropped: &dyn Fn(&str) -> bool) -> bool {
    let mut tokens_in = range.filter_map(|index| tokens.at(index));
    tokens_in.any(|token| matches!(token.kind, Kind::Word | Kind::Quoted) && is_dropped(&tokens.text(token)))
}

/// The definitions of a CREATE TABLE, and the actions of an ALTER TABLE, as ranges of tokens.
fn parts(tokens: &Tokens<'_>, kind: StatementKind) -> Vec<Range<usize>> {
    let mut cursor = Cursor::new(tokens);
    while !cursor.is_end() && !cursor.accept(&["TABLE"]) {
        cursor.advance();
    }
    cursor.accept_any(&["IF", "NOT", "EXISTS"]);
    if cursor.name().is_none() {
        return Vec::new();
    }
    if kind == StatementKind::CreateTable && !cursor.accept_symbol(b'(') {
        return Vec::new();
    }
    let (mut parts, mut from, mut depth) = (Vec::new(), cursor.index(), 0_usize);
    loop {
        match cursor.kind() {
            None => break,
            Some(Kind::Symbol(b'(')) => depth += 1,
            Some(Kind::Symbol(b')')) if depth == 0 => break,
            Some(Kind::Symbol(b')')) => depth -= 1,
            Some(Kind::Symbol(b',')) if depth == 0 => {
                parts.push(from..cursor.index());
                from = cursor.index() + 1;
            }
            Some(_) => {}
        }
        cursor.advance();
    }
    parts.push(from..cursor.index());
    parts
}

/// Whether a definition or action is about one of the columns and nothing else.
fn drops(tokens: &Tokens<'_>, part: &Range<usize>, kind: StatementKind, is_dropped: &dyn Fn(&str) -> bool) -> bool {
    let mut cursor = Cursor::at(tokens, part.start);
    if kind == StatementKind::AlterTable {
        if !cursor.is_one_of(&["ADD", "DROP", "MODIFY", "ALTER"]) {
            return false;
        }
        cursor.advance();
        cursor.accept_any(&["COLUMN"]);
        cursor.accept_any(&["IF", "NOT", "EXISTS"]);
    }
    cursor.is_name() && is_dropped(&cursor.text())
}

/// The statement with the kept parts in the place of all.
fn joined(sql: &[u8], tokens: &Tokens<'_>, kept: &[Range<usize>], dropped: &[Range<usize>]) -> Vec<u8> {
    let bytes = |part: &Range<usize>| {
        let start = tokens.at(part.start).map_or(0, |token| token.range().start);
        let last = part.end.checked_sub(1).and_then(|last| tokens.at(last));
        start..last.map_or(start, |token| token.range().end)
    };
    let all = || kept.iter().chain(dropped).map(bytes);
    let start = all().map(|range| range.start).min().unwrap_or_default();
    let end = all().map(|range| range.end).max().unwrap_or_default();
    let parts: Vec<&[u8]> = kept.iter().filter_map(|part| sql.get(bytes(part))).collect();
    let mut out = sql.get(..start).unwrap_or_default().to_vec();
    out.extend(parts.join(b", ".as_slice()));
    out.extend(sql.get(end..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions() {
        check(
            "CREATE TABLE IF NOT EXISTS a.t (id INT, `Secret` VARCHAR(9) DEFAULT 'secret' COMMENT 'a, b', n INT) ENGINE=InnoDB",
            "CREATE TABLE IF NOT EXISTS a.t (id INT, n INT) ENGINE=InnoDB",
        );
        check("CREATE TABLE t (secret INT, n INT)", "CREATE TABLE t (n INT)");
        check("CREATE TABLE t (n INT, secret INT)", "CREATE TABLE t (n INT)");
        check("CREATE TABLE t (n INT COMMENT 'secret')", "same");
        check("CREATE TABLE t (n INT, secret INT, KEY (secret))", "entangled");
        check("CREATE TABLE t (secret INT)", "entangled");
        check("CREATE TABLE t (n INT, m INT AS (secret + 1))", "entangled");
    }

    #[test]
    fn actions() {
        check("ALTER TABLE t ADD COLUMN secret INT AFTER n", "nothing");
        check("ALTER TABLE t ADD secret INT, ADD m INT", "ALTER TABLE t ADD m INT");
        check(
            "ALTER TABLE t ADD m INT, MODIFY secret DECIMAL(9,2), DROP k",
            "ALTER TABLE t ADD m INT, DROP k",
        );
        check("ALTER TABLE t DROP COLUMN IF EXISTS `secret`", "nothing");
        check("ALTER TABLE t ADD m INT AFTER secret", "entangled");
        check("ALTER TABLE t CHANGE secret open INT", "entangled");
        check("ALTER TABLE t RENAME COLUMN secret TO open", "entangled");
        check("ALTER TABLE t ADD (m INT, secret INT)", "entangled");
        check("ALTER TABLE t ADD KEY (secret)", "entangled");
        check("CREATE INDEX i ON t (secret)", "entangled");
        check("DROP TABLE t", "same");
    }

    fn check(sql: &str, expected: &str) {
        let is_dropped = |name: &str| name.eq_ignore_ascii_case("secret");
        let remainder = without_columns(sql.as_bytes(), "a", Flavour::MySql, 0, &is_dropped).unwrap();
        let text = match remainder {
            Remainder::Same => "same".into(),
            Remainder::Changed(sql) => String::from_utf8(sql).unwrap(),
            Remainder::Nothing => "nothing".into(),
            Remainder::Entangled => "entangled".into(),
        };
        assert_eq!(text, expected, "{sql}");
    }
}
