//! Judging the events of a transaction, statement by statement.

use std::borrow::Cow;
use std::sync::Arc;

use binlog_parser::event::{ExecuteLoadQuery, Flavour, Rows};
use binlog_parser::{Chunk, FieldError, FormatDescription, HEADER_LEN, Query, RawEvent};
use binlog_schema::statement::{Remainder, Renames, renamed, touched_in_mode, without, without_columns};
use binlog_schema::{Object, StatementKind, TableName, Touched, Unparsed};
use bytes::Bytes;

use crate::definitions::Definitions;
use crate::error::{At, FilterError};
use crate::event::{Item, Role, Verdict, rows_head, table_map, table_name};
use crate::explain::Explanation;
use crate::images::{ImageRules, Outcome, Trouble};
use crate::judge::{Judgement, judge};
use crate::kind::Kind;
use crate::replicate::Replicate;
use crate::report::{Reason, Report};
use crate::rewrite::{NewStatement, rebuilt, renamed_map};
use crate::rules::RuleSet;
use crate::selection::Policy;
use crate::tables::{Known, Tables};

/// Judges events, one after the other.
pub(crate) struct Judge<'f> {
    pub(crate) rules: &'f RuleSet,
    pub(crate) report: &'f mut Report,
    pub(crate) chunk: &'f Chunk,
    pub(crate) format: &'f FormatDescription,
    pub(crate) tables: &'f mut Tables,
    pub(crate) definitions: &'f mut Definitions,
    pub(crate) waiting: &'f mut Waiting,
    pub(crate) explanation: Option<&'f mut Explanation>,
}

/// The events that await the rest of their statement, as indexes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Waiting {
    context: Vec<usize>,
    texts: Vec<usize>,
    maps: Vec<usize>,
    rows: Vec<usize>,
    end: Option<usize>,
    /// Whether the statement's text may tell values that are left out.
    hides_text: bool,
}

impl Judge<'_> {
    /// Gives every event its verdict. Returns which events wait, as indexes: where the last event leaves its statement
    /// open, those are judged again together with the rest of it.
    pub(crate) fn all(&mut self, items: &mut [Item<'_>]) -> Result<Vec<usize>, FilterError> {
        self.waiting.clear();
        for index in 0..items.len() {
            let Some(item) = items.get_mut(index) else { break };
            let (verdict, ends) = self.event(item)?;
            item.verdict = verdict;
            let role = item.role;
            if !matches!(
                role,
                Role::RowsQuery | Role::TableMap | Role::Rows(_) | Role::RowsEnd | Role::Outside
            ) {
                self.waiting.close(items, false);
            }
            self.waiting.add(items, index, role, verdict);
            if ends {
                self.tables.close();
                self.definitions.close();
                self.waiting.close(items, true);
            }
        }
        let carried = self.waiting.carried(items);
        self.waiting.close(items, false);
        Ok(carried)
    }

    /// The verdict on the event alone, and whether it ends a statement's row events.
    fn event(&mut self, item: &mut Item<'_>) -> Result<(Verdict, bool), FilterError> {
        let raw = &item.raw;
        let verdict = match item.role {
            Role::TableMap => {
                let (verdict, change) = self.map(raw)?;
                item.change = change;
                verdict
            }
            Role::Rows(kind) => return self.rows(item, kind),
            Role::RowsEnd => return Ok((Verdict::Keep, true)),
            Role::Statement => {
                let query = Query::decode(raw.body()).map_err(|error| self.place(raw, error))?;
                let (verdict, change) = self.statement(raw, &query)?;
                item.change = change;
                verdict
            }
            Role::Load => {
                let load = ExecuteLoadQuery::decode(raw.body()).map_err(|error| self.place(raw, error))?;
                let (verdict, change) = self.statement(raw, &load.query)?;
                item.change = change;
                verdict
            }
            Role::Compressed => return Err(self.unsupported(raw)),
            Role::Unknown => self.unjudged(raw, "the type is not known, and not marked ignorable")?,
            _ => Verdict::Keep,
        };
        Ok((verdict, false))
    }

    fn map(&mut self, raw: &RawEvent<'_>) -> Result<(Verdict, Option<Bytes>), FilterError> {
        let id_len = self.format.table_id_len(raw.header.event_type);
        let place = |error| FilterError::from(self.chunk.place(raw.error(HEADER_LEN, error)));
        let (id, names) = table_map(raw.body(), id_len).map_err(place)?;
        let rules = self.rules;
        let opened = self.tables.open(id, names, || Ok(known(rules, table_name(names)?)));
        opened.map_err(place)?;
        let Some(table) = self.tables.get(id) else {
            return Ok((Verdict::Keep, None));
        };
        let mut body = None;
        if table.has_images && table.verdict == Verdict::Keep {
            self.waiting.hides_text = true;
            let images = self.definitions.open(rules.images(), self.chunk, raw, (id, id_len))?;
            if let Some(map) = images.new_map() {
                let new = body.insert(Vec::new());
                map.encode(id_len, new).map_err(place)?;
            }
        }
        if let Some(name) = &table.new_name {
            let old = body.as_deref().unwrap_or(raw.body());
            body = Some(renamed_map(old, id_len, name).map_err(place)?);
        }
        Ok((table.verdict, body.map(|body| rebuilt(raw, raw.header, &body))))
    }

    fn rows(&mut self, item: &mut Item<'_>, kind: Kind) -> Result<(Verdict, bool), FilterError> {
        let raw = &item.raw;
        let id_len = self.format.table_id_len(raw.header.event_type);
        let (table_id, ends) = rows_head(raw.body(), id_len).map_err(|error| self.place(raw, error))?;
        let Some(table) = self.tables.get(table_id) else {
            return Err(self.place(raw, FieldError::NoTableMap { table_id }));
        };
        let mut verdict = match table.verdict {
            Verdict::Keep if !self.rules.keeps_kind(kind) => Verdict::Drop(Reason::Kind),
            verdict => verdict,
        };
        if table.has_images && verdict == Verdict::Keep {
            verdict = self.images(item, table_id, id_len)?;
        }
        if let Some(explanation) = &mut self.explanation {
            explanation.rows(self.rules, &table.name, kind, verdict);
        }
        Ok((verdict, ends))
    }

    /// Chooses and changes the event's rows.
    fn images(&self, item: &mut Item<'_>, table_id: u64, id_len: usize) -> Result<Verdict, FilterError> {
        let raw = &item.raw;
        let Some(images) = self.definitions.get(table_id) else {
            return Err(self.place(raw, FieldError::NoTableMap { table_id }));
        };
        let map = Arc::clone(images.known_map());
        let rows = Rows::decode(raw.header.event_type, raw.body(), id_len, map);
        let rows = rows.map_err(|error| self.place(raw, error))?;
        let (outcome, counts) = images.apply(raw, &rows, id_len).map_err(|trouble| match trouble {
            Trouble::Field(offset, error) => self.chunk.place(raw.error(offset, error)).into(),
            Trouble::Misfit(misfit) => misfit.at(At::of(self.chunk, raw)),
        })?;
        item.rows = counts;
        Ok(match outcome {
            Outcome::Same => Verdict::Keep,
            Outcome::Nothing => Verdict::Drop(Reason::Row),
            Outcome::Events(events) => {
                item.change = Some(events.into());
                Verdict::Keep
            }
        })
    }

    fn statement(&mut self, raw: &RawEvent<'_>, query: &Query<'_>) -> Result<(Verdict, Option<Bytes>), FilterError> {
        let statement = Statement::of(query, self.format.flavour());
        if let Some(replicate) = self.rules.replicate() {
            return self.replicated(raw, statement, replicate);
        }
        let (verdict, part) = match statement.touched() {
            Ok(touched) => self.judged(raw, &statement, &touched)?,
            Err(unparsed) => (self.unparsed(raw, unparsed)?, None),
        };
        if verdict != Verdict::Keep {
            return Ok((verdict, None));
        }
        let (verdict, part) = self.without_columns(raw, &statement, part)?;
        if verdict != Verdict::Keep {
            return Ok((verdict, None));
        }
        let (verdict, renamed) = self.renamed(raw, &statement, part.as_deref())?;
        let schema = &statement.schema;
        let new = NewStatement {
            sql: renamed.or(part),
            schema: self.rules.names().schema(schema),
            without_use: !schema.is_empty() && !self.rules.keeps_any_table_of(schema),
        };
        let bytes = new.of(raw).map_err(|error| self.place(raw, error))?;
        Ok((verdict, bytes))
    }

    /// The statement, or that part of it, without columns that are left out.
    fn without_columns(
        &mut self,
        raw: &RawEvent<'_>,
        statement: &Statement<'_>,
        part: Option<Vec<u8>>,
    ) -> Result<(Verdict, Option<Vec<u8>>), FilterError> {
        let images = self.rules.images();
        let Some(table) = statement.defined().filter(|table| images.drops_any_column(table)) else {
            return Ok((Verdict::Keep, part));
        };
        let is_dropped = |column: &str| images.drops_column(&table, column);
        match statement.without_columns(part.as_deref(), &is_dropped) {
            Ok(Remainder::Same) => Ok((Verdict::Keep, part)),
            Ok(Remainder::Changed(sql)) => Ok((Verdict::Keep, Some(sql))),
            Ok(Remainder::Nothing) => Ok((Verdict::Drop(Reason::Row), None)),
            Ok(Remainder::Entangled) => {
                let at = At::of(self.chunk, raw);
                let statement = shortened(statement.sql);
                let error = || FilterError::Entangled { at, statement };
                Ok((by_policy(self.rules, self.report, error)?, part))
            }
            Err(unparsed) => Ok((self.unparsed(raw, unparsed)?, part)),
        }
    }

    /// By the servers' rules.
    fn replicated(
        &mut self,
        raw: &RawEvent<'_>,
        statement: Statement<'_>,
        replicate: &Replicate,
    ) -> Result<(Verdict, Option<Bytes>), FilterError> {
        let new_schema = self.rules.names().schema(&statement.schema);
        let statement = match &new_schema {
            Some(schema) => Statement {
                schema: schema.into(),
                ..statement
            },
            None => statement,
        };
        let touched = statement.touched();
        let verdict = match replicate.keeps_statement(&statement.schema, touched.as_ref().ok()) {
            Some(true) => Verdict::Keep,
            Some(false) => Verdict::Drop(Reason::Table),
            None => match &touched {
                Ok(_) => self.unjudged(raw, "DROP TRIGGER does not say which table the trigger is on")?,
                Err(unparsed) => self.unparsed(raw, unparsed.clone())?,
            },
        };
        if let (Some(explanation), Ok(touched)) = (&mut self.explanation, &touched) {
            explanation.statement(self.rules, touched, &Judgement::Keep, false, verdict);
        }
        let new = NewStatement {
            sql: None,
            without_use: !statement.schema.is_empty() && !replicate.keeps_database(&statement.schema),
            schema: new_schema,
        };
        let bytes = new.of(raw).map_err(|error| self.place(raw, error))?;
        Ok((verdict, bytes.filter(|_| verdict == Verdict::Keep)))
    }

    /// The statement, or that part of it, with other names.
    fn renamed(
        &mut self,
        raw: &RawEvent<'_>,
        statement: &Statement<'_>,
        part: Option<&[u8]>,
    ) -> Result<(Verdict, Option<Vec<u8>>), FilterError> {
        let renaming = self.rules.renaming();
        if renaming.is_empty() {
            return Ok((Verdict::Keep, None));
        }
        match statement.renamed(part, renaming) {
            Ok(renamed) => Ok((Verdict::Keep, renamed)),
            Err(unparsed) => {
                let at = At::of(self.chunk, raw);
                let error = || FilterError::Unrenamed { at, unparsed };
                Ok((by_policy(self.rules, self.report, error)?, None))
            }
        }
    }

    /// The verdict, and the part of the statement that is kept, if it is not all of it.
    fn judged(
        &mut self,
        raw: &RawEvent<'_>,
        statement: &Statement<'_>,
        touched: &Touched,
    ) -> Result<(Verdict, Option<Vec<u8>>), FilterError> {
        if touched.kind.is_transaction_control() {
            return Ok((Verdict::Keep, None));
        }
        let judgement = judge(self.rules, touched);
        let mut part = None;
        let verdict = match &judgement {
            Judgement::Keep if self.has_hidden_rows(statement, touched) => {
                self.unjudged(raw, "its rows, for which there are rules, are not in the log")?
            }
            Judgement::Keep => Verdict::Keep,
            Judgement::Drop(reason) => Verdict::Drop(*reason),
            Judgement::Unknown(why) => self.unjudged(raw, why)?,
            Judgement::Mixed { kept, dropped } => {
                part = statement.without(self.rules);
                match part {
                    Some(_) => {
                        self.report.split += 1;
                        Verdict::Keep
                    }
                    None => self.mixed(raw, statement, kept, dropped)?,
                }
            }
        };
        if let Some(explanation) = &mut self.explanation {
            explanation.statement(self.rules, touched, &judgement, part.is_some(), verdict);
        }
        Ok((verdict, part))
    }

    /// Whether the statement itself, run again, would change or read rows that are chosen or changed here.
    fn has_hidden_rows(&self, statement: &Statement<'_>, touched: &Touched) -> bool {
        let images = self.rules.images();
        let mut tables = touched.writes.iter().chain(&touched.reads).filter_map(Object::table);
        let runs_over_rows = match touched.kind {
            StatementKind::CreateTable => statement.may_select(),
            StatementKind::Other => true,
            kind => kind.is_dml(),
        };
        !images.is_empty() && runs_over_rows && tables.any(|table| images.concern(table))
    }

    fn mixed(
        &mut self,
        raw: &RawEvent<'_>,
        statement: &Statement<'_>,
        kept: &[Object],
        dropped: &[Object],
    ) -> Result<Verdict, FilterError> {
        match self.rules.on_mixed() {
            Policy::Keep => {
                self.report.mixed_kept += 1;
                Ok(Verdict::Keep)
            }
            Policy::Drop => Ok(Verdict::Drop(Reason::Mixed)),
            Policy::Stop => Err(FilterError::Mixed {
                at: At::of(self.chunk, raw),
                statement: shortened(statement.sql),
                kept: kept.to_vec(),
                dropped: dropped.to_vec(),
            }),
        }
    }

    fn unparsed(&mut self, raw: &RawEvent<'_>, unparsed: Unparsed) -> Result<Verdict, FilterError> {
        let statement = unparsed.kind;
        let verdict = match statement.map(Kind::of_statement) {
            Some(kind) if !self.rules.keeps_kind(kind) => Verdict::Drop(Reason::Kind),
            _ => {
                let at = At::of(self.chunk, raw);
                by_policy(self.rules, self.report, || FilterError::Unparsed { at, unparsed })?
            }
        };
        if let Some(explanation) = &mut self.explanation {
            explanation.unparsed(statement, verdict);
        }
        Ok(verdict)
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

fn known(rules: &RuleSet, name: TableName) -> Known {
    let verdict = match rules.keeps_table(&name.schema, &name.table) {
        true => Verdict::Keep,
        false => Verdict::Drop(Reason::Table),
    };
    let is_kept = verdict == Verdict::Keep;
    Known {
        new_name: is_kept.then(|| rules.names().table(&name)).flatten(),
        has_images: rules.images().concern(&name),
        name,
        verdict,
    }
}

/// A statement's text, and how it is read.
pub(crate) struct Statement<'q> {
    sql: &'q [u8],
    pub(crate) schema: Cow<'q, str>,
    flavour: Flavour,
    sql_mode: u64,
}

impl<'q> Statement<'q> {
    pub(crate) fn of(query: &Query<'q>, flavour: Flavour) -> Self {
        Self {
            sql: query.sql,
            schema: String::from_utf8_lossy(query.schema),
            flavour,
            sql_mode: query.status.sql_mode.unwrap_or_default(),
        }
    }

    pub(crate) fn touched(&self) -> Result<Touched, Unparsed> {
        touched_in_mode(self.sql, &self.schema, self.flavour, self.sql_mode)
    }

    /// Of a list of tables the part that is kept, where each can be kept or not by itself.
    fn without(&self, rules: &RuleSet) -> Option<Vec<u8>> {
        let keeps = |table: &TableName| rules.keeps_table(&table.schema, &table.table);
        let part = without(self.sql, &self.schema, self.flavour, self.sql_mode, &keeps);
        part.ok().flatten()
    }

    /// Whether the word SELECT stands in it.
    fn may_select(&self) -> bool {
        let word = b"SELECT";
        self.sql.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word))
    }

    /// The table that it makes, changes or gives an index.
    fn defined(&self) -> Option<TableName> {
        let touched = self.touched().ok()?;
        touched.writes.iter().find_map(Object::table).cloned()
    }

    /// What is left without columns that are left out, where that is another statement.
    pub(crate) fn remainder(&self, images: &ImageRules) -> Option<Vec<u8>> {
        let table = self.defined().filter(|table| images.drops_any_column(table))?;
        match self.without_columns(None, &|column| images.drops_column(&table, column)) {
            Ok(Remainder::Changed(sql)) => Some(sql),
            Ok(Remainder::Nothing) => Some(b"/* nothing */".to_vec()),
            _ => None,
        }
    }

    fn without_columns(&self, part: Option<&[u8]>, is_dropped: &dyn Fn(&str) -> bool) -> Result<Remainder, Unparsed> {
        let sql = part.unwrap_or(self.sql);
        without_columns(sql, &self.schema, self.flavour, self.sql_mode, is_dropped)
    }

    /// The statement, or that part of it, with other names, if it has one of these.
    pub(crate) fn renamed(&self, part: Option<&[u8]>, names: &dyn Renames) -> Result<Option<Vec<u8>>, Unparsed> {
        let sql = part.unwrap_or(self.sql);
        renamed(sql, &self.schema, self.flavour, self.sql_mode, names)
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
                    item.ends_statement = true;
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
        if self.hides_text {
            for text in &self.texts {
                set(items, *text, Verdict::Drop(Reason::Row));
            }
        }
        self.clear_rows();
    }

    fn clear(&mut self) {
        self.context.clear();
        self.clear_rows();
    }

    fn clear_rows(&mut self) {
        self.texts.clear();
        self.maps.clear();
        self.rows.clear();
        self.end = None;
        self.hides_text = false;
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
