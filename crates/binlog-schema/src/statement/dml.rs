//! INSERT, REPLACE, UPDATE, DELETE and LOAD DATA.

use std::ops::Range;

use super::Object;
use super::query::Reference;
use super::scan::{Named, Scan, Scanner, Spot};
use crate::cursor::Name;
use crate::lexer::Kind;

const MODIFIERS: [&str; 6] = [
    "LOW_PRIORITY",
    "HIGH_PRIORITY",
    "DELAYED",
    "QUICK",
    "IGNORE",
    "CONCURRENT",
];

impl Scanner<'_> {
    /// After `INSERT` or `REPLACE`.
    pub(crate) fn insert(&mut self) -> Scan<()> {
        self.cursor.accept_any(&MODIFIERS);
        self.cursor.accept(&["INTO"]);
        self.write_table()?;
        if self.cursor.accept(&["PARTITION"]) {
            self.cursor.skip_group();
        }
        if self.cursor.is_symbol(b'(') && !self.group_is_query() {
            self.cursor.skip_group();
        }
        self.expressions(&[])
    }

    fn group_is_query(&self) -> bool {
        let mut ahead = self.cursor;
        while ahead.accept_symbol(b'(') {}
        ahead.is_one_of(&["SELECT", "WITH", "TABLE", "VALUES"])
    }

    /// After `LOAD DATA` or `LOAD XML`.
    pub(crate) fn load(&mut self) -> Scan<()> {
        while !self.cursor.are(&["INTO", "TABLE"]) {
            if self.cursor.is_end() {
                return Err(self.expected("INTO TABLE"));
            }
            self.cursor.advance();
        }
        self.expect(&["INTO", "TABLE"])?;
        self.write_table()?;
        self.expressions(&[])
    }

    /// After `UPDATE`.
    pub(crate) fn update(&mut self) -> Scan<()> {
        self.cursor.accept_any(&MODIFIERS);
        let references = self.references()?;
        self.expect(&["SET"])?;
        let mut written = vec![false; references.len()];
        loop {
            self.assignment(&references, &mut written)?;
            if !self.cursor.accept_symbol(b',') {
                break;
            }
        }
        self.add_references(references, &written);
        self.expressions(&[])
    }

    /// `[[schema.]table.]column = expression`
    fn assignment(&mut self, references: &[Reference], written: &mut [bool]) -> Scan<()> {
        let mut parts = vec![self.ident("a column's name")?];
        while self.cursor.accept_symbol(b'.') {
            parts.push(self.cursor.text());
            self.cursor.advance();
        }
        parts.pop();
        let target = match (parts.pop(), parts.pop()) {
            (Some(name), schema) => Some(Name { schema, name }),
            (None, _) => None,
        };
        self.mark(target.as_ref(), references, written)?;
        self.assigned()
    }

    /// The value of an assignment, up to the next one.
    fn assigned(&mut self) -> Scan<()> {
        loop {
            match self.cursor.kind() {
                Some(Kind::Symbol(b'(')) => self.group()?,
                Some(Kind::Symbol(b'.')) => self.member(),
                Some(Kind::Symbol(b',' | b')' | b';')) | None => return Ok(()),
                Some(Kind::Word) if self.cursor.is_one_of(&["WHERE", "ORDER", "LIMIT", "RETURNING"]) => return Ok(()),
                Some(Kind::Word) if self.sequence()? => {}
                _ => self.cursor.advance(),
            }
        }
    }

    /// A column without its table may be one of any of them: then all count as written.
    fn mark(&self, target: Option<&Name>, references: &[Reference], written: &mut [bool]) -> Scan<()> {
        let Some(target) = target else {
            written.fill(true);
            return Ok(());
        };
        let index = self
            .find(target, references)
            .ok_or("an assignment's table is not among the tables")?;
        if let Some(flag) = written.get_mut(index) {
            *flag = true;
        }
        Ok(())
    }

    /// The table that a qualifier means: its alias, or its name where it has none.
    fn find(&self, target: &Name, references: &[Reference]) -> Option<usize> {
        let same = |a: &str, b: &str| a.to_lowercase() == b.to_lowercase();
        let schema = target.schema.as_deref().unwrap_or(self.default_schema);
        let by_alias = |reference: &Reference| {
            let alias = reference.alias.as_deref();
            alias.is_some_and(|alias| target.schema.is_none() && same(alias, &target.name))
        };
        let by_name = |reference: &Reference| reference.alias.is_none() && same(&reference.table.table, &target.name);
        let in_schema = |reference: &Reference| same(&reference.table.schema, schema);
        let unqualified = |reference: &Reference| target.schema.is_none() && by_name(reference);
        let exact = references
            .iter()
            .position(|r| by_alias(r) || (by_name(r) && in_schema(r)));
        exact.or_else(|| references.iter().position(unqualified))
    }

    fn add_references(&mut self, references: Vec<Reference>, written: &[bool]) {
        for (reference, written) in references.into_iter().zip(written) {
            let object = Object::Table(reference.table);
            if *written {
                self.write(object);
            } else {
                self.read(object);
            }
        }
    }

    /// After `DELETE`.
    pub(crate) fn delete(&mut self) -> Scan<()> {
        self.cursor.accept_any(&MODIFIERS);
        self.cursor.accept_any(&["HISTORY"]);
        if !self.cursor.accept(&["FROM"]) {
            let targets = self.delete_targets()?;
            self.expect(&["FROM"])?;
            return self.delete_among(&targets);
        }
        if self.multiple_targets() {
            let targets = self.delete_targets()?;
            self.expect(&["USING"])?;
            return self.delete_among(&targets);
        }
        let references = self.references()?;
        let written = vec![true; references.len()];
        self.add_references(references, &written);
        self.expressions(&[])
    }

    /// Whether `FROM a, b.* USING …` follows.
    fn multiple_targets(&self) -> bool {
        let mut ahead = self.cursor;
        while ahead.ident().is_some() {
            while ahead.accept_symbol(b'.') {
                ahead.advance();
            }
            if !ahead.accept_symbol(b',') {
                break;
            }
        }
        ahead.is("USING")
    }

    /// `a, b.*, c.d.*`, each with its place.
    fn delete_targets(&mut self) -> Scan<Vec<(Name, Range<usize>)>> {
        let mut targets = Vec::new();
        loop {
            let from = self.cursor;
            let mut parts = vec![self.ident("a table's name")?];
            let mut range = self.cursor.since(from);
            while self.cursor.accept_symbol(b'.') {
                let is_name = !self.cursor.is_symbol(b'*');
                if is_name {
                    parts.push(self.cursor.text());
                }
                self.cursor.advance();
                if is_name {
                    range = self.cursor.since(from);
                }
            }
            let name = parts.pop().unwrap_or_default();
            let schema = parts.pop();
            targets.push((Name { schema, name }, range));
            if !self.cursor.accept_symbol(b',') {
                return Ok(targets);
            }
        }
    }

    fn delete_among(&mut self, targets: &[(Name, Range<usize>)]) -> Scan<()> {
        let references = self.references()?;
        let mut written = vec![false; references.len()];
        for (target, range) in targets {
            let index = self
                .find(target, &references)
                .ok_or("a table to delete from is not among the tables")?;
            if let Some(flag) = written.get_mut(index) {
                *flag = true;
            }
            if let Some(reference) = references.get(index).filter(|reference| reference.alias.is_none()) {
                self.spots.push(Spot {
                    range: range.clone(),
                    named: Named::Table {
                        table: reference.table.clone(),
                        qualified: target.schema.is_some(),
                        owner: None,
                    },
                });
            }
        }
        self.add_references(references, &written);
        self.expressions(&[])
    }
}
