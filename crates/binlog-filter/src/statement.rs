//! Judging the events of a transaction, statement by statement.

use std::borrow::Cow;
use std::collections::HashMap;

use binlog_parser::event::ExecuteLoadQuery;
use binlog_parser::{Chunk, FieldError, FormatDescription, HEADER_LEN, Query, RawEvent};
use binlog_schema::statement::touched_in_mode;
use binlog_schema::{Touched, Unparsed};

use crate::error::{At, FilterError};
use crate::event::{Change, Item, Role, Verdict, rows_head, table_map};
use crate::judge::{Judgement, judge};
use crate::kind::Kind;
use crate::report::{Reason, Report};
use crate::rules::RuleSet;
use crate::selection::Policy;

/// What is known of the open statement's tables, by table id.
pub(crate) type Tables = HashMap<u64, Verdict>;

/// Judges events, one after the other.
pub(crate) struct Judge<'f> {
    pub(crate) rules: &'f RuleSet,
    pub(crate) report: &'f mut Report,
    pub(crate) chunk: &'f Chunk,
    pub(crate) format: &'f FormatDescription,
    pub(crate) tables: &'f mut Tables,
}

/// The events that await the rest of their statement, as indexes.
#[derive(Default)]
struct Waiting {
    context: Vec<usize>,
    texts: Vec<usize>,
    maps: Vec<usize>,
    rows: Vec<usize>,
    end: Option<usize>,
}

impl Judge<'_> {
    /// Gives every event its verdict. Returns which events wait, as indexes: where the last event leaves its statement
    /// open, those are judged again together with the rest of it.
    pub(crate) fn all(&mut self, items: &mut [Item<'_>]) -> Result<Vec<usize>, FilterError> {
        let mut waiting = Waiting::default();
        for index in 0..items.len() {
            let Some(item) = items.get_mut(index) else { break };
            let (verdict, ends) = self.event(item)?;
            item.verdict = verdict;
            let role = item.role;
            if !matches!(
                role,
                Role::RowsQuery | Role::TableMap | Role::Rows(_) | Role::RowsEnd | Role::Outside
            ) {
                waiting.close(items, false);
            }
            waiting.add(items, index, role, verdict);
            if ends {
                self.tables.clear();
                waiting.close(items, true);
            }
        }
        let carried = waiting.carried(items);
        waiting.close(items, false);
        Ok(carried)
    }

    /// The verdict on the event alone, and whether it ends a statement's row events.
    fn event(&mut self, item: &mut Item<'_>) -> Result<(Verdict, bool), FilterError> {
        let raw = &item.raw;
        let verdict = match item.role {
            Role::TableMap => self.map(raw)?,
            Role::Rows(kind) => return self.rows(raw, kind),
            Role::RowsEnd => return Ok((Verdict::Keep, true)),
            Role::Statement => {
                let query = Query::decode(raw.body()).map_err(|error| self.place(raw, error))?;
                item.change = self.change(&query);
                self.statement(raw, &query)?
            }
            Role::Load => {
                let load = ExecuteLoadQuery::decode(raw.body()).map_err(|error| self.place(raw, error))?;
                item.change = self.change(&load.query);
                self.statement(raw, &load.query)?
            }
            Role::Compressed => return Err(self.unsupported(raw)),
            Role::Unknown => self.unjudged(raw, "the type is not known, and not marked ignorable")?,
            _ => Verdict::Keep,
        };
        Ok((verdict, false))
    }

    fn map(&mut self, raw: &RawEvent<'_>) -> Result<Verdict, FilterError> {
        let id_len = self.format.table_id_len(raw.header.event_type);
        let (id, name) = table_map(raw.body(), id_len).map_err(|error| self.place(raw, error))?;
        let verdict = match self.rules.keeps_table(&name.schema, &name.table) {
            true => Verdict::Keep,
            false => Verdict::Drop(Reason::Table),
        };
        self.tables.insert(id, verdict);
        Ok(verdict)
    }

    fn rows(&mut self, raw: &RawEvent<'_>, kind: Kind) -> Result<(Verdict, bool), FilterError> {
        let id_len = self.format.table_id_len(raw.header.event_type);
        let (table_id, ends) = rows_head(raw.body(), id_len).map_err(|error| self.place(raw, error))?;
        let verdict = match self.tables.get(&table_id) {
            Some(Verdict::Keep) if !self.rules.keeps_kind(kind) => Verdict::Drop(Reason::Kind),
            Some(verdict) => *verdict,
            None => return Err(self.place(raw, FieldError::NoTableMap { table_id })),
        };
        Ok((verdict, ends))
    }

    fn statement(&mut self, raw: &RawEvent<'_>, query: &Query<'_>) -> Result<Verdict, FilterError> {
        let schema: Cow<'_, str> = String::from_utf8_lossy(query.schema);
        let sql_mode = query.status.sql_mode.unwrap_or_default();
        match touched_in_mode(query.sql, &schema, self.format.flavour(), sql_mode) {
            Ok(touched) => self.judged(raw, query.sql, &touched),
            Err(unparsed) => self.unparsed(raw, unparsed),
        }
    }

    /// A statement that is kept names nothing of a database of which nothing is kept, and a target may not have it.
    fn change(&self, query: &Query<'_>) -> Option<Change> {
        let schema = String::from_utf8_lossy(query.schema);
        let needless = !schema.is_empty() && !self.rules.keeps_any_table_of(&schema);
        needless.then_some(Change::NeedsNoUse)
    }

    fn judged(&mut self, raw: &RawEvent<'_>, sql: &[u8], touched: &Touched) -> Result<Verdict, FilterError> {
        if touched.kind.is_transaction_control() {
            return Ok(Verdict::Keep);
        }
        match (judge(self.rules, touched), self.rules.on_mixed()) {
            (Judgement::Keep, _) => Ok(Verdict::Keep),
            (Judgement::Drop(reason), _) => Ok(Verdict::Drop(reason)),
            (Judgement::Unknown(why), _) => self.unjudged(raw, why),
            (Judgement::Mixed { kept, dropped }, Policy::Stop) => {
                let (at, statement) = (At::of(self.chunk, raw), shortened(sql));
                Err(FilterError::Mixed {
                    at,
                    statement,
                    kept,
                    dropped,
                })
            }
            (Judgement::Mixed { .. }, Policy::Keep) => {
                self.report.mixed_kept += 1;
                Ok(Verdict::Keep)
            }
            (Judgement::Mixed { .. }, Policy::Drop) => Ok(Verdict::Drop(Reason::Mixed)),
        }
    }

    fn unparsed(&mut self, raw: &RawEvent<'_>, unparsed: Unparsed) -> Result<Verdict, FilterError> {
        let kind = unparsed.kind.map(Kind::of_statement);
        if kind.is_some_and(|kind| !self.rules.keeps_kind(kind)) {
            return Ok(Verdict::Drop(Reason::Kind));
        }
        let at = At::of(self.chunk, raw);
        by_policy(self.rules, self.report, || FilterError::Unparsed { at, unparsed })
    }

    fn unjudged(&mut self, raw: &RawEvent<'_>, why: &'static str) -> Result<Verdict, FilterError> {
        let at = At::of(self.chunk, raw);
        by_policy(self.rules, self.report, || FilterError::Unjudged { at, why })
    }

    fn unsupported(&self, raw: &RawEvent<'_>) -> FilterError {
        FilterError::Unsupported {
            at: At::of(self.chunk, raw),
            why: "the source was told to leave it compressed",
        }
    }

    fn place(&self, raw: &RawEvent<'_>, error: FieldError) -> FilterError {
        self.chunk.place(raw.error(HEADER_LEN, error)).into()
    }
}

/// What the policy for what cannot be judged says; the error is its default.
pub(crate) fn by_policy(
    rules: &RuleSet,
    report: &mut Report,
    error: impl FnOnce() -> FilterError,
) -> Result<Verdict, FilterError> {
    match rules.on_unparsed() {
        Policy::Stop => Err(error()),
        Policy::Keep => {
            report.unparsed_kept += 1;
            Ok(Verdict::Keep)
        }
        Policy::Drop => Ok(Verdict::Drop(Reason::Unparsed)),
    }
}

impl Waiting {
    fn add(&mut self, items: &mut [Item<'_>], index: usize, role: Role, verdict: Verdict) {
        match role {
            Role::Context => self.context.push(index),
            Role::Statement | Role::Load => {
                for context in self.context.drain(..) {
                    set(items, context, verdict);
                }
            }
            Role::RowsQuery => self.texts.push(index),
            Role::TableMap => self.maps.push(index),
            Role::Rows(_) => self.rows.push(index),
            Role::RowsEnd => self.end = Some(index),
            _ => {}
        }
    }

    /// What of an open statement's row events depends on those that follow: the last kept one may have to end the
    /// statement; and where none was kept so far, it is open whether the table maps stay.
    fn carried(&self, items: &[Item<'_>]) -> Vec<usize> {
        let last_kept = self.rows.iter().rev().copied().find(|index| is_kept(items, *index));
        match (last_kept, self.rows.is_empty()) {
            (_, true) => Vec::new(),
            (Some(last), _) => vec![last],
            (None, _) => self.texts.iter().chain(&self.maps).copied().collect(),
        }
    }

    /// Ends a statement's row events. `ended` says that the last one was marked as the last.
    fn close(&mut self, items: &mut [Item<'_>], ended: bool) {
        let last_kept = self.rows.iter().rev().copied().find(|index| is_kept(items, *index));
        match (last_kept, self.rows.last()) {
            (Some(kept), Some(last)) if ended && kept != *last && self.end.is_none() => {
                if let Some(item) = items.get_mut(kept) {
                    item.change = Some(Change::EndsStatement);
                }
            }
            (Some(_), _) => {}
            (None, Some(last)) => {
                let verdict = items.get(*last).map_or(Verdict::Keep, |item| item.verdict);
                self.set_others(items, verdict);
            }
            (None, None) if !self.maps.is_empty() && !self.maps.iter().any(|index| is_kept(items, *index)) => {
                self.set_others(items, Verdict::Drop(Reason::Table));
            }
            (None, None) => {}
        }
        *self = Self {
            context: std::mem::take(&mut self.context),
            ..Self::default()
        };
    }

    /// For what is not kept without row events.
    fn set_others(&self, items: &mut [Item<'_>], verdict: Verdict) {
        for index in self.texts.iter().chain(&self.maps).chain(&self.end) {
            set(items, *index, verdict);
        }
    }
}

fn is_kept(items: &[Item<'_>], index: usize) -> bool {
    items.get(index).is_some_and(Item::is_kept)
}

fn set(items: &mut [Item<'_>], index: usize, verdict: Verdict) {
    if let Some(item) = items.get_mut(index) {
        item.verdict = verdict;
    }
}

fn shortened(sql: &[u8]) -> String {
    const SHOWN: usize = 200;
    let text = String::from_utf8_lossy(sql);
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.into_owned(),
    }
}
