//! The decoder: the only decode state there is.

use std::collections::HashMap;
use std::sync::Arc;

use crate::error::{EventError, FieldError};
use crate::event::{
    AppendBlock, Event, ExecuteLoadQuery, FormatDescription, GtidEvent, Incident, Intvar, MariaDbGtidEvent, Query,
    Rand, Rotate, Rows, RowsFlags, RowsHead, RowsQuery, TableMap, UserVar, Xid,
};
use crate::gtid::{GtidSet, MariaDbGtidPosition};
use crate::header::{EventFlags, EventType};
use crate::raw::RawEvent;
use crate::reader::Reader;

/// Decodes events in their order: remembers the format description and the open statement's table maps.
#[derive(Debug, Clone, Default)]
pub struct Decoder {
    format: Arc<FormatDescription>,
    tables: HashMap<u64, Arc<TableMap>>,
}

impl Decoder {
    /// A decoder that begins under this format description.
    #[must_use]
    pub fn new(format: Arc<FormatDescription>) -> Self {
        Self {
            format,
            tables: HashMap::new(),
        }
    }

    /// The format description in force.
    #[must_use]
    pub fn format(&self) -> &Arc<FormatDescription> {
        &self.format
    }

    /// The table that a row event of the open statement names.
    #[must_use]
    pub fn table(&self, table_id: u64) -> Option<&Arc<TableMap>> {
        self.tables.get(&table_id)
    }

    /// Decodes an event. Its checksum is not looked at: see [`RawEvent::verify_checksum`].
    ///
    /// # Errors
    /// The body does not fit its type. The decoder stays as it was before the event.
    pub fn decode<'a>(&mut self, raw: &RawEvent<'a>) -> Result<Event<'a>, EventError> {
        let body = raw.body();
        self.decode_body(raw, body)
            .map_err(|error| raw.error(crate::HEADER_LEN, error))
    }

    fn decode_body<'a>(&mut self, raw: &RawEvent<'a>, body: &'a [u8]) -> Result<Event<'a>, FieldError> {
        Ok(match raw.header.event_type {
            EventType::FORMAT_DESCRIPTION => {
                self.format = Arc::new(FormatDescription::decode(body)?);
                self.tables.clear();
                Event::FormatDescription(Arc::clone(&self.format))
            }
            EventType::QUERY => Event::Query(Query::decode(body)?),
            EventType::STOP => Event::Stop,
            EventType::ROTATE => Event::Rotate(Rotate::decode(body)?),
            EventType::INTVAR => Event::Intvar(Intvar::decode(body)?),
            EventType::RAND => Event::Rand(Rand::decode(body)?),
            EventType::USER_VAR => Event::UserVar(UserVar::decode(body)?),
            EventType::XID => Event::Xid(Xid::decode(body)?),
            EventType::BEGIN_LOAD_QUERY => Event::AppendBlock(AppendBlock::decode(body, true)?),
            EventType::APPEND_BLOCK => Event::AppendBlock(AppendBlock::decode(body, false)?),
            EventType::DELETE_FILE => Event::DeleteFile {
                file_id: Reader::new(body).u32("file id")?,
            },
            EventType::EXECUTE_LOAD_QUERY => Event::ExecuteLoadQuery(ExecuteLoadQuery::decode(body)?),
            EventType::TABLE_MAP => Event::TableMap(self.table_map(body)?),
            EventType::WRITE_ROWS_V1
            | EventType::UPDATE_ROWS_V1
            | EventType::DELETE_ROWS_V1
            | EventType::WRITE_ROWS
            | EventType::UPDATE_ROWS
            | EventType::DELETE_ROWS => Event::Rows(self.rows(raw.header.event_type, body)?),
            EventType::INCIDENT => Event::Incident(Incident::decode(body)?),
            EventType::HEARTBEAT | EventType::HEARTBEAT_V2 => Event::Heartbeat,
            EventType::ROWS_QUERY => Event::RowsQuery(RowsQuery::decode(body)?),
            EventType::MARIADB_ANNOTATE_ROWS => Event::RowsQuery(RowsQuery { sql: body }),
            EventType::GTID => Event::Gtid(GtidEvent::decode(body, false)?),
            EventType::ANONYMOUS_GTID => Event::Gtid(GtidEvent::decode(body, true)?),
            EventType::GTID_TAGGED => Event::Gtid(GtidEvent::decode_tagged(body)?),
            EventType::PREVIOUS_GTIDS => Event::PreviousGtids(GtidSet::decode(body)?),
            EventType::MARIADB_GTID => Event::MariaDbGtid(MariaDbGtidEvent::decode(body, raw.header.server_id)?),
            EventType::MARIADB_GTID_LIST => Event::MariaDbGtidList(MariaDbGtidPosition::decode_list(body)?),
            EventType::MARIADB_BINLOG_CHECKPOINT => {
                let mut reader = Reader::new(body);
                let len = reader.u32("file name length")? as usize;
                Event::MariaDbBinlogCheckpoint {
                    file: reader.take(len, "file name")?,
                }
            }
            EventType::XA_PREPARE => Event::XaPrepare(body),
            EventType::TRANSACTION_PAYLOAD => Event::TransactionPayload(body),
            EventType::SLAVE | EventType::IGNORABLE | EventType::TRANSACTION_CONTEXT | EventType::VIEW_CHANGE => {
                Event::Ignorable(body)
            }
            _ if raw.header.flags.contains(EventFlags::IGNORABLE) => Event::Ignorable(body),
            _ => Event::Unknown(body),
        })
    }

    /// Width of table ids: 6 bytes, or 4 where the post-header is 6 bytes long (5.1 before GA).
    fn id_len(&self, event_type: EventType) -> usize {
        if self.format.post_header_length(event_type) == Some(6) {
            4
        } else {
            6
        }
    }

    fn table_map(&mut self, body: &[u8]) -> Result<Arc<TableMap>, FieldError> {
        let table = Arc::new(TableMap::decode(
            body,
            self.id_len(EventType::TABLE_MAP),
            self.format.flavour(),
        )?);
        self.tables.insert(table.table_id, Arc::clone(&table));
        Ok(table)
    }

    fn rows<'a>(&mut self, event_type: EventType, body: &'a [u8]) -> Result<Rows<'a>, FieldError> {
        let id_len = self.id_len(event_type);
        let head = RowsHead::decode(body, id_len)?;
        let Some(table) = self.tables.get(&head.table_id).map(Arc::clone) else {
            return Err(FieldError::NoTableMap {
                table_id: head.table_id,
            });
        };
        let rows = Rows::decode(event_type, body, id_len, table)?;
        if head.flags.contains(RowsFlags::STMT_END) {
            self.tables.clear();
        }
        Ok(rows)
    }
}
