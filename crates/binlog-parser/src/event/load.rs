//! LOAD DATA in statement format: BEGIN_LOAD_QUERY, APPEND_BLOCK, DELETE_FILE, EXECUTE_LOAD_QUERY.

use crate::error::FieldError;
use crate::event::query::Query;
use crate::reader::Reader;

/// A block of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppendBlock<'a> {
    /// Number of the file on the source.
    pub file_id: u32,
    /// Whether this is the file's first block (BEGIN_LOAD_QUERY).
    pub first: bool,
    /// The block.
    pub data: &'a [u8],
}

impl<'a> AppendBlock<'a> {
    /// Reads the body.
    pub fn decode(body: &'a [u8], first: bool) -> Result<Self, FieldError> {
        let mut reader = Reader::new(body);
        Ok(Self {
            file_id: reader.u32("file id")?,
            first,
            data: reader.take_rest(),
        })
    }

    /// Appends the body, which is the same for the first block and for further ones.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.file_id.to_le_bytes());
        out.extend(self.data);
    }
}

/// What LOAD DATA does with rows whose key stands already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadDuplicates {
    /// An error.
    Error,
    /// `IGNORE`
    Ignore,
    /// `REPLACE`
    Replace,
}

/// EXECUTE_LOAD_QUERY: the statement, with the place of the file's name in its text.
#[derive(Debug, Clone)]
pub struct ExecuteLoadQuery<'a> {
    /// The statement and its session.
    pub query: Query<'a>,
    /// Number of the file.
    pub file_id: u32,
    /// Where in the text `LOCAL INFILE 'name'` (or `INFILE 'name'`) begins, in bytes.
    pub file_name_start: u32,
    /// Where in the text it ends.
    pub file_name_end: u32,
    /// What to do with duplicates; the text between start and end is to be written anew with it.
    pub duplicates: LoadDuplicates,
}

impl<'a> ExecuteLoadQuery<'a> {
    /// The statement with a file that its client sends. `name` stands in quotes as it is given. `None` where the place of the
    /// name lies outside the text.
    #[must_use]
    pub fn with_local_file(&self, name: &[u8]) -> Option<Vec<u8>> {
        let (before, after) = (self.file_name_start as usize, self.file_name_end as usize);
        let mut sql = self.query.sql.get(..before)?.to_vec();
        sql.extend_from_slice(b" LOCAL INFILE '");
        sql.extend_from_slice(name);
        sql.extend_from_slice(match self.duplicates {
            LoadDuplicates::Error => b"' INTO",
            LoadDuplicates::Ignore => b"' IGNORE INTO",
            LoadDuplicates::Replace => b"' REPLACE INTO",
        });
        sql.extend_from_slice(self.query.sql.get(after..)?);
        Some(sql)
    }

    /// Reads the body: a QUERY whose fixed part is 13 bytes longer.
    pub fn decode(body: &'a [u8]) -> Result<Self, FieldError> {
        let mut reader = Reader::new(body);
        let head = Query::read_head(&mut reader)?;
        let file_id = reader.u32("file id")?;
        let file_name_start = reader.u32("file name start")?;
        let file_name_end = reader.u32("file name end")?;
        let duplicates = match reader.u8("duplicates")? {
            0 => LoadDuplicates::Error,
            1 => LoadDuplicates::Ignore,
            2 => LoadDuplicates::Replace,
            code => {
                return Err(FieldError::Invalid {
                    field: "duplicates",
                    value: u64::from(code),
                    why: "is not 0, 1 or 2",
                });
            }
        };
        let query = Query::read_tail(head, &mut reader)?;
        Ok(Self {
            query,
            file_id,
            file_name_start,
            file_name_end,
            duplicates,
        })
    }

    /// Appends the body.
    pub fn encode(&self, out: &mut Vec<u8>) {
        self.query.put_head(out);
        for number in [self.file_id, self.file_name_start, self.file_name_end] {
            out.extend(number.to_le_bytes());
        }
        out.push(match self.duplicates {
            LoadDuplicates::Error => 0,
            LoadDuplicates::Ignore => 1,
            LoadDuplicates::Replace => 2,
        });
        self.query.put_tail(out);
    }
}

/// DELETE_FILE and EXEC_LOAD: the number of a file, and nothing else.
pub(crate) fn file_id(body: &[u8]) -> Result<u32, FieldError> {
    let mut reader = Reader::new(body);
    let file_id = reader.u32("file id")?;
    reader.finish("file id")?;
    Ok(file_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks() {
        let body = b"\x02\0\0\0a,b\n";
        let block = AppendBlock::decode(body, true).unwrap();
        assert_eq!((block.file_id, block.first, block.data), (2, true, &b"a,b\n"[..]));
        let mut again = Vec::new();
        block.encode(&mut again);
        assert_eq!(again, body);
        assert_eq!(file_id(&body[..4]), Ok(2));
        assert_eq!(
            file_id(body).unwrap_err().to_string(),
            "4 bytes left over after file id"
        );
    }

    #[test]
    fn statements() {
        for duplicates in 0..=2 {
            let head = b"\x07\0\0\0\0\0\0\0\x01\0\0\x02\0\x03\0\0\0\x0a\0\0\0\x10\0\0\0";
            let body = [&head[..], &[duplicates], b"\x13\x00d\0LOAD DATA INFILE 'f'"].concat();
            let load = ExecuteLoadQuery::decode(&body).unwrap();
            assert_eq!((load.file_id, load.file_name_start, load.file_name_end), (3, 10, 16));
            assert_eq!((load.query.thread_id, load.query.schema), (7, &b"d"[..]));
            let mut again = Vec::new();
            load.encode(&mut again);
            assert_eq!(again, body);
            for len in 0..body.len() - load.query.sql.len() {
                assert!(ExecuteLoadQuery::decode(&body[..len]).is_err(), "{len}");
            }
        }
    }
}
