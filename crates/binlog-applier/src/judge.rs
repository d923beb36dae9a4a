//! What events and statements are to the applier.

use binlog_parser::event::{Event, MariaDbGtidFlags, RowsFlags};
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

/// Whether a transaction in the chunk ends with ROLLBACK: it must not share the target's transaction.
pub(crate) fn rolls_back(chunk: &Chunk) -> Result<bool, ApplyError> {
    for raw in chunk.events() {
        let raw = raw?;
        let rolls_back = raw.header.event_type == EventType::QUERY
            && Query::decode(raw.body()).is_ok_and(|query| query.is("ROLLBACK"));
        if rolls_back {
            return Ok(true);
        }
    }
    Ok(false)
}

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

/// An error for the parts of XA transactions.
pub(crate) fn refuse_xa(flags: MariaDbGtidFlags) -> Result<(), ApplyError> {
    if flags.contains(MariaDbGtidFlags::PREPARED_XA) || flags.contains(MariaDbGtidFlags::COMPLETED_XA) {
        return Err(xa());
    }
    Ok(())
}

/// The error for XA transactions.
pub(crate) fn xa() -> ApplyError {
    unsupported(
        "an XA transaction".to_owned(),
        "its two phases would need a transaction of their own on the target",
    )
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
