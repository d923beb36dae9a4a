//! WRITE_ROWS, UPDATE_ROWS and DELETE_ROWS, versions 1 and 2: row changes of one table.

use std::sync::Arc;

use crate::error::FieldError;
use crate::event::table_map::{ColumnSet, TableMap};
use crate::header::EventType;
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
        let mut reader = crate::reader::Reader::new(body);
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
        let _ = (event_type, body, id_len, table);
        Err(FieldError::Unsupported {
            field: "ROWS",
            why: "not written yet",
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
        let _ = (&self.rows, self.rest, before, after);
        Ok(false)
    }
}
