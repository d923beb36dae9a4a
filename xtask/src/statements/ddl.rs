//! Statements that change definitions.

use super::grammar::{Grammar, SCHEMAS, VIEW};

impl Grammar {
    pub(super) fn definition(&mut self) -> String {
        match self.rng.u32(..20) {
            0..=4 => self.create_table(),
            5..=8 => self.alter_table(),
            9 | 10 => self.drop_table(),
            11 | 12 => self.rename_table(),
            13 => self.truncate(),
            14 => self.index(),
            15 => self.trigger(),
            16 => self.database(),
            17 => self.maintenance(),
            _ => self.view(),
        }
    }

    fn new_name(&mut self) -> String {
        let table = self.new_table();
        self.name(table)
    }

    fn base_name(&mut self) -> String {
        let table = self.base_table();
        self.name(table)
    }

    fn create_table(&mut self) -> String {
        let (create, gap, new) = (self.word("CREATE TABLE"), self.gap(), self.new_name());
        let head = match self.rng.u32(..5) {
            0 => format!("{create} IF NOT EXISTS{gap}{new}"),
            1 if !self.is_mysql() => format!("CREATE OR REPLACE TABLE{gap}{new}"),
            _ => format!("{create}{gap}{new}"),
        };
        let base = self.base_name();
        match self.rng.u32(..10) {
            0 => format!("{head} LIKE {base}"),
            1 => format!("{head} (LIKE {base})"),
            2 => format!("{head} AS {}", self.query(1)),
            3 => format!("{head} (z INT DEFAULT 1, KEY (z)) ENGINE=InnoDB {}", self.query(1)),
            4 => format!("{head} (`references` INT COMMENT 'references other.log') COMMENT='like shop.items'"),
            5 => {
                format!("{head} (id INT PRIMARY KEY, y INT, FOREIGN KEY (y) REFERENCES {base} (id) ON DELETE CASCADE)")
            }
            6 => format!(
                "{head} (y INT, CONSTRAINT k FOREIGN KEY (y) REFERENCES {base} (id), KEY (y)) DEFAULT CHARSET=utf8mb4"
            ),
            7 => format!("{head} (id INT, b VARCHAR(9) AS (CONCAT(id, ' from ')) STORED, CHECK (id > 0))"),
            8 => format!("{head} (id INT) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (9))"),
            _ => format!("{head} IGNORE {}", self.query(1)),
        }
    }

    fn alter_table(&mut self) -> String {
        let table = self.base_table();
        let (alter, gap, name) = (self.word("ALTER TABLE"), self.gap(), self.name(table));
        let (new, parent) = (self.new_name(), self.parent());
        let clause = match self.rng.u32(..18) {
            0 => "ADD COLUMN `rename` INT".to_owned(),
            1 => "ADD z INT AFTER a, ADD INDEX by_a (a)".to_owned(),
            2 => format!("RENAME TO {new}"),
            3 => format!("RENAME {new}"),
            4 => format!("RENAME AS {new}, ADD z INT"),
            5 => "RENAME COLUMN a TO `to`".to_owned(),
            6 => format!("ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES {parent} (id)"),
            7 => format!("ADD FOREIGN KEY (a) REFERENCES {parent} (id) ON UPDATE SET NULL, ADD z INT"),
            8 => "MODIFY b VARCHAR(50) COMMENT 'rename to other.log', DROP COLUMN c".to_owned(),
            9 => "CHANGE a `like` BIGINT DEFAULT 5 FIRST".to_owned(),
            10 => "COMMENT='references shop.items', ENGINE=InnoDB".to_owned(),
            11 => "ORDER BY b".to_owned(),
            12 => "CONVERT TO CHARACTER SET utf8mb4, ALGORITHM=COPY, LOCK=SHARED".to_owned(),
            13 => "ALTER COLUMN a SET DEFAULT 3".to_owned(),
            14 => "ADD UNIQUE KEY `table` (b)".to_owned(),
            15 => "DROP PRIMARY KEY, ADD PRIMARY KEY (id)".to_owned(),
            _ => {
                let (parts, swap) = (self.parts(), self.swap());
                let tail = self.one(&["", " WITH VALIDATION", " WITHOUT VALIDATION"]);
                let tail = if self.is_mysql() { tail } else { "" };
                return format!("{alter}{gap}{parts} EXCHANGE PARTITION p0 WITH TABLE {swap}{tail}");
            }
        };
        format!("{alter}{gap}{name} {clause}")
    }

    /// A table that a key refers to. Without a schema it is in that of the key's table; but MariaDB asks for a right to the
    /// one in the default schema.
    fn parent(&mut self) -> String {
        let table = self.base_table();
        match self.is_mysql() {
            true => self.name(table),
            false => self.full_name(table),
        }
    }

    fn parts(&mut self) -> String {
        self.name(super::grammar::BASE_TABLES[3])
    }

    fn swap(&mut self) -> String {
        self.name(super::grammar::BASE_TABLES[4])
    }

    fn drop_table(&mut self) -> String {
        let count = self.one(&[1, 1, 2, 3]);
        let names: Vec<String> = (0..count).map(|_| self.base_name()).collect();
        let exists = self.maybe(40, "IF EXISTS ");
        let tail = self.one(&["", "", " CASCADE", " RESTRICT"]);
        let word = self.one(&["DROP TABLE", "DROP TABLE", "DROP TABLES"]);
        let (word, gap) = (self.word(word), self.gap());
        format!("{word}{gap}{exists}{}{tail}", names.join(", "))
    }

    fn rename_table(&mut self) -> String {
        let mut pairs = Vec::new();
        for _ in 0..self.one(&[1, 1, 2]) {
            pairs.push(format!("{} TO {}", self.base_name(), self.new_name()));
        }
        let word = self.one(&["RENAME TABLE", "RENAME TABLES"]);
        let (word, gap) = (self.word(word), self.gap());
        format!("{word}{gap}{}", pairs.join(", "))
    }

    fn truncate(&mut self) -> String {
        let (word, gap, table, name) = (
            self.word("TRUNCATE"),
            self.gap(),
            self.maybe(60, "TABLE "),
            self.base_name(),
        );
        format!("{word}{gap}{table}{name}")
    }

    fn index(&mut self) -> String {
        let name = self.base_name();
        match self.rng.u32(..5) {
            0 => format!("CREATE UNIQUE INDEX `on` ON {name} (b)"),
            1 => format!("CREATE INDEX i USING BTREE ON {name} (a, b(3)) COMMENT 'on other.log'"),
            2 => format!("CREATE FULLTEXT INDEX f ON {name} (b)"),
            3 => format!("DROP INDEX by_b ON {name}"),
            _ => format!("CREATE INDEX i ON {name} (c DESC) ALGORITHM=INPLACE LOCK=NONE"),
        }
    }

    fn trigger(&mut self) -> String {
        let (name, body) = (
            self.base_name(),
            self.one(&["SET @a = 1", "BEGIN SET @a = 1; SET @b = 'on shop.items'; END"]),
        );
        let moment = self.one(&["BEFORE INSERT", "AFTER UPDATE", "AFTER DELETE"]);
        format!("CREATE TRIGGER tr {moment} ON {name} FOR EACH ROW {body}")
    }

    fn database(&mut self) -> String {
        let schema = self.one(&SCHEMAS);
        let schema = self.quoted(schema);
        let word = self.one(&["DATABASE", "SCHEMA"]);
        match self.rng.u32(..4) {
            0 => format!("CREATE {word} `brand new` CHARACTER SET utf8mb4"),
            1 => format!("ALTER {word} {schema} CHARACTER SET latin1"),
            2 => format!("DROP {word} IF EXISTS {schema}"),
            _ => format!("CREATE {word} IF NOT EXISTS {schema}"),
        }
    }

    fn maintenance(&mut self) -> String {
        let (one, other) = (self.base_name(), self.base_name());
        match self.rng.u32(..3) {
            0 => format!("ANALYZE TABLE {one}"),
            1 => format!("OPTIMIZE TABLE {one}, {other}"),
            _ => format!("REPAIR TABLE {one}"),
        }
    }

    fn view(&mut self) -> String {
        let new = self.new_name();
        let name = match self.chance(30) {
            true => self.name(VIEW),
            false => new,
        };
        let query = self.query(1);
        match self.rng.u32(..6) {
            0 => format!("CREATE VIEW {name} AS {query}"),
            1 => format!("CREATE OR REPLACE VIEW {name} (one) AS {query}"),
            2 => format!("CREATE ALGORITHM=MERGE SQL SECURITY INVOKER VIEW {name} (one) AS {query} WITH CHECK OPTION"),
            3 => format!("ALTER VIEW {} (one) AS {query}", self.name(VIEW)),
            4 => format!("DROP VIEW IF EXISTS {}", self.name(VIEW)),
            _ => format!("CREATE OR REPLACE ALGORITHM=TEMPTABLE VIEW {name} (`view`) AS {query}"),
        }
    }
}
