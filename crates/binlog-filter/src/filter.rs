//! The filter: chunks in, chunks out.

use std::sync::Arc;

use binlog_parser::gtid::TransactionGtid;
use binlog_parser::{Chunk, EventType, FormatDescription, HEADER_LEN, Query, RawEvent, Run, Step, TransactionTracker};
use binlog_schema::Catalog;

use crate::definitions::Definitions;
use crate::error::{At, FilterError};
use crate::event::{Item, Role, Verdict, thread_id};
use crate::explain::Explanation;
use crate::report::{Reason, Report};
use crate::rewrite::{AnyGtid, NewStatement};
use crate::rules::{RuleSet, Transaction, Unknown, Whole};
use crate::selection::Emptied;
use crate::statement::{Judge, Statement, Waiting, by_policy};
use crate::tables::Tables;
use crate::transaction::{Open, Part};

/// What comes after the events of a transaction that are at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    /// Nothing: they end it.
    Ends,
    /// Something else: the log does not have its end.
    BreaksOff,
    /// More of it, in the next chunk.
    GoesOn,
}

/// Applies rules to the chunks of one stream, in their order.
///
/// ```
/// use binlog_filter::{Filter, RuleSet, Selection};
///
/// let rules = RuleSet::compile(&Selection {
///     tables: vec!["shop.*".into()],
///     not_tables: vec!["shop.audit_log".into()],
///     ..Selection::default()
/// })?;
/// assert!(rules.keeps_table("shop", "orders"));
/// let filter = Filter::new(rules);
/// assert_eq!(filter.report().events, 0);
/// # Ok::<(), binlog_filter::RuleError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Filter {
    rules: RuleSet,
    report: Report,
    tracker: TransactionTracker,
    format: Arc<FormatDescription>,
    open: Option<Open>,
    tables: Tables,
    definitions: Definitions,
    /// Memory for what awaits the rest of its statement.
    waiting: Waiting,
    /// Events of a statement that the last chunk left open, to be put out with the rest of it.
    carried: Vec<Run>,
    explanation: Option<Explanation>,
}

impl Filter {
    /// A filter at the beginning of a stream.
    #[must_use]
    pub fn new(rules: RuleSet) -> Self {
        Self {
            rules,
            report: Report::default(),
            tracker: TransactionTracker::default(),
            format: Arc::default(),
            open: None,
            tables: Tables::default(),
            definitions: Definitions::default(),
            waiting: Waiting::default(),
            carried: Vec::new(),
            explanation: None,
        }
    }

    /// The filter, which takes note of what it decides of tables and statements: see [`Self::explanation`].
    #[must_use]
    pub fn explaining(self) -> Self {
        Self {
            explanation: Some(Explanation::default()),
            ..self
        }
    }

    /// The filter, which knows these definitions of tables beside those that the log tells. Rules for rows and columns need
    /// names, signs and members.
    #[must_use]
    pub fn with_definitions(self, catalog: Catalog) -> Self {
        Self {
            definitions: Definitions::new(catalog),
            ..self
        }
    }

    /// What was decided so far, where it is taken note of. Without rules for tables, kinds and names nothing is decided.
    #[must_use]
    pub fn explanation(&self) -> Option<&Explanation> {
        self.explanation.as_ref()
    }

    /// What the user should know at the end: rules of which the column was never there, for all rows of their tables.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        let rules = self.definitions.without_column();
        rules
            .map(|rule| format!("{rule}: there was no such column in any row of the table"))
            .collect()
    }

    /// What was kept and left out so far.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// What the rules keep of the chunk, which may be nothing. [`Chunk::end`] is before a transaction of which nothing came
    /// out so far, and may come out with a later chunk: who has all up to there has nothing of it.
    ///
    /// The beginning of a transaction without GTID may come out with a later chunk, once something of it is kept.
    ///
    /// # Errors
    /// An event cannot be read, or the rules cannot be applied to it. The filter cannot go on after that.
    pub fn apply(&mut self, chunk: Chunk) -> Result<Chunk, FilterError> {
        if self.rules.keeps_everything() {
            self.count(&chunk)?;
            return Ok(chunk);
        }
        self.format = Arc::clone(&chunk.format);
        let continues = chunk.continues && self.open.as_ref().is_none_or(|open| open.emitted);
        let runs = self.pass(&chunk)?;
        let unfinished = self.open.as_ref().is_some_and(|open| open.emitted);
        let unbegun = self.open.as_ref().filter(|open| !open.emitted);
        Ok(Chunk {
            runs,
            continues,
            unfinished,
            end: unbegun.map_or(chunk.end, |open| open.start),
            ..chunk
        })
    }

    /// The chunk with its statements under the new names and without columns that are left out, as far as these can be found:
    /// what it defines, it defines so.
    ///
    /// # Errors
    /// An event cannot be read.
    pub fn renamed(&self, chunk: &Chunk) -> Result<Chunk, FilterError> {
        let mut renamed = chunk.clone();
        if !self.rules.renames() && !self.rules.names_columns() {
            return Ok(renamed);
        }
        let names = self.rules.names();
        renamed.runs.clear();
        for entry in chunk.entries() {
            let (raw, run) = entry?;
            let mut run = run.only(&raw);
            if Role::of(&raw) == Role::Statement {
                let place = |error| FilterError::from(chunk.place(raw.error(HEADER_LEN, error)));
                let query = Query::decode(raw.body()).map_err(place)?;
                let statement = Statement::of(&query, chunk.format.flavour());
                let part = statement.remainder(self.rules.images());
                let new = NewStatement {
                    sql: statement.renamed(part.as_deref(), names).unwrap_or_default().or(part),
                    schema: names.schema(&statement.schema),
                    without_use: false,
                };
                run.bytes = new.of(&raw).map_err(place)?.unwrap_or(run.bytes);
            }
            renamed.runs.push(run);
        }
        Ok(renamed)
    }

    fn count(&mut self, chunk: &Chunk) -> Result<(), FilterError> {
        for raw in chunk.events() {
            let raw = raw?;
            let begins = matches!(self.tracker.step_raw(&raw), Step::Begin | Step::Only);
            let gtid = is_gtid(&raw);
            self.report.events += 1;
            self.report.events_kept += 1;
            self.report.transactions += u64::from(begins);
            self.report.transactions_kept += u64::from(begins);
            self.report.gtids += u64::from(gtid);
            self.report.gtids_kept += u64::from(gtid);
        }
        Ok(())
    }

    fn pass(&mut self, chunk: &Chunk) -> Result<Vec<Run>, FilterError> {
        let mut out = Vec::new();
        let carried = std::mem::take(&mut self.carried);
        let mut items = Vec::new();
        for run in &carried {
            let raw = RawEvent::first(&run.bytes, run.offset, &self.format);
            items.push(Item::new(raw.map_err(|error| chunk.place(error))?, run));
        }
        let mut entries = chunk.entries();
        while let Some((raw, run)) = entries.advance_with_run() {
            self.report.events += 1;
            let step = self.tracker.step_raw(&raw);
            if matches!(step, Step::Begin | Step::Only) {
                self.settle(chunk, &mut items, Rest::BreaksOff, &mut out)?;
                self.close();
            }
            if self.rules.names_columns() {
                self.definitions.learn(chunk, &raw)?;
            }
            if step == Step::Outside {
                self.settle(chunk, &mut items, Rest::BreaksOff, &mut out)?;
                self.outside(chunk, &raw, run, &mut out)?;
                continue;
            }
            items.push(Item::new(raw, run));
            if matches!(step, Step::End | Step::Only) {
                self.settle(chunk, &mut items, Rest::Ends, &mut out)?;
                self.close();
            }
        }
        if let Some(error) = entries.error() {
            return Err(chunk.place(error).into());
        }
        let rest = if chunk.unfinished {
            Rest::GoesOn
        } else {
            Rest::BreaksOff
        };
        self.settle(chunk, &mut items, rest, &mut out)?;
        Ok(out)
    }

    /// An event that belongs to no transaction.
    fn outside(&mut self, chunk: &Chunk, raw: &RawEvent<'_>, run: &Run, out: &mut Vec<Run>) -> Result<(), FilterError> {
        if raw.header.event_type == EventType::FORMAT_DESCRIPTION {
            let format = FormatDescription::decode(raw.body());
            self.format = Arc::new(format.map_err(|error| chunk.place(raw.error(HEADER_LEN, error)))?);
            self.tables.close();
            self.definitions.close();
        }
        let verdict = match Role::of(raw) {
            Role::Unknown if self.rules.judges_content() => {
                let (at, why) = (At::of(chunk, raw), "the type is not known, and not marked ignorable");
                by_policy(&self.rules, &mut self.report, || FilterError::Unjudged { at, why })?
            }
            _ => Verdict::Keep,
        };
        match verdict {
            Verdict::Keep => {
                self.report.events_kept += 1;
                out.push(run.only(raw));
            }
            Verdict::Drop(reason) => self.report.drop_event(reason),
        }
        Ok(())
    }

    /// Judges the events of one transaction that the chunk holds, and puts out what remains of them.
    fn settle(
        &mut self,
        chunk: &Chunk,
        items: &mut Vec<Item<'_>>,
        rest: Rest,
        out: &mut Vec<Run>,
    ) -> Result<(), FilterError> {
        if items.is_empty() {
            return Ok(());
        }
        let begins = self.open.is_none();
        let mut open = match self.open.take() {
            Some(open) => open,
            None => self.begin(chunk, items)?,
        };
        let carried = self.judge(chunk, &mut open, items, rest)?;
        let gtids = items.iter().filter(|item| is_gtid(&item.raw)).count() as u64;
        open.gtids += gtids;
        self.report.gtids += gtids;
        open.take(
            &Part {
                chunk,
                format: &self.format,
                items,
                begins,
                ends: rest == Rest::Ends,
            },
            out,
            &mut self.report,
        )?;
        self.open = Some(open);
        self.carried = carried;
        items.clear();
        Ok(())
    }

    fn begin(&mut self, chunk: &Chunk, items: &[Item<'_>]) -> Result<Open, FilterError> {
        let gtid = self.gtid(chunk, items)?;
        let whole = match items.first() {
            Some(first) => self.judge_whole(chunk, first, gtid.as_ref(), items)?,
            None => Whole::Judge,
        };
        self.report.transactions += 1;
        Ok(Open {
            whole,
            leaves_frame: gtid.and_then(|gtid| gtid.gtid()).is_some() && self.rules.emptied() == Emptied::Frame,
            start: items.first().map_or(chunk.end, |first| first.raw.offset),
            xa: false,
            gtids: 0,
            content: false,
            kept: false,
            emitted: false,
            held: Vec::new(),
        })
    }

    fn gtid(&self, chunk: &Chunk, items: &[Item<'_>]) -> Result<Option<AnyGtid>, FilterError> {
        let Some(first) = items.first().filter(|item| item.role == Role::Gtid) else {
            return Ok(None);
        };
        let gtid = AnyGtid::decode(&first.raw);
        Ok(Some(
            gtid.map_err(|error| chunk.place(first.raw.error(HEADER_LEN, error)))?,
        ))
    }

    fn judge_whole(
        &mut self,
        chunk: &Chunk,
        first: &Item<'_>,
        event: Option<&AnyGtid>,
        items: &[Item<'_>],
    ) -> Result<Whole, FilterError> {
        let gtid = event.and_then(AnyGtid::gtid);
        let of_gtid = event.and_then(AnyGtid::thread_id);
        let transaction = Transaction {
            gtid: gtid.as_ref(),
            timestamp: first.raw.header.timestamp,
            server_id: first.raw.header.server_id,
            thread_id: of_gtid.or_else(|| items.iter().find_map(|item| thread_id(&item.raw))),
        };
        match self.rules.judge_transaction(&transaction) {
            Ok(whole) => Ok(whole),
            Err(unknown) => self.unknown(At::of(chunk, &first.raw), unknown, gtid),
        }
    }

    fn unknown(&mut self, at: At, unknown: Unknown, gtid: Option<TransactionGtid>) -> Result<Whole, FilterError> {
        let why = match unknown {
            Unknown::Domain => "the transaction has no GTID with a domain",
            _ => "the log does not say which connection made the transaction",
        };
        match (unknown, gtid) {
            (Unknown::OtherGtids, Some(gtid)) => Err(FilterError::OtherGtids { at, gtid }),
            _ => Ok(
                match by_policy(&self.rules, &mut self.report, || FilterError::Unjudged { at, why })? {
                    Verdict::Keep => Whole::Judge,
                    Verdict::Drop(reason) => Whole::Empty(reason),
                },
            ),
        }
    }

    /// Gives the events their verdicts. Those that have to wait for the rest of their statement are taken off.
    fn judge(
        &mut self,
        chunk: &Chunk,
        open: &mut Open,
        items: &mut Vec<Item<'_>>,
        rest: Rest,
    ) -> Result<Vec<Run>, FilterError> {
        let mut carried = Vec::new();
        match open.whole {
            Whole::Judge if self.rules.judges_content() => {
                let mut judge = Judge {
                    rules: &self.rules,
                    report: &mut self.report,
                    chunk,
                    format: &self.format,
                    tables: &mut self.tables,
                    definitions: &mut self.definitions,
                    waiting: &mut self.waiting,
                    explanation: self.explanation.as_mut(),
                };
                let waiting = judge.all(items)?;
                if rest == Rest::GoesOn {
                    carried = take_off(items, &waiting);
                }
            }
            Whole::Judge => {}
            Whole::Empty(reason) | Whole::Vanish(reason) => drop_content(items, reason),
        }
        open.content |= open.whole != Whole::Judge || items.iter().any(|item| item.role.is_content());
        open.kept |= items.iter().any(|item| item.role.is_content() && item.is_kept());
        Ok(carried)
    }

    /// The open transaction, if there is one, is over.
    fn close(&mut self) {
        let Some(mut open) = self.open.take() else { return };
        let emptied = open.is_emptied();
        open.give_up(&mut self.report);
        if open.emitted || !emptied {
            self.report.gtids_kept += open.gtids;
        }
        match (emptied, open.emitted) {
            (false, _) => self.report.transactions_kept += 1,
            (true, true) => self.report.transactions_emptied += 1,
            (true, false) => self.report.transactions_dropped += 1,
        }
    }
}

fn is_gtid(raw: &RawEvent<'_>) -> bool {
    Role::of(raw) == Role::Gtid && raw.header.event_type != EventType::ANONYMOUS_GTID
}

/// Takes off the events with these indexes.
fn take_off(items: &mut Vec<Item<'_>>, indexes: &[usize]) -> Vec<Run> {
    let mut index = 0..;
    let is_taken = |_: &mut Item<'_>| index.next().is_some_and(|index| indexes.contains(&index));
    let taken = items.extract_if(.., is_taken);
    taken.map(|item| item.run.only(&item.raw)).collect()
}

fn drop_content(items: &mut [Item<'_>], reason: Reason) {
    for item in items.iter_mut().filter(|item| !item.role.is_frame()) {
        item.verdict = Verdict::Drop(reason);
    }
}

#[cfg(test)]
mod tests;
