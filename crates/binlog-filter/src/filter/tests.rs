//! Logs made by hand, and what is left of them.

use binlog_parser::EventFlags;
use binlog_parser::event::GtidEvent;

use super::*;
use crate::testing::{Log, rules, texts, words};

mod names;
mod whole;

const STMT_END: u8 = 1;

fn shop() -> RuleSet {
    rules(|selection| {
        selection.tables = texts(&["shop.*"]);
        selection.not_tables = texts(&["shop.audit_log"]);
    })
}

fn check(rules: RuleSet, log: &Log, expected: &[&str]) -> Report {
    let mut filter = Filter::new(rules.clone());
    let chunk = filter.apply(log.chunk()).unwrap();
    assert_eq!(words(&chunk), expected);
    assert!(!chunk.unfinished);
    check_lengths(&chunk);
    let report = filter.report().clone();
    assert_eq!(report.events, report.events_kept + report.dropped());
    assert_eq!(chunk.entries().count() as u64, report.events_kept + report.events_made);
    let mut again = Filter::new(rules);
    assert_eq!(
        bytes(&again.apply(chunk.clone()).unwrap()),
        bytes(&chunk),
        "not the same once more"
    );
    report
}

fn bytes(chunk: &Chunk) -> Vec<u8> {
    chunk.runs.iter().flat_map(|run| run.bytes.to_vec()).collect()
}

/// Each MySQL GTID has the length of the events up to the next one.
fn check_lengths(chunk: &Chunk) {
    let mut expected: Option<(u64, u64)> = None;
    for raw in chunk.events() {
        let raw = raw.unwrap();
        let event_type = raw.header.event_type;
        if matches!(event_type, EventType::GTID | EventType::ANONYMOUS_GTID) {
            expected.inspect(|(length, bytes)| assert_eq!(length, bytes));
            let event = GtidEvent::decode(raw.body(), event_type == EventType::ANONYMOUS_GTID).unwrap();
            expected = Some((event.transaction_length.unwrap(), 0));
        }
        if let Some((_, bytes)) = &mut expected {
            *bytes += raw.bytes().len() as u64;
        }
    }
    expected.inspect(|(length, bytes)| assert_eq!(length, bytes));
}

#[test]
fn without_rules_all_is_the_same() {
    let mut log = Log::mysql();
    log.format().gtid(1, |log| {
        log.query("shop", "BEGIN")
            .map(1, "shop", "orders")
            .insert(1, STMT_END)
            .xid();
    });
    let chunk = log.chunk();
    let mut filter = Filter::new(rules(|_| ()));
    let kept = filter.apply(chunk.clone()).unwrap();
    for (kept, read) in kept.events().zip(chunk.events()) {
        assert_eq!(kept.unwrap().bytes().as_ptr(), read.unwrap().bytes().as_ptr());
    }
    assert_eq!(filter.report().gtids_kept, 1);
}

#[test]
fn row_events_go_with_their_table() {
    let mut log = Log::mysql();
    log.format().gtid(1, |log| {
        log.query("other", "BEGIN")
            .rows_query("INSERT INTO shop.orders …")
            .map(1, "shop", "orders")
            .insert(1, STMT_END);
        log.rows_query("INSERT INTO other.noise …")
            .map(2, "other", "noise")
            .insert(2, STMT_END);
        log.map(3, "shop", "items")
            .map(4, "shop", "audit_log")
            .insert(3, 0)
            .insert(4, STMT_END)
            .xid();
    });
    let expected = [
        "FORMAT_DESCRIPTION",
        "GTID",
        "BEGIN",
        "ROWS_QUERY",
        "MAP1",
        "ROWS1:1",
        "MAP3",
        "ROWS3:1",
        "XID",
    ];
    let report = check(shop(), &log, &expected);
    assert_eq!((report.transactions, report.transactions_kept), (1, 1));
}

#[test]
fn the_last_row_event_stays_the_last() {
    let mut log = Log::mysql();
    log.query("", "BEGIN")
        .rows_query("UPDATE …")
        .map(1, "shop", "orders")
        .map(2, "other", "noise");
    log.insert(2, 0)
        .insert(1, 0)
        .insert(1, 0)
        .insert(2, 0)
        .insert(2, STMT_END)
        .xid();
    check(
        shop(),
        &log,
        &["BEGIN", "ROWS_QUERY", "MAP1", "ROWS1:0", "ROWS1:1", "XID"],
    );

    let mut log = Log::mysql();
    log.query("", "BEGIN")
        .map(1, "shop", "orders")
        .map(2, "other", "noise")
        .insert(1, 0)
        .insert(2, 0);
    log.event(EventType::WRITE_ROWS, &[255, 255, 255, 0, 0, 0, 1, 0]).xid();
    check(shop(), &log, &["BEGIN", "MAP1", "ROWS1:0", "ROWS255:1", "XID"]);
}

#[test]
fn context_goes_with_its_statement() {
    let mut log = Log::mysql();
    let intvar = [2, 1, 0, 0, 0, 0, 0, 0, 0];
    log.query("", "BEGIN")
        .event(EventType::INTVAR, &intvar)
        .query("other", "INSERT INTO noise VALUES (NULL)");
    log.event(EventType::INTVAR, &intvar).event(EventType::RAND, &[0; 16]);
    log.query("other", "INSERT INTO shop.orders VALUES (NULL, RAND())")
        .xid();
    let kept = [
        "BEGIN",
        "INTVAR",
        "RAND",
        "INSERT INTO shop.orders VALUES (NULL, RAND())",
        "XID",
    ];
    check(shop(), &log, &kept);
}

#[test]
fn a_default_database_that_is_not_kept_is_not_needed() {
    let mut log = Log::mysql();
    log.query("other", "CREATE TABLE shop.a (b INT)")
        .query("shop", "CREATE TABLE b (c INT)");
    let chunk = Filter::new(shop()).apply(log.chunk()).unwrap();
    let flags: Vec<u16> = chunk.events().map(|raw| raw.unwrap().header.flags.0).collect();
    assert_eq!(flags, [EventFlags::SUPPRESS_USE.0, 0]);
    check(shop(), &log, &["CREATE TABLE shop.a (b INT)", "CREATE TABLE b (c INT)"]);
}

#[test]
fn kinds() {
    let mut log = Log::mysql();
    log.query("", "BEGIN").map(1, "shop", "orders").insert(1, STMT_END);
    log.map(1, "shop", "orders")
        .rows(EventType::DELETE_ROWS, 1, STMT_END)
        .xid();
    log.query("shop", "CREATE TABLE a (b INT)");
    let deletes = rules(|selection| selection.kinds = texts(&["delete"]));
    let report = check(deletes, &log, &["BEGIN", "MAP1", "ROWS1:1", "XID"]);
    assert_eq!(report.events_dropped.get(&Reason::Kind), Some(&3));
}

#[test]
fn what_cannot_be_judged() {
    let check = |log: &Log, expected: &str| {
        let error = Filter::new(shop()).apply(log.chunk()).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        error.hint()
    };
    let mut mixed = Log::mysql();
    mixed.query("other", "INSERT INTO shop.orders SELECT * FROM noise");
    let hint = check(
        &mixed,
        "binlog.000001 at 4, QUERY: a statement touches shop.orders and, which the rules drop, other.noise",
    );
    assert!(hint.unwrap().contains("--on-mixed"));
    let mut unparsed = Log::mysql();
    unparsed.query("other", "FROBNICATE shop.orders");
    assert!(check(&unparsed, "FROBNICATE").unwrap().contains("--on-unparsed"));
    let mut unknown = Log::mysql();
    unknown.event(EventType(99), &[1]);
    assert!(check(&unknown, "event type 99: the type is not known").is_some());
    let mut payload = Log::mysql();
    payload.event(EventType::TRANSACTION_PAYLOAD, &[1]);
    check(&payload, "TRANSACTION_PAYLOAD: not supported");
    let mut no_map = Log::mysql();
    no_map.query("", "BEGIN").insert(1, 1);
    check(&no_map, "no table map for table id 1");
}

#[test]
fn policies() {
    use crate::Policy;
    let mut log = Log::mysql();
    log.query("other", "INSERT INTO shop.orders SELECT * FROM noise")
        .query("other", "FROBNICATE shop.orders");
    let with = |mixed, unparsed| {
        rules(|selection| {
            selection.tables = texts(&["shop.*"]);
            selection.on_mixed = mixed;
            selection.on_unparsed = unparsed;
        })
    };
    check(with(Policy::Drop, Policy::Keep), &log, &["FROBNICATE shop.orders"]);
    check(
        with(Policy::Keep, Policy::Drop),
        &log,
        &["INSERT INTO shop.orders SELECT * FROM noise"],
    );
}
