//! The session that a statement ran in, as SET statements.
//!
//! Which variables a QUERY event carries, and what their absence means: `Query_log_event` in the
//! servers' sources, and what `mysqlbinlog` makes of them. Not set, as no replica does:
//! `autocommit`, the catalog, the list of updated databases, `INVOKER`.
//!
//! Between flavours, what the target does not know is left out: `default_collation_for_utf8mb4`,
//! `sql_require_primary_key`, `default_table_encryption` and `enable_cascade_triggers` (MySQL only), `character_set_collations`
//! (MariaDB only), modes of `sql_mode` that have another meaning; collations that only the source has become the
//! `general_ci` one of their character set.

use std::collections::BTreeMap;
use std::io::Write as _;

use binlog_parser::Query;
use binlog_parser::event::{Flavour, Intvar, IntvarKind, QueryStatus, Rand, RowsFlags, UserVar};

use super::collation;
use super::identifier::push_identifier;
use super::literal::push_hex;
use super::user_variable;

/// `utf8mb4_general_ci`, which all servers know.
const UTF8MB4: &str = "45";
/// Modes that store what a row image holds: no 0 that becomes a number, no date refused.
const ROWS_SQL_MODE: &str = "'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'";
/// Bits of `sql_mode` that MySQL 8.0 and later refuse: `POSTGRESQL` to `MYSQL40`, `NO_AUTO_CREATE_USER`.
const REMOVED_FROM_MYSQL: u64 = 0x1003_FF00;
/// Bits of `sql_mode` that mean the same in both flavours: below 32, without `IGNORE_BAD_TABLE_OPTIONS`.
const SHARED_SQL_MODE: u64 = 0xFFFF_FFEF;

/// What a session has been set to so far. Start with a new one on each new connection.
#[derive(Debug, Clone)]
pub struct SessionState {
    source: Flavour,
    target: Flavour,
    schema: Vec<u8>,
    variables: BTreeMap<&'static str, String>,
    /// Assignments for the next statement.
    pending: Vec<Vec<u8>>,
    /// Whether a name among them needs a client character set that can write it.
    pending_names: bool,
    with_thread_id: bool,
    /// What the session was set to for rows, while it is.
    for_rows: Option<(RowsFlags, u32)>,
}

/// Why a session setting of the log cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// A user variable's value cannot be read.
    #[error("user variable {name}: {why}")]
    UserVar {
        /// Name of the variable.
        name: String,
        /// What is wrong.
        why: &'static str,
    },
}

impl SessionState {
    /// A session on a server of the `target` flavour of which nothing is known yet, for a log of `source`.
    #[must_use]
    pub fn new(source: Flavour, target: Flavour) -> Self {
        Self {
            source,
            target,
            schema: Vec::new(),
            variables: BTreeMap::new(),
            pending: Vec::new(),
            pending_names: false,
            with_thread_id: true,
            for_rows: None,
        }
    }

    /// Never sets `pseudo_thread_id`, which needs a privilege: statements that use temporary tables, or
    /// `CONNECTION_ID()`, are the caller's to handle.
    #[must_use]
    pub fn without_thread_id(mut self) -> Self {
        self.with_thread_id = false;
        self
    }

    /// Whether a statement has set `pseudo_thread_id`: the session then sees the temporary tables of that connection.
    #[must_use]
    pub fn has_thread_id(&self) -> bool {
        self.variables.contains_key("pseudo_thread_id")
    }

    /// Takes note of an INTVAR, which is for the next statement.
    pub fn intvar(&mut self, intvar: &Intvar) {
        let name = match intvar.kind {
            IntvarKind::LastInsertId => "LAST_INSERT_ID",
            IntvarKind::InsertId => "INSERT_ID",
        };
        self.pending.push(format!("{name}={}", intvar.value).into_bytes());
    }

    /// Takes note of a RAND, which is for the next statement.
    pub fn rand(&mut self, rand: &Rand) {
        let Rand { seed1, seed2 } = rand;
        self.pending
            .push(format!("rand_seed1={seed1},rand_seed2={seed2}").into_bytes());
    }

    /// Takes note of a USER_VAR, which is for the next statement.
    ///
    /// # Errors
    /// If its value cannot be read.
    pub fn user_var(&mut self, variable: &UserVar<'_>) -> Result<(), SessionError> {
        let assignment = user_variable::assignment(variable, self.target).map_err(|why| SessionError::UserVar {
            name: String::from_utf8_lossy(variable.name).into_owned(),
            why,
        })?;
        self.pending_names |= !variable.name.is_ascii();
        self.pending.push(assignment);
        Ok(())
    }

    /// Appends the statements (without `;`) that must run before `query`: only what differs from
    /// what was set before. `timestamp` is the one of the event's header, seconds since 1970 UTC.
    ///
    /// `pseudo_thread_id`, which temporary tables and `CONNECTION_ID()` depend on, and some others need a privilege
    /// on the target, as replication does.
    ///
    /// # Errors
    /// If a setting cannot be written.
    pub fn diff(&mut self, query: &Query<'_>, timestamp: u32, out: &mut Vec<Vec<u8>>) -> Result<(), SessionError> {
        self.set_pending_names(out);
        self.use_schema(query.schema, out);
        let mut wanted = self.of_query(query, timestamp);
        wanted.extend(self.of_status(&query.status));
        wanted.extend(self.collations(&query.status));
        self.set(wanted, out);
        Ok(())
    }

    /// Appends the statements that must run before row changes that are written as SQL: the pinned
    /// session that literals and names in UTF-8 rely on, and the checks that the row event's flags turn off.
    /// `timestamp` is the one of the event's header; 0 is the target's clock.
    pub fn for_rows(&mut self, flags: RowsFlags, timestamp: u32, out: &mut Vec<Vec<u8>>) {
        if self.for_rows != Some((flags, timestamp)) || !self.pending.is_empty() {
            self.set_for_rows(flags, timestamp, out);
            self.for_rows = Some((flags, timestamp));
        }
    }

    fn set_for_rows(&mut self, flags: RowsFlags, timestamp: u32, out: &mut Vec<Vec<u8>>) {
        let check = |flag| if flags.contains(flag) { "0" } else { "1" };
        let wanted = [
            ("character_set_client", UTF8MB4),
            ("collation_connection", UTF8MB4),
            ("sql_mode", ROWS_SQL_MODE),
            ("time_zone", "'+00:00'"),
            ("foreign_key_checks", check(RowsFlags::NO_FOREIGN_KEY_CHECKS)),
            ("unique_checks", check(RowsFlags::RELAXED_UNIQUE_CHECKS)),
        ];
        let mut wanted: Vec<Setting> = wanted.map(|(name, value)| (name, value.to_owned())).into();
        if self.has_thread_id() {
            // No connection of a source has this number: its temporary tables are not meant by rows.
            wanted.push(("pseudo_thread_id", "0".to_owned()));
        }
        wanted.push(("timestamp", timestamp.to_string()));
        self.set(wanted, out);
    }

    /// Names of user variables are in UTF-8, and must be read as that.
    fn set_pending_names(&mut self, out: &mut Vec<Vec<u8>>) {
        if std::mem::take(&mut self.pending_names) {
            let pending = std::mem::take(&mut self.pending);
            self.set(vec![("character_set_client", UTF8MB4.into())], out);
            self.pending = pending;
            self.set(Vec::new(), out);
        }
    }

    /// The name is in UTF-8.
    fn use_schema(&mut self, schema: &[u8], out: &mut Vec<Vec<u8>>) {
        if schema.is_empty() || schema == self.schema {
            return;
        }
        if !schema.is_ascii() {
            self.set(vec![("character_set_client", UTF8MB4.into())], out);
        }
        self.schema = schema.to_vec();
        let mut statement = b"USE ".to_vec();
        push_identifier(&mut statement, &String::from_utf8_lossy(schema));
        out.push(statement);
    }

    /// One SET of the settings that differ and of what is pending.
    fn set(&mut self, wanted: Vec<Setting>, out: &mut Vec<Vec<u8>>) {
        self.for_rows = None;
        let mut assignments: Vec<Vec<u8>> = Vec::new();
        for (name, value) in wanted {
            if self.variables.get(name) != Some(&value) {
                assignments.push(format!("{name}={value}").into_bytes());
                self.variables.insert(name, value);
            }
        }
        assignments.append(&mut self.pending);
        if !assignments.is_empty() {
            out.push([&b"SET "[..], &assignments.join(&b", "[..])].concat());
        }
    }

    fn of_query(&self, query: &Query<'_>, timestamp: u32) -> Vec<Setting> {
        let time = match query.status.microseconds {
            Some(microseconds) => format!("{timestamp}.{microseconds:06}"),
            None => timestamp.to_string(),
        };
        let mut wanted = vec![("timestamp", time)];
        if self.with_thread_id {
            wanted.push(("pseudo_thread_id", query.thread_id.to_string()));
        }
        wanted
    }

    fn of_status(&self, status: &QueryStatus<'_>) -> Vec<Setting> {
        let mut wanted = Vec::new();
        if let Some(flags) = status.flags2 {
            let on = |bit| u8::from(flags & bit != 0).to_string();
            let off = |bit| u8::from(flags & bit == 0).to_string();
            wanted.push(("sql_auto_is_null", on(QueryStatus::AUTO_IS_NULL)));
            wanted.push(("foreign_key_checks", off(QueryStatus::NO_FOREIGN_KEY_CHECKS)));
            wanted.push(("unique_checks", off(QueryStatus::RELAXED_UNIQUE_CHECKS)));
        }
        if let Some(mode) = status.sql_mode {
            wanted.push(("sql_mode", self.sql_mode(mode).to_string()));
        }
        let (increment, offset) = status
            .auto_increment
            .map_or((1, 1), |auto| (auto.increment, auto.offset));
        wanted.push(("auto_increment_increment", increment.to_string()));
        wanted.push(("auto_increment_offset", offset.to_string()));
        wanted.push(("lc_time_names", status.lc_time_names.unwrap_or(0).to_string()));
        wanted.extend(status.time_zone.map(|zone| ("time_zone", text(zone))));
        let explicit = status.explicit_defaults_for_timestamp;
        wanted.extend(explicit.map(|on| ("explicit_defaults_for_timestamp", u8::from(on).to_string())));
        if self.target == Flavour::MySql {
            let required = status.sql_require_primary_key;
            wanted.extend(required.map(|on| ("sql_require_primary_key", u8::from(on).to_string())));
            let encrypted = status.default_table_encryption;
            wanted.extend(encrypted.map(|on| ("default_table_encryption", u8::from(on).to_string())));
            wanted.extend(self.cascade_triggers(status));
        }
        wanted
    }

    /// Off by default, and on servers that do not know the variable: it is set where it is on, and back after that.
    fn cascade_triggers(&self, status: &QueryStatus<'_>) -> Option<Setting> {
        const NAME: &str = "enable_cascade_triggers";
        let on = status.enable_cascade_triggers.unwrap_or(false);
        (on || self.variables.contains_key(NAME)).then(|| (NAME, u8::from(on).to_string()))
    }

    fn collations(&self, status: &QueryStatus<'_>) -> Vec<Setting> {
        let number = |id| collation::for_target(id, self.source, self.target).to_string();
        let mut wanted = Vec::new();
        if let Some(charsets) = status.charsets {
            // MariaDB takes the numbers of some collations for no character set.
            let client = match collation::charset(charsets.client) {
                Some(name) => name.to_owned(),
                None => number(charsets.client),
            };
            wanted.push(("character_set_client", client));
            wanted.push(("collation_connection", number(charsets.connection)));
            wanted.push(("collation_server", number(charsets.server)));
        }
        let database = status.charset_database.map_or_else(|| "DEFAULT".to_owned(), number);
        wanted.push(("collation_database", database));
        if self.target == Flavour::MySql {
            let utf8mb4 = status.default_collation_for_utf8mb4;
            wanted.extend(utf8mb4.map(|id| ("default_collation_for_utf8mb4", number(id))));
        }
        wanted.extend(self.charset_collations(status));
        wanted
    }

    /// MariaDB: default collations of character sets. They stay in force until set again, so that
    /// a statement without them resets them.
    fn charset_collations(&self, status: &QueryStatus<'_>) -> Option<Setting> {
        const NAME: &str = "character_set_collations";
        let pairs = status.mariadb_character_set_collations.unwrap_or_default();
        let set_before = self.variables.contains_key(NAME);
        if self.target != Flavour::MariaDb || (pairs.is_empty() && !set_before) {
            return None;
        }
        let pairs = pairs.chunks_exact(4).filter_map(|pair| {
            let &[a, b, c, d] = pair else { return None };
            let charset = collation::charset(u16::from_le_bytes([a, b]))?;
            let collation = collation::name(u16::from_le_bytes([c, d]), self.target)?;
            Some(format!("{charset}={collation}"))
        });
        let list = pairs.collect::<Vec<_>>().join(",");
        // '' would be NULL under EMPTY_STRING_IS_NULL.
        let value = if list.is_empty() {
            "X''".to_owned()
        } else {
            format!("'{list}'")
        };
        Some((NAME, value))
    }

    fn sql_mode(&self, mode: u64) -> u64 {
        match (self.source == self.target, self.target) {
            (true, Flavour::MySql) => mode & !REMOVED_FROM_MYSQL,
            (true, Flavour::MariaDb) => mode,
            (false, Flavour::MySql) => mode & SHARED_SQL_MODE & !REMOVED_FROM_MYSQL,
            (false, Flavour::MariaDb) => mode & SHARED_SQL_MODE,
        }
    }
}

/// Variable and value.
type Setting = (&'static str, String);

/// A short text as a literal.
fn text(bytes: &[u8]) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-:/_ ".contains(byte);
    let mut out = Vec::new();
    if bytes.iter().all(plain) {
        let _ = write!(out, "'{}'", String::from_utf8_lossy(bytes));
    } else {
        out.extend(b"_utf8mb4 ");
        push_hex(&mut out, bytes);
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use binlog_parser::event::{AutoIncrement, Charsets};

    use super::*;

    #[test]
    fn only_what_changes() {
        let mut session = SessionState::new(Flavour::MySql, Flavour::MySql);
        check(
            &mut session,
            &query(QueryStatus {
                flags2: Some(0),
                sql_mode: Some(0x1000_0004),
                ..QueryStatus::default()
            }),
            &[
                "USE `d`",
                "SET timestamp=100, pseudo_thread_id=7, sql_auto_is_null=0, foreign_key_checks=1, unique_checks=1, \
                 sql_mode=4, auto_increment_increment=1, auto_increment_offset=1, lc_time_names=0, \
                 collation_database=DEFAULT",
            ],
        );
        check(&mut session, &query(QueryStatus::default()), &[]);
        session.intvar(&Intvar {
            kind: IntvarKind::InsertId,
            value: 5,
        });
        session.rand(&Rand { seed1: 1, seed2: 2 });
        let status = QueryStatus {
            microseconds: Some(12),
            auto_increment: Some(AutoIncrement {
                increment: 2,
                offset: 1,
            }),
            time_zone: Some(b"Europe/Paris"),
            ..QueryStatus::default()
        };
        check(
            &mut session,
            &query(status),
            &[
                "SET timestamp=100.000012, auto_increment_increment=2, time_zone='Europe/Paris', INSERT_ID=5, \
               rand_seed1=1,rand_seed2=2",
            ],
        );
    }

    #[test]
    fn across_flavours() {
        let charsets = Charsets {
            client: 255,
            connection: 255,
            server: 8,
        };
        let status = QueryStatus {
            sql_mode: Some(1 << 32 | 1 << 22),
            charsets: Some(charsets),
            default_collation_for_utf8mb4: Some(255),
            sql_require_primary_key: Some(true),
            ..QueryStatus::default()
        };
        let mut session = SessionState::new(Flavour::MySql, Flavour::MariaDb);
        check(
            &mut session,
            &query(status),
            &[
                "USE `d`",
                "SET timestamp=100, pseudo_thread_id=7, sql_mode=4194304, auto_increment_increment=1, \
                 auto_increment_offset=1, lc_time_names=0, character_set_client=utf8mb4, collation_connection=45, \
                 collation_server=8, collation_database=DEFAULT",
            ],
        );
    }

    #[test]
    fn triggers_of_cascades() {
        let mut session = SessionState::new(Flavour::MySql, Flavour::MySql);
        let status = |enable_cascade_triggers| QueryStatus {
            enable_cascade_triggers,
            ..QueryStatus::default()
        };
        let mut sets = |value| {
            let mut out = Vec::new();
            session.diff(&query(status(value)), 100, &mut out).unwrap();
            show(&out).concat()
        };
        assert!(!sets(None).contains("enable_cascade_triggers"));
        assert_eq!(sets(Some(false)), "");
        assert_eq!(sets(Some(true)), "SET enable_cascade_triggers=1");
        assert_eq!(sets(Some(true)), "");
        assert_eq!(sets(None), "SET enable_cascade_triggers=0");
    }

    #[test]
    fn rows() {
        let mut session = SessionState::new(Flavour::MySql, Flavour::MySql);
        let mut out = Vec::new();
        session.for_rows(RowsFlags::NO_FOREIGN_KEY_CHECKS, 9, &mut out);
        assert_eq!(
            show(&out),
            ["SET character_set_client=45, collation_connection=45, \
                 sql_mode='STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES', time_zone='+00:00', \
                 foreign_key_checks=0, unique_checks=1, timestamp=9"]
        );
        out.clear();
        session.for_rows(RowsFlags::default(), 9, &mut out);
        assert_eq!(show(&out), ["SET foreign_key_checks=1"]);
    }

    fn query(status: QueryStatus<'_>) -> Query<'_> {
        Query {
            thread_id: 7,
            exec_time: 0,
            error_code: 0,
            schema: b"d",
            status,
            sql: b"",
        }
    }

    fn check(session: &mut SessionState, query: &Query<'_>, expected: &[&str]) {
        let mut out = Vec::new();
        session.diff(query, 100, &mut out).unwrap();
        assert_eq!(show(&out), expected);
    }

    fn show(statements: &[Vec<u8>]) -> Vec<String> {
        let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
        statements.iter().map(text).collect()
    }
}
