//! CREATE TABLE.

use super::columns;
use super::definition::TableDefinition;
use super::types;
use crate::cursor::Cursor;
use crate::lexer::Kind;

/// The table that the columns and options after the name of a CREATE TABLE make. `None` if they
/// cannot be followed, as with `CREATE TABLE … SELECT`.
pub(super) fn created(cursor: &mut Cursor<'_>) -> Option<TableDefinition> {
    let mut table = columns::definitions(cursor)?;
    let mut charset = None;
    let mut collation = None;
    while let Some(kind) = cursor.kind() {
        if cursor.is_one_of(&["SELECT", "TABLE", "AS", "VALUES"]) || cursor.are(&["WITH", "SYSTEM"]) {
            return None;
        } else if cursor.is("PARTITION") {
            break;
        } else if cursor.accept(&["CHARACTER", "SET"]) || cursor.accept(&["CHARSET"]) {
            charset = Some(columns::word(cursor)?);
        } else if cursor.accept(&["COLLATE"]) {
            collation = Some(columns::word(cursor)?);
        } else if kind == Kind::Symbol(b'(') {
            if query_begins(cursor) {
                return None;
            }
            cursor.skip_group();
        } else {
            cursor.advance();
        }
    }
    set_defaults(&mut table, charset, collation);
    Some(table)
}

fn query_begins(cursor: &Cursor<'_>) -> bool {
    let mut ahead = *cursor;
    while ahead.accept_symbol(b'(') {}
    ahead.is_one_of(&["SELECT", "WITH", "VALUES", "TABLE"])
}

fn set_defaults(table: &mut TableDefinition, charset: Option<String>, collation: Option<String>) {
    let of_collation = collation.as_deref().and_then(|name| name.split('_').next());
    let charset = charset.or_else(|| of_collation.map(str::to_owned));
    let plain = |column: &&mut super::ColumnDefinition| column.charset.is_none() && types::is_text(&column.data_type);
    for column in table.columns.iter_mut().filter(plain) {
        column.charset.clone_from(&charset);
        column.collation.clone_from(&collation);
    }
}
