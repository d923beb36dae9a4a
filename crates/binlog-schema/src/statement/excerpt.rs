//! The beginning of a statement, for error messages.

use binlog_parser::event::Flavour;

use crate::cursor::Cursor;
use crate::lexer::{Kind, Tokens};

/// Longest excerpt, in characters.
const LIMIT: usize = 200;

/// The statement's beginning. Strings are left out, which may hold passwords or a person's data.
pub(crate) fn of(sql: &[u8], flavour: Flavour, sql_mode: u64) -> String {
    let Ok(tokens) = Tokens::read(sql, flavour, sql_mode) else {
        return up_to_a_quote(sql);
    };
    let mut cursor = Cursor::new(&tokens);
    let mut out = String::new();
    while !cursor.is_end() && out.len() < LIMIT {
        push(&mut out, &cursor);
        cursor.advance();
    }
    shorten(&out, !cursor.is_end())
}

fn push(out: &mut String, cursor: &Cursor<'_>) {
    if !out.is_empty() && !out.ends_with(['(', '.']) && !matches!(cursor.kind(), Some(Kind::Symbol(b'.' | b',' | b')')))
    {
        out.push(' ');
    }
    match cursor.kind() {
        Some(Kind::Text) => out.push_str("'…'"),
        _ => out.push_str(&String::from_utf8_lossy(cursor.raw())),
    }
}

/// What cannot be cut into tokens is shown up to its first quote.
fn up_to_a_quote(sql: &[u8]) -> String {
    let end = sql.iter().position(|byte| matches!(byte, b'\'' | b'"'));
    let text = String::from_utf8_lossy(sql.get(..end.unwrap_or(sql.len())).unwrap_or_default());
    shorten(&text, end.is_some())
}

fn shorten(text: &str, more: bool) -> String {
    let mut short: String = text.chars().take(LIMIT).collect();
    if more || short.len() < text.len() {
        short.push('…');
    }
    short
}
