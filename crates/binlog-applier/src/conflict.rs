//! Rows that are not on the target as a change needs them.

use std::fmt;
use std::sync::Arc;

use crate::error::EventPlace;

/// What is done about a row that is not on the target as a change needs it: missing where it is updated or deleted, there where it
/// is inserted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnConflict {
    /// It is an error.
    #[default]
    Stop,
    /// The target gets the row as it is on the source after the change.
    Overwrite,
    /// The change is left out.
    Skip,
    /// As if the change may have been made before: a row that is there is overwritten, one that is missing is left alone. The servers'
    /// replicas do so with `slave_exec_mode = IDEMPOTENT`.
    Idempotent,
}

/// How the target differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// The row to be updated or deleted is not there.
    Missing,
    /// A row with the same key is there.
    Duplicate,
}

/// A conflict that was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The event of the change.
    pub place: EventPlace,
    /// The table.
    pub table: String,
    /// INSERT INTO, UPDATE or DELETE FROM.
    pub change: &'static str,
    /// How the target differs.
    pub difference: Difference,
    /// The row that should be there, or that is inserted, as SQL.
    pub expected: String,
    /// The row that is there, as SQL; `None` where there is none.
    pub found: Option<String>,
    /// Whether the target got the source's row; else the change was left out.
    pub overwritten: bool,
}

/// Told of each conflict once it is committed.
#[derive(Clone)]
pub struct ConflictObserver(Arc<dyn Fn(&Conflict) + Send + Sync>);

impl ConflictObserver {
    /// An observer that calls this.
    pub fn new(tell: impl Fn(&Conflict) + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    pub(crate) fn tell(&self, conflict: &Conflict) {
        (self.0)(conflict);
    }
}

impl fmt::Debug for ConflictObserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConflictObserver").finish_non_exhaustive()
    }
}

impl Difference {
    /// In a word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Duplicate => "duplicate",
        }
    }
}
