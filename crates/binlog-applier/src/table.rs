//! What a table looks like on the target.

use binlog_schema::sql::Charset;
use mysql::prelude::Queryable as _;

use crate::error::{ApplyError, ApplyErrorKind};
use crate::target::Target;

/// A table on the target.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    /// Columns that a statement can name, in order.
    pub(crate) columns: Vec<TargetColumn>,
    /// Columns that stand in the log alone: those behind functional key parts.
    pub(crate) hidden: usize,
    /// Names of the columns of the primary key, or else of a unique key without NULLs.
    pub(crate) key: Vec<String>,
    /// All unique keys, the primary key among them.
    pub(crate) unique: Vec<Vec<KeyPart>>,
    /// Whether a foreign key refers to other tables, or those of others to this one.
    pub(crate) foreign: bool,
    /// Whether the table keeps its rows' history.
    pub(crate) versioned: bool,
    /// Event (INSERT, UPDATE, DELETE) and name of each trigger.
    pub(crate) triggers: Vec<(String, String)>,
    /// Storage engine.
    pub(crate) engine: String,
}

/// A part of a unique key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyPart {
    /// The column; `None` where the part is an expression.
    pub(crate) column: Option<String>,
    /// Whether only the front of the value is in the key.
    pub(crate) prefix: bool,
}

/// A column on the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TargetColumn {
    pub(crate) name: String,
    /// `int`, `varchar`…
    pub(crate) data_type: String,
    /// `enum('a','b')`, `varchar(20)`…
    pub(crate) full_type: String,
    /// Of text.
    pub(crate) collation: Option<String>,
    pub(crate) unsigned: bool,
    /// Whether its value follows from others and cannot be written.
    pub(crate) generated: bool,
    /// Whether an UPDATE that does not name it sets it to the time.
    pub(crate) on_update: bool,
    pub(crate) charset: Charset,
    /// Digits of a second's fraction.
    pub(crate) fraction: u8,
}

/// Name, type, full type, character set, collation, extra.
type ColumnRow = (String, String, String, Option<String>, Option<String>, Option<String>);

/// Name of the key, column, whether it may be NULL, whether values may repeat, length of the prefix.
type KeyRow = (String, Option<String>, Option<String>, u8, Option<u64>);

impl Layout {
    /// Whether changes to it are undone with their transaction.
    pub(crate) fn is_transactional(&self) -> bool {
        let engines = ["InnoDB", "ROCKSDB", "TokuDB", "NDBCLUSTER"];
        engines.iter().any(|engine| self.engine.eq_ignore_ascii_case(engine))
    }

    /// Asks the target. The session must be that for rows.
    pub(crate) fn read(target: &mut Target, schema: &str, table: &str) -> Result<Self, ApplyError> {
        let doing = "asking for a table's columns";
        let read = Reading { target, schema, table }.all();
        let layout = read.map_err(|error| ApplyErrorKind::Target { doing, error })?;
        layout.ok_or_else(|| {
            let why = "is not on the target".to_owned();
            ApplyErrorKind::Table {
                table: format!("{schema}.{table}"),
                why,
            }
            .into()
        })
    }
}

struct Reading<'r> {
    target: &'r mut Target,
    schema: &'r str,
    table: &'r str,
}

impl Reading<'_> {
    fn all(&mut self) -> Result<Option<Layout>, mysql::Error> {
        let columns = self.columns()?;
        if columns.is_empty() {
            return Ok(None);
        }
        let keys = self.keys()?;
        let triggers = self.rows(
            "SELECT event_manipulation, trigger_name FROM information_schema.triggers
             WHERE event_object_schema = ? AND event_object_table = ? ORDER BY trigger_name",
        )?;
        let kinds: Vec<(Option<String>, String)> = self.rows(
            "SELECT engine, table_type FROM information_schema.tables WHERE table_schema = ? AND table_name = ?",
        )?;
        let (engine, kind) = kinds.into_iter().next().unwrap_or_default();
        Ok(Some(Layout {
            columns,
            hidden: keys.iter().filter(|(_, column, ..)| column.is_none()).count(),
            key: best_key(&keys),
            unique: unique_keys(&keys),
            foreign: self.has_foreign_keys()?,
            versioned: kind.eq_ignore_ascii_case("SYSTEM VERSIONED"),
            triggers,
            engine: engine.unwrap_or_default(),
        }))
    }

    fn has_foreign_keys(&mut self) -> Result<bool, mysql::Error> {
        let sql = "SELECT 1 FROM information_schema.referential_constraints
             WHERE (constraint_schema = ? AND table_name = ?) OR (unique_constraint_schema = ? AND referenced_table_name = ?)
             LIMIT 1";
        let (schema, table) = (self.schema, self.table);
        let found: Option<u8> = self.target.conn.exec_first(sql, (schema, table, schema, table))?;
        Ok(found.is_some())
    }

    fn rows<T: mysql::prelude::FromRow>(&mut self, sql: &str) -> Result<Vec<T>, mysql::Error> {
        self.target.conn.exec(sql, (self.schema, self.table))
    }

    fn columns(&mut self) -> Result<Vec<TargetColumn>, mysql::Error> {
        let rows: Vec<ColumnRow> = self.rows(
            "SELECT column_name, data_type, column_type, character_set_name, collation_name, extra
             FROM information_schema.columns WHERE table_schema = ? AND table_name = ? ORDER BY ordinal_position",
        )?;
        Ok(rows.into_iter().map(target_column).collect())
    }

    /// Parts of all keys, the primary key's first, a key's together.
    fn keys(&mut self) -> Result<Vec<KeyRow>, mysql::Error> {
        self.rows(
            "SELECT index_name, column_name, nullable, non_unique, sub_part FROM information_schema.statistics
             WHERE table_schema = ? AND table_name = ?
             ORDER BY index_name <> 'PRIMARY', index_name, seq_in_index",
        )
    }
}

/// The parts of each key.
fn by_key(keys: &[KeyRow]) -> impl Iterator<Item = &[KeyRow]> {
    keys.chunk_by(|one, other| one.0 == other.0)
}

/// The columns of the best unique key without NULLs.
fn best_key(keys: &[KeyRow]) -> Vec<String> {
    let key = by_key(keys)
        .find(|parts| parts.iter().all(identifies))
        .unwrap_or_default();
    key.iter().filter_map(|(_, column, ..)| column.clone()).collect()
}

/// Whether a key part is of a unique key, and a column that is never NULL.
fn identifies((_, column, nullable, non_unique, _): &KeyRow) -> bool {
    column.is_some() && *non_unique == 0 && nullable.as_deref() != Some("YES")
}

fn unique_keys(keys: &[KeyRow]) -> Vec<Vec<KeyPart>> {
    let part = |(_, column, _, _, prefix): &KeyRow| KeyPart {
        column: column.clone(),
        prefix: prefix.is_some(),
    };
    by_key(keys)
        .filter(|parts| parts.iter().all(|(_, _, _, non_unique, _)| *non_unique == 0))
        .map(|parts| parts.iter().map(part).collect())
        .collect()
}

/// Of `time(3)` 3.
fn fraction(data_type: &str, column_type: &str) -> u8 {
    let is_temporal = ["time", "datetime", "timestamp"].contains(&data_type);
    let digits = column_type.split(['(', ')']).nth(1).filter(|_| is_temporal);
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

fn target_column((name, data_type, column_type, charset, collation, extra): ColumnRow) -> TargetColumn {
    let extra = extra.unwrap_or_default().to_ascii_uppercase();
    let data_type = data_type.to_ascii_lowercase();
    TargetColumn {
        name,
        unsigned: column_type.to_ascii_lowercase().contains("unsigned"),
        fraction: fraction(&data_type, &column_type),
        generated: extra.contains("VIRTUAL GENERATED") || extra.contains("STORED GENERATED"),
        on_update: extra.contains("ON UPDATE"),
        charset: match charset {
            Some(charset) => Charset::Text(charset),
            None if data_type == "json" => Charset::Text("utf8mb4".to_owned()),
            None => Charset::Binary,
        },
        data_type,
        full_type: column_type,
        collation,
    }
}
