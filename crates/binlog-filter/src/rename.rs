//! Rules for other names.
//!
//! ```text
//! rule   = part "." part "=" target "." target
//! part   = "/" regex "/" | "`" name "`" | name     with at most one * as wildcard
//! target = "`" name "`" | name                     with * for what the part's * (or the whole regex) matched, $1 for a group
//! ```

use std::borrow::Cow;

use binlog_schema::TableName;
use binlog_schema::statement::Renames;
use nom::branch::alt;
use nom::bytes::complete::{is_not, tag};
use nom::character::complete::char;
use nom::combinator::{all_consuming, map, value};
use nom::multi::fold_many1;
use nom::sequence::{delimited, separated_pair};
use nom::{IResult, Parser};
use regex::Regex;

use crate::error::RuleError;

/// Rules in order: the first one that matches a table names it.
#[derive(Debug, Default)]
pub(crate) struct Renaming(Vec<Rule>);

#[derive(Debug)]
struct Rule {
    from: (Part, Part),
    to: (Target, Target),
}

#[derive(Debug)]
enum Part {
    Exactly(String),
    /// What stands before and behind the `*`.
    Like(String, String),
    Regex(Regex),
}

/// A new name.
#[derive(Debug, PartialEq, Eq)]
enum Target {
    Exactly(String),
    /// With `*` and `$1` in it.
    Template(String),
}

impl Renaming {
    pub(crate) fn compile(rules: &[String]) -> Result<Self, RuleError> {
        rules
            .iter()
            .map(|text| Rule::compile(text))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Renames for Renaming {
    fn table(&self, table: &TableName) -> Option<TableName> {
        let new = self.0.iter().find_map(|rule| rule.table(table))?;
        (new != *table).then_some(new)
    }

    fn schema(&self, schema: &str) -> Option<String> {
        if schema.is_empty() {
            return None;
        }
        let new = self.0.iter().find_map(|rule| rule.schema(schema))?;
        (new != schema).then_some(new)
    }
}

impl Rule {
    fn compile(text: &str) -> Result<Self, RuleError> {
        let wrong = |why| RuleError::Pattern {
            pattern: text.into(),
            why,
            hint: "a rename is 'shop.*=shop_eu.*', 'shop.a=shop.b' or '/shop_([0-9]+)/.*=shop.*'".into(),
        };
        let parsed = all_consuming(separated_pair(
            separated_pair(written_part, char('.'), written_part),
            char('='),
            separated_pair(target, char('.'), target),
        ))
        .parse(text);
        let (_, ((schema, table), to)) = parsed.map_err(|_| wrong("is no rename"))?;
        let part = |written: Written| match written {
            Written::Exactly(name) => Ok(Part::Exactly(name)),
            Written::Plain(name) => match name.split_once('*') {
                None => Ok(Part::Exactly(name)),
                Some((_, after)) if after.contains('*') => Err(wrong("has more than one * in a name")),
                Some((before, after)) => Ok(Part::Like(before.into(), after.into())),
            },
            Written::Regex(expression) => {
                let whole = Regex::new(&format!("^(?:{expression})$"));
                whole.map(Part::Regex).map_err(|error| RuleError::Regex {
                    pattern: text.into(),
                    error: error.to_string(),
                })
            }
        };
        let from = (part(schema)?, part(table)?);
        let rule = Self { from, to };
        rule.check().map_err(wrong)?;
        Ok(rule)
    }

    /// A `*` or group stands for something.
    fn check(&self) -> Result<(), &'static str> {
        for (part, target) in [(&self.from.0, &self.to.0), (&self.from.1, &self.to.1)] {
            if let (Part::Exactly(_), Target::Template(text)) = (part, target)
                && text.contains('*')
            {
                return Err("has a * on the right that stands for nothing on the left");
            }
        }
        Ok(())
    }

    fn table(&self, table: &TableName) -> Option<TableName> {
        Some(TableName {
            schema: self.from.0.renamed(&table.schema, &self.to.0)?,
            table: self.from.1.renamed(&table.table, &self.to.1)?,
        })
    }

    /// Of a rule for all tables, which keep their names.
    fn schema(&self, schema: &str) -> Option<String> {
        let is_any = matches!(&self.from.1, Part::Like(before, after) if before.is_empty() && after.is_empty());
        let keeps = self.to.1 == Target::Template("*".into());
        if !is_any || !keeps {
            return None;
        }
        self.from.0.renamed(schema, &self.to.0)
    }
}

impl Part {
    /// The new name, where the part matches.
    fn renamed(&self, name: &str, target: &Target) -> Option<String> {
        match (self, target) {
            (Self::Exactly(exact), _) if exact != name => None,
            (Self::Exactly(_), Target::Template(text)) => Some(text.clone()),
            (Self::Like(before, after), _) => {
                let matched = name.strip_prefix(before.as_str())?.strip_suffix(after.as_str())?;
                Some(target.with(matched))
            }
            (Self::Regex(regex), Target::Template(text)) => {
                let groups = regex.captures(name)?;
                let mut new = String::new();
                groups.expand(&text.replace('*', "${0}"), &mut new);
                Some(new)
            }
            (Self::Regex(regex), Target::Exactly(new)) => regex.is_match(name).then(|| new.clone()),
            (Self::Exactly(_), Target::Exactly(new)) => Some(new.clone()),
        }
    }
}

impl Target {
    fn with(&self, matched: &str) -> String {
        match self {
            Self::Exactly(name) => name.clone(),
            Self::Template(text) => text.replace('*', matched),
        }
    }
}

/// A part as it is written.
enum Written {
    Exactly(String),
    Plain(String),
    Regex(String),
}

fn written_part(input: &str) -> IResult<&str, Written> {
    alt((
        map(delimited(char('/'), is_not("/"), char('/')), |text: &str| {
            Written::Regex(text.into())
        }),
        map(quoted, Written::Exactly),
        map(is_not(".=`/"), |text: &str| Written::Plain(text.into())),
    ))
    .parse(input)
}

fn target(input: &str) -> IResult<&str, Target> {
    alt((
        map(quoted, Target::Exactly),
        map(is_not(".=`/"), |text: &str| Target::Template(text.into())),
    ))
    .parse(input)
}

/// A name in backquotes, with those in it doubled.
fn quoted(input: &str) -> IResult<&str, String> {
    let piece = alt((value(Cow::Borrowed("`"), tag("``")), map(is_not("`"), Cow::Borrowed)));
    delimited(
        char('`'),
        fold_many1(piece, String::new, |name, piece| name + &piece),
        char('`'),
    )
    .parse(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables() {
        let check = |rules: &[&str], schema: &str, table: &str, expected: &str| {
            let rules: Vec<String> = rules.iter().map(|rule| (*rule).to_owned()).collect();
            let new = Renaming::compile(&rules).unwrap().table(&TableName::new(schema, table));
            assert_eq!(
                new.map_or("-".into(), |new| new.to_string()),
                expected,
                "{rules:?} {schema}.{table}"
            );
        };
        check(&["shop.*=shop_eu.*"], "shop", "orders", "shop_eu.orders");
        check(&["shop.*=shop_eu.*"], "shop2", "orders", "-");
        check(&["shop.a=shop.b", "shop.*=x.*"], "shop", "a", "shop.b");
        check(&["shop.a=shop.b", "shop.*=x.*"], "shop", "c", "x.c");
        check(&["shop.*=shop.*"], "shop", "c", "-");
        check(&["*.*=all.*"], "shop", "c", "all.c");
        check(&["shop.old_*=shop.*_old"], "shop", "old_a", "shop.a_old");
        check(&["/shop_([0-9]+)/.*=shop.*"], "shop_12", "a", "shop.a");
        check(&["/shop_([0-9]+)/.*=shop.*"], "shop_12x", "a", "-");
        check(&["/shop_([0-9]+)/./(.*)/=shop.${2}_$1"], "shop_12", "a", "shop._a");
        check(&["/shop_([0-9]+)/.orders=s$1.`a.b`"], "shop_12", "orders", "s12.a.b");
        check(&["`my.shop`.`a*`=x.y"], "my.shop", "a*", "x.y");
    }

    #[test]
    fn schemas() {
        let check = |rule: &str, schema: &str, expected: Option<&str>| {
            let rules = Renaming::compile(&[rule.to_owned()]).unwrap();
            assert_eq!(rules.schema(schema).as_deref(), expected, "{rule}");
        };
        check("shop.*=shop_eu.*", "shop", Some("shop_eu"));
        check("shop.*=shop_eu.*", "other", None);
        check("*.*=new_*.*", "", None);
        check("shop.a=shop_eu.a", "shop", None);
        check("shop.*=shop_eu.t_*", "shop", None);
        check("/shop_[0-9]+/.*=shop.*", "shop_7", Some("shop"));
    }

    #[test]
    fn what_is_wrong() {
        for rule in [
            "shop",
            "shop.a",
            "shop.a=b",
            "shop.*.b=c.d",
            "a.**=b.*",
            "a.b=c.*",
            "/(/.a=b.c",
            "a.b=c.d=e.f",
        ] {
            assert!(Renaming::compile(&[rule.to_owned()]).is_err(), "{rule}");
        }
    }
}
