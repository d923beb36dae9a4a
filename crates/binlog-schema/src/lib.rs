//! What a table looks like at a position, and which tables a statement touches.
//!
//! - [`statement`]: the tables and other objects that a statement reads and writes.
//! - [`catalog`]: the columns of tables, as far as DDL in the log tells them.
//! - [`sql`]: identifiers, literals and session settings as SQL text, for everything that writes SQL.
//!
//! The crate knows no server: what it says follows from the log alone, and what does not follow
//! is visibly unknown.

pub mod catalog;
mod cursor;
mod lexer;
mod name;
pub mod sql;
pub mod statement;

pub use catalog::{Catalog, ColumnDefinition, ColumnNames, NameOrigin, TableDefinition, column_names};
pub use name::TableName;
pub use statement::{Object, StatementKind, Touched, Unparsed};
