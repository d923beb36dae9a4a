//! `--require-row-format`: events that change data otherwise than by rows end the run.

use binlog_dumper::mysqlbinlog::{ends_group, starts_group};
use binlog_parser::{EventFlags, EventType, Query, RawEvent};

/// Follows transactions, and judges each event in its place.
#[derive(Debug, Default)]
pub(super) struct RowFormat {
    state: State,
}

/// Where in a transaction it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    Outside,
    /// After a GTID.
    Begun,
    /// After variables of a statement that stands alone.
    Variables,
    /// After BEGIN.
    Changes,
}

/// What an event is to its transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Boundary {
    Gtid,
    Begin,
    End,
    Statement,
    Variable,
    Payload,
    Incident,
    Nothing,
    Unknown,
}

impl RowFormat {
    /// Takes the next event, and tells whether it is one of row format.
    pub(super) fn allows(&mut self, raw: &RawEvent<'_>) -> bool {
        let sql = match raw.header.event_type {
            EventType::QUERY => Query::decode(raw.body()).map_or(&[][..], |query| query.sql),
            _ => &[],
        };
        let boundary = boundary(raw, sql);
        self.state = self.state.after(boundary);
        match boundary {
            Boundary::Unknown => false,
            Boundary::Variable => raw.header.event_type == EventType::USER_VAR && self.state == State::Variables,
            _ if is_load(raw.header.event_type) => false,
            boundary => self.allows_statement(boundary, raw.header.event_type, sql),
        }
    }

    fn allows_statement(&self, boundary: Boundary, event_type: EventType, sql: &[u8]) -> bool {
        let is = |words: &[&str]| words.iter().any(|word| begins(sql, word));
        let statement = boundary == Boundary::Statement;
        if (statement || self.state == State::Outside) && is(&["CREATE TEMPORARY", "DROP TEMPORARY"]) {
            return sql.len() <= "CREATE TEMPORARY".len();
        }
        !statement
            || self.state != State::Changes
            || event_type != EventType::QUERY
            || is(&["XA END", "XA PREPARE", "SAVEPOINT"])
            || sql.ends_with(b"START TRANSACTION")
    }
}

impl State {
    fn after(self, boundary: Boundary) -> Self {
        match (boundary, self) {
            (Boundary::Gtid, _) => Self::Begun,
            (Boundary::Begin, _) => Self::Changes,
            (Boundary::Statement | Boundary::Variable, Self::Changes) => Self::Changes,
            (Boundary::Variable, _) => Self::Variables,
            (Boundary::Nothing, state) => state,
            _ => Self::Outside,
        }
    }
}

fn boundary(raw: &RawEvent<'_>, sql: &[u8]) -> Boundary {
    match raw.header.event_type {
        EventType::GTID | EventType::GTID_TAGGED | EventType::ANONYMOUS_GTID => Boundary::Gtid,
        EventType::QUERY if sql.is_empty() => Boundary::Unknown,
        EventType::QUERY if starts_group(sql) => Boundary::Begin,
        EventType::QUERY if ends_group(sql) || begins(sql, "XA ROLLBACK") => Boundary::End,
        EventType::QUERY => Boundary::Statement,
        EventType::XID | EventType::XA_PREPARE => Boundary::End,
        EventType::INTVAR | EventType::RAND | EventType::USER_VAR => Boundary::Variable,
        EventType::TRANSACTION_PAYLOAD => Boundary::Payload,
        EventType::INCIDENT => Boundary::Incident,
        event_type if is_statement(event_type) => Boundary::Statement,
        event_type if is_control(event_type) => Boundary::Nothing,
        _ if raw.header.flags.contains(EventFlags::IGNORABLE) => Boundary::Nothing,
        _ => Boundary::Unknown,
    }
}

fn is_statement(event_type: EventType) -> bool {
    matches!(
        event_type,
        EventType::EXECUTE_LOAD_QUERY
            | EventType::BEGIN_LOAD_QUERY
            | EventType::APPEND_BLOCK
            | EventType::TABLE_MAP
            | EventType::ROWS_QUERY
            | EventType::WRITE_ROWS
            | EventType::UPDATE_ROWS
            | EventType::DELETE_ROWS
            | EventType::WRITE_ROWS_V1
            | EventType::UPDATE_ROWS_V1
            | EventType::DELETE_ROWS_V1
            | EventType::PARTIAL_UPDATE_ROWS
            | EventType::VIEW_CHANGE
    )
}

fn is_control(event_type: EventType) -> bool {
    matches!(
        event_type,
        EventType::ROTATE
            | EventType::FORMAT_DESCRIPTION
            | EventType::HEARTBEAT
            | EventType::HEARTBEAT_V2
            | EventType::PREVIOUS_GTIDS
            | EventType::STOP
            | EventType::DELETE_FILE
            | EventType::TRANSACTION_CONTEXT
    )
}

fn is_load(event_type: EventType) -> bool {
    matches!(
        event_type,
        EventType::BEGIN_LOAD_QUERY | EventType::EXECUTE_LOAD_QUERY | EventType::APPEND_BLOCK | EventType::DELETE_FILE
    )
}

fn begins(sql: &[u8], word: &str) -> bool {
    let start = sql.get(..word.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
}

#[cfg(test)]
mod tests {
    use binlog_parser::{ChecksumAlgorithm, EventHeader, FormatDescription, put_event};

    use super::*;

    /// The first event that is not allowed, of statements and events by name.
    fn check(events: &[&str], expected: Option<&str>) {
        let mut format = RowFormat::default();
        let refused = events.iter().find(|event| !allows(&mut format, event));
        assert_eq!(refused.copied(), expected, "{events:?}");
    }

    fn allows(format: &mut RowFormat, event: &str) -> bool {
        let (event_type, body) = match event {
            "gtid" => (EventType::GTID, Vec::new()),
            "table" => (EventType::TABLE_MAP, Vec::new()),
            "rows" => (EventType::WRITE_ROWS, Vec::new()),
            "xid" => (EventType::XID, Vec::new()),
            "intvar" => (EventType::INTVAR, Vec::new()),
            "uservar" => (EventType::USER_VAR, Vec::new()),
            "payload" => (EventType::TRANSACTION_PAYLOAD, Vec::new()),
            "load" => (EventType::BEGIN_LOAD_QUERY, Vec::new()),
            "other" => (EventType(100), Vec::new()),
            sql => (EventType::QUERY, [&[0; 14], sql.as_bytes()].concat()),
        };
        let header = EventHeader {
            timestamp: 0,
            event_type,
            server_id: 1,
            event_size: 0,
            log_pos: 0,
            flags: EventFlags(0),
        };
        let mut bytes = Vec::new();
        put_event(&mut bytes, &header, &body, ChecksumAlgorithm::None).unwrap();
        format.allows(&RawEvent::first(&bytes, 4, &FormatDescription::default()).unwrap())
    }

    #[test]
    fn events() {
        check(&["gtid", "BEGIN", "table", "rows", "SAVEPOINT a", "rows", "xid"], None);
        check(
            &[
                "gtid",
                "CREATE TABLE t (i INT)",
                "gtid",
                "payload",
                "gtid",
                "DROP TABLE t",
            ],
            None,
        );
        check(
            &["gtid", "BEGIN", "INSERT INTO t VALUES (1)"],
            Some("INSERT INTO t VALUES (1)"),
        );
        check(&["BEGIN", "rows", "COMMIT", "INSERT INTO t"], None);
        check(
            &["gtid", "CREATE TEMPORARY TABLE t (i INT)"],
            Some("CREATE TEMPORARY TABLE t (i INT)"),
        );
        check(&["drop temporary table t"], Some("drop temporary table t"));
        check(&["gtid", "uservar", "CREATE USER x"], None);
        check(&["gtid", "BEGIN", "uservar"], Some("uservar"));
        check(&["gtid", "intvar"], Some("intvar"));
        check(&["gtid", "BEGIN", "load"], Some("load"));
        check(&["XA START X'61'", "rows", "XA END X'61'", "XA ROLLBACK X'61'"], None);
        check(&["other"], Some("other"));
        check(&[""], Some(""));
    }
}
