//! CREATE, ALTER, DROP, RENAME and TRUNCATE of tables, indexes, views and databases.

use super::scan::{Named, Scan, Scanner, Spot};
use super::{Object, StatementKind};
use crate::TableName;
use crate::lexer::Kind;

/// First words of what `ALTER DATABASE` changes, where it leaves out the name.
const DATABASE_OPTIONS: [&str; 7] = [
    "CHARACTER",
    "CHARSET",
    "DEFAULT",
    "COLLATE",
    "ENCRYPTION",
    "READ",
    "COMMENT",
];

impl Scanner<'_> {
    /// After `CREATE TABLE` or `CREATE SEQUENCE`.
    pub(crate) fn create_table(&mut self) -> Scan<()> {
        self.if_exists();
        let table = self.write_table()?;
        let mut like = self.cursor;
        like.accept_symbol(b'(');
        if like.accept(&["LIKE"]) {
            self.cursor = like;
            return self.read_table();
        }
        self.clauses(&table)
    }

    /// After `ALTER TABLE` or `ALTER SEQUENCE`.
    pub(crate) fn alter_table(&mut self) -> Scan<()> {
        self.if_exists();
        let table = self.write_table()?;
        self.clauses(&table)
    }

    /// Columns, options and changes up to the end, for the other tables that they name.
    fn clauses(&mut self, table: &TableName) -> Scan<()> {
        while !self.cursor.is_end() {
            if !self.clause(table)? {
                return Err(self.expected("the end"));
            }
        }
        Ok(())
    }

    fn clause(&mut self, table: &TableName) -> Scan<bool> {
        match self.cursor.kind() {
            Some(Kind::Symbol(b'(')) => self.clause_group(table)?,
            Some(Kind::Symbol(b')')) => return Ok(false),
            Some(Kind::Symbol(b'.')) => self.member_name(),
            Some(Kind::Word) => self.clause_word(table)?,
            _ => self.cursor.advance(),
        }
        Ok(true)
    }

    fn member_name(&mut self) {
        self.cursor.advance();
        self.cursor.advance();
    }

    /// A parenthesis: a query, or definitions.
    fn clause_group(&mut self, table: &TableName) -> Scan<()> {
        let mut ahead = self.cursor;
        while ahead.accept_symbol(b'(') {}
        if ahead.is_one_of(&["SELECT", "WITH", "VALUES"]) {
            return self.group();
        }
        self.nested(|scanner| {
            while !scanner.cursor.is_end() && scanner.clause(table)? {}
            Ok(())
        })
    }

    fn clause_word(&mut self, table: &TableName) -> Scan<()> {
        if self.cursor.accept(&["REFERENCES"]) {
            return self.foreign_table(table);
        }
        if self.cursor.is("UNION") && (self.cursor.nth_is_symbol(1, b'=') || self.cursor.nth_is_symbol(1, b'(')) {
            return self.merged_tables();
        }
        if self.cursor.is("SELECT") || (self.cursor.is("WITH") && self.is_query_with()) {
            return self.expressions(&[]);
        }
        if self.cursor.accept(&["WITH", "TABLE"]) || self.cursor.accept(&["CONVERT", "TABLE"]) {
            return self.write_table().map(drop);
        }
        if self.cursor.accept(&["TO", "TABLE"]) {
            return self.write_table().map(drop);
        }
        if self.cursor.accept(&["AS", "TABLE"]) || self.cursor.accept(&["TABLE"]) {
            return self.read_table();
        }
        if self.cursor.accept(&["RENAME"]) {
            return self.renamed();
        }
        self.cursor.advance();
        Ok(())
    }

    /// Whether `WITH` begins common table expressions; else it is an option.
    fn is_query_with(&self) -> bool {
        let mut ahead = self.cursor;
        ahead.advance();
        ahead.accept(&["RECURSIVE"]);
        if ahead.ident().is_none() {
            return false;
        }
        if ahead.is_symbol(b'(') {
            ahead.skip_group();
        }
        ahead.accept(&["AS"]) && ahead.is_symbol(b'(')
    }

    /// A table named by a foreign key is in the schema of the key's table, unless it says.
    fn foreign_table(&mut self, table: &TableName) -> Scan<()> {
        let from = self.cursor;
        let name = self.name("a table's name")?;
        let qualified = name.schema.is_some();
        let foreign = TableName {
            schema: name.schema.unwrap_or_else(|| table.schema.clone()),
            table: name.name,
        };
        self.spot_table(from, &foreign, qualified, Some(table));
        self.read(Object::Table(foreign));
        Ok(())
    }

    /// MERGE: `UNION = (a, b)`
    fn merged_tables(&mut self) -> Scan<()> {
        self.cursor.advance();
        self.cursor.accept_symbol(b'=');
        if !self.cursor.accept_symbol(b'(') {
            return Err(self.expected("an opening parenthesis"));
        }
        while !self.cursor.accept_symbol(b')') {
            self.read_table()?;
            self.cursor.accept_symbol(b',');
        }
        Ok(())
    }

    /// `RENAME [TO] name`; columns and indexes are renamed inside the table.
    fn renamed(&mut self) -> Scan<()> {
        let inside = self.cursor.is_one_of(&["COLUMN", "INDEX", "KEY"]);
        if inside && !self.cursor.nth_is_symbol(1, b'.') && self.cursor.nth_kind(1).is_some() {
            return Ok(());
        }
        if !self.cursor.accept(&["TO"]) && !self.cursor.accept(&["AS"]) {
            self.cursor.accept_symbol(b'=');
        }
        self.write_table().map(drop)
    }

    /// After `DROP TABLE`, `DROP VIEW` or `DROP SEQUENCE`.
    pub(crate) fn drop_tables(&mut self) -> Scan<()> {
        self.if_exists();
        self.write_tables()?;
        self.cursor.accept_any(&["RESTRICT", "CASCADE", "NOWAIT"]);
        if self.cursor.accept(&["WAIT"]) {
            self.cursor.advance();
        }
        self.end()
    }

    /// After `RENAME TABLE`.
    pub(crate) fn rename_tables(&mut self) -> Scan<()> {
        self.if_exists();
        loop {
            self.write_table()?;
            self.wait();
            self.expect(&["TO"])?;
            self.write_table()?;
            if !self.cursor.accept_symbol(b',') {
                return self.end();
            }
        }
    }

    /// MariaDB: `WAIT 10`, `NOWAIT`
    fn wait(&mut self) {
        self.cursor.accept(&["NOWAIT"]);
        if self.cursor.accept(&["WAIT"]) {
            self.cursor.advance();
        }
    }

    /// After `TRUNCATE`.
    pub(crate) fn truncate(&mut self) -> Scan<()> {
        self.write_table()?;
        self.wait();
        self.cursor.accept_any(&["DROP", "REUSE", "STORAGE"]);
        self.end()
    }

    /// After `CREATE INDEX` or `DROP INDEX`.
    pub(crate) fn index(&mut self) -> Scan<()> {
        self.if_exists();
        self.ident("an index's name")?;
        while !self.cursor.is("ON") {
            if self.cursor.is_end() {
                return Err(self.expected("ON"));
            }
            self.cursor.advance();
        }
        self.expect(&["ON"])?;
        self.write_table().map(drop)
    }

    /// After `CREATE`, `ALTER` or `DROP DATABASE`.
    pub(crate) fn database(&mut self, kind: StatementKind) -> Scan<()> {
        self.if_exists();
        let unnamed = kind == StatementKind::AlterDatabase
            && (self.cursor.is_end()
                || (self.cursor.is_one_of(&DATABASE_OPTIONS) && !self.cursor.nth_is_symbol(1, b'=')))
            && self.cursor.kind() != Some(Kind::Quoted);
        let schema = if unnamed {
            self.default_schema()?
        } else {
            self.schema()?
        };
        self.write(Object::Schema(schema));
        Ok(())
    }

    fn schema(&mut self) -> Scan<String> {
        let from = self.cursor;
        let schema = self.ident("a database's name")?;
        self.spots.push(Spot {
            range: self.cursor.since(from),
            named: Named::Schema(schema.clone()),
        });
        Ok(schema)
    }

    /// After `CREATE VIEW` or `ALTER VIEW`.
    pub(crate) fn view(&mut self) -> Scan<()> {
        self.if_exists();
        self.write_table()?;
        if self.cursor.is_symbol(b'(') {
            self.cursor.skip_group();
        }
        self.expect(&["AS"])?;
        self.expressions(&[])
    }

    pub(crate) fn end(&mut self) -> Scan<()> {
        while self.cursor.accept_symbol(b';') {}
        if self.cursor.is_end() {
            Ok(())
        } else {
            Err(self.expected("the end"))
        }
    }
}
