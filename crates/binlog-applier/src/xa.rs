//! XA transactions. What one did is only right once it is committed, maybe much later, or never: when it is prepared, its events are
//! stored on the target, with the checkpoint; when it is committed they are applied and forgotten, when it is rolled back
//! only forgotten. So a prepared transaction takes no locks on the target, and survives whatever is killed.

use std::sync::Arc;

use binlog_parser::event::XaIdentifier;
use binlog_parser::{EventHeader, EventType, FieldError, FormatDescription, RawEvent, put_event};
use mysql::prelude::Queryable as _;

use crate::error::{ApplyError, ApplyErrorKind};
use crate::judge::unsupported;
use crate::target::{Target, push_hex, push_text};

/// Bytes of events in one row of the table.
const PART_LEN: usize = 1 << 20;

const CREATE_TABLE: &str = "CREATE TABLE IF NOT EXISTS binlog_replica.prepared (
  name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  xid VARCHAR(300) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  part INT UNSIGNED NOT NULL,
  events LONGBLOB NOT NULL,
  PRIMARY KEY (name, xid, part)
) ENGINE = InnoDB";

const STORING: &str = "writing binlog_replica.prepared";
const READING: &str = "reading binlog_replica.prepared";

/// Name of the transaction that is being stored.
const UNNAMED: &str = "";

/// What a statement does to an XA transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum XaStatement {
    /// XA START and XA END.
    Frame { starts: bool },
    /// XA COMMIT or XA ROLLBACK of a prepared one, with its identifier.
    Completes { xid: String, commits: bool },
}

impl XaStatement {
    /// As the servers write them to their logs; `None` for any other statement.
    pub(crate) fn of(sql: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(sql).ok()?;
        let (head, xid) = text
            .split_at_checked("XA ".len())
            .filter(|(head, _)| head.eq_ignore_ascii_case("XA "))?;
        let _ = head;
        let (verb, xid) = xid.split_once(' ')?;
        let completes = |commits| Self::Completes {
            xid: normal(xid),
            commits,
        };
        match verb.to_ascii_uppercase().as_str() {
            "START" => Some(Self::Frame { starts: true }),
            "END" => Some(Self::Frame { starts: false }),
            "COMMIT" => Some(completes(true)),
            "ROLLBACK" => Some(completes(false)),
            _ => None,
        }
    }
}

/// `X'61',X'',1`
pub(crate) fn name_of(xid: &XaIdentifier) -> String {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02X}")).collect::<String>();
    format!("X'{}',X'{}',{}", hex(&xid.gtrid), hex(&xid.bqual), xid.format_id)
}

fn normal(xid: &str) -> String {
    let text = xid.chars().filter(|letter| !letter.is_ascii_whitespace());
    text.map(|letter| letter.to_ascii_uppercase()).collect()
}

/// The events of an XA transaction that is not prepared yet.
#[derive(Debug)]
pub(crate) struct Stash {
    /// A format description, then the events, as far as they are not stored.
    bytes: Vec<u8>,
    /// Parts that are stored.
    parts: u32,
}

impl Stash {
    pub(crate) fn begin(format: &FormatDescription) -> Result<Self, ApplyError> {
        let (mut body, mut bytes) = (Vec::new(), Vec::new());
        format.encode(&mut body);
        let header = EventHeader {
            timestamp: 0,
            event_type: EventType::FORMAT_DESCRIPTION,
            server_id: 1,
            event_size: 0,
            log_pos: 0,
            flags: binlog_parser::EventFlags(0),
        };
        let checksum = format.checksum_of(EventType::FORMAT_DESCRIPTION);
        put_event(&mut bytes, &header, &body, checksum).map_err(unwritten)?;
        Ok(Self { bytes, parts: 0 })
    }

    pub(crate) fn push(&mut self, raw: &RawEvent<'_>) {
        self.bytes.extend(raw.bytes());
    }

    /// Whether a part of it should be stored before more is collected.
    pub(crate) fn is_large(&self) -> bool {
        self.bytes.len() >= PART_LEN
    }

    /// All of it, if nothing is stored.
    pub(crate) fn events(&self) -> Option<&[u8]> {
        (self.parts == 0).then_some(&self.bytes)
    }

    /// Stores what was collected so far, in the target's open transaction.
    pub(crate) fn store(&mut self, target: &mut Target, name: &str) -> Result<(), ApplyError> {
        if self.parts == 0 {
            forget(target, name, UNNAMED)?;
        }
        for part in std::mem::take(&mut self.bytes).chunks(PART_LEN) {
            let mut sql = b"INSERT INTO binlog_replica.prepared (name, xid, part, events) VALUES (".to_vec();
            push_text(&mut sql, name);
            sql.extend(format!(", '{UNNAMED}', {}, ", self.parts).into_bytes());
            push_hex(&mut sql, part);
            sql.push(b')');
            target.run(&String::from_utf8_lossy(&sql), STORING)?;
            self.parts += 1;
        }
        Ok(())
    }
}

fn unwritten(error: FieldError) -> ApplyError {
    let table = "(format description)".to_owned();
    ApplyErrorKind::Image { table, error }.into()
}

/// Makes the table where it is missing. No transaction may be open.
pub(crate) fn prepare(target: &mut Target) -> Result<(), ApplyError> {
    target.run(CREATE_TABLE, "making the table binlog_replica.prepared")
}

/// Gives the stored events the name by which they will be asked for.
pub(crate) fn keep(target: &mut Target, name: &str, xid: &str) -> Result<(), ApplyError> {
    forget(target, name, xid)?;
    let mut sql = b"UPDATE binlog_replica.prepared SET xid = ".to_vec();
    push_text(&mut sql, xid);
    push_condition(&mut sql, name, UNNAMED);
    target.run(&String::from_utf8_lossy(&sql), STORING)
}

/// Removes the stored events.
pub(crate) fn forget(target: &mut Target, name: &str, xid: &str) -> Result<(), ApplyError> {
    let mut sql = b"DELETE FROM binlog_replica.prepared".to_vec();
    push_condition(&mut sql, name, xid);
    target.run(&String::from_utf8_lossy(&sql), STORING)
}

/// A part of the stored events, by its number from 0; `None` behind the last.
pub(crate) fn part(target: &mut Target, name: &str, xid: &str, part: u32) -> Result<Option<Vec<u8>>, ApplyError> {
    let mut sql = b"SELECT events FROM binlog_replica.prepared".to_vec();
    push_condition(&mut sql, name, xid);
    sql.extend(format!(" AND part = {part}").into_bytes());
    let asked = target.conn.query_first(String::from_utf8_lossy(&sql));
    asked.map_err(|error| ApplyErrorKind::Target { doing: READING, error }.into())
}

fn push_condition(sql: &mut Vec<u8>, name: &str, xid: &str) {
    sql.extend(b" WHERE name = ");
    push_text(sql, name);
    sql.extend(b" AND xid = ");
    push_text(sql, xid);
}

/// The error for one that was prepared before all that was applied.
pub(crate) fn unknown(xid: &str) -> ApplyError {
    unsupported(
        format!("XA COMMIT {xid}"),
        "it was prepared before the place at which applying began, so its changes are not known",
    )
}

/// The whole events at the front of `bytes`, and how many bytes they take.
pub(crate) fn whole_events(bytes: &[u8], format: &Arc<FormatDescription>) -> usize {
    let mut len = 0;
    while let Some(raw) = bytes.get(len..).and_then(|rest| RawEvent::framed(rest, 0, format)) {
        len += raw.bytes().len();
    }
    len
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements() {
        let check = |sql: &str, expected| assert_eq!(XaStatement::of(sql.as_bytes()), expected, "{sql}");
        check("XA START X'61',X'',1", Some(XaStatement::Frame { starts: true }));
        check("XA END X'61',X'',1", Some(XaStatement::Frame { starts: false }));
        let completes = |commits| {
            Some(XaStatement::Completes {
                xid: "X'6A',X'',1".to_owned(),
                commits,
            })
        };
        check("XA COMMIT X'6a',X'',1", completes(true));
        check("xa rollback X'6A', X'', 1", completes(false));
        check("XAVIER", None);
        check("COMMIT", None);
    }

    #[test]
    fn names_are_those_of_statements() {
        let xid = XaIdentifier {
            format_id: 1,
            gtrid: b"j"[..].into(),
            bqual: Box::default(),
        };
        assert_eq!(name_of(&xid), "X'6A',X'',1");
    }
}
