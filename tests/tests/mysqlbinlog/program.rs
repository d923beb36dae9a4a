//! Runs of one of the two programs.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use binlog_testkit::{Flavour, Installation, binlog};

use super::case::Case;

/// How long one run may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What stands for the program's own path in messages.
const NAME: &str = "mysqlbinlog";

/// A program, and the arguments that begin each of its runs.
pub(crate) struct Program {
    command: Vec<OsString>,
    /// How it calls itself.
    path: String,
}

/// What a run left.
#[derive(PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    pub(crate) status: Status,
    /// Files that it made in its folder.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Code(i32),
    Signal(i32),
}

impl Program {
    /// MySQL's own.
    pub(crate) fn theirs() -> Result<Self> {
        Self::new(&Installation::get(Flavour::MySql97)?.program(NAME)?, &[])
    }

    /// The mode of `binlog`.
    pub(crate) fn ours() -> Result<Self> {
        if std::env::var_os("JUDGE_SELF").is_some() {
            return Self::theirs();
        }
        Self::new(&binlog()?, &[NAME])
    }

    fn new(command: &Command, arguments: &[&str]) -> Result<Self> {
        let mut words = vec![command.get_program().to_owned()];
        words.extend(command.get_args().map(ToOwned::to_owned));
        let path = words.last().context("no program")?.to_string_lossy().into_owned();
        words.extend(arguments.iter().map(OsString::from));
        words.push("--no-defaults".into());
        Ok(Self { command: words, path })
    }

    /// Runs it in `folder/run`, which is empty before but for the case's logs.
    pub(crate) fn run(&self, case: &Case, folder: &Path) -> Result<Outcome> {
        let run = folder.join("run");
        if run.exists() {
            fs::remove_dir_all(&run)?;
        }
        fs::create_dir(&run)?;
        case.prepare(&run)?;
        let before = contents(&run)?;
        let status = self.status(case, folder)?;
        let mut files = contents(&run)?;
        files.retain(|name, _| !before.contains_key(name));
        Ok(Outcome {
            stdout: fs::read(folder.join("stdout"))?,
            stderr: self.nameless(&fs::read(folder.join("stderr"))?),
            status,
            files,
        })
    }

    fn status(&self, case: &Case, folder: &Path) -> Result<Status> {
        let run = folder.join("run");
        let (program, arguments) = self.command.split_first().context("no program")?;
        let mut command = Command::new(program);
        command.args(arguments).args(case.arguments()).current_dir(&run);
        command.env_clear().env("TZ", case.zone).env("LANG", "C.UTF-8");
        command.env("HOME", &run).env("TMPDIR", &run);
        let stdin = case.stdin().map(|file| File::open(run.join(file))).transpose()?;
        command.stdin(stdin.map_or_else(Stdio::null, Stdio::from));
        command.stdout(File::create(folder.join("stdout"))?);
        command.stderr(File::create(folder.join("stderr"))?);
        let child = command.spawn().context("cannot start")?;
        Status::of(wait(child).with_context(|| format!("{NAME} {case}"))?)
    }

    /// What it said, without its path.
    fn nameless(&self, said: &[u8]) -> Vec<u8> {
        let mut text = Vec::new();
        let mut rest = said;
        while let Some(at) = find(rest, self.path.as_bytes()) {
            let (before, after) = rest.split_at(at);
            text.extend(before);
            text.extend(NAME.as_bytes());
            rest = after.get(self.path.len()..).unwrap_or_default();
        }
        text.extend(rest);
        text
    }
}

impl Status {
    fn of(status: ExitStatus) -> Result<Self> {
        match (status.code(), status.signal()) {
            (Some(code), _) => Ok(Self::Code(code)),
            (None, Some(signal)) => Ok(Self::Signal(signal)),
            (None, None) => bail!("neither code nor signal: {status}"),
        }
    }

    /// It did not end by its own will. (Rust's programs panic with 101.)
    pub(crate) const fn is_crash(self) -> bool {
        matches!(self, Self::Signal(_) | Self::Code(101))
    }
}

fn wait(mut child: Child) -> Result<ExitStatus> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if Instant::now() > deadline {
            child.kill()?;
            child.wait()?;
            bail!("not ended after {PATIENCE:?}");
        }
        thread::sleep(Duration::from_micros(300));
    }
}

fn contents(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        files.insert(name, fs::read(entry.path())?);
    }
    Ok(files)
}

fn find(bytes: &[u8], word: &[u8]) -> Option<usize> {
    bytes.windows(word.len()).position(|window| window == word)
}
