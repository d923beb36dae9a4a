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
    /// Event (INSERT, UPDATE, DELETE) and name of each trigger.
    pub(crate) triggers: Vec<(String, String)>,
    /// Storage engine.
    pub(crate) engine: String,
}

/// A column on the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TargetColumn {
    pub(crate) name: String,
    /// `int`, `varchar`…
    pub(crate) data_type: String,
    pub(crate) unsigned: bool,
    /// Whether its value follows from others and cannot be written.
    pub(crate) generated: bool,
    /// Whether an UPDATE that does not name it sets it to the time.
    pub(crate) on_update: bool,
    pub(crate) charset: Charset,
    /// Digits of a second's fraction.
    pub(crate) fraction: u8,
}

/// Name, type, full type, character set, extra.
type ColumnRow = (String, String, String, Option<String>, Option<String>);

impl Layout {
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
        let (key, hidden) = self.keys()?;
        let triggers = self.rows(
            "SELECT event_manipulation, trigger_name FROM information_schema.triggers
             WHERE event_object_schema = ? AND event_object_table = ? ORDER BY trigger_name",
        )?;
        let engine: Vec<Option<String>> =
            self.rows("SELECT engine FROM information_schema.tables WHERE table_schema = ? AND table_name = ?")?;
        let engine = engine.into_iter().flatten().next().unwrap_or_default();
        Ok(Some(Layout {
            columns,
            hidden,
            key,
            triggers,
            engine,
        }))
    }

    fn rows<T: mysql::prelude::FromRow>(&mut self, sql: &str) -> Result<Vec<T>, mysql::Error> {
        self.target.conn.exec(sql, (self.schema, self.table))
    }

    fn columns(&mut self) -> Result<Vec<TargetColumn>, mysql::Error> {
        let rows: Vec<ColumnRow> = self.rows(
            "SELECT column_name, data_type, column_type, character_set_name, extra
             FROM information_schema.columns WHERE table_schema = ? AND table_name = ? ORDER BY ordinal_position",
        )?;
        Ok(rows.into_iter().map(target_column).collect())
    }

    /// The best unique key without NULLs, and how many key parts are expressions.
    fn keys(&mut self) -> Result<(Vec<String>, usize), mysql::Error> {
        let rows: Vec<(String, Option<String>, Option<String>, u8)> = self.rows(
            "SELECT index_name, column_name, nullable, non_unique FROM information_schema.statistics
             WHERE table_schema = ? AND table_name = ?
             ORDER BY index_name <> 'PRIMARY', index_name, seq_in_index",
        )?;
        let hidden = rows.iter().filter(|(_, column, _, _)| column.is_none()).count();
        let key = rows
            .chunk_by(|one, other| one.0 == other.0)
            .find(|parts| parts.iter().all(identifies))
            .unwrap_or_default();
        let key = key.iter().filter_map(|(_, column, _, _)| column.clone()).collect();
        Ok((key, hidden))
    }
}

/// Whether a key part is of a unique key, and a column that is never NULL.
fn identifies((_, column, nullable, non_unique): &(String, Option<String>, Option<String>, u8)) -> bool {
    column.is_some() && *non_unique == 0 && nullable.as_deref() != Some("YES")
}

/// Of `time(3)` 3.
fn fraction(data_type: &str, column_type: &str) -> u8 {
    let is_temporal = ["time", "datetime", "timestamp"].contains(&data_type);
    let digits = column_type.split(['(', ')']).nth(1).filter(|_| is_temporal);
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

fn target_column((name, data_type, column_type, charset, extra): ColumnRow) -> TargetColumn {
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
    }
}
