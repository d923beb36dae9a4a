//! Stored logs, and what can be said of one's events without decoding them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use binlog_parser::EventHeader;

use super::case::{Case, Log};
use super::program::Program;

/// The folder of the stored logs.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures")
}

/// One stored log, named `FLAVOUR/NAME.binlog`.
pub(crate) fn fixture(name: &str) -> Log {
    Log::stored(name, root().join(name))
}

/// All stored logs of the folders that begin so.
pub(crate) fn fixtures(product: &str) -> Result<Vec<Log>> {
    let mut names = Vec::new();
    for folder in entries(&root())?.into_iter().filter(|name| name.starts_with(product)) {
        let files = entries(&root().join(&folder))?.into_iter().filter(|name| is_log(name));
        names.extend(files.map(|file| format!("{folder}/{file}")));
    }
    names.sort();
    ensure!(names.len() > 30, "only {} logs of {product}", names.len());
    Ok(names.iter().map(|name| fixture(name)).collect())
}

fn is_log(name: &str) -> bool {
    name.ends_with("log")
}

fn entries(folder: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    entries
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect()
}

/// Where its events begin, and where the last one ends.
pub(crate) fn boundaries(log: &[u8]) -> Result<Vec<usize>> {
    let mut places = vec![4];
    while let Some(rest) = places
        .last()
        .and_then(|at| log.get(*at..))
        .filter(|rest| !rest.is_empty())
    {
        let size = EventHeader::decode(rest)?.event_size as usize;
        ensure!(size >= 19, "an event of {size} bytes");
        places.push(log.len() - rest.len() + size);
    }
    Ok(places)
}

/// The different times of its events, in seconds.
pub(crate) fn times(log: &[u8]) -> Result<BTreeSet<u32>> {
    let places = boundaries(log)?;
    let headers = places
        .iter()
        .filter_map(|at| log.get(*at..).filter(|rest| !rest.is_empty()));
    headers.map(|event| Ok(EventHeader::decode(event)?.timestamp)).collect()
}

/// The GTIDs of its transactions, as the real program tells them.
pub(crate) fn gtids(log: &Log) -> Result<Vec<String>> {
    const BEFORE: &str = "SET @@SESSION.GTID_NEXT= '";
    let folder = tempfile::tempdir()?;
    let outcome = Program::theirs()?.run(&Case::new(["--base64-output=never"], [log.clone()]), folder.path())?;
    let text = String::from_utf8_lossy(&outcome.stdout).into_owned();
    let values = text
        .lines()
        .filter_map(|line| line.strip_prefix(BEFORE)?.split('\'').next());
    let gtids: Vec<_> = values.filter(|gtid| gtid.contains(':')).map(str::to_owned).collect();
    ensure!(!gtids.is_empty(), "no GTIDs in {}", log.name);
    Ok(gtids)
}
