//! Changed copies of events, and the events of an emptied transaction.

use binlog_parser::event::{GtidEvent, MariaDbGtidEvent, MariaDbGtidExtraFlags, MariaDbGtidFlags, RowsFlags};
use binlog_parser::gtid::TransactionGtid;
use binlog_parser::{EventFlags, EventHeader, EventType, FieldError, HEADER_LEN, RawEvent};
use bytes::Bytes;

use crate::event::thread_id;

/// A GTID of either server.
#[derive(Debug)]
pub(crate) enum AnyGtid {
    MySql(GtidEvent),
    MariaDb(MariaDbGtidEvent),
}

impl AnyGtid {
    pub(crate) fn decode(raw: &RawEvent<'_>) -> Result<Self, FieldError> {
        let body = raw.body();
        Ok(match raw.header.event_type {
            EventType::MARIADB_GTID => Self::MariaDb(MariaDbGtidEvent::decode(body, raw.header.server_id)?),
            EventType::GTID_TAGGED => Self::MySql(GtidEvent::decode_tagged(body)?),
            other => Self::MySql(GtidEvent::decode(body, other == EventType::ANONYMOUS_GTID)?),
        })
    }

    /// `None` for an anonymous one.
    pub(crate) fn gtid(&self) -> Option<TransactionGtid> {
        match self {
            Self::MySql(event) => event.gtid.clone().map(TransactionGtid::MySql),
            Self::MariaDb(event) => Some(TransactionGtid::MariaDb(event.gtid)),
        }
    }

    pub(crate) fn thread_id(&self) -> Option<u32> {
        match self {
            Self::MySql(_) => None,
            Self::MariaDb(event) => event.thread_id,
        }
    }
}

/// A MariaDB GTID of one statement as that of a transaction that ends in COMMIT; `None` if it is that already,
/// or is a MySQL one.
pub(crate) fn as_transaction(raw: &RawEvent<'_>) -> Result<Option<Bytes>, FieldError> {
    const STATEMENT: u8 = MariaDbGtidFlags::STANDALONE.0 | MariaDbGtidFlags::DDL.0;
    const ALTER: u8 = MariaDbGtidExtraFlags::START_ALTER.0
        | MariaDbGtidExtraFlags::COMMIT_ALTER.0
        | MariaDbGtidExtraFlags::ROLLBACK_ALTER.0;
    const MIN_LEN: usize = 19;
    let AnyGtid::MariaDb(mut event) = AnyGtid::decode(raw)? else {
        return Ok(None);
    };
    if !event.flags.contains(MariaDbGtidFlags::STANDALONE) {
        return Ok(None);
    }
    event.flags.0 &= !STATEMENT;
    event.extra_flags = event.extra_flags.map(|flags| MariaDbGtidExtraFlags(flags.0 & !ALTER));
    event.start_alter_sequence = None;
    let mut body = Vec::with_capacity(64);
    event.encode(&mut body);
    body.resize(body.len().max(MIN_LEN), 0);
    Ok(Some(rebuilt(raw, raw.header, &body)))
}

/// The row event, marked as the last of its statement. The flags stand behind the table id.
pub(crate) fn ending_statement(raw: &RawEvent<'_>, id_len: usize) -> Bytes {
    let mut body = raw.body().to_vec();
    if let Some(flags) = body.get_mut(id_len) {
        *flags |= RowsFlags::STMT_END.0 as u8;
    }
    rebuilt(raw, raw.header, &body)
}

/// The statement, marked as one that needs no USE.
pub(crate) fn without_use(raw: &RawEvent<'_>) -> Bytes {
    let flags = EventFlags(raw.header.flags.0 | EventFlags::SUPPRESS_USE.0);
    rebuilt(raw, EventHeader { flags, ..raw.header }, raw.body())
}

/// A QUERY of this text and nothing else in the place of another event. `log_pos` is where it is said to end.
pub(crate) fn bare_query(raw: &RawEvent<'_>, sql: &str, log_pos: u32) -> Bytes {
    const NO_TIME_SCHEMA_ERROR_STATUS_TERMINATOR: [u8; 10] = [0; 10];
    let header = EventHeader {
        event_type: EventType::QUERY,
        flags: EventFlags::default(),
        log_pos,
        ..raw.header
    };
    let mut body = thread_id(raw).unwrap_or_default().to_le_bytes().to_vec();
    body.extend(NO_TIME_SCHEMA_ERROR_STATUS_TERMINATOR);
    body.extend(sql.as_bytes());
    rebuilt(raw, header, &body)
}

/// An event of this header and body, with its size and, if `raw` has one, its checksum made anew.
fn rebuilt(raw: &RawEvent<'_>, header: EventHeader, body: &[u8]) -> Bytes {
    let size = HEADER_LEN + body.len() + raw.checksum().len();
    let mut bytes = Vec::with_capacity(size);
    EventHeader {
        event_size: size as u32,
        ..header
    }
    .encode(&mut bytes);
    bytes.extend(body);
    raw.checksum().append(&mut bytes, 0);
    Bytes::from(bytes)
}
