//! Where transactions begin and end in a stream of events.

use crate::event::{Event, MariaDbGtidFlags, Query};

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

impl TransactionTracker {
    /// Whether a transaction is open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state != State::Between
    }

    /// Looks at the next event.
    pub fn step(&mut self, event: &Event<'_>) -> Step {
        let before = self.state;
        self.state = match event {
            Event::FormatDescription(_)
            | Event::Rotate(_)
            | Event::Stop
            | Event::PreviousGtids(_)
            | Event::MariaDbGtidList(_)
            | Event::MariaDbBinlogCheckpoint { .. }
            | Event::Heartbeat
            | Event::Incident(_) => return Step::Outside,
            Event::Gtid(_) => State::Announced,
            Event::MariaDbGtid(gtid) if gtid.flags.contains(MariaDbGtidFlags::STANDALONE) => State::Announced,
            Event::MariaDbGtid(_) => State::Open,
            Event::Query(query) => after_query(before, query),
            Event::Xid(_) | Event::XaPrepare(_) => State::Between,
            Event::TransactionPayload(_) => State::Between,
            Event::ExecuteLoadQuery(_) if before != State::Open => State::Between,
            Event::Ignorable(_) | Event::Unknown(_) if before == State::Between => return Step::Outside,
            _ if before == State::Between => State::Announced,
            _ => before,
        };
        match (before, self.state) {
            (State::Between, State::Between) => Step::Only,
            (State::Between, _) => Step::Begin,
            (_, State::Between) => Step::End,
            (_, _) => Step::Inside,
        }
    }
}

fn after_query(before: State, query: &Query<'_>) -> State {
    let begins = query.is("BEGIN") || starts_with(query.sql, b"XA START ");
    let ends = query.is("COMMIT") || query.is("ROLLBACK");
    match before {
        _ if begins => State::Open,
        State::Open if !ends => State::Open,
        _ => State::Between,
    }
}

fn starts_with(sql: &[u8], head: &[u8]) -> bool {
    sql.get(..head.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(head))
}
