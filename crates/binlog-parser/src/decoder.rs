//! The decoder: the only decode state there is.

mod tables;

use std::sync::Arc;

use crate::error::{EventError, FieldError};
use crate::event::{
    AppendBlock, BinlogCheckpoint, CreateFile, Event, ExecuteLoadQuery, Flavour, FormatDescription, GtidEvent,
    Heartbeat, Incident, Intvar, Load, MariaDbGtidEvent, PreGaRows, PreviousGtids, Query, Rand, Rotate, Rows,
    RowsFlags, RowsFragment, RowsHead, RowsQuery, Slave, StartEncryption, StartV3, TableMap, TransactionContext,
    TransactionPayload, UserVar, ViewChange, XaPrepare, Xid, file_id,
};
use crate::gtid::MariaDbGtidList;
use crate::header::{EventFlags, EventType};
use crate::raw::RawEvent;
use crate::reader::Reader;
use tables::Tables;

/// Decodes events in their order: remembers the format description and the open statement's table maps.
///
/// ```
/// use binlog_parser::{Decoder, Event, EventError, MAGIC_LEN, RawEvent};
///
/// /// The statements of a whole log in memory.
/// fn statements(log: &[u8]) -> Result<Vec<String>, EventError> {
///     let mut decoder = Decoder::default();
///     let mut found = Vec::new();
///     let mut offset = MAGIC_LEN;
///     while let Some(rest) = log.get(offset as usize..).filter(|rest| !rest.is_empty()) {
///         let raw = RawEvent::first(rest, offset, decoder.format())?;
///         raw.verify_checksum()?;
///         if let Event::Query(query) = decoder.decode(&raw)? {
///             found.push(String::from_utf8_lossy(query.sql).into_owned());
///         }
///         offset = raw.end();
///     }
///     Ok(found)
/// }
/// # let mut log = b"\xfebin".to_vec();
/// # log.extend([0, 0, 0, 0, 2, 1, 0, 0, 0, 38, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
/// # log.extend(*b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0BEGIN");
/// # assert_eq!(statements(&log).unwrap(), ["BEGIN"]);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Decoder {
    format: Arc<FormatDescription>,
    tables: Tables,
}

impl Decoder {
    /// A decoder that begins under this format description.
    #[must_use]
    pub fn new(format: Arc<FormatDescription>) -> Self {
        Self {
            format,
            ..Self::default()
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
        self.tables.get(table_id)
    }

    /// Decodes an event. Its checksum is not looked at: see [`RawEvent::verify_checksum`].
    ///
    /// # Errors
    /// The body does not fit its type. The decoder stays as it was before the event.
    #[inline]
    pub fn decode<'a>(&mut self, raw: &RawEvent<'a>) -> Result<Event<'a>, EventError> {
        let mut reader = Reader::new(raw.body());
        // Most events of a row log are of these two kinds, and small: each is made in its place, without the room that
        // the others take.
        let error = match raw.header.event_type {
            EventType::TABLE_MAP => match self.table_map(&mut reader) {
                Ok(table) => return Ok(Event::TableMap(table)),
                Err(error) => error,
            },
            EventType::WRITE_ROWS_V1
            | EventType::UPDATE_ROWS_V1
            | EventType::DELETE_ROWS_V1
            | EventType::WRITE_ROWS
            | EventType::UPDATE_ROWS
            | EventType::DELETE_ROWS
            | EventType::PARTIAL_UPDATE_ROWS => match self.rows(raw.header.event_type, &mut reader) {
                Ok(rows) => return Ok(Event::Rows(rows)),
                Err(error) => error,
            },
            _ => return self.decode_other(raw),
        };
        Err(raw.error(crate::HEADER_LEN + reader.offset(), error))
    }

    #[inline(never)]
    fn decode_other<'a>(&mut self, raw: &RawEvent<'a>) -> Result<Event<'a>, EventError> {
        let body = raw.body();
        let at = |error| raw.error(crate::HEADER_LEN, error);
        Ok(match raw.header.event_type {
            EventType::FORMAT_DESCRIPTION => {
                self.format = Arc::new(FormatDescription::decode(body).map_err(at)?);
                self.tables = Tables::default();
                Event::FormatDescription(Arc::clone(&self.format))
            }
            EventType::START_V3 => Event::StartV3(StartV3::decode(body).map_err(at)?),
            EventType::QUERY => Event::Query(Query::decode(body).map_err(at)?),
            EventType::STOP => {
                Reader::new(body).finish("header").map_err(at)?;
                Event::Stop
            }
            EventType::ROTATE => Event::Rotate(Rotate::decode(body).map_err(at)?),
            EventType::INTVAR => Event::Intvar(Intvar::decode(body).map_err(at)?),
            EventType::RAND => Event::Rand(Rand::decode(body).map_err(at)?),
            EventType::USER_VAR => Event::UserVar(UserVar::decode(body).map_err(at)?),
            EventType::XID => Event::Xid(Xid::decode(body).map_err(at)?),
            EventType::LOAD => Event::Load(Load::decode(body, true).map_err(at)?),
            EventType::NEW_LOAD => Event::Load(Load::decode(body, false).map_err(at)?),
            EventType::CREATE_FILE => Event::CreateFile(CreateFile::decode(body).map_err(at)?),
            EventType::EXEC_LOAD => Event::ExecLoad {
                file_id: file_id(body).map_err(at)?,
            },
            EventType::BEGIN_LOAD_QUERY => Event::AppendBlock(AppendBlock::decode(body, true).map_err(at)?),
            EventType::APPEND_BLOCK => Event::AppendBlock(AppendBlock::decode(body, false).map_err(at)?),
            EventType::DELETE_FILE => Event::DeleteFile {
                file_id: file_id(body).map_err(at)?,
            },
            EventType::EXECUTE_LOAD_QUERY => Event::ExecuteLoadQuery(ExecuteLoadQuery::decode(body).map_err(at)?),
            EventType::PRE_GA_WRITE_ROWS | EventType::PRE_GA_UPDATE_ROWS | EventType::PRE_GA_DELETE_ROWS => {
                Event::PreGaRows(PreGaRows::decode(body, self.format.table_id_len(raw.header.event_type)).map_err(at)?)
            }
            EventType::MARIADB_PARTIAL_ROW_DATA => Event::RowsFragment(RowsFragment::decode(body).map_err(at)?),
            EventType::INCIDENT => Event::Incident(Incident::decode(body).map_err(at)?),
            EventType::HEARTBEAT => Event::Heartbeat(Heartbeat::decode(body, self.has_position(raw)).map_err(at)?),
            EventType::HEARTBEAT_V2 => Event::Heartbeat(Heartbeat::decode_v2(body).map_err(at)?),
            EventType::ROWS_QUERY => Event::RowsQuery(RowsQuery::decode(body).map_err(at)?),
            EventType::MARIADB_ANNOTATE_ROWS => Event::RowsQuery(RowsQuery::annotation(body)),
            EventType::GTID => Event::Gtid(GtidEvent::decode(body, false).map_err(at)?),
            EventType::ANONYMOUS_GTID => Event::Gtid(GtidEvent::decode(body, true).map_err(at)?),
            EventType::GTID_TAGGED => Event::Gtid(GtidEvent::decode_tagged(body).map_err(at)?),
            EventType::PREVIOUS_GTIDS => Event::PreviousGtids(PreviousGtids::decode(body).map_err(at)?),
            EventType::MARIADB_GTID => {
                Event::MariaDbGtid(MariaDbGtidEvent::decode(body, raw.header.server_id).map_err(at)?)
            }
            EventType::MARIADB_GTID_LIST => Event::MariaDbGtidList(MariaDbGtidList::decode(body).map_err(at)?),
            EventType::MARIADB_BINLOG_CHECKPOINT => Event::MariaDbBinlogCheckpoint {
                file: BinlogCheckpoint::decode(body).map_err(at)?.file,
            },
            EventType::MARIADB_START_ENCRYPTION => {
                Event::MariaDbStartEncryption(StartEncryption::decode(body).map_err(at)?)
            }
            EventType::XA_PREPARE => Event::XaPrepare(XaPrepare::decode(body).map_err(at)?),
            EventType::TRANSACTION_PAYLOAD => Event::TransactionPayload(TransactionPayload::decode(body).map_err(at)?),
            EventType::TRANSACTION_CONTEXT => Event::TransactionContext(TransactionContext::decode(body).map_err(at)?),
            EventType::VIEW_CHANGE => Event::ViewChange(ViewChange::decode(body).map_err(at)?),
            EventType::SLAVE => Event::Slave(Slave::decode(body).map_err(at)?),
            EventType::IGNORABLE => Event::Ignorable(body),
            _ if raw.header.flags.contains(EventFlags::IGNORABLE) => Event::Ignorable(body),
            _ => Event::Unknown(body),
        })
    }

    /// Whether a HEARTBEAT's position stands in its body.
    fn has_position(&self, raw: &RawEvent<'_>) -> bool {
        self.format.flavour() == Flavour::MariaDb && raw.header.log_pos == 0
    }

    fn table_map(&mut self, reader: &mut Reader<'_>) -> Result<Arc<TableMap>, FieldError> {
        let format = &self.format;
        self.tables.open(reader.peek(), || {
            TableMap::read(reader, format.table_id_len(EventType::TABLE_MAP), format.flavour())
        })
    }

    fn rows<'a>(&mut self, event_type: EventType, reader: &mut Reader<'a>) -> Result<Rows<'a>, FieldError> {
        let id_len = self.format.table_id_len(event_type);
        let head = RowsHead::decode(reader.peek(), id_len)?;
        let Some(table) = self.tables.get(head.table_id).map(Arc::clone) else {
            return Err(FieldError::NoTableMap {
                table_id: head.table_id,
            });
        };
        let rows = Rows::read(event_type, reader, id_len, table)?;
        if head.flags.contains(RowsFlags::STMT_END) {
            self.tables.close();
        }
        Ok(rows)
    }
}
