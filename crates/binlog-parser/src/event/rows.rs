//! WRITE_ROWS, UPDATE_ROWS and DELETE_ROWS, versions 1 and 2, and PARTIAL_UPDATE_ROWS: row changes of one table.

mod extra;
mod image;

use std::sync::Arc;

pub use extra::{NdbInfo, RowsExtra};

use crate::error::FieldError;
use crate::event::table_map::{ColumnSet, TableMap};
use crate::header::EventType;
use crate::reader::{Reader, put_lenenc};
use crate::value::Row;

/// What a row event does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RowsKind {
    /// Rows have an after image.
    Insert,
    /// Rows have both images.
    Update,
    /// Rows have a before image.
    Delete,
}

impl RowsKind {
    /// What row events of this type do; `None` for any other event, and for row events that are not decoded.
    #[must_use]
    #[inline]
    pub fn of(event_type: EventType) -> Option<Self> {
        match event_type {
            EventType::WRITE_ROWS_V1 | EventType::WRITE_ROWS => Some(Self::Insert),
            EventType::UPDATE_ROWS_V1 | EventType::UPDATE_ROWS | EventType::PARTIAL_UPDATE_ROWS => Some(Self::Update),
            EventType::DELETE_ROWS_V1 | EventType::DELETE_ROWS => Some(Self::Delete),
            _ => None,
        }
    }
}

/// Flags of a row event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RowsFlags(pub u16);

impl RowsFlags {
    /// The last row event of its statement; its table maps end here.
    pub const STMT_END: Self = Self(1);
    /// `foreign_key_checks = 0`
    pub const NO_FOREIGN_KEY_CHECKS: Self = Self(2);
    /// `unique_checks = 0`
    pub const RELAXED_UNIQUE_CHECKS: Self = Self(4);
    /// The rows hold every column of the table.
    pub const COMPLETE_ROWS: Self = Self(8);

    /// Whether all bits of `other` are set.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// A row event, its rows not yet decoded.
#[derive(Debug, Clone)]
pub struct Rows<'a> {
    /// The table.
    pub table: Arc<TableMap>,
    /// What is done.
    pub kind: RowsKind,
    /// Flags.
    pub flags: RowsFlags,
    /// Whether JSON columns of after images may hold differences to the before image (PARTIAL_UPDATE_ROWS).
    pub partial: bool,
    /// What version 2 has between flags and columns, without its length; `None` in version 1.
    pub extra_data: Option<&'a [u8]>,
    /// Columns in the before images (UPDATE, DELETE) or after images (INSERT): the first bitmap.
    pub columns: ColumnSet<'a>,
    /// Columns in the after images of an UPDATE: the second bitmap.
    pub columns_after: Option<ColumnSet<'a>>,
    /// The row images.
    pub data: &'a [u8],
    /// Offset of `data` in the event, from the first byte of the header.
    pub data_offset: usize,
}

/// The fixed part of a row event, enough to look up its table and to judge it.
#[derive(Debug, Clone, Copy)]
pub struct RowsHead {
    /// Table id.
    pub table_id: u64,
    /// Flags.
    pub flags: RowsFlags,
}

/// Reads one row change after the other.
#[derive(Debug)]
pub struct RowsIter<'r, 'a> {
    rows: &'r Rows<'a>,
    rest: &'a [u8],
    /// A row without columns is to come, which takes no bytes.
    bare: bool,
    /// The last change as it is stored: the first image and, of an update, the second.
    images: (&'a [u8], &'a [u8]),
}

impl RowsHead {
    /// Reads the fixed part. `id_len` is the width of the table id, 6 or 4.
    #[inline(always)]
    pub fn decode(body: &[u8], id_len: usize) -> Result<Self, FieldError> {
        let mut reader = Reader::new(body);
        Ok(Self {
            table_id: reader.uint(id_len, "table id")?,
            flags: RowsFlags(reader.u16("flags")?),
        })
    }
}

impl<'a> Rows<'a> {
    /// Reads the body up to the row images. `table` is the one that the head names.
    pub fn decode(
        event_type: EventType,
        body: &'a [u8],
        id_len: usize,
        table: Arc<TableMap>,
    ) -> Result<Self, FieldError> {
        Self::read(event_type, &mut Reader::new(body), id_len, table)
    }

    /// After an error the reader stands where it happened.
    #[inline]
    pub(crate) fn read(
        event_type: EventType,
        reader: &mut Reader<'a>,
        id_len: usize,
        table: Arc<TableMap>,
    ) -> Result<Self, FieldError> {
        reader.take(id_len, "table id")?;
        let flags = RowsFlags(reader.u16("flags")?);
        let extra_data = match has_extra_data(event_type) {
            true => Some(extra_data(reader)?),
            false => None,
        };
        let kind = kind(event_type)?;
        let columns = columns(reader, &table)?;
        let columns_after = match kind {
            RowsKind::Update => Some(column_set(reader, table.columns.len())?),
            RowsKind::Insert | RowsKind::Delete => None,
        };
        Ok(Self {
            table,
            kind,
            flags,
            partial: event_type == EventType::PARTIAL_UPDATE_ROWS,
            extra_data,
            columns,
            columns_after,
            data_offset: crate::HEADER_LEN + reader.offset(),
            data: reader.take_rest(),
        })
    }

    /// Appends the body. `id_len` is the width of the table id, 6 or 4.
    pub fn encode(&self, id_len: usize, out: &mut Vec<u8>) {
        out.extend(self.table.table_id.to_le_bytes().iter().take(id_len));
        out.extend(self.flags.0.to_le_bytes());
        if let Some(extra) = self.extra_data {
            out.extend((extra.len() as u16 + 2).to_le_bytes());
            out.extend(extra);
        }
        put_lenenc(out, self.table.columns.len() as u64);
        out.extend(self.columns.bytes());
        out.extend(self.columns_after.iter().flat_map(|after| after.bytes()));
        out.extend(self.data);
    }

    /// Appends one change as it stands in [`Rows::data`]: the images that the kind of event has, of its columns.
    /// Where differences may stand in JSON columns, the after image says that they do.
    ///
    /// # Errors
    /// A row has other columns than its image, or a value is none of its column. What was appended stays.
    pub fn encode_change(&self, before: &Row<'_>, after: &Row<'_>, out: &mut Vec<u8>) -> Result<(), FieldError> {
        let columns = &*self.table.columns;
        match self.kind {
            RowsKind::Insert => image::put(columns, self.columns, after, out),
            RowsKind::Delete => image::put(columns, self.columns, before, out),
            RowsKind::Update => {
                image::put(columns, self.columns, before, out)?;
                if self.partial {
                    image::put_partial_bits(columns, after, out);
                }
                image::put(columns, self.columns_after.unwrap_or(self.columns), after, out)
            }
        }
    }

    /// What the extra data says.
    ///
    /// # Errors
    /// It is cut off inside a field.
    pub fn extra(&self) -> Result<RowsExtra<'a>, FieldError> {
        RowsExtra::decode(self.extra_data.unwrap_or_default(), self.kind)
    }

    /// The row changes, in order.
    ///
    /// With `binlog_row_image=MINIMAL`, MySQL logs `INSERT INTO t VALUES ()` as an event without columns and
    /// without data: that is one row, all of it defaults. (It refuses to log several of them as one event.)
    #[must_use]
    pub fn iter(&self) -> RowsIter<'_, 'a> {
        let columns = self.columns.count() + self.columns_after.map_or(0, |after| after.count());
        RowsIter {
            rows: self,
            rest: self.data,
            bare: self.data.is_empty() && columns == 0,
            images: (&[], &[]),
        }
    }
}

impl<'a> RowsIter<'_, 'a> {
    /// Reads the next change into `before` and `after`, whose memory is used again.
    /// The image that the kind of event does not have becomes empty. `false` at the end.
    ///
    /// # Errors
    /// With the offset of the field in the event. After an error the iterator is at its end, and what the images hold is
    /// of no use.
    pub fn next_into(&mut self, before: &mut Row<'a>, after: &mut Row<'a>) -> Result<bool, (usize, FieldError)> {
        let bare = std::mem::take(&mut self.bare);
        let rest = std::mem::take(&mut self.rest);
        if rest.is_empty() && !bare {
            return Ok(false);
        }
        let mut reader = Reader::new(rest);
        match self.rows.kind {
            RowsKind::Insert => before.cells.clear(),
            RowsKind::Delete => after.cells.clear(),
            RowsKind::Update => {}
        }
        let place = |reader: &Reader<'_>| self.rows.data_offset + self.rows.data.len() - reader.remaining();
        let first = match self.rows.read_change(&mut reader, before, after) {
            Ok(first) => first,
            Err(error) => return Err((place(&reader), error)),
        };
        if reader.remaining() == rest.len() && !bare {
            let field = "rows without columns";
            return Err((
                place(&reader),
                FieldError::LeftOver {
                    field,
                    left: rest.len(),
                },
            ));
        }
        let change = rest.len() - reader.remaining();
        let (images, rest) = rest.split_at_checked(change).unwrap_or((rest, &[]));
        self.images = images.split_at_checked(first).unwrap_or((images, &[]));
        self.rest = rest;
        Ok(true)
    }

    /// The last change as it is stored: the only image of an INSERT or DELETE; of an UPDATE the image before, and the one after with
    /// all that stands before it.
    #[must_use]
    pub fn images(&self) -> (&'a [u8], &'a [u8]) {
        self.images
    }

    /// Whether no change is left, or an error ended the iteration.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.rest.is_empty() && !self.bare
    }
}

impl<'a> Rows<'a> {
    /// Reads the images of a change and returns the length of the first.
    fn read_change(
        &self,
        reader: &mut Reader<'a>,
        before: &mut Row<'a>,
        after: &mut Row<'a>,
    ) -> Result<usize, FieldError> {
        let columns = &*self.table.columns;
        let start = reader.remaining();
        match self.kind {
            RowsKind::Insert => image::read(columns, self.columns, reader, after)?,
            RowsKind::Delete | RowsKind::Update => image::read(columns, self.columns, reader, before)?,
        }
        let first = start - reader.remaining();
        if self.kind == RowsKind::Update {
            let present = self.columns_after.unwrap_or(self.columns);
            match self.partial {
                true => image::read_partial(columns, present, reader, after)?,
                false => image::read(columns, present, reader, after)?,
            }
        }
        Ok(first)
    }
}

fn kind(event_type: EventType) -> Result<RowsKind, FieldError> {
    RowsKind::of(event_type).ok_or(FieldError::Unsupported {
        field: "event type",
        why: "these row changes are not decoded",
    })
}

/// Version 2 has, after the flags, data whose length counts itself.
fn has_extra_data(event_type: EventType) -> bool {
    matches!(
        event_type,
        EventType::WRITE_ROWS | EventType::UPDATE_ROWS | EventType::DELETE_ROWS | EventType::PARTIAL_UPDATE_ROWS
    )
}

fn extra_data<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], FieldError> {
    let len = reader.u16("extra data length")?;
    let Some(rest) = usize::from(len).checked_sub(2) else {
        return Err(FieldError::Invalid {
            field: "extra data length",
            value: len.into(),
            why: "is less than its own 2 bytes",
        });
    };
    reader.take(rest, "extra data")
}

fn columns<'a>(reader: &mut Reader<'a>, table: &TableMap) -> Result<ColumnSet<'a>, FieldError> {
    let count = reader.lenenc("number of columns")?;
    if count != table.columns.len() as u64 {
        return Err(FieldError::Invalid {
            field: "number of columns",
            value: count,
            why: "is not that of the table map",
        });
    }
    column_set(reader, table.columns.len())
}

fn column_set<'a>(reader: &mut Reader<'a>, columns: usize) -> Result<ColumnSet<'a>, FieldError> {
    Ok(ColumnSet::new(
        reader.take(columns.div_ceil(8), "columns in the image")?,
        columns,
    ))
}

#[cfg(test)]
mod tests;
