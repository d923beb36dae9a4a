//! QUERY: a statement with the session that it ran in.

use crate::error::FieldError;
use crate::event::query_status::QueryStatus;
use crate::reader::Reader;

/// A statement.
#[derive(Debug, Clone)]
pub struct Query<'a> {
    /// Connection that ran the statement.
    pub thread_id: u32,
    /// Seconds that it took.
    pub exec_time: u32,
    /// Error number that the client saw; a replica must see the same. 0 is success.
    pub error_code: u16,
    /// Default database, or empty.
    pub schema: &'a [u8],
    /// Session variables.
    pub status: QueryStatus<'a>,
    /// Text in the client's character set.
    pub sql: &'a [u8],
}

/// The fixed part of the body.
pub(crate) struct Head {
    thread_id: u32,
    exec_time: u32,
    error_code: u16,
    schema_len: u8,
    status_len: u16,
}

impl<'a> Query<'a> {
    /// Reads the body.
    pub fn decode(body: &'a [u8]) -> Result<Self, FieldError> {
        let mut reader = Reader::new(body);
        let head = Self::read_head(&mut reader)?;
        Self::read_tail(head, &mut reader)
    }

    pub(crate) fn read_head(reader: &mut Reader<'_>) -> Result<Head, FieldError> {
        Ok(Head {
            thread_id: reader.u32("thread id")?,
            exec_time: reader.u32("execution time")?,
            schema_len: reader.u8("schema length")?,
            error_code: reader.u16("error code")?,
            status_len: reader.u16("status length")?,
        })
    }

    pub(crate) fn read_tail(head: Head, reader: &mut Reader<'a>) -> Result<Self, FieldError> {
        let status = QueryStatus::decode(reader.take(usize::from(head.status_len), "status variables")?)?;
        let schema = reader.take(usize::from(head.schema_len), "schema")?;
        reader.take(1, "schema terminator")?;
        Ok(Self {
            thread_id: head.thread_id,
            exec_time: head.exec_time,
            error_code: head.error_code,
            schema,
            status,
            sql: reader.take_rest(),
        })
    }

    /// Appends the body. `status` is written as it was read.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.thread_id.to_le_bytes());
        out.extend(self.exec_time.to_le_bytes());
        out.push(self.schema.len() as u8);
        out.extend(self.error_code.to_le_bytes());
        out.extend((self.status.raw.len() as u16).to_le_bytes());
        out.extend(self.status.raw);
        out.extend(self.schema);
        out.push(0);
        out.extend(self.sql);
    }

    /// Whether the text is this keyword alone, as servers write `BEGIN`, `COMMIT` and `ROLLBACK`.
    #[must_use]
    pub fn is(&self, keyword: &str) -> bool {
        self.sql.eq_ignore_ascii_case(keyword.as_bytes())
    }
}
