//! What contradicts a definition.

use super::origin::{GivenBy, LogPlace, Origin};
use crate::TableName;

/// What contradicts a table's definition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DefinitionError {
    /// A table map has other columns.
    #[error("table {table}: {what}the log has {log}, {origin} has {definition}")]
    Mismatch {
        /// The table.
        table: TableName,
        /// The column, with a colon; empty for the number of columns.
        what: String,
        /// What the table map says.
        log: String,
        /// What the definition says.
        definition: String,
        /// Where the definition comes from.
        origin: Origin,
    },
    /// A table changes in the log, and so the definition that a server has now is not that of the rows before.
    #[error("table {table}: it changes here, and rows from {used} on were named by its definition of now on {by}")]
    ChangedLater {
        /// The table.
        table: TableName,
        /// The server.
        by: GivenBy,
        /// The first row event that was named so.
        used: LogPlace,
    },
}

impl DefinitionError {
    /// What may be done about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Mismatch {
                origin: Origin::Given(GivenBy::Server(_)),
                ..
            } => {
                "the table was another one then: give a dump of that time, --schema FILE.sql; or --on-mismatch unnamed"
            }
            Self::Mismatch { .. } if self.is_of_given() => {
                "the schema file is of another time: give one of the time where the log begins; or --on-mismatch unnamed"
            }
            Self::Mismatch { .. } => {
                "a change of the table is not in the log; --on-mismatch unnamed writes such rows without names"
            }
            Self::ChangedLater { .. } => {
                "give a dump of the time before, --schema FILE.sql; or begin after this statement, --start-position"
            }
        }
    }

    fn is_of_given(&self) -> bool {
        matches!(self, Self::Mismatch { origin, .. } if origin.given().is_some())
    }
}
