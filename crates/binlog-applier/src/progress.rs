//! How far the source was handled, and how much of that the target's row says.

use std::time::{Duration, Instant};

use binlog_parser::Coordinates;
use binlog_parser::gtid::{GtidProgress, TransactionGtid};

use crate::checkpoint::{self, Checkpoint};
use crate::error::{ApplyError, ApplyErrorKind};
use crate::intent::Intent;
use crate::target::Target;

/// The checkpoint of one name.
#[derive(Debug)]
pub(crate) struct Progress {
    name: String,
    /// Up to here all is done, or in the target's open transaction.
    now: Checkpoint,
    /// As stored, once all that is under way is committed; `None` where nothing was.
    stored: Option<Checkpoint>,
    /// The target's row then.
    row: Option<checkpoint::Row>,
    stored_at: Instant,
}

/// A position alone, without changes, is stored so often at most.
const POSITION_EVERY: Duration = Duration::from_secs(1);

impl Progress {
    /// `held` counts where nothing was stored. `row` is what the target has.
    pub(crate) fn new(
        name: &str,
        stored: Option<Checkpoint>,
        row: Option<checkpoint::Row>,
        held: &GtidProgress,
    ) -> Self {
        let before_all = || Checkpoint {
            gtids: held.clone(),
            ..Checkpoint::default()
        };
        Self {
            name: name.to_owned(),
            now: stored.clone().unwrap_or_else(before_all),
            stored,
            row,
            stored_at: Instant::now(),
        }
    }

    /// GTIDs of all that is done.
    pub(crate) fn gtids(&self) -> &GtidProgress {
        &self.now.gtids
    }

    /// What the target's row says.
    pub(crate) fn stored(&self) -> Option<&Checkpoint> {
        self.stored.as_ref()
    }

    /// Whether the transaction with this GTID, whose first event ends there, is done already.
    pub(crate) fn holds(&self, gtid: Option<&TransactionGtid>, first_end: &Coordinates) -> bool {
        self.now.holds(gtid, first_end)
    }

    /// An error where the GTID is not of the family of servers that the checkpoint is of.
    pub(crate) fn check(&self, gtid: &TransactionGtid) -> Result<(), ApplyError> {
        if self.now.fits(gtid) {
            return Ok(());
        }
        let why = format!("its GTIDs ({}) are not of the kind of {gtid}", self.now.gtids);
        Err(ApplyErrorKind::Checkpoint {
            name: self.name.clone(),
            why,
        }
        .into())
    }

    /// Learns which GTIDs all logs before a place hold.
    pub(crate) fn learn(&mut self, earlier: GtidProgress, place: &Coordinates) -> Result<(), ApplyError> {
        let learned = self.now.learn(earlier, place);
        learned.map_err(|earlier| {
            let (held, earlier) = (self.now.gtids.to_string(), earlier.to_string());
            ApplyErrorKind::Gap { held, earlier }.into()
        })
    }

    /// An error where logs lie between the place reached and the log that comes. Where GTIDs are known they tell
    /// more: see [`Self::learn`].
    pub(crate) fn check_follows(&self, file: &str) -> Result<(), ApplyError> {
        if self.now.gtids.is_empty() && checkpoint::skips_logs(&self.now.coordinates.file, file) {
            let (from, to) = (self.now.coordinates.to_string(), file.to_owned());
            return Err(ApplyErrorKind::MissingLogs { from, to }.into());
        }
        Ok(())
    }

    /// Moves past a transaction.
    pub(crate) fn pass(&mut self, gtid: Option<&TransactionGtid>, end: Coordinates) {
        self.now.pass(gtid, end);
    }

    /// Where the target will stand after that transaction.
    pub(crate) fn after(&self, gtid: Option<&TransactionGtid>, end: Coordinates) -> Checkpoint {
        let mut after = self.now.clone();
        after.pass(gtid, end);
        after
    }

    /// Moves to the end of a chunk.
    pub(crate) fn reach(&mut self, place: Coordinates) {
        self.now.reach(place);
    }

    /// Whether the target's row is behind.
    pub(crate) fn is_ahead(&self) -> bool {
        !self.now.coordinates.file.is_empty() && self.stored.as_ref() != Some(&self.now)
    }

    /// Whether the target's row is behind, and has been for a while.
    pub(crate) fn is_due(&self) -> bool {
        self.is_ahead() && self.stored_at.elapsed() >= POSITION_EVERY
    }

    /// Writes the row. It counts as stored: an error makes the applier useless.
    pub(crate) fn store(&mut self, target: &mut Target, intent: Option<&Intent>) -> Result<(), ApplyError> {
        let statement = self.statement(intent);
        target.store(&statement, &self.name)
    }

    /// The statement that writes the row, to be run after those that were given out before. It counts as stored.
    pub(crate) fn statement(&mut self, intent: Option<&Intent>) -> String {
        let row = checkpoint::Row::from(&self.now);
        let statement = checkpoint::store(&self.name, self.row.as_ref(), &row, intent);
        self.row = Some(row);
        self.stored_at = Instant::now();
        self.stored = (!self.now.coordinates.file.is_empty()).then(|| self.now.clone());
        statement
    }

    /// Name of the checkpoint.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}
