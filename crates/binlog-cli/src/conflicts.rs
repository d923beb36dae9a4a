//! What is told of rows that were not on the target as they should be.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use binlog_applier::{Conflict, ConflictObserver, OnConflict};
use serde::Serialize;

use crate::progress::warn;

/// What is done about conflicts.
#[derive(Debug, Clone)]
pub(crate) enum Conflicts {
    /// This, and they are counted.
    Decided(OnConflict),
    /// Changes are left out, and each has a line in this file.
    Logged(PathBuf),
}

impl Conflicts {
    pub(crate) fn policy(&self) -> OnConflict {
        match self {
            Self::Decided(policy) => *policy,
            Self::Logged(_) => OnConflict::Skip,
        }
    }

    /// The file, to which lines are added.
    pub(crate) fn log(&self) -> Result<Option<File>> {
        let Self::Logged(path) = self else {
            return Ok(None);
        };
        let file = OpenOptions::new().create(true).append(true).open(path);
        file.with_context(|| format!("cannot open {}", path.display()))
            .map(Some)
    }
}

/// How many there were.
#[derive(Debug, Clone, Default)]
pub(crate) struct ConflictCounts {
    left_out: Arc<AtomicU64>,
    overwritten: Arc<AtomicU64>,
}

impl ConflictCounts {
    /// Counts, and writes a line for each into the file.
    pub(crate) fn observer(&self, log: Option<File>) -> ConflictObserver {
        let (counts, log) = (self.clone(), log.map(Mutex::new));
        ConflictObserver::new(move |conflict| {
            let count = match conflict.overwritten {
                true => &counts.overwritten,
                false => &counts.left_out,
            };
            count.fetch_add(1, Ordering::Relaxed);
            if let Some(log) = &log {
                let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
                if let Err(error) = write(&mut log, conflict) {
                    warn(&format!("a conflict could not be logged: {error:#}"));
                }
            }
        })
    }

    /// In words; `None` where there were none.
    pub(crate) fn text(&self) -> Option<String> {
        let [left_out, overwritten] = [&self.left_out, &self.overwritten].map(|count| count.load(Ordering::Relaxed));
        (left_out + overwritten > 0).then(|| {
            format!(
                "{} rows were not on the target as they should be: {left_out} changes were left out, {overwritten} rows overwritten",
                left_out + overwritten
            )
        })
    }
}

/// A line of the log.
#[derive(Serialize)]
struct Line<'l> {
    file: &'l str,
    position: u64,
    table: &'l str,
    change: &'l str,
    conflict: &'l str,
    source: &'l str,
    target: Option<&'l str>,
    done: &'l str,
}

fn write(log: &mut File, conflict: &Conflict) -> Result<()> {
    let line = Line {
        file: &conflict.place.file,
        position: conflict.place.position,
        table: &conflict.table,
        change: conflict.change.split(' ').next().unwrap_or_default(),
        conflict: conflict.difference.name(),
        source: &conflict.expected,
        target: conflict.found.as_deref(),
        done: if conflict.overwritten {
            "overwritten"
        } else {
            "left out"
        },
    };
    let mut text = serde_json::to_vec(&line)?;
    text.push(b'\n');
    log.write_all(&text)?;
    Ok(())
}
