//! Statements that change rows.

use super::grammar::{Grammar, Table};

impl Grammar {
    pub(super) fn change(&mut self) -> String {
        match self.rng.u32(..12) {
            0..=4 => self.insert(),
            5 | 6 => self.update(),
            7 => self.update_several(),
            8 | 9 => self.delete(),
            _ => self.delete_several(),
        }
    }

    fn insert(&mut self) -> String {
        let table = self.table();
        let is_replace = self.chance(25);
        let verb = match (is_replace, self.rng.u32(..6)) {
            (true, 0) => "REPLACE LOW_PRIORITY",
            (true, _) => "REPLACE",
            (false, 0) => "INSERT IGNORE",
            (false, 1) => "INSERT HIGH_PRIORITY",
            (false, _) => "INSERT",
        };
        let (verb, into, gap) = (self.word(verb), self.maybe(85, " INTO"), self.gap());
        let (name, partition) = (self.name(table), self.partition(table));
        let head = format!("{verb}{into}{gap}{name}{partition}");
        let columns = self.one(&[1, 2, 4]);
        let list = ["id", "`a`", "b", "c"][..columns].join(", ");
        let tail = self.on_duplicate(is_replace);
        match self.rng.u32(..10) {
            0 => format!("{head} SET id = {}, a = 2{tail}", self.value()),
            1..=3 => {
                let values: Vec<String> = (0..columns).map(|_| self.value()).collect();
                let word = self.one(&["VALUES", "VALUE"]);
                format!(
                    "{head} ({list}) {word} ({}), ({}){tail}",
                    values.join(", "),
                    values.join(", ")
                )
            }
            4 => format!("{head} () VALUES (){tail}"),
            5 if self.is_mysql() => format!("{head} ({list}) VALUES ROW({}){tail}", vec!["1"; columns].join(", ")),
            6 if !self.is_mysql() => format!("{head} ({list}) {} RETURNING id", self.query(columns)),
            7 => format!("{head} ({list}) ({}){tail}", self.query(columns)),
            8 => format!("{head} {}{tail}", self.query(4)),
            _ => format!("{head} ({list}) {}{tail}", self.query(columns)),
        }
    }

    fn value(&mut self) -> String {
        match self.chance(75) {
            true => self
                .one(&["1", "2.5", "DEFAULT", "NULL", "'into shop.items values'"])
                .to_owned(),
            false => format!("({})", self.query(1)),
        }
    }

    fn on_duplicate(&mut self, is_replace: bool) -> String {
        if is_replace || !self.chance(15) {
            return String::new();
        }
        let value = match self.chance(50) {
            true => "VALUES(a)".to_owned(),
            false => format!("({})", self.query(1)),
        };
        format!(" ON DUPLICATE KEY UPDATE a = {value}")
    }

    fn partition(&mut self, table: Table) -> &'static str {
        match table.name == "parts" && self.chance(30) {
            true => " PARTITION (p0, p1)",
            false => "",
        }
    }

    fn update(&mut self) -> String {
        let table = self.table();
        let (name, alias) = (self.name(table), self.alias());
        let (target, refs) = match self.chance(40) {
            true => (format!("{name} AS {alias}"), vec![alias]),
            false => (format!("{name}{}", self.partition(table)), vec![name.clone()]),
        };
        let verb = match self.rng.u32(..6) {
            0 => "UPDATE IGNORE",
            1 => "UPDATE LOW_PRIORITY",
            _ => "UPDATE",
        };
        let (verb, gap, value) = (self.word(verb), self.gap(), self.expression(&refs));
        let (set, condition) = (self.word("SET"), self.condition(&refs));
        let tail = self.one(&["", "", " ORDER BY id", " LIMIT 2", " ORDER BY id LIMIT 1"]);
        let (with, used) = self.common_table();
        format!("{with}{verb}{gap}{target} {set} b = {value}, `c` = 1 WHERE {condition}{used}{tail}")
    }

    /// A common table expression before a statement, and a condition that uses it.
    fn common_table(&mut self) -> (String, &'static str) {
        match self.is_mysql() && self.chance(8) {
            true => (
                format!("WITH some (p) AS ({}) ", self.query(1)),
                " AND 1 IN (SELECT p FROM some)",
            ),
            false => (String::new(), ""),
        }
    }

    fn update_several(&mut self) -> String {
        let (from, refs) = self.sources();
        let of = self.rng.usize(..refs.len());
        let mut set = format!("{}.b = {}", refs[of], self.expression(&refs));
        if self.chance(30) {
            set += &format!(", {} = 1", self.column(&refs));
        }
        let (verb, gap) = (self.word("UPDATE"), self.gap());
        let mut text = format!("{verb}{gap}{from} SET {set}");
        if self.chance(60) {
            text += &format!(" WHERE {}", self.condition(&refs));
        }
        text
    }

    fn delete(&mut self) -> String {
        let table = self.table();
        let name = self.name(table);
        let verb = match self.rng.u32(..6) {
            0 => "DELETE IGNORE",
            1 => "DELETE QUICK",
            2 => "DELETE LOW_PRIORITY",
            _ => "DELETE",
        };
        let (verb, gap) = (self.word(verb), self.gap());
        let condition = self.condition(std::slice::from_ref(&name));
        let tail = self.one(&["", "", " ORDER BY id", " LIMIT 2", " ORDER BY b DESC LIMIT 1"]);
        let ((with, used), partition) = (self.common_table(), self.partition(table));
        format!("{with}{verb}{gap}FROM {name}{partition} WHERE {condition}{used}{tail}")
    }

    fn delete_several(&mut self) -> String {
        let (from, refs) = self.sources();
        let mut targets: Vec<String> = refs.iter().filter(|_| self.rng.bool()).cloned().collect();
        if targets.is_empty() {
            targets.extend(refs.first().cloned());
        }
        let star = self.maybe(20, ".*");
        let list: Vec<String> = targets.iter().map(|target| format!("{target}{star}")).collect();
        let (list, gap) = (list.join(", "), self.gap());
        let condition = match self.chance(60) {
            true => format!(" WHERE {}", self.condition(&refs)),
            false => String::new(),
        };
        match self.chance(60) {
            true => format!("DELETE{gap}{list} FROM {from}{condition}"),
            false => format!("DELETE FROM{gap}{list} USING {from}{condition}"),
        }
    }
}
