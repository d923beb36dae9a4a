//! The SQL words that are written from a log: identifiers, literals and session settings.

mod collation;
mod identifier;
mod json;
mod literal;
pub mod session;
mod temporal;
mod user_variable;

pub use collation::{charset as collation_charset, mysql_name as collation_name};
pub use identifier::{push_identifier, push_table};
pub use json::push_json_diffs;
pub use literal::{Charset, LiteralColumn, LiteralError, push_literal};
pub use session::{SessionError, SessionState};
