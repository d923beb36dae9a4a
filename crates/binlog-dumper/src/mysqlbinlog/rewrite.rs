//! `--rewrite-db`: events with another name of a database in them.

use binlog_parser::{EventType, FormatDescription, HEADER_LEN, RawEvent};
use bytes::Bytes;

use super::TextOptions;

/// Where the length of the name stands in the body of a QUERY.
const QUERY_SCHEMA_LEN: usize = 8;
/// Where the length of the status variables stands, and where they begin.
const QUERY_STATUS_LEN: usize = 11;
const QUERY_STATUS: usize = 13;
/// Further bytes of an EXECUTE_LOAD_QUERY before them.
const LOAD_FIELDS: usize = 13;

/// The event with the name that the options give to its database; `None` where it stays the same.
pub(super) fn rewritten(options: &TextOptions, raw: &RawEvent<'_>, format: &FormatDescription) -> Option<Bytes> {
    if options.rewrite_db.is_empty() {
        return None;
    }
    let body = raw.body();
    let table_id_len = format.table_id_len(EventType::TABLE_MAP);
    let (len_at, name_at) = match raw.header.event_type {
        EventType::QUERY => (QUERY_SCHEMA_LEN, QUERY_STATUS + status_len(body)?),
        EventType::EXECUTE_LOAD_QUERY => (QUERY_SCHEMA_LEN, QUERY_STATUS + LOAD_FIELDS + status_len(body)?),
        EventType::TABLE_MAP => (table_id_len + 2, table_id_len + 3),
        _ => return None,
    };
    let len = usize::from(*body.get(len_at)?);
    let name = body.get(name_at..name_at + len)?;
    let new = options.database(name);
    if new == name {
        return None;
    }
    let mut changed = raw.bytes().get(..HEADER_LEN)?.to_vec();
    changed.extend(body.get(..name_at)?);
    changed.extend(new);
    changed.extend(body.get(name_at + len..)?);
    *changed.get_mut(HEADER_LEN + len_at)? = u8::try_from(new.len()).ok()?;
    let size = u32::try_from(changed.len() + raw.checksum().len()).ok()?;
    changed.get_mut(9..13)?.copy_from_slice(&size.to_le_bytes());
    raw.checksum().append(&mut changed, 0);
    Some(changed.into())
}

fn status_len(body: &[u8]) -> Option<usize> {
    let len = body.get(QUERY_STATUS_LEN..)?.first_chunk()?;
    Some(usize::from(u16::from_le_bytes(*len)))
}
