//! What is gathered while a statement is read.

use std::borrow::Cow;
use std::ops::Range;

use binlog_parser::event::Flavour;

use super::Object;
use crate::TableName;
use crate::cursor::{Cursor, Name};

/// Why a statement cannot be judged.
pub(crate) type Why = Cow<'static, str>;
/// What reading a part of a statement gives.
pub(crate) type Scan<T> = Result<T, Why>;

/// First word of a statement, where its kind does not tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Create,
    Alter,
    Drop,
    /// SELECT or DO, which are in a log for what they call.
    Select,
    Other,
}

/// A name, and where in the statement it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spot {
    pub(crate) range: Range<usize>,
    pub(crate) named: Named,
}

/// What is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Named {
    Table {
        table: TableName,
        /// Whether its schema is named, too.
        qualified: bool,
        /// The table in whose schema it is, if its schema is not named.
        owner: Option<TableName>,
    },
    Schema(String),
}

/// A statement that is being read.
pub(crate) struct Scanner<'t> {
    pub(crate) cursor: Cursor<'t>,
    pub(crate) flavour: Flavour,
    pub(crate) default_schema: &'t str,
    pub(crate) writes: Vec<Object>,
    pub(crate) reads: Vec<Object>,
    pub(crate) verb: Verb,
    pub(crate) temporary: bool,
    /// Where names stand.
    pub(crate) spots: Vec<Spot>,
    /// Whether every name must be found: also those in the bodies of programs.
    pub(crate) finds_all: bool,
    /// Names that stand for tables, or for what queries give, and are no table's.
    pub(crate) aliases: Vec<String>,
    /// Names of common table expressions that hide tables here.
    pub(crate) ctes: Vec<String>,
    pub(crate) depth: usize,
}

impl<'t> Scanner<'t> {
    pub(crate) fn new(cursor: Cursor<'t>, default_schema: &'t str, flavour: Flavour) -> Self {
        Self {
            cursor,
            flavour,
            default_schema,
            writes: Vec::new(),
            reads: Vec::new(),
            verb: Verb::Other,
            temporary: false,
            spots: Vec::new(),
            finds_all: false,
            aliases: Vec::new(),
            ctes: Vec::new(),
            depth: 0,
        }
    }

    /// Adds to what is written, if it is not there yet. What is written is not listed as read, too.
    pub(crate) fn write(&mut self, object: Object) {
        if !self.writes.contains(&object) {
            self.writes.push(object);
        }
    }

    /// Adds to what is read, if it is not there yet.
    pub(crate) fn read(&mut self, object: Object) {
        if !self.reads.contains(&object) {
            self.reads.push(object);
        }
    }

    pub(crate) fn write_table(&mut self) -> Scan<TableName> {
        let table = self.table()?;
        self.write(Object::Table(table.clone()));
        Ok(table)
    }

    pub(crate) fn read_table(&mut self) -> Scan<()> {
        let table = self.table()?;
        self.read(Object::Table(table));
        Ok(())
    }

    /// `a, b, c`, all written.
    pub(crate) fn write_tables(&mut self) -> Scan<()> {
        self.write_table()?;
        while self.cursor.accept_symbol(b',') {
            self.write_table()?;
        }
        Ok(())
    }

    /// The table named here.
    pub(crate) fn table(&mut self) -> Scan<TableName> {
        let from = self.cursor;
        let name = self.name("a table's name")?;
        let qualified = name.schema.is_some();
        let table = self.qualify(name)?;
        self.spot_table(from, &table, qualified, None);
        Ok(table)
    }

    /// A program named here: its schema, and its name.
    pub(crate) fn program(&mut self) -> Scan<TableName> {
        let name = self.program_name()?;
        self.qualify(name)
    }

    pub(crate) fn program_name(&mut self) -> Scan<Name> {
        let from = self.cursor;
        let name = self.name("a program's name")?;
        if let Some(schema) = &name.schema {
            let mut after = from;
            after.advance();
            self.spots.push(Spot {
                range: after.since(from),
                named: Named::Schema(schema.clone()),
            });
        }
        Ok(name)
    }

    /// Takes note of the table that was named since this place. `owner` is the table whose schema is meant where the
    /// name has none; else it is the default one.
    pub(crate) fn spot_table(
        &mut self,
        from: Cursor<'_>,
        table: &TableName,
        qualified: bool,
        owner: Option<&TableName>,
    ) {
        self.spots.push(Spot {
            range: self.cursor.since(from),
            named: Named::Table {
                table: table.clone(),
                qualified,
                owner: owner.cloned(),
            },
        });
    }

    pub(crate) fn name(&mut self, what: &str) -> Scan<Name> {
        self.cursor.name().ok_or_else(|| self.expected(what))
    }

    pub(crate) fn ident(&mut self, what: &str) -> Scan<String> {
        self.cursor.ident().ok_or_else(|| self.expected(what))
    }

    /// The name with its schema, which is the default one if it has none.
    pub(crate) fn qualify(&self, name: Name) -> Scan<TableName> {
        let schema = match name.schema {
            Some(schema) => schema,
            None => self.default_schema()?,
        };
        Ok(TableName {
            schema,
            table: name.name,
        })
    }

    pub(crate) fn default_schema(&self) -> Scan<String> {
        if self.default_schema.is_empty() {
            return Err("a name has no schema, and there is no default database".into());
        }
        Ok(self.default_schema.to_owned())
    }

    pub(crate) fn expect(&mut self, keywords: &[&str]) -> Scan<()> {
        if self.cursor.accept(keywords) {
            return Ok(());
        }
        Err(self.expected(&keywords.join(" ")))
    }

    pub(crate) fn expected(&self, what: &str) -> Why {
        if self.cursor.is_end() {
            return format!("{what} is missing at the end").into();
        }
        let found: String = self.cursor.text().chars().take(40).collect();
        format!("{what} is expected where there is {found:?}").into()
    }

    /// `IF EXISTS` or `IF NOT EXISTS`
    pub(crate) fn if_exists(&mut self) {
        if !self.cursor.accept(&["IF", "NOT", "EXISTS"]) {
            self.cursor.accept(&["IF", "EXISTS"]);
        }
    }
}
