//! One compiled rule set: which transactions, statements and rows are kept.
//!
//! A [`Selection`] holds the rules as a user gives them, [`RuleSet::compile`] checks them, and a [`Filter`]
//! applies them to one chunk after the other. What is kept unchanged is the same bytes; without rules all is.
//!
//! # What is judged
//!
//! - **Row events** by the table that their table map names; no row is decoded.
//! - **Statements** by the tables that they name, whatever the default database is. What writes kept and dropped
//!   tables together, or writes a kept one from a dropped one, is *mixed*: see [`Selection::on_mixed`]. What cannot be told is
//!   *unparsed*: see [`Selection::on_unparsed`].
//! - **Database DDL, routines and events** are kept if the rules could keep any table of their database. So
//!   `DROP DATABASE` of a database with kept and dropped tables is kept: it drops all the kept ones.
//! - **Triggers** by the table that they are on. `DROP TRIGGER` does not name it: it is unparsed unless all or none
//!   of its database's tables are kept.
//! - **Accounts** and whatever else belongs to no database only where no rule names what to include.
//! - **Transactions** as a whole by GTID, time, server and connection.
//!
//! A `DROP` or `RENAME` of several tables is kept in part, where each of them can be judged by itself.
//!
//! Rows may be kept by their values, and columns left out or masked: see [`Selection::wheres`], [`Selection::drop_columns`]
//! and [`Selection::masks`]. Only rows of tables with such rules are decoded.
//!
//! What is kept may get other names: see [`Selection::renames`].
//!
//! A kept statement whose default database is one of which nothing is kept is marked as one that needs no `USE`
//! (`LOG_EVENT_SUPPRESS_USE_F`): it names nothing of that database, which a target need not have.
//!
//! # What remains of a transaction
//!
//! A transaction with a GTID of which the rules for tables, kinds, servers or connections keep nothing stays as an
//! empty one, so that a target does not miss its GTID (see [`Emptied`]); one without a GTID vanishes. A transaction outside of the
//! GTIDs or times that were asked for vanishes in any case: a target must not believe that it has executed it.
//!
//! The filter knows no output formats, servers or files. Positions in event headers are left as they were read.

mod definitions;
mod error;
mod event;
mod explain;
mod filter;
mod images;
mod judge;
mod kind;
mod pattern;
mod rename;
mod replicate;
mod report;
mod rewrite;
mod rules;
mod selection;
mod split;
mod statement;
mod stretch;
mod tables;
mod transaction;

#[cfg(test)]
mod testing;

pub use error::{At, FilterError, RuleError};
pub use explain::{Decision, Explanation};
pub use filter::Filter;
pub use replicate::ReplicateRules;
pub use report::{Reason, Report};
pub use rules::RuleSet;
pub use selection::{Emptied, Policy, Selection};
pub use split::{Share, Split};
