//! WRITE_ROWS, UPDATE_ROWS and DELETE_ROWS, versions 1 and 2: row changes of one table.

use std::sync::Arc;

use crate::error::FieldError;
use crate::event::table_map::{ColumnSet, TableMap};
use crate::header::EventType;
use crate::reader::Reader;
use crate::value::{Cell, Row, Value};

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
}

impl RowsHead {
    /// Reads the fixed part. `id_len` is the width of the table id, 6 or 4.
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
        let mut reader = Reader::new(body);
        reader.take(id_len, "table id")?;
        let flags = RowsFlags(reader.u16("flags")?);
        if has_extra_data(event_type) {
            pass_extra_data(&mut reader)?;
        }
        let kind = kind(event_type)?;
        let columns = columns(&mut reader, &table)?;
        let columns_after = match kind {
            RowsKind::Update => Some(column_set(&mut reader, table.columns.len())?),
            RowsKind::Insert | RowsKind::Delete => None,
        };
        Ok(Self {
            table,
            kind,
            flags,
            columns,
            columns_after,
            data_offset: crate::HEADER_LEN + reader.offset(),
            data: reader.take_rest(),
        })
    }

    /// The row changes, in order.
    #[must_use]
    pub fn iter(&self) -> RowsIter<'_, 'a> {
        RowsIter {
            rows: self,
            rest: self.data,
        }
    }
}

impl<'a> RowsIter<'_, 'a> {
    /// Reads the next change into `before` and `after`, whose memory is used again.
    /// The image that the kind of event does not have becomes empty. `false` at the end.
    ///
    /// # Errors
    /// With the offset of the field in the event. After an error the iterator is at its end.
    pub fn next_into(&mut self, before: &mut Row<'a>, after: &mut Row<'a>) -> Result<bool, (usize, FieldError)> {
        before.cells.clear();
        after.cells.clear();
        if self.rest.is_empty() {
            return Ok(false);
        }
        let mut reader = Reader::new(self.rest);
        match self.rows.read_change(&mut reader, before, after) {
            Ok(()) => {
                self.rest = reader.peek();
                Ok(true)
            }
            Err(error) => {
                let passed = self.rows.data.len() - reader.remaining();
                self.rest = &[];
                Err((self.rows.data_offset + passed, error))
            }
        }
    }
}

impl<'a> Rows<'a> {
    fn read_change(
        &self,
        reader: &mut Reader<'a>,
        before: &mut Row<'a>,
        after: &mut Row<'a>,
    ) -> Result<(), FieldError> {
        let left = reader.remaining();
        match self.kind {
            RowsKind::Insert => self.read_image(reader, self.columns, after)?,
            RowsKind::Delete => self.read_image(reader, self.columns, before)?,
            RowsKind::Update => {
                self.read_image(reader, self.columns, before)?;
                self.read_image(reader, self.columns_after.unwrap_or(self.columns), after)?;
            }
        }
        if reader.remaining() == left {
            // An image of no columns takes no bytes; data that is left can then not be rows.
            return Err(FieldError::LeftOver {
                field: "rows without columns",
                left,
            });
        }
        Ok(())
    }

    /// Reads the NULL bits of the columns in the image, then the values that are not NULL.
    fn read_image(&self, reader: &mut Reader<'a>, present: ColumnSet<'a>, row: &mut Row<'a>) -> Result<(), FieldError> {
        let count = present.count();
        let nulls = ColumnSet::new(reader.take(count.div_ceil(8), "NULL bits")?, count);
        let mut in_image = 0;
        row.cells.reserve(self.table.columns.len());
        for (index, column) in self.table.columns.iter().enumerate() {
            let cell = if !present.contains(index) {
                Cell::Absent
            } else {
                let null = nulls.contains(in_image);
                in_image += 1;
                if null {
                    Cell::Null
                } else {
                    Cell::Value(Value::decode(reader, column)?)
                }
            };
            row.cells.push(cell);
        }
        Ok(())
    }
}

fn kind(event_type: EventType) -> Result<RowsKind, FieldError> {
    match event_type {
        EventType::WRITE_ROWS_V1 | EventType::WRITE_ROWS => Ok(RowsKind::Insert),
        EventType::UPDATE_ROWS_V1 | EventType::UPDATE_ROWS => Ok(RowsKind::Update),
        EventType::DELETE_ROWS_V1 | EventType::DELETE_ROWS => Ok(RowsKind::Delete),
        _ => Err(FieldError::Unsupported {
            field: "event type",
            why: "these row changes are not decoded",
        }),
    }
}

/// Version 2 has, after the flags, data whose length counts itself.
fn has_extra_data(event_type: EventType) -> bool {
    matches!(
        event_type,
        EventType::WRITE_ROWS | EventType::UPDATE_ROWS | EventType::DELETE_ROWS
    )
}

fn pass_extra_data(reader: &mut Reader<'_>) -> Result<(), FieldError> {
    let len = reader.u16("extra data length")?;
    let Some(rest) = usize::from(len).checked_sub(2) else {
        return Err(FieldError::Invalid {
            field: "extra data length",
            value: len.into(),
            why: "is less than its own 2 bytes",
        });
    };
    reader.take(rest, "extra data").map(drop)
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
