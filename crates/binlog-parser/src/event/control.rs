//! Small events: ROTATE, INTVAR, RAND, XID, INCIDENT, ROWS_QUERY and ANNOTATE_ROWS, BINLOG_CHECKPOINT.

use crate::error::FieldError;
use crate::reader::Reader;

/// ROTATE: the log goes on in `file` at `position`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotate<'a> {
    /// Position of the first event in the next log; 4 for a whole log.
    pub position: u64,
    /// Name of the next log.
    pub file: &'a [u8],
}

impl<'a> Rotate<'a> {
    /// Reads the body.
    pub fn decode(body: &'a [u8]) -> Result<Self, FieldError> {
        let mut reader = Reader::new(body);
        Ok(Self {
            position: reader.u64("position")?,
            file: reader.take_rest(),
        })
    }

    /// Appends the body.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.position.to_le_bytes());
        out.extend(self.file);
    }
}

/// Which value an INTVAR sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntvarKind {
    /// What `LAST_INSERT_ID()` returns in the next statement.
    LastInsertId,
    /// The first AUTO_INCREMENT value of the next statement.
    InsertId,
}

/// INTVAR: a value for the next statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Intvar {
    /// Which value.
    pub kind: IntvarKind,
    /// The value.
    pub value: u64,
}

impl Intvar {
    /// Reads the body.
    pub fn decode(body: &[u8]) -> Result<Self, FieldError> {
        let mut reader = Reader::new(body);
        let kind = match reader.u8("kind")? {
            1 => IntvarKind::LastInsertId,
            2 => IntvarKind::InsertId,
            code => {
                let value = u64::from(code);
                return Err(FieldError::Invalid {
                    field: "kind",
                    value,
                    why: "is neither LAST_INSERT_ID nor INSERT_ID",
                });
            }
        };
        let value = reader.u64("value")?;
        reader.finish("value")?;
        Ok(Self { kind, value })
    }

    /// Appends the body.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(match self.kind {
            IntvarKind::LastInsertId => 1,
            IntvarKind::InsertId => 2,
        });
        out.extend(self.value.to_le_bytes());
    }
}

/// RAND: the seeds of `RAND()` for the next statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rand {
    /// `rand_seed1`
    pub seed1: u64,
    /// `rand_seed2`
    pub seed2: u64,
}

impl Rand {
    /// Reads the body.
    pub fn decode(body: &[u8]) -> Result<Self, FieldError> {
        let mut reader = Reader::new(body);
        let rand = Self {
            seed1: reader.u64("seed 1")?,
            seed2: reader.u64("seed 2")?,
        };
        reader.finish("seed 2")?;
        Ok(rand)
    }

    /// Appends the body.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.seed1.to_le_bytes());
        out.extend(self.seed2.to_le_bytes());
    }
}

/// XID: the commit of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Xid {
    /// Number of the transaction in its server's life.
    pub xid: u64,
}

impl Xid {
    /// Reads the body.
    pub fn decode(body: &[u8]) -> Result<Self, FieldError> {
        let mut reader = Reader::new(body);
        let xid = Self {
            xid: reader.u64("xid")?,
        };
        reader.finish("xid")?;
        Ok(xid)
    }

    /// Appends the body.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.xid.to_le_bytes());
    }
}

/// INCIDENT: events were lost on the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Incident<'a> {
    /// 1 is LOST_EVENTS, the only one that servers write.
    pub incident: u16,
    /// The server's words.
    pub message: &'a [u8],
    /// What stands behind them: nothing, or 4 bytes where MySQL has checksums and writes the event by way of a
    /// transaction's cache. They are a checksum too, of the event as it was in the cache.
    pub tail: &'a [u8],
}

impl<'a> Incident<'a> {
    /// Reads the body.
    pub fn decode(body: &'a [u8]) -> Result<Self, FieldError> {
        let mut reader = Reader::new(body);
        let incident = reader.u16("incident")?;
        let len = reader.u8("message length")?;
        Ok(Self {
            incident,
            message: reader.take(usize::from(len), "message")?,
            tail: reader.take_rest(),
        })
    }

    /// Appends the body. A message longer than 255 bytes has no room.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.incident.to_le_bytes());
        out.push(self.message.len() as u8);
        out.extend(self.message);
        out.extend(self.tail);
    }
}

/// ROWS_QUERY or ANNOTATE_ROWS: the statement behind the row events that follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowsQuery<'a> {
    /// The byte before the text, which tells nothing: the low byte of its length in old servers, 0 in new ones.
    /// `None` in ANNOTATE_ROWS, which has no such byte.
    pub length: Option<u8>,
    /// Text of the statement, in the client's character set.
    pub sql: &'a [u8],
}

impl<'a> RowsQuery<'a> {
    /// Reads the body of a ROWS_QUERY.
    pub fn decode(body: &'a [u8]) -> Result<Self, FieldError> {
        let mut reader = Reader::new(body);
        Ok(Self {
            length: Some(reader.u8("length")?),
            sql: reader.take_rest(),
        })
    }

    /// Reads the body of an ANNOTATE_ROWS, which is the text.
    #[must_use]
    pub fn annotation(body: &'a [u8]) -> Self {
        Self {
            length: None,
            sql: body,
        }
    }

    /// Appends the body.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.length);
        out.extend(self.sql);
    }
}

/// BINLOG_CHECKPOINT: the oldest log that recovery needs (MariaDB).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BinlogCheckpoint<'a> {
    pub(crate) file: &'a [u8],
}

impl<'a> BinlogCheckpoint<'a> {
    pub(crate) fn decode(body: &'a [u8]) -> Result<Self, FieldError> {
        let mut reader = Reader::new(body);
        let len = reader.u32("file name length")? as usize;
        let file = reader.take(len, "file name")?;
        reader.finish("file name")?;
        Ok(Self { file })
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.extend((self.file.len() as u32).to_le_bytes());
        out.extend(self.file);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<'a, T>(
        body: &'a [u8],
        decode: impl Fn(&'a [u8]) -> Result<T, FieldError>,
        encode: impl Fn(&T, &mut Vec<u8>),
    ) {
        let mut again = Vec::new();
        encode(&decode(body).unwrap(), &mut again);
        assert_eq!(again, body);
    }

    #[test]
    fn both_ways() {
        check(b"\x04\0\0\0\0\0\0\0binlog.000002", Rotate::decode, Rotate::encode);
        check(&[1, 1, 2, 3, 4, 5, 6, 7, 8], Intvar::decode, Intvar::encode);
        check(&[2, 1, 2, 3, 4, 5, 6, 7, 8], Intvar::decode, Intvar::encode);
        check(&[9; 16], Rand::decode, Rand::encode);
        check(&[7; 8], Xid::decode, Xid::encode);
        check(b"\x01\0\x04lost", Incident::decode, Incident::encode);
        check(b"\x01\0\x04lost\xde\x01\x43\x39", Incident::decode, Incident::encode);
        check(b"\x03\0\0\0log", BinlogCheckpoint::decode, BinlogCheckpoint::encode);
        check(b"\x06SELECT", RowsQuery::decode, RowsQuery::encode);
        check(b"\0SELECT", RowsQuery::decode, RowsQuery::encode);
        check(b"SELECT", |body| Ok(RowsQuery::annotation(body)), RowsQuery::encode);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let check = |error: FieldError, expected: &str| assert_eq!(error.to_string(), expected);
        check(
            Intvar::decode(&[3; 9]).unwrap_err(),
            "kind: 3 is neither LAST_INSERT_ID nor INSERT_ID",
        );
        check(Xid::decode(&[3; 9]).unwrap_err(), "1 bytes left over after xid");
        check(
            Incident::decode(b"\x01\0\x02a").unwrap_err(),
            "message: need 2 bytes, have 1",
        );
    }
}
