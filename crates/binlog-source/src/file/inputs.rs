//! Which logs the inputs mean, in order.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::SourceError;
use crate::file::Input;

/// Endings of packed logs, which are no part of the log's name.
const PACKED: [&str; 4] = [".gz", ".zst", ".zstd", ".gzip"];

/// All logs of the inputs, in order: folders and `.index` files are replaced by the logs that they mean.
///
/// # Errors
/// A folder or index that cannot be read, or names no logs.
pub fn expand(inputs: &[Input]) -> Result<Vec<Input>, SourceError> {
    let mut logs = Vec::new();
    for input in inputs {
        match input {
            Input::Stdin => logs.push(Input::Stdin),
            Input::Path(path) if path.is_dir() => logs.extend(in_folder(path)?.into_iter().map(Input::Path)),
            Input::Path(path) if is_index(path) => logs.extend(in_index(path)?.into_iter().map(Input::Path)),
            Input::Path(path) => logs.push(Input::Path(path.clone())),
        }
    }
    Ok(logs)
}

/// The log after this one in the same folder, if it is there: the same name with the next number.
pub(crate) fn successor(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let (base, digits) = name.rsplit_once('.')?;
    let next = digits.parse::<u64>().ok()? + 1;
    let path = path.with_file_name(format!("{base}.{next:0width$}", width = digits.len()));
    path.exists().then_some(path)
}

/// Name of a log as its server names it: without folder and packing.
pub(crate) fn log_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    let name = PACKED.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name);
    name.to_owned()
}

fn is_index(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "index")
}

fn in_folder(folder: &Path) -> Result<Vec<PathBuf>, SourceError> {
    let files = files_of(folder)?;
    let mut indexes = files.iter().filter(|path| is_index(path));
    match (indexes.next(), indexes.next()) {
        (Some(index), None) => in_index(index),
        (Some(_), Some(_)) => Err(no_logs(folder, "holds several .index files".to_owned())),
        (None, _) => match numbered_logs(folder)? {
            logs if logs.is_empty() => Err(no_logs(folder, "holds no logs".to_owned())),
            logs => Ok(logs),
        },
    }
}

/// The logs of a folder by number: files named `NAME.000001`, packed or not, all with one NAME.
pub(crate) fn numbered_logs(folder: &Path) -> Result<Vec<PathBuf>, SourceError> {
    let mut logs = BTreeMap::new();
    let mut base: Option<String> = None;
    for path in files_of(folder)? {
        let Some((name, number)) = numbered(&path) else {
            continue;
        };
        if base.as_ref().is_some_and(|base| *base != name) {
            let why = format!("holds logs of several names: {} and {name}", base.unwrap_or_default());
            return Err(no_logs(folder, why));
        }
        base = Some(name);
        if let Some(other) = logs.insert(number, path.clone()) {
            let why = format!("holds one log twice: {} and {}", other.display(), path.display());
            return Err(no_logs(folder, why));
        }
    }
    Ok(logs.into_values().collect())
}

/// Name and number of a log, packed or not: `NAME.000001`.
pub(crate) fn numbered(path: &Path) -> Option<(String, u64)> {
    let name = log_name(path);
    let (base, digits) = name.rsplit_once('.')?;
    let is_number = digits.len() >= 6 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = is_number.then(|| digits.parse().ok())??;
    Some((base.to_owned(), number))
}

/// The logs that an index lists. A path that is not there is looked for beside the index.
fn in_index(index: &Path) -> Result<Vec<PathBuf>, SourceError> {
    let text = fs::read(index).map_err(|error| io_error(index, "reading", error))?;
    let text = String::from_utf8_lossy(&text);
    let logs: Vec<_> = text
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| beside(index, line))
        .collect();
    match logs.is_empty() {
        true => Err(no_logs(index, "lists no logs".to_owned())),
        false => Ok(logs),
    }
}

fn beside(index: &Path, line: &str) -> PathBuf {
    let folder = index.parent().unwrap_or(Path::new(""));
    let listed = folder.join(line);
    match listed.file_name() {
        Some(name) if !listed.exists() => folder.join(name),
        _ => listed,
    }
}

fn files_of(folder: &Path) -> Result<Vec<PathBuf>, SourceError> {
    let failed = |error| io_error(folder, "reading the folder", error);
    let entries = fs::read_dir(folder).map_err(failed)?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn no_logs(path: &Path, why: String) -> SourceError {
    SourceError::NoLogs {
        path: path.to_owned(),
        why,
    }
}

pub(crate) fn io_error(path: &Path, doing: &'static str, error: std::io::Error) -> SourceError {
    SourceError::Io {
        file: path.display().to_string(),
        doing,
        error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path, files: &[&str], input: &str) -> Result<Vec<String>, String> {
        for file in files {
            let (name, text) = file.split_once('=').unwrap_or((file, ""));
            fs::write(folder.join(name), text.replace('|', "\n")).unwrap();
        }
        let logs = expand(&[Input::Path(folder.join(input))]).map_err(|error| match error {
            SourceError::NoLogs { why, .. } => why,
            other => other.to_string(),
        })?;
        let name = |log: Input| match log {
            Input::Path(path) => path.strip_prefix(folder).unwrap().display().to_string(),
            Input::Stdin => "-".to_owned(),
        };
        Ok(logs.into_iter().map(name).collect())
    }

    fn check(files: &[&str], input: &str, expected: Result<&[&str], &str>) {
        let folder = tempfile::tempdir().unwrap();
        let expected = expected
            .map(|names| names.iter().map(|name| (*name).to_owned()).collect())
            .map_err(str::to_owned);
        assert_eq!(names(folder.path(), files, input), expected, "{files:?}");
    }

    #[test]
    fn folders_and_indexes() {
        check(
            &["b.000002", "b.000010", "b.000001", "other.txt"],
            "",
            Ok(&["b.000001", "b.000002", "b.000010"]),
        );
        check(&["b.999999", "b.1000000.gz"], "", Ok(&["b.999999", "b.1000000.gz"]));
        check(
            &["a.000001", "b.000001"],
            "",
            Err("holds logs of several names: a and b"),
        );
        check(&["readme"], "", Err("holds no logs"));
        check(
            &["b.000001", "b.000002", "b.index=./b.000002|./b.000001|"],
            "",
            Ok(&["b.000002", "b.000001"]),
        );
        check(&["b.000001", "b.index=/gone/b.000001|"], "b.index", Ok(&["b.000001"]));
        check(&["b.index="], "b.index", Err("lists no logs"));
        check(&["a.index=x", "b.index=y"], "", Err("holds several .index files"));
        check(&["b.000001", "b.000001.gz"], "b.000001", Ok(&["b.000001"]));
    }

    #[test]
    fn names_of_logs() {
        for (path, expected) in [
            ("/x/b.000001", "b.000001"),
            ("b.000001.gz", "b.000001"),
            ("y/dump.zst", "dump"),
        ] {
            assert_eq!(log_name(Path::new(path)), expected);
        }
    }
}
