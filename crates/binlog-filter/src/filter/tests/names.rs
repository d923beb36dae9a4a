//! Other names, and lists of tables of which a part is kept.

use binlog_parser::Query;

use super::*;

fn europe() -> RuleSet {
    rules(|selection| selection.renames = texts(&["shop.orders=eu.sales", "shop.*=shop_eu.*"]))
}

/// What the filter makes of the log; its GTIDs tell the lengths of what they begin.
fn renamed(rules: RuleSet, log: &Log) -> Chunk {
    let mut filter = Filter::new(rules);
    let chunk = filter.apply(log.chunk()).unwrap();
    check_lengths(&chunk);
    chunk
}

fn of_gtid(sql: &str) -> Log {
    let mut log = Log::mysql();
    log.format().gtid(1, |log| {
        log.query("shop", sql);
    });
    log
}

#[test]
fn statements() {
    let check = |sql: &str, expected: &str| {
        let chunk = renamed(europe(), &of_gtid(sql));
        let raw = chunk.events().last().unwrap().unwrap();
        raw.verify_checksum().unwrap();
        let query = Query::decode(raw.body()).unwrap();
        assert_eq!(String::from_utf8_lossy(query.sql), expected);
        assert_eq!(query.schema, b"shop_eu");
    };
    check("TRUNCATE orders", "TRUNCATE `eu`.`sales`");
    check("TRUNCATE items", "TRUNCATE items");
}

#[test]
fn row_events() {
    let mut log = Log::mysql();
    log.format().gtid(1, |log| {
        log.query("shop", "BEGIN")
            .map(1, "shop", "orders")
            .map(2, "other", "noise")
            .insert(1, 0)
            .insert(2, STMT_END)
            .xid();
    });
    let chunk = renamed(europe(), &log);
    let expected = [
        "FORMAT_DESCRIPTION",
        "GTID",
        "BEGIN",
        "MAP1",
        "MAP2",
        "ROWS1:0",
        "ROWS2:1",
        "XID",
    ];
    assert_eq!(words(&chunk), expected);
    let maps: Vec<Vec<u8>> = (chunk.events().flatten())
        .filter(|raw| raw.header.event_type == EventType::TABLE_MAP)
        .map(|raw| raw.body().to_vec())
        .collect();
    let has = |map: &[u8], names: &[u8]| map.windows(names.len()).any(|window| window == names);
    assert!(has(&maps[0], b"\x02eu\0\x05sales\0"), "{maps:?}");
    assert!(has(&maps[1], b"\x05other\0\x05noise\0"), "{maps:?}");
}

#[test]
fn what_cannot_be_renamed() {
    let log = of_gtid("CREATE PROCEDURE p() BEGIN CALL other_one(); END");
    let error = Filter::new(europe()).apply(log.chunk()).unwrap_err();
    assert!(error.to_string().contains("no other names"), "{error}");
    let dropping = rules(|selection| {
        selection.renames = texts(&["shop.*=shop_eu.*"]);
        selection.on_unparsed = crate::Policy::Drop;
    });
    assert_eq!(renamed(dropping, &log).events().count(), 4);
}

#[test]
fn what_was_decided_and_why() {
    let rules = rules(|selection| {
        selection.tables = texts(&["shop.*"]);
        selection.not_databases = texts(&["other"]);
        selection.not_tables = texts(&["shop.audit_log"]);
        selection.kinds = texts(&["insert", "ddl"]);
    });
    let mut log = Log::mysql();
    log.format().gtid(1, |log| {
        log.query("shop", "BEGIN")
            .map(1, "shop", "orders")
            .map(2, "other", "noise")
            .insert(1, 0)
            .rows(EventType::UPDATE_ROWS, 1, 0)
            .insert(2, STMT_END)
            .xid();
    });
    for sql in [
        "CREATE DATABASE shop",
        "CREATE USER u",
        "DROP TABLE orders, audit_log",
        "DELETE FROM x.y",
        "TRUNCATE x.y",
    ] {
        log.gtid(2, |log| {
            log.query("shop", sql);
        });
    }
    let mut filter = Filter::new(rules).explaining();
    filter.apply(log.chunk()).unwrap();
    let explained = filter.explanation().unwrap().to_string();
    let expected = [
        "kept    database shop: CREATE DATABASE: --table 'shop.*'",
        "dropped other.noise: insert rows: --not-database 'other'",
        "kept    shop.orders: insert rows: --table 'shop.*'",
        "dropped shop.orders: update rows: --kind",
        "kept    shop.orders, shop.audit_log: DROP TABLE: a list of tables, of which a part is kept",
        "dropped what belongs to no database: ACCOUNT: belongs to no database, and rules name what to include",
        "dropped x.y: DELETE: --kind",
        "dropped x.y: TRUNCATE: no --table or --database has it",
    ];
    assert_eq!(explained.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn lists_in_part() {
    let chunk = renamed(shop(), &of_gtid("DROP TABLE orders, audit_log, other.noise, items"));
    assert_eq!(
        words(&chunk),
        ["FORMAT_DESCRIPTION", "GTID", "DROP TABLE orders, items"]
    );
    let error = Filter::new(shop()).apply(of_gtid("RENAME TABLE orders TO audit_log").chunk());
    assert!(matches!(error, Err(FilterError::Mixed { .. })), "{error:?}");
    let report = check(
        shop(),
        &of_gtid("RENAME TABLE a TO b, other.a TO other.b"),
        &["FORMAT_DESCRIPTION", "GTID", "RENAME TABLE a TO b"],
    );
    assert_eq!(report.split, 1);
}
