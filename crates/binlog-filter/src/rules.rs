//! The compiled rules.

use std::sync::Arc;

use binlog_parser::gtid::{GtidProgress, TransactionGtid};
use binlog_schema::TableName;
use binlog_schema::statement::Renames;

use crate::error::RuleError;
use crate::images::ImageRules;
use crate::kind::Kind;
use crate::pattern::Pattern;
use crate::rename::Renaming;
use crate::replicate::Replicate;
use crate::report::Reason;
use crate::selection::{Emptied, Policy, Selection};
use crate::split::Share;

/// Compiled rules. A clone is the same rules.
#[derive(Debug, Clone)]
pub struct RuleSet(Arc<Rules>);

#[derive(Debug, Default)]
struct Rules {
    include: Vec<Named>,
    exclude: Vec<Named>,
    /// Empty: all.
    kinds: Vec<Kind>,
    include_gtids: Option<GtidProgress>,
    exclude_gtids: Option<GtidProgress>,
    start_time: Option<u32>,
    stop_time: Option<u32>,
    server_ids: Vec<u32>,
    domain_ids: Vec<u32>,
    thread_ids: Vec<u32>,
    on_mixed: Policy,
    on_unparsed: Policy,
    emptied: Emptied,
    renaming: Renaming,
    images: ImageRules,
    /// The servers' rules, in place of the others.
    replicate: Option<Replicate>,
    /// The rules are those of a share.
    share: Option<Share>,
}

/// A pattern, and how it was said.
#[derive(Debug)]
struct Named {
    pattern: Pattern,
    /// `--table 'shop.*'`
    said: String,
}

/// What the rules for transactions look at.
#[derive(Debug)]
pub(crate) struct Transaction<'a> {
    pub(crate) gtid: Option<&'a TransactionGtid>,
    /// Of its first event.
    pub(crate) timestamp: u32,
    pub(crate) server_id: u32,
    /// `None` where the log does not say.
    pub(crate) thread_id: Option<u32>,
}

/// What the rules say of a transaction as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whole {
    /// Its content is to be judged.
    Judge,
    /// Nothing of its content is kept.
    Empty(Reason),
    /// Nothing of it is kept, not even its GTID.
    Vanish(Reason),
}

/// Why a transaction cannot be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unknown {
    /// Its GTID is of another family of servers than a rule's.
    OtherGtids,
    /// It has no GTID with a domain.
    Domain,
    /// The log does not say which connection made it.
    Thread,
}

impl RuleSet {
    /// Checks and compiles.
    ///
    /// # Errors
    /// A pattern, kind or GTID set that is none, or times between which there is none.
    pub fn compile(selection: &Selection) -> Result<Self, RuleError> {
        check_times(selection)?;
        check_sorts(selection)?;
        let kinds = selection.kinds.iter();
        Ok(Self(Arc::new(Rules {
            include: patterns(["--table", "--database"], &selection.tables, &selection.databases)?,
            exclude: patterns(
                ["--not-table", "--not-database"],
                &selection.not_tables,
                &selection.not_databases,
            )?,
            kinds: kinds.map(|kind| parse_kind(kind)).collect::<Result<_, _>>()?,
            include_gtids: selection.include_gtids.as_deref().map(parse_gtids).transpose()?,
            exclude_gtids: selection.exclude_gtids.as_deref().map(parse_gtids).transpose()?,
            start_time: selection.start_time,
            stop_time: selection.stop_time,
            server_ids: selection.server_ids.clone(),
            domain_ids: selection.domain_ids.clone(),
            thread_ids: selection.thread_ids.clone(),
            on_mixed: selection.on_mixed,
            on_unparsed: selection.on_unparsed,
            emptied: selection.emptied,
            renaming: Renaming::compile(&selection.renames)?,
            images: ImageRules::compile(&selection.wheres, &selection.drop_columns, &selection.masks)?,
            replicate: Replicate::compile(&selection.replicate)?,
            share: None,
        })))
    }

    /// The rules for a share of the stream.
    pub(crate) fn of_share(share: Share) -> Self {
        let on_unparsed = match share {
            Share::Rest => Policy::Keep,
            Share::Table(_) => Policy::Drop,
        };
        Self(Arc::new(Rules {
            on_mixed: Policy::Keep,
            on_unparsed,
            emptied: Emptied::Nothing,
            share: Some(share),
            ..Rules::default()
        }))
    }

    /// The rule that decides on a table, as on the command line, or why none does.
    pub(crate) fn rule_for_table(&self, table: &TableName) -> String {
        self.rule(|pattern| pattern.matches(&table.schema, &table.table))
    }

    /// The rule that decides on what belongs to a database.
    pub(crate) fn rule_for_schema(&self, schema: &str) -> String {
        let excluded = self.0.exclude.iter().find(|rule| rule.pattern.matches_all_in(schema));
        let included = || self.0.include.iter().find(|rule| rule.pattern.may_match_in(schema));
        self.said(excluded.or_else(included))
    }

    fn rule(&self, matches: impl Fn(&Pattern) -> bool) -> String {
        let mut rules = self.0.exclude.iter().chain(&self.0.include);
        self.said(rules.find(|rule| matches(&rule.pattern)))
    }

    fn said(&self, rule: Option<&Named>) -> String {
        match rule {
            Some(rule) => rule.said.clone(),
            None if self.replicate().is_some() => "--replicate-…".into(),
            None if self.includes() => "no --table or --database has it".into(),
            None => "no rule is about it".into(),
        }
    }

    pub(crate) fn renaming(&self) -> &Renaming {
        &self.0.renaming
    }

    /// Whether anything can get another name.
    pub(crate) fn renames(&self) -> bool {
        !self.0.renaming.is_empty() || self.replicate().is_some()
    }

    /// The rules for rows and columns.
    pub(crate) fn images(&self) -> &ImageRules {
        &self.0.images
    }

    /// Whether there are rules for rows or columns, which need the definitions of tables.
    #[must_use]
    pub fn names_columns(&self) -> bool {
        !self.0.images.is_empty()
    }

    /// The servers' rules, which stand in place of those for tables.
    pub(crate) fn replicate(&self) -> Option<&Replicate> {
        self.0.replicate.as_ref()
    }

    /// The other names of tables and databases.
    pub(crate) fn names(&self) -> &dyn Renames {
        match self.replicate() {
            Some(replicate) => replicate,
            None => self.renaming(),
        }
    }

    pub(crate) fn share(&self) -> Option<&Share> {
        self.0.share.as_ref()
    }

    /// Whether there is no rule.
    #[must_use]
    pub fn keeps_everything(&self) -> bool {
        !self.judges_content() && !self.judges_transactions()
    }

    /// Time before which nothing is kept, seconds since 1970 UTC.
    #[must_use]
    pub fn start_time(&self) -> Option<u32> {
        self.0.start_time
    }

    /// GTIDs outside of which nothing is kept.
    #[must_use]
    pub fn include_gtids(&self) -> Option<&GtidProgress> {
        self.0.include_gtids.as_ref()
    }

    /// Whether the rules for tables keep this one.
    #[must_use]
    pub fn keeps_table(&self, schema: &str, table: &str) -> bool {
        if let Some(share) = self.share() {
            return share.has_table(schema, table);
        }
        if let Some(replicate) = self.replicate() {
            return replicate.keeps_rows(replicate.new_schema(schema).unwrap_or(schema), table);
        }
        let matches = |rule: &Named| rule.pattern.matches(schema, table);
        (!self.includes() || self.0.include.iter().any(matches)) && !self.0.exclude.iter().any(matches)
    }

    /// Whether the rules for tables could keep any table of the database.
    #[must_use]
    pub fn keeps_any_table_of(&self, schema: &str) -> bool {
        if let Some(Share::Table(table)) = self.share() {
            return table.schema == schema;
        }
        if let Some(replicate) = self.replicate() {
            return replicate.keeps_database(replicate.new_schema(schema).unwrap_or(schema));
        }
        (!self.includes() || self.0.include.iter().any(|rule| rule.pattern.may_match_in(schema)))
            && !self.0.exclude.iter().any(|rule| rule.pattern.matches_all_in(schema))
    }

    /// Whether the rules for tables certainly keep all tables of the database.
    pub(crate) fn keeps_all_tables_of(&self, schema: &str) -> bool {
        (!self.includes() || self.0.include.iter().any(|rule| rule.pattern.matches_all_in(schema)))
            && !self.0.exclude.iter().any(|rule| rule.pattern.may_match_in(schema))
    }

    /// Whether rules name what to include, so that all else is left out.
    pub(crate) fn includes(&self) -> bool {
        !self.0.include.is_empty()
    }

    pub(crate) fn keeps_kind(&self, kind: Kind) -> bool {
        self.0.kinds.is_empty() || self.0.kinds.contains(&kind)
    }

    /// Whether there are rules for tables or kinds.
    pub(crate) fn judges_content(&self) -> bool {
        let rules = &*self.0;
        let has_patterns = !(rules.include.is_empty() && rules.exclude.is_empty());
        has_patterns
            || rules.replicate.is_some()
            || !rules.kinds.is_empty()
            || !rules.renaming.is_empty()
            || !rules.images.is_empty()
            || rules.share.is_some()
    }

    fn judges_transactions(&self) -> bool {
        let rules = &*self.0;
        rules.include_gtids.is_some()
            || rules.exclude_gtids.is_some()
            || rules.start_time.is_some()
            || rules.stop_time.is_some()
            || !rules.server_ids.is_empty()
            || !rules.domain_ids.is_empty()
            || !rules.thread_ids.is_empty()
    }

    pub(crate) fn on_mixed(&self) -> Policy {
        self.0.on_mixed
    }

    pub(crate) fn emptied(&self) -> Emptied {
        self.0.emptied
    }

    pub(crate) fn on_unparsed(&self) -> Policy {
        self.0.on_unparsed
    }

    /// What the rules for transactions say.
    pub(crate) fn judge_transaction(&self, transaction: &Transaction<'_>) -> Result<Whole, Unknown> {
        if !self.keeps_gtid(transaction.gtid)? {
            return Ok(Whole::Vanish(Reason::Gtid));
        }
        let time = transaction.timestamp;
        if self.0.start_time.is_some_and(|start| time < start) || self.0.stop_time.is_some_and(|stop| time >= stop) {
            return Ok(Whole::Vanish(Reason::Time));
        }
        if !self.0.server_ids.is_empty() && !self.0.server_ids.contains(&transaction.server_id) {
            return Ok(Whole::Empty(Reason::Server));
        }
        if !self.0.domain_ids.is_empty() {
            match transaction.gtid {
                Some(TransactionGtid::MariaDb(gtid)) if self.0.domain_ids.contains(&gtid.domain) => {}
                Some(TransactionGtid::MariaDb(_)) => return Ok(Whole::Empty(Reason::Domain)),
                _ => return Err(Unknown::Domain),
            }
        }
        if self.0.thread_ids.is_empty() {
            return Ok(Whole::Judge);
        }
        match transaction.thread_id {
            Some(id) if self.0.thread_ids.contains(&id) => Ok(Whole::Judge),
            Some(_) => Ok(Whole::Empty(Reason::Thread)),
            None => Err(Unknown::Thread),
        }
    }

    fn keeps_gtid(&self, gtid: Option<&TransactionGtid>) -> Result<bool, Unknown> {
        let included = self.0.include_gtids.as_ref();
        let excluded = self.0.exclude_gtids.as_ref();
        let Some(gtid) = gtid else {
            return Ok(included.is_none());
        };
        if [included, excluded]
            .into_iter()
            .flatten()
            .any(|rule| !is_comparable(rule, gtid))
        {
            return Err(Unknown::OtherGtids);
        }
        let contains = |rule: &GtidProgress| rule.contains(gtid);
        Ok(included.is_none_or(contains) && !excluded.is_some_and(contains))
    }
}

/// The servers' rules judge statements by other things than ours.
fn check_sorts(selection: &Selection) -> Result<(), RuleError> {
    let ours = [
        ("--table", &selection.tables),
        ("--not-table", &selection.not_tables),
        ("--database", &selection.databases),
        ("--not-database", &selection.not_databases),
        ("--kind", &selection.kinds),
        ("--rewrite", &selection.renames),
        ("--where", &selection.wheres),
        ("--drop-column", &selection.drop_columns),
        ("--mask", &selection.masks),
    ];
    match ours.iter().find(|(_, given)| !given.is_empty()) {
        Some((option, _)) if !selection.replicate.is_empty() => Err(RuleError::BothSorts(option)),
        _ => Ok(()),
    }
}

fn check_times(selection: &Selection) -> Result<(), RuleError> {
    match (selection.start_time, selection.stop_time) {
        (Some(start), Some(stop)) if start >= stop => Err(RuleError::Times),
        _ => Ok(()),
    }
}

fn patterns(options: [&str; 2], tables: &[String], databases: &[String]) -> Result<Vec<Named>, RuleError> {
    let [of_tables, of_databases] = options;
    let named = |option: &str, text: &str, pattern| Named {
        pattern,
        said: format!("{option} '{text}'"),
    };
    let tables = tables
        .iter()
        .map(|text| Ok(named(of_tables, text, Pattern::table(text)?)));
    let databases = databases
        .iter()
        .map(|text| Ok(named(of_databases, text, Pattern::database(text)?)));
    tables.chain(databases).collect()
}

fn parse_kind(name: &str) -> Result<Kind, RuleError> {
    Kind::parse(name).ok_or_else(|| RuleError::Kind(name.into()))
}

fn parse_gtids(text: &str) -> Result<GtidProgress, RuleError> {
    GtidProgress::parse_mysql(text).or_else(|error| {
        let as_mariadb = GtidProgress::parse_mariadb(text);
        as_mariadb.map_err(|_| RuleError::Gtids {
            text: text.into(),
            error,
        })
    })
}

fn is_comparable(rule: &GtidProgress, gtid: &TransactionGtid) -> bool {
    let same = matches!(
        (rule, gtid),
        (GtidProgress::MySql(_), TransactionGtid::MySql(_)) | (GtidProgress::MariaDb(_), TransactionGtid::MariaDb(_))
    );
    same || rule.is_empty()
}

#[cfg(test)]
mod tests;
