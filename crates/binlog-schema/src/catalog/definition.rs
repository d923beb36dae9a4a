//! What is known of a table.

use std::sync::Arc;

/// A table as DDL in the log tells it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TableDefinition {
    /// Columns that are stored in row images, in the table's order.
    pub columns: Vec<ColumnDefinition>,
    /// Names of the primary key's columns; `None` for a table without one.
    pub primary_key: Option<Vec<String>>,
}

/// A column as DDL in the log tells it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ColumnDefinition {
    /// Name.
    pub name: String,
    /// Type as written, without its arguments: `int`, `varchar`, `enum`; lower case.
    pub data_type: String,
    /// Whether a number is unsigned.
    pub unsigned: bool,
    /// Character set of a text column, as written for it or for the table; `None` where it is the schema's default.
    pub charset: Option<String>,
    /// Collation of a text column, as written for it or for the table.
    pub collation: Option<String>,
    /// Members of an ENUM or SET.
    pub members: Vec<String>,
    /// Whether the column is computed from others (`GENERATED ALWAYS AS`): no value can be given.
    pub generated: bool,
}

/// Where column names come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NameOrigin {
    /// The table map has them (`binlog_row_metadata=FULL`).
    TableMap,
    /// DDL before, in the log.
    Ddl,
    /// They are not known.
    Unknown,
}

/// Names of a table's columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnNames {
    /// One for each column of the table map; empty where the origin is [`NameOrigin::Unknown`].
    pub names: Vec<Arc<str>>,
    /// Where they come from.
    pub origin: NameOrigin,
}
