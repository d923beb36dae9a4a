//! Errors: of rules, and of what the rules meet.

use std::fmt;
use std::sync::Arc;

use binlog_parser::gtid::{GtidTextError, TransactionGtid};
use binlog_parser::{Chunk, EventType, Place, RawEvent};
use binlog_schema::{DefinitionError, Object, Unparsed};

/// A rule that cannot be compiled.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum RuleError {
    /// A pattern is not one.
    #[error("pattern {pattern:?}: {why}; {hint}")]
    Pattern {
        /// As given.
        pattern: String,
        /// What is wrong.
        why: &'static str,
        /// What it could look like.
        hint: String,
    },
    /// The text between the slashes is no regular expression.
    #[error("pattern {pattern:?}: {error}")]
    Regex {
        /// As given.
        pattern: String,
        /// What the expression's parser says.
        error: String,
    },
    /// A kind of change that there is not.
    #[error("kind {0:?} is none of insert, update, delete, ddl, statement")]
    Kind(String),
    /// Neither a set of MySQL GTIDs nor a position of MariaDB GTIDs.
    #[error("GTIDs {text:?}: {error}")]
    Gtids {
        /// As given.
        text: String,
        /// What is wrong with it as a MySQL set.
        error: GtidTextError,
    },
    /// Rules of both sorts, which judge by different things.
    #[error("the servers' rules (--replicate-…) cannot be given together with {0}")]
    BothSorts(&'static str),
    /// Rules for rows or columns, where they cannot be followed.
    #[error("{0} cannot be given here: {1}")]
    Misplaced(&'static str, &'static str),
    /// The time range holds no time.
    #[error("the start time is not before the stop time")]
    Times,
}

/// Where an event stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At {
    /// Name of the log, as the source gave it.
    pub file: Arc<str>,
    /// Position of the event's first byte.
    pub position: u64,
    /// What the event is.
    pub event_type: EventType,
}

/// Something that the rules cannot be applied to.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum FilterError {
    /// An event that cannot be read.
    #[error(transparent)]
    Event(#[from] Place),
    /// A statement that touches kept and dropped tables.
    #[error("{at}: a statement touches {} and, which the rules drop, {}: {statement}", list(.kept), list(.dropped))]
    Mixed {
        /// The statement's place.
        at: At,
        /// Its first characters.
        statement: String,
        /// What it touches and the rules keep.
        kept: Vec<Object>,
        /// What it touches and the rules drop.
        dropped: Vec<Object>,
    },
    /// A statement of which cannot be told what it touches.
    #[error("{at}: {unparsed}")]
    Unparsed {
        /// The statement's place.
        at: At,
        /// What the parser stumbled upon.
        unparsed: Unparsed,
    },
    /// A statement whose names cannot all be found, where there are rules for other names.
    #[error("{at}: no other names: {unparsed}")]
    Unrenamed {
        /// The statement's place.
        at: At,
        /// What the parser stumbled upon.
        unparsed: Unparsed,
    },
    /// An event or transaction that the rules cannot judge.
    #[error("{at}: {why}")]
    Unjudged {
        /// Its place.
        at: At,
        /// What is missing.
        why: &'static str,
    },
    /// A GTID of another family of servers than the GTIDs of a rule.
    #[error("{at}: GTID {gtid} cannot be compared with the rule's GTIDs, which are of another family of servers")]
    OtherGtids {
        /// The transaction's place.
        at: At,
        /// Its GTID.
        gtid: TransactionGtid,
    },
    /// Rows or a table to which a rule for rows or columns cannot be applied.
    #[error("{at}: {rule}: {why}")]
    Misfit {
        /// The event's place.
        at: At,
        /// The rule.
        rule: String,
        /// What is wrong.
        why: String,
    },
    /// A table's definition is not that of its rows.
    #[error("{at}: {error}")]
    Definition {
        /// The event's place.
        at: At,
        /// What contradicts what.
        error: Box<DefinitionError>,
    },
    /// A statement defines a table with columns that are left out, and cannot be told without them.
    #[error("{at}: a statement cannot be told without the columns that --drop-column leaves out: {statement}")]
    Entangled {
        /// The statement's place.
        at: At,
        /// Its first characters.
        statement: String,
    },
    /// A form of event that this version cannot judge.
    #[error("{at}: not supported with rules for tables or kinds: {why}")]
    Unsupported {
        /// Its place.
        at: At,
        /// What would be needed.
        why: &'static str,
    },
}

impl FilterError {
    /// What a user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Mixed { .. } => {
                "--on-mixed keep or --on-mixed drop decides such statements; or keep or drop the other tables, too"
                    .into()
            }
            Self::Unparsed { .. } | Self::Unjudged { .. } => {
                "--on-unparsed keep or --on-unparsed drop decides what cannot be judged".into()
            }
            Self::Definition { error, .. } => error.hint().into(),
            Self::Unrenamed { .. } | Self::Entangled { .. } => {
                "--on-unparsed keep leaves such statements as they are, --on-unparsed drop leaves them out".into()
            }
            _ => return None,
        })
    }
}

impl At {
    /// The event's place.
    pub(crate) fn of(chunk: &Chunk, raw: &RawEvent<'_>) -> Self {
        Self {
            file: Arc::clone(&chunk.file),
            position: raw.offset,
            event_type: raw.header.event_type,
        }
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}, {}", self.file, self.position, self.event_type)
    }
}

pub(crate) fn list(objects: &[Object]) -> String {
    const SHOWN: usize = 5;
    let mut names: Vec<String> = objects.iter().take(SHOWN).map(name).collect();
    if objects.len() > SHOWN {
        names.push(format!("{} more", objects.len() - SHOWN));
    }
    names.join(", ")
}

fn name(object: &Object) -> String {
    match object {
        Object::Table(name) => name.to_string(),
        Object::Schema(schema) => format!("database {schema}"),
        Object::Routine { schema, name } => format!("routine {schema}.{name}"),
        Object::Trigger { schema, name, .. } => format!("trigger {schema}.{name}"),
        Object::Event { schema, name } => format!("event {schema}.{name}"),
        _ => "what belongs to no database".into(),
    }
}
