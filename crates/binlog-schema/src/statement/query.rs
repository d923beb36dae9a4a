//! Table references in queries and expressions.
//!
//! Where tables can stand (after `FROM`, `JOIN`, `TABLE`), the grammar is followed strictly; all
//! else is passed over, and only its parentheses are looked into.

use binlog_parser::event::Flavour;

use super::Object;
use super::scan::{Scan, Scanner};
use crate::TableName;
use crate::cursor::Name;
use crate::lexer::Kind;

/// Deepest nesting of parentheses that is followed; servers give up earlier.
const MAX_DEPTH: usize = 250;
/// Words that end a list of table references.
const AFTER_TABLES: [&str; 17] = [
    "WHERE",
    "GROUP",
    "HAVING",
    "ORDER",
    "LIMIT",
    "WINDOW",
    "UNION",
    "EXCEPT",
    "INTERSECT",
    "FOR",
    "LOCK",
    "INTO",
    "PROCEDURE",
    "RETURNING",
    "SET",
    "SELECT",
    "VALUES",
];
/// Words that begin a join.
const JOIN: [&str; 7] = ["JOIN", "INNER", "CROSS", "LEFT", "RIGHT", "NATURAL", "STRAIGHT_JOIN"];

/// A table in a list of table references.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) table: TableName,
    /// Whether the statement names the schema.
    pub(crate) qualified: bool,
    pub(crate) alias: Option<String>,
}

impl Scanner<'_> {
    /// Passes over expressions and queries up to one of these keywords, a closing parenthesis or a
    /// semicolon, and adds their tables to what is read.
    pub(crate) fn expressions(&mut self, stops: &[&str]) -> Scan<()> {
        let hidden = self.ctes.len();
        let mut in_select = false;
        while let Some(kind) = self.cursor.kind() {
            if matches!(kind, Kind::Symbol(b')' | b';')) || self.cursor.is_one_of(stops) {
                break;
            }
            match kind {
                Kind::Symbol(b'(') => self.group()?,
                Kind::Symbol(b'.') => self.member(),
                Kind::Word => self.word(&mut in_select)?,
                _ => self.cursor.advance(),
            }
        }
        self.ctes.truncate(hidden);
        Ok(())
    }

    /// A word in an expression or query, and what belongs to it.
    fn word(&mut self, in_select: &mut bool) -> Scan<()> {
        if self.cursor.is("SELECT") {
            *in_select = true;
            self.cursor.advance();
            return Ok(());
        }
        if *in_select && self.cursor.accept(&["FROM"]) {
            return self.read_references();
        }
        if self.cursor.is("WITH") {
            return self.with();
        }
        if self.cursor.accept(&["TABLE"]) {
            let reference = self.named()?;
            reference
                .into_iter()
                .for_each(|found| self.read(Object::Table(found.table)));
            return Ok(());
        }
        if self.cursor.is("JOIN") {
            return Err("there is a JOIN where none is expected".into());
        }
        if self.sequence()? {
            return Ok(());
        }
        self.cursor.advance();
        Ok(())
    }

    /// What follows a point is a name, whatever it looks like.
    pub(crate) fn member(&mut self) {
        self.cursor.advance();
        if self.cursor.kind() == Some(Kind::Word) {
            self.cursor.advance();
        }
    }

    /// A parenthesis and what it encloses.
    pub(crate) fn group(&mut self) -> Scan<()> {
        self.nested(|scanner| scanner.expressions(&[]))
    }

    /// Reads what a parenthesis encloses.
    pub(crate) fn nested<T>(&mut self, inside: impl FnOnce(&mut Self) -> Scan<T>) -> Scan<T> {
        self.enter()?;
        self.cursor.advance();
        let result = inside(self)?;
        if !self.cursor.accept_symbol(b')') {
            return Err(self.expected("a closing parenthesis"));
        }
        self.depth -= 1;
        Ok(result)
    }

    /// Goes one level deeper.
    pub(crate) fn enter(&mut self) -> Scan<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("it is nested too deep".into());
        }
        Ok(())
    }

    /// `WITH [RECURSIVE] name [(columns)] AS (query), …`. Any other `WITH` is an option.
    pub(crate) fn with(&mut self) -> Scan<()> {
        self.cursor.advance();
        let recursive = self.cursor.accept(&["RECURSIVE"]);
        while self.common_table_expression(recursive)? && self.cursor.accept_symbol(b',') {}
        Ok(())
    }

    fn common_table_expression(&mut self, recursive: bool) -> Scan<bool> {
        let mut ahead = self.cursor;
        let Some(name) = ahead.ident() else { return Ok(false) };
        if ahead.is_symbol(b'(') {
            ahead.skip_group();
        }
        if !ahead.accept(&["AS"]) || !ahead.is_symbol(b'(') {
            return Ok(false);
        }
        self.cursor = ahead;
        self.aliases.push(name.clone());
        if recursive {
            self.ctes.push(name.clone());
        }
        self.group()?;
        if !recursive {
            self.ctes.push(name);
        }
        self.cycle();
        Ok(true)
    }

    /// MariaDB: `CYCLE columns RESTRICT`
    fn cycle(&mut self) {
        if self.cursor.accept(&["CYCLE"]) {
            while !self.cursor.is_end() && !self.cursor.accept(&["RESTRICT"]) {
                self.cursor.advance();
            }
        }
    }

    /// MariaDB's sequences: `NEXT VALUE FOR s`, `NEXTVAL(s)` and `SETVAL(s, …)` change them.
    pub(crate) fn sequence(&mut self) -> Scan<bool> {
        if self.flavour != Flavour::MariaDb {
            return Ok(false);
        }
        let call = self.cursor.nth_is_symbol(1, b'(');
        let value_for = self.cursor.nth_is(1, "VALUE") && self.cursor.nth_is(2, "FOR");
        let writes = (call && self.cursor.is_one_of(&["NEXTVAL", "SETVAL"])) || (value_for && self.cursor.is("NEXT"));
        let reads = (call && self.cursor.is("LASTVAL")) || (value_for && self.cursor.is("PREVIOUS"));
        if !writes && !reads {
            return Ok(false);
        }
        for _ in 0..if call { 2 } else { 3 } {
            self.cursor.advance();
        }
        if writes {
            self.write_table()?;
        } else {
            self.read_table()?;
        }
        if call {
            self.expressions(&[])?;
            self.cursor.accept_symbol(b')');
        }
        Ok(true)
    }

    /// Table references that are only read.
    pub(crate) fn read_references(&mut self) -> Scan<()> {
        for reference in self.references()? {
            self.read(Object::Table(reference.table));
        }
        Ok(())
    }

    /// `a [AS] x JOIN b ON …, (c, d), (SELECT …) y`. Tables of subqueries count as read.
    pub(crate) fn references(&mut self) -> Scan<Vec<Reference>> {
        let mut found = Vec::new();
        self.factor(&mut found)?;
        while self.goes_on() {
            self.factor(&mut found)?;
        }
        Ok(found)
    }

    /// Passes over what stands between two tables; `false` where the list ends.
    fn goes_on(&mut self) -> bool {
        if self.cursor.accept_symbol(b',') {
            return true;
        }
        let joins = self.cursor.is_one_of(&JOIN) || self.cursor.are(&["FULL", "OUTER"]);
        if joins {
            self.cursor.accept_any(&[
                "NATURAL",
                "INNER",
                "CROSS",
                "LEFT",
                "RIGHT",
                "FULL",
                "OUTER",
                "JOIN",
                "STRAIGHT_JOIN",
            ]);
        }
        joins
    }

    /// One table, derived table or parenthesis, with its alias, hints and join condition.
    fn factor(&mut self, found: &mut Vec<Reference>) -> Scan<()> {
        let first = found.len();
        if self.cursor.accept_symbol(b'{') {
            self.enter()?;
            self.cursor.advance();
            found.extend(self.references()?);
            self.cursor.accept_symbol(b'}');
            self.depth -= 1;
        } else if self.cursor.accept(&["LATERAL"]) || self.cursor.is_symbol(b'(') {
            found.extend(self.nested(Self::parenthesis)?);
        } else if self.cursor.is("JSON_TABLE") && self.cursor.nth_is_symbol(1, b'(') {
            self.cursor.advance();
            self.group()?;
        } else if !self.cursor.accept(&["DUAL"]) {
            found.extend(self.named()?);
        }
        let alias = self.after_table()?;
        if found.len() == first + 1
            && let Some(reference) = found.last_mut()
        {
            reference.alias = alias;
        }
        self.condition()
    }

    /// Inside a parenthesis among table references: a query, or table references.
    fn parenthesis(&mut self) -> Scan<Vec<Reference>> {
        if self.cursor.is_one_of(&["SELECT", "WITH", "VALUES", "TABLE"]) {
            self.expressions(&[])?;
            return Ok(Vec::new());
        }
        let found = self.references()?;
        self.expressions(&[])?;
        Ok(found)
    }

    fn named(&mut self) -> Scan<Option<Reference>> {
        let from = self.cursor;
        let name = self.name("a table's name")?;
        if self.cursor.is_symbol(b'(') {
            return Err("a table function is not known".into());
        }
        if name.schema.is_none() && self.is_cte(&name) {
            return Ok(None);
        }
        let qualified = name.schema.is_some();
        let table = self.qualify(name)?;
        self.spot_table(from, &table, qualified, None);
        Ok(Some(Reference {
            table,
            qualified,
            alias: None,
        }))
    }

    fn is_cte(&self, name: &Name) -> bool {
        let name = name.name.to_lowercase();
        self.ctes.iter().any(|cte| cte.to_lowercase() == name)
    }

    /// Alias, partitions, index hints and period of a table; gives the alias.
    fn after_table(&mut self) -> Scan<Option<String>> {
        let mut alias = None;
        loop {
            if self.cursor.is_one_of(&["USE", "FORCE", "IGNORE"]) {
                self.index_hint();
            } else if self.cursor.are(&["FOR", "SYSTEM_TIME"]) || self.cursor.are(&["FOR", "PORTION"]) {
                self.period()?;
            } else if self.cursor.is_symbol(b'(') {
                self.group()?;
            } else if self.cursor.accept(&["PARTITION"]) || self.cursor.accept(&["AS"]) {
            } else if matches!(self.cursor.kind(), Some(Kind::Word | Kind::Quoted | Kind::Text)) && !self.ends_table() {
                let text = self.cursor.text();
                self.aliases.push(text.clone());
                alias = Some(text);
                self.cursor.advance();
            } else {
                return Ok(alias);
            }
        }
    }

    fn ends_table(&self) -> bool {
        self.cursor.is_one_of(&AFTER_TABLES)
            || self.cursor.is_one_of(&JOIN)
            || self.cursor.is_one_of(&["ON", "USING", "FROM"])
            || self.cursor.are(&["FULL", "OUTER"])
    }

    /// `USE INDEX FOR JOIN (…)`
    fn index_hint(&mut self) {
        while !self.cursor.is_end() && !self.cursor.is_symbol(b'(') {
            self.cursor.advance();
        }
        self.cursor.skip_group();
    }

    /// MariaDB: `FOR SYSTEM_TIME AS OF …`, `FOR PORTION OF p FROM … TO …`
    fn period(&mut self) -> Scan<()> {
        self.cursor.advance();
        let portion = self.cursor.accept(&["PORTION"]);
        if portion || !self.cursor.accept(&["SYSTEM_TIME", "AS", "OF"]) {
            self.cursor.accept(&["SYSTEM_TIME"]);
        }
        loop {
            match self.cursor.kind() {
                Some(Kind::Symbol(b'(')) => self.group()?,
                Some(Kind::Symbol(b',' | b')' | b';')) | None => return Ok(()),
                Some(Kind::Word) if self.ends_table() && !self.cursor.is("FROM") => return Ok(()),
                _ => self.cursor.advance(),
            }
        }
    }

    /// `ON condition`, `USING (columns)`. `ON DUPLICATE KEY` belongs to an INSERT.
    fn condition(&mut self) -> Scan<()> {
        while !self.cursor.are(&["ON", "DUPLICATE"]) && self.cursor.accept(&["ON"]) {
            self.join_condition()?;
        }
        if self.cursor.is("USING") && self.cursor.nth_is_symbol(1, b'(') {
            self.cursor.advance();
            self.cursor.skip_group();
        }
        Ok(())
    }

    fn join_condition(&mut self) -> Scan<()> {
        loop {
            let function = self.cursor.nth_is_symbol(1, b'(');
            match self.cursor.kind() {
                Some(Kind::Symbol(b'(')) => self.group()?,
                Some(Kind::Symbol(b'.')) => self.member(),
                Some(Kind::Symbol(b',' | b')' | b';' | b'}')) | None => return Ok(()),
                Some(Kind::Word) if self.ends_table() && !function => return Ok(()),
                Some(Kind::Word) if self.cursor.is_one_of(&["ON", "USING"]) => return Ok(()),
                _ => self.cursor.advance(),
            }
        }
    }
}
