//! Small events: ROTATE, INTVAR, RAND, XID, INCIDENT, ROWS_QUERY and ANNOTATE_ROWS.

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
}

/// INCIDENT: events were lost on the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Incident<'a> {
    /// 1 is LOST_EVENTS, the only one that servers write.
    pub incident: u16,
    /// The server's words.
    pub message: &'a [u8],
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
        })
    }
}

/// ROWS_QUERY or ANNOTATE_ROWS: the statement behind the row events that follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowsQuery<'a> {
    /// Text of the statement, in the client's character set.
    pub sql: &'a [u8],
}

impl<'a> RowsQuery<'a> {
    /// Reads the body of a ROWS_QUERY: a length byte, which wraps and is therefore passed over, and the text.
    pub fn decode(body: &'a [u8]) -> Result<Self, FieldError> {
        let mut reader = Reader::new(body);
        reader.u8("length")?;
        Ok(Self {
            sql: reader.take_rest(),
        })
    }
}
