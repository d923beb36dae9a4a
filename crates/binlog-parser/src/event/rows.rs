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
    /// A row without columns is to come, which takes no bytes.
    bare: bool,
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
        let bare = std::mem::take(&mut self.bare);
        let rest = std::mem::take(&mut self.rest);
        if rest.is_empty() && !bare {
            return Ok(false);
        }
        let mut reader = Reader::new(rest);
        let place = |reader: &Reader<'_>| self.rows.data_offset + self.rows.data.len() - reader.remaining();
        if let Err(error) = self.rows.read_change(&mut reader, before, after) {
            return Err((place(&reader), error));
        }
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
        self.rest = reader.peek();
        Ok(true)
    }

    /// Whether no change is left, or an error ended the iteration.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.rest.is_empty() && !self.bare
    }
}

impl<'a> Rows<'a> {
    fn read_change(
        &self,
        reader: &mut Reader<'a>,
        before: &mut Row<'a>,
        after: &mut Row<'a>,
    ) -> Result<(), FieldError> {
        match self.kind {
            RowsKind::Insert => self.read_image(reader, self.columns, after),
            RowsKind::Delete => self.read_image(reader, self.columns, before),
            RowsKind::Update => {
                self.read_image(reader, self.columns, before)?;
                self.read_image(reader, self.columns_after.unwrap_or(self.columns), after)
            }
        }
    }

    /// Reads the NULL bits of the columns in the image, then the values that are not NULL.
    fn read_image(&self, reader: &mut Reader<'a>, present: ColumnSet<'a>, row: &mut Row<'a>) -> Result<(), FieldError> {
        let count = present.count();
        let nulls = ColumnSet::new(reader.take(count.div_ceil(8), "NULL bits")?, count);
        let columns = &self.table.columns;
        let all = count == columns.len();
        let mut in_image = 0;
        row.cells.reserve(columns.len());
        for (index, column) in columns.iter().enumerate() {
            if !all && !present.contains(index) {
                row.cells.push(Cell::Absent);
                continue;
            }
            row.cells.push(match nulls.contains(in_image) {
                true => Cell::Null,
                false => Cell::Value(Value::decode(reader, column)?),
            });
            in_image += 1;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Flavour;

    /// `t (a INT, b VARCHAR(3), c INT)` without optional metadata.
    const TABLE: &[u8] = &[
        7, 0, 0, 0, 0, 0, 1, 0, 1, b'x', 0, 1, b't', 0, 3, 3, 15, 3, 2, 3, 0, 0b111,
    ];
    const HEAD: [u8; 8] = [7, 0, 0, 0, 0, 0, 1, 0];
    const V2: [u8; 2] = [2, 0];

    /// Rows of an event: each is its before image, an arrow, and its after image.
    fn read(event_type: EventType, parts: &[&[u8]]) -> Result<Vec<String>, (usize, FieldError)> {
        let table = Arc::new(TableMap::decode(TABLE, 6, Flavour::MySql).unwrap());
        let body = parts.concat();
        let rows = Rows::decode(event_type, &body, 6, table).map_err(|error| (0, error))?;
        let (mut before, mut after, mut list) = (Row::default(), Row::default(), Vec::new());
        let mut iter = rows.iter();
        loop {
            match iter.next_into(&mut before, &mut after) {
                Ok(true) => list.push(format!("{}>{}", show(&before), show(&after))),
                Ok(false) => return Ok(list),
                Err(error) => {
                    assert!(iter.is_done());
                    assert_eq!(iter.next_into(&mut before, &mut after), Ok(false));
                    return Err(error);
                }
            }
        }
    }

    fn show(row: &Row<'_>) -> String {
        let cells = row.cells.iter().map(|cell| match cell {
            Cell::Absent => "-".to_owned(),
            Cell::Null => "NULL".to_owned(),
            Cell::Value(Value::Int(number)) => number.to_string(),
            Cell::Value(Value::Bytes(bytes)) => String::from_utf8_lossy(bytes).into_owned(),
            Cell::Value(other) => format!("{other:?}"),
        });
        cells.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn changes() {
        let check = |event_type, parts: &[&[u8]], expected: &[&str]| {
            assert_eq!(read(event_type, parts).unwrap(), expected, "{event_type} {parts:02x?}");
        };
        let row: &[u8] = &[0, 1, 0, 0, 0, 2, b'h', b'i', 0xff, 0xff, 0xff, 0xff];
        check(
            EventType::WRITE_ROWS,
            &[&HEAD, &V2, &[3, 7], row, row],
            &[">1 hi -1", ">1 hi -1"],
        );
        check(EventType::WRITE_ROWS_V1, &[&HEAD, &[3, 7], row], &[">1 hi -1"]);
        check(EventType::DELETE_ROWS, &[&HEAD, &V2, &[3, 7], row], &["1 hi -1>"]);
        // Extra data of a partition.
        check(
            EventType::DELETE_ROWS,
            &[&HEAD, &[5, 0, 1, 2, 0], &[3, 7], row],
            &["1 hi -1>"],
        );
        // Only the key before, only what changed after; NULL bits are those of the columns in the image.
        check(
            EventType::UPDATE_ROWS,
            &[&HEAD, &V2, &[3, 0b001, 0b110], &[0, 1, 0, 0, 0, 0b10, 1, b'y']],
            &["1 - ->- y NULL"],
        );
        check(
            EventType::WRITE_ROWS,
            &[&HEAD, &V2, &[3, 7], &[0b111]],
            &[">NULL NULL NULL"],
        );
        check(EventType::WRITE_ROWS, &[&HEAD, &V2, &[3, 7]], &[]);
        // INSERT INTO t VALUES () with binlog_row_image=MINIMAL, from MySQL 9.7.
        check(EventType::WRITE_ROWS, &[&HEAD, &V2, &[3, 0]], &[">- - -"]);
    }

    #[test]
    fn bad_events() {
        let check = |event_type, parts: &[&[u8]], offset, expected: &str| {
            let (at, error) = read(event_type, parts).unwrap_err();
            assert_eq!((at, &*error.to_string()), (offset, expected), "{parts:02x?}");
        };
        let insert = |parts: &[&[u8]], offset, expected| {
            check(
                EventType::WRITE_ROWS,
                &[&[HEAD.as_slice(), &V2], parts].concat(),
                offset,
                expected,
            );
        };
        insert(&[&[3, 7], &[0, 1, 0]], 32, "integer: need 4 bytes, have 2");
        insert(
            &[&[3, 7], &[0, 1, 0, 0, 0, 4, b'h', b'i']],
            37,
            "value: need 4 bytes, have 2",
        );
        // The first row is read; the second is cut off.
        insert(&[&[3, 1], &[0, 1, 0, 0, 0, 0]], 37, "integer: need 4 bytes, have 0");
        insert(&[&[3, 0], &[1]], 31, "1 bytes left over after rows without columns");
        insert(&[&[4, 7]], 0, "number of columns: 4 is not that of the table map");
        insert(&[&[3]], 0, "columns in the image: need 1 bytes, have 0");
        check(
            EventType::WRITE_ROWS,
            &[&HEAD, &[1, 0]],
            0,
            "extra data length: 1 is less than its own 2 bytes",
        );
        check(
            EventType::WRITE_ROWS,
            &[&HEAD, &[9, 0]],
            0,
            "extra data: need 7 bytes, have 0",
        );
        check(
            EventType::PARTIAL_UPDATE_ROWS,
            &[&HEAD, &V2],
            0,
            "event type: not supported: these row changes are not decoded",
        );
    }

    /// Cut off or changed anywhere, an event is an error or other rows, and never a panic.
    #[test]
    fn damaged_events() {
        let row: &[u8] = &[0, 1, 0, 0, 0, 2, b'h', b'i', 0xff, 0xff, 0xff, 0xff];
        let good = [&HEAD, V2.as_slice(), &[3, 7, 7], row, row].concat();
        assert!(read(EventType::UPDATE_ROWS, &[&good]).is_ok());
        for len in 0..good.len() {
            let whole = len == good.len() - 2 * row.len();
            assert_eq!(read(EventType::UPDATE_ROWS, &[&good[..len]]).is_ok(), whole, "{len}");
        }
        // Behind the table's id, which the caller looks up.
        for at in 6..good.len() {
            for byte in 0..=255 {
                let mut bad = good.clone();
                bad[at] = byte;
                let _ = read(EventType::UPDATE_ROWS, &[&bad]);
            }
        }
    }

    #[test]
    fn cells_are_small() {
        assert_eq!(size_of::<Cell<'_>>(), 24);
    }
}
