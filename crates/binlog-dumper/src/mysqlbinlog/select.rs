//! Which events mysqlbinlog prints: its own options with their own meaning, oddities included.
//!
//! Three questions are asked of each event, in this order:
//!
//! 1. [`Selection::judge`], of every event that is read, also of those that a compressed one holds;
//! 2. [`Selection::hides`], of an event to print, after its `# at` was written: what is hidden leaves that line behind;
//! 3. [`Selection::leaves_out`], of a name of a database, where the event has one.

use binlog_parser::event::GtidEvent;
use binlog_parser::gtid::{Gtid, GtidSet};
use binlog_parser::{EventHeader, EventType, Query, RawEvent};

/// What is asked for. By default everything is printed.
#[derive(Debug, Clone, Default)]
pub struct SelectOptions {
    /// `--database`: the only database whose statements and rows are printed.
    pub database: Option<Vec<u8>>,
    /// `--offset`: so many events are passed over.
    pub offset: u64,
    /// `--start-datetime`: seconds since 1970 UTC of the first event to print.
    pub start_datetime: i64,
    /// `--stop-datetime`: seconds since 1970 UTC at which printing ends.
    pub stop_datetime: Option<i64>,
    /// `--stop-position`: bytes of the log at which printing ends.
    pub stop_position: Option<u64>,
    /// `--server-id`: the only server whose events are printed.
    pub server_id: Option<u64>,
    /// `--server-id-bits`: how many bits of an event's server id count, 7 to 32; `None` is all.
    pub server_id_bits: Option<u32>,
    /// `--include-gtids`
    pub include_gtids: Option<GtidSet>,
    /// `--exclude-gtids`
    pub exclude_gtids: Option<GtidSet>,
    /// `--skip-gtids`
    pub skip_gtids: bool,
}

/// What becomes of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is printed.
    Print,
    /// It is passed over without a trace.
    Skip,
    /// It is not printed, and nothing after it.
    Stop,
}

/// The options, and what they remember from event to event.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    options: SelectOptions,
    /// Events that were judged.
    seen: u64,
    /// An event was late enough. No later one is measured by its time or number any more.
    begun: bool,
    /// The open transaction is hidden by its GTID.
    hidden: bool,
}

impl Selection {
    /// A selection before the first event.
    #[must_use]
    pub fn new(options: SelectOptions) -> Self {
        Self {
            options,
            ..Self::default()
        }
    }

    /// What is asked for.
    #[must_use]
    pub fn options(&self) -> &SelectOptions {
        &self.options
    }

    /// Ends printing at this position from here on: `--stop-position` counts in the last log alone.
    pub fn stop_at(&mut self, position: Option<u64>) {
        self.options.stop_position = position;
    }

    /// Judges an event by its header. `position` is where it begins in its log; an event out of a compressed one has none,
    /// and is not measured by it.
    pub fn judge(&mut self, header: &EventHeader, position: Option<u64>) -> Verdict {
        let number = self.seen;
        self.seen += 1;
        if header.event_type != EventType::FORMAT_DESCRIPTION {
            if !self.has_begun(header, number) {
                return Verdict::Skip;
            }
            self.begun = true;
            if header.event_type != EventType::ROTATE && self.is_foreign(header) {
                return Verdict::Skip;
            }
        }
        match self.is_over(header, position) {
            true => Verdict::Stop,
            false => Verdict::Print,
        }
    }

    fn has_begun(&self, header: &EventHeader, number: u64) -> bool {
        let options = &self.options;
        self.begun || number >= options.offset && i64::from(header.timestamp) >= options.start_datetime
    }

    fn is_foreign(&self, header: &EventHeader) -> bool {
        let bits = self.options.server_id_bits.unwrap_or(u32::BITS);
        let mask = u32::MAX.checked_shr(u32::BITS.saturating_sub(bits)).unwrap_or(0);
        let server_id = u64::from(header.server_id & mask);
        self.options.server_id.is_some_and(|wanted| wanted != server_id)
    }

    fn is_over(&self, header: &EventHeader, position: Option<u64>) -> bool {
        let at = |stop: u64| position.is_some_and(|position| position >= stop);
        let since = |stop: i64| i64::from(header.timestamp) >= stop;
        self.options.stop_position.is_some_and(at) || self.options.stop_datetime.is_some_and(since)
    }

    /// Whether the options on GTIDs hide an event. What is hidden is decided at the GTID and holds up to the transaction's
    /// end; events that belong to no transaction are always shown.
    pub fn hides(&mut self, raw: &RawEvent<'_>) -> bool {
        match raw.header.event_type {
            EventType::GTID | EventType::GTID_TAGGED | EventType::ANONYMOUS_GTID => {
                self.hidden = self.excludes(raw);
                self.hidden || self.options.skip_gtids
            }
            EventType::PREVIOUS_GTIDS => self.options.skip_gtids,
            EventType::XID => std::mem::take(&mut self.hidden),
            EventType::QUERY => self.hides_query(raw),
            EventType::SLAVE
            | EventType::STOP
            | EventType::FORMAT_DESCRIPTION
            | EventType::ROTATE
            | EventType::IGNORABLE
            | EventType::INCIDENT => false,
            _ => self.hidden,
        }
    }

    fn hides_query(&mut self, raw: &RawEvent<'_>) -> bool {
        let hidden = self.hidden;
        let ends = |query: Query<'_>| ends_group(query.sql);
        self.hidden = hidden && !Query::decode(raw.body()).is_ok_and(ends);
        hidden
    }

    fn excludes(&self, raw: &RawEvent<'_>) -> bool {
        let (include, exclude) = (&self.options.include_gtids, &self.options.exclude_gtids);
        if include.is_none() && exclude.is_none() {
            return false;
        }
        let gtid = gtid(raw);
        let has = |set: &GtidSet| gtid.as_ref().is_some_and(|gtid| set.contains(gtid));
        include.as_ref().is_some_and(|set| !has(set)) || exclude.as_ref().is_some_and(has)
    }

    /// Whether `--database` leaves out what is in this database.
    #[must_use]
    pub fn leaves_out(&self, database: &[u8]) -> bool {
        self.options.database.as_ref().is_some_and(|only| only != database)
    }
}

/// An anonymous transaction has none.
fn gtid(raw: &RawEvent<'_>) -> Option<Gtid> {
    let event = match raw.header.event_type {
        EventType::GTID_TAGGED => GtidEvent::decode_tagged(raw.body()),
        event_type => GtidEvent::decode(raw.body(), event_type == EventType::ANONYMOUS_GTID),
    };
    event.ok()?.gtid
}

/// Whether a statement opens a transaction.
#[must_use]
pub fn starts_group(sql: &[u8]) -> bool {
    is_beginning_of(sql, b"BEGIN") || sql.starts_with(b"XA START")
}

/// Whether a statement ends a transaction.
#[must_use]
pub fn ends_group(sql: &[u8]) -> bool {
    is_beginning_of(sql, b"COMMIT")
        || has_word(sql, b"ROLLBACK") && !has_word(sql, b"ROLLBACK TO ")
        || sql.starts_with(b"XA ROLLBACK")
}

/// Whether a statement is one of those that control transactions: `--database` never leaves it out.
pub(super) fn is_transaction_keyword(sql: &[u8]) -> bool {
    const WORDS: &[&[u8]] = &[
        b"SAVEPOINT",
        b"ROLLBACK",
        b"XA START",
        b"XA END",
        b"XA PREPARE",
        b"XA COMMIT",
        b"XA ROLLBACK",
    ];
    is_beginning_of(sql, b"BEGIN") || is_beginning_of(sql, b"COMMIT") || WORDS.iter().any(|word| has_word(sql, word))
}

/// The server compares as many bytes as the statement has.
fn is_beginning_of(sql: &[u8], word: &[u8]) -> bool {
    word.starts_with(sql)
}

fn has_word(sql: &[u8], word: &[u8]) -> bool {
    sql.get(..word.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use binlog_parser::{ChecksumAlgorithm, EventFlags, FormatDescription, put_event};

    use super::*;

    const SERVER: &str = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

    fn header(event_type: EventType, timestamp: u32, server_id: u32) -> EventHeader {
        EventHeader {
            timestamp,
            event_type,
            server_id,
            event_size: 0,
            log_pos: 0,
            flags: EventFlags(0),
        }
    }

    /// Judges events of a type and time by server 1, or another one, at positions 100, 200, and so on.
    fn check(options: SelectOptions, events: &[(EventType, u32, u32)], expected: &str) {
        let mut selection = Selection::new(options);
        let verdicts = events.iter().zip(1..).map(|((event_type, time, server), number)| {
            match selection.judge(&header(*event_type, *time, *server), Some(number * 100)) {
                Verdict::Print => 'p',
                Verdict::Skip => '-',
                Verdict::Stop => '.',
            }
        });
        assert_eq!(verdicts.collect::<String>(), expected);
    }

    #[test]
    fn headers() {
        const FORMAT: EventType = EventType::FORMAT_DESCRIPTION;
        const QUERY: EventType = EventType::QUERY;
        let default = SelectOptions::default;
        let back = [
            (FORMAT, 5, 1),
            (QUERY, 6, 1),
            (QUERY, 8, 1),
            (QUERY, 7, 1),
            (QUERY, 9, 1),
        ];
        check(default(), &back, "ppppp");
        let start_datetime = 8;
        check(
            SelectOptions {
                start_datetime,
                ..default()
            },
            &back,
            "p-ppp",
        );
        check(SelectOptions { offset: 2, ..default() }, &back, "p-ppp");
        check(SelectOptions { offset: 9, ..default() }, &back, "p----");
        let stop_datetime = Some(8);
        check(
            SelectOptions {
                stop_datetime,
                ..default()
            },
            &back,
            "pp.p.",
        );
        check(
            SelectOptions {
                stop_datetime: Some(4),
                ..default()
            },
            &back,
            ".....",
        );
        check(
            SelectOptions {
                stop_position: Some(350),
                ..default()
            },
            &back,
            "ppp..",
        );
        let servers = [
            (FORMAT, 1, 2),
            (QUERY, 1, 129),
            (EventType::ROTATE, 1, 2),
            (QUERY, 1, 1),
            (QUERY, 1, 0),
        ];
        let server_id = Some(1);
        check(SelectOptions { server_id, ..default() }, &servers, "p-pp-");
        let server_id_bits = Some(7);
        check(
            SelectOptions {
                server_id,
                server_id_bits,
                ..default()
            },
            &servers,
            "pppp-",
        );
        check(
            SelectOptions {
                server_id: Some(1 << 32),
                ..default()
            },
            &servers,
            "p-p--",
        );
    }

    /// A hidden event is `-`. Numbers are GTIDs, other words are statements, `xid` is an XID, `rotate` a ROTATE.
    fn check_gtids(options: SelectOptions, events: &[&str], expected: &str) {
        let mut selection = Selection::new(options);
        let shown = events.iter().map(|event| match hides(&mut selection, event) {
            true => '-',
            false => 'p',
        });
        assert_eq!(shown.collect::<String>(), expected);
    }

    fn hides(selection: &mut Selection, event: &str) -> bool {
        let (event_type, body) = match event {
            "xid" => (EventType::XID, vec![0; 8]),
            "rotate" => (EventType::ROTATE, vec![0; 9]),
            "previous" => (EventType::PREVIOUS_GTIDS, vec![0; 8]),
            "anonymous" => (EventType::ANONYMOUS_GTID, gtid_body(0)),
            number if number.parse::<u64>().is_ok() => (EventType::GTID, gtid_body(number.parse().unwrap())),
            sql => (EventType::QUERY, [&[0; 14], sql.as_bytes()].concat()),
        };
        let mut bytes = Vec::new();
        put_event(&mut bytes, &header(event_type, 0, 1), &body, ChecksumAlgorithm::None).unwrap();
        selection.hides(&RawEvent::first(&bytes, 4, &FormatDescription::default()).unwrap())
    }

    fn gtid_body(number: u64) -> Vec<u8> {
        let gtid = format!("{SERVER}:{}", number.max(1)).parse::<Gtid>().unwrap();
        let gtid = (number > 0).then_some(gtid);
        let event = GtidEvent {
            gtid,
            ..GtidEvent::default()
        };
        let mut body = Vec::new();
        let event_type = if number > 0 {
            EventType::GTID
        } else {
            EventType::ANONYMOUS_GTID
        };
        event.encode(&mut body, event_type).unwrap();
        body
    }

    #[test]
    fn gtids() {
        let set = |numbers: &str| Some(format!("{SERVER}:{numbers}").parse::<GtidSet>().unwrap());
        let default = SelectOptions::default;
        let log = [
            "previous",
            "1",
            "BEGIN",
            "INSERT",
            "xid",
            "2",
            "CREATE TABLE t",
            "rotate",
            "3",
            "BEGIN",
            "ROLLBACK TO x",
            "COMMIT",
            "DROP",
            "anonymous",
            "BEGIN",
            "xid",
        ];
        check_gtids(default(), &log, "pppppppppppppppp");
        let include_gtids = set("1:3");
        check_gtids(
            SelectOptions {
                include_gtids,
                ..default()
            },
            &log,
            "ppppp--pppppp---",
        );
        let exclude_gtids = set("2-3");
        check_gtids(
            SelectOptions {
                exclude_gtids,
                ..default()
            },
            &log,
            "ppppp--p----pppp",
        );
        check_gtids(
            SelectOptions {
                skip_gtids: true,
                ..default()
            },
            &log,
            "--ppp-pp-pppp-pp",
        );
    }

    #[test]
    fn words() {
        let check = |sql: &str, expected: (bool, bool, bool)| {
            let sql = sql.as_bytes();
            assert_eq!(
                (starts_group(sql), ends_group(sql), is_transaction_keyword(sql)),
                expected,
                "{sql:?}"
            );
        };
        check("BEGIN", (true, false, true));
        check("begin", (false, false, false));
        check("BEGIN WORK", (false, false, false));
        check("BE", (true, false, true));
        check("", (true, true, true));
        check("COMMIT", (false, true, true));
        check("rollback", (false, true, true));
        check("ROLLBACK TO a", (false, false, true));
        check("ROLLBACK TO", (false, true, true));
        check("XA START X'61',X'',1", (true, false, true));
        check("XA END X'61',X'',1", (false, false, true));
        check("XA COMMIT X'61',X'',1", (false, false, true));
        check("XA ROLLBACK X'61',X'',1", (false, true, true));
        check("savepoint a", (false, false, true));
        check("CREATE TABLE t (i INT)", (false, false, false));
    }
}
