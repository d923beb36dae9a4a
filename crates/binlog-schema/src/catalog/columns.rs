//! Column definitions in CREATE TABLE and ALTER TABLE.

use super::definition::{ColumnDefinition, TableDefinition};
use crate::cursor::Cursor;
use crate::lexer::Kind;

/// Words that begin a definition of something other than a column.
const NO_COLUMN: [&str; 9] = [
    "PRIMARY",
    "KEY",
    "INDEX",
    "UNIQUE",
    "FULLTEXT",
    "SPATIAL",
    "FOREIGN",
    "CONSTRAINT",
    "CHECK",
];

/// A column's definition, and where ALTER TABLE puts it.
#[derive(Debug)]
pub(super) struct Defined {
    pub(super) column: ColumnDefinition,
    pub(super) primary: bool,
    pub(super) unique: bool,
    pub(super) place: Place,
}

/// Where a column goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// At the end, or where it is.
    Unsaid,
    /// `FIRST`
    First,
    /// `AFTER column`
    After(String),
}

/// `(definition, …)` of CREATE TABLE. `None` for what cannot be followed.
pub(super) fn definitions(cursor: &mut Cursor<'_>) -> Option<TableDefinition> {
    let mut table = TableDefinition::default();
    if !cursor.accept_symbol(b'(') {
        return None;
    }
    loop {
        definition(cursor, &mut table)?;
        if cursor.accept_symbol(b')') {
            return Some(table);
        }
        if !cursor.accept_symbol(b',') {
            return None;
        }
    }
}

fn definition(cursor: &mut Cursor<'_>, table: &mut TableDefinition) -> Option<()> {
    if is_column(cursor) {
        let name = cursor.ident()?;
        let defined = column(cursor, name)?;
        if defined.primary {
            table.primary_key = Some(vec![defined.column.name.clone()]);
        }
        table.hidden += usize::from(defined.unique);
        table.columns.push(defined.column);
        return Some(());
    }
    table.hidden += hidden(cursor);
    if let Some(key) = primary_key(cursor)? {
        table.primary_key = Some(key);
    }
    skip_item(cursor);
    Some(())
}

/// How many columns a server may add for the key that is defined here.
pub(super) fn hidden(cursor: &Cursor<'_>) -> usize {
    let mut ahead = *cursor;
    let mut count = usize::from(ahead.is("UNIQUE"));
    while !ahead.is_symbol(b'(') {
        if ahead.is_end() || ahead.is_symbol(b',') || ahead.is_symbol(b')') {
            return count;
        }
        ahead.advance();
        count += usize::from(ahead.is("UNIQUE"));
    }
    while ahead.accept_symbol(b'(') || ahead.accept_symbol(b',') {
        count += usize::from(ahead.is_symbol(b'('));
        skip_item(&mut ahead);
    }
    count
}

/// Whether a column's definition begins here. MariaDB's periods add nothing that can be followed.
pub(super) fn is_column(cursor: &Cursor<'_>) -> bool {
    let vector_key = cursor.is("VECTOR") && (cursor.nth_is(1, "KEY") || cursor.nth_is(1, "INDEX"));
    let period = cursor.is("PERIOD") && cursor.nth_is(1, "FOR");
    cursor.is_name() && !cursor.is_one_of(&NO_COLUMN) && !vector_key && !period
}

/// The columns of `[CONSTRAINT [name]] PRIMARY KEY … (columns)`; `Some(None)` for other items.
pub(super) fn primary_key(cursor: &mut Cursor<'_>) -> Option<Option<Vec<String>>> {
    if cursor.accept(&["CONSTRAINT"]) && !cursor.is_one_of(&NO_COLUMN) {
        cursor.ident()?;
    }
    if !cursor.accept(&["PRIMARY", "KEY"]) {
        return Some(None);
    }
    while !cursor.accept_symbol(b'(') {
        if cursor.is_end() {
            return None;
        }
        cursor.advance();
    }
    let mut columns = Vec::new();
    loop {
        columns.push(cursor.ident()?);
        if cursor.is_symbol(b'(') {
            cursor.skip_group();
        }
        cursor.accept_any(&["ASC", "DESC"]);
        if cursor.accept_symbol(b')') {
            return Some(Some(columns));
        }
        if !cursor.accept_symbol(b',') {
            return None;
        }
    }
}

/// Passes over the rest of an item of a list.
pub(super) fn skip_item(cursor: &mut Cursor<'_>) {
    while let Some(kind) = cursor.kind() {
        match kind {
            Kind::Symbol(b',' | b')') => return,
            Kind::Symbol(b'(') => cursor.skip_group(),
            _ => cursor.advance(),
        }
    }
}

/// Type and attributes of a column.
pub(super) fn column(cursor: &mut Cursor<'_>, name: String) -> Option<Defined> {
    let mut column = ColumnDefinition {
        name,
        ..ColumnDefinition::default()
    };
    data_type(cursor, &mut column)?;
    let mut defined = Defined {
        column,
        primary: false,
        unique: false,
        place: Place::Unsaid,
    };
    while !matches!(cursor.kind(), None | Some(Kind::Symbol(b',' | b')'))) {
        attribute(cursor, &mut defined)?;
    }
    Some(defined)
}

fn data_type(cursor: &mut Cursor<'_>, column: &mut ColumnDefinition) -> Option<()> {
    let national = cursor.accept(&["NATIONAL"]);
    if cursor.kind() != Some(Kind::Word) {
        return None;
    }
    column.data_type = cursor.text().to_ascii_lowercase();
    cursor.advance();
    if national || column.data_type.starts_with("nchar") || column.data_type.starts_with("nvarchar") {
        column.charset = Some("utf8mb3".into());
    }
    match column.data_type.as_str() {
        "char" | "character" | "nchar" if cursor.accept(&["VARYING"]) || cursor.accept(&["VARCHAR"]) => {
            column.data_type = "varchar".into();
        }
        "long" => column.data_type = long(cursor).into(),
        "serial" => column.unsigned = true,
        _ => {}
    }
    if cursor.is_symbol(b'(') {
        arguments(cursor, column)?;
    }
    Some(())
}

/// `LONG [VARCHAR | VARBINARY]`
fn long(cursor: &mut Cursor<'_>) -> &'static str {
    if cursor.accept(&["VARBINARY"]) {
        return "mediumblob";
    }
    cursor.accept_any(&["VARCHAR", "CHAR", "CHARACTER", "VARYING"]);
    "mediumtext"
}

fn arguments(cursor: &mut Cursor<'_>, column: &mut ColumnDefinition) -> Option<()> {
    let mut inside = *cursor;
    cursor.skip_group();
    if !matches!(column.data_type.as_str(), "enum" | "set") {
        inside.advance();
        column.length = inside.text().parse().ok();
        inside.advance();
        if inside.accept_symbol(b',') {
            column.decimals = inside.text().parse().ok();
        }
        return Some(());
    }
    while !inside.is_end() && !inside.is_symbol(b')') {
        if inside.kind() == Some(Kind::Text) {
            column.members.push(inside.text());
        }
        inside.advance();
    }
    Some(())
}

fn attribute(cursor: &mut Cursor<'_>, defined: &mut Defined) -> Option<()> {
    if cursor.is_symbol(b'(') {
        cursor.skip_group();
    } else if cursor.accept(&["UNSIGNED"]) || cursor.accept(&["ZEROFILL"]) {
        defined.column.unsigned = true;
    } else if cursor.accept(&["CHARACTER", "SET"]) || cursor.accept(&["CHAR", "SET"]) || cursor.accept(&["CHARSET"]) {
        defined.column.charset = Some(word(cursor)?);
    } else if cursor.accept(&["BYTE"]) {
        defined.column.charset = Some("binary".into());
    } else if cursor.accept(&["COLLATE"]) {
        let collation = word(cursor)?;
        let charset = collation.split('_').next().unwrap_or_default().to_owned();
        defined.column.charset.get_or_insert(charset);
        defined.column.collation = Some(collation);
    } else if cursor.accept(&["PRIMARY"]) || (cursor.is("KEY") && !defined.primary) {
        defined.primary = true;
        cursor.accept(&["KEY"]);
    } else if cursor.accept(&["UNIQUE"]) {
        defined.unique = true;
        cursor.accept(&["KEY"]);
    } else if cursor.accept(&["AS"]) {
        defined.column.generated = true;
    } else if cursor.accept(&["FIRST"]) {
        defined.place = Place::First;
    } else if cursor.accept(&["AFTER"]) {
        defined.place = Place::After(cursor.ident()?);
    } else {
        cursor.advance();
    }
    Some(())
}

/// A name, in quotes or not.
pub(super) fn word(cursor: &mut Cursor<'_>) -> Option<String> {
    cursor.accept_symbol(b'=');
    let known = matches!(cursor.kind(), Some(Kind::Word | Kind::Quoted | Kind::Text));
    let word = known.then(|| cursor.text().to_ascii_lowercase())?;
    cursor.advance();
    Some(word)
}
