//! What a server says a statement touches.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, bail};
use binlog_testkit::{Flavour, Server, ServerOptions};
use mysql::prelude::Queryable as _;
use mysql::{Conn, OptsBuilder};

use super::Statement;
use super::grammar::{BASE_TABLES, SCHEMAS, VIEW};

/// Rights that a statement may need, one after the other.
const MOST_RIGHTS: usize = 60;

/// Error numbers of both servers.
const SCHEMA_DENIED: u16 = 1044;
const TABLE_DENIED: u16 = 1142;
const COLUMN_DENIED: u16 = 1143;

/// A server, and an account without rights.
pub(crate) struct Judge {
    server: Server,
    root: Conn,
    /// Whether definitions are no longer those of [`BASE_TABLES`].
    is_changed: bool,
}

/// Schema and name; the name is empty for the schema itself.
type Object = (String, String);

/// What a statement touches.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    writes: BTreeSet<Object>,
    reads: BTreeSet<Object>,
}

/// A right to something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Right {
    /// `INSERT`, `CREATE VIEW`…
    name: String,
    object: Object,
}

/// How a statement ended.
enum Outcome {
    Done,
    /// It lacks these rights.
    Denied(Denial),
    /// It is not a statement that the server takes.
    Refused(String),
}

/// What the server said of a right that is lacking.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Denial {
    rights: Vec<String>,
    /// MySQL does not tell it.
    schema: Option<String>,
    name: String,
}

impl Judge {
    pub(crate) fn start(flavour: Flavour) -> Result<Self> {
        let options = ServerOptions::new(flavour).args([
            "--log-bin-trust-function-creators=ON",
            "--innodb-flush-log-at-trx-commit=0",
            "--sync-binlog=0",
        ]);
        let server = Server::start(options)?;
        let mut root = server.conn()?;
        root.query_drop("CREATE USER judged@'%'")?;
        let is_changed = true;
        Ok(Self {
            server,
            root,
            is_changed,
        })
    }

    /// What the statement touches, or why the server does not take it.
    pub(crate) fn touched(&mut self, statement: &Statement) -> Result<std::result::Result<Touched, String>> {
        let (mut granted, mut tried) = (BTreeSet::new(), BTreeMap::<Denial, Vec<String>>::new());
        self.reset()?;
        for _ in 0..MOST_RIGHTS {
            let denial = match self.attempt(statement, &granted)? {
                Outcome::Refused(why) => return Ok(Err(why)),
                Outcome::Denied(denial) => denial,
                Outcome::Done => {
                    let doubtful = tried.values().any(|schemas| schemas.len() > 1);
                    if doubtful {
                        self.leave_out(statement, &mut granted)?;
                    }
                    return Ok(Ok(Touched::of(&granted)));
                }
            };
            let schemas = tried.entry(denial.clone()).or_default();
            let Some(schema) = denial.schemas().into_iter().find(|schema| !schemas.contains(schema)) else {
                bail!("nothing that was granted helps against {denial:?}");
            };
            schemas.push(schema.clone());
            for name in &denial.rights {
                let object = (schema.clone(), denial.name.clone());
                granted.insert(Right {
                    name: name.clone(),
                    object,
                });
            }
        }
        bail!("more than {MOST_RIGHTS} rights")
    }

    /// Leaves out the rights that the statement can do without, where a denial did not say which of several was meant.
    fn leave_out(&mut self, statement: &Statement, granted: &mut BTreeSet<Right>) -> Result<()> {
        for right in granted.clone() {
            let mut fewer = granted.clone();
            fewer.remove(&right);
            self.reset()?;
            if let Outcome::Done = self.attempt(statement, &fewer)? {
                *granted = fewer;
            }
        }
        Ok(())
    }

    /// Runs the statement with these rights and no others.
    fn attempt(&mut self, statement: &Statement, rights: &BTreeSet<Right>) -> Result<Outcome> {
        self.root
            .query_drop("REVOKE ALL PRIVILEGES, GRANT OPTION FROM judged@'%'")?;
        for schema in SCHEMAS {
            // Without any right in a schema it cannot be the default one.
            self.root
                .query_drop(format!("GRANT SELECT ON `{schema}`.`nothing` TO judged@'%'"))?;
        }
        for right in rights {
            let (schema, name) = &right.object;
            let object = match name.is_empty() {
                true => format!("`{schema}`.*"),
                false => format!("`{schema}`.`{name}`"),
            };
            // A right to a table that is not there yet is granted together with the right to make it.
            let grant = |rights: &str| format!("GRANT {rights} ON {object} TO judged@'%'");
            let with_create = grant(&format!("{}, CREATE", right.name));
            let granted = self.root.query_drop(grant(&right.name));
            granted
                .or_else(|_| self.root.query_drop(&with_create))
                .context(with_create)?;
        }
        let opts = OptsBuilder::from_opts(self.server.opts())
            .user(Some("judged"))
            .db_name(Some(statement.schema));
        let mut conn = Conn::new(opts)?;
        conn.query_drop(format!(
            "SET sql_mode = '{}'",
            if statement.ansi_quotes { "ANSI_QUOTES" } else { "" }
        ))?;
        if !statement.is_ddl {
            conn.query_drop("START TRANSACTION")?;
        }
        let outcome = conn.query_drop(&statement.sql);
        if !statement.is_ddl {
            conn.query_drop("ROLLBACK")?;
        }
        match outcome {
            Ok(()) => {
                self.is_changed |= statement.is_ddl;
                Ok(Outcome::Done)
            }
            Err(mysql::Error::MySqlError(error)) => {
                Ok(Denial::of(&error, statement)
                    .map_or_else(|| Outcome::Refused(error.message.clone()), Outcome::Denied))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Makes the tables anew, where they were changed.
    fn reset(&mut self) -> Result<()> {
        if !std::mem::take(&mut self.is_changed) {
            return Ok(());
        }
        self.root.query_drop("SET foreign_key_checks = 0")?;
        for schema in SCHEMAS.iter().chain(&["brand new"]) {
            self.root.query_drop(format!("DROP DATABASE IF EXISTS `{schema}`"))?;
        }
        for schema in SCHEMAS {
            self.root.query_drop(format!("CREATE DATABASE `{schema}`"))?;
            self.root
                .query_drop(format!("CREATE TABLE `{schema}`.`nothing` (id INT)"))?;
        }
        for table in BASE_TABLES {
            let partitions = match table.name {
                "parts" => {
                    "PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN MAXVALUE)"
                }
                _ => "",
            };
            let (schema, name) = (table.schema, table.name);
            let columns = "id INT PRIMARY KEY, a INT, b VARCHAR(40), c DECIMAL(10,2), KEY by_b (b)";
            self.root
                .query_drop(format!("CREATE TABLE `{schema}`.`{name}` ({columns}) {partitions}"))?;
        }
        let (schema, name) = (VIEW.schema, VIEW.name);
        let view = format!("CREATE SQL SECURITY DEFINER VIEW `{schema}`.`{name}` AS SELECT * FROM shop.orders");
        self.root.query_drop(view)?;
        Ok(())
    }
}

impl Denial {
    fn of(error: &mysql::MySqlError, statement: &Statement) -> Option<Self> {
        match error.code {
            TABLE_DENIED | COLUMN_DENIED => Self::of_table(&error.message),
            SCHEMA_DENIED if statement.is_ddl => Self::of_schema(&error.message, &statement.sql),
            _ => None,
        }
    }

    /// `INSERT, CREATE command denied to user 'judged'@'localhost' for table 'items'`; MariaDB names the schema, too.
    fn of_table(message: &str) -> Option<Self> {
        let (rights, rest) = message.split_once(" command denied to user ")?;
        let (_, table) = rest.split_once(" table ")?;
        let (schema, name) = match table.strip_prefix('`') {
            Some(quoted) => {
                let (schema, name) = quoted.strip_suffix('`')?.split_once("`.`")?;
                (Some(schema.to_owned()), name)
            }
            None => match table.trim_matches('\'').split_once('.') {
                Some((schema, name)) => (Some(schema.to_owned()), name),
                None => (None, table.trim_matches('\'')),
            },
        };
        let right = |name: &str| match name {
            "ANY" => "SELECT".to_owned(),
            name => name.to_owned(),
        };
        Some(Self {
            rights: rights.split(", ").map(right).collect(),
            schema,
            name: name.to_owned(),
        })
    }

    /// `Access denied for user 'judged'@'localhost' to database 'shop'`
    fn of_schema(message: &str, sql: &str) -> Option<Self> {
        let schema = message.split_once("to database '")?.1.strip_suffix('\'')?;
        let word = sql.trim_start_matches("/*!50000 ").split(' ').next()?.to_uppercase();
        ["CREATE", "ALTER", "DROP"].contains(&&*word).then(|| Self {
            rights: vec![word],
            schema: Some(schema.to_owned()),
            name: String::new(),
        })
    }

    /// Where what is meant may be, what is likely first. Of the target of a DELETE that has an alias, MariaDB names the
    /// default schema, in which it is not.
    fn schemas(&self) -> Vec<String> {
        let likely = |schema: &&str| {
            let mut tables = BASE_TABLES.iter().chain([&VIEW]);
            let is_there = tables.any(|table| table.schema == *schema && table.name == self.name);
            self.schema.as_deref().map_or(is_there, |named| named == *schema)
        };
        let (mut schemas, others): (Vec<&str>, Vec<&str>) = SCHEMAS.into_iter().partition(likely);
        if self.schema.is_some() && schemas.is_empty() {
            schemas.extend(self.schema.as_deref());
        }
        schemas.extend(others);
        schemas.into_iter().map(str::to_owned).collect()
    }
}

impl Touched {
    fn of(rights: &BTreeSet<Right>) -> Self {
        let (reads, writes): (Vec<&Right>, Vec<&Right>) = rights
            .iter()
            .partition(|right| ["SELECT", "REFERENCES", "SHOW VIEW"].contains(&&*right.name));
        let objects = |rights: Vec<&Right>| {
            rights
                .into_iter()
                .map(|right| right.object.clone())
                .collect::<BTreeSet<_>>()
        };
        let (writes, mut reads) = (objects(writes), objects(reads));
        reads.retain(|object| !writes.contains(object));
        Self { writes, reads }
    }

    /// The statement and what it touches, in one line of JSON.
    pub(crate) fn line(&self, statement: &Statement) -> String {
        let list = |objects: &BTreeSet<Object>| -> Vec<serde_json::Value> {
            objects
                .iter()
                .map(|(schema, name)| serde_json::json!([schema, name]))
                .collect()
        };
        let line = serde_json::json!({
            "schema": statement.schema,
            "ansi_quotes": statement.ansi_quotes,
            "sql": statement.sql,
            "writes": list(&self.writes),
            "reads": list(&self.reads),
        });
        format!("{line}\n")
    }
}
