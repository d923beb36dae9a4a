use binlog_parser::Chunk;

use super::*;
use crate::testing::{flipped, gtid, head_len, log, previous, query, rotate, split, transactions, without};
use crate::{Problem, Severity, check};

const SID: &str = "07070707-0707-0707-0707-070707070707";

fn report(chunks: &[Chunk]) -> Report {
    let mut verifier = Verifier::default();
    chunks.iter().for_each(|chunk| verifier.add(&check(chunk)));
    verifier.finish()
}

/// Findings as `severity position code: gtids`, without notes.
fn findings(report: &Report) -> Vec<String> {
    let brief = |finding: &crate::Finding| {
        let position = finding.position.map(|at| format!(" {at}")).unwrap_or_default();
        let gtids = finding
            .problem
            .gtids()
            .map(|gtids| format!(": {gtids}"))
            .unwrap_or_default();
        format!(
            "{:?}{position} {}{}",
            finding.severity,
            finding.problem.code(),
            gtids.replace(SID, "s")
        )
    };
    let found = report.findings().filter(|finding| finding.severity > Severity::Note);
    found.map(brief).collect()
}

fn check_logs(chunks: &[Chunk], expected: &[&str]) {
    assert_eq!(findings(&report(chunks)), expected);
}

fn whole(file: &str, before: &str, numbers: std::ops::RangeInclusive<u64>, next: &str) -> Chunk {
    log(
        file,
        &[vec![previous(before)], transactions(numbers), vec![rotate(next)]].concat(),
    )
}

fn first() -> Chunk {
    whole("b.000001", "s:1-4", 5..=8, "b.000002")
}

#[test]
fn a_whole_log_in_any_chunks() {
    let all = report(&[first()]);
    assert_eq!(findings(&all), [""; 0]);
    let log = &all.logs[0];
    assert_eq!(
        (log.totals.events, log.totals.transactions, log.totals.checksums),
        (19, 4, 19)
    );
    assert_eq!(log.gtids.to_string(), format!("{SID}:5-8"));
    for at in 1..first().runs.len() {
        assert_eq!(report(&split(first(), at)), all, "{at}");
    }
}

#[test]
fn logs_of_a_set() {
    let second = || whole("b.000002", "s:1-8", 9..=10, "b.000003");
    let third = || whole("b.000003", "s:1-10", 11..=11, "b.000004");
    check_logs(&[first(), second(), third()], &[]);
    check_logs(&[first(), third()], &["Error name-gap", "Error gtid-gap: s:9-10"]);
    check_logs(&[second(), first()], &["Error name-order"]);
    check_logs(&[first(), first()], &["Error name-order", "Error gtid-overlap: s:5-8"]);
    // Transactions that were added by hand.
    let purged = whole("b.000002", "s:1-8:20", 9..=10, "b.000003");
    check_logs(&[first(), purged], &["Warning gtid-gap: s:20"]);
    // Files with other names are known by the logs that they name.
    let named = |file: &str, chunk: Chunk| Chunk {
        file: file.into(),
        ..chunk
    };
    check_logs(&[named("x", first()), named("y", second())], &[]);
    check_logs(
        &[named("x", first()), named("y", third())],
        &["Error name-gap", "Error gtid-gap: s:9-10"],
    );
}

#[test]
fn how_a_log_ends() {
    let open = log("b.000001", &[vec![previous("")], transactions(1..=2)].concat());
    check_logs(&[open], &["Warning not-closed"]);
    let inside = log(
        "b.000001",
        &[vec![previous("")], transactions(1..=1), vec![gtid(2), query("BEGIN")]].concat(),
    );
    let report = report(&[inside]);
    let at = report.logs[0].losses[0].from;
    assert_eq!(
        findings(&report),
        ["Warning not-closed".to_owned(), format!("Warning {at} ends-inside")]
    );
    assert_eq!(report.logs[0].losses[0].gtids.to_string(), format!("GTIDs {SID}:2"));
    assert!(report.is_good() && report.logs[0].open_transaction);
}

/// Events: 0 the description, 1 the previous GTIDs, 2 to 5 the first transaction, and so on.
#[test]
fn a_changed_byte_loses_its_transaction() {
    let place = |entry: usize| first().runs[entry].offset;
    for entry in 2..18 {
        let number = (entry - 2) / 4;
        let begin = place(2 + 4 * number);
        // Behind the last transaction nothing tells its GTID.
        let named = if entry == 14 {
            String::new()
        } else {
            format!(": s:{}", 5 + number)
        };
        let expected = format!("Error {begin} lost{named}");
        for chunks in [
            vec![flipped(first(), entry, 20)],
            split(flipped(first(), entry, 20), entry).to_vec(),
            split(flipped(first(), entry, 20), entry + 1).to_vec(),
        ] {
            let report = report(&chunks);
            let checksum = format!("Error {} checksum", place(entry));
            let mut found = findings(&report);
            found.retain(|finding| !finding.ends_with("event"));
            assert!(
                found.contains(&checksum) && found.contains(&expected),
                "{entry} {found:?}"
            );
            let loss = &report.logs[0].losses;
            assert_eq!(
                (loss.len(), loss[0].from, loss[0].to),
                (1, begin, place(6 + 4 * number)),
                "{entry}"
            );
        }
    }
}

#[test]
fn what_is_missing() {
    let place = |entry: usize| first().runs[entry].offset;
    // A source that found a hole: the bytes are there, and are no events.
    let report_ = report(&without(first(), 4, 8));
    let (from, to) = (place(2), place(10));
    assert_eq!(findings(&report_), [format!("Error {from} lost: s:5-6")]);
    assert_eq!(
        (report_.logs[0].losses[0].from, report_.logs[0].losses[0].to),
        (from, to)
    );
    // The bytes are not there: the events behind stand elsewhere than they say.
    let mut chunk = first();
    let removed: Vec<_> = chunk.runs.drain(6..10).collect();
    let len: u64 = removed.iter().map(|run| run.bytes.len() as u64).sum();
    chunk.runs[6..].iter_mut().for_each(|run| run.offset -= len);
    chunk.end -= len;
    let expected = [
        format!("Error {} missing", place(6)),
        format!("Error {} lost: s:6", place(6)),
    ];
    let mut found = findings(&report(&[chunk.clone()]));
    found.sort_by_key(|finding| finding.contains("lost"));
    assert_eq!(found, expected);
    let mut found = findings(&report(&split(chunk, 6)));
    found.sort_by_key(|finding| finding.contains("lost"));
    assert_eq!(found, expected);
}

#[test]
fn what_stands_twice_is_not_lost() {
    let doubled = [first().runs[..10].to_vec(), first().runs[6..].to_vec()].concat();
    let mut chunk = first();
    chunk.runs = doubled;
    let mut at = 4;
    for run in &mut chunk.runs {
        run.offset = at;
        at += run.bytes.len() as u64;
    }
    chunk.end = at;
    let [one, two] = split(chunk, 10);
    let report = report(&[one, two]);
    let losses = &report.logs[0].losses;
    assert!(losses.iter().all(|loss| loss.repeated), "{losses:?}");
    assert_eq!(report.logs[0].gtids.to_string(), format!("{SID}:5-8"));
}

#[test]
fn damage_is_told() {
    let mut verifier = Verifier::default();
    let [one, two] = without(first(), 6, 7);
    verifier.add(&check(&one));
    verifier.damage(Damage {
        from: one.end,
        to: two.runs[0].offset,
        why: "zeros".to_owned(),
    });
    verifier.add(&check(&two));
    let report = verifier.finish();
    let problems: Vec<_> = report.findings().map(|finding| finding.problem.to_string()).collect();
    assert!(
        problems
            .iter()
            .any(|text| text.contains(&format!("GTIDs {SID}:6: no event can be read")) && text.ends_with("zeros")),
        "{problems:?}"
    );
    assert!(
        problems
            .iter()
            .any(|text| matches!(text.as_str(), text if text.starts_with("no event can be read up to")))
    );
    assert!(!report.is_good() && head_len() > 4);
    assert!(
        report
            .findings()
            .any(|finding| matches!(finding.problem, Problem::Unreadable { .. }))
    );
}
