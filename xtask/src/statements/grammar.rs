//! Names, and the words between them.

use binlog_testkit::Flavour;
use fastrand::Rng;

use super::Statement;

/// A table or view that statements name. All have the columns id, a, b and c.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) schema: &'static str,
    pub(crate) name: &'static str,
}

const fn table(schema: &'static str, name: &'static str) -> Table {
    Table { schema, name }
}

pub(crate) const SCHEMAS: [&str; 3] = ["shop", "other", "odd-db"];
pub(crate) const BASE_TABLES: [Table; 8] = [
    table("shop", "orders"),
    table("shop", "items"),
    table("shop", "order lines"),
    table("shop", "parts"),
    table("shop", "swap"),
    table("other", "log"),
    table("other", "items"),
    table("odd-db", "select"),
];
/// A view of `shop.orders`.
pub(crate) const VIEW: Table = table("shop", "recent");
/// Names of what is made.
const NEW: [&str; 4] = ["fresh", "copies", "new one", "table"];

/// Makes statements, one after the other.
pub(crate) struct Grammar {
    pub(super) rng: Rng,
    pub(super) flavour: Flavour,
    pub(super) schema: &'static str,
    pub(super) ansi_quotes: bool,
    /// How many aliases were given in this statement.
    aliases: u32,
    /// How deep queries stand in each other.
    pub(super) depth: u32,
}

impl Grammar {
    pub(crate) fn new(flavour: Flavour, seed: u64) -> Self {
        Self {
            rng: Rng::with_seed(seed),
            flavour,
            schema: "shop",
            ansi_quotes: false,
            aliases: 0,
            depth: 0,
        }
    }

    pub(crate) fn statement(&mut self) -> Statement {
        self.schema = SCHEMAS[self.rng.usize(..SCHEMAS.len())];
        if self.chance(70) {
            self.schema = "shop";
        }
        self.ansi_quotes = self.chance(10);
        self.aliases = 0;
        self.depth = 0;
        let is_ddl = self.chance(40);
        let sql = match is_ddl {
            true => self.definition(),
            false => self.change(),
        };
        Statement {
            sql,
            schema: self.schema,
            ansi_quotes: self.ansi_quotes,
            is_ddl,
        }
    }

    pub(super) fn is_mysql(&self) -> bool {
        self.flavour == Flavour::MySql97
    }

    /// Whether something happens that does so in so many of a hundred cases.
    pub(super) fn chance(&mut self, percent: u32) -> bool {
        self.rng.u32(..100) < percent
    }

    pub(super) fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.rng.usize(..of.len())]
    }

    pub(super) fn table(&mut self) -> Table {
        match self.chance(8) {
            true => VIEW,
            false => self.base_table(),
        }
    }

    pub(super) fn base_table(&mut self) -> Table {
        self.one(&BASE_TABLES)
    }

    /// A name that no table has yet, in any of the schemas.
    pub(super) fn new_table(&mut self) -> Table {
        let (schema, name) = (self.one(&SCHEMAS), self.one(&NEW));
        Table { schema, name }
    }

    /// The table's name, with its schema or without it, where that is the default one.
    pub(super) fn name(&mut self, table: Table) -> String {
        match table.schema == self.schema && self.chance(60) {
            true => self.quoted(table.name),
            false => self.full_name(table),
        }
    }

    /// The table's name with its schema.
    pub(super) fn full_name(&mut self, table: Table) -> String {
        let name = self.quoted(table.name);
        let dot = match self.rng.u32(..20) {
            0 => " . ",
            1 => "/* . */.",
            2 => ". ",
            _ => ".",
        };
        format!("{}{dot}{name}", self.quoted(table.schema))
    }

    /// A name in quotes, where it must have them and at times elsewhere.
    pub(super) fn quoted(&mut self, name: &str) -> String {
        let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let is_word = ["select", "table"].contains(&name);
        match (
            is_plain && !is_word && self.chance(70),
            self.ansi_quotes && self.chance(50),
        ) {
            (true, _) => name.to_owned(),
            (false, true) => format!("\"{name}\""),
            (false, false) => format!("`{name}`"),
        }
    }

    /// A name for a table of this statement, which may look like another table's.
    pub(super) fn alias(&mut self) -> String {
        self.aliases += 1;
        match self.chance(15) {
            true => self.one(&["items", "log", "orders"]).to_owned(),
            false => format!("x{}", self.aliases),
        }
    }

    /// What stands between two words.
    pub(super) fn gap(&mut self) -> &'static str {
        match self.rng.u32(..24) {
            0 => " /* from other.log */ ",
            1 => "\n",
            2 => " -- from shop.parts\n",
            3 => " # into other.items\n",
            4 => "/**/",
            _ => " ",
        }
    }

    /// A word in capitals or small letters.
    pub(super) fn word(&mut self, word: &str) -> String {
        match self.rng.u32(..12) {
            0 => word.to_lowercase(),
            1 if !word.contains('*') => format!("/*!50000 {word} */"),
            _ => word.to_owned(),
        }
    }

    pub(super) fn maybe(&mut self, percent: u32, text: &'static str) -> &'static str {
        match self.chance(percent) {
            true => text,
            false => "",
        }
    }
}
