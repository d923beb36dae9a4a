//! Why a change could not be applied.

use std::fmt;
use std::sync::Arc;

use binlog_parser::gtid::MariaDbGtid;
use binlog_parser::{EventType, Place};

use crate::statement::without_secrets;

/// The event that could not be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventPlace {
    /// Name of the log.
    pub file: Arc<str>,
    /// Position of the event's first byte.
    pub position: u64,
    /// Type of the event.
    pub event_type: EventType,
}

impl fmt::Display for EventPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}, {}", self.file, self.position, self.event_type)
    }
}

/// The rows of a conflict, for a message; shortened.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rows {
    /// As the source has it; empty where it is not known.
    pub source: String,
    /// As the target has it.
    pub target: Option<String>,
}

/// Letters of a row in a message.
const ROW_LEN: usize = 300;

impl Rows {
    pub(crate) fn new(source: String, target: Option<String>) -> Self {
        let short = |row: String| match row.char_indices().nth(ROW_LEN) {
            Some((end, _)) => format!("{} …", row.get(..end).unwrap_or_default()),
            None => row,
        };
        Self {
            source: short(source),
            target: target.map(short),
        }
    }
}

impl fmt::Display for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.source.as_str(), &self.target) {
            ("", _) => Ok(()),
            (source, None) => write!(f, "; the source has the row {source}, the target none with its key"),
            (source, Some(target)) => write!(f, "; the source has the row {source}, the target {target}"),
        }
    }
}

/// Why a change could not be applied. The target's transaction is rolled back when the applier is
/// dropped; connecting again goes on at the checkpoint.
#[derive(Debug)]
pub struct ApplyError {
    /// Where in the log; `None` before the first event.
    pub place: Option<EventPlace>,
    /// What happened.
    pub kind: Box<ApplyErrorKind>,
}

/// What happened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyErrorKind {
    /// The target could not be reached, or refused the account.
    #[error("cannot connect to the target: {}", words(.0))]
    Connect(mysql::Error),
    /// The link broke, or the target refused something of the applier's own.
    #[error("target: {doing}: {}", words(error))]
    Target {
        /// What was being done.
        doing: &'static str,
        /// The client library's or the server's words.
        error: mysql::Error,
    },
    /// Another applier works under the same name.
    #[error("another applier with the checkpoint name {name:?} is connected to the target")]
    Locked {
        /// The name.
        name: String,
    },
    /// The checkpoint on the target cannot be used.
    #[error("checkpoint {name:?} in binlog_replica.checkpoint: {why}")]
    Checkpoint {
        /// Its name.
        name: String,
        /// What is wrong.
        why: String,
    },
    /// Logs between the target's position and this one were not applied.
    #[error("transactions are missing: the logs before this one hold {earlier}, the target has {held:?} of them")]
    Gap {
        /// GTIDs that the target has.
        held: String,
        /// GTIDs that the logs before this one hold.
        earlier: String,
    },
    /// Logs between the target's position and this one were not given.
    #[error("logs are missing between {from}, where the target stands, and {to}")]
    MissingLogs {
        /// Where the target stands.
        from: String,
        /// The log that was given next.
        to: String,
    },
    /// MariaDB without `gtid_strict_mode` wrote a number that is not above the one before.
    #[error(
        "{gtid} comes after transactions of its domain with higher numbers; it cannot be told from one applied before"
    )]
    OutOfOrder {
        /// The GTID.
        gtid: MariaDbGtid,
    },
    /// An event could not be read.
    #[error(transparent)]
    Event(#[from] Place),
    /// The target refused a statement of the source.
    #[error("{}; the statement was: {sql}", words(error))]
    Statement {
        /// The statement, shortened.
        sql: String,
        /// The target's words.
        error: mysql::Error,
    },
    /// A statement ended otherwise than on the source.
    #[error("on the source the statement ended with error {expected}, on the target {got}; the statement was: {sql}")]
    OtherEnd {
        /// The statement, shortened.
        sql: String,
        /// Error number on the source.
        expected: u16,
        /// What the target said.
        got: String,
    },
    /// A statement was interrupted on the source: nobody knows how much of it was done.
    #[error("the statement was interrupted on the source (error {code}): {sql}")]
    Interrupted {
        /// The statement, shortened.
        sql: String,
        /// Error number on the source.
        code: u16,
    },
    /// The target refused a row change.
    #[error("{change} {table}{key}: {}{rows}", words(error))]
    Row {
        /// INSERT INTO, UPDATE or DELETE FROM.
        change: &'static str,
        /// The table.
        table: String,
        /// Key of the row, or of the first and last row, as SQL; shortened.
        key: String,
        /// The rows, where they are known.
        rows: Rows,
        /// The target's words.
        error: mysql::Error,
    },
    /// A row that is to be changed is not on the target as it was on the source.
    #[error("{change} {table}{key}: {found} of {expected} rows found on the target{rows}")]
    RowNotFound {
        /// UPDATE or DELETE FROM.
        change: &'static str,
        /// The table.
        table: String,
        /// Key of the row, or of the first and last row, as SQL; shortened.
        key: String,
        /// Rows found.
        found: u64,
        /// Rows that should be there.
        expected: u64,
        /// The rows, where they are known.
        rows: Rows,
    },
    /// The target's table is not that of the log.
    #[error("table {table}: {why}")]
    Table {
        /// The table.
        table: String,
        /// What differs.
        why: String,
    },
    /// A trigger on the target would fire for row changes that already hold what it did on the source.
    #[error(
        "table {table} has the trigger {trigger} on the target, which would fire again for the source's row changes"
    )]
    Trigger {
        /// The table.
        table: String,
        /// The trigger.
        trigger: String,
    },
    /// A statement that commits by itself was begun before, and nothing tells whether it was done.
    #[error("cannot tell whether this statement was done before the applier was interrupted: {sql}")]
    Undecided {
        /// The statement, shortened.
        sql: String,
        /// Name of the checkpoint.
        name: String,
    },
    /// A value has no SQL literal.
    #[error("table {table}, column {column}: {error}")]
    Value {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Why.
        #[source]
        error: binlog_schema::sql::LiteralError,
    },
    /// A row image cannot be read.
    #[error("table {table}: {error}")]
    Image {
        /// The table.
        table: String,
        /// Why.
        #[source]
        error: binlog_parser::FieldError,
    },
    /// The target refused row events.
    #[error("row events of {tables}: {}", words(error))]
    Events {
        /// The tables.
        tables: String,
        /// The target's words.
        error: mysql::Error,
    },
    /// Somebody else moved the checkpoint.
    #[error("checkpoint {name:?} in binlog_replica.checkpoint is no longer where this applier left it")]
    Moved {
        /// Name of the checkpoint.
        name: String,
    },
    /// The differences of a JSON document do not fit the document.
    #[error("table {table}, column {column}: {error}")]
    Document {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Why.
        #[source]
        error: binlog_parser::value::JsonApplyError,
    },
    /// The session of a statement cannot be set.
    #[error("{error}")]
    Session {
        /// Why.
        #[source]
        error: binlog_schema::sql::SessionError,
    },
    /// An earlier error left the applier in the middle of a transaction.
    #[error("the applier has failed before; connect again")]
    Failed,
    /// What this version does not apply.
    #[error("{what} cannot be applied: {why}")]
    Unsupported {
        /// The event or statement.
        what: String,
        /// Why.
        why: &'static str,
    },
}

impl fmt::Display for ApplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        write!(f, "{}", self.kind)
    }
}

impl std::error::Error for ApplyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.kind.source()
    }
}

impl From<ApplyErrorKind> for ApplyError {
    fn from(kind: ApplyErrorKind) -> Self {
        Self {
            place: None,
            kind: Box::new(kind),
        }
    }
}

impl From<Place> for ApplyError {
    /// The place is part of the words.
    fn from(place: Place) -> Self {
        ApplyErrorKind::Event(place).into()
    }
}

impl ApplyError {
    /// The same error at an event, unless it already has a place.
    #[must_use]
    pub(crate) fn at(mut self, place: impl FnOnce() -> EventPlace) -> Self {
        if self.place.is_none() && !matches!(*self.kind, ApplyErrorKind::Event(_)) {
            self.place = Some(place());
        }
        self
    }

    /// Whether connecting again and going on at the checkpoint may help without anybody's doing:
    /// a lost link, a deadlock, a lock that is held for now, a target that is shutting down.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match &*self.kind {
            ApplyErrorKind::Locked { .. } | ApplyErrorKind::Moved { .. } => true,
            kind => kind.server_error().is_some_and(is_transient),
        }
    }

    /// Whether others on the target are in the way for now: a deadlock, or a lock that was waited for in vain.
    pub(crate) fn is_in_the_way(&self) -> bool {
        self.kind
            .server_error()
            .and_then(code)
            .is_some_and(|code| [1205, 1213].contains(&code))
    }

    /// Whether the target answered, and will answer the same again.
    pub(crate) fn is_answer(&self) -> bool {
        self.kind.server_error().and_then(code).is_some() && !self.is_transient()
    }

    /// Whether the target is in the way, and not what was to be applied.
    #[must_use]
    pub fn is_server(&self) -> bool {
        matches!(
            *self.kind,
            ApplyErrorKind::Locked { .. } | ApplyErrorKind::Checkpoint { .. } | ApplyErrorKind::Moved { .. }
        ) || self.kind.server_error().is_some()
    }

    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        self.kind.hint()
    }
}

impl ApplyErrorKind {
    /// The client library's error, where there is one.
    fn server_error(&self) -> Option<&mysql::Error> {
        match self {
            Self::Connect(error)
            | Self::Target { error, .. }
            | Self::Statement { error, .. }
            | Self::Events { error, .. }
            | Self::Row { error, .. } => Some(error),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Undecided { name, .. } => {
                return Some(undecided_hint(name));
            }
            Self::Trigger { trigger, .. } => {
                return Some(format!(
                    "row changes hold what triggers did on the source; drop {trigger} on the target"
                ));
            }
            Self::Locked { .. } => "stop the other one, or give this one a name of its own",
            Self::OutOfOrder { .. } => {
                "set gtid_strict_mode = ON on the source, and write to one domain through one server"
            }
            Self::Gap { .. } | Self::MissingLogs { .. } => {
                "give all logs, in their order; the target goes on where its checkpoint stands"
            }
            Self::RowNotFound { .. } => "the target was changed by others, or did not start as a copy of the source",
            Self::Table { .. } => "the table must have the same columns on the source and on the target",
            other => server_hint(code(other.server_error()?)?)?,
        };
        Some(hint.to_owned())
    }
}

/// The server's words with their number, or those of the system.
fn words(error: &mysql::Error) -> String {
    match error {
        // A syntax error repeats a part of the statement.
        mysql::Error::MySqlError(answer) if answer.code == 1064 => {
            format!("{} (error 1064)", without_secrets(answer.message.clone()))
        }
        mysql::Error::MySqlError(answer) => format!("{} (error {})", answer.message, answer.code),
        mysql::Error::IoError(error) => error.to_string(),
        mysql::Error::DriverError(error) => error.to_string(),
        mysql::Error::CodecError(error) => error.to_string(),
        other => other.to_string(),
    }
}

fn undecided_hint(name: &str) -> String {
    format!(
        "see on the target whether it was done. If so: UPDATE binlog_replica.checkpoint SET log_file = intent_file, \
         log_position = intent_position, gtids = intent_gtids, intent_sql = NULL WHERE name = '{name}'; \
         if not, undo what was done of it, and: UPDATE binlog_replica.checkpoint SET intent_sql = NULL WHERE name = '{name}'"
    )
}

fn code(error: &mysql::Error) -> Option<u16> {
    match error {
        mysql::Error::MySqlError(answer) => Some(answer.code),
        _ => None,
    }
}

fn server_hint(code: u16) -> Option<&'static str> {
    Some(match code {
        1044 | 1045 | 1142 | 1370 => {
            "the account needs the rights to make the source's changes, and all rights on the schema binlog_replica"
        }
        1227 => {
            "to set a statement's session the account needs SESSION_VARIABLES_ADMIN (MySQL) or BINLOG REPLAY (MariaDB)"
        }
        1062 => "the row is on the target already: it was changed by others, or did not start as a copy of the source",
        1146 | 1049 => "the target must start as a copy of the source at the position where the changes begin",
        1153 => "raise max_allowed_packet on the target",
        1273 | 1115 => {
            "the target does not know the character set or collation: let the source name one that both know"
        }
        1290 | 1836 => "the target is read-only",
        1148 | 3948 => "LOAD DATA in statement format needs local_infile = ON on the target",
        1418 => "set log_bin_trust_function_creators = ON on the target",
        3750 | 3775 => "set sql_require_primary_key = OFF on the target",
        _ => return None,
    })
}

/// Deadlock, lock wait, too many connections, shutdown, killed connection, and every broken link.
fn is_transient(error: &mysql::Error) -> bool {
    match error {
        mysql::Error::MySqlError(answer) => matches!(
            answer.code,
            1040 | 1053 | 1158..=1161 | 1184 | 1203 | 1205 | 1213 | 1317 | 1927 | 3169 | 4031
        ),
        mysql::Error::IoError(_) => true,
        mysql::Error::DriverError(error) => matches!(
            error,
            mysql::DriverError::ConnectTimeout
                | mysql::DriverError::CouldNotConnect(_)
                | mysql::DriverError::PacketOutOfSync
                | mysql::DriverError::UnexpectedPacket
                | mysql::DriverError::SetupError
                | mysql::DriverError::Timeout
        ),
        mysql::Error::CodecError(_) => true,
        _ => false,
    }
}
