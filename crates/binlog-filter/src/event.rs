//! What an event is to the filter.

use binlog_parser::event::{RowsFlags, RowsHead};
use binlog_parser::{EventFlags, EventType, FieldError, RawEvent, Reader, Run};
use binlog_schema::TableName;
use bytes::Bytes;

use crate::images::Counts;
use crate::kind::Kind;
use crate::report::Reason;

/// What an event is to its transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Belongs to no transaction.
    Outside,
    Gtid,
    Begin,
    /// COMMIT, ROLLBACK, XID, or the end of an XA transaction's first phase.
    End,
    /// A statement of an XA transaction's life.
    Xa,
    Savepoint,
    /// What the next statement needs: values of variables, blocks of a file.
    Context,
    Statement,
    /// LOAD DATA.
    Load,
    /// Text of the statement behind the row events after it.
    RowsQuery,
    TableMap,
    Rows(Kind),
    /// A row event without table and rows, which only ends its statement.
    RowsEnd,
    /// Its content is compressed.
    Compressed,
    /// A type that says itself that a reader may pass over it.
    Ignorable,
    Unknown,
}

/// What becomes of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Keep,
    Drop(Reason),
}

/// An event of a transaction.
#[derive(Debug)]
pub(crate) struct Item<'a> {
    pub(crate) raw: RawEvent<'a>,
    pub(crate) run: &'a Run,
    pub(crate) role: Role,
    pub(crate) verdict: Verdict,
    /// What stands in its place, if it is kept: one event, or several row events. A table map or statement with other
    /// names, in part, or without USE; rows that were chosen or changed.
    pub(crate) change: Option<Bytes>,
    /// Whether it is a row event that becomes the last one of its statement.
    pub(crate) ends_statement: bool,
    /// What was done to its rows.
    pub(crate) rows: Counts,
}

impl<'a> Item<'a> {
    pub(crate) fn new(raw: RawEvent<'a>, run: &'a Run) -> Self {
        Self {
            raw,
            run,
            role: Role::of(&raw),
            verdict: Verdict::Keep,
            change: None,
            ends_statement: false,
            rows: Counts::default(),
        }
    }

    /// The event's bytes, as they came.
    pub(crate) fn bytes(&self) -> Bytes {
        self.run.only(&self.raw).bytes
    }

    pub(crate) fn is_kept(&self) -> bool {
        self.verdict == Verdict::Keep
    }
}

impl Role {
    pub(crate) fn of(raw: &RawEvent<'_>) -> Self {
        match raw.header.event_type {
            EventType::GTID | EventType::ANONYMOUS_GTID | EventType::GTID_TAGGED | EventType::MARIADB_GTID => {
                Self::Gtid
            }
            EventType::QUERY => Self::of_sql(sql(raw.body())),
            EventType::XID | EventType::XA_PREPARE => Self::End,
            EventType::EXECUTE_LOAD_QUERY => Self::Load,
            EventType::INTVAR
            | EventType::RAND
            | EventType::USER_VAR
            | EventType::BEGIN_LOAD_QUERY
            | EventType::APPEND_BLOCK
            | EventType::DELETE_FILE => Self::Context,
            EventType::ROWS_QUERY | EventType::MARIADB_ANNOTATE_ROWS => Self::RowsQuery,
            EventType::TABLE_MAP => Self::TableMap,
            EventType::TRANSACTION_PAYLOAD | EventType::MARIADB_QUERY_COMPRESSED => Self::Compressed,
            EventType::FORMAT_DESCRIPTION
            | EventType::ROTATE
            | EventType::STOP
            | EventType::PREVIOUS_GTIDS
            | EventType::MARIADB_GTID_LIST
            | EventType::MARIADB_BINLOG_CHECKPOINT
            | EventType::MARIADB_START_ENCRYPTION
            | EventType::INCIDENT
            | EventType::HEARTBEAT
            | EventType::HEARTBEAT_V2 => Self::Outside,
            EventType::SLAVE | EventType::IGNORABLE | EventType::TRANSACTION_CONTEXT | EventType::VIEW_CHANGE => {
                Self::Ignorable
            }
            other => match Kind::of_rows(other) {
                Some(_) if is_rows_end(raw.body()) => Self::RowsEnd,
                Some(kind) => Self::Rows(kind),
                None if raw.header.flags.contains(EventFlags::IGNORABLE) => Self::Ignorable,
                None => Self::Unknown,
            },
        }
    }

    fn of_sql(sql: &[u8]) -> Self {
        let is = |word: &str| sql.eq_ignore_ascii_case(word.as_bytes());
        let begins_with = |head: &str| {
            let start = sql.get(..head.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(head.as_bytes()))
        };
        if is("BEGIN") {
            Self::Begin
        } else if is("COMMIT") || is("ROLLBACK") {
            Self::End
        } else if begins_with("XA ") {
            Self::Xa
        } else if begins_with("SAVEPOINT ") || begins_with("ROLLBACK TO ") || begins_with("RELEASE SAVEPOINT ") {
            Self::Savepoint
        } else {
            Self::Statement
        }
    }

    /// Whether it changes something, and is what the rules for tables and kinds judge.
    pub(crate) fn is_content(self) -> bool {
        matches!(
            self,
            Self::Statement | Self::Load | Self::Rows(_) | Self::Compressed | Self::Unknown
        )
    }

    /// Whether it is part of a transaction of which no content is kept.
    pub(crate) fn is_frame(self) -> bool {
        matches!(self, Self::Outside | Self::Gtid | Self::Begin | Self::End | Self::Xa)
    }
}

/// Connection that ran the statement of a QUERY and the like.
pub(crate) fn thread_id(raw: &RawEvent<'_>) -> Option<u32> {
    match raw.header.event_type {
        EventType::QUERY | EventType::EXECUTE_LOAD_QUERY | EventType::MARIADB_QUERY_COMPRESSED => {
            Reader::new(raw.body()).u32("thread id").ok()
        }
        _ => None,
    }
}

/// The text of a QUERY; empty where the body is cut off, which its judgement then says.
fn sql(body: &[u8]) -> &[u8] {
    let text = |body: &[u8]| -> Result<usize, FieldError> {
        let mut reader = Reader::new(body);
        reader.take(8, "thread id and execution time")?;
        let schema_len = reader.u8("schema length")?;
        reader.take(2, "error code")?;
        let status_len = reader.u16("status length")?;
        Ok(reader.offset() + usize::from(status_len) + usize::from(schema_len) + 1)
    };
    text(body).ok().and_then(|at| body.get(at..)).unwrap_or_default()
}

/// Table id of a TABLE_MAP and the bytes with both names: all that is needed to judge it.
pub(crate) fn table_map(body: &[u8], id_len: usize) -> Result<(u64, &[u8]), FieldError> {
    let mut reader = Reader::new(body);
    let table_id = reader.uint(id_len, "table id")?;
    reader.u16("flags")?;
    let mut names = reader;
    let from = reader.offset();
    name(&mut reader, "schema")?;
    name(&mut reader, "table")?;
    Ok((table_id, names.take(reader.offset() - from, "names")?))
}

/// The name in these bytes of a TABLE_MAP.
pub(crate) fn table_name(names: &[u8]) -> Result<TableName, FieldError> {
    let mut reader = Reader::new(names);
    let mut text = |field| Ok(String::from_utf8_lossy(name(&mut reader, field)?).into_owned());
    Ok(TableName {
        schema: text("schema")?,
        table: text("table")?,
    })
}

fn name<'a>(reader: &mut Reader<'a>, field: &'static str) -> Result<&'a [u8], FieldError> {
    let len = reader.u8(field)?;
    let text = reader.take(usize::from(len), field)?;
    reader.take(1, field)?;
    Ok(text)
}

/// Table id of a row event, and whether it is the last one of its statement.
pub(crate) fn rows_head(body: &[u8], id_len: usize) -> Result<(u64, bool), FieldError> {
    let head = RowsHead::decode(body, id_len)?;
    Ok((head.table_id, head.flags.contains(RowsFlags::STMT_END)))
}

/// Whether a row event has the table id that stands for no table, in any of the widths that servers gave it.
fn is_rows_end(body: &[u8]) -> bool {
    const WIDTHS: [u32; 3] = [24, 32, 48];
    let table_id = Reader::new(body).uint(6, "table id").unwrap_or_default();
    WIDTHS.iter().any(|bits| table_id == (1 << bits) - 1)
}
