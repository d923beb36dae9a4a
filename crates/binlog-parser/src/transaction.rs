//! Where transactions begin and end in a stream of events.

use crate::event::{Event, MariaDbGtidFlags};
use crate::header::{EventFlags, EventType};
use crate::raw::RawEvent;

/// What an event is to its transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Belongs to no transaction: format descriptions, rotations, previous GTIDs, heartbeats.
    Outside,
    /// Begins a transaction that goes on.
    Begin,
    /// Goes on with a transaction.
    Inside,
    /// Ends the transaction: commit, rollback, or its only statement.
    End,
    /// Begins and ends a transaction: a statement without GTID and BEGIN.
    Only,
}

/// Follows a stream of events and tells where transactions begin and end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TransactionTracker {
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    Between,
    /// After a GTID, or after what belongs to a statement that is still to come.
    Announced,
    /// After BEGIN or XA START, up to the commit.
    Open,
}

/// What an event can do to transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Nothing.
    Outside,
    /// Announces a transaction: a GTID.
    Announces,
    /// Announces a transaction that ends in a commit: a MariaDB GTID without the flag STANDALONE.
    Opens,
    /// A statement that is BEGIN or XA START.
    Begins,
    /// Ends a transaction in any case: COMMIT, ROLLBACK, XID, the end of an XA transaction or of its first phase.
    Ends,
    /// Any other statement: the whole transaction, unless one is open.
    Statement,
    /// Ends what was announced: an incident.
    Interrupts,
    /// Something that may stand anywhere.
    Anywhere,
    /// A part of a statement.
    Part,
}

impl TransactionTracker {
    /// A tracker whose stream begins inside of a transaction, behind its BEGIN.
    #[must_use]
    pub fn inside() -> Self {
        Self { state: State::Open }
    }

    /// Whether a transaction is open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state != State::Between
    }

    /// Looks at the next event.
    pub fn step(&mut self, event: &Event<'_>) -> Step {
        self.advance(Role::of(event))
    }

    /// Looks at the next event without decoding it: of its body at most a statement's first words are read. Does
    /// what [`TransactionTracker::step`] does, and also knows statements that are compressed (MariaDB).
    pub fn step_raw(&mut self, raw: &RawEvent<'_>) -> Step {
        self.advance(Role::of_raw(raw))
    }

    fn advance(&mut self, role: Role) -> Step {
        let before = self.state;
        self.state = match (role, before) {
            (Role::Outside, _) | (Role::Anywhere, State::Between) => return Step::Outside,
            (Role::Interrupts, State::Between | State::Open) => return Step::Outside,
            (Role::Announces, _) => State::Announced,
            (Role::Opens | Role::Begins, _) | (Role::Statement, State::Open) => State::Open,
            (Role::Ends | Role::Statement | Role::Interrupts, _) => State::Between,
            (Role::Part, State::Between) => State::Announced,
            (Role::Part | Role::Anywhere, state) => state,
        };
        match (before, self.state) {
            _ if matches!(role, Role::Announces | Role::Opens) => Step::Begin,
            (State::Between, State::Between) => Step::Only,
            (State::Between, _) => Step::Begin,
            (_, State::Between) => Step::End,
            (_, _) => Step::Inside,
        }
    }
}

impl Role {
    fn of(event: &Event<'_>) -> Self {
        match event {
            Event::FormatDescription(_)
            | Event::StartV3(_)
            | Event::Rotate(_)
            | Event::Stop
            | Event::PreviousGtids(_)
            | Event::MariaDbGtidList(_)
            | Event::MariaDbBinlogCheckpoint { .. }
            | Event::MariaDbStartEncryption(_)
            | Event::Heartbeat(_) => Self::Outside,
            Event::Incident(_) => Self::Interrupts,
            Event::Gtid(_) => Self::Announces,
            Event::MariaDbGtid(gtid) => Self::of_mariadb_gtid(gtid.flags),
            Event::Query(query) => Self::of_sql(query.sql),
            Event::ExecuteLoadQuery(_) | Event::Load(_) | Event::ExecLoad { .. } => Self::Statement,
            Event::Xid(_) | Event::XaPrepare(_) | Event::TransactionPayload(_) => Self::Ends,
            Event::Slave(_)
            | Event::TransactionContext(_)
            | Event::ViewChange(_)
            | Event::Ignorable(_)
            | Event::Unknown(_) => Self::Anywhere,
            _ => Self::Part,
        }
    }

    fn of_raw(raw: &RawEvent<'_>) -> Self {
        match raw.header.event_type {
            EventType::START_V3
            | EventType::FORMAT_DESCRIPTION
            | EventType::ROTATE
            | EventType::STOP
            | EventType::PREVIOUS_GTIDS
            | EventType::MARIADB_GTID_LIST
            | EventType::MARIADB_BINLOG_CHECKPOINT
            | EventType::MARIADB_START_ENCRYPTION
            | EventType::HEARTBEAT
            | EventType::HEARTBEAT_V2 => Self::Outside,
            EventType::INCIDENT => Self::Interrupts,
            EventType::GTID | EventType::ANONYMOUS_GTID | EventType::GTID_TAGGED => Self::Announces,
            EventType::MARIADB_GTID => Self::of_mariadb_gtid(mariadb_gtid_flags(raw.body())),
            EventType::QUERY => Self::of_sql(sql(raw.body())),
            EventType::EXECUTE_LOAD_QUERY
            | EventType::LOAD
            | EventType::NEW_LOAD
            | EventType::EXEC_LOAD
            | EventType::MARIADB_QUERY_COMPRESSED => Self::Statement,
            EventType::XID | EventType::XA_PREPARE | EventType::TRANSACTION_PAYLOAD => Self::Ends,
            EventType::SLAVE | EventType::IGNORABLE | EventType::TRANSACTION_CONTEXT | EventType::VIEW_CHANGE => {
                Self::Anywhere
            }
            event_type if is_part(event_type) => Self::Part,
            _ if raw.header.flags.contains(EventFlags::IGNORABLE) => Self::Anywhere,
            event_type if event_type.name().is_some() => Self::Part,
            _ => Self::Anywhere,
        }
    }

    fn of_mariadb_gtid(flags: MariaDbGtidFlags) -> Self {
        match flags.contains(MariaDbGtidFlags::STANDALONE) {
            true => Self::Announces,
            false => Self::Opens,
        }
    }

    fn of_sql(sql: &[u8]) -> Self {
        let is = |word: &[u8]| sql.eq_ignore_ascii_case(word);
        let begins_with = |head: &[u8]| {
            sql.get(..head.len())
                .is_some_and(|text| text.eq_ignore_ascii_case(head))
        };
        if is(b"BEGIN") || begins_with(b"XA START ") {
            Self::Begins
        } else if is(b"COMMIT") || is(b"ROLLBACK") || begins_with(b"XA COMMIT ") || begins_with(b"XA ROLLBACK ") {
            Self::Ends
        } else {
            Self::Statement
        }
    }
}

/// Events that servers may mark ignorable, and that always belong to the statement that follows.
fn is_part(event_type: EventType) -> bool {
    matches!(event_type, EventType::ROWS_QUERY | EventType::MARIADB_ANNOTATE_ROWS)
}

/// The flags stand behind the sequence number and the domain.
fn mariadb_gtid_flags(body: &[u8]) -> MariaDbGtidFlags {
    MariaDbGtidFlags(body.get(12).copied().unwrap_or_default())
}

/// The text of a QUERY; empty where the body is cut off.
fn sql(body: &[u8]) -> &[u8] {
    let head = |body: &[u8]| {
        let schema_len = usize::from(*body.get(8)?);
        let status_len = usize::from(u16::from_le_bytes([*body.get(11)?, *body.get(12)?]));
        Some(13 + status_len + schema_len + 1)
    };
    head(body).and_then(|at| body.get(at..)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FormatDescription;

    fn event(code: u8, body: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; 19];
        bytes[4] = code;
        bytes[9..13].copy_from_slice(&(19 + body.len() as u32).to_le_bytes());
        bytes.extend(body);
        bytes
    }

    fn query(sql: &str) -> Vec<u8> {
        let mut body = vec![0; 13];
        body[8] = 2;
        body[11] = 1;
        body.extend(b"?db\0");
        body.extend(sql.as_bytes());
        event(2, &body)
    }

    fn mariadb_gtid(flags: u8) -> Vec<u8> {
        let mut body = vec![0; 19];
        body[12] = flags;
        event(162, &body)
    }

    fn check(events: &[Vec<u8>], expected: &[Step]) {
        let mut tracker = TransactionTracker::default();
        let format = FormatDescription::default();
        let steps: Vec<_> = events
            .iter()
            .map(|bytes| tracker.step_raw(&RawEvent::first(bytes, 4, &format).unwrap()))
            .collect();
        assert_eq!(steps, expected);
    }

    #[test]
    fn mysql_transactions() {
        use Step::{Begin, End, Inside, Only, Outside};
        let (gtid, map, rows, xid) = (event(33, &[]), event(19, &[]), event(30, &[]), event(16, &[0; 8]));
        let head = [event(15, &[]), event(35, &[])];
        check(&head, &[Outside, Outside]);
        let begin = query("BEGIN");
        check(
            &[gtid.clone(), begin.clone(), map, rows, xid.clone()],
            &[Begin, Inside, Inside, Inside, End],
        );
        check(
            &[gtid.clone(), query("create table t (a int)"), begin.clone()],
            &[Begin, End, Begin],
        );
        check(
            &[query("create table t (a int)"), begin, query("insert"), query("commit")],
            &[Only, Begin, Inside, End],
        );
        check(
            &[
                gtid.clone(),
                query("XA START X'61'"),
                query("XA END X'61'"),
                event(38, &[]),
            ],
            &[Begin, Inside, Inside, End],
        );
        check(
            &[gtid.clone(), query("XA COMMIT X'61'"), gtid.clone(), event(40, &[])],
            &[Begin, End, Begin, End],
        );
        check(
            &[gtid.clone(), event(26, &[]), gtid.clone(), gtid],
            &[Begin, End, Begin, Begin],
        );
        check(
            &[event(5, &[]), query("insert"), event(26, &[]), xid],
            &[Begin, End, Outside, Only],
        );
        check(
            &[query("BEGIN"), query("SAVEPOINT `a`"), query("ROLLBACK TO `a`")],
            &[Begin, Inside, Inside],
        );
    }

    #[test]
    fn mariadb_transactions() {
        use Step::{Begin, End, Inside, Outside};
        let (alone, open) = (mariadb_gtid(1), mariadb_gtid(0));
        check(
            &[event(163, &[]), event(161, &[]), alone.clone(), query("drop table t")],
            &[Outside, Outside, Begin, End],
        );
        check(&[alone, event(165, &[])], &[Begin, End]);
        check(
            &[open.clone(), event(160, &[]), event(166, &[]), event(16, &[])],
            &[Begin, Inside, Inside, End],
        );
        check(&[open, event(165, &[]), query("COMMIT")], &[Begin, Inside, End]);
    }
}
