//! What is wrong, and how bad it is.

use std::fmt;
use std::sync::Arc;

use binlog_parser::{EventError, FieldError};

use crate::gtids::Gtids;
use crate::losses::Loss;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Nothing is known to be lost, and something is not as it should be.
    Warning,
    /// Data is damaged or missing.
    Error,
}

/// Something found, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The log; of two logs that do not fit, the second.
    pub file: Arc<str>,
    /// Position in it, where there is one.
    pub position: Option<u64>,
    /// What it is.
    pub problem: Problem,
}

/// What can be wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// An event does not fit its checksum, its type or its table.
    Event(EventError),
    /// So many more events of one chunk do not.
    MoreEvents(u64),
    /// Bytes in which no event can be found.
    Unreadable {
        /// Position after them.
        to: u64,
        /// What was found instead.
        why: String,
    },
    /// Positions jump forward: so many bytes are missing.
    Missing(u64),
    /// Positions jump back: so many bytes do not belong here, or were there before.
    Surplus(u64),
    /// Transactions are not whole, or missing.
    Lost(Loss),
    /// The source itself says that events were lost (INCIDENT).
    Incident,
    /// The log could not be read further.
    Failed(String),
    /// The log ends inside of a transaction.
    EndsInside,
    /// The in-use flag is set: the log is being written, or its server crashed.
    InUse,
    /// The log is not in use, and its last event is neither STOP nor ROTATE.
    NotClosed,
    /// The log has no checksums: nothing could be verified by them.
    NoChecksums,
    /// The same GTIDs stand in one log twice.
    Repeated(Gtids),
    /// Logs between the one before and this one are missing, by name.
    NameGap {
        /// Name of the first one that is missing.
        expected: String,
    },
    /// By name, the log does not come after the one before.
    NameOrder {
        /// Name of the one before.
        before: String,
    },
    /// Transactions that the log says stand before it do not.
    GtidGap(Gtids),
    /// Transactions that stand before the log are not among those that it says do.
    GtidUnknown(Gtids),
    /// Transactions of this log stand in one before, too.
    GtidOverlap(Gtids),
    /// Another server wrote this log than the one before.
    OtherServer {
        /// `server_id` and version of the one before.
        before: (u32, String),
        /// `server_id` and version of this one.
        now: (u32, String),
    },
}

impl Problem {
    /// A word for programs, which stays the same in later versions.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Event(error) => match error.error {
                FieldError::Checksum { .. } => "checksum",
                FieldError::Unsupported { .. } => "unsupported",
                _ => "event",
            },
            Self::MoreEvents(_) => "more",
            Self::Unreadable { .. } => "unreadable",
            Self::Missing(_) => "missing",
            Self::Surplus(_) => "surplus",
            Self::Lost(_) => "lost",
            Self::Incident => "incident",
            Self::Failed(_) => "failed",
            Self::EndsInside => "ends-inside",
            Self::InUse => "in-use",
            Self::NotClosed => "not-closed",
            Self::NoChecksums => "no-checksums",
            Self::Repeated(_) => "gtid-repeated",
            Self::NameGap { .. } => "name-gap",
            Self::NameOrder { .. } => "name-order",
            Self::GtidGap(_) => "gtid-gap",
            Self::GtidUnknown(_) => "gtid-unknown",
            Self::GtidOverlap(_) => "gtid-overlap",
            Self::OtherServer { .. } => "other-server",
        }
    }

    /// The GTIDs that it is about, where they are known.
    #[must_use]
    pub fn gtids(&self) -> Option<&Gtids> {
        match self {
            Self::Repeated(gtids) | Self::GtidGap(gtids) | Self::GtidUnknown(gtids) | Self::GtidOverlap(gtids) => {
                Some(gtids)
            }
            Self::Lost(loss) => loss.gtids.known(),
            _ => None,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(error) => event(error, f),
            Self::MoreEvents(count) => write!(f, "{count} more events near here have errors"),
            Self::Unreadable { to, why } => write!(f, "no event can be read up to {to}: {why}"),
            Self::Missing(bytes) => write!(f, "{bytes} bytes are missing before this event, by its position"),
            Self::Surplus(bytes) => {
                write!(
                    f,
                    "{bytes} bytes too many before this event, by its position: repeated or foreign"
                )
            }
            Self::Lost(loss) => loss.fmt(f),
            Self::Incident => f.write_str("INCIDENT: the source lost events when it wrote this log"),
            Self::Failed(why) => f.write_str(why),
            Self::EndsInside => f.write_str("ends inside a transaction"),
            Self::InUse => f.write_str("marked in use: still written, or its server crashed"),
            Self::NotClosed => f.write_str("does not end with ROTATE or STOP: its end may be missing"),
            Self::NoChecksums => f.write_str("no checksums: changed bytes inside of values cannot be seen"),
            Self::Repeated(gtids) => write!(f, "transactions stand here twice: {gtids}"),
            Self::NameGap { expected } => write!(f, "{expected} is missing before it"),
            Self::NameOrder { before } => write!(f, "does not come after {before}, which stands before it"),
            Self::GtidGap(gtids) => write!(f, "transactions are missing before it: {gtids}"),
            Self::GtidUnknown(gtids) => write!(f, "does not know transactions of the logs before: {gtids}"),
            Self::GtidOverlap(gtids) => write!(f, "transactions stand in a log before, too: {gtids}"),
            Self::OtherServer { before, now } => write!(
                f,
                "written by server {} ({}), the log before by server {} ({})",
                now.0, now.1, before.0, before.1
            ),
        }
    }
}

/// An event's error without its position, which stands before it.
fn event(error: &EventError, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match error.event_type {
        Some(event_type) => write!(f, "{event_type} +{}: {}", error.field_offset, error.error),
        None => write!(f, "event header: {}", error.error),
    }
}
