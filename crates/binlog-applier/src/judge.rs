//! What events and statements are to the applier.

use binlog_parser::event::{Event, RowsFlags};
use binlog_parser::{Chunk, EventType, Query};
use binlog_schema::{Object, StatementKind, Touched, Unparsed};

use crate::checkpoint::OWN_SCHEMA;
use crate::error::{ApplyError, ApplyErrorKind};

/// Statements of other kinds that a server does not run inside a transaction.
pub(crate) fn commits_alone(touched: &Touched) -> bool {
    matches!(touched.kind, StatementKind::Set | StatementKind::Other) && touched.writes.contains(&Object::Global)
}

/// Whether the statement changes the applier's own schema alone.
pub(crate) fn is_own(touched: &Result<Touched, Unparsed>) -> Result<bool, ApplyError> {
    let Ok(touched) = touched else {
        return Ok(false);
    };
    let own = touched
        .writes
        .iter()
        .filter(|object| object.schema() == Some(OWN_SCHEMA))
        .count();
    match own {
        0 => Ok(false),
        own if own == touched.writes.len() => Ok(true),
        _ => Err(unsupported(
            "this statement".to_owned(),
            "it changes the schema binlog_replica and others",
        )),
    }
}

/// What is to be known of a chunk's transactions beforehand.
#[derive(Debug, Default)]
pub(crate) struct Foresight {
    /// Whether one ends with ROLLBACK: it must not share the target's transaction.
    pub(crate) rolls_back: bool,
    /// Position at which the one begins that the chunk leaves open; `None` where it began in an earlier chunk.
    pub(crate) open_from: Option<u64>,
}

impl Foresight {
    pub(crate) fn of(chunk: &Chunk) -> Result<Self, ApplyError> {
        let mut foresight = Self::default();
        let mut after_gtid = false;
        for raw in chunk.events() {
            let raw = raw?;
            let event_type = raw.header.event_type;
            let query = (event_type == EventType::QUERY).then(|| Query::decode(raw.body()));
            let is = |words| matches!(&query, Some(Ok(query)) if query.is(words));
            foresight.rolls_back |= is("ROLLBACK");
            let is_gtid = IS_GTID.contains(&event_type);
            if chunk.unfinished && (is_gtid || is("BEGIN") && !after_gtid) {
                foresight.open_from = Some(raw.offset);
            }
            after_gtid = is_gtid;
        }
        Ok(foresight)
    }
}

const IS_GTID: [EventType; 4] = [
    EventType::GTID,
    EventType::ANONYMOUS_GTID,
    EventType::GTID_TAGGED,
    EventType::MARIADB_GTID,
];

/// From MySQL 9.6 on, a source that handles foreign keys itself (`innodb_native_foreign_keys = OFF`)
/// logs the rows that they cascade to, and says so in the event: the target must not cascade too.
pub(crate) fn rows_flags(flags: RowsFlags) -> RowsFlags {
    /// `USE_SQL_FOREIGN_KEY_F`
    const CASCADES_LOGGED: RowsFlags = RowsFlags(16);
    if flags.contains(CASCADES_LOGGED) {
        RowsFlags(flags.0 | RowsFlags::NO_FOREIGN_KEY_CHECKS.0)
    } else {
        flags
    }
}

/// Whether the event stands at the beginning of a transaction alone.
pub(crate) fn begins(event: &Event<'_>) -> bool {
    matches!(event, Event::Gtid(_) | Event::MariaDbGtid(_))
}

/// The error for a transaction that is cut off.
pub(crate) fn without_end() -> ApplyError {
    unsupported(
        "the transaction before this event".to_owned(),
        "it has no end in the log",
    )
}

/// The error for what is not applied.
pub(crate) fn unsupported(what: String, why: &'static str) -> ApplyError {
    ApplyErrorKind::Unsupported { what, why }.into()
}
