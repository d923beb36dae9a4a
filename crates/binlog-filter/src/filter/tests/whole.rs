//! Transactions as a whole: emptied, vanished, in parts.

use crate::kind::Kind;
use binlog_parser::gtid::MariaDbGtid;

use super::*;
use crate::testing::SOURCE;

#[test]
fn without_gtid_a_transaction_of_which_nothing_is_left_vanishes() {
    let mut log = Log::mysql();
    log.format()
        .query("other", "BEGIN")
        .map(1, "other", "noise")
        .insert(1, STMT_END)
        .xid();
    log.anonymous(|log| {
        log.query("other", "BEGIN")
            .map(1, "other", "noise")
            .insert(1, STMT_END)
            .xid();
    });
    log.query("other", "CREATE TABLE a (b INT)")
        .query("other", "CREATE TABLE shop.a (b INT)");
    let report = check(shop(), &log, &["FORMAT_DESCRIPTION", "CREATE TABLE shop.a (b INT)"]);
    assert_eq!(
        (
            report.transactions,
            report.transactions_kept,
            report.transactions_dropped
        ),
        (4, 1, 3)
    );
}

#[test]
fn for_a_reader_it_vanishes_with_its_gtid() {
    let mut log = Log::mysql();
    log.gtid(1, |log| {
        log.query("other", "BEGIN")
            .map(1, "other", "noise")
            .insert(1, STMT_END)
            .xid();
    });
    log.gtid(2, |log| {
        log.query("shop", "CREATE TABLE a (b INT)");
    });
    let for_reader = rules(|selection| {
        selection.tables = texts(&["shop.*"]);
        selection.emptied = Emptied::Nothing;
    });
    check(for_reader, &log, &["GTID", "CREATE TABLE a (b INT)"]);
}

#[test]
fn with_gtid_it_stays_empty() {
    let mut log = Log::mysql();
    log.gtid(1, |log| {
        log.query("other", "BEGIN").map(1, "other", "noise").insert(1, STMT_END);
        log.query("other", "SAVEPOINT `a`")
            .map(1, "other", "noise")
            .insert(1, STMT_END)
            .xid();
    });
    log.gtid(2, |log| {
        log.query("other", "CREATE TABLE a (b INT)");
    });
    log.gtid(3, |log| {
        log.query("shop", "CREATE TABLE a (b INT)");
    });
    let expected = [
        "GTID",
        "BEGIN",
        "XID",
        "GTID",
        "BEGIN",
        "COMMIT",
        "GTID",
        "CREATE TABLE a (b INT)",
    ];
    let report = check(shop(), &log, &expected);
    assert_eq!(
        (
            report.transactions_emptied,
            report.gtids,
            report.gtids_kept,
            report.events_made
        ),
        (2, 3, 3, 2)
    );
}

#[test]
fn mariadb_statements_become_transactions() {
    let mut log = Log::mariadb();
    log.mariadb_gtid(1, 0)
        .map(1, "other", "noise")
        .insert(1, STMT_END)
        .xid();
    log.mariadb_gtid(2, 1 | 32).query("other", "CREATE TABLE a (b INT)");
    let report = check(shop(), &log, &["MARIADB_GTID", "XID", "MARIADB_GTID", "COMMIT"]);
    assert_eq!(report.transactions_emptied, 2);
    let chunk = Filter::new(shop()).apply(log.chunk()).unwrap();
    let flags: Vec<u8> = chunk
        .events()
        .map(|raw| raw.unwrap())
        .filter(is_gtid)
        .map(|raw| raw.body()[12])
        .collect();
    assert_eq!(flags, [0, 0]);
}

#[test]
fn the_two_events_of_a_mariadb_alter() {
    const STANDALONE_DDL: u8 = 1 | 32;
    const COMMIT_ALTER: u8 = 4;
    let mut body = 7_u64.to_le_bytes().to_vec();
    body.extend([0, 0, 0, 0, STANDALONE_DDL, COMMIT_ALTER]);
    body.extend(6_u64.to_le_bytes());
    let mut log = Log::mariadb();
    log.event(EventType::MARIADB_GTID, &body)
        .query("other", "ALTER TABLE a ADD b INT");
    let chunk = Filter::new(shop()).apply(log.chunk()).unwrap();
    assert_eq!(words(&chunk), ["MARIADB_GTID", "COMMIT"]);
    let raw = chunk.events().next().unwrap().unwrap();
    let Ok(AnyGtid::MariaDb(event)) = AnyGtid::decode(&raw) else {
        panic!()
    };
    assert_eq!(
        event.gtid,
        MariaDbGtid {
            domain: 0,
            server_id: 1,
            sequence: 7
        }
    );
    assert_eq!(
        (event.flags.0, event.extra_flags.unwrap().0, event.start_alter_sequence),
        (0, 0, None)
    );
    assert_eq!(raw.body().len(), 19);
}

#[test]
fn xa_transactions_keep_their_frame() {
    let mut log = Log::mysql();
    log.anonymous(|log| {
        log.query("", "XA START X'61',X'',1")
            .map(1, "other", "noise")
            .insert(1, STMT_END);
        log.query("", "XA END X'61',X'',1").event(EventType::XA_PREPARE, &[0]);
    });
    log.anonymous(|log| {
        log.query("", "XA COMMIT X'61',X'',1");
    });
    let expected = [
        "ANONYMOUS_GTID",
        "XA START X'61',X'',1",
        "XA END X'61',X'',1",
        "XA_PREPARE",
        "ANONYMOUS_GTID",
        "XA COMMIT X'61',X'',1",
    ];
    check(shop(), &log, &expected);
}

#[test]
fn transactions_outside_of_the_range_vanish() {
    let mut log = Log::mysql();
    log.format();
    for gno in 1..4 {
        log.timestamp += 10;
        log.gtid(gno, |log| {
            log.query("shop", "CREATE TABLE a (b INT)");
        });
    }
    let second = ["FORMAT_DESCRIPTION", "GTID", "CREATE TABLE a (b INT)"];
    check(
        rules(|selection| selection.include_gtids = Some(format!("{SOURCE}:2"))),
        &log,
        &second,
    );
    check(
        rules(|selection| selection.exclude_gtids = Some(format!("{SOURCE}:1:3-9"))),
        &log,
        &second,
    );
    let times = rules(|selection| (selection.start_time, selection.stop_time) = (Some(1020), Some(1030)));
    let report = check(times, &log, &second);
    assert_eq!(
        (report.gtids, report.gtids_kept, report.transactions_dropped),
        (3, 1, 2)
    );
    let servers = rules(|selection| selection.server_ids = vec![2]);
    let empty = ["GTID", "BEGIN", "COMMIT"];
    check(
        servers,
        &log,
        &[&["FORMAT_DESCRIPTION"][..], &empty, &empty, &empty].concat(),
    );
    check(
        rules(|selection| selection.thread_ids = vec![7]),
        &log,
        &words(&log.chunk()).iter().map(String::as_str).collect::<Vec<_>>(),
    );
}

/// A transaction in three chunks. Each expected part: its words, `continues`, `unfinished`.
fn check_parts(log: &Log, cuts: [usize; 2], expected: &[(&[&str], bool, bool); 3]) {
    let mut filter = Filter::new(shop());
    let cuts = [0, cuts[0], cuts[1], log.runs.len()];
    for (part, (expected, continues, unfinished)) in expected.iter().enumerate() {
        let chunk = log.part(cuts[part], cuts[part + 1], part > 0, part < 2);
        let end = match part < 2 && !unfinished {
            true => log.runs[0].offset,
            false => chunk.end,
        };
        let kept = filter.apply(chunk).unwrap();
        assert_eq!(words(&kept), *expected);
        assert_eq!(
            (kept.continues, kept.unfinished, kept.end),
            (*continues, *unfinished, end)
        );
    }
    assert_eq!(filter.report().transactions, 1);
}

fn parts(gtid: bool, tables: [&str; 3]) -> Log {
    let mut log = Log::mysql();
    let transaction = |log: &mut Log| {
        log.query("", "BEGIN");
        for table in tables {
            log.map(1, "shop", table).insert(1, STMT_END);
        }
        log.xid();
    };
    match gtid {
        true => log.gtid(1, transaction),
        false => log.anonymous(transaction),
    };
    log
}

#[test]
fn a_transaction_in_several_chunks() {
    let dropped = "audit_log";
    let all_dropped = [dropped; 3];
    check_parts(
        &parts(true, all_dropped),
        [4, 6],
        &[
            (&["GTID", "BEGIN"], false, true),
            (&[], true, true),
            (&["XID"], true, false),
        ],
    );
    check_parts(
        &parts(true, [dropped, "orders", dropped]),
        [4, 6],
        &[
            (&["GTID", "BEGIN"], false, true),
            (&["MAP1", "ROWS1:1"], true, true),
            (&["XID"], true, false),
        ],
    );
    check_parts(
        &parts(false, all_dropped),
        [4, 6],
        &[(&[], false, false), (&[], false, false), (&[], false, false)],
    );
    check_parts(
        &parts(false, all_dropped),
        [2, 6],
        &[(&[], false, false), (&[], false, false), (&[], false, false)],
    );
    check_parts(
        &parts(false, [dropped, "orders", dropped]),
        [2, 6],
        &[
            (&[], false, false),
            (&["ANONYMOUS_GTID", "BEGIN", "MAP1", "ROWS1:1"], false, true),
            (&["XID"], true, false),
        ],
    );
    check_parts(
        &parts(false, [dropped, "orders", dropped]),
        [4, 6],
        &[
            (&[], false, false),
            (&["ANONYMOUS_GTID", "BEGIN", "MAP1", "ROWS1:1"], false, true),
            (&["XID"], true, false),
        ],
    );
}

/// Wherever a statement is cut, the same events come out as without the cut.
#[test]
fn a_statement_in_parts() {
    let statement = |tables: [&str; 2], kinds: [EventType; 4]| {
        let mut log = Log::mysql();
        log.query("", "BEGIN").rows_query("UPDATE");
        log.map(1, "shop", tables[0]).map(2, "shop", tables[1]);
        for (number, kind) in kinds.into_iter().enumerate() {
            let (id, flags) = (1 + u8::from(number > 1), if number == 3 { STMT_END } else { 0 });
            log.rows(kind, id, flags);
        }
        log.map(1, "shop", tables[0]).insert(1, STMT_END).xid();
        log
    };
    let (insert, update) = (EventType::WRITE_ROWS, EventType::UPDATE_ROWS);
    let kinds = rules(|selection| selection.kinds = texts(&["update"]));
    let cases = [
        (shop(), ["orders", "items"], [insert; 4]),
        (shop(), ["orders", "audit_log"], [insert; 4]),
        (shop(), ["audit_log", "orders"], [insert; 4]),
        (shop(), ["audit_log", "audit_log"], [insert; 4]),
        (kinds.clone(), ["orders", "items"], [insert, update, insert, insert]),
        (kinds.clone(), ["orders", "items"], [insert, insert, insert, update]),
        (kinds, ["orders", "items"], [insert; 4]),
    ];
    for (rules, tables, kinds) in cases {
        let log = statement(tables, kinds);
        let whole = Filter::new(rules.clone()).apply(log.chunk()).unwrap();
        for cut in 1..log.runs.len() - 1 {
            let mut filter = Filter::new(rules.clone());
            let mut parts = Vec::new();
            for (from, to) in [(0, cut), (cut, log.runs.len())] {
                let part = log.part(from, to, from > 0, to < log.runs.len());
                parts.extend(bytes(&filter.apply(part).unwrap()));
            }
            let at = log.runs[cut - 1].bytes[4];
            if Kind::of_rows(EventType(at)).is_some() {
                assert_eq!(parts, bytes(&whole), "{tables:?} {kinds:?} cut at {cut}");
            }
            let report = filter.report();
            assert_eq!(report.events, report.events_kept + report.dropped());
        }
    }
}
