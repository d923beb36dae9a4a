//! What becomes of row changes and statements: row changes are collected over whole transactions, merged, and handed to the pool; a
//! transaction with statements, or one that is larger than a chunk, is written on the first connection, by itself.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use binlog_parser::gtid::TransactionGtid;
use binlog_parser::{Chunk, Coordinates, FormatDescription, RawEvent, Rows};

use crate::checkpoint::Checkpoint;
use crate::claims::Claims;
use crate::conflict::OnConflict;
use crate::error::ApplyError;
use crate::framed;
use crate::job::{Changes, Job, Way};
use crate::judge::unsupported;
use crate::merge::Merger;
use crate::options::{ApplierOptions, Via};
use crate::plan::Plan;
use crate::pool::{Failure, Pool};
use crate::progress::Progress;
use crate::target::Target;
use crate::xa;

/// Bytes of events from which on a transaction of the target takes no further one of the source.
const BATCH_LEN: usize = 4 << 20;
/// How often a transaction is tried that others on the target are in the way of.
const ATTEMPTS: u32 = 10;
/// Before the second attempt; before each further one that much longer.
const PAUSE: Duration = Duration::from_millis(50);
/// Rows of jobs that are remembered before those of committed jobs are forgotten.
const MANY_CLAIMS: usize = 1 << 18;

/// Writes to the target.
pub(crate) struct Sink {
    /// The first connection.
    pub(crate) target: Target,
    pub(crate) progress: Progress,
    pool: Pool,
    /// The rows that jobs touch.
    claims: Claims,
    /// From how many on they are looked through.
    many_claims: usize,
    /// Number of the last job.
    jobs: u64,
    /// Row changes that are not handed on yet.
    merger: Merger,
    collected: Collected,
    /// Whether a transaction is open on the first connection.
    open: bool,
    format: Arc<FormatDescription>,
    via: Via,
    /// How row changes under this format description are written; `None` where it is not decided.
    way: Option<Way>,
    /// At most so many transactions of the source.
    limit: u32,
    /// Whether the target has a table for XA transactions that are prepared.
    keeps_prepared: bool,
}

/// What ended and is not committed or handed on yet.
#[derive(Debug, Default)]
struct Collected {
    /// Transactions of the source.
    transactions: u32,
    /// Bytes of events.
    bytes: usize,
}

impl Sink {
    pub(crate) fn new(target: Target, progress: Progress, options: &ApplierOptions) -> Self {
        Self {
            target,
            progress,
            pool: Pool::new(options),
            claims: Claims::default(),
            many_claims: MANY_CLAIMS,
            jobs: 0,
            // What is decided for each change of a row is not the same as for all of them together.
            merger: Merger::new(options.on_conflict == OnConflict::Stop),
            collected: Collected::default(),
            open: false,
            format: Arc::default(),
            via: options.via,
            way: None,
            limit: 1,
            keeps_prepared: false,
        }
    }

    /// Sets how many transactions of the source one of the target takes from now on.
    pub(crate) fn limit(&mut self, transactions: u32) {
        self.limit = transactions;
    }

    /// Says under which format description the next events are, and whether they go on with a transaction.
    pub(crate) fn set_format(&mut self, format: &Arc<FormatDescription>, inside: bool) -> Result<(), ApplyError> {
        if !framed::is_same(&self.format, format) {
            match (inside, self.merger.is_empty()) {
                (_, true) => {}
                (true, false) => self.write_here()?,
                (false, false) => self.hand_on()?,
            }
            self.format = Arc::clone(format);
            self.way = None;
            self.target.set_source(format.flavour());
        }
        Ok(())
    }

    /// Takes the changes of a row event, and returns their number.
    pub(crate) fn rows(
        &mut self,
        plan: &Arc<Plan>,
        chunk: &Chunk,
        raw: &RawEvent<'_>,
        rows: &Rows<'_>,
    ) -> Result<u64, ApplyError> {
        self.collected.bytes += raw.bytes().len();
        let added = self.merger.add(plan, chunk, raw, rows);
        added.map_err(|(offset, error)| chunk.place(raw.error(offset, error)).into())
    }

    /// The connection for a statement of the source's transaction, in which all changes before it are written.
    pub(crate) fn for_statement(&mut self) -> Result<&mut Target, ApplyError> {
        self.write_here()?;
        Ok(&mut self.target)
    }

    /// As [`Self::for_statement`], for events that are put aside: there is a table for them.
    pub(crate) fn for_prepared(&mut self) -> Result<&mut Target, ApplyError> {
        if !self.keeps_prepared {
            self.settle()?;
            xa::prepare(&mut self.target)?;
            self.keeps_prepared = true;
        }
        self.for_statement()
    }

    /// Whether transactions of the source have ended and are not committed.
    pub(crate) fn holds_others(&self) -> bool {
        self.collected.transactions > 0
    }

    /// Undoes the source's transaction, with which nothing else is collected.
    pub(crate) fn roll_back(&mut self) -> Result<(), ApplyError> {
        self.merger.take();
        self.collected = Collected::default();
        if std::mem::take(&mut self.open) {
            self.target.roll_back()?;
        }
        Ok(())
    }

    /// Moves past a transaction of the source, and commits or hands it on where that is due. `alone`: what it did is committed
    /// already.
    pub(crate) fn end(
        &mut self,
        gtid: Option<&TransactionGtid>,
        end: Coordinates,
        alone: bool,
    ) -> Result<(), ApplyError> {
        self.progress.pass(gtid, end);
        self.collected.transactions += 1;
        let full = self.collected.transactions >= self.limit || self.collected.bytes >= BATCH_LEN;
        match (alone, full) {
            (true, _) => self.commit(),
            (false, true) => self.hand_on(),
            (false, false) => Ok(()),
        }
    }

    /// Where the target will stand after that transaction.
    pub(crate) fn after(&self, gtid: Option<&TransactionGtid>, end: Coordinates) -> Checkpoint {
        self.progress.after(gtid, end)
    }

    /// The end of a chunk with a transaction that goes on: where it is large, its changes so far are written, and stay open.
    pub(crate) fn keep_open(&mut self) -> Result<(), ApplyError> {
        if self.collected.bytes >= BATCH_LEN {
            self.collected.bytes = 0;
            self.write_here()?;
        }
        Ok(())
    }

    /// Commits what is written on the first connection, or gives what is collected to the pool. Transactions without changes move the
    /// checkpoint in memory alone.
    pub(crate) fn hand_on(&mut self) -> Result<(), ApplyError> {
        if self.open {
            return self.commit();
        }
        self.collected = Collected::default();
        if self.merger.is_empty() {
            return Ok(());
        }
        let way = self.way()?;
        let (changes, touches) = self.changes();
        self.jobs += 1;
        let job = Arc::new(Job {
            number: self.jobs,
            needs: self.claims.last(&touches),
            way,
            changes,
            checkpoint: self.progress.statement(None),
        });
        self.claims.claim(&touches, self.jobs);
        if self.claims.len() > self.many_claims {
            self.claims.forget(self.pool.committed());
            self.many_claims = MANY_CLAIMS.max(2 * self.claims.len());
        }
        while let Err(failure) = self.pool.submit(&job) {
            self.mend(failure)?;
        }
        Ok(())
    }

    /// Commits all, with the checkpoint.
    pub(crate) fn commit(&mut self) -> Result<(), ApplyError> {
        if self.open {
            self.write_here()?;
        } else {
            self.settle()?;
        }
        self.collected = Collected::default();
        self.progress.store(&mut self.target, None)?;
        if std::mem::take(&mut self.open) {
            self.target.commit()?;
        }
        Ok(())
    }

    /// Waits until all that was collected is committed. The checkpoint may be behind where nothing was changed.
    pub(crate) fn settle(&mut self) -> Result<(), ApplyError> {
        self.hand_on()?;
        self.drain()
    }

    fn drain(&mut self) -> Result<(), ApplyError> {
        while let Err(failure) = self.pool.drain() {
            self.mend(failure)?;
        }
        Ok(())
    }

    /// Writes what is collected in a transaction on the first connection, which stays open.
    fn write_here(&mut self) -> Result<(), ApplyError> {
        let begins = !self.open;
        // Inside of a transaction it would be too late to ask.
        let is_asked = begins && self.via != Via::Events;
        let way = match (self.merger.is_empty(), is_asked) {
            (false, _) => Some(self.way()?),
            (true, true) => self.way().map(|_| None)?,
            (true, false) => None,
        };
        if begins {
            self.drain()?;
            self.target.begin()?;
            self.open = true;
        }
        let Some(way) = way else { return Ok(()) };
        let (changes, _) = self.changes();
        match changes.write(&mut self.target, way) {
            Err(error) if begins && self.may_be_sql(way, &error) => {
                self.target.roll_back()?;
                self.target.begin()?;
                changes.write(&mut self.target, Way::Sql)?;
                changes.refuse_events();
                Ok(())
            }
            written => written,
        }
    }

    /// Whether what was refused as row events may be tried as SQL, which also tells more of what is wrong.
    fn may_be_sql(&self, way: Way, error: &ApplyError) -> bool {
        way == Way::Events && self.via == Via::Auto && error.is_answer()
    }

    fn changes(&mut self) -> (Changes, Vec<crate::claims::Touch>) {
        let (groups, touches) = self.merger.finish();
        let format = Arc::clone(&self.format);
        (Changes { format, groups }, touches)
    }

    /// How row changes are written. The target is asked whether it takes events, if need be.
    fn way(&mut self) -> Result<Way, ApplyError> {
        if let Some(way) = self.way {
            return Ok(way);
        }
        let way = match self.via {
            Via::Sql => Way::Sql,
            Via::Auto if self.target.on_conflict != OnConflict::Stop => Way::Sql,
            Via::Events | Via::Auto if self.format.flavour() == self.target.flavour => self.ask_for_events()?,
            Via::Auto => Way::Sql,
            Via::Events => {
                let why = "the source and the target are of different families";
                return Err(unsupported("row events".to_owned(), why));
            }
        };
        self.way = Some(way);
        Ok(way)
    }

    fn ask_for_events(&mut self) -> Result<Way, ApplyError> {
        let asked = self.target.describe(&self.format);
        match asked {
            Ok(()) => Ok(Way::Events),
            Err(error) if self.via == Via::Auto && error.is_answer() => {
                tracing::info!(reason = error.to_string(), "row changes are written as SQL");
                Ok(Way::Sql)
            }
            Err(error) => Err(error),
        }
    }

    /// Does a job again that failed, on the first connection and alone: as before where others were in its way; as SQL, which
    /// tells what is wrong, where the target refused the events.
    fn mend(&mut self, failure: Failure) -> Result<(), ApplyError> {
        let Failure { job, error, at_commit } = failure;
        if at_commit {
            return Err(error);
        }
        let way = self.redo(&job, error)?;
        if way != job.way {
            job.changes.refuse_events();
        }
        self.pool.mended(&job);
        Ok(())
    }

    /// Commits a job in the way that this returns, or returns why it cannot be.
    fn redo(&mut self, job: &Job, error: ApplyError) -> Result<Way, ApplyError> {
        let (mut way, mut error) = (job.way, error);
        for attempt in 1..=ATTEMPTS {
            if error.is_in_the_way() {
                tracing::info!(reason = error.to_string(), attempt, "a transaction is tried again");
                thread::sleep(PAUSE * attempt);
            } else if self.may_be_sql(way, &error) {
                tracing::info!(reason = error.to_string(), "a transaction is written as SQL");
                way = Way::Sql;
            } else {
                return Err(error);
            }
            match job.write(&mut self.target, way) {
                Ok(()) => {
                    job.commit(&mut self.target, self.progress.name())?;
                    return Ok(way);
                }
                Err(again) => error = again,
            }
            self.target.roll_back()?;
        }
        Err(error)
    }
}
