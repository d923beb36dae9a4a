//! The common header of every event of a version 4 log (MySQL 5.0 on, MariaDB).

use std::fmt;

use crate::checksum::ChecksumAlgorithm;
use crate::error::FieldError;

/// Length of the common header in bytes.
pub const HEADER_LEN: usize = 19;

/// Type code of an event. Unknown codes stay representable.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventType(pub u8);

macro_rules! event_types {
    ($($name:ident = $code:literal),* $(,)?) => {
        #[allow(missing_docs, reason = "the names are those of the server's source")]
        impl EventType {
            $(pub const $name: Self = Self($code);)*

            /// Whether the type is known.
            #[must_use]
            #[inline]
            pub fn is_known(self) -> bool {
                matches!(self.0, $($code)|*)
            }

            /// The server's name of the type, where it is known.
            #[must_use]
            pub fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($code => Some(stringify!($name)),)*
                    _ => None,
                }
            }
        }
    };
}

event_types! {
    START_V3 = 1, QUERY = 2, STOP = 3, ROTATE = 4, INTVAR = 5, LOAD = 6, SLAVE = 7, CREATE_FILE = 8,
    APPEND_BLOCK = 9, EXEC_LOAD = 10, DELETE_FILE = 11, NEW_LOAD = 12, RAND = 13, USER_VAR = 14,
    FORMAT_DESCRIPTION = 15, XID = 16, BEGIN_LOAD_QUERY = 17, EXECUTE_LOAD_QUERY = 18, TABLE_MAP = 19,
    PRE_GA_WRITE_ROWS = 20, PRE_GA_UPDATE_ROWS = 21, PRE_GA_DELETE_ROWS = 22,
    WRITE_ROWS_V1 = 23, UPDATE_ROWS_V1 = 24, DELETE_ROWS_V1 = 25, INCIDENT = 26, HEARTBEAT = 27,
    IGNORABLE = 28, ROWS_QUERY = 29, WRITE_ROWS = 30, UPDATE_ROWS = 31, DELETE_ROWS = 32, GTID = 33,
    ANONYMOUS_GTID = 34, PREVIOUS_GTIDS = 35, TRANSACTION_CONTEXT = 36, VIEW_CHANGE = 37, XA_PREPARE = 38,
    PARTIAL_UPDATE_ROWS = 39, TRANSACTION_PAYLOAD = 40, HEARTBEAT_V2 = 41, GTID_TAGGED = 42,
    MARIADB_ANNOTATE_ROWS = 160, MARIADB_BINLOG_CHECKPOINT = 161, MARIADB_GTID = 162, MARIADB_GTID_LIST = 163,
    MARIADB_START_ENCRYPTION = 164, MARIADB_QUERY_COMPRESSED = 165, MARIADB_WRITE_ROWS_COMPRESSED_V1 = 166,
    MARIADB_UPDATE_ROWS_COMPRESSED_V1 = 167, MARIADB_DELETE_ROWS_COMPRESSED_V1 = 168,
    MARIADB_WRITE_ROWS_COMPRESSED = 169, MARIADB_UPDATE_ROWS_COMPRESSED = 170, MARIADB_DELETE_ROWS_COMPRESSED = 171,
    MARIADB_PARTIAL_ROW_DATA = 172,
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "event type {}", self.0),
        }
    }
}

impl fmt::Debug for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Flags of the common header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EventFlags(pub u16);

impl EventFlags {
    /// The log is open for writing, or was not closed cleanly (format descriptions only).
    pub const BINLOG_IN_USE: Self = Self(0x1);
    /// The statement depends on its connection: it uses temporary tables.
    pub const THREAD_SPECIFIC: Self = Self(0x4);
    /// The statement needs no `USE`.
    pub const SUPPRESS_USE: Self = Self(0x8);
    /// Made by the sending server for the stream; it stands in no log.
    pub const ARTIFICIAL: Self = Self(0x20);
    /// Written into a relay log by the replica itself.
    pub const RELAY_LOG: Self = Self(0x40);
    /// A reader that does not know the type may pass over the event.
    pub const IGNORABLE: Self = Self(0x80);

    /// Whether all bits of `other` are set.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// The 19 bytes before every event's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventHeader {
    /// Seconds since 1970 UTC when the statement began on the source.
    pub timestamp: u32,
    /// What the body is.
    pub event_type: EventType,
    /// `server_id` of the server that made the event.
    pub server_id: u32,
    /// Length of header, body and checksum together, in bytes.
    pub event_size: u32,
    /// Low 32 bits of the position after the event; 0 where the event stands in no log.
    pub log_pos: u32,
    /// Flags.
    pub flags: EventFlags,
}

impl EventHeader {
    /// Reads the header at the front of `bytes`.
    #[inline]
    pub fn decode(bytes: &[u8]) -> Result<Self, FieldError> {
        bytes.first_chunk().map(Self::of).ok_or(FieldError::Short {
            field: "event header",
            need: HEADER_LEN,
            have: bytes.len(),
        })
    }

    /// Reads the header that these bytes are.
    #[inline(always)]
    #[must_use]
    pub fn of(bytes: &[u8; HEADER_LEN]) -> Self {
        Self {
            timestamp: u32_at::<0>(bytes),
            event_type: EventType(bytes[4]),
            server_id: u32_at::<5>(bytes),
            event_size: u32_at::<9>(bytes),
            log_pos: u32_at::<13>(bytes),
            flags: EventFlags(u16::from_le_bytes([bytes[17], bytes[18]])),
        }
    }

    /// Appends the header's bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.timestamp.to_le_bytes());
        out.push(self.event_type.0);
        out.extend(self.server_id.to_le_bytes());
        out.extend(self.event_size.to_le_bytes());
        out.extend(self.log_pos.to_le_bytes());
        out.extend(self.flags.0.to_le_bytes());
    }

    /// Completes an event at the end of `out`. `out[from..]` is a header of any content, and a body: the header becomes
    /// this one, with the event's size, and a checksum is appended.
    ///
    /// # Errors
    /// The event is of 4 GiB or more.
    pub fn complete(self, checksum: ChecksumAlgorithm, from: usize, out: &mut Vec<u8>) -> Result<(), FieldError> {
        let size = out.len() - from + checksum.len();
        let Ok(event_size) = u32::try_from(size) else {
            return Err(FieldError::Invalid {
                field: "event size",
                value: size as u64,
                why: "is larger than any event",
            });
        };
        let mut bytes = Vec::with_capacity(HEADER_LEN);
        Self { event_size, ..self }.encode(&mut bytes);
        out.iter_mut().skip(from).zip(bytes).for_each(|(to, byte)| *to = byte);
        checksum.append(out, from);
        Ok(())
    }

    /// Whether the event was made for the stream and stands in no log.
    #[must_use]
    pub fn is_artificial(&self) -> bool {
        self.flags.contains(EventFlags::ARTIFICIAL)
            || matches!(self.event_type, EventType::HEARTBEAT | EventType::HEARTBEAT_V2)
    }
}

/// One load: a pattern of single bytes is compiled to shuffles, which are waited for.
#[inline(always)]
fn u32_at<const AT: usize>(header: &[u8; HEADER_LEN]) -> u32 {
    let field = header.get(AT..).and_then(|rest| rest.first_chunk());
    field.map_or(0, |field| u32::from_le_bytes(*field))
}
