//! What a table looks like at a position, and which tables a statement touches.
//!
//! - [`statement`]: the tables and other objects that a statement reads and writes.
//! - [`catalog`]: the columns of tables, as far as DDL in the log or definitions that are given tell them.
//! - [`sql`]: identifiers, literals and session settings as SQL text, for everything that writes SQL.
//!
//! The crate knows no server and no file: what it says follows from the log and from the text it is given, and what does
//! not follow is visibly unknown.

pub mod catalog;
mod cursor;
mod lexer;
mod name;
pub mod sql;
pub mod statement;

pub use catalog::{
    Catalog, ColumnDefinition, ColumnNames, Ddl, DefinitionError, Given, GivenBy, LogPlace, OnMismatch, Origin,
    SchemaScript, ScriptError, TableDefinition, column_names,
};
pub use name::TableName;
pub use statement::{Object, StatementKind, Touched, Unparsed};
