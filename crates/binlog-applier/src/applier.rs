//! The applier: takes chunks apart into transactions, and these into changes.

use std::fmt;
use std::sync::Arc;

use binlog_parser::event::Event;
use binlog_parser::gtid::{GtidProgress, TransactionGtid};
use binlog_parser::{Chunk, FormatDescription, Query, RawEvent, Rows, Step, TransactionTracker};
use binlog_schema::statement::touched_in_mode;
use binlog_schema::{StatementKind, Touched, Unparsed};

use crate::applied::Applied;
use crate::checkpoint::{self, Checkpoint, OWN_SCHEMA};
use crate::ddl::Ddl;
use crate::error::{ApplyError, ApplyErrorKind};
use crate::intent::Outcome;
use crate::judge::{begins, commits_alone, is_own, refuse_xa, rolls_back, rows_flags, unsupported, without_end, xa};
use crate::load::Files;
use crate::options::ApplierOptions;
use crate::plan::Plans;
use crate::progress::Progress;
use crate::target::Target;
use crate::transaction::{Batch, Current};
use crate::{change, place, statement};

/// Applies chunks to a target.
pub struct Applier {
    target: Target,
    progress: Progress,
    batch: Batch,
    transactions_per_commit: u32,
    tracker: TransactionTracker,
    current: Current,
    plans: Plans,
    files: Files,
    /// The next statement that commits by itself may have been run before.
    again: bool,
    failed: bool,
    /// Whether a transaction was met that the checkpoint does not hold.
    passed: bool,
}

impl fmt::Debug for Applier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Applier")
            .field("progress", &self.progress)
            .finish_non_exhaustive()
    }
}

/// An event and where it stands.
#[derive(Clone, Copy)]
struct At<'a> {
    chunk: &'a Chunk,
    raw: &'a RawEvent<'a>,
    step: Step,
}

impl Applier {
    /// Connects, makes the checkpoint's table where it is missing, and reads the checkpoint. Waits a few
    /// seconds for a predecessor of the same name whose connection has not ended yet. If a statement that
    /// commits by itself was interrupted, finds out whether it was done.
    ///
    /// # Errors
    /// No connection, missing rights, another applier of the same name, an unusable checkpoint, or an
    /// interrupted statement of which nothing tells whether it was done.
    pub fn connect(options: &ApplierOptions) -> Result<Self, ApplyError> {
        let mut target = Target::connect(options)?;
        checkpoint::prepare(&mut target)?;
        let stored = checkpoint::load(&mut target, &options.name)?;
        let mut progress = Progress::new(&options.name, stored.checkpoint, &options.held);
        let outcome = match &stored.intent {
            Some(intent) => Some(intent.resolve(&mut target, &options.name)?),
            None => None,
        };
        if let (Some(Outcome::Done), Some(intent)) = (outcome, stored.intent) {
            tracing::info!(statement = intent.sql, "was done before the interruption");
            intent.disable_events(&mut target)?;
            progress = Progress::new(&options.name, Some(intent.after), &options.held);
            progress.store(&mut target, None)?;
        }
        Ok(Self {
            target,
            progress,
            batch: Batch::default(),
            transactions_per_commit: options.transactions_per_commit.max(1),
            tracker: TransactionTracker::default(),
            current: Current::default(),
            plans: Plans::default(),
            files: Files::default(),
            again: outcome == Some(Outcome::Again),
            failed: false,
            passed: false,
        })
    }

    /// What the target's checkpoint says; `None` where nothing was applied under this name. What is
    /// handled and not committed yet is not in it.
    #[must_use]
    pub fn checkpoint(&self) -> Option<&Checkpoint> {
        self.progress.stored()
    }

    /// GTIDs of all that is on the target, also where it has no checkpoint yet.
    #[must_use]
    pub fn gtids(&self) -> &GtidProgress {
        self.progress.gtids()
    }

    /// Applies a chunk: whole transactions, which are committed at its end, or a piece of a very large
    /// one, which is committed with its last piece. Transactions that the checkpoint holds are skipped.
    ///
    /// # Errors
    /// Nothing of the transaction in which the error happened is on the target once the applier is
    /// dropped, apart from changes to tables without transactions. After an error the applier refuses
    /// everything: connect again.
    pub fn apply(&mut self, chunk: &Chunk) -> Result<Applied, ApplyError> {
        self.guarded(|applier| applier.apply_chunk(chunk))
    }

    /// Stores how far the source was handled, where the target's checkpoint is behind: transactions
    /// of which nothing was kept move it in memory, and are stored with the next change, but no more than once
    /// a second without one. To be called at the end.
    ///
    /// # Errors
    /// As [`Self::apply`].
    pub fn flush(&mut self) -> Result<(), ApplyError> {
        self.guarded(|applier| applier.store_position(applier.progress.is_ahead()))
    }

    /// As [`Self::flush`], but no more than once a second: to be called whenever the source has nothing for now.
    ///
    /// # Errors
    /// As [`Self::apply`].
    pub fn idle(&mut self) -> Result<(), ApplyError> {
        self.guarded(|applier| applier.store_position(applier.progress.is_due()))
    }

    fn store_position(&mut self, wanted: bool) -> Result<(), ApplyError> {
        if wanted && !self.tracker.is_open() {
            self.batch.commit(&mut self.target, &mut self.progress)?;
        }
        Ok(())
    }

    fn guarded<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, ApplyError>) -> Result<T, ApplyError> {
        if self.failed {
            return Err(ApplyErrorKind::Failed.into());
        }
        let done = work(self);
        self.failed = done.is_err();
        done
    }

    fn apply_chunk(&mut self, chunk: &Chunk) -> Result<Applied, ApplyError> {
        self.progress.check_follows(&chunk.file)?;
        let mut applied = Applied::default();
        let mut decoder = chunk.decoder();
        let alone = chunk.unfinished || rolls_back(chunk)?;
        self.batch.limit(if alone { 1 } else { self.transactions_per_commit });
        self.target.set_source(chunk.format.flavour());
        for raw in chunk.events() {
            let raw = raw?;
            let event = decoder.decode(&raw).map_err(|error| chunk.place(error))?;
            self.event(chunk, &raw, &event, decoder.format(), &mut applied)
                .map_err(|error| error.at(|| place::of(chunk, &raw)))?;
        }
        if !chunk.unfinished {
            self.progress.reach(place::end(chunk));
            self.batch.commit_open(&mut self.target, &mut self.progress)?;
            self.store_position(self.progress.is_due())?;
        }
        Ok(applied)
    }

    fn event(
        &mut self,
        chunk: &Chunk,
        raw: &RawEvent<'_>,
        event: &Event<'_>,
        format: &FormatDescription,
        applied: &mut Applied,
    ) -> Result<(), ApplyError> {
        let was_open = self.tracker.is_open();
        let step = self.tracker.step(event);
        let at = At { chunk, raw, step };
        match step {
            Step::Outside => return self.outside(at, event, was_open),
            Step::Begin | Step::Only => self.begin(at, event)?,
            Step::Inside | Step::End if begins(event) => return Err(without_end()),
            Step::Inside | Step::End => {}
        }
        if !self.current.skip {
            self.change(at, event, format, applied)?;
        }
        if matches!(step, Step::End | Step::Only) {
            self.end(at, applied)?;
        }
        Ok(())
    }

    fn outside(&mut self, at: At<'_>, event: &Event<'_>, was_open: bool) -> Result<(), ApplyError> {
        match event {
            Event::Incident(incident) => Err(unsupported(
                format!(
                    "INCIDENT {} ({})",
                    incident.incident,
                    String::from_utf8_lossy(incident.message)
                ),
                "the source lost changes; copy it anew",
            )),
            Event::FormatDescription(format) => {
                self.target.set_source(format.flavour());
                if was_open && format.created != 0 {
                    Err(without_end())
                } else {
                    Ok(())
                }
            }
            Event::PreviousGtids(previous) => {
                let place = place::after(at.chunk, at.raw);
                self.progress.learn(GtidProgress::MySql(previous.gtids.clone()), &place)
            }
            Event::MariaDbGtidList(list) => {
                let place = place::after(at.chunk, at.raw);
                let position = list.gtids.iter().copied().collect();
                self.progress.learn(GtidProgress::MariaDb(position), &place)
            }
            Event::Unknown(_) => Err(unsupported("this event".to_owned(), "its type is not known")),
            _ => Ok(()),
        }
    }

    /// Says that the source begins after the checkpoint: what comes is new.
    pub fn expect_new(&mut self) {
        self.passed = true;
    }

    fn begin(&mut self, at: At<'_>, event: &Event<'_>) -> Result<(), ApplyError> {
        if matches!(event, Event::Rows(_) | Event::TableMap(_) | Event::Xid(_)) {
            let why = "the transaction begins before the first event that was given";
            return Err(unsupported("this event".to_owned(), why));
        }
        let gtid = TransactionGtid::of(event);
        if let Some(gtid) = &gtid {
            self.progress.check(gtid)?;
        }
        let skip = self.progress.holds(gtid.as_ref(), &place::after(at.chunk, at.raw));
        if let (true, true, Some(TransactionGtid::MariaDb(gtid))) = (skip, self.passed, &gtid) {
            return Err(ApplyErrorKind::OutOfOrder { gtid: *gtid }.into());
        }
        self.current = Current {
            gtid,
            skip,
            ..Current::default()
        };
        Ok(())
    }

    fn end(&mut self, at: At<'_>, applied: &mut Applied) -> Result<(), ApplyError> {
        let current = std::mem::take(&mut self.current);
        if current.skip {
            applied.skipped += 1;
            return Ok(());
        }
        applied.transactions += 1;
        self.passed = true;
        let end = place::after(at.chunk, at.raw);
        self.batch.end(&mut self.target, &mut self.progress, &current, end)
    }

    fn change(
        &mut self,
        at: At<'_>,
        event: &Event<'_>,
        format: &FormatDescription,
        applied: &mut Applied,
    ) -> Result<(), ApplyError> {
        match event {
            Event::Query(query) => self.query(at, query, applied)?,
            Event::Rows(rows) => self.rows(at, rows, format, applied)?,
            Event::Intvar(intvar) => self.target.session.intvar(intvar),
            Event::Rand(rand) => self.target.session.rand(rand),
            Event::UserVar(variable) => {
                let noted = self.target.session.user_var(variable);
                noted.map_err(|error| ApplyErrorKind::Session { error })?;
            }
            Event::AppendBlock(block) => self.files.append(block)?,
            Event::DeleteFile { file_id } => self.files.delete(*file_id),
            Event::ExecuteLoadQuery(load) => {
                self.open(at)?;
                self.files.load(&mut self.target, load, at.raw.header.timestamp)?;
                applied.statements += 1;
            }
            Event::MariaDbGtid(gtid) => refuse_xa(gtid.flags)?,
            Event::Gtid(_)
            | Event::Xid(_)
            | Event::TableMap(_)
            | Event::RowsQuery(_)
            | Event::Slave(_)
            | Event::TransactionContext(_)
            | Event::ViewChange(_)
            | Event::Ignorable(_) => {}
            Event::XaPrepare(_) => return Err(xa()),
            Event::TransactionPayload(_) => {
                return Err(unsupported(
                    "this event".to_owned(),
                    "the source was told to leave it compressed",
                ));
            }
            Event::Unknown(_) => return Err(unsupported("this event".to_owned(), "its type is not known")),
            _ => {
                return Err(unsupported(
                    "this event".to_owned(),
                    "its form is too old or too new to be applied",
                ));
            }
        }
        Ok(())
    }

    fn open(&mut self, at: At<'_>) -> Result<(), ApplyError> {
        self.current.changed = true;
        self.batch.open(&mut self.target, at.raw.bytes().len())
    }

    fn rows(
        &mut self,
        at: At<'_>,
        rows: &Rows<'_>,
        format: &FormatDescription,
        applied: &mut Applied,
    ) -> Result<(), ApplyError> {
        if *rows.table.schema == *OWN_SCHEMA {
            applied.skipped += 1;
            return Ok(());
        }
        let flags = rows_flags(rows.flags);
        change::set_session(&mut self.target, flags, at.raw.header.timestamp)?;
        let plan = self.plans.plan(&mut self.target, &rows.table, format.flavour())?;
        self.open(at)?;
        let rows = Rows {
            table: Arc::clone(&plan.map),
            ..rows.clone()
        };
        applied.rows += change::apply(&mut self.target, &plan, at.chunk, at.raw, &rows)?;
        Ok(())
    }

    fn query(&mut self, at: At<'_>, query: &Query<'_>, applied: &mut Applied) -> Result<(), ApplyError> {
        if query.is("BEGIN") || query.is("COMMIT") || !query.takes_effect() {
            return Ok(());
        }
        if query.is("ROLLBACK") {
            return self.roll_back();
        }
        let schema = String::from_utf8_lossy(query.schema);
        let mode = query.status.sql_mode.unwrap_or_default();
        let touched = touched_in_mode(query.sql, &schema, self.target.source(), mode);
        if is_own(&touched)? {
            applied.skipped += 1;
            return Ok(());
        }
        applied.statements += 1;
        match &touched {
            Ok(what) if what.kind == StatementKind::Xa => Err(xa()),
            Ok(what) if !what.commits_implicitly() && !commits_alone(what) => {
                self.open(at)?;
                statement::run(&mut self.target, query, query.sql, at.raw.header.timestamp)
            }
            _ => self.ddl(at, query, &touched),
        }
    }

    fn roll_back(&mut self) -> Result<(), ApplyError> {
        if self.batch.holds_others() {
            return Err(unsupported(
                "ROLLBACK".to_owned(),
                "the transaction shares the target's with others",
            ));
        }
        self.batch.roll_back(&mut self.target)
    }

    fn ddl(&mut self, at: At<'_>, query: &Query<'_>, touched: &Result<Touched, Unparsed>) -> Result<(), ApplyError> {
        if self.current.changed {
            let what = format!("the statement {}", statement::excerpt(query.sql));
            return Err(unsupported(what, "it commits by itself in the middle of a transaction"));
        }
        self.batch.commit_open(&mut self.target, &mut self.progress)?;
        let gtid = self.current.gtid.as_ref();
        let ends = matches!(at.step, Step::End | Step::Only);
        let after = ends.then(|| self.progress.after(gtid, place::after(at.chunk, at.raw)));
        let again = std::mem::take(&mut self.again);
        let ddl = Ddl {
            query,
            touched,
            timestamp: at.raw.header.timestamp,
            after,
            again,
        };
        ddl.run(&mut self.target, &mut self.progress)?;
        self.plans.clear();
        self.current.alone = true;
        Ok(())
    }
}
