//! The connection to the target.

use std::collections::BTreeSet;
use std::sync::Arc;

use binlog_parser::FormatDescription;
use binlog_parser::event::Flavour;
use binlog_schema::sql::SessionState;
use mysql::consts::CapabilityFlags;
use mysql::prelude::{FromRow, Queryable as _};
use mysql::{Conn, OptsBuilder};

use crate::checkpoint::OWN_SCHEMA;
use crate::conflict::{Conflict, ConflictObserver, OnConflict};
use crate::error::{ApplyError, ApplyErrorKind};
use crate::framed;
use crate::options::ApplierOptions;

/// How long a predecessor's connection may take to end, in seconds.
const LOCK_WAIT: u32 = 10;
/// How long a transaction beside others waits for a row's lock, in seconds. Who holds it may be one that waits for its turn.
const WAIT_BESIDE: u32 = 3;
/// The servers' bound for `GET_LOCK` is 64 characters.
const LONGEST_NAME: usize = 64 - OWN_SCHEMA.len() - 1;

/// The connection to the target, and what its session is set to.
pub(crate) struct Target {
    pub(crate) conn: Conn,
    pub(crate) flavour: Flavour,
    pub(crate) session: SessionState,
    /// What is done about conflicts.
    pub(crate) on_conflict: OnConflict,
    /// Conflicts of the open transaction.
    pub(crate) conflicts: Vec<Conflict>,
    observer: Option<ConflictObserver>,
    source: Flavour,
    /// The format description that the session's BINLOG statements are under.
    described: Option<Arc<FormatDescription>>,
    /// Names of the character sets that it knows, once somebody asked.
    charsets: BTreeSet<String>,
    max_packet: usize,
}

impl Target {
    /// Connects, and takes the lock that lets one applier of a name work at a time.
    pub(crate) fn connect(options: &ApplierOptions) -> Result<Self, ApplyError> {
        let mut target = Self::open(options)?;
        target.lock(&options.name)?;
        Ok(target)
    }

    /// A further connection, for transactions beside those of others.
    pub(crate) fn connect_beside(options: &ApplierOptions) -> Result<Self, ApplyError> {
        let mut target = Self::open(options)?;
        target.set_beside()?;
        Ok(target)
    }

    /// A connection that changes nothing.
    pub(crate) fn connect_to_look(options: &ApplierOptions) -> Result<Self, ApplyError> {
        Self::open(options)
    }

    fn open(options: &ApplierOptions) -> Result<Self, ApplyError> {
        let server =
            OptsBuilder::from_opts(options.server.clone()).additional_capabilities(CapabilityFlags::CLIENT_FOUND_ROWS);
        let mut conn = Conn::new(server).map_err(ApplyErrorKind::Connect)?;
        let version: Option<String> = conn.query_first("SELECT VERSION()").map_err(ApplyErrorKind::Connect)?;
        let flavour = match version.unwrap_or_default().contains("MariaDB") {
            true => Flavour::MariaDb,
            false => Flavour::MySql,
        };
        let session = SessionState::new(Flavour::MySql, flavour);
        let mut target = Self {
            conn,
            flavour,
            session,
            on_conflict: options.on_conflict,
            conflicts: Vec::new(),
            observer: options.observer.clone(),
            source: Flavour::MySql,
            described: None,
            charsets: BTreeSet::new(),
            max_packet: 0,
        };
        target.set_defaults()?;
        let packet = target.first("SELECT @@max_allowed_packet", "asking for max_allowed_packet")?;
        target.max_packet = packet.unwrap_or(usize::MAX);
        Ok(target)
    }

    fn lock(&mut self, name: &str) -> Result<(), ApplyError> {
        if name.is_empty() || name.chars().count() > LONGEST_NAME {
            let why = format!("a name has 1 to {LONGEST_NAME} characters");
            return Err(ApplyErrorKind::Checkpoint {
                name: name.to_owned(),
                why,
            }
            .into());
        }
        let mut sql = b"SELECT GET_LOCK(".to_vec();
        push_text(&mut sql, &format!("{OWN_SCHEMA}.{name}"));
        sql.extend(format!(", {LOCK_WAIT})").into_bytes());
        let got: Option<Option<u8>> = self.first(&String::from_utf8_lossy(&sql), "taking the applier's lock")?;
        match got.flatten() {
            Some(1) => Ok(()),
            _ => Err(ApplyErrorKind::Locked { name: name.to_owned() }.into()),
        }
    }

    /// What holds for the whole connection, whatever a statement's session is.
    fn set_defaults(&mut self) -> Result<(), ApplyError> {
        const DOING: &str = "setting the session";
        self.run("SET SESSION autocommit = 1, wait_timeout = 31536000", DOING)?;
        if self.flavour == Flavour::MariaDb {
            self.run("SET SESSION max_statement_time = 0", DOING)?;
        }
        self.keep_texts_out()?;
        self.forget_session()
    }

    /// The target's own log need not have the text of each BINLOG statement beside its rows.
    fn keep_texts_out(&mut self) -> Result<(), ApplyError> {
        const DOING: &str = "setting the session";
        let variable = match self.flavour {
            Flavour::MySql => "binlog_rows_query_log_events",
            Flavour::MariaDb => "binlog_annotate_row_events",
        };
        let on: Option<u8> = self.first(&format!("SELECT @@SESSION.{variable}"), DOING)?;
        if on == Some(1) && self.conn.query_drop(format!("SET SESSION {variable} = 0")).is_err() {
            tracing::info!(
                variable,
                "cannot be turned off: the target's log grows by the texts of statements"
            );
        }
        Ok(())
    }

    /// Row changes alone need no gap locks; where the target's log needs them, they stay. Who waits for a transaction that must be
    /// committed later shall not wait long.
    fn set_beside(&mut self) -> Result<(), ApplyError> {
        const DOING: &str = "setting the session";
        let format: Option<String> = self.first("SELECT @@SESSION.binlog_format", DOING)?;
        if format.is_some_and(|format| format != "STATEMENT") {
            self.run("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED", DOING)?;
        }
        self.run(&format!("SET SESSION innodb_lock_wait_timeout = {WAIT_BESIDE}"), DOING)
    }

    /// Bytes of the largest statement that it takes.
    pub(crate) fn max_packet(&self) -> usize {
        self.max_packet
    }

    /// Whether it refuses changes.
    pub(crate) fn is_read_only(&mut self) -> Result<bool, ApplyError> {
        let only: Option<u8> = self.first("SELECT @@GLOBAL.read_only", "asking for read_only")?;
        Ok(only == Some(1))
    }

    /// Which of the rights the account does not have on everything.
    pub(crate) fn missing_rights(&mut self, rights: &[&str]) -> Result<Vec<String>, ApplyError> {
        let sql = "SELECT privilege_type FROM information_schema.user_privileges
             WHERE grantee = CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''')";
        let doing = "asking for the account's rights";
        let had: Vec<String> = self
            .conn
            .query(sql)
            .map_err(|error| ApplyErrorKind::Target { doing, error })?;
        let missing = rights.iter().filter(|right| !had.iter().any(|one| one == *right));
        Ok(missing.map(|right| (*right).to_owned()).collect())
    }

    /// Whether it knows a character set by this name.
    pub(crate) fn knows_charset(&mut self, name: &str) -> Result<bool, ApplyError> {
        if self.charsets.is_empty() {
            let doing = "asking for its character sets";
            let asked = self
                .conn
                .query("SELECT character_set_name FROM information_schema.character_sets");
            let names: Vec<String> = asked.map_err(|error| ApplyErrorKind::Target { doing, error })?;
            self.charsets = names.into_iter().collect();
        }
        Ok(self.charsets.contains(name))
    }

    /// Begins a transaction.
    pub(crate) fn begin(&mut self) -> Result<(), ApplyError> {
        self.conflicts.clear();
        self.run("START TRANSACTION", "beginning a transaction")
    }

    /// Undoes the open transaction.
    pub(crate) fn roll_back(&mut self) -> Result<(), ApplyError> {
        self.conflicts.clear();
        self.run("ROLLBACK", "rolling back")
    }

    /// Commits the open transaction. Then its conflicts are told.
    pub(crate) fn commit(&mut self) -> Result<(), ApplyError> {
        self.run("COMMIT", "committing")?;
        for conflict in self.conflicts.drain(..) {
            if let Some(observer) = &self.observer {
                observer.tell(&conflict);
            }
        }
        Ok(())
    }

    /// Whether somebody wants to know of each conflict.
    pub(crate) fn is_told_conflicts(&self) -> bool {
        self.observer.is_some() && self.on_conflict != OnConflict::Stop
    }

    /// The first row of a question, as SQL.
    pub(crate) fn row(&mut self, sql: &[u8]) -> Result<Option<String>, ApplyError> {
        let doing = "asking for a row";
        // A prepared statement answers with numbers, and not with their texts.
        let asked = self.conn.exec_first(String::from_utf8_lossy(sql), ());
        let row: Option<mysql::Row> = asked.map_err(|error| ApplyErrorKind::Target { doing, error })?;
        Ok(row.map(|row| {
            let names: Vec<String> = row
                .columns_ref()
                .iter()
                .map(|column| column.name_str().into_owned())
                .collect();
            let values = row.unwrap().into_iter().map(|value| value.as_sql(true));
            let pairs: Vec<String> = names
                .iter()
                .zip(values)
                .map(|(name, value)| format!("`{name}` = {value}"))
                .collect();
            pairs.join(", ")
        }))
    }

    /// Says under which format description BINLOG statements are.
    pub(crate) fn describe(&mut self, format: &Arc<FormatDescription>) -> Result<(), ApplyError> {
        if self
            .described
            .as_ref()
            .is_some_and(|described| framed::is_same(described, format))
        {
            return Ok(());
        }
        const DOING: &str = "giving it the source's format description";
        let event = framed::description(format).map_err(|error| ApplyErrorKind::Image {
            table: "(format description)".to_owned(),
            error,
        })?;
        self.run(&framed::statement(&event), DOING)?;
        if self.flavour == Flavour::MySql {
            self.run("SET @@SESSION.GTID_NEXT = 'AUTOMATIC'", DOING)?;
        }
        self.described = Some(Arc::clone(format));
        Ok(())
    }

    /// Replays row events. What the session was set to before is forgotten.
    pub(crate) fn replay(&mut self, events: &[u8]) -> Result<(), mysql::Error> {
        self.forget_state();
        self.conn.query_drop(framed::statement(events))
    }

    /// Runs the statement that writes the checkpoint's row.
    pub(crate) fn store(&mut self, statement: &str, name: &str) -> Result<(), ApplyError> {
        self.run(statement, "writing binlog_replica.checkpoint")?;
        match self.conn.affected_rows() {
            1 => Ok(()),
            _ => Err(ApplyErrorKind::Moved { name: name.to_owned() }.into()),
        }
    }

    /// The session that the applier's own questions rely on. What it was set to before is forgotten.
    pub(crate) fn forget_session(&mut self) -> Result<(), ApplyError> {
        const DOING: &str = "setting the session";
        if self.session.has_thread_id() {
            self.run("SET SESSION pseudo_thread_id = 0", DOING)?;
        }
        self.forget_state();
        self.run("SET NAMES utf8mb4", DOING)?;
        self.run(
            "SET SESSION sql_mode = '', sql_quote_show_create = 1, time_zone = '+00:00'",
            DOING,
        )
    }

    /// Forgets what the session was set to: the next statement sets all that it needs.
    pub(crate) fn forget_state(&mut self) {
        self.session = SessionState::new(self.source, self.flavour);
    }

    /// Family of the servers that the events come from.
    pub(crate) fn source(&self) -> Flavour {
        self.source
    }

    /// Says which family of servers the events come from.
    pub(crate) fn set_source(&mut self, source: Flavour) {
        if self.source != source {
            self.source = source;
            self.forget_state();
        }
    }

    /// Runs a statement of the applier's own.
    pub(crate) fn run(&mut self, sql: &str, doing: &'static str) -> Result<(), ApplyError> {
        let done = self.conn.query_drop(sql);
        done.map_err(|error| ApplyErrorKind::Target { doing, error }.into())
    }

    /// First row of a question of the applier's own.
    pub(crate) fn first<T: FromRow>(&mut self, sql: &str, doing: &'static str) -> Result<Option<T>, ApplyError> {
        let row = self.conn.query_first(sql);
        row.map_err(|error| ApplyErrorKind::Target { doing, error }.into())
    }

    /// Runs any statement, byte for byte, and returns the rows that it changed or found.
    pub(crate) fn execute(&mut self, sql: &[u8]) -> Result<u64, mysql::Error> {
        match std::str::from_utf8(sql) {
            Ok(text) => self.conn.query_drop(text)?,
            Err(_) => self.execute_bytes(sql)?,
        }
        Ok(self.conn.affected_rows())
    }

    /// As [`Self::execute`], for row changes with a value that a strict `sql_mode` refuses.
    pub(crate) fn execute_lenient(&mut self, sql: &[u8]) -> Result<u64, mysql::Error> {
        self.conn.query_drop(
            "SET @binlog_replica_mode = @@sql_mode, sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'",
        )?;
        let found = self.execute(sql)?;
        self.conn.query_drop("SET sql_mode = @binlog_replica_mode")?;
        Ok(found)
    }

    /// The client library sends text alone. A prepared statement takes its text from a variable; a
    /// binary one is not converted.
    fn execute_bytes(&mut self, sql: &[u8]) -> Result<(), mysql::Error> {
        let mut set = b"SET @binlog_replica_statement = ".to_vec();
        push_hex(&mut set, sql);
        self.conn.query_drop(String::from_utf8_lossy(&set))?;
        self.conn
            .query_drop("PREPARE binlog_replica_statement FROM @binlog_replica_statement")?;
        self.conn.query_drop("EXECUTE binlog_replica_statement")
    }

    /// Definition of an object that `SHOW CREATE` knows by these words; `None` where it is not there.
    pub(crate) fn definition(&mut self, object: &str) -> Result<Option<String>, ApplyError> {
        const ABSENT: [u16; 6] = [1049, 1146, 1305, 1360, 1539, 4092];
        match self.conn.query_first::<mysql::Row, _>(format!("SHOW CREATE {object}")) {
            Ok(row) => Ok(row.map(|row| row.unwrap().iter().map(|value| value.as_sql(true)).collect())),
            Err(mysql::Error::MySqlError(answer)) if ABSENT.contains(&answer.code) => Ok(None),
            Err(error) => {
                let doing = "asking for an object's definition";
                Err(ApplyErrorKind::Target { doing, error }.into())
            }
        }
    }
}

/// Appends a text literal that reads the same in any session.
pub(crate) fn push_text(out: &mut Vec<u8>, text: &str) {
    out.extend(b"_utf8mb4 ");
    push_hex(out, text.as_bytes());
}

/// Appends a binary literal.
pub(crate) fn push_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend(b"x'");
    for byte in bytes {
        out.extend(format!("{byte:02x}").into_bytes());
    }
    out.push(b'\'');
}
