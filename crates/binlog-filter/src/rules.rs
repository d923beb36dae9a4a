//! The compiled rules.

use std::sync::Arc;

use binlog_parser::gtid::{GtidProgress, TransactionGtid};

use crate::error::RuleError;
use crate::kind::Kind;
use crate::pattern::Pattern;
use crate::report::Reason;
use crate::selection::{Emptied, Policy, Selection};

/// Compiled rules. A clone is the same rules.
#[derive(Debug, Clone)]
pub struct RuleSet(Arc<Rules>);

#[derive(Debug)]
struct Rules {
    include: Vec<Pattern>,
    exclude: Vec<Pattern>,
    /// Empty: all.
    kinds: Vec<Kind>,
    include_gtids: Option<GtidProgress>,
    exclude_gtids: Option<GtidProgress>,
    start_time: Option<u32>,
    stop_time: Option<u32>,
    server_ids: Vec<u32>,
    thread_ids: Vec<u32>,
    on_mixed: Policy,
    on_unparsed: Policy,
    emptied: Emptied,
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
        let kinds = selection.kinds.iter();
        Ok(Self(Arc::new(Rules {
            include: patterns(&selection.tables, &selection.databases)?,
            exclude: patterns(&selection.not_tables, &selection.not_databases)?,
            kinds: kinds.map(|kind| parse_kind(kind)).collect::<Result<_, _>>()?,
            include_gtids: selection.include_gtids.as_deref().map(parse_gtids).transpose()?,
            exclude_gtids: selection.exclude_gtids.as_deref().map(parse_gtids).transpose()?,
            start_time: selection.start_time,
            stop_time: selection.stop_time,
            server_ids: selection.server_ids.clone(),
            thread_ids: selection.thread_ids.clone(),
            on_mixed: selection.on_mixed,
            on_unparsed: selection.on_unparsed,
            emptied: selection.emptied,
        })))
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
        let matches = |pattern: &Pattern| pattern.matches(schema, table);
        (!self.includes() || self.0.include.iter().any(matches)) && !self.0.exclude.iter().any(matches)
    }

    /// Whether the rules for tables could keep any table of the database.
    #[must_use]
    pub fn keeps_any_table_of(&self, schema: &str) -> bool {
        (!self.includes() || self.0.include.iter().any(|pattern| pattern.may_match_in(schema)))
            && !self.0.exclude.iter().any(|pattern| pattern.matches_all_in(schema))
    }

    /// Whether the rules for tables certainly keep all tables of the database.
    pub(crate) fn keeps_all_tables_of(&self, schema: &str) -> bool {
        (!self.includes() || self.0.include.iter().any(|pattern| pattern.matches_all_in(schema)))
            && !self.0.exclude.iter().any(|pattern| pattern.may_match_in(schema))
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
        !(self.0.include.is_empty() && self.0.exclude.is_empty() && self.0.kinds.is_empty())
    }

    fn judges_transactions(&self) -> bool {
        let rules = &*self.0;
        rules.include_gtids.is_some()
            || rules.exclude_gtids.is_some()
            || rules.start_time.is_some()
            || rules.stop_time.is_some()
            || !rules.server_ids.is_empty()
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

fn check_times(selection: &Selection) -> Result<(), RuleError> {
    match (selection.start_time, selection.stop_time) {
        (Some(start), Some(stop)) if start >= stop => Err(RuleError::Times),
        _ => Ok(()),
    }
}

fn patterns(tables: &[String], databases: &[String]) -> Result<Vec<Pattern>, RuleError> {
    let tables = tables.iter().map(|text| Pattern::table(text));
    let databases = databases.iter().map(|text| Pattern::database(text));
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
mod tests {
    use super::*;
    use crate::testing::{rules, texts};

    #[test]
    fn tables_and_databases() {
        let rules = rules(|selection| {
            selection.tables = texts(&["shop.*", "/^eu_[a-z]+\\.orders$/"]);
            selection.databases = texts(&["crm"]);
            selection.not_tables = texts(&["shop.audit_log", "*.tmp"]);
            selection.not_databases = texts(&["eu_x"]);
        });
        let check = |schema: &str, table: &str, expected: bool| {
            assert_eq!(rules.keeps_table(schema, table), expected, "{schema}.{table}");
        };
        check("shop", "orders", true);
        check("shop", "audit_log", false);
        check("shop", "tmp", false);
        check("crm", "anything", true);
        check("eu_de", "orders", true);
        check("eu_de", "items", false);
        check("eu_x", "orders", false);
        check("other", "noise", false);
        let any = |schema: &str| rules.keeps_any_table_of(schema);
        assert_eq!(
            ["shop", "crm", "eu_de", "eu_x", "other"].map(any),
            [true, true, true, false, false]
        );
        assert!(!rules.keeps_all_tables_of("shop"));
        assert!(!rules.keeps_all_tables_of("crm"));
    }

    #[test]
    fn transactions() {
        const SOURCE: &str = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
        let rules = rules(|selection| {
            selection.include_gtids = Some(format!("{SOURCE}:1-10"));
            selection.exclude_gtids = Some(format!("{SOURCE}:5"));
            selection.start_time = Some(100);
            selection.stop_time = Some(200);
            selection.server_ids = vec![1, 2];
            selection.thread_ids = vec![7];
        });
        let check = |gno: Option<u64>, timestamp, server_id, thread_id, expected| {
            let gtid = gno.map(|gno| format!("{SOURCE}:{gno}").parse().unwrap());
            let transaction = Transaction {
                gtid: gtid.as_ref(),
                timestamp,
                server_id,
                thread_id,
            };
            assert_eq!(rules.judge_transaction(&transaction), expected, "{transaction:?}");
        };
        check(Some(1), 100, 1, Some(7), Ok(Whole::Judge));
        check(Some(5), 100, 1, Some(7), Ok(Whole::Vanish(Reason::Gtid)));
        check(Some(11), 100, 1, Some(7), Ok(Whole::Vanish(Reason::Gtid)));
        check(None, 100, 1, Some(7), Ok(Whole::Vanish(Reason::Gtid)));
        check(Some(1), 99, 1, Some(7), Ok(Whole::Vanish(Reason::Time)));
        check(Some(1), 200, 1, Some(7), Ok(Whole::Vanish(Reason::Time)));
        check(Some(1), 199, 3, Some(7), Ok(Whole::Empty(Reason::Server)));
        check(Some(1), 199, 2, Some(8), Ok(Whole::Empty(Reason::Thread)));
        check(Some(1), 199, 2, None, Err(Unknown::Thread));
    }

    #[test]
    fn gtids_of_the_other_family() {
        let rules = rules(|selection| selection.exclude_gtids = Some("0-1-100".into()));
        let gtid = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1".parse().unwrap();
        let transaction = Transaction {
            gtid: Some(&gtid),
            timestamp: 0,
            server_id: 1,
            thread_id: None,
        };
        assert_eq!(rules.judge_transaction(&transaction), Err(Unknown::OtherGtids));
    }

    #[test]
    fn wrong_selections() {
        let check = |change: fn(&mut Selection), expected: &str| {
            let mut selection = Selection::default();
            change(&mut selection);
            let error = RuleSet::compile(&selection).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        check(|selection| selection.kinds = texts(&["select"]), "is none of");
        check(|selection| selection.include_gtids = Some("x".into()), "GTIDs \"x\"");
        check(
            |selection| (selection.start_time, selection.stop_time) = (Some(2), Some(2)),
            "not before",
        );
        check(|selection| selection.not_tables = texts(&["audit_log"]), "has no dot");
    }
}
