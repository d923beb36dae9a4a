//! Queries, what they select from, and expressions.

use super::grammar::Grammar;

/// Queries in queries.
const DEEPEST: u32 = 3;

impl Grammar {
    /// A query of so many columns.
    pub(super) fn query(&mut self, columns: usize) -> String {
        self.depth += 1;
        let query = match self.rng.u32(..20) {
            0 | 1 if self.depth < DEEPEST => self.with(columns),
            2 | 3 if self.depth < DEEPEST => {
                let operator = self.one(&["UNION", "UNION ALL", "UNION DISTINCT", "EXCEPT", "INTERSECT"]);
                format!("{} {operator} {}", self.select(columns), self.select(columns))
            }
            4 if self.is_mysql() && columns == 4 => {
                let table = self.table();
                format!("TABLE {}", self.name(table))
            }
            5 => {
                let select = self.select(columns);
                format!("({select})")
            }
            _ => self.select(columns),
        };
        self.depth -= 1;
        query
    }

    fn with(&mut self, columns: usize) -> String {
        let name = self.one(&["recent_ones", "log", "orders", "`with`"]);
        let inner = self.select(2);
        let list = vec!["p"; columns].join(", ");
        let head = match self.rng.u32(..4) {
            0 => format!("WITH RECURSIVE {name} (p, q) AS ({inner})"),
            // A server asks no right for what no query uses.
            1 => format!("WITH f (p, q) AS ({inner}), {name} (p, q) AS (SELECT p, q FROM f)"),
            _ => format!("WITH {name} (p, q) AS ({inner})"),
        };
        let further = self.maybe(30, " WHERE p > 0");
        format!("{head} SELECT {list} FROM {name}{further}")
    }

    fn select(&mut self, columns: usize) -> String {
        let select = self.word("SELECT");
        let (from, refs) = self.sources();
        let list: Vec<String> = (0..columns).map(|_| self.expression(&refs)).collect();
        let (gap, other_gap) = (self.gap(), self.gap());
        let distinct = self.one(&["", "", "", " DISTINCT", " ALL", " SQL_NO_CACHE"]);
        let mut query = format!("{select}{distinct} {}{gap}FROM{other_gap}{from}", list.join(", "));
        if self.chance(60) {
            query += &format!(" WHERE {}", self.condition(&refs));
        }
        if self.chance(10) {
            query += &format!(" GROUP BY {}", self.column(&refs));
            if self.chance(50) {
                query += &format!(" HAVING {}", self.condition(&refs));
            }
        }
        if self.chance(10) {
            query += &format!(" ORDER BY {}", self.column(&refs));
            query += self.maybe(50, " LIMIT 3");
        }
        query
    }

    /// What is selected from, and by what names columns of it can be called.
    pub(super) fn sources(&mut self) -> (String, Vec<String>) {
        let (mut text, mut refs) = self.source();
        for _ in 0..self.one(&[0, 0, 0, 1, 1, 2]) {
            let (item, more) = self.source();
            let on = format!(" ON {}", self.equal(&refs, &more));
            let using = " USING (id)".to_owned();
            let (join, by) = match self.rng.u32(..9) {
                0 => (", ", String::new()),
                1 => (" CROSS JOIN ", String::new()),
                2 => (" NATURAL JOIN ", String::new()),
                3 => (" LEFT OUTER JOIN ", on),
                4 => (" RIGHT JOIN ", on),
                5 => (" STRAIGHT_JOIN ", on),
                6 => (" JOIN ", using),
                _ => (" INNER JOIN ", on),
            };
            text = match self.chance(15) && join != ", " {
                true => format!("({text}{join}{item}{by})"),
                false => format!("{text}{join}{item}{by}"),
            };
            refs.extend(more);
        }
        (text, refs)
    }

    fn equal(&mut self, left: &[String], right: &[String]) -> String {
        format!("{} = {}", self.column(left), self.column(right))
    }

    fn source(&mut self) -> (String, Vec<String>) {
        if self.depth < DEEPEST && self.chance(10) {
            self.depth += 1;
            let (alias, lateral) = (self.alias(), self.is_mysql() && self.chance(10));
            let query = self.select(1);
            self.depth -= 1;
            let (lateral, list) = (if lateral { "LATERAL " } else { "" }, "(id)");
            return match self.is_mysql() {
                true => (format!("{lateral}({query}) AS {alias} {list}"), vec![alias]),
                false => (
                    format!("(SELECT 1 AS id, x.* FROM ({query}) AS x) {alias}"),
                    vec![alias],
                ),
            };
        }
        if self.chance(3) {
            let alias = self.alias();
            let item = format!("JSON_TABLE('[1]', '$[*]' COLUMNS (id INT PATH '$')) AS {alias}");
            return (item, vec![alias]);
        }
        let table = self.table();
        let name = self.name(table);
        if !self.chance(50) {
            return (name.clone(), vec![name]);
        }
        let alias = self.alias();
        let word = self.maybe(50, "AS ");
        let hint = match self.rng.u32(..20) {
            0 => " USE INDEX (PRIMARY)",
            1 => " IGNORE INDEX FOR JOIN (PRIMARY)",
            2 => " FORCE KEY (PRIMARY)",
            _ => "",
        };
        (format!("{name} {word}{alias}{hint}"), vec![alias])
    }

    /// A column of one of these.
    pub(super) fn column(&mut self, refs: &[String]) -> String {
        let column = self.one(&["id", "id", "id", "a", "b", "c", "`a`"]);
        match refs {
            [] => column.to_owned(),
            [_] if self.chance(60) => column.to_owned(),
            _ => {
                let of = self.rng.usize(..refs.len());
                format!("{}.{column}", refs[of])
            }
        }
    }

    pub(super) fn expression(&mut self, refs: &[String]) -> String {
        let column = self.column(refs);
        match self.rng.u32(..26) {
            0 => "'it''s from other.log'".to_owned(),
            1 if !self.ansi_quotes => "\"update shop.items set\"".to_owned(),
            2 => format!("SUBSTRING({column} FROM 1 FOR 2)"),
            3 => format!("TRIM(LEADING 'x' FROM {column})"),
            4 => "EXTRACT(YEAR FROM NOW())".to_owned(),
            5 => format!("POSITION('x' IN {column})"),
            6 => format!("CAST({column} AS CHAR(20))"),
            7 => format!("CASE WHEN {} THEN {column} ELSE 0 END", self.condition(refs)),
            8 => "DATE_ADD(NOW(), INTERVAL 1 DAY)".to_owned(),
            9 => format!("IF({}, 1, {column})", self.condition(refs)),
            10 => format!("REPLACE({column}, 'a', 'b')"),
            11 => format!("INSERT({column}, 1, 1, 'x')"),
            12 => format!("CONVERT({column} USING utf8mb4)"),
            13 if self.depth < DEEPEST => format!("(SELECT COUNT(*) FROM ({}) AS m)", self.query(1)),
            14 => format!("{column} + 1 -- or shop.parts\n"),
            15 => format!("COALESCE({column}, NULL, @from)"),
            16 => "_utf8mb4'from'".to_owned(),
            17 => "X'41'".to_owned(),
            18 => format!("LEFT({column}, 3)"),
            19 => "CHAR(65 USING utf8mb4)".to_owned(),
            20 => "TIMESTAMPDIFF(DAY, NOW(), NOW())".to_owned(),
            _ => column,
        }
    }

    pub(super) fn condition(&mut self, refs: &[String]) -> String {
        let column = self.column(refs);
        let is_deep = self.depth >= DEEPEST;
        match self.rng.u32(..14) {
            0 | 1 if !is_deep => format!("{column} IN ({})", self.query(1)),
            2 if !is_deep => format!("EXISTS ({})", self.query(1)),
            3 if !is_deep => format!("{column} > ANY ({})", self.query(1)),
            4 if !is_deep => format!("({column}, 1) NOT IN ({})", self.query(2)),
            5 => format!("{column} BETWEEN 1 AND 3"),
            6 => format!("NOT ({column} IS NULL OR {column} LIKE 'from %')"),
            7 => format!("{column} IN (1, 2, 3) AND {} > 0", self.expression(refs)),
            8 => format!("{column} <=> NULL XOR 1"),
            9 => format!("{column} REGEXP 'delete from'"),
            _ => format!("{column} > {}", self.expression(refs)),
        }
    }
}
