//! Asking a server for its log.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

use binlog_parser::event::Flavour;
use binlog_parser::gtid::{GtidProgress, GtidSet};
use binlog_parser::{Coordinates, MAGIC_LEN};
use mysql::{Conn, Opts, OptsBuilder};

use crate::connect::server_name;
use crate::error::{REGISTERING, SourceError};
use crate::live::identity::{self, Preflight, ServerIdentity};
use crate::live::link::{Dump, Link, LinkError, ThroughGtids};
use crate::live::options::{LiveOptions, StartAt};

/// The least server id that is chosen at random.
const RANDOM_FROM: u32 = 3 << 30;

/// A stream that was asked for.
pub(super) struct Asked {
    pub(super) link: Link,
    pub(super) identity: ServerIdentity,
    /// Name of the server in errors.
    pub(super) server: String,
    /// Where the stream shall end.
    pub(super) end: Option<Coordinates>,
    /// Where the stream shall begin, where that is known before it says so.
    pub(super) start: Option<Coordinates>,
    /// Whether it must begin with the first transaction of a MariaDB server.
    pub(super) from_first: bool,
}

/// Connects, looks whether the server can be a source, and asks for its log.
pub(super) fn ask(options: &LiveOptions) -> Result<Asked, SourceError> {
    let server = server_name(&options.server);
    let ask = Ask { server: &server };
    let link = Link::connect(&options.server, options.read_timeout(), options.statement_limit);
    let mut link = ask.link("connecting", link)?;
    let mut conn = ask.run("connecting", Conn::new(with_timeout(options)))?;
    let preflight = Preflight::of(&mut conn, &ask)?;
    let end = options.until_end.then(|| identity::end(&mut conn, &ask)).transpose()?;
    let start = match &options.start {
        StartAt::Coordinates(at) => Some(at.clone()),
        StartAt::Current => Some(identity::end(&mut conn, &ask)?),
        StartAt::Gtids(_) | StartAt::Oldest => None,
        StartAt::First => {
            identity::check_first(&mut conn, &ask)?;
            None
        }
    };
    let request = Request::of(options, start.as_ref(), &preflight, &ask)?;
    for statement in session(options, preflight.identity.flavour) {
        ask.link("preparing the session", link.execute(&statement))?;
    }
    ask.link(REGISTERING, request.send(&mut link, server_id(options.server_id)))?;
    let identity = preflight.identity;
    let from_first =
        identity.flavour == Flavour::MariaDb && matches!(&options.start, StartAt::Gtids(gtids) if gtids.is_empty());
    Ok(Asked {
        link,
        identity,
        server,
        end,
        start,
        from_first,
    })
}

fn with_timeout(options: &LiveOptions) -> Opts {
    OptsBuilder::from_opts(options.server.clone())
        .read_timeout(Some(options.read_timeout()))
        .into()
}

/// What a replica sets before it asks. Both names of renamed variables are set: servers know one of them, and take
/// the other for any user's variable.
fn session(options: &LiveOptions, flavour: Flavour) -> Vec<String> {
    let period = options.heartbeat_period().as_nanos();
    let mut statements = vec![
        format!("SET @master_heartbeat_period = {period}, @source_heartbeat_period = {period}"),
        "SET @master_binlog_checksum = 'CRC32', @source_binlog_checksum = 'CRC32'".to_owned(),
    ];
    if flavour == Flavour::MariaDb {
        // 4: knows GTIDs; see MARIA_SLAVE_CAPABILITY_GTID in the server's source.
        statements.push("SET @mariadb_slave_capability = 4".to_owned());
        if let StartAt::Gtids(GtidProgress::MariaDb(position)) = &options.start {
            statements.push(format!("SET @slave_connect_state = '{position}'"));
            statements.push("SET @slave_gtid_strict_mode = 0, @slave_gtid_ignore_duplicates = 0".to_owned());
        }
        if let StartAt::Gtids(GtidProgress::None) = &options.start {
            statements.push("SET @slave_connect_state = ''".to_owned());
        }
    }
    statements
}

/// What is asked of the server.
enum Request {
    /// By place; see [`Dump`].
    Place {
        file: String,
        position: u32,
        annotations: bool,
    },
    /// The transactions that are not wanted, encoded.
    Gtids(Vec<u8>),
}

impl Request {
    fn of(
        options: &LiveOptions,
        start: Option<&Coordinates>,
        preflight: &Preflight,
        ask: &Ask<'_>,
    ) -> Result<Self, SourceError> {
        let annotations = preflight.identity.flavour == Flavour::MariaDb;
        let place = |file: &str, position| Self::Place {
            file: file.to_owned(),
            position,
            annotations,
        };
        match (&options.start, start) {
            (_, Some(at)) => Ok(place(&at.file, position32(at)?)),
            (StartAt::Gtids(gtids), _) => match wanted(gtids, preflight, ask)? {
                Wanted::MySql(set) => Ok(Self::Gtids(set)),
                // What is wanted the session's variables say.
                Wanted::MariaDb => Ok(place("", MAGIC_LEN as u32)),
            },
            _ => Ok(place("", MAGIC_LEN as u32)),
        }
    }

    fn send(&self, link: &mut Link, server_id: u32) -> Result<(), LinkError> {
        link.register(server_id)?;
        match self {
            Self::Place {
                file,
                position,
                annotations,
            } => link.dump(&Dump {
                file,
                position: *position,
                annotations: *annotations,
                server_id,
            }),
            Self::Gtids(done) => link.dump_through_gtids(&ThroughGtids { done, server_id }),
        }
    }
}

/// The protocol's field has four bytes.
fn position32(at: &Coordinates) -> Result<u32, SourceError> {
    u32::try_from(at.position.max(MAGIC_LEN)).map_err(|_| SourceError::Unsupported {
        what: "a start position of 4 GiB or more",
        why: format!("the protocol has no room for {at}; start with GTIDs"),
    })
}

/// GTIDs as the server's kind takes them.
enum Wanted {
    /// The encoded set of those that are not wanted.
    MySql(Vec<u8>),
    MariaDb,
}

fn wanted(gtids: &GtidProgress, preflight: &Preflight, ask: &Ask<'_>) -> Result<Wanted, SourceError> {
    if !preflight.gtids {
        return Err(ask.not_a_source("it writes no GTIDs (gtid_mode)", "start at a file and position instead"));
    }
    match (gtids, preflight.identity.flavour) {
        (GtidProgress::MariaDb(_) | GtidProgress::None, Flavour::MariaDb) => Ok(Wanted::MariaDb),
        (GtidProgress::None, Flavour::MySql) => Ok(Wanted::MySql(encoded(&GtidSet::default()))),
        (GtidProgress::MySql(set), Flavour::MySql) => Ok(Wanted::MySql(encoded(set))),
        _ => Err(ask.not_a_source(
            "its GTIDs are not of the kind asked for",
            "MySQL: uuid:1-5; MariaDB: 0-1-5",
        )),
    }
}

fn encoded(set: &GtidSet) -> Vec<u8> {
    let mut out = Vec::new();
    set.encode(&mut out);
    out
}

fn server_id(wanted: u32) -> u32 {
    match wanted {
        0 => RANDOM_FROM | RandomState::new().build_hasher().finish() as u32 >> 2,
        chosen => chosen,
    }
}

/// Names the server in errors.
pub(super) struct Ask<'s> {
    pub(super) server: &'s str,
}

impl Ask<'_> {
    /// Puts a driver's error into its place.
    pub(super) fn run<T>(&self, doing: &'static str, result: mysql::Result<T>) -> Result<T, SourceError> {
        result.map_err(|error| driver_error(self.server, doing, &error))
    }

    /// Puts an error of the link into its place.
    fn link<T>(&self, doing: &'static str, result: Result<T, LinkError>) -> Result<T, SourceError> {
        result.map_err(|error| error.at(self.server, doing))
    }

    pub(super) fn not_a_source(&self, why: &str, hint: &'static str) -> SourceError {
        SourceError::NotASource {
            server: self.server.to_owned(),
            why: why.to_owned(),
            hint,
        }
    }
}

/// An error of the driver: of the server, of the link, or of TLS.
fn driver_error(server: &str, doing: &'static str, error: &mysql::Error) -> SourceError {
    let server = server.to_owned();
    match error {
        mysql::Error::MySqlError(error) => SourceError::Server {
            server,
            doing,
            code: error.code,
            message: error.message.clone(),
        },
        mysql::Error::TlsError(error) => SourceError::NotASource {
            server,
            why: format!("{doing}: TLS: {error}"),
            hint: "name the server's authority with --ssl-ca, or choose another --ssl-mode",
        },
        error => SourceError::Link {
            server,
            doing,
            message: error.to_string(),
        },
    }
}
