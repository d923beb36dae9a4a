//! One file for each table or transaction.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use binlog_dumper::json::envelope::Commits;
use binlog_dumper::{Dump as Dumper, Names};
use binlog_filter::{Filter, Share, Split};
use binlog_parser::{Chunk, Step, TransactionTracker};
use binlog_source::{CORE_CHUNK_LIMIT, Next, Source};
use clap::ValueEnum;

use super::sql;

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SplitBy {
    /// `DATABASE.TABLE.sql`, and `other.sql` for what belongs to no table
    Table,
    /// `LOG-POSITION.sql`
    Transaction,
}

impl SplitBy {
    /// Bytes of a chunk, about. A chunk of one byte is one transaction.
    pub(super) fn chunk_limit(self) -> usize {
        match self {
            Self::Table => CORE_CHUNK_LIMIT,
            Self::Transaction => 1,
        }
    }
}

/// What files are made from, and how.
pub(super) struct Splitting<'s> {
    pub(super) by: SplitBy,
    pub(super) filter: &'s mut Option<Filter>,
    pub(super) names: Names,
    /// Where the files go, and what their names end with.
    pub(super) folder: PathBuf,
    pub(super) suffix: &'static str,
    /// Where the files of LOAD DATA statements go.
    pub(super) loaded: &'s Path,
    /// What tells a file's rows of the end of their transaction, where they wait for that.
    pub(super) commits: &'s dyn Fn() -> Option<Commits>,
}

/// Files that are not complete, by their names without suffix. Each is open only while it is written: there may be many.
type Open<D> = BTreeMap<String, Text<D>>;

/// What a file's text comes from.
struct Text<D> {
    dumper: D,
    commits: Option<Commits>,
}

impl Splitting<'_> {
    /// Writes all files. `new` begins a text, `ended` gets it back.
    pub(super) fn write<D: Dumper>(
        mut self,
        source: &mut dyn Source,
        new: impl Fn() -> Result<D>,
        mut ended: impl FnMut(&D),
    ) -> Result<Names> {
        fs::create_dir_all(&self.folder).with_context(|| format!("create {}", self.folder.display()))?;
        let mut split = Split::default();
        let mut open = Open::new();
        let mut last = None;
        loop {
            let chunk = match source.next()? {
                Next::Chunk(chunk) => chunk,
                Next::Idle => continue,
                Next::End => break,
            };
            let chunk = match self.filter {
                Some(filter) => {
                    self.names.foresee(&filter.renamed(&chunk)?)?;
                    filter.apply(chunk)?
                }
                None => {
                    self.names.foresee(&chunk)?;
                    chunk
                }
            };
            let parts = match self.by {
                SplitBy::Table => tables(split.apply(&chunk)?),
                SplitBy::Transaction => transaction(chunk, &mut last)?,
            };
            for (name, part) in parts {
                let is_over = self.by == SplitBy::Transaction && !part.unfinished;
                self.part(&name, &part, &new, &mut open)?;
                if is_over && let Some(text) = open.remove(&name) {
                    self.finish(&name, text, &mut ended)?;
                }
            }
            self.names.leave()?;
        }
        for (name, text) in open {
            self.finish(&name, text, &mut ended)?;
        }
        Ok(self.names)
    }

    fn part<D: Dumper>(&self, name: &str, part: &Chunk, new: impl Fn() -> Result<D>, open: &mut Open<D>) -> Result<()> {
        let mut file = match open.remove(name) {
            Some(file) => file,
            None => {
                let path = self.path(name);
                let what = || {
                    format!(
                        "create {} (nothing is written over: give an empty folder)",
                        path.display()
                    )
                };
                File::create_new(&path).with_context(what)?;
                Text {
                    dumper: new()?,
                    commits: (self.commits)(),
                }
            }
        };
        *file.dumper.names() = self.names.clone();
        let mut draft = file.dumper.draft(part.clone());
        sql::save(self.loaded, draft.take_files())?;
        let mut text = Vec::new();
        let written = draft.write(&mut text);
        // What stands before an event that fails is written too.
        self.append(name, |out| match &mut file.commits {
            Some(commits) => commits.push(&text, out),
            None => out.write_all(&text),
        })?;
        written?;
        open.insert(name.to_owned(), file);
        Ok(())
    }

    fn finish<D: Dumper>(&self, name: &str, mut file: Text<D>, ended: &mut impl FnMut(&D)) -> Result<()> {
        let mut text = Vec::new();
        file.dumper.finish(&mut text);
        ended(&file.dumper);
        self.append(name, |out| {
            if let Some(commits) = &mut file.commits {
                commits.finish(out)?;
            }
            out.write_all(&text)
        })
    }

    fn append(&self, name: &str, write: impl FnOnce(&mut File) -> io::Result<()>) -> Result<()> {
        let path = self.path(name);
        let file = File::options().append(true).open(&path);
        let written = file.and_then(|mut file| write(&mut file));
        written.with_context(|| format!("write {}", path.display()))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.{}", self.suffix))
    }
}

/// What belongs to no table has a name without a dot, which no table has.
fn tables(parts: Vec<(Share, Chunk)>) -> Vec<(String, Chunk)> {
    let name = |share: &Share| match share {
        Share::Table(table) => format!("{}.{}", encoded(&table.schema), encoded(&table.table)),
        _ => "other".into(),
    };
    parts.into_iter().map(|(share, chunk)| (name(&share), chunk)).collect()
}

/// The transaction that the chunk is, or is a part of; `last` names the one before.
fn transaction(chunk: Chunk, last: &mut Option<String>) -> Result<Vec<(String, Chunk)>> {
    let mut tracker = TransactionTracker::default();
    let mut first = None;
    for raw in chunk.events() {
        let raw = raw?;
        if tracker.step_raw(&raw) != Step::Outside {
            first.get_or_insert(raw.offset);
        }
    }
    let Some(first) = first else {
        return Ok(Vec::new());
    };
    let name = match last.take().filter(|_| chunk.continues) {
        Some(name) => name,
        // With zeros in front, names are sorted as the log is.
        None => {
            let parts: Vec<_> = chunk.file.split('.').map(encoded).collect();
            format!("{}-{first:012}", parts.join("."))
        }
    };
    *last = Some(name.clone());
    Ok(vec![(name, chunk)])
}

/// A name as a part of a file's: what is special there, and the dot, as `%` and two digits.
fn encoded(name: &str) -> String {
    let mut out = String::new();
    for character in name.chars() {
        match character {
            '_' | '-' | '$' | '#' => out.push(character),
            _ if character.is_alphanumeric() => out.push(character),
            _ => {
                let mut bytes = [0; 4];
                let bytes = character.encode_utf8(&mut bytes).bytes();
                bytes.for_each(|byte| out += &format!("%{byte:02x}"));
            }
        }
    }
    out
}

/// # Errors
/// A server tells definitions: which rows it has named is not known across files.
pub(super) fn check(schemas: &[String]) -> Result<()> {
    if schemas.iter().any(|schema| schema.contains("://")) {
        bail!(crate::failure::Usage(
            "--split takes definitions from files, not from a server: give --schema a dump without data".into()
        ));
    }
    Ok(())
}
