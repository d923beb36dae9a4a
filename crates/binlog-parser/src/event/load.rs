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
}
