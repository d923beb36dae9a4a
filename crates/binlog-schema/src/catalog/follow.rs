//! Following the statements that make, change and remove tables.

use std::sync::Arc;

use binlog_parser::event::Flavour;

use super::origin::{GivenBy, Origin};
use super::{Definition, Entry, State, TableDefinition, alter, columns, create, key};
use crate::cursor::Cursor;
use crate::lexer::Tokens;
use crate::statement::{Object, StatementKind, Touched, touched_in_mode};
use crate::{TableName, Unparsed};

/// Whether a statement may change what tables look like, from its first letters.
#[must_use]
pub fn may_define(sql: &[u8]) -> bool {
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
            Ok(touched) => self.follow_known(&touched, sql, default_schema, flavour, sql_mode),
            Err(Unparsed { kind: Some(kind), .. }) if !may_change_tables(kind) => {}
            Err(_) => self.forget_all(),
        }
    }

    fn follow_known(&mut self, touched: &Touched, sql: &[u8], default_schema: &str, flavour: Flavour, sql_mode: u64) {
        use StatementKind as Kind;
        let tables: Vec<&TableName> = touched.writes.iter().filter_map(table).collect();
        if touched.temporary {
            // From here on the name may mean another table; to drop that changes nothing.
            let hidden = tables.iter().filter(|_| touched.kind != Kind::DropTable);
            return hidden.for_each(|name| self.set(name, Entry::Unknown));
        }
        let tokens = Tokens::read(sql, flavour, sql_mode);
        let cursor = tokens.as_ref().ok().map(Cursor::new);
        match (touched.kind, tables.as_slice(), cursor) {
            (Kind::CreateTable, [name], Some(cursor)) => self.create(name, touched, cursor),
            (Kind::AlterTable, [name, others @ ..], Some(cursor)) => self.alter(name, others, cursor),
            (Kind::DropTable, names, _) => names.iter().for_each(|name| self.drop(name)),
            (Kind::RenameTable, _, Some(cursor)) => self.rename_all(cursor, &tables, default_schema),
            (Kind::CreateIndex, [name], Some(cursor)) => self.create_index(name, cursor),
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
            Some(Entry::Known(_)) if if_not_exists => return,
            _ if if_not_exists && !replace && self.is_named_by_server(name) => return,
            Some(Entry::Absent) => {}
            _ if if_not_exists && !replace => return self.forget(name),
            _ => {}
        }
        let created = cursor.name().and_then(|_| self.created(touched, &mut cursor));
        let (definition, given) = created.unzip();
        self.put(name, definition, given.flatten());
    }

    /// The table, and who gave the one that it is like.
    fn created(&self, touched: &Touched, cursor: &mut Cursor<'_>) -> Option<(TableDefinition, Option<GivenBy>)> {
        let mut like = *cursor;
        like.accept_symbol(b'(');
        if like.is("LIKE") {
            let other = touched.reads.first().and_then(table)?;
            let known = self.known(other)?;
            return Some((TableDefinition::clone(&known.table), known.origin.given().cloned()));
        }
        create::created(cursor).map(|table| (table, None))
    }

    fn alter(&mut self, name: &TableName, others: &[&TableName], mut cursor: Cursor<'_>) {
        while !cursor.is_end() && !cursor.accept(&["TABLE"]) {
            cursor.advance();
        }
        cursor.accept(&["IF", "EXISTS"]);
        let renamed = renames(&cursor);
        if cursor.name().is_none() {
            return self.forget(name);
        }
        wait(&mut cursor);
        if cursor.is("EXCHANGE") {
            return;
        }
        if others.is_empty() && self.is_named_by_server(name) && !alter::touches_columns(cursor) {
            return;
        }
        let known = self.known(name);
        let given = known.as_ref().and_then(|known| known.origin.given().cloned());
        let definition = known.and_then(|known| alter::altered(TableDefinition::clone(&known.table), &mut cursor));
        match (others, renamed) {
            ([], _) => self.put(name, definition, given),
            ([new], true) => {
                self.drop(name);
                self.put(new, definition, given);
            }
            _ => std::iter::once(&name).chain(others).for_each(|name| self.forget(name)),
        }
    }

    fn rename_all(&mut self, mut cursor: Cursor<'_>, tables: &[&TableName], default_schema: &str) {
        let Some(pairs) = rename_pairs(&mut cursor, default_schema) else {
            return tables.iter().for_each(|name| self.forget(name));
        };
        for (old, new) in pairs {
            let known = self.known(&old);
            self.drop(&old);
            let given = known.as_ref().and_then(|known| known.origin.given().cloned());
            self.put(&new, known.map(|known| TableDefinition::clone(&known.table)), given);
        }
    }

    fn create_index(&mut self, name: &TableName, mut cursor: Cursor<'_>) {
        cursor.accept(&["CREATE"]);
        let more = columns::hidden(&cursor);
        self.change_key(name, |table| table.hidden += more);
    }

    fn drop_index(&mut self, name: &TableName, mut cursor: Cursor<'_>) {
        while !cursor.is_end() && !cursor.accept(&["INDEX"]) {
            cursor.advance();
        }
        cursor.accept(&["IF", "EXISTS"]);
        if cursor.text().eq_ignore_ascii_case("PRIMARY") {
            self.change_server_tables(|table| table == name);
            self.change_key(name, |table| table.primary_key = None);
        }
    }

    /// Columns and where they come from stay the same.
    fn change_key(&mut self, name: &TableName, change: impl FnOnce(&mut TableDefinition)) {
        if let Some(known) = self.known(name) {
            let mut table = TableDefinition::clone(&known.table);
            change(&mut table);
            let known = Definition::clone(&known);
            let table = Arc::new(table);
            self.tables
                .insert(key(name), Entry::Known(Arc::new(Definition { table, ..known })));
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
        self.change_server_tables(|name| name.schema.to_lowercase() == schema);
        self.tables.retain(|(of, _), _| *of != schema);
        self.seen_empty.insert(schema);
    }

    /// What DDL and given texts tell of the table; `None` for nothing.
    pub(super) fn entry(&self, name: &TableName) -> Option<&Entry> {
        let key = key(name);
        let empty = self.seen_empty.contains(&key.0);
        self.tables.get(&key).or(empty.then_some(&Entry::Absent))
    }

    fn known(&self, name: &TableName) -> Option<Arc<Definition>> {
        match self.tables.get(&key(name))? {
            Entry::Known(known) if known.name == *name => Some(Arc::clone(known)),
            _ => None,
        }
    }

    /// A table whose name differs from a known one by case alone makes both unknown; so does a name of a column that
    /// is no UTF-8.
    fn put(&mut self, name: &TableName, table: Option<TableDefinition>, given: Option<GivenBy>) {
        let clash = matches!(self.tables.get(&key(name)), Some(Entry::Known(known)) if known.name != *name);
        let readable = |table: &TableDefinition| !table.columns.iter().any(|column| column.name.contains('\u{fffd}'));
        let entry = match table.filter(|table| !clash && readable(table)) {
            Some(table) => Entry::Known(Arc::new(Definition {
                name: name.clone(),
                table: Arc::new(table),
                origin: Origin::Ddl {
                    at: self.at.clone(),
                    given,
                },
            })),
            None => Entry::Unknown,
        };
        self.change(name, entry);
    }

    fn drop(&mut self, name: &TableName) {
        self.change(name, Entry::Absent);
    }

    fn forget(&mut self, name: &TableName) {
        self.change(name, Entry::Unknown);
    }

    fn change(&mut self, name: &TableName, entry: Entry) {
        self.change_server_tables(|table| table == name);
        self.set(name, entry);
    }

    fn set(&mut self, name: &TableName, entry: Entry) {
        self.tables.insert(key(name), entry);
    }

    /// Any table may have changed.
    fn forget_all(&mut self) {
        self.change_server_tables(|_| true);
        self.tables.clear();
        self.seen_empty.clear();
    }
}

/// Kinds that change what a table is, or which tables there are.
fn may_change_tables(kind: StatementKind) -> bool {
    use StatementKind as Kind;
    changes_tables(kind)
        || matches!(
            kind,
            Kind::DropTable | Kind::RenameTable | Kind::CreateIndex | Kind::CreateDatabase | Kind::DropDatabase
        )
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

/// `a TO b, c TO d`
fn rename_pairs(cursor: &mut Cursor<'_>, default_schema: &str) -> Option<Vec<(TableName, TableName)>> {
    while !cursor.is_end() && !cursor.accept(&["TABLE"]) && !cursor.accept(&["TABLES"]) {
        cursor.advance();
    }
    cursor.accept(&["IF", "EXISTS"]);
    let mut pairs = Vec::new();
    loop {
        let old = full_name(cursor, default_schema)?;
        wait(cursor);
        if !cursor.accept(&["TO"]) {
            return None;
        }
        pairs.push((old, full_name(cursor, default_schema)?));
        if !cursor.accept_symbol(b',') {
            return Some(pairs);
        }
    }
}

fn full_name(cursor: &mut Cursor<'_>, default_schema: &str) -> Option<TableName> {
    let name = cursor.name()?;
    let schema = name.schema.unwrap_or_else(|| default_schema.to_owned());
    Some(TableName::new(schema, name.name))
}
