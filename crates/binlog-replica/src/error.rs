//! Why a replica ended.

use binlog_applier::ApplyError;
use binlog_filter::FilterError;
use binlog_parser::Place;
use binlog_source::SourceError;

/// Why a replica ended, or tries again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplicaError {
    /// The source, or the way to it.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A change that the rules cannot judge.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// The target, or what it said to a change.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// An event that could not be read.
    #[error(transparent)]
    Event(#[from] Place),
}

impl ReplicaError {
    /// Whether the same attempt may pass later without anybody's doing.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Source(error) => error.is_transient(),
            Self::Apply(error) => error.is_transient(),
            Self::Filter(_) | Self::Event(_) => false,
        }
    }
}
