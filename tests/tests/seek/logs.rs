//! Sets of logs.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;

use anyhow::{Context as _, Result, ensure};
use binlog_testkit::{Flavour, binlog, run_binlog};
use serde_json::Value;

/// A set of logs, and what is read of them.
pub(super) struct Logs(pub(super) Vec<PathBuf>);

/// What a run said: its output, with the same name for every log, and its report.
#[derive(PartialEq)]
struct Said {
    output: String,
    report: String,
}

impl Logs {
    /// Copies of the files as one server's logs, with the times of the originals.
    pub(super) fn copied(files: &[PathBuf], folder: &Path) -> Result<Self> {
        let mut logs = Vec::new();
        for (number, file) in files.iter().enumerate() {
            let log = folder.join(format!("binlog.{:06}", number + 1));
            fs::copy(file, &log)?;
            let modified = fs::metadata(file)?.modified()?;
            File::options().append(true).open(&log)?.set_modified(modified)?;
            logs.push(log);
        }
        Ok(Self(logs))
    }

    pub(super) fn dump(&self, options: &[&str]) -> Result<String> {
        let output = run_binlog(arguments("dump", options, &self.0))?;
        self.renamed(&output.stdout)
    }

    /// What a pipe of all logs says: there nothing is passed over.
    fn piped(&self, command: &str, options: &[&str]) -> Result<Said> {
        let all: Vec<u8> = self.0.iter().map(fs::read).collect::<Result<Vec<_>, _>>()?.concat();
        let mut run = binlog()?;
        run.arg(command).args(options).arg("-");
        run.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = run.spawn()?;
        let mut stdin = child.stdin.take().context("no stdin")?;
        let writer = thread::spawn(move || stdin.write_all(&all));
        let output = child.wait_with_output()?;
        let report = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(output.status.success(), "{options:?}: {report}");
        writer.join().ok().context("the writer failed")??;
        Ok(Said {
            output: self.renamed(&output.stdout)?,
            report,
        })
    }

    fn renamed(&self, output: &[u8]) -> Result<String> {
        let mut text = String::from_utf8_lossy(output).into_owned();
        for log in &self.0 {
            let name = log.file_name().context("no name")?.to_string_lossy();
            text = text.replace(&*name, "stdin");
        }
        Ok(text)
    }

    /// Whether the selection gives the same with seeking and without. Returns how many events were read with it, of
    /// how many.
    pub(super) fn check(&self, options: &[&str]) -> Result<(u64, u64)> {
        let json = [&["--format", "json"], options].concat();
        let expected = identities(&self.piped("dump", &json)?.output)?;
        ensure!(
            identities(&self.dump(&json)?)? == expected,
            "{options:?}: other changes"
        );
        let report = [&["--report"], options].concat();
        let sought = run_binlog(arguments("filter", &report, &self.0))?;
        let all = self.piped("filter", &report)?.report;
        Ok((events(&String::from_utf8_lossy(&sought.stderr))?, events(&all)?))
    }

    /// Each change as an object.
    pub(super) fn changes(&self, options: &[&str]) -> Result<Vec<Value>> {
        let text = self.dump(&[&["--format", "json"], options].concat())?;
        Ok(text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
    }

    /// The values of a field of all changes, each once.
    pub(super) fn field(&self, name: &str) -> Result<Vec<String>> {
        let changes = self.changes(&[])?;
        let mut values: Vec<String> = changes
            .iter()
            .filter_map(|change| Some(change.get(name)?.as_str()?.to_owned()))
            .collect();
        values.sort();
        values.dedup();
        Ok(values)
    }
}

/// What each object is of, whatever names it has: DDL in logs that are passed over names no columns.
pub(super) fn identities(text: &str) -> Result<Vec<Value>> {
    const MEMBERS: [&str; 9] = [
        "kind",
        "file",
        "position",
        "end",
        "timestamp",
        "gtid",
        "row",
        "sql",
        "session",
    ];
    let mut identities = Vec::new();
    for line in text.lines() {
        let mut object: Value = serde_json::from_str(line)?;
        if object.get("kind").is_some_and(|kind| kind == "table") {
            continue;
        }
        if let Some(members) = object.as_object_mut() {
            members.retain(|name, _| MEMBERS.contains(&name.as_str()));
        }
        identities.push(object);
    }
    Ok(identities)
}

pub(super) fn arguments<'a>(command: &'a str, options: &[&'a str], logs: &'a [PathBuf]) -> Vec<&'a Path> {
    let words = [&[command], options].concat();
    words
        .into_iter()
        .map(Path::new)
        .chain(logs.iter().map(PathBuf::as_path))
        .collect()
}

/// The events that the report counts as read.
fn events(report: &str) -> Result<u64> {
    let line = report
        .lines()
        .find_map(|line| line.strip_prefix("events: "))
        .context("no events")?;
    Ok(line.split(' ').next().context("no number")?.parse()?)
}

pub(super) fn fixture(flavour: Flavour, name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fixtures")
        .join(flavour.name())
        .join(name)
}
