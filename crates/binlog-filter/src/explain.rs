//! What was decided of each table and kind of statement, and by which rule.

use std::collections::BTreeSet;
use std::fmt;

use binlog_schema::{Object, StatementKind, TableName, Touched};

use crate::error::list;
use crate::event::Verdict;
use crate::judge::Judgement;
use crate::kind::Kind;
use crate::report::Reason;
use crate::rules::RuleSet;

/// Each decision that was made, once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Explanation(BTreeSet<Decision>);

/// A decision on rows of a table, or on statements that touch something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decision {
    /// What they touch: `shop.orders`, `database shop`.
    pub subject: String,
    /// What they do: `insert rows`, `CREATE TABLE`.
    pub change: String,
    /// Whether they were kept, if in part.
    pub kept: bool,
    /// The rule, as on the command line, or why there is none.
    pub why: String,
}

impl Explanation {
    /// The decisions by what they were on.
    pub fn decisions(&self) -> impl Iterator<Item = &Decision> {
        self.0.iter()
    }

    pub(crate) fn rows(&mut self, rules: &RuleSet, table: &TableName, kind: Kind, verdict: Verdict) {
        let why = match verdict {
            Verdict::Drop(Reason::Kind) => "--kind".into(),
            _ => rules.rule_for_table(table),
        };
        self.0.insert(Decision {
            subject: table.to_string(),
            change: format!("{} rows", kind.name()),
            kept: verdict == Verdict::Keep,
            why,
        });
    }

    pub(crate) fn statement(
        &mut self,
        rules: &RuleSet,
        touched: &Touched,
        judgement: &Judgement,
        part: bool,
        verdict: Verdict,
    ) {
        let objects = if touched.writes.is_empty() {
            &touched.reads
        } else {
            &touched.writes
        };
        let why = match judgement {
            _ if part => "a list of tables, of which a part is kept".into(),
            Judgement::Mixed { .. } => "--on-mixed".into(),
            Judgement::Unknown(_) => "--on-unparsed".into(),
            Judgement::Drop(Reason::Kind) => "--kind".into(),
            Judgement::Drop(Reason::Global) => "belongs to no database, and rules name what to include".into(),
            Judgement::Keep | Judgement::Drop(_) => rule_for(rules, objects),
        };
        self.0.insert(Decision {
            subject: if objects.is_empty() {
                "nothing".into()
            } else {
                list(objects)
            },
            change: words(touched.kind),
            kept: verdict == Verdict::Keep,
            why,
        });
    }

    pub(crate) fn unparsed(&mut self, kind: Option<StatementKind>, verdict: Verdict) {
        self.0.insert(Decision {
            subject: "what cannot be told".into(),
            change: kind.map_or_else(|| "a statement".into(), words),
            kept: verdict == Verdict::Keep,
            why: if verdict == Verdict::Drop(Reason::Kind) {
                "--kind"
            } else {
                "--on-unparsed"
            }
            .into(),
        });
    }
}

impl fmt::Display for Explanation {
    /// A line each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for decision in &self.0 {
            let fate = if decision.kept { "kept   " } else { "dropped" };
            let Decision {
                subject, change, why, ..
            } = decision;
            writeln!(f, "{fate} {subject}: {change}: {why}")?;
        }
        Ok(())
    }
}

fn rule_for(rules: &RuleSet, objects: &[Object]) -> String {
    let table = objects.iter().find_map(Object::table);
    let schema = objects.iter().find_map(Object::schema);
    match (table, schema) {
        (Some(table), _) => rules.rule_for_table(table),
        (None, Some(schema)) => rules.rule_for_schema(schema),
        (None, None) => "no rule is about it".into(),
    }
}

/// `CREATE TABLE` for [`StatementKind::CreateTable`].
fn words(kind: StatementKind) -> String {
    let mut words = String::new();
    for letter in format!("{kind:?}").chars() {
        if letter.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(letter.to_ascii_uppercase());
    }
    words
}
