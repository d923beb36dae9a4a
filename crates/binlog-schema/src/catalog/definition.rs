//! What is known of a table.

use std::fmt;
use std::sync::Arc;

use super::origin::Origin;

/// A table as DDL tells it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TableDefinition {
    /// Columns that are stored in row images, in the table's order.
    pub columns: Vec<ColumnDefinition>,
    /// Names of the primary key's columns; `None` for a table without one.
    pub primary_key: Option<Vec<String>>,
    /// How many columns a server may have added behind these at most, for keys: MariaDB for a UNIQUE key over long
    /// columns, MySQL 8.0 for key parts that are expressions.
    pub hidden: usize,
}

/// A column as DDL tells it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ColumnDefinition {
    /// Name.
    pub name: String,
    /// Type as written, without its arguments: `int`, `varchar`, `enum`; lower case.
    pub data_type: String,
    /// The type's first number: characters, bytes, digits, bits or digits of a second.
    pub length: Option<u64>,
    /// The type's second number: digits behind the point.
    pub decimals: Option<u64>,
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

/// Names of a table's columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnNames {
    /// One for each column of the table map; empty where the origin is [`Origin::Unknown`].
    pub names: Vec<Arc<str>>,
    /// Where they come from.
    pub origin: Origin,
}

impl fmt::Display for ColumnDefinition {
    /// The type as SQL has it: `DECIMAL(10,2) UNSIGNED`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.data_type.to_ascii_uppercase())?;
        match (self.length, self.decimals) {
            (Some(length), Some(decimals)) => write!(f, "({length},{decimals})")?,
            (Some(length), None) => write!(f, "({length})")?,
            _ if !self.members.is_empty() => write!(f, " of {} members", self.members.len())?,
            _ => {}
        }
        f.write_str(if self.unsigned { " UNSIGNED" } else { "" })
    }
}
