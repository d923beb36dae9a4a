//! Following the statements that make, change and remove tables.

use std::sync::Arc;

use binlog_parser::event::Flavour;

use super::{Entry, State, TableDefinition, alter, create, key};
use crate::cursor::Cursor;
use crate::lexer::Tokens;
use crate::statement::{Object, StatementKind, Touched, touched_in_mode};
use crate::{TableName, Unparsed};

/// Whether a statement may change what tables look like, from its first letters.
pub(super) fn may_define(sql: &[u8]) -> bool {
    let sql = sql.trim_ascii_start();
    let begins = |word: &[u8]| {
        sql.get(..word.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(word))
    };
    [
        &b"CREATE"[..],
        b"ALTER",
        b"DROP",
        b"RENAME",
        b"SET STATEMENT",
        b"/*",
        b"--",
        b"#",
        b"(",
    ]
    .iter()
    .any(|word| begins(word))
}

impl State {
    pub(super) fn follow(&mut self, sql: &[u8], default_schema: &str, flavour: Flavour, sql_mode: u64) {
        match touched_in_mode(sql, default_schema, flavour, sql_mode) {
            Ok(touched) => self.follow_known(&touched, sql, flavour, sql_mode),
            Err(Unparsed { kind: Some(kind), .. }) if !kind.is_ddl() => {}
            Err(_) => *self = Self::default(),
        }
    }

    fn follow_known(&mut self, touched: &Touched, sql: &[u8], flavour: Flavour, sql_mode: u64) {
        use StatementKind as Kind;
        let tables: Vec<&TableName> = touched.writes.iter().filter_map(table).collect();
        if touched.temporary {
            tables.iter().for_each(|name| self.forget(name));
            return;
        }
        let tokens = Tokens::read(sql, flavour, sql_mode);
        let cursor = tokens.as_ref().ok().map(Cursor::new);
        match (touched.kind, tables.as_slice(), cursor) {
            (Kind::CreateTable, [name], Some(cursor)) => self.create(name, touched, cursor),
            (Kind::AlterTable, [name, others @ ..], Some(cursor)) => self.alter(name, others, cursor),
            (Kind::DropTable, names, _) => names.iter().for_each(|name| self.drop(name)),
            (Kind::RenameTable, _, Some(cursor)) => self.rename_all(cursor, touched, tables.first().copied()),
            (Kind::DropIndex, [name], Some(cursor)) => self.drop_index(name, cursor),
            (Kind::CreateDatabase | Kind::DropDatabase, ..) => self.empty(touched, cursor),
            (kind, names, _) if changes_tables(kind) => names.iter().for_each(|name| self.forget(name)),
            _ => {}
        }
    }

    fn create(&mut self, name: &TableName, touched: &Touched, mut cursor: Cursor<'_>) {
        let mut if_not_exists = false;
        let mut replace = false;
        while !cursor.is_end() && !cursor.accept(&["TABLE"]) {
            replace |= cursor.is("REPLACE");
            cursor.advance();
        }
        if_not_exists |= cursor.accept(&["IF", "NOT", "EXISTS"]);
        let there = self.entry(name);
        match there {
            Some(Entry::Known(..)) if if_not_exists => return,
            Some(Entry::Absent) => {}
            _ if if_not_exists && !replace => return self.forget(name),
            _ => {}
        }
        let definition = cursor.name().and_then(|_| self.created(touched, &mut cursor));
        self.put(name, definition);
    }

    fn created(&self, touched: &Touched, cursor: &mut Cursor<'_>) -> Option<TableDefinition> {
        let mut like = *cursor;
        like.accept_symbol(b'(');
        if like.is("LIKE") {
            let other = touched.reads.first().and_then(table)?;
            return self.known(other).map(|table| TableDefinition::clone(&table));
        }
        create::created(cursor)
    }

    fn alter(&mut self, name: &TableName, others: &[&TableName], mut cursor: Cursor<'_>) {
        while !cursor.is_end() && !cursor.accept(&["TABLE"]) {
            cursor.advance();
        }
        cursor.accept(&["IF", "EXISTS"]);
        let known = self.known(name);
        let renamed = renames(&cursor);
        let definition = cursor.name().and_then(|_| {
            wait(&mut cursor);
            alter::altered(TableDefinition::clone(&*known?), &mut cursor)
        });
        match (others, renamed) {
            ([], _) => self.put(name, definition),
            ([new], true) => {
                self.drop(name);
                self.put(new, definition);
            }
            _ => std::iter::once(&name).chain(others).for_each(|name| self.forget(name)),
        }
    }

    /// The names in order are those of the statement; a name that comes twice is listed once in what is touched.
    fn rename_all(&mut self, mut cursor: Cursor<'_>, touched: &Touched, first: Option<&TableName>) {
        let pairs = rename_pairs(&mut cursor, first, touched);
        let Some(pairs) = pairs else {
            touched
                .writes
                .iter()
                .filter_map(table)
                .for_each(|name| self.forget(name));
            return;
        };
        for (old, new) in pairs {
            let definition = self.known(&old);
            self.drop(&old);
            self.put(&new, definition.as_deref().cloned());
        }
    }

    fn drop_index(&mut self, name: &TableName, mut cursor: Cursor<'_>) {
        while !cursor.is_end() && !cursor.accept(&["INDEX"]) {
            cursor.advance();
        }
        cursor.accept(&["IF", "EXISTS"]);
        if cursor.text().eq_ignore_ascii_case("PRIMARY")
            && let Some(known) = self.known(name)
        {
            let mut definition = TableDefinition::clone(&known);
            definition.primary_key = None;
            self.put(name, Some(definition));
        }
    }

    /// After CREATE DATABASE (not `IF NOT EXISTS`) and DROP DATABASE there is no table in it.
    fn empty(&mut self, touched: &Touched, cursor: Option<Cursor<'_>>) {
        let Some(Object::Schema(schema)) = touched.writes.first() else {
            return;
        };
        let conditional = cursor.is_none_or(|mut cursor| {
            cursor.advance();
            cursor.accept(&["OR", "REPLACE"]);
            cursor.advance();
            cursor.are(&["IF", "NOT", "EXISTS"])
        });
        if conditional {
            return;
        }
        let schema = schema.to_lowercase();
        self.tables.retain(|(of, _), _| *of != schema);
        self.seen_empty.insert(schema);
    }

    fn entry(&self, name: &TableName) -> Option<Entry> {
        let key = key(name);
        let empty = self.seen_empty.contains(&key.0);
        self.tables.get(&key).cloned().or(empty.then_some(Entry::Absent))
    }

    fn known(&self, name: &TableName) -> Option<Arc<TableDefinition>> {
        match self.tables.get(&key(name))? {
            Entry::Known(known, table) if known == name => Some(Arc::clone(table)),
            _ => None,
        }
    }

    /// A table whose name differs from a known one by case alone makes both unknown.
    fn put(&mut self, name: &TableName, definition: Option<TableDefinition>) {
        let key = key(name);
        let clash = matches!(self.tables.get(&key), Some(Entry::Known(known, _)) if known != name);
        let entry = match definition {
            Some(definition) if !clash => Entry::Known(name.clone(), Arc::new(definition)),
            _ => Entry::Unknown,
        };
        self.tables.insert(key, entry);
    }

    fn drop(&mut self, name: &TableName) {
        self.tables.insert(key(name), Entry::Absent);
    }

    fn forget(&mut self, name: &TableName) {
        self.tables.insert(key(name), Entry::Unknown);
    }
}

/// Kinds that change a table's columns or keys, and are not followed in another way.
fn changes_tables(kind: StatementKind) -> bool {
    matches!(
        kind,
        StatementKind::CreateTable | StatementKind::AlterTable | StatementKind::DropIndex
    )
}

fn table(object: &Object) -> Option<&TableName> {
    match object {
        Object::Table(name) => Some(name),
        _ => None,
    }
}

/// Whether an ALTER TABLE gives the table a new name.
fn renames(cursor: &Cursor<'_>) -> bool {
    let mut cursor = *cursor;
    while !cursor.is_end() {
        let inside = ["COLUMN", "INDEX", "KEY"].iter().any(|word| cursor.nth_is(1, word));
        if cursor.is("RENAME") && !inside {
            return true;
        }
        cursor.advance();
    }
    false
}

/// MariaDB: `WAIT 10`, `NOWAIT`
fn wait(cursor: &mut Cursor<'_>) {
    cursor.accept(&["NOWAIT"]);
    if cursor.accept(&["WAIT"]) {
        cursor.advance();
    }
}

/// `a TO b, c TO d`; names without a schema take the one of what is touched.
fn rename_pairs(
    cursor: &mut Cursor<'_>,
    first: Option<&TableName>,
    touched: &Touched,
) -> Option<Vec<(TableName, TableName)>> {
    while !cursor.is_end() && !cursor.accept(&["TABLE"]) && !cursor.accept(&["TABLES"]) {
        cursor.advance();
    }
    cursor.accept(&["IF", "EXISTS"]);
    let mut pairs = Vec::new();
    first?;
    loop {
        let old = full_name(cursor, touched)?;
        wait(cursor);
        if !cursor.accept(&["TO"]) {
            return None;
        }
        pairs.push((old, full_name(cursor, touched)?));
        if !cursor.accept_symbol(b',') {
            return Some(pairs);
        }
    }
}

/// The one touched table of this name; `None` if more than one could be meant.
fn full_name(cursor: &mut Cursor<'_>, touched: &Touched) -> Option<TableName> {
    let name = cursor.name()?;
    if let Some(schema) = name.schema {
        return Some(TableName::new(schema, name.name));
    }
    let mut found = touched
        .writes
        .iter()
        .filter_map(table)
        .filter(|table| table.table == name.name);
    let one = found.next()?.clone();
    found.next().is_none().then_some(one)
}
