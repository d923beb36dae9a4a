//! Row events of MySQL 5.1 before general availability (5.1.0 to 5.1.15): type codes 20 to 22.
//!
//! Their rows are in the record format of the table's engine, which no log describes: they are not taken apart
//! further. Layout: `Old_rows_log_event` in MySQL's `log_event_old.cc`.

use crate::error::FieldError;
use crate::event::rows::RowsFlags;
use crate::event::table_map::ColumnSet;
use crate::reader::{Reader, put_lenenc};

/// A row event of 5.1 before general availability.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreGaRows<'a> {
    /// Number of the table, as in its table map.
    pub table_id: u64,
    /// Flags.
    pub flags: RowsFlags,
    /// Columns of the images, one set for both images of an UPDATE.
    pub columns: ColumnSet<'a>,
    /// The records.
    pub data: &'a [u8],
}

impl<'a> PreGaRows<'a> {
    /// Reads the body. `id_len` is the width of the table id, 6 or 4.
    pub fn decode(body: &'a [u8], id_len: usize) -> Result<Self, FieldError> {
        let mut reader = Reader::new(body);
        let table_id = reader.uint(id_len, "table id")?;
        let flags = RowsFlags(reader.u16("flags")?);
        let count = usize::try_from(reader.lenenc("number of columns")?).unwrap_or(usize::MAX);
        let bits = reader.take(count.div_ceil(8), "columns in the image")?;
        Ok(Self {
            table_id,
            flags,
            columns: ColumnSet::new(bits, count),
            data: reader.take_rest(),
        })
    }

    /// Appends the body.
    pub fn encode(&self, id_len: usize, out: &mut Vec<u8>) {
        out.extend(self.table_id.to_le_bytes().iter().take(id_len));
        out.extend(self.flags.0.to_le_bytes());
        put_lenenc(out, self.columns.columns() as u64);
        out.extend(self.columns.bytes());
        out.extend(self.data);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways() {
        for (id, id_len) in [(&[7, 0, 0, 0, 0, 0][..], 6), (&[7, 0, 0, 0], 4)] {
            let body = [id, &[1, 0, 9, 0xff, 1], b"record"].concat();
            let rows = PreGaRows::decode(&body, id_len).unwrap();
            assert_eq!((rows.table_id, rows.columns.count(), rows.data), (7, 9, &b"record"[..]));
            let mut again = Vec::new();
            rows.encode(id_len, &mut again);
            assert_eq!(again, body);
            for len in 0..body.len() - 6 {
                assert!(PreGaRows::decode(&body[..len], id_len).is_err(), "{len}");
            }
        }
    }
}
