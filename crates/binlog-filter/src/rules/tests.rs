//! Rules, and what they keep.

use super::*;
use crate::testing::{rules, texts};

#[test]
fn tables_and_databases() {
    let rules = rules(|selection| {
        selection.tables = texts(&["shop.*", "/^eu_[a-z]+\\.orders$/"]);
        selection.databases = texts(&["crm"]);
        selection.not_tables = texts(&["shop.audit_log", "*.tmp"]);
        selection.not_databases = texts(&["eu_x"]);
    });
    let check = |schema: &str, table: &str, expected: bool| {
        assert_eq!(rules.keeps_table(schema, table), expected, "{schema}.{table}");
    };
    check("shop", "orders", true);
    check("shop", "audit_log", false);
    check("shop", "tmp", false);
    check("crm", "anything", true);
    check("eu_de", "orders", true);
    check("eu_de", "items", false);
    check("eu_x", "orders", false);
    check("other", "noise", false);
    let any = |schema: &str| rules.keeps_any_table_of(schema);
    assert_eq!(
        ["shop", "crm", "eu_de", "eu_x", "other"].map(any),
        [true, true, true, false, false]
    );
    assert!(!rules.keeps_all_tables_of("shop"));
    assert!(!rules.keeps_all_tables_of("crm"));
}

#[test]
fn transactions() {
    const SOURCE: &str = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
    let rules = rules(|selection| {
        selection.include_gtids = Some(format!("{SOURCE}:1-10"));
        selection.exclude_gtids = Some(format!("{SOURCE}:5"));
        selection.start_time = Some(100);
        selection.stop_time = Some(200);
        selection.server_ids = vec![1, 2];
        selection.thread_ids = vec![7];
    });
    let check = |gno: Option<u64>, timestamp, server_id, thread_id, expected| {
        let gtid = gno.map(|gno| format!("{SOURCE}:{gno}").parse().unwrap());
        let transaction = Transaction {
            gtid: gtid.as_ref(),
            timestamp,
            server_id,
            thread_id,
        };
        assert_eq!(rules.judge_transaction(&transaction), expected, "{transaction:?}");
    };
    check(Some(1), 100, 1, Some(7), Ok(Whole::Judge));
    check(Some(5), 100, 1, Some(7), Ok(Whole::Vanish(Reason::Gtid)));
    check(Some(11), 100, 1, Some(7), Ok(Whole::Vanish(Reason::Gtid)));
    check(None, 100, 1, Some(7), Ok(Whole::Vanish(Reason::Gtid)));
    check(Some(1), 99, 1, Some(7), Ok(Whole::Vanish(Reason::Time)));
    check(Some(1), 200, 1, Some(7), Ok(Whole::Vanish(Reason::Time)));
    check(Some(1), 199, 3, Some(7), Ok(Whole::Empty(Reason::Server)));
    check(Some(1), 199, 2, Some(8), Ok(Whole::Empty(Reason::Thread)));
    check(Some(1), 199, 2, None, Err(Unknown::Thread));
}

#[test]
fn domains() {
    let rules = rules(|selection| selection.domain_ids = vec![1, 3]);
    let check = |gtid: Option<&str>, expected| {
        let gtid = gtid.map(|gtid| gtid.parse().unwrap());
        let transaction = Transaction {
            gtid: gtid.as_ref(),
            timestamp: 0,
            server_id: 1,
            thread_id: None,
        };
        assert_eq!(rules.judge_transaction(&transaction), expected);
    };
    check(Some("1-7-100"), Ok(Whole::Judge));
    check(Some("0-7-100"), Ok(Whole::Empty(Reason::Domain)));
    check(Some("3e11fa47-71ca-11e1-9e33-c80aa9429562:1"), Err(Unknown::Domain));
    check(None, Err(Unknown::Domain));
}

#[test]
fn gtids_of_the_other_family() {
    let rules = rules(|selection| selection.exclude_gtids = Some("0-1-100".into()));
    let gtid = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1".parse().unwrap();
    let transaction = Transaction {
        gtid: Some(&gtid),
        timestamp: 0,
        server_id: 1,
        thread_id: None,
    };
    assert_eq!(rules.judge_transaction(&transaction), Err(Unknown::OtherGtids));
}

#[test]
fn wrong_selections() {
    let check = |change: fn(&mut Selection), expected: &str| {
        let mut selection = Selection::default();
        change(&mut selection);
        let error = RuleSet::compile(&selection).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    check(|selection| selection.kinds = texts(&["select"]), "is none of");
    check(|selection| selection.include_gtids = Some("x".into()), "GTIDs \"x\"");
    check(
        |selection| (selection.start_time, selection.stop_time) = (Some(2), Some(2)),
        "not before",
    );
    check(|selection| selection.not_tables = texts(&["audit_log"]), "has no dot");
}
