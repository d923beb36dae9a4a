//! Stored programs: triggers, routines and events, and the statements in their bodies.

use super::Object;
use super::scan::{Scan, Scanner, Verb};
use crate::TableName;
use crate::lexer::Kind;

/// First words of statements in bodies whose names are not looked for.
const NOT_FOLLOWED: [&str; 12] = [
    "CREATE", "ALTER", "DROP", "TRUNCATE", "RENAME", "CALL", "LOCK", "LOAD", "PREPARE", "EXECUTE", "ANALYZE",
    "OPTIMIZE",
];

impl Scanner<'_> {
    /// After `TRIGGER`.
    pub(crate) fn trigger(&mut self) -> Scan<()> {
        match self.verb {
            Verb::Drop => self.drop_trigger(),
            _ => self.create_trigger(),
        }
    }

    fn create_trigger(&mut self) -> Scan<()> {
        self.if_exists();
        let name = self.program_name()?;
        while !self.cursor.is("ON") {
            if self.cursor.is_end() {
                return Err(self.expected("ON"));
            }
            self.cursor.advance();
        }
        self.expect(&["ON"])?;
        let table = self.table()?;
        self.write(Object::Trigger {
            schema: name.schema.unwrap_or_else(|| table.schema.clone()),
            name: name.name,
            table: Some(table),
        });
        self.body()
    }

    fn drop_trigger(&mut self) -> Scan<()> {
        self.if_exists();
        let TableName { schema, table: name } = self.program()?;
        self.write(Object::Trigger {
            schema,
            name,
            table: None,
        });
        self.end()
    }

    /// After `PROCEDURE`, `FUNCTION` or `PACKAGE`. Loadable functions belong to no schema.
    pub(crate) fn routine(&mut self) -> Scan<()> {
        self.if_exists();
        let unqualified_drop = self.verb == Verb::Drop && !self.cursor.nth_is_symbol(1, b'.');
        if self.is_loadable() || (unqualified_drop && self.default_schema.is_empty()) {
            self.global();
            return Ok(());
        }
        let TableName { schema, table: name } = self.program()?;
        self.write(Object::Routine { schema, name });
        self.body()
    }

    /// Whether the function comes from a library: `RETURNS type SONAME 'file'`.
    fn is_loadable(&self) -> bool {
        let mut ahead = self.cursor;
        ahead.ident();
        ahead.accept(&["RETURNS"]) && ahead.nth_is(1, "SONAME")
    }

    /// After `EVENT`.
    pub(crate) fn event(&mut self) -> Scan<()> {
        self.if_exists();
        let TableName { schema, table: name } = self.program()?;
        self.write(Object::Event {
            schema: schema.clone(),
            name,
        });
        while !self.cursor.is_end() {
            if self.cursor.accept(&["RENAME", "TO"]) {
                let TableName { schema, table: name } = self.program()?;
                self.write(Object::Event { schema, name });
            } else if self.cursor.is("DO") {
                return self.body();
            } else {
                self.cursor.advance();
            }
        }
        Ok(())
    }

    /// The tables of a body count as read: making the program does not change them. A body that
    /// cannot be followed adds none.
    fn body(&mut self) -> Scan<()> {
        let (writes, reads) = (self.writes.clone(), self.reads.clone());
        let read = self.statements();
        if self.finds_all {
            read?;
        } else if read.is_err() {
            (self.writes, self.reads) = (writes, reads);
            return Ok(());
        }
        let own = writes.len();
        for object in self.writes.split_off(own) {
            self.read(object);
        }
        Ok(())
    }

    /// Goes from one statement of the body to the next.
    fn statements(&mut self) -> Scan<()> {
        let mut starts = true;
        while let Some(kind) = self.cursor.kind() {
            if starts && self.statement()? {
                starts = false;
                continue;
            }
            starts = self.before_statement();
            match kind {
                Kind::Symbol(b'(') => self.group()?,
                _ => self.cursor.advance(),
            }
        }
        Ok(())
    }

    /// Whether a statement may follow this token.
    fn before_statement(&self) -> bool {
        self.cursor.is_symbol(b';')
            || self.cursor.is_symbol(b':')
            || self.cursor.is_one_of(&[
                "BEGIN", "THEN", "ELSE", "DO", "LOOP", "REPEAT", "ROW", "HANDLER", "FOR", "RETURN",
            ])
            || self.cursor.is_symbol(b')')
    }

    /// A statement that names tables; `false` if another one begins here.
    fn statement(&mut self) -> Scan<bool> {
        if self.cursor.nth_is_symbol(1, b'(') && !self.cursor.is("SELECT") {
            return Ok(false);
        }
        if self.finds_all && self.cursor.is_one_of(&NOT_FOLLOWED) && self.cursor.nth_kind(1) == Some(Kind::Word) {
            let word = self.cursor.text();
            return Err(format!("names in {word} statements of a program's body are not looked for").into());
        }
        let hidden = self.ctes.len();
        if self.cursor.is("WITH") {
            self.with()?;
        }
        if self.cursor.accept(&["INSERT"]) || self.cursor.accept(&["REPLACE"]) {
            self.insert()?;
        } else if self.cursor.accept(&["UPDATE"]) {
            self.update()?;
        } else if self.cursor.accept(&["DELETE"]) {
            self.delete()?;
        } else if self.cursor.is("SELECT") {
            self.expressions(&[])?;
        } else {
            return Ok(false);
        }
        self.ctes.truncate(hidden);
        Ok(true)
    }
}
