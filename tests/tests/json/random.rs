//! Random documents and updates, as SQL. The same seed makes the same ones.

/// Keys and array cells, so few that paths often name a place that is there.
const LEGS: [&str; 14] = [
    ".a",
    ".b",
    ".bb",
    ".\"c d\"",
    ".\"ä\"",
    ".\"q\\\"t\"",
    ".\"\"",
    "[0]",
    "[0]",
    "[1]",
    "[2]",
    "[last]",
    "[last-1]",
    "[7]",
];
const KEYS: [&str; 7] = ["a", "b", "bb", "c d", "ä", "q\"t", ""];

/// Columns of the table `types`.
const COLUMNS: [&str; 14] = [
    "tb", "bl", "mb", "lb", "bi", "vb", "b", "y", "ts", "e", "s", "f", "u", "c",
];

const SCALARS: [&str; 34] = [
    "NULL",
    "TRUE",
    "FALSE",
    "0",
    "-1",
    "32767",
    "-32769",
    "65536",
    "2147483648",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "CAST(7 AS UNSIGNED)",
    "CAST(70000 AS UNSIGNED)",
    "CAST(5000000000 AS UNSIGNED)",
    "1.5e0",
    "-0e0",
    "1e300",
    "1.25e-7",
    "123456789012345680e0",
    "1.50",
    "-0.05",
    "CAST(0 AS DECIMAL(5,2))",
    "CAST(-12 AS DECIMAL(65,0))",
    "99999999999999999999999999999999999.999999999999999999999999999999",
    "DATE'2024-02-29'",
    "CAST('0000-00-00' AS DATE)",
    "TIME'-12:34:56.789'",
    "TIME'838:59:59'",
    "TIMESTAMP'2024-02-29 12:34:56.789012'",
    "X'00FF80'",
    "X''",
    "CAST('null' AS JSON)",
    "JSON_OBJECT()",
];

const TEXTS: [&str; 7] = [
    "",
    "text",
    "käse 🧀",
    "it's \"quoted\" \\ and\nbroken\t\u{1}",
    "2024-02-29",
    "1.5",
    "base64:type15:AA==",
];

/// A small generator of numbers (xorshift).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end
    }

    fn pick<'t>(&mut self, of: &[&'t str]) -> &'t str {
        let at = self.below(of.len());
        of.get(at).copied().unwrap_or_default()
    }

    /// A document with up to so many levels; sometimes NULL, sometimes large.
    pub(crate) fn document(&mut self, levels: usize) -> String {
        match self.below(20) {
            0 => "NULL".to_owned(),
            1 => format!("JSON_EXTRACT(JSON_ARRAY({}), '$[0]')", self.scalar()),
            2 => format!("JSON_OBJECT('a', REPEAT('large', 14000), 'b', {})", self.value(levels)),
            _ => format!("JSON_OBJECT('filler', REPEAT('x', 300), {})", self.members(levels)),
        }
    }

    fn value(&mut self, levels: usize) -> String {
        match self.below(if levels == 0 { 6 } else { 12 }) {
            6..9 => format!("JSON_OBJECT({})", self.members(levels - 1)),
            9.. => format!("JSON_ARRAY({})", self.elements(levels - 1)),
            _ => self.scalar(),
        }
    }

    fn scalar(&mut self) -> String {
        match self.below(8) {
            0 => format!("(SELECT {} FROM shop.types)", self.pick(&COLUMNS)),
            1 | 2 => text(self.pick(&TEXTS)),
            3 => format!("REPEAT({}, {})", text(self.pick(&TEXTS)), self.below(40)),
            4 => format!("{}", self.below(100_000) as i64 - 50_000),
            _ => self.pick(&SCALARS).to_owned(),
        }
    }

    fn members(&mut self, levels: usize) -> String {
        let count = self.below(6);
        let members = KEYS.iter().take(count + 1);
        let members: Vec<_> = members
            .map(|key| format!("{}, {}", text(key), self.value(levels)))
            .collect();
        members.join(", ")
    }

    fn elements(&mut self, levels: usize) -> String {
        let elements: Vec<_> = (0..self.below(5)).map(|_| self.value(levels)).collect();
        elements.join(", ")
    }

    /// An UPDATE of some rows of a table.
    pub(crate) fn update(&mut self, table: &str) -> String {
        let columns = match self.below(6) {
            0 => format!("doc = {}, other = {}", self.changed("doc"), self.changed("other")),
            1 => format!("other = {}, n = n + 1", self.changed("other")),
            2 => format!("doc = {}, n = n + 1", self.changed("doc")),
            _ => format!("doc = {}", self.changed("doc")),
        };
        format!("UPDATE {table} SET {columns} WHERE id % 9 = {}", self.below(9))
    }

    fn changed(&mut self, column: &str) -> String {
        let document = match self.below(4) {
            0 => self.changed(column),
            _ => column.to_owned(),
        };
        let (path, value) = (self.path(), self.value(2));
        match self.below(16) {
            0..4 => format!(
                "JSON_SET({document}, {path}, {value}, {}, {})",
                self.path(),
                self.value(1)
            ),
            4..6 => format!("JSON_SET({document}, {path}, {value})"),
            6..10 => format!("JSON_REPLACE({document}, {path}, {value})"),
            10..13 => format!("JSON_REMOVE({document}, {path})"),
            13 => format!("JSON_INSERT({document}, {path}, {value})"),
            14 => format!("JSON_ARRAY_APPEND({document}, {path}, {value})"),
            _ => format!("JSON_MERGE_PATCH({document}, JSON_OBJECT('b', {value}))"),
        }
    }

    fn path(&mut self) -> String {
        let legs: String = (0..=self.below(3)).map(|_| self.pick(&LEGS)).collect();
        text(&format!("${legs}"))
    }
}

/// A literal of any text.
fn text(text: &str) -> String {
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("_utf8mb4 x'{hex}'")
}
