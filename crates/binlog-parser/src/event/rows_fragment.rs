//! PARTIAL_ROW_DATA: a fragment of a row event that is too large for one packet (MariaDB 12.3 on).

use crate::error::FieldError;
use crate::reader::Reader;

/// The first fragment says how large the whole event is.
const HAS_TOTAL_SIZE: u8 = 1;

/// One fragment of a row event. The fragments of an event follow each other in the log.
///
/// Source: the page on PARTIAL_ROW_DATA_EVENT in MariaDB's description of the replication protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowsFragment<'a> {
    /// Number of fragments of the event.
    pub fragments: u32,
    /// Which of them this is, from 1.
    pub number: u32,
    /// Flags as stored.
    pub flags: u8,
    /// Size of the whole event in bytes, in the first fragment.
    pub total_size: Option<u64>,
    /// The fragment's bytes of the event.
    pub data: &'a [u8],
}

impl<'a> RowsFragment<'a> {
    /// Reads the body.
    pub fn decode(body: &'a [u8]) -> Result<Self, FieldError> {
        let mut reader = Reader::new(body);
        let fragments = reader.u32("number of fragments")?;
        let number = reader.u32("number of the fragment")?;
        let flags = reader.u8("flags")?;
        let total_size = match flags & HAS_TOTAL_SIZE {
            0 => None,
            _ => Some(reader.u64("size of the whole event")?),
        };
        Ok(Self {
            fragments,
            number,
            flags,
            total_size,
            data: reader.take_rest(),
        })
    }

    /// Appends the body.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.fragments.to_le_bytes());
        out.extend(self.number.to_le_bytes());
        out.push(self.flags);
        out.extend(self.total_size.iter().flat_map(|size| size.to_le_bytes()));
        out.extend(self.data);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &[u8], expected: RowsFragment<'_>) {
        let fragment = RowsFragment::decode(body).unwrap();
        assert_eq!(fragment, expected);
        let mut again = Vec::new();
        fragment.encode(&mut again);
        assert_eq!(again, body);
        for len in 0..body.len() - expected.data.len() {
            assert!(RowsFragment::decode(&body[..len]).is_err(), "{len}");
        }
    }

    #[test]
    fn both_ways() {
        let first = RowsFragment {
            fragments: 2,
            number: 1,
            flags: 1,
            total_size: Some(300),
            data: b"abc",
        };
        check(b"\x02\0\0\0\x01\0\0\0\x01\x2c\x01\0\0\0\0\0\0abc", first);
        let second = RowsFragment {
            number: 2,
            flags: 0,
            total_size: None,
            data: b"d",
            ..first
        };
        check(b"\x02\0\0\0\x02\0\0\0\0d", second);
    }
}
