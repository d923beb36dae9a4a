//! Changed copies of events, and the events of an emptied transaction.

use binlog_parser::event::{
    ExecuteLoadQuery, GtidEvent, MariaDbGtidEvent, MariaDbGtidExtraFlags, MariaDbGtidFlags, QueryStatus, RowsFlags,
    StatusVariable,
};
use binlog_parser::gtid::TransactionGtid;
use binlog_parser::{EventFlags, EventHeader, EventType, FieldError, HEADER_LEN, Query, RawEvent, Reader};
use binlog_schema::TableName;
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

/// The row events, the last one marked as the last of its statement. The flags stand behind the table id.
pub(crate) fn ending_statement(events: &Bytes, raw: &RawEvent<'_>, id_len: usize) -> Bytes {
    let mut bytes = events.to_vec();
    let (mut last, mut rest) = (0, events.as_ref());
    while let Ok(header) = EventHeader::decode(rest) {
        last = events.len() - rest.len();
        rest = rest.get(header.event_size as usize..).unwrap_or_default();
    }
    if let Some(flags) = bytes.get_mut(last + HEADER_LEN + id_len) {
        *flags |= RowsFlags::STMT_END.0 as u8;
    }
    bytes.truncate(bytes.len() - raw.checksum().len());
    raw.checksum().append(&mut bytes, last);
    Bytes::from(bytes)
}

/// What becomes of a kept statement.
#[derive(Debug, Default)]
pub(crate) struct NewStatement {
    /// Another text.
    pub(crate) sql: Option<Vec<u8>>,
    /// Another default database.
    pub(crate) schema: Option<String>,
    /// Whether it needs no USE: its default database is not kept, and it names none of it.
    pub(crate) without_use: bool,
}

impl NewStatement {
    /// The event with what is new in it; `None` where nothing is.
    ///
    /// # Errors
    /// The body cannot be read, or a name is too long for it.
    pub(crate) fn of(&self, raw: &RawEvent<'_>) -> Result<Option<Bytes>, FieldError> {
        let is_marked = raw.header.flags.contains(EventFlags::SUPPRESS_USE);
        let is_new = self.sql.is_some() || self.schema.is_some();
        if !is_new && (is_marked || !self.without_use) {
            return Ok(None);
        }
        let mut header = raw.header;
        if self.without_use {
            header.flags = EventFlags(header.flags.0 | EventFlags::SUPPRESS_USE.0);
        }
        let mut body = Vec::with_capacity(raw.body().len() + 64);
        match raw.header.event_type {
            _ if !is_new => body.extend(raw.body()),
            EventType::EXECUTE_LOAD_QUERY => {
                let mut load = ExecuteLoadQuery::decode(raw.body())?;
                let status = without_databases(load.query.status.raw)?;
                self.put_into(&mut load.query, &status)?;
                load.encode(&mut body);
            }
            _ => {
                let mut query = Query::decode(raw.body())?;
                let status = without_databases(query.status.raw)?;
                self.put_into(&mut query, &status)?;
                query.encode(&mut body);
            }
        }
        Ok(Some(rebuilt(raw, header, &body)))
    }

    fn put_into<'a>(&'a self, query: &mut Query<'a>, status: &'a [u8]) -> Result<(), FieldError> {
        query.status.raw = status;
        if let Some(sql) = &self.sql {
            query.sql = sql;
        }
        if let Some(schema) = &self.schema {
            check_name("schema", schema)?;
            query.schema = schema.as_bytes();
        }
        Ok(())
    }
}

/// The status variables with too many changed databases to be named: they may have other names now.
fn without_databases(raw: &[u8]) -> Result<Vec<u8>, FieldError> {
    const TOO_MANY: u8 = 254;
    let mut status = Vec::with_capacity(raw.len());
    for variable in QueryStatus::variables(raw) {
        match variable? {
            StatusVariable::UpdatedDatabases { .. } => StatusVariable::UpdatedDatabases {
                count: TOO_MANY,
                names: b"",
            }
            .encode(&mut status),
            other => other.encode(&mut status),
        }
    }
    Ok(status)
}

/// The body of a table map with another name.
///
/// # Errors
/// The body cannot be read, or the name is too long for it.
pub(crate) fn renamed_map(old: &[u8], id_len: usize, name: &TableName) -> Result<Vec<u8>, FieldError> {
    const FLAGS: usize = 2;
    let mut reader = Reader::new(old);
    let head = reader.take(id_len + FLAGS, "table id and flags")?;
    for field in ["schema", "table"] {
        let len = reader.u8(field)?;
        reader.take(usize::from(len) + 1, field)?;
    }
    let mut body = head.to_vec();
    for (field, name) in [("schema", &name.schema), ("table", &name.table)] {
        body.push(check_name(field, name)?);
        body.extend(name.as_bytes());
        body.push(0);
    }
    body.extend(reader.peek());
    Ok(body)
}

fn check_name(field: &'static str, name: &str) -> Result<u8, FieldError> {
    u8::try_from(name.len()).map_err(|_| FieldError::Invalid {
        field,
        value: name.len() as u64,
        why: "is more bytes than a name may have",
    })
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
pub(crate) fn rebuilt(raw: &RawEvent<'_>, header: EventHeader, body: &[u8]) -> Bytes {
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
