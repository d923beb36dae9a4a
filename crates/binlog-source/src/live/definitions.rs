//! The definitions of a server's tables.

use std::time::Duration;

use binlog_parser::event::Flavour;
use mysql::prelude::Queryable as _;
use mysql::{Conn, Opts, OptsBuilder};

use crate::connect::server_name;
use crate::error::SourceError;
use crate::live::identity::flavour_of;
use crate::live::request::Ask;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a server's tables look like now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerTables {
    /// The server, by host and port or socket.
    pub server: String,
    /// Its family.
    pub flavour: Flavour,
    /// The schema and the statement that makes the table, of each table but those in memory of the server itself.
    pub tables: Vec<(String, Vec<u8>)>,
    /// Tables of which the server does not tell it, as `schema.table`, and what it says.
    pub refused: Vec<(String, String)>,
}

/// What may change how statements are written.
const SESSION: &str = "SET NAMES utf8mb4, sql_mode = '', sql_quote_show_create = 1";

const TABLES: &str = "SELECT table_schema, table_name FROM information_schema.tables
    WHERE table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')
    AND table_schema NOT IN ('information_schema', 'performance_schema')
    ORDER BY table_schema, table_name";

/// Asks a server for the definitions of all its tables. A table that goes meanwhile is left out.
///
/// # Errors
/// The server cannot be reached, or refuses to answer.
pub fn server_tables(opts: &Opts) -> Result<ServerTables, SourceError> {
    let server = server_name(opts);
    let ask = Ask { server: &server };
    let opts = OptsBuilder::from_opts(opts.clone()).read_timeout(Some(PATIENCE));
    let mut conn = ask.run("connecting", Conn::new(opts))?;
    ask.run("setting up the session", conn.query_drop(SESSION))?;
    let version: Option<String> = ask.run("reading its version", conn.query_first("SELECT VERSION()"))?;
    let names: Vec<(String, String)> = ask.run("listing its tables", conn.query(TABLES))?;
    let (mut tables, mut refused) = (Vec::new(), Vec::new());
    for (schema, table) in names {
        let statement = format!("SHOW CREATE TABLE {}.{}", quoted(&schema), quoted(&table));
        match conn.query_first::<(String, Vec<u8>), _>(statement) {
            Err(mysql::Error::MySqlError(error)) if error.code == NO_SUCH_TABLE => {}
            Err(mysql::Error::MySqlError(error)) => refused.push((format!("{schema}.{table}"), error.message)),
            answer => {
                let made = ask.run("reading a table's definition", answer)?;
                tables.extend(made.map(|(_, sql)| (schema, sql)));
            }
        }
    }
    Ok(ServerTables {
        flavour: flavour_of(&version.unwrap_or_default()),
        server,
        tables,
        refused,
    })
}

/// `ER_NO_SUCH_TABLE`
const NO_SUCH_TABLE: u16 = 1146;

fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}
