//! XA_PREPARE: the end of the first phase of an XA transaction, or of its only one.

use crate::error::FieldError;
use crate::event::gtid_mariadb::XaIdentifier;
use crate::reader::Reader;

/// Longest part of an XA identifier (`MAXGTRIDSIZE`, `MAXBQUALSIZE`).
const MAX_PART: u32 = 64;

/// XA PREPARE, or XA COMMIT ONE PHASE (MySQL 5.7, MariaDB 10.5 on).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct XaPrepare {
    /// Whether the transaction is committed at once.
    pub one_phase: bool,
    /// The transaction's identifier.
    pub xid: XaIdentifier,
}

impl XaPrepare {
    /// Reads the body.
    pub fn decode(body: &[u8]) -> Result<Self, FieldError> {
        let mut reader = Reader::new(body);
        let one_phase = reader.flag("one phase")?;
        let format_id = reader.u32("XA format id")?;
        let gtrid_len = part_len(&mut reader, "length of XA gtrid")?;
        let bqual_len = part_len(&mut reader, "length of XA bqual")?;
        let xid = XaIdentifier {
            format_id,
            gtrid: reader.take(gtrid_len, "XA gtrid")?.into(),
            bqual: reader.take(bqual_len, "XA bqual")?.into(),
        };
        reader.finish("XA bqual")?;
        Ok(Self { one_phase, xid })
    }

    /// Appends the body.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::from(self.one_phase));
        out.extend(self.xid.format_id.to_le_bytes());
        for part in [&self.xid.gtrid, &self.xid.bqual] {
            out.extend((part.len() as u32).to_le_bytes());
        }
        out.extend(&self.xid.gtrid);
        out.extend(&self.xid.bqual);
    }
}

fn part_len(reader: &mut Reader<'_>, field: &'static str) -> Result<usize, FieldError> {
    match reader.u32(field)? {
        len @ 0..=MAX_PART => Ok(len as usize),
        len => Err(FieldError::Invalid {
            field,
            value: u64::from(len),
            why: "is more than 64",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways() {
        for one_phase in [0, 1] {
            let body = [&[one_phase, 7, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0][..], b"abc"].concat();
            let event = XaPrepare::decode(&body).unwrap();
            assert_eq!((event.one_phase, event.xid.format_id), (one_phase == 1, 7));
            assert_eq!((&*event.xid.gtrid, &*event.xid.bqual), (&b"ab"[..], &b"c"[..]));
            let mut again = Vec::new();
            event.encode(&mut again);
            assert_eq!(again, body);
            for len in 0..body.len() {
                assert!(XaPrepare::decode(&body[..len]).is_err(), "{len}");
            }
            let longer = [body.as_slice(), b"d"].concat();
            let error = XaPrepare::decode(&longer).unwrap_err();
            assert_eq!(error.to_string(), "1 bytes left over after XA bqual");
        }
        let error = XaPrepare::decode(&[0, 7, 0, 0, 0, 65, 0, 0, 0]).unwrap_err();
        assert_eq!(error.to_string(), "length of XA gtrid: 65 is more than 64");
    }
}
