//! ALTER TABLE.

use std::collections::HashSet;

use super::columns::{self, Defined, Place};
use super::definition::TableDefinition;
use super::types;
use crate::cursor::Cursor;

/// Begins a column's new name while another column has that name: `RENAME COLUMN a TO b, RENAME COLUMN b TO a`.
const TAKEN: char = '\0';

/// The table after the actions of an ALTER TABLE. `None` if they cannot be followed.
pub(super) fn altered(mut table: TableDefinition, cursor: &mut Cursor<'_>) -> Option<TableDefinition> {
    loop {
        action(&mut table, cursor)?;
        columns::skip_item(cursor);
        if !cursor.accept_symbol(b',') {
            break;
        }
    }
    (cursor.is_end() && give_taken_names(&mut table)).then_some(table)
}

/// Gives columns the names that others had. Returns whether each has a name of its own.
fn give_taken_names(table: &mut TableDefinition) -> bool {
    let columns = table.columns.iter_mut().map(|column| &mut column.name);
    let parts = table.primary_key.iter_mut().flatten();
    let mut taken = false;
    for name in columns.chain(parts).filter(|name| name.starts_with(TAKEN)) {
        name.remove(0);
        taken = true;
    }
    let names = || table.columns.iter().map(|column| column.name.to_lowercase());
    !taken || names().collect::<HashSet<_>>().len() == table.columns.len()
}

/// Whether the actions of an ALTER TABLE may change columns or the primary key.
pub(super) fn touches_columns(mut cursor: Cursor<'_>) -> bool {
    loop {
        if action_touches_columns(cursor) {
            return true;
        }
        columns::skip_item(&mut cursor);
        if !cursor.accept_symbol(b',') {
            return !cursor.is_end();
        }
    }
}

fn action_touches_columns(mut cursor: Cursor<'_>) -> bool {
    const KEYS: [&str; 8] = [
        "INDEX",
        "KEY",
        "UNIQUE",
        "FULLTEXT",
        "SPATIAL",
        "FOREIGN",
        "CHECK",
        "PARTITION",
    ];
    if cursor.accept(&["RENAME"]) {
        return !cursor.is_one_of(&KEYS);
    }
    if cursor.accept(&["ADD"]) {
        if cursor.accept(&["CONSTRAINT"]) && !cursor.is_one_of(&KEYS) && !cursor.is("PRIMARY") {
            cursor.advance();
        }
        return !cursor.is_one_of(&KEYS);
    }
    if !cursor.accept(&["DROP"]) {
        return cursor.is_one_of(&["CHANGE", "MODIFY", "CONVERT"]);
    }
    let of_key = cursor.is_one_of(&KEYS) || cursor.is("CONSTRAINT");
    cursor.advance();
    cursor.accept(&["IF", "EXISTS"]);
    !of_key || same(&cursor.text(), "PRIMARY")
}

fn action(table: &mut TableDefinition, cursor: &mut Cursor<'_>) -> Option<()> {
    if cursor.accept(&["ADD"]) {
        add(table, cursor)
    } else if cursor.accept(&["DROP"]) {
        drop(table, cursor)
    } else if cursor.accept(&["CHANGE"]) {
        change(table, cursor)
    } else if cursor.accept(&["MODIFY"]) {
        modify(table, cursor)
    } else if cursor.accept(&["RENAME", "COLUMN"]) {
        rename_column(table, cursor)
    } else if cursor.accept(&["CONVERT", "TO"]) {
        convert(table, cursor)
    } else {
        Some(())
    }
}

fn add(table: &mut TableDefinition, cursor: &mut Cursor<'_>) -> Option<()> {
    if cursor.are(&["SYSTEM", "VERSIONING"]) || cursor.are(&["PERIOD", "FOR"]) {
        return None;
    }
    if cursor.is("PARTITION") {
        return Some(());
    }
    let named_column = cursor.accept(&["COLUMN"]);
    let if_not_exists = cursor.accept(&["IF", "NOT", "EXISTS"]);
    if cursor.is_symbol(b'(') {
        let more = columns::definitions(cursor)?;
        if if_not_exists || more.columns.iter().any(|column| index(table, &column.name).is_some()) {
            return None;
        }
        table.columns.extend(more.columns);
        table.hidden += more.hidden;
        table.primary_key = more.primary_key.or(table.primary_key.take());
        return Some(());
    }
    if !named_column && !columns::is_column(cursor) {
        table.hidden += columns::hidden(cursor);
        if let Some(key) = columns::primary_key(cursor)? {
            table.primary_key = Some(key);
        }
        return Some(());
    }
    let name = cursor.ident()?;
    let defined = columns::column(cursor, name)?;
    match index(table, &defined.column.name) {
        None => insert(table, defined),
        Some(_) => if_not_exists.then_some(()),
    }
}

fn insert(table: &mut TableDefinition, defined: Defined) -> Option<()> {
    let at = match &defined.place {
        Place::Unsaid => table.columns.len(),
        Place::First => 0,
        Place::After(name) => index(table, name)? + 1,
    };
    if defined.primary {
        table.primary_key = Some(vec![defined.column.name.clone()]);
    }
    table.hidden += usize::from(defined.unique);
    table.columns.insert(at, defined.column);
    Some(())
}

fn drop(table: &mut TableDefinition, cursor: &mut Cursor<'_>) -> Option<()> {
    if cursor.accept(&["PRIMARY", "KEY"]) {
        table.primary_key = None;
        return Some(());
    }
    if cursor.are(&["SYSTEM", "VERSIONING"]) || cursor.are(&["PERIOD", "FOR"]) {
        return None;
    }
    if cursor.is_one_of(&["INDEX", "KEY", "FOREIGN", "CHECK", "CONSTRAINT", "PARTITION"]) {
        return dropped_key(table, cursor);
    }
    cursor.accept(&["COLUMN"]);
    let if_exists = cursor.accept(&["IF", "EXISTS"]);
    let name = cursor.ident()?;
    let Some(at) = index(table, &name) else {
        return if_exists.then_some(());
    };
    let column = table.columns.remove(at);
    if let Some(key) = &mut table.primary_key {
        key.retain(|part| !same(part, &column.name));
    }
    table.primary_key = table.primary_key.take().filter(|key| !key.is_empty());
    Some(())
}

/// ``DROP INDEX `PRIMARY` `` and `DROP CONSTRAINT PRIMARY` drop the primary key, too.
fn dropped_key(table: &mut TableDefinition, cursor: &mut Cursor<'_>) -> Option<()> {
    let index = cursor.is_one_of(&["INDEX", "KEY", "CONSTRAINT"]);
    cursor.advance();
    cursor.accept(&["IF", "EXISTS"]);
    if index && same(&cursor.text(), "PRIMARY") {
        table.primary_key = None;
    }
    Some(())
}

fn change(table: &mut TableDefinition, cursor: &mut Cursor<'_>) -> Option<()> {
    cursor.accept(&["COLUMN"]);
    let if_exists = cursor.accept(&["IF", "EXISTS"]);
    let old = cursor.ident()?;
    let new = cursor.ident()?;
    replace(table, cursor, &old, new, if_exists)
}

fn modify(table: &mut TableDefinition, cursor: &mut Cursor<'_>) -> Option<()> {
    cursor.accept(&["COLUMN"]);
    let if_exists = cursor.accept(&["IF", "EXISTS"]);
    let name = cursor.ident()?;
    replace(table, cursor, &name.clone(), name, if_exists)
}

fn replace(
    table: &mut TableDefinition,
    cursor: &mut Cursor<'_>,
    old: &str,
    new: String,
    if_exists: bool,
) -> Option<()> {
    let mut defined = columns::column(cursor, new)?;
    let Some(at) = index(table, old) else {
        return if_exists.then_some(());
    };
    let before = table.columns.remove(at);
    defined.column.name = free(table, defined.column.name);
    if defined.primary {
        table.primary_key = Some(vec![defined.column.name.clone()]);
    }
    if same(&before.name, &defined.column.name) {
        defined.column.name = before.name;
    } else {
        rename_in_key(table, &before.name, &defined.column.name);
    }
    match defined.place {
        Place::Unsaid => table.columns.insert(at, defined.column),
        _ => insert(table, defined)?,
    }
    Some(())
}

fn rename_column(table: &mut TableDefinition, cursor: &mut Cursor<'_>) -> Option<()> {
    let if_exists = cursor.accept(&["IF", "EXISTS"]);
    let old = cursor.ident()?;
    if !cursor.accept(&["TO"]) {
        return None;
    }
    let new = cursor.ident()?;
    let Some(at) = index(table, &old) else {
        return if_exists.then_some(());
    };
    let new = match same(&old, &new) {
        true => new,
        false => free(table, new),
    };
    rename_in_key(table, &old, &new);
    table.columns.get_mut(at)?.name = new;
    Some(())
}

/// The name, marked if another column has it.
fn free(table: &TableDefinition, name: String) -> String {
    match index(table, &name) {
        Some(_) => format!("{TAKEN}{name}"),
        None => name,
    }
}

fn rename_in_key(table: &mut TableDefinition, old: &str, new: &str) {
    for part in table.primary_key.iter_mut().flatten() {
        if same(part, old) {
            new.clone_into(part);
        }
    }
}

/// `CONVERT TO CHARACTER SET x [COLLATE y]`
fn convert(table: &mut TableDefinition, cursor: &mut Cursor<'_>) -> Option<()> {
    if !cursor.accept(&["CHARACTER", "SET"]) && !cursor.accept(&["CHARSET"]) {
        return None;
    }
    let charset = columns::word(cursor)?;
    let collation = match cursor.accept(&["COLLATE"]) {
        true => Some(columns::word(cursor)?),
        false => None,
    };
    let charset = (charset != "default").then_some(charset);
    for column in table
        .columns
        .iter_mut()
        .filter(|column| types::is_text(&column.data_type))
    {
        column.charset.clone_from(&charset);
        column.collation.clone_from(&collation);
        // The server makes it larger where the characters need more bytes.
        if column.data_type.ends_with("text") {
            types::ANY_TEXT.clone_into(&mut column.data_type);
        }
    }
    Some(())
}

/// Names of columns do not differ by case.
fn index(table: &TableDefinition, name: &str) -> Option<usize> {
    table.columns.iter().position(|column| same(&column.name, name))
}

fn same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}
