//! Sets of logs that servers wrote, and the same damaged: what `binlog verify` says of them, and what it saves.

#![allow(
    clippy::indexing_slicing,
    reason = "a test that reads past its own data fails, and says where"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use binlog_parser::{EventType, FormatDescription, MAGIC_LEN, RawEvent, Step, TransactionTracker};
use binlog_testkit::{Flavour, Installation, binlog};
use serde_json::Value;

const FLAVOURS: [(&str, Flavour); 4] = [
    ("mysql-9.7", Flavour::MySql97),
    ("mysql-5.6", Flavour::MySql56),
    ("mariadb-11.8", Flavour::MariaDb118),
    ("mariadb-10.11", Flavour::MariaDb1011),
];
/// Damaged copies that one run of the program reads.
const BATCH: usize = 400;

/// An event of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Event {
    offset: usize,
    end: usize,
    event_type: EventType,
    body: Vec<u8>,
}

/// A transaction: the bytes of its events, and what they say wherever they stand.
#[derive(Debug, Clone)]
struct Transaction {
    bytes: Vec<u8>,
    content: Vec<(EventType, Vec<u8>)>,
}

/// Damage done to a copy.
#[derive(Debug, Clone)]
struct Case {
    what: String,
    /// Where it is in the copy.
    from: usize,
    to: usize,
    bytes: Vec<u8>,
}

fn fixture(folder: &str, name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fixtures")
        .join(folder)
        .join(name)
}

/// Copies of three logs of one server, by the names that they had there.
fn set(folder: &str, copies: &Path) -> Result<Vec<PathBuf>> {
    let copy = |number: usize| {
        let to = copies.join(format!("binlog.00000{number}"));
        fs::copy(fixture(folder, &format!("gtid.{number}.binlog")), &to)?;
        Ok(to)
    };
    (1..=3).map(copy).collect()
}

/// The events of a whole log.
fn events(log: &[u8]) -> Result<Vec<Event>> {
    let (mut format, mut offset, mut events) = (FormatDescription::default(), MAGIC_LEN as usize, Vec::new());
    while offset < log.len() {
        let raw = RawEvent::first(&log[offset..], offset as u64, &format)?;
        if raw.header.event_type == EventType::FORMAT_DESCRIPTION {
            format = FormatDescription::decode(raw.body())?;
        }
        let end = raw.end() as usize;
        events.push(Event {
            offset,
            end,
            event_type: raw.header.event_type,
            body: raw.body().to_vec(),
        });
        offset = end;
    }
    Ok(events)
}

/// The transactions of a whole log.
fn transactions(log: &[u8]) -> Result<Vec<Transaction>> {
    let (mut tracker, mut open, mut transactions) = (TransactionTracker::default(), Vec::new(), Vec::new());
    let mut format = FormatDescription::default();
    for event in events(log)? {
        let raw = RawEvent::first(&log[event.offset..], event.offset as u64, &format)?;
        if event.event_type == EventType::FORMAT_DESCRIPTION {
            format = FormatDescription::decode(raw.body())?;
        }
        let step = tracker.step_raw(&raw);
        if step != Step::Outside {
            open.push(event);
        }
        if matches!(step, Step::End | Step::Only) {
            transactions.push(transaction(log, &std::mem::take(&mut open)));
        }
    }
    ensure!(open.is_empty(), "the log ends inside a transaction");
    Ok(transactions)
}

fn transaction(log: &[u8], events: &[Event]) -> Transaction {
    let bytes = log[events[0].offset..events[events.len() - 1].end].to_vec();
    let content = events
        .iter()
        .map(|event| (event.event_type, event.body.clone()))
        .collect();
    Transaction { bytes, content }
}

/// The transactions that stand whole in the damaged copy.
fn survivors<'t>(transactions: &'t [Transaction], damaged: &[u8]) -> Vec<&'t Transaction> {
    let stands = |transaction: &&Transaction| {
        damaged
            .windows(transaction.bytes.len())
            .any(|window| window == transaction.bytes)
    };
    transactions.iter().filter(stands).collect()
}

fn cuts(log: &[u8], step: usize) -> Vec<Case> {
    let case = |at: usize| Case {
        what: format!("cut at {at}"),
        from: at,
        to: at,
        bytes: log[..at].to_vec(),
    };
    (MAGIC_LEN as usize + 1..log.len()).step_by(step).map(case).collect()
}

fn flips(log: &[u8], step: usize) -> Vec<Case> {
    let case = |at: usize| {
        let mut bytes = log.to_vec();
        bytes[at] ^= if at.is_multiple_of(2) { 0xff } else { 1 << (at % 8) };
        Case {
            what: format!("flipped at {at}"),
            from: at,
            to: at + 1,
            bytes,
        }
    };
    // The in-use flag is covered by no checksum.
    (0..log.len()).step_by(step).filter(|at| *at != 21).map(case).collect()
}

fn blocks(log: &[u8], step: usize, len: usize) -> Vec<Case> {
    let starts = (0..log.len() - len).step_by(step);
    starts.flat_map(|from| block(log, from, from + len)).collect()
}

/// A block zeroed, removed, written twice, and overwritten with what is no event.
fn block(log: &[u8], from: usize, to: usize) -> [Case; 4] {
    let (head, middle, tail) = (&log[..from], &log[from..to], &log[to..]);
    let case = |what: &str, bytes: Vec<u8>, to: usize| Case {
        what: format!("{what} from {from}, {} bytes", middle.len()),
        from,
        to,
        bytes,
    };
    let garbage: Vec<u8> = middle
        .iter()
        .enumerate()
        .map(|(at, byte)| byte.wrapping_mul(31) ^ (at * 77 + 91) as u8)
        .collect();
    [
        case("zeroed", [head, &vec![0; middle.len()], tail].concat(), to),
        case("removed", [head, tail].concat(), from),
        case("doubled", [head, middle, middle, tail].concat(), to + middle.len()),
        case("overwritten", [head, &garbage, tail].concat(), to),
    ]
}

/// Runs `binlog verify --format json`.
fn verify(arguments: &[&str]) -> Result<(i32, Value)> {
    let output = binlog()?
        .args(["verify", "--format", "json"])
        .args(arguments)
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(!said.contains("panicked"), "{said}");
    let code = output.status.code().context("no exit code")?;
    let report = serde_json::from_slice(&output.stdout).with_context(|| format!("exit code {code}: {said}"))?;
    Ok((code, report))
}

fn verify_files(paths: &[PathBuf]) -> Result<(i32, Value)> {
    verify(&texts(paths)?)
}

fn texts(paths: &[PathBuf]) -> Result<Vec<&str>> {
    paths
        .iter()
        .map(|path| path.to_str().context("a path that is not UTF-8"))
        .collect()
}

/// The codes of findings, except notes.
fn codes(report: &Value) -> BTreeSet<String> {
    let logs = report["logs"].as_array().into_iter().flatten();
    let findings = logs.flat_map(|log| log["findings"].as_array().into_iter().flatten());
    findings
        .filter(|finding| finding["severity"] != "note")
        .filter_map(|finding| finding["code"].as_str().map(str::to_owned))
        .collect()
}

fn check_set(paths: &[PathBuf], code: i32, expected: &[&str]) -> Result<()> {
    let (found, report) = verify_files(paths)?;
    let names: Vec<_> = expected.iter().map(|name| (*name).to_owned()).collect();
    ensure!(
        found == code && codes(&report) == names.into_iter().collect(),
        "{paths:?}: {found}, not {code} {expected:?}:\n{report:#}"
    );
    Ok(())
}

#[test]
fn logs_of_a_set() -> Result<()> {
    for (folder, _) in FLAVOURS {
        let copies = tempfile::tempdir()?;
        let set = set(folder, copies.path())?;
        let pick = |numbers: &[usize]| numbers.iter().map(|number| set[*number].clone()).collect::<Vec<_>>();
        check_set(&set, 0, &[])?;
        check_set(&pick(&[1, 2]), 0, &[])?;
        check_set(&pick(&[0, 2]), 1, &["name-gap", "gtid-gap"])?;
        check_set(&pick(&[0, 0, 1]), 1, &["name-order", "gtid-overlap"])?;
        let (code, report) = verify_files(&pick(&[1, 0]))?;
        ensure!(code == 1 && codes(&report).contains("name-order"), "{report:#}");
    }
    Ok(())
}

#[test]
fn every_fixture_is_good() -> Result<()> {
    for (folder, _) in FLAVOURS {
        for entry in fs::read_dir(fixture(folder, ""))? {
            let path = entry?.path();
            if path.extension().is_some_and(|end| end == "binlog") {
                let (code, report) = verify_files(std::slice::from_ref(&path))?;
                let name = path.display().to_string();
                // What a source says that it lost, and times whose form a log does not tell.
                let not_good = ["/incident.binlog", "/incident.1.binlog", "/hires-temporals.binlog"];
                let expected = i32::from(not_good.iter().any(|end| name.ends_with(end)));
                ensure!(code == expected, "{}: {report:#}", path.display());
            }
        }
    }
    Ok(())
}

/// What stands whole in a damaged log is saved, and nothing else; what is said names the place.
#[test]
fn damaged_logs() -> Result<()> {
    for (folder, flavour) in FLAVOURS {
        let log = fs::read(fixture(folder, "gtid.2.binlog"))?;
        let mut cases = cuts(&log, 5);
        cases.extend(flips(&log, 2));
        for (step, len) in [(23, 16), (37, 130), (61, 600)] {
            cases.extend(blocks(&log, step, len));
        }
        cases.retain(|case| case.bytes != log);
        let truth = transactions(&log)?;
        let mut failures = Vec::new();
        for (number, batch) in cases.chunks(BATCH).enumerate() {
            let folder = tempfile::tempdir()?;
            failures.extend(saved(&log, &truth, batch, folder.path())?);
            readable(flavour, &folder.path().join("out"), number)?;
        }
        let (count, all) = (failures.len(), cases.len());
        failures.truncate(5);
        ensure!(
            failures.is_empty(),
            "{folder}: {count} of {all}:\n{}",
            failures.join("\n")
        );
    }
    Ok(())
}

fn saved(log: &[u8], truth: &[Transaction], batch: &[Case], folder: &Path) -> Result<Vec<String>> {
    let mut paths = vec![folder.join("out")];
    for (number, case) in batch.iter().enumerate() {
        let path = folder.join(format!("damaged-{number}"));
        fs::write(&path, &case.bytes)?;
        paths.push(path);
    }
    let arguments = [vec!["--salvage"], texts(&paths)?].concat();
    let (code, report) = verify(&arguments)?;
    ensure!(code == 1, "{report:#}");
    let mut failures = Vec::new();
    for (number, case) in batch.iter().enumerate() {
        let name = format!("damaged-{number}");
        let found = report["logs"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|log| log["file"] == name.as_str());
        let output = folder.join("out").join(&name);
        let wrong = report["saved"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|saved| saved["file"] == name.as_str());
        ensure!(
            wrong.is_none_or(|saved| saved["wrong"].is_null()),
            "{}: {wrong:?} {found:#?}",
            case.what
        );
        let result = exactly_the_whole(truth, case, &output).and_then(|()| names_the_place(log, case, found));
        if let Err(error) = result {
            let found = found
                .map(|found| format!("{:#} {:#}", found["findings"], found["lost"]))
                .unwrap_or_default();
            failures.push(format!("{}: {error:#}\n{found}", case.what));
        }
    }
    Ok(failures)
}

fn exactly_the_whole(truth: &[Transaction], case: &Case, output: &Path) -> Result<()> {
    let expected: Vec<_> = survivors(truth, &case.bytes)
        .iter()
        .map(|transaction| transaction.content.clone())
        .collect();
    if !output.exists() {
        ensure!(
            expected.is_empty(),
            "nothing was saved, {} transactions are whole",
            expected.len()
        );
        return Ok(());
    }
    let saved = fs::read(output)?;
    let found: Vec<_> = transactions(&saved)?
        .into_iter()
        .map(|transaction| transaction.content)
        .collect();
    ensure!(
        found == expected,
        "{} transactions were saved, {} are whole",
        found.len(),
        expected.len()
    );
    Ok(())
}

/// A finding stands where the damage is: from the event in which it begins to the one behind it.
fn names_the_place(log: &[u8], case: &Case, found: Option<&Value>) -> Result<()> {
    let found = found.context("the log is not in the report")?;
    let events = events(log)?;
    let boundary = case.from == case.to && events.iter().any(|event| event.end == case.from);
    if found["findings"]
        .as_array()
        .is_some_and(|findings| findings.iter().any(|finding| finding["code"] == "failed"))
    {
        return Ok(());
    }
    let from = events
        .iter()
        .rev()
        .find(|event| event.offset <= case.from)
        .map_or(0, |event| event.offset) as u64;
    let to = case.to as u64 + 700;
    let inside = |position: &Value| position.as_u64().is_some_and(|at| (from..=to).contains(&at));
    let covers = |loss: &Value| loss["from"].as_u64() <= Some(to) && loss["to"].as_u64() >= Some(from);
    let findings = found["findings"].as_array().into_iter().flatten();
    let lost = found["lost"].as_array().into_iter().flatten();
    let named = findings.into_iter().any(|finding| inside(&finding["position"])) || lost.into_iter().any(covers);
    ensure!(named || boundary, "no finding names the place");
    Ok(())
}

/// The server's own program reads some of what was saved.
fn readable(flavour: Flavour, folder: &Path, number: usize) -> Result<()> {
    let mut outputs: Vec<_> = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    outputs.sort();
    for output in outputs.iter().skip(number).step_by(97) {
        let mut program = Installation::get(flavour)?.mysqlbinlog()?;
        let done = program.arg("--verify-binlog-checksum").arg(output).output()?;
        let said = String::from_utf8_lossy(&done.stderr);
        ensure!(
            done.status.success() && !said.contains("ERROR"),
            "{}: {said}",
            output.display()
        );
    }
    Ok(())
}
