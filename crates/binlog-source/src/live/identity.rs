//! Who the server is, and whether it can be a source.

use std::collections::HashMap;

use binlog_parser::Coordinates;
use binlog_parser::event::Flavour;
use mysql::Conn;
use mysql::prelude::Queryable;

use crate::error::SourceError;
use crate::live::request::Ask;

/// Who a server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerIdentity {
    /// Its family.
    pub flavour: Flavour,
    /// Its version as it says it: `9.7.0`, `11.8.3-MariaDB-log`.
    pub version: String,
    /// `server_uuid`; `None` for MariaDB and MySQL before 5.6.
    pub uuid: Option<String>,
    /// `server_id`
    pub server_id: u32,
}

/// What was found out about a server before its log is asked for.
pub(super) struct Preflight {
    pub(super) identity: ServerIdentity,
    /// Whether its transactions have GTIDs.
    pub(super) gtids: bool,
}

/// The family of a server of this version.
pub(super) fn flavour_of(version: &str) -> Flavour {
    match version.contains("MariaDB") {
        true => Flavour::MariaDb,
        false => Flavour::MySql,
    }
}

const VARIABLES: &str = "SHOW GLOBAL VARIABLES WHERE Variable_name IN \
    ('version', 'server_uuid', 'server_id', 'log_bin', 'gtid_mode')";

impl Preflight {
    /// Asks the server.
    ///
    /// # Errors
    /// The server does not answer, or writes no binary log.
    pub(super) fn of(conn: &mut Conn, ask: &Ask<'_>) -> Result<Self, SourceError> {
        let rows: Vec<(String, String)> = ask.run("reading its variables", conn.query(VARIABLES))?;
        let mut variables: HashMap<_, _> = rows.into_iter().collect();
        let mut take = |name: &str| variables.remove(name);
        if take("log_bin").as_deref() != Some("ON") {
            return Err(ask.not_a_source(
                "it writes no binary log",
                "set log_bin in the server's options and restart it",
            ));
        }
        let version = take("version").unwrap_or_default();
        let flavour = flavour_of(&version);
        let gtid_mode = take("gtid_mode").unwrap_or_default();
        let identity = ServerIdentity {
            flavour,
            version,
            uuid: take("server_uuid"),
            server_id: take("server_id").and_then(|id| id.parse().ok()).unwrap_or_default(),
        };
        Ok(Self {
            gtids: flavour == Flavour::MariaDb || gtid_mode == "ON",
            identity,
        })
    }
}

/// Where the server's log ends now.
pub(super) fn end(conn: &mut Conn, ask: &Ask<'_>) -> Result<Coordinates, SourceError> {
    let doing = "asking where its binary log ends";
    let row = match conn.query_first("SHOW BINARY LOG STATUS") {
        Err(mysql::Error::MySqlError(error)) if error.code == NOT_KNOWN => conn.query_first("SHOW MASTER STATUS"),
        result => result,
    };
    let row: Option<mysql::Row> = ask.run(doing, row)?;
    let fields = row.and_then(|row| Some((row.get::<String, _>(0)?, row.get::<u64, _>(1)?)));
    match fields {
        Some((file, position)) => Ok(Coordinates { file, position }),
        None => Err(ask.not_a_source("it does not say where its binary log ends", "is its binary log on?")),
    }
}

/// Fails where the server has purged the beginning of its log: logs are numbered from 1.
pub(super) fn check_first(conn: &mut Conn, ask: &Ask<'_>) -> Result<(), SourceError> {
    const HINT: &str = "make the target a copy of the source, and begin with --start at the copy's position; \
                        or take what is left, with --start oldest";
    let row: Option<mysql::Row> = ask.run("asking for its logs", conn.query_first("SHOW BINARY LOGS"))?;
    let file: String = row.and_then(|row| row.get(0)).unwrap_or_default();
    let number = file.rsplit_once('.').and_then(|(_, digits)| digits.parse::<u64>().ok());
    match number {
        Some(1) => Ok(()),
        _ => Err(ask.not_a_source(&format!("its oldest log is {file:?}; it has purged those before"), HINT)),
    }
}

/// The server's error number for a statement that it does not know: a syntax error.
const NOT_KNOWN: u16 = 1064;
