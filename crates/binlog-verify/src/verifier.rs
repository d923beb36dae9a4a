//! Chunk after chunk, log after log.

use std::sync::Arc;

use binlog_parser::{ChecksumAlgorithm, MAGIC_LEN};

use crate::between;
use crate::facts::Facts;
use crate::log::Log;
use crate::losses::Damage;
use crate::report::Report;

/// Adds up what chunks show, and judges what must fit together. It takes facts in the order of the logs.
#[derive(Debug, Default)]
pub struct Verifier {
    logs: Vec<Log>,
}

impl Verifier {
    /// How many logs have begun.
    #[must_use]
    pub fn logs(&self) -> usize {
        self.logs.len()
    }

    /// Begins a log. Also done by the first facts of another log than those before.
    pub fn begin(&mut self, file: Arc<str>) {
        self.logs.push(Log::new(file));
    }

    /// Adds what the next chunk shows.
    pub fn add(&mut self, facts: &Facts) {
        if self.logs.last().is_none_or(|log| log.is_other(facts)) {
            self.begin(Arc::clone(&facts.file));
        }
        if let Some(log) = self.logs.last_mut() {
            log.add(facts);
        }
    }

    /// Adds bytes of the log in which its source found no events. Before or after the facts around them.
    pub fn damage(&mut self, damage: Damage) {
        if let Some(log) = self.logs.last_mut() {
            log.damage(damage);
        }
    }

    /// The log could not be read further, for this reason.
    pub fn failed(&mut self, why: String) {
        if let Some(log) = self.logs.last_mut() {
            log.failed(why);
        }
    }

    /// Ends the last log, and says what was found in all of them and between them.
    #[must_use]
    pub fn finish(mut self) -> Report {
        let last = self.logs.len().saturating_sub(1);
        for (index, log) in self.logs.iter_mut().enumerate() {
            log.finish(index == last);
        }
        between::compare(&mut self.logs);
        Report {
            logs: self.logs.into_iter().map(Log::into_report).collect(),
        }
    }
}

/// Whether facts begin a log of their own: a format description at its front.
pub(crate) fn begins_log(facts: &Facts) -> bool {
    facts.own && facts.head.as_ref().is_some_and(|head| head.position == MAGIC_LEN)
}

/// The checksum algorithm before any format description was read.
pub(crate) const UNKNOWN_CHECKSUM: ChecksumAlgorithm = ChecksumAlgorithm::None;

#[cfg(test)]
mod tests;
