//! Where definitions come from.

use std::fmt;
use std::sync::Arc;

/// Where a table's definition comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// The table map has the names (`binlog_row_metadata=FULL`).
    TableMap,
    /// DDL in the log made the table, or changed it.
    Ddl {
        /// The last such statement.
        at: LogPlace,
        /// What the table was before, if the log does not make it.
        given: Option<GivenBy>,
    },
    /// It was given.
    Given(GivenBy),
    /// The definition is not known.
    Unknown,
}

/// Who gave a definition that does not come from the log.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GivenBy {
    /// SQL text, by its name.
    File(Arc<str>),
    /// A server, by host and port or socket: the definition of now.
    Server(Arc<str>),
}

/// A place in a log.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct LogPlace {
    /// Name of the log.
    pub file: Arc<str>,
    /// Position of an event's first byte.
    pub position: u64,
}

impl LogPlace {
    /// This place.
    #[must_use]
    pub fn new(file: &Arc<str>, position: u64) -> Self {
        let file = Arc::clone(file);
        Self { file, position }
    }
}

impl Origin {
    /// Who gave the definition, or what DDL changed of it.
    #[must_use]
    pub fn given(&self) -> Option<&GivenBy> {
        match self {
            Self::Given(given) => Some(given),
            Self::Ddl { given, .. } => given.as_ref(),
            Self::TableMap | Self::Unknown => None,
        }
    }
}

impl GivenBy {
    /// Name of the text, or of the server.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::File(name) | Self::Server(name) => name,
        }
    }
}

impl fmt::Display for LogPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.position)
    }
}

impl fmt::Display for GivenBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(name) => write!(f, "schema file {name}"),
            Self::Server(name) => write!(f, "server {name}"),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TableMap => f.write_str("table map"),
            Self::Ddl { at, given: None } => write!(f, "DDL at {at}"),
            Self::Ddl { at, given: Some(given) } => write!(f, "DDL at {at} on {given}"),
            Self::Given(given) => given.fmt(f),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}
