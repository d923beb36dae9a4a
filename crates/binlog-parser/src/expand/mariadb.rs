//! MariaDB's compressed statements and row events: one plain event each.
//!
//! What stands before the statement's text, or before the row images, is not compressed (`query_event_uncompress` and
//! `row_log_event_uncompress` in `sql/log_event.cc` of the server).

use crate::error::{EventError, FieldError};
use crate::expand::{ExpandLimits, Packed};
use crate::header::{EventHeader, EventType, HEADER_LEN};
use crate::raw::RawEvent;
use crate::reader::Reader;

/// A compressed event.
#[derive(Debug)]
pub(super) struct Compressed {
    header: EventHeader,
    offset: u64,
    checksum: crate::ChecksumAlgorithm,
    plain: EventType,
    limit: usize,
}

/// The type that the event has when it is not compressed; `None` where it is none of these.
pub(super) fn plain_type(event_type: EventType) -> Option<EventType> {
    Some(match event_type {
        EventType::MARIADB_QUERY_COMPRESSED => EventType::QUERY,
        EventType::MARIADB_WRITE_ROWS_COMPRESSED_V1 => EventType::WRITE_ROWS_V1,
        EventType::MARIADB_UPDATE_ROWS_COMPRESSED_V1 => EventType::UPDATE_ROWS_V1,
        EventType::MARIADB_DELETE_ROWS_COMPRESSED_V1 => EventType::DELETE_ROWS_V1,
        EventType::MARIADB_WRITE_ROWS_COMPRESSED => EventType::WRITE_ROWS,
        EventType::MARIADB_UPDATE_ROWS_COMPRESSED => EventType::UPDATE_ROWS,
        EventType::MARIADB_DELETE_ROWS_COMPRESSED => EventType::DELETE_ROWS,
        _ => return None,
    })
}

/// The type that the event has when it is compressed; `None` where it cannot be.
pub(crate) fn compressed_type(event_type: EventType) -> Option<EventType> {
    Some(match event_type {
        EventType::QUERY => EventType::MARIADB_QUERY_COMPRESSED,
        EventType::WRITE_ROWS_V1 => EventType::MARIADB_WRITE_ROWS_COMPRESSED_V1,
        EventType::UPDATE_ROWS_V1 => EventType::MARIADB_UPDATE_ROWS_COMPRESSED_V1,
        EventType::DELETE_ROWS_V1 => EventType::MARIADB_DELETE_ROWS_COMPRESSED_V1,
        EventType::WRITE_ROWS => EventType::MARIADB_WRITE_ROWS_COMPRESSED,
        EventType::UPDATE_ROWS => EventType::MARIADB_UPDATE_ROWS_COMPRESSED,
        EventType::DELETE_ROWS => EventType::MARIADB_DELETE_ROWS_COMPRESSED,
        _ => return None,
    })
}

/// Bytes of the body of a statement or row event that are never compressed.
pub(crate) fn head_len(raw: &RawEvent<'_>) -> Result<usize, FieldError> {
    let mut reader = Reader::new(raw.body());
    pass_head(&mut reader, raw.header.event_type)?;
    Ok(reader.offset())
}

impl Compressed {
    pub(super) fn new(raw: &RawEvent<'_>, plain: EventType, limits: ExpandLimits) -> Self {
        Self {
            header: raw.header,
            offset: raw.offset,
            checksum: raw.checksum(),
            plain,
            limit: limits.event,
        }
    }

    /// Appends the plain event.
    pub(super) fn expand(&self, event: &[u8], out: &mut Vec<u8>) -> Result<(), EventError> {
        let body = event.get(HEADER_LEN..event.len().saturating_sub(self.checksum.len()));
        let mut reader = Reader::new(body.unwrap_or_default());
        let from = out.len();
        self.header.encode(out);
        self.put_body(&mut reader, out)
            .and_then(|()| self.finish(from, out))
            .map_err(|error| self.place(&reader, error))
    }

    fn put_body(&self, reader: &mut Reader<'_>, out: &mut Vec<u8>) -> Result<(), FieldError> {
        let start = *reader;
        pass_head(reader, self.plain)?;
        out.extend(start.clone().take(reader.offset(), "head")?);
        let mut rest = *reader;
        let packed = Packed::read(&mut rest)?;
        if packed.bare {
            return Err(FieldError::Invalid {
                field: "compression",
                value: 8,
                why: "is a flag that events do not have",
            });
        }
        let limit = self.limit.saturating_sub(HEADER_LEN + reader.offset());
        packed.expand(limit, out)
    }

    fn finish(&self, from: usize, out: &mut Vec<u8>) -> Result<(), FieldError> {
        let header = EventHeader {
            event_type: self.plain,
            ..self.header
        };
        header.complete(self.checksum, from, out)
    }

    fn place(&self, reader: &Reader<'_>, error: FieldError) -> EventError {
        EventError {
            event_type: Some(self.header.event_type),
            event_offset: self.offset,
            field_offset: HEADER_LEN + reader.offset(),
            error,
        }
    }
}

/// Up to what is compressed.
fn pass_head(reader: &mut Reader<'_>, plain: EventType) -> Result<(), FieldError> {
    match plain {
        EventType::QUERY => pass_query_head(reader),
        rows => pass_rows_head(reader, rows),
    }
}

/// Up to the statement's text.
fn pass_query_head(reader: &mut Reader<'_>) -> Result<(), FieldError> {
    reader.take(8, "thread id and execution time")?;
    let schema_len = reader.u8("schema length")?;
    reader.take(2, "error code")?;
    let status_len = reader.u16("status variables length")?;
    reader.take(status_len.into(), "status variables")?;
    reader.take(usize::from(schema_len) + 1, "schema")?;
    Ok(())
}

/// Up to the row images.
fn pass_rows_head(reader: &mut Reader<'_>, plain: EventType) -> Result<(), FieldError> {
    reader.take(8, "table id and flags")?;
    if matches!(
        plain,
        EventType::WRITE_ROWS | EventType::UPDATE_ROWS | EventType::DELETE_ROWS
    ) {
        let len = reader.u16("extra data length")?;
        reader.take(usize::from(len).saturating_sub(2), "extra data")?;
    }
    let columns = usize::try_from(reader.lenenc("number of columns")?).unwrap_or(usize::MAX);
    let images = match plain {
        EventType::UPDATE_ROWS | EventType::UPDATE_ROWS_V1 => 2,
        _ => 1,
    };
    for _ in 0..images {
        reader.take(columns.div_ceil(8), "columns in the image")?;
    }
    Ok(())
}
