//! The extra data of row events of version 2.
//!
//! Source: `Rows_event` in MySQL's `rows_event.cpp`: parts, each of them a type code and what it tells.

use super::RowsKind;
use crate::error::FieldError;
use crate::reader::Reader;

/// What the extra data of a row event says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RowsExtra<'a> {
    /// What NDB Cluster says of its rows.
    pub ndb: Option<NdbInfo<'a>>,
    /// Partition of the rows; of an UPDATE, that of the after images.
    pub partition: Option<u16>,
    /// Partition of the before images of an UPDATE.
    pub source_partition: Option<u16>,
    /// From the first part of an unknown type on: the servers do not look further.
    pub unknown: &'a [u8],
}

/// Extra row information of NDB Cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NdbInfo<'a> {
    /// Format of the data.
    pub format: u8,
    /// The data.
    pub data: &'a [u8],
}

impl<'a> RowsExtra<'a> {
    /// Reads the extra data of a row event, without the length before it.
    ///
    /// # Errors
    /// It is cut off inside a field.
    pub fn decode(bytes: &'a [u8], kind: RowsKind) -> Result<Self, FieldError> {
        let mut extra = Self::default();
        let mut reader = Reader::new(bytes);
        while let Some(code) = reader.peek().first() {
            match code {
                0 => extra.ndb = Some(ndb(&mut reader)?),
                1 => {
                    reader.take(1, "extra data type")?;
                    extra.partition = Some(reader.u16("partition")?);
                    if kind == RowsKind::Update {
                        extra.source_partition = Some(reader.u16("source partition")?);
                    }
                }
                _ => extra.unknown = reader.take_rest(),
            }
        }
        Ok(extra)
    }
}

/// The length counts itself and the format.
fn ndb<'a>(reader: &mut Reader<'a>) -> Result<NdbInfo<'a>, FieldError> {
    reader.take(1, "extra data type")?;
    let len = reader.u8("length of NDB information")?;
    let Some(rest) = len.checked_sub(2) else {
        return Err(FieldError::Invalid {
            field: "length of NDB information",
            value: len.into(),
            why: "is less than its own 2 bytes",
        });
    };
    Ok(NdbInfo {
        format: reader.u8("format of NDB information")?,
        data: reader.take(rest.into(), "NDB information")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts() {
        let check = |bytes: &[u8], kind, expected: RowsExtra<'_>| {
            assert_eq!(RowsExtra::decode(bytes, kind), Ok(expected), "{bytes:02x?}");
        };
        let none = RowsExtra::default();
        check(&[], RowsKind::Insert, none);
        let partition = Some(3);
        check(&[1, 3, 0], RowsKind::Delete, RowsExtra { partition, ..none });
        let source_partition = Some(258);
        let both = RowsExtra {
            partition,
            source_partition,
            ..none
        };
        check(&[1, 3, 0, 2, 1], RowsKind::Update, both);
        let ndb = Some(NdbInfo { format: 7, data: b"xy" });
        let all = RowsExtra {
            ndb,
            partition,
            unknown: &[9, 9],
            ..none
        };
        check(&[0, 4, 7, b'x', b'y', 1, 3, 0, 9, 9], RowsKind::Insert, all);
    }

    #[test]
    fn bad_parts() {
        let check = |bytes: &[u8], expected: &str| {
            let error = RowsExtra::decode(bytes, RowsKind::Update).unwrap_err();
            assert_eq!(error.to_string(), expected, "{bytes:02x?}");
        };
        check(&[1, 3], "partition: need 2 bytes, have 1");
        check(&[1, 3, 0, 1], "source partition: need 2 bytes, have 1");
        check(&[0, 1], "length of NDB information: 1 is less than its own 2 bytes");
        check(&[0, 9, 1, 2], "NDB information: need 7 bytes, have 1");
    }
}
