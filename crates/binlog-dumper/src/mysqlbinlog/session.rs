//! What the next event's text depends on.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, OnceLock};

use binlog_parser::event::Charsets;
use binlog_parser::{FieldError, FormatDescription, Reader, TableMap};
use bytes::Bytes;

use super::header::Clock;
use super::query::Context;
use super::rows::TableText;

/// What is kept from event to event.
#[derive(Debug, Clone, Default)]
pub(super) struct Session {
    pub(super) clock: Clock,
    pub(super) context: Context,
    /// Text that was not put on a page yet.
    pub(super) head: Vec<u8>,
    /// Whether row events were printed whose statement has not ended.
    pub(super) unfinished: bool,
    /// INTVAR, RAND and USER_VAR events, which are printed before their statement.
    pub(super) variables: Vec<Pending>,
    pub(super) tables: Tables,
    /// Table maps of which `--database` leaves out the rows.
    pub(super) ignored: HashSet<u64>,
    /// Whether a format description was printed in base64.
    pub(super) described: bool,
    /// Whether the format description of a log was seen that is no relay log's own.
    pub(super) in_log: bool,
    /// Whether a GTID was seen, set, and is still to be used.
    pub(super) seen_gtid: bool,
    /// Of the server that wrote the last GTID.
    pub(super) server_version: u32,
    pub(super) gtid_next_set: bool,
    pub(super) gtid_next_valid: bool,
    pub(super) in_transaction: bool,
    /// Whether something was left out since the transaction began.
    pub(super) skipped: bool,
}

/// An event that waits for its statement.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    pub(super) event: Bytes,
    pub(super) position: u64,
    pub(super) format: Arc<FormatDescription>,
}

/// Table maps by table id, as rows are told by them. Most statements repeat one of before. Pages share them across cores:
/// a reference is counted for a page, never for an event.
#[derive(Debug, Clone, Default)]
pub(super) struct Tables {
    known: BTreeMap<u64, Arc<Table>>,
}

/// A table map, and its names as they stand in it.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) schema: Box<[u8]>,
    pub(super) name: Box<[u8]>,
    pub(super) flags: u16,
    /// `None` where the columns do not fit: then nothing is told of rows.
    pub(super) map: Option<Arc<TableMap>>,
    text: OnceLock<TableText>,
    /// The event's body behind the table id.
    body: Box<[u8]>,
}

impl Tables {
    /// Takes note of a table map, given by its body. `None` where it does not fit.
    pub(super) fn set(&mut self, id: u64, body: &[u8], format: &FormatDescription) -> Option<()> {
        let id_len = format.table_id_len(binlog_parser::EventType::TABLE_MAP);
        let rest = body.get(id_len..)?;
        if self.known.get(&id).is_none_or(|known| *known.body != *rest) {
            let table = Table::read(body, id_len, format)?;
            self.known.insert(id, Arc::new(table));
        }
        Some(())
    }

    pub(super) fn get(&self, id: u64) -> Option<&Arc<Table>> {
        self.known.get(&id)
    }
}

impl Table {
    fn read(body: &[u8], id_len: usize, format: &FormatDescription) -> Option<Self> {
        let schema_at = id_len + 3;
        let schema = counted(body, schema_at - 1)?;
        let name_at = schema_at + schema.len() + 2;
        let name = counted(body, name_at - 1)?;
        let columns_at = name_at + name.len() + 1;
        let columns_len = columns_len(body.get(columns_at..)?).ok()?;
        let map = |body: &[u8]| TableMap::decode(body, id_len, format.flavour());
        let map = map(body).or_else(|_| {
            // Names that are no text do not matter to rows, nor does what stands behind the columns.
            let mut body = body.to_vec();
            for (at, len) in [(schema_at, schema.len()), (name_at, name.len())] {
                body.iter_mut().skip(at).take(len).for_each(|byte| *byte = b'?');
            }
            let columns = body.get(..columns_at + columns_len);
            map(&body).or_else(|_| map(columns.unwrap_or(&body)))
        });
        Some(Self {
            schema: up_to_zero(schema).into(),
            name: up_to_zero(name).into(),
            flags: u16::from_le_bytes(*body.get(id_len..)?.first_chunk()?),
            map: map.ok().map(Arc::new),
            text: OnceLock::new(),
            body: body.get(id_len..)?.into(),
        })
    }
}

impl Table {
    /// What its rows' text has in common, which is the same with each call.
    pub(super) fn text(&self, map: &TableMap, with_types: bool) -> &TableText {
        let names = [&*self.schema, &*self.name];
        self.text.get_or_init(|| TableText::new(map, names, with_types))
    }
}

/// Length of what the numbers of columns and bytes say, whatever it is.
fn columns_len(rest: &[u8]) -> Result<usize, FieldError> {
    let mut reader = Reader::new(rest);
    let columns = usize::try_from(reader.lenenc("number of columns")?).unwrap_or(usize::MAX);
    reader.take(columns, "column types")?;
    let metadata = usize::try_from(reader.lenenc("length of metadata")?).unwrap_or(usize::MAX);
    reader.take(metadata, "metadata")?;
    reader.take(columns.div_ceil(8), "nullability")?;
    Ok(reader.offset())
}

/// Names are C strings.
pub(super) fn up_to_zero(name: &[u8]) -> &[u8] {
    name.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// Bytes that have their number before them.
fn counted(body: &[u8], at: usize) -> Option<&[u8]> {
    let len = usize::from(*body.get(at)?);
    body.get(at + 1..at + 1 + len)
}

impl Session {
    pub(super) fn charsets(&self) -> Option<Charsets> {
        self.context.charsets
    }
}
