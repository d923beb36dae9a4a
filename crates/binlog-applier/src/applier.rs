//! The applier: takes chunks apart into transactions, and these into changes.

use std::fmt;
use std::sync::Arc;

use binlog_parser::event::{Event, MariaDbGtidFlags, XaPrepare};
use binlog_parser::gtid::{GtidProgress, TransactionGtid};
use binlog_parser::{Chunk, Decoder, FormatDescription, Query, RawEvent, Rows, Run, Step, TransactionTracker};
use binlog_schema::statement::touched_in_mode;
use binlog_schema::{StatementKind, Touched, Unparsed};
use bytes::Bytes;

use crate::applied::Applied;
use crate::checkpoint::{self, Checkpoint, OWN_SCHEMA};
use crate::ddl::Ddl;
use crate::error::{ApplyError, ApplyErrorKind};
use crate::intent::Outcome;
use crate::judge::{Foresight, begins, commits_alone, is_own, unsupported, without_end};
use crate::load::Files;
use crate::options::ApplierOptions;
use crate::plan::Plans;
use crate::progress::Progress;
use crate::sink::Sink;
use crate::target::Target;
use crate::transaction::Current;
use crate::xa::{self, Stash, XaStatement};
use crate::{place, statement};

/// Applies chunks to a target.
pub struct Applier {
    sink: Sink,
    transactions_per_commit: u32,
    tracker: TransactionTracker,
    current: Current,
    plans: Plans,
    files: Files,
    /// The XA transaction that is being read.
    stash: Option<Stash>,
    /// The next statement that commits by itself may have been run before.
    again: bool,
    failed: bool,
    /// Whether a transaction was met that the checkpoint does not hold.
    passed: bool,
}

impl fmt::Debug for Applier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Applier")
            .field("progress", &self.sink.progress)
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
        let mut progress = Progress::new(&options.name, stored.checkpoint, stored.row.clone(), &options.held);
        let outcome = match &stored.intent {
            Some(intent) => Some(intent.resolve(&mut target, &options.name)?),
            None => None,
        };
        if let (Some(Outcome::Done), Some(intent)) = (outcome, stored.intent) {
            tracing::info!(statement = intent.sql, "was done before the interruption");
            intent.disable_events(&mut target)?;
            progress = Progress::new(&options.name, Some(intent.after), stored.row, &options.held);
            progress.store(&mut target, None)?;
        }
        Ok(Self {
            sink: Sink::new(target, progress, options),
            transactions_per_commit: options.transactions_per_commit.max(1),
            tracker: TransactionTracker::default(),
            current: Current::default(),
            plans: Plans::default(),
            files: Files::default(),
            stash: None,
            again: outcome == Some(Outcome::Again),
            failed: false,
            passed: false,
        })
    }

    /// What the target's checkpoint says once all that is under way is committed; `None` where nothing was applied under
    /// this name.
    #[must_use]
    pub fn checkpoint(&self) -> Option<&Checkpoint> {
        self.sink.progress.stored()
    }

    /// GTIDs of all that is on the target or under way, also where it has no checkpoint yet.
    #[must_use]
    pub fn gtids(&self) -> &GtidProgress {
        self.sink.progress.gtids()
    }

    /// Applies a chunk: whole transactions, which are on their way to the target at its end, or a piece of a very large
    /// one, which is committed with its last piece. Transactions that the checkpoint holds are skipped.
    /// [`Self::idle`] and [`Self::flush`] wait until all is committed.
    ///
    /// # Errors
    /// Also those of chunks before, which were under way. Nothing of the transaction in which the error happened is on the target once the applier is
    /// dropped, apart from changes to tables without transactions. After an error the applier refuses
    /// everything: connect again.
    pub fn apply(&mut self, chunk: &Chunk) -> Result<Applied, ApplyError> {
        self.guarded(|applier| applier.apply_chunk(chunk))
    }

    /// Waits until everything is committed, and stores how far the source was handled, where the target's checkpoint is
    /// behind: transactions of which nothing was kept move it in memory, and are stored with the next change, but no more than
    /// once a second without one. To be called at the end.
    ///
    /// # Errors
    /// As [`Self::apply`].
    pub fn flush(&mut self) -> Result<(), ApplyError> {
        self.guarded(|applier| {
            let wanted = applier.sink.progress.is_ahead();
            applier.store_position(wanted)
        })
    }

    /// As [`Self::flush`], but stores no more than once a second: to be called whenever the source has nothing for now.
    ///
    /// # Errors
    /// As [`Self::apply`].
    pub fn idle(&mut self) -> Result<(), ApplyError> {
        self.guarded(|applier| {
            let wanted = applier.sink.progress.is_due();
            applier.store_position(wanted)
        })
    }

    fn store_position(&mut self, wanted: bool) -> Result<(), ApplyError> {
        match (self.tracker.is_open(), wanted) {
            (true, _) => Ok(()),
            (false, true) => self.sink.commit(),
            (false, false) => self.sink.settle(),
        }
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
        self.sink.progress.check_follows(&chunk.file)?;
        let mut applied = Applied::default();
        let mut decoder = chunk.decoder();
        let foresight = Foresight::of(chunk)?;
        self.sink.limit(match foresight.rolls_back {
            true => 1,
            false => self.transactions_per_commit,
        });
        self.sink.set_format(&chunk.format, self.tracker.is_open())?;
        for raw in chunk.events() {
            let raw = raw?;
            if foresight.open_from == Some(raw.offset) && !self.tracker.is_open() {
                self.sink.hand_on()?;
            }
            let event = decoder.decode(&raw).map_err(|error| chunk.place(error))?;
            self.event(chunk, &raw, &event, decoder.format(), &mut applied)
                .map_err(|error| error.at(|| place::of(chunk, &raw)))?;
        }
        if chunk.unfinished {
            self.sink.keep_open()?;
        } else {
            self.sink.progress.reach(place::end(chunk));
            self.sink.hand_on()?;
            if self.sink.progress.is_due() {
                self.sink.commit()?;
            }
        }
        Ok(applied)
    }

    fn event(
        &mut self,
        chunk: &Chunk,
        raw: &RawEvent<'_>,
        event: &Event<'_>,
        format: &Arc<FormatDescription>,
        applied: &mut Applied,
    ) -> Result<(), ApplyError> {
        let was_open = self.tracker.is_open();
        let step = self.tracker.step(event);
        let at = At { chunk, raw, step };
        match step {
            Step::Outside => return self.outside(at, event, format, was_open),
            Step::Begin | Step::Only => self.begin(at, event)?,
            Step::Inside | Step::End if begins(event) => return Err(without_end()),
            Step::Inside | Step::End => {}
        }
        if !self.current.skip && !self.xa(at, event, format, applied)? {
            self.change(at, event, format, applied)?;
        }
        if matches!(step, Step::End | Step::Only) {
            self.end(at, applied)?;
        }
        Ok(())
    }

    fn outside(
        &mut self,
        at: At<'_>,
        event: &Event<'_>,
        format: &Arc<FormatDescription>,
        was_open: bool,
    ) -> Result<(), ApplyError> {
        match event {
            Event::Incident(incident) => Err(unsupported(
                format!(
                    "INCIDENT {} ({})",
                    incident.incident,
                    String::from_utf8_lossy(incident.message)
                ),
                "the source lost changes; copy it anew",
            )),
            Event::FormatDescription(new) if was_open && new.created != 0 => Err(without_end()),
            Event::FormatDescription(_) => self.sink.set_format(format, was_open),
            Event::PreviousGtids(previous) => {
                let place = place::after(at.chunk, at.raw);
                self.sink
                    .progress
                    .learn(GtidProgress::MySql(previous.gtids.clone()), &place)
            }
            Event::MariaDbGtidList(list) => {
                let place = place::after(at.chunk, at.raw);
                let position = list.gtids.iter().copied().collect();
                self.sink.progress.learn(GtidProgress::MariaDb(position), &place)
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
            self.sink.progress.check(gtid)?;
        }
        let skip = self.sink.progress.holds(gtid.as_ref(), &place::after(at.chunk, at.raw));
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
        self.sink.end(current.gtid.as_ref(), end, current.alone)
    }

    /// Takes what belongs to an XA transaction; `false` for all else.
    fn xa(
        &mut self,
        at: At<'_>,
        event: &Event<'_>,
        format: &Arc<FormatDescription>,
        applied: &mut Applied,
    ) -> Result<bool, ApplyError> {
        let statement = match event {
            Event::Query(query) => XaStatement::of(query.sql),
            _ => None,
        };
        match (event, statement) {
            (Event::MariaDbGtid(gtid), _) if gtid.flags.contains(MariaDbGtidFlags::PREPARED_XA) => {
                self.stash = Some(Stash::begin(format)?);
            }
            (_, Some(XaStatement::Frame { starts: true })) if self.stash.is_none() => {
                self.stash = Some(Stash::begin(format)?);
            }
            (_, Some(XaStatement::Frame { .. })) => {}
            (_, Some(XaStatement::Completes { xid, commits })) => self.complete(at, &xid, commits, applied)?,
            (Event::XaPrepare(prepare), _) => self.prepared(at, prepare, applied)?,
            _ => return self.stashed(at),
        }
        Ok(true)
    }

    /// Puts the event aside, if it belongs to an XA transaction.
    fn stashed(&mut self, at: At<'_>) -> Result<bool, ApplyError> {
        let Some(stash) = &mut self.stash else {
            return Ok(false);
        };
        stash.push(at.raw);
        if stash.is_large() {
            self.current.changed = true;
            let name = self.sink.progress.name().to_owned();
            stash.store(self.sink.for_prepared()?, &name)?;
        }
        Ok(true)
    }

    /// The first phase of an XA transaction, or its only one, ends.
    fn prepared(&mut self, at: At<'_>, prepare: &XaPrepare, applied: &mut Applied) -> Result<(), ApplyError> {
        let Some(mut stash) = self.stash.take() else {
            return Err(unsupported("XA PREPARE".to_owned(), "its transaction has no beginning"));
        };
        if let (true, Some(events)) = (prepare.one_phase, stash.events()) {
            let format = Arc::clone(&at.chunk.format);
            self.replay(at, Bytes::copy_from_slice(events), &mut Decoder::new(format), applied)?;
            return Ok(());
        }
        self.current.changed = true;
        let (name, xid) = (self.sink.progress.name().to_owned(), xa::name_of(&prepare.xid));
        let target = self.sink.for_prepared()?;
        stash.store(target, &name)?;
        xa::keep(target, &name, &xid)?;
        match prepare.one_phase {
            true => self.complete(at, &xid, true, applied),
            false => Ok(()),
        }
    }

    /// Applies the events of a prepared XA transaction, or forgets them.
    fn complete(&mut self, at: At<'_>, xid: &str, commits: bool, applied: &mut Applied) -> Result<(), ApplyError> {
        self.current.changed = true;
        let name = self.sink.progress.name().to_owned();
        let (mut part, mut rest) = (0, Vec::new());
        let mut decoder = Decoder::new(Arc::clone(&at.chunk.format));
        self.sink.for_prepared()?;
        while let Some(more) = xa::part(&mut self.sink.target, &name, xid, part)? {
            rest.extend(more);
            part += 1;
            if commits {
                let whole = xa::whole_events(&rest, decoder.format());
                let events: Vec<u8> = rest.drain(..whole).collect();
                self.replay(at, events.into(), &mut decoder, applied)?;
                self.sink.keep_open()?;
            }
        }
        if part == 0 && commits {
            return Err(xa::unknown(xid));
        }
        xa::forget(self.sink.for_statement()?, &name, xid)
    }

    /// Applies events that were put aside, as if they stood here.
    fn replay(
        &mut self,
        at: At<'_>,
        events: Bytes,
        decoder: &mut Decoder,
        applied: &mut Applied,
    ) -> Result<(), ApplyError> {
        let chunk = Chunk {
            format: Arc::clone(decoder.format()),
            runs: vec![Run {
                bytes: events,
                offset: at.raw.offset,
                packed: false,
            }],
            ..at.chunk.clone()
        };
        for raw in chunk.events() {
            let raw = raw?;
            let event = decoder.decode(&raw).map_err(|error| chunk.place(error))?;
            if !matches!(event, Event::FormatDescription(_)) {
                let inside = At {
                    chunk: &chunk,
                    raw: &raw,
                    step: Step::Inside,
                };
                self.change(inside, &event, &Arc::clone(decoder.format()), applied)?;
            }
        }
        Ok(())
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
            Event::Intvar(intvar) => self.sink.target.session.intvar(intvar),
            Event::Rand(rand) => self.sink.target.session.rand(rand),
            Event::UserVar(variable) => {
                let noted = self.sink.target.session.user_var(variable);
                noted.map_err(|error| ApplyErrorKind::Session { error })?;
            }
            Event::AppendBlock(block) => self.files.append(block)?,
            Event::DeleteFile { file_id } => self.files.delete(*file_id),
            Event::ExecuteLoadQuery(load) => {
                self.current.changed = true;
                let target = self.sink.for_statement()?;
                self.files.load(target, load, at.raw.header.timestamp)?;
                applied.statements += 1;
            }
            Event::Gtid(_)
            | Event::MariaDbGtid(_)
            | Event::Xid(_)
            | Event::TableMap(_)
            | Event::RowsQuery(_)
            | Event::Slave(_)
            | Event::TransactionContext(_)
            | Event::ViewChange(_)
            | Event::Ignorable(_) => {}
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
        let plan = self.plans.plan(&mut self.sink.target, &rows.table, format.flavour())?;
        self.current.changed = true;
        let rows = Rows {
            table: Arc::clone(&plan.map),
            ..rows.clone()
        };
        applied.rows += self.sink.rows(&plan, at.chunk, at.raw, &rows)?;
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
        let touched = touched_in_mode(query.sql, &schema, self.sink.target.source(), mode);
        if is_own(&touched)? {
            applied.skipped += 1;
            return Ok(());
        }
        applied.statements += 1;
        match &touched {
            Ok(what) if what.kind == StatementKind::Xa => {
                let what = statement::excerpt(query.sql);
                Err(unsupported(what, "servers do not write it so to their logs"))
            }
            Ok(what) if !what.commits_implicitly() && !commits_alone(what) => {
                self.current.changed = true;
                let target = self.sink.for_statement()?;
                statement::run(target, query, query.sql, at.raw.header.timestamp)
            }
            _ => self.ddl(at, query, &touched),
        }
    }

    fn roll_back(&mut self) -> Result<(), ApplyError> {
        if self.sink.holds_others() {
            return Err(unsupported(
                "ROLLBACK".to_owned(),
                "the transaction shares the target's with others",
            ));
        }
        self.sink.roll_back()
    }

    fn ddl(&mut self, at: At<'_>, query: &Query<'_>, touched: &Result<Touched, Unparsed>) -> Result<(), ApplyError> {
        if self.current.changed {
            let what = format!("the statement {}", statement::excerpt(query.sql));
            return Err(unsupported(what, "it commits by itself in the middle of a transaction"));
        }
        self.sink.settle()?;
        let gtid = self.current.gtid.as_ref();
        let ends = matches!(at.step, Step::End | Step::Only);
        let after = ends.then(|| self.sink.after(gtid, place::after(at.chunk, at.raw)));
        let again = std::mem::take(&mut self.again);
        let ddl = Ddl {
            query,
            touched,
            timestamp: at.raw.header.timestamp,
            after,
            again,
        };
        ddl.run(&mut self.sink.target, &mut self.sink.progress)?;
        self.plans.clear();
        self.current.alone = true;
        Ok(())
    }
}
