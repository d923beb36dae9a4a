//! What applying would do, and what would stop it: told by the log and by questions to the target, which is not changed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use binlog_parser::event::{Event, RowsKind};
use binlog_parser::gtid::{GtidProgress, TransactionGtid};
use binlog_parser::{Chunk, Coordinates, FormatDescription, Query, RawEvent, Row, Rows, Step, TransactionTracker};
use binlog_schema::statement::touched_in_mode;
use binlog_schema::{Object, TableName};

use crate::checkpoint::{self, OWN_SCHEMA};
use crate::error::{ApplyError, ApplyErrorKind};
use crate::options::{ApplierOptions, Via};
use crate::place;
use crate::plan::Plan;
use crate::progress::Progress;
use crate::table::Layout;
use crate::target::Target;

/// Looks at what is to be applied.
pub struct Preflight {
    target: Target,
    options: ApplierOptions,
    progress: Progress,
    tracker: TransactionTracker,
    /// Whether the transaction that is looked at is on the target already.
    skips: bool,
    /// Whether the format description was given to the target, and why it does not take events.
    events: Option<Result<(), String>>,
    /// What is known of tables; `None` of those that the logs make or change before their rows.
    tables: BTreeMap<TableName, Option<Known>>,
    findings: Findings,
}

/// A table on the target.
struct Known {
    layout: Layout,
    /// The last table map and the plan for it.
    plan: Option<Arc<Plan>>,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Findings {
    /// Where the target stands; `None` where nothing was applied under this name.
    pub stands: Option<Coordinates>,
    /// Transactions that would be applied.
    pub transactions: u64,
    /// Transactions that the target has already.
    pub skipped: u64,
    /// Statements that would be run.
    pub statements: u64,
    /// Row changes, by tables.
    pub rows: BTreeMap<String, RowCounts>,
    /// Where the first of the transactions begins.
    pub from: Option<Coordinates>,
    /// Where the last one ends.
    pub to: Option<Coordinates>,
    /// How row changes would be written.
    pub way: Option<String>,
    /// What would stop it.
    pub obstacles: BTreeSet<String>,
    /// What should be known beforehand.
    pub remarks: BTreeSet<String>,
}

/// What the source's changes may need.
const RIGHTS: [&str; 7] = ["INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "ALTER", "INDEX"];

/// Row changes of one table.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct RowCounts {
    /// Rows that are inserted.
    pub inserts: u64,
    /// Rows that are updated.
    pub updates: u64,
    /// Rows that are deleted.
    pub deletes: u64,
}

impl fmt::Debug for Preflight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Preflight")
            .field("findings", &self.findings)
            .finish_non_exhaustive()
    }
}

impl Preflight {
    /// Connects, and reads the checkpoint, if there is one. Nothing is made.
    ///
    /// # Errors
    /// No connection, or an unusable checkpoint.
    pub fn connect(options: &ApplierOptions) -> Result<Self, ApplyError> {
        let mut target = Target::connect_to_look(options)?;
        let stored = checkpoint::look(&mut target, &options.name)?;
        let mut findings = Findings {
            stands: stored
                .checkpoint
                .as_ref()
                .map(|checkpoint| checkpoint.coordinates.clone()),
            ..Findings::default()
        };
        if stored.intent.is_some() {
            let remark = "a statement that commits by itself was interrupted: connecting finds out whether it was done";
            findings.remarks.insert(remark.to_owned());
        }
        if target.is_read_only()? {
            findings.obstacles.insert("the target is read-only".to_owned());
        }
        let missing = target.missing_rights(&RIGHTS)?;
        if !missing.is_empty() {
            findings.remarks.insert(format!(
                "the account has not on everything: {}; it may have it on what is changed",
                missing.join(", ")
            ));
        }
        Ok(Self {
            progress: Progress::new(&options.name, stored.checkpoint, stored.row, &options.held),
            target,
            options: options.clone(),
            tracker: TransactionTracker::default(),
            skips: false,
            events: None,
            tables: BTreeMap::new(),
            findings,
        })
    }

    /// GTIDs of all that is on the target.
    #[must_use]
    pub fn gtids(&self) -> &GtidProgress {
        self.progress.gtids()
    }

    /// Looks at what comes next.
    ///
    /// # Errors
    /// An event that cannot be read, or a target that does not answer.
    pub fn look(&mut self, chunk: &Chunk) -> Result<(), ApplyError> {
        if let Err(error) = self.progress.check_follows(&chunk.file) {
            self.stop(&error);
        }
        let mut decoder = chunk.decoder();
        for raw in chunk.events() {
            let raw = raw?;
            let event = decoder.decode(&raw).map_err(|error| chunk.place(error))?;
            self.event(chunk, &raw, &event, decoder.format())?;
        }
        Ok(())
    }

    /// What was found so far.
    #[must_use]
    pub fn findings(mut self) -> Findings {
        self.findings.way = match (&self.events, self.findings.rows.is_empty()) {
            (_, true) => None,
            (Some(Ok(())), _) => Some("as row events".to_owned()),
            (Some(Err(why)), _) => Some(format!("as SQL: {why}")),
            (None, _) => Some("as SQL".to_owned()),
        };
        self.findings
    }

    fn stop(&mut self, error: &ApplyError) {
        self.findings.obstacles.insert(error.to_string());
    }

    fn event(
        &mut self,
        chunk: &Chunk,
        raw: &RawEvent<'_>,
        event: &Event<'_>,
        format: &Arc<FormatDescription>,
    ) -> Result<(), ApplyError> {
        let step = self.tracker.step(event);
        if matches!(step, Step::Begin | Step::Only) {
            self.begin(chunk, raw, event);
        }
        match event {
            Event::PreviousGtids(previous) => {
                let earlier = GtidProgress::MySql(previous.gtids.clone());
                self.learn(earlier, chunk, raw);
            }
            Event::MariaDbGtidList(list) => {
                let earlier = GtidProgress::MariaDb(list.gtids.iter().copied().collect());
                self.learn(earlier, chunk, raw);
            }
            Event::Rows(rows) if !self.skips => self.rows(chunk, raw, rows, format)?,
            Event::Query(query) if !self.skips => self.statement(query, format),
            Event::Incident(_) => {
                let place = place::of(chunk, raw);
                self.findings
                    .obstacles
                    .insert(format!("{place}: the source lost changes here"));
            }
            _ => {}
        }
        if matches!(step, Step::End | Step::Only) {
            match self.skips {
                true => self.findings.skipped += 1,
                false => {
                    self.findings.transactions += 1;
                    self.findings.to = Some(place::after(chunk, raw));
                }
            }
        }
        Ok(())
    }

    fn begin(&mut self, chunk: &Chunk, raw: &RawEvent<'_>, event: &Event<'_>) {
        let gtid = TransactionGtid::of(event);
        self.skips = self.progress.holds(gtid.as_ref(), &place::after(chunk, raw));
        if !self.skips && self.findings.from.is_none() {
            self.findings.from = Some(Coordinates {
                file: chunk.file.to_string(),
                position: raw.offset,
            });
        }
    }

    fn learn(&mut self, earlier: GtidProgress, chunk: &Chunk, raw: &RawEvent<'_>) {
        if let Err(error) = self.progress.learn(earlier, &place::after(chunk, raw)) {
            self.stop(&error);
        }
    }

    /// Tables that a statement makes or changes are not what they are on the target now.
    fn statement(&mut self, query: &Query<'_>, format: &Arc<FormatDescription>) {
        if query.is("BEGIN") || query.is("COMMIT") || query.is("ROLLBACK") || !query.takes_effect() {
            return;
        }
        let schema = String::from_utf8_lossy(query.schema);
        let mode = query.status.sql_mode.unwrap_or_default();
        let Ok(touched) = touched_in_mode(query.sql, &schema, format.flavour(), mode) else {
            self.findings.statements += 1;
            return;
        };
        if touched.writes.iter().any(|object| object.schema() == Some(OWN_SCHEMA)) {
            return;
        }
        self.findings.statements += 1;
        if touched.kind.is_ddl() {
            for object in &touched.writes {
                if let Object::Table(name) = object {
                    self.tables.insert(name.clone(), None);
                }
            }
        }
    }

    fn rows(
        &mut self,
        chunk: &Chunk,
        raw: &RawEvent<'_>,
        rows: &Rows<'_>,
        format: &Arc<FormatDescription>,
    ) -> Result<(), ApplyError> {
        if *rows.table.schema == *OWN_SCHEMA {
            return Ok(());
        }
        let name = TableName::new(&*rows.table.schema, &*rows.table.table);
        self.ask_for_events(format)?;
        if !self.tables.contains_key(&name) {
            let known = self.table(chunk, raw, rows)?;
            self.tables.insert(name.clone(), known);
        }
        self.judge(&name, chunk, raw, rows, format)?;
        let counts = self.findings.rows.entry(name.to_string()).or_default();
        let count = match rows.kind {
            RowsKind::Insert => &mut counts.inserts,
            RowsKind::Update => &mut counts.updates,
            RowsKind::Delete => &mut counts.deletes,
        };
        let (mut before, mut after) = (Row::default(), Row::default());
        let (mut iter, mut largest) = (rows.iter(), 0);
        let field = |(offset, error)| ApplyError::from(chunk.place(raw.error(offset, error)));
        while iter.next_into(&mut before, &mut after).map_err(field)? {
            *count += 1;
            let (first, second) = iter.images();
            largest = largest.max(first.len() + second.len());
        }
        self.measure(&name, largest);
        Ok(())
    }

    /// What the target has under the table's name.
    fn table(&mut self, chunk: &Chunk, raw: &RawEvent<'_>, rows: &Rows<'_>) -> Result<Option<Known>, ApplyError> {
        let name = TableName::new(&*rows.table.schema, &*rows.table.table);
        match Layout::read(&mut self.target, &rows.table.schema, &rows.table.table) {
            Ok(layout) => {
                self.remark_on(&name, &layout);
                Ok(Some(Known { layout, plan: None }))
            }
            Err(error) if matches!(*error.kind, ApplyErrorKind::Table { .. }) => {
                self.stop(&error.at(|| place::of(chunk, raw)));
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn remark_on(&mut self, name: &TableName, layout: &Layout) {
        if layout.key.is_empty() {
            self.findings
                .remarks
                .insert(format!("table {name} has no key: a row is found by all its columns"));
        }
        if !layout.is_transactional() {
            self.findings.remarks.insert(format!(
                "table {name} is of {}: what is interrupted there is made a second time",
                layout.engine
            ));
        }
    }

    /// Whether the log's rows fit the table.
    fn judge(
        &mut self,
        name: &TableName,
        chunk: &Chunk,
        raw: &RawEvent<'_>,
        rows: &Rows<'_>,
        format: &Arc<FormatDescription>,
    ) -> Result<(), ApplyError> {
        let Some(Some(known)) = self.tables.get_mut(name) else {
            return Ok(());
        };
        let is_planned = known
            .plan
            .as_ref()
            .is_some_and(|plan| plan.map.columns == rows.table.columns);
        if !is_planned {
            known.plan = match Plan::new(&rows.table, &known.layout, format.flavour()) {
                Ok(plan) => Some(Arc::new(plan)),
                Err(error) => {
                    let error = error.at(|| place::of(chunk, raw));
                    self.findings.obstacles.insert(error.to_string());
                    None
                }
            };
        }
        let Some(plan) = known.plan.clone() else { return Ok(()) };
        let by_sql = !matches!(self.events, Some(Ok(()))) || !plan.takes_events();
        if by_sql && let Err(error) = plan.refuse_trigger(rows.kind) {
            self.findings.obstacles.insert(error.to_string());
        }
        let is_whole = rows.columns.count() == rows.table.columns.len();
        if plan.key.is_empty() && rows.kind != RowsKind::Insert && !is_whole {
            self.findings.obstacles.insert(format!(
                "table {name} has no key on the target, and the log has parts of its rows only (binlog_row_image)"
            ));
        }
        for charset in plan.charsets() {
            if !self.target.knows_charset(charset)? {
                let obstacle = format!("the target does not know the character set {charset} of table {name}");
                self.findings.obstacles.insert(obstacle);
            }
        }
        Ok(())
    }

    /// Whether a change fits into a statement.
    fn measure(&mut self, name: &TableName, largest: usize) {
        let need = match &self.events {
            Some(Ok(())) => largest / 3 * 4 + 1024,
            _ => largest * 2 + 1024,
        };
        let have = self.target.max_packet();
        if need > have {
            self.findings.obstacles.insert(format!(
                "table {name} has rows that need max_allowed_packet = {need} on the target, which has {have}"
            ));
        }
    }

    fn ask_for_events(&mut self, format: &Arc<FormatDescription>) -> Result<(), ApplyError> {
        if self.events.is_some() {
            return Ok(());
        }
        let asked = match self.options.via {
            Via::Sql => Err("that was asked for".to_owned()),
            _ if format.flavour() != self.target.flavour => {
                Err("the source and the target are of different families".to_owned())
            }
            _ => match self.target.describe(format) {
                Ok(()) => Ok(()),
                Err(error) if error.is_answer() => Err(error.to_string()),
                Err(error) => return Err(error),
            },
        };
        if let (Via::Events, Err(why)) = (self.options.via, &asked) {
            self.findings
                .obstacles
                .insert(format!("row events cannot be written: {why}"));
        }
        self.events = Some(asked);
        Ok(())
    }
}
