//! One run of both programs: options and inputs.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};

/// A zone without shifts, in which most cases run.
pub(crate) const UTC: &str = "UTC";

/// A log that both programs read.
#[derive(Clone)]
pub(crate) struct Log {
    /// What it is called in messages.
    pub(crate) name: String,
    input: Input,
}

#[derive(Clone)]
enum Input {
    Stored(PathBuf),
    /// Written to the run's folder first.
    Made(Arc<Vec<u8>>, Change),
}

/// What is done to a log's bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change {
    /// Only so many bytes stay.
    Cut(usize),
    /// These bits of the byte are turned over.
    Flip { at: usize, bits: u8 },
    /// Bytes from here on are replaced.
    Put { at: usize, bytes: &'static [u8] },
    /// Bytes are appended.
    Append(&'static [u8]),
}

impl Log {
    pub(crate) fn stored(name: impl Into<String>, file: impl Into<PathBuf>) -> Self {
        let input = Input::Stored(file.into());
        Self {
            name: name.into(),
            input,
        }
    }

    pub(crate) fn made(name: &str, bytes: &Arc<Vec<u8>>, change: Change) -> Self {
        let name = format!("{name} after {change:?}");
        let input = Input::Made(Arc::clone(bytes), change);
        Self { name, input }
    }

    pub(crate) fn bytes(&self) -> Result<Vec<u8>> {
        match &self.input {
            Input::Stored(file) => fs::read(file).with_context(|| format!("cannot read {}", file.display())),
            Input::Made(bytes, change) => Ok(change.of(bytes)),
        }
    }

    /// The file, as seen from the run's folder.
    fn file(&self, number: usize) -> PathBuf {
        match &self.input {
            Input::Stored(file) => file.clone(),
            Input::Made(..) => format!("log.{number}").into(),
        }
    }
}

impl Change {
    fn of(self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        match self {
            Self::Cut(len) => bytes.truncate(len),
            Self::Flip { at, bits } => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= bits),
            Self::Put { at, bytes: new } => bytes.iter_mut().skip(at).zip(new).for_each(|(old, new)| *old = *new),
            Self::Append(more) => bytes.extend(more),
        }
        bytes
    }
}

/// What both programs are given.
#[derive(Clone)]
pub(crate) struct Case {
    options: Vec<String>,
    logs: Vec<Log>,
    /// Whether the first log comes from stdin, and what names it.
    stdin: Option<&'static str>,
    /// `TZ`
    pub(crate) zone: &'static str,
}

impl Case {
    pub(crate) fn new<S: Into<String>>(options: impl IntoIterator<Item = S>, logs: impl Into<Vec<Log>>) -> Self {
        Self {
            options: options.into_iter().map(Into::into).collect(),
            logs: logs.into(),
            stdin: None,
            zone: UTC,
        }
    }

    /// The first log is given on stdin, and `name` among the arguments.
    pub(crate) fn piped(mut self, name: &'static str) -> Self {
        self.stdin = Some(name);
        self
    }

    pub(crate) fn zone(mut self, zone: &'static str) -> Self {
        self.zone = zone;
        self
    }

    /// Writes what is not stored to the run's folder.
    pub(crate) fn prepare(&self, folder: &Path) -> Result<()> {
        for (number, log) in self.logs.iter().enumerate() {
            if matches!(log.input, Input::Made(..)) {
                fs::write(folder.join(log.file(number)), log.bytes()?)?;
            }
        }
        Ok(())
    }

    pub(crate) fn arguments(&self) -> impl Iterator<Item = PathBuf> {
        let piped = usize::from(self.stdin.is_some());
        let files = self.logs.iter().enumerate().skip(piped);
        let options = self.options.iter().map(PathBuf::from);
        options
            .chain(self.stdin.map(PathBuf::from))
            .chain(files.map(|(number, log)| log.file(number)))
    }

    /// The file that stdin is.
    pub(crate) fn stdin(&self) -> Option<PathBuf> {
        let log = self.logs.first()?;
        self.stdin.map(|_| log.file(0))
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for option in &self.options {
            write!(f, "{} ", option.escape_debug())?;
        }
        let names: Vec<_> = self.logs.iter().map(|log| log.name.as_str()).collect();
        f.write_str(&names.join(" "))?;
        if self.stdin.is_some() {
            f.write_str(" (stdin)")?;
        }
        if self.zone != UTC {
            write!(f, " TZ={}", self.zone)?;
        }
        Ok(())
    }
}
