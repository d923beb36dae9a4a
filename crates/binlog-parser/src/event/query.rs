//! QUERY: a statement with the session that it ran in.

use crate::error::FieldError;
use crate::event::gtid_mariadb::MariaDbGtidExtraFlags;
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
        reader.zero("schema terminator")?;
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
        self.put_head(out);
        self.put_tail(out);
    }

    pub(crate) fn put_head(&self, out: &mut Vec<u8>) {
        out.extend(self.thread_id.to_le_bytes());
        out.extend(self.exec_time.to_le_bytes());
        out.push(self.schema.len() as u8);
        out.extend(self.error_code.to_le_bytes());
        out.extend((self.status.raw.len() as u16).to_le_bytes());
    }

    pub(crate) fn put_tail(&self, out: &mut Vec<u8>) {
        self.status.encode(out);
        out.extend(self.schema);
        out.push(0);
        out.extend(self.sql);
    }

    /// Whether the statement is to be run. Of an ALTER TABLE in two phases (MariaDB) only the commit is: where it
    /// begins, its end is still to come, and where it ends without effect, nothing was changed.
    #[must_use]
    pub fn takes_effect(&self) -> bool {
        const NOTHING: u8 = MariaDbGtidExtraFlags::START_ALTER.0 | MariaDbGtidExtraFlags::ROLLBACK_ALTER.0;
        self.status
            .mariadb_alter
            .is_none_or(|alter| alter.flags.0 & NOTHING == 0)
    }

    /// Whether the text is this keyword alone, as servers write `BEGIN`, `COMMIT` and `ROLLBACK`.
    #[must_use]
    pub fn is(&self, keyword: &str) -> bool {
        self.sql.eq_ignore_ascii_case(keyword.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::status_variable::{MariaDbAlterFlags, StatusVariable};

    #[test]
    fn both_ways() {
        let body = b"\x07\0\0\0\x01\0\0\0\x02\x15\x04\x05\0\x00\x01\0\0\0db\0CREATE TABLE t (a INT)";
        let query = Query::decode(body).unwrap();
        assert_eq!((query.thread_id, query.exec_time, query.error_code), (7, 1, 1045));
        assert_eq!((query.schema, query.sql), (&b"db"[..], &b"CREATE TABLE t (a INT)"[..]));
        let mut again = Vec::new();
        query.encode(&mut again);
        assert_eq!(again, body);
        for len in 0..body.len() - query.sql.len() {
            assert!(Query::decode(&body[..len]).is_err(), "{len}");
        }
        assert!(query.takes_effect());
        let mut bad = body.to_vec();
        bad[20] = b'!';
        let error = Query::decode(&bad).unwrap_err();
        assert_eq!(error.to_string(), "schema terminator: 33 is no terminating zero");
    }

    #[test]
    fn alter_in_two_phases() {
        for (flags, number, takes_effect) in [
            (2, None, false),
            (4, Some(7), true),
            (8, Some(7), false),
            (1, None, true),
        ] {
            let flags = MariaDbGtidExtraFlags(flags);
            let mut status = Vec::new();
            StatusVariable::MariaDbAlterFlags(MariaDbAlterFlags {
                flags,
                start_alter_sequence: number,
            })
            .encode(&mut status);
            let query = Query {
                thread_id: 1,
                exec_time: 0,
                error_code: 0,
                schema: b"",
                status: QueryStatus::decode(&status).unwrap(),
                sql: b"ALTER TABLE t ADD x INT",
            };
            assert_eq!(query.takes_effect(), takes_effect, "{flags:?}");
        }
    }
}
