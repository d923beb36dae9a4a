//! LOAD DATA of servers before 5.0.3: LOAD, NEW_LOAD, CREATE_FILE and EXEC_LOAD.
//!
//! Layout: `Load_log_event`, `Create_file_log_event` and `sql_ex_info` in the `log_event` sources of MySQL 4.0 to 5.6.
//! 3.23 writes LOAD, whose delimiters are one byte each; later servers write NEW_LOAD, or the file itself in a
//! CREATE_FILE, APPEND_BLOCKs and an EXEC_LOAD.

use crate::error::FieldError;
use crate::reader::Reader;

/// FIELDS and LINES of a LOAD DATA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadDelimiters<'a> {
    /// `FIELDS TERMINATED BY`
    pub field_terminator: &'a [u8],
    /// `FIELDS ENCLOSED BY`
    pub enclosed_by: &'a [u8],
    /// `LINES TERMINATED BY`
    pub line_terminator: &'a [u8],
    /// `LINES STARTING BY`
    pub line_start: &'a [u8],
    /// `FIELDS ESCAPED BY`
    pub escaped_by: &'a [u8],
    /// Bits: 1 DUMPFILE, 2 OPTIONALLY ENCLOSED, 4 REPLACE, 8 IGNORE.
    pub options: u8,
    /// The form of 3.23: a bit for each of the five delimiters, in their order here, that is empty though it holds
    /// a byte.
    pub empty: Option<u8>,
}

/// LOAD or NEW_LOAD: the statement without its file's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load<'a> {
    /// Connection that ran the statement.
    pub thread_id: u32,
    /// Seconds that it took.
    pub exec_time: u32,
    /// `IGNORE n LINES`
    pub skip_lines: u32,
    /// FIELDS and LINES.
    pub delimiters: LoadDelimiters<'a>,
    /// Length of each name in `columns`, without its terminator.
    pub column_lengths: &'a [u8],
    /// Names of the columns, each with a terminating zero byte.
    pub columns: &'a [u8],
    /// Table.
    pub table: &'a [u8],
    /// Schema.
    pub schema: &'a [u8],
    /// Name of the file on the source.
    pub file: &'a [u8],
}

/// CREATE_FILE: the statement and the first block of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CreateFile<'a> {
    /// The statement.
    pub load: Load<'a>,
    /// Number of the file on the source.
    pub file_id: u32,
    /// The block.
    pub data: &'a [u8],
}

/// The fixed part of the body.
struct Head {
    thread_id: u32,
    exec_time: u32,
    skip_lines: u32,
    table_len: u8,
    schema_len: u8,
    columns: u32,
}

impl<'a> Load<'a> {
    /// Reads the body. `old_delimiters` is the form of LOAD.
    pub fn decode(body: &'a [u8], old_delimiters: bool) -> Result<Self, FieldError> {
        let mut reader = Reader::new(body);
        let head = Head::decode(&mut reader)?;
        let delimiters = LoadDelimiters::decode(&mut reader, old_delimiters)?;
        Self::read_names(&head, delimiters, &mut reader, Reader::take_rest)
    }

    /// Appends the body.
    pub fn encode(&self, out: &mut Vec<u8>) {
        self.put_head(out);
        self.put_names(out);
    }

    fn read_names(
        head: &Head,
        delimiters: LoadDelimiters<'a>,
        reader: &mut Reader<'a>,
        file: impl FnOnce(&mut Reader<'a>) -> &'a [u8],
    ) -> Result<Self, FieldError> {
        let column_lengths = reader.take(head.columns as usize, "column lengths")?;
        let columns_len = column_lengths.iter().map(|len| usize::from(*len) + 1).sum();
        let columns = reader.take(columns_len, "columns")?;
        Ok(Self {
            thread_id: head.thread_id,
            exec_time: head.exec_time,
            skip_lines: head.skip_lines,
            delimiters,
            column_lengths,
            columns,
            table: terminated(reader, head.table_len, "table")?,
            schema: terminated(reader, head.schema_len, "schema")?,
            file: file(reader),
        })
    }

    fn put_head(&self, out: &mut Vec<u8>) {
        out.extend(self.thread_id.to_le_bytes());
        out.extend(self.exec_time.to_le_bytes());
        out.extend(self.skip_lines.to_le_bytes());
        out.extend([self.table.len() as u8, self.schema.len() as u8]);
        out.extend((self.column_lengths.len() as u32).to_le_bytes());
    }

    fn put_names(&self, out: &mut Vec<u8>) {
        self.delimiters.encode(out);
        out.extend(self.column_lengths);
        out.extend(self.columns);
        out.extend(self.table);
        out.push(0);
        out.extend(self.schema);
        out.push(0);
        out.extend(self.file);
    }
}

impl<'a> CreateFile<'a> {
    /// Reads the body.
    pub fn decode(body: &'a [u8]) -> Result<Self, FieldError> {
        let mut reader = Reader::new(body);
        let head = Head::decode(&mut reader)?;
        let file_id = reader.u32("file id")?;
        let delimiters = LoadDelimiters::decode(&mut reader, false)?;
        let mut load = Load::read_names(&head, delimiters, &mut reader, |_| &[])?;
        load.file = reader.zero_terminated("file name")?;
        Ok(Self {
            load,
            file_id,
            data: reader.take_rest(),
        })
    }

    /// Appends the body.
    pub fn encode(&self, out: &mut Vec<u8>) {
        self.load.put_head(out);
        out.extend(self.file_id.to_le_bytes());
        self.load.put_names(out);
        out.push(0);
        out.extend(self.data);
    }
}

impl Head {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            thread_id: reader.u32("thread id")?,
            exec_time: reader.u32("execution time")?,
            skip_lines: reader.u32("lines to skip")?,
            table_len: reader.u8("table length")?,
            schema_len: reader.u8("schema length")?,
            columns: reader.u32("number of columns")?,
        })
    }
}

impl<'a> LoadDelimiters<'a> {
    fn decode(reader: &mut Reader<'a>, old: bool) -> Result<Self, FieldError> {
        let mut text = |field| match old {
            true => reader.take(1, field),
            false => counted(reader, field),
        };
        let mut delimiters = Self {
            field_terminator: text("FIELDS TERMINATED BY")?,
            enclosed_by: text("FIELDS ENCLOSED BY")?,
            line_terminator: text("LINES TERMINATED BY")?,
            line_start: text("LINES STARTING BY")?,
            escaped_by: text("FIELDS ESCAPED BY")?,
            options: 0,
            empty: None,
        };
        delimiters.options = reader.u8("options")?;
        if old {
            delimiters.empty = Some(reader.u8("empty delimiters")?);
        }
        Ok(delimiters)
    }

    fn encode(&self, out: &mut Vec<u8>) {
        let texts = [
            self.field_terminator,
            self.enclosed_by,
            self.line_terminator,
            self.line_start,
            self.escaped_by,
        ];
        for text in texts {
            if self.empty.is_none() {
                out.push(text.len() as u8);
            }
            out.extend(text);
        }
        out.push(self.options);
        out.extend(self.empty);
    }
}

fn counted<'a>(reader: &mut Reader<'a>, field: &'static str) -> Result<&'a [u8], FieldError> {
    let len = reader.u8(field)?;
    reader.take(usize::from(len), field)
}

/// A name of known length with a terminator that must be there.
fn terminated<'a>(reader: &mut Reader<'a>, len: u8, field: &'static str) -> Result<&'a [u8], FieldError> {
    let name = reader.take(usize::from(len), field)?;
    match reader.u8(field)? {
        0 => Ok(name),
        other => Err(FieldError::Invalid {
            field,
            value: other.into(),
            why: "is no terminating zero",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `LOAD DATA INFILE 'f' REPLACE INTO TABLE d.t FIELDS TERMINATED BY ',' … IGNORE 3 LINES (a, bc)`.
    const HEAD: &[u8] = &[7, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 1, 1, 2, 0, 0, 0];
    const NEW: &[u8] = &[2, b',', b';', 0, 1, b'\n', 0, 1, b'\\', 4];
    const OLD: &[u8] = &[b',', 0, b'\n', 0, b'\\', 4, 0b01010];
    const NAMES: &[u8] = b"\x01\x02a\0bc\0t\0d\0f";

    fn check<'a, T>(
        body: &'a [u8],
        decode: impl Fn(&'a [u8]) -> Result<T, FieldError>,
        encode: impl Fn(&T, &mut Vec<u8>),
        last: usize,
    ) -> T {
        let event = decode(body).unwrap();
        let mut again = Vec::new();
        encode(&event, &mut again);
        assert_eq!(again, body);
        for len in 0..body.len() - last {
            assert!(matches!(decode(&body[..len]), Err(FieldError::Short { .. })), "{len}");
        }
        event
    }

    #[test]
    fn load() {
        let body: &'static [u8] = [HEAD, OLD, NAMES].concat().leak();
        let load = check(body, |body| Load::decode(body, true), Load::encode, 1);
        assert_eq!((load.table, load.schema, load.file), (&b"t"[..], &b"d"[..], &b"f"[..]));
        assert_eq!((load.columns, load.skip_lines), (&b"a\0bc\0"[..], 3));
        assert_eq!(load.delimiters.empty, Some(0b01010));
    }

    #[test]
    fn new_load() {
        let body: &'static [u8] = [HEAD, NEW, NAMES].concat().leak();
        let load = check(body, |body| Load::decode(body, false), Load::encode, 1);
        assert_eq!(load.delimiters.field_terminator, b",;");
        assert_eq!((load.delimiters.options, load.file), (4, &b"f"[..]));
    }

    #[test]
    fn create_file() {
        let body: &'static [u8] = [HEAD, &[9, 0, 0, 0], NEW, NAMES, b"\0one,two\n"].concat().leak();
        let file = check(body, CreateFile::decode, CreateFile::encode, 9);
        assert_eq!((file.file_id, file.data), (9, &b"one,two\n"[..]));
        assert_eq!(file.load.file, b"f");
    }

    #[test]
    fn names_end_where_they_say() {
        let body = [HEAD, NEW, b"\x01\x02a\0bc\0tt\0d\0f"].concat();
        let error = Load::decode(&body, false).unwrap_err();
        assert_eq!(error.to_string(), "table: 116 is no terminating zero");
    }
}
