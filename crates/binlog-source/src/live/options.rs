//! What to ask a server for.

use std::fmt;
use std::time::Duration;

use binlog_parser::Coordinates;
use binlog_parser::gtid::GtidProgress;
use mysql::Opts;

use crate::connect::server_name;
use crate::cutter::{CHUNK_LIMIT, CutOptions, STATEMENT_LIMIT};

/// Where a stream begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartAt {
    /// At this event.
    Coordinates(Coordinates),
    /// With the first transaction that is not among these.
    Gtids(GtidProgress),
    /// With the first event of the oldest log that the server still has.
    Oldest,
    /// With the first event that the server ever wrote; an error where it purged that.
    First,
    /// With what the server writes from now on.
    Current,
}

impl fmt::Display for StartAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Coordinates(at) => write!(f, "{at}"),
            Self::Gtids(gtids) if gtids.is_empty() => f.write_str("the first GTID"),
            Self::Gtids(gtids) => write!(f, "GTIDs after {gtids}"),
            Self::Oldest => f.write_str("the oldest log"),
            Self::First => f.write_str("the first log"),
            Self::Current => f.write_str("the current end"),
        }
    }
}

/// What to ask a server for.
#[derive(Clone)]
pub struct LiveOptions {
    /// The server and the user; see [`crate::server_opts`]. The user needs REPLICATION SLAVE, and for
    /// [`StartAt::Current`] and `until_end` also REPLICATION CLIENT (MariaDB: BINLOG MONITOR).
    pub server: Opts,
    /// Where to begin.
    pub start: StartAt,
    /// Number of this replica, which no other replica of the server may have. 0 chooses one at random from
    /// 3,221,225,472 (3 × 2³⁰) up.
    pub server_id: u32,
    /// Longest silence of a server that lives; it is asked to send a heartbeat before. The link counts as lost
    /// after three such times, at least ten seconds, without a byte.
    pub heartbeat: Duration,
    /// Whether the stream ends with the last event that the server had when it was asked.
    pub until_end: bool,
    /// See [`CutOptions::chunk_limit`].
    pub chunk_limit: usize,
    /// See [`CutOptions::statement_limit`].
    pub statement_limit: usize,
    /// See [`CutOptions::expand`]. A [`crate::Mirror`] copies what stands in the log.
    pub expand: bool,
}

impl LiveOptions {
    /// Follows `server` from `start`, with a random server id and a heartbeat each second.
    #[must_use]
    pub fn new(server: Opts, start: StartAt) -> Self {
        Self {
            server,
            start,
            server_id: 0,
            heartbeat: Duration::from_secs(1),
            until_end: false,
            chunk_limit: CHUNK_LIMIT,
            statement_limit: STATEMENT_LIMIT,
            expand: true,
        }
    }

    pub(super) fn cut(&self) -> CutOptions {
        CutOptions {
            chunk_limit: self.chunk_limit,
            statement_limit: self.statement_limit,
            verify_checksums: true,
            expand: self.expand,
        }
    }

    /// The heartbeat that the server is asked for. Where the end is waited for, at most a second: it may be a heartbeat
    /// that tells it.
    pub(super) fn heartbeat_period(&self) -> Duration {
        let longest = if self.until_end {
            Duration::from_secs(1)
        } else {
            Duration::from_secs(3600)
        };
        self.heartbeat.clamp(Duration::from_millis(100), longest)
    }

    /// Silence after which the link counts as lost.
    pub(super) fn read_timeout(&self) -> Duration {
        (self.heartbeat * 3).max(Duration::from_secs(10))
    }
}

/// Shows no password.
impl fmt::Debug for LiveOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveOptions")
            .field("server", &server_name(&self.server))
            .field("user", &self.server.get_user())
            .field("start", &self.start)
            .field("server_id", &self.server_id)
            .field("heartbeat", &self.heartbeat)
            .field("until_end", &self.until_end)
            .finish_non_exhaustive()
    }
}
