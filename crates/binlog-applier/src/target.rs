//! The connection to the target.

use binlog_parser::event::Flavour;
use binlog_schema::sql::SessionState;
use mysql::consts::CapabilityFlags;
use mysql::prelude::{FromRow, Queryable as _};
use mysql::{Conn, OptsBuilder};

use crate::checkpoint::OWN_SCHEMA;
use crate::error::{ApplyError, ApplyErrorKind};
use crate::options::ApplierOptions;

/// How long a predecessor's connection may take to end, in seconds.
const LOCK_WAIT: u32 = 10;
/// The servers' bound for `GET_LOCK` is 64 characters.
const LONGEST_NAME: usize = 64 - OWN_SCHEMA.len() - 1;

/// The connection to the target, and what its session is set to.
pub(crate) struct Target {
    pub(crate) conn: Conn,
    pub(crate) flavour: Flavour,
    pub(crate) session: SessionState,
    source: Flavour,
}

impl Target {
    /// Connects, and takes the lock that lets one applier of a name work at a time.
    pub(crate) fn connect(options: &ApplierOptions) -> Result<Self, ApplyError> {
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
            source: Flavour::MySql,
        };
        target.lock(&options.name)?;
        target.set_defaults()?;
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
        self.forget_session()
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
