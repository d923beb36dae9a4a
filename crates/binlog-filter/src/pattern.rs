//! Patterns for tables and databases.
//!
//! ```text
//! table    = "/" regex "/" | name "." name
//! database = name
//! name     = "`" ( any but "`" | "``" )+ "`" | ( any but "." and "`" )+     with * and ? as wildcards
//! ```

use nom::branch::alt;
use nom::bytes::complete::{is_not, tag};
use nom::character::complete::char;
use nom::combinator::{all_consuming, map, value};
use nom::multi::{fold_many1, many1_count};
use nom::sequence::{delimited, separated_pair};
use nom::{IResult, Parser};
use regex::Regex;

use crate::error::RuleError;
use crate::pattern::prefix::Prefixes;

mod prefix;

/// What a rule for tables matches.
#[derive(Debug)]
pub(crate) enum Pattern {
    Names { schema: Name, table: Name },
    Regex { whole: Regex, prefixes: Box<Prefixes> },
}

/// What a name must be.
#[derive(Debug)]
pub(crate) enum Name {
    Any,
    Exactly(String),
    Like(Regex),
}

impl Pattern {
    /// Reads a pattern for tables.
    pub(crate) fn table(text: &str) -> Result<Self, RuleError> {
        if let Some(regex) = text.strip_prefix('/') {
            return Self::regex(text, regex);
        }
        let parsed: Result<_, _> = all_consuming(separated_pair(name, char('.'), name)).parse(text);
        match parsed {
            Ok((_, (schema, table))) => Ok(Self::Names { schema, table }),
            Err(_) => Err(not_a_table(text)),
        }
    }

    /// Reads a pattern for databases; it matches all their tables.
    pub(crate) fn database(text: &str) -> Result<Self, RuleError> {
        match all_consuming(name).parse(text) {
            Ok((_, schema)) => Ok(Self::Names {
                schema,
                table: Name::Any,
            }),
            Err(_) => Err(RuleError::Pattern {
                pattern: text.into(),
                why: "is not the name of a database",
                hint: "'shop', 'shop*', or '`my.shop`' for a name with a dot".into(),
            }),
        }
    }

    fn regex(text: &str, rest: &str) -> Result<Self, RuleError> {
        let Some(expression) = rest.strip_suffix('/') else {
            return Err(RuleError::Pattern {
                pattern: text.into(),
                why: "begins with a slash and does not end with one",
                hint: format!("a regular expression is '{text}/'"),
            });
        };
        let fail = |error: String| RuleError::Regex {
            pattern: text.into(),
            error,
        };
        Ok(Self::Regex {
            whole: Regex::new(expression).map_err(|error| fail(error.to_string()))?,
            prefixes: Box::new(Prefixes::new(expression).map_err(fail)?),
        })
    }

    pub(crate) fn matches(&self, schema: &str, table: &str) -> bool {
        match self {
            Self::Names {
                schema: first,
                table: second,
            } => first.matches(schema) && second.matches(table),
            Self::Regex { whole, .. } => whole.is_match(&format!("{schema}.{table}")),
        }
    }

    /// Whether it may match any table of the schema.
    pub(crate) fn may_match_in(&self, schema: &str) -> bool {
        match self {
            Self::Names { schema: first, .. } => first.matches(schema),
            Self::Regex { prefixes, .. } => prefixes.may_begin_with(&format!("{schema}.")),
        }
    }

    /// Whether it certainly matches all tables of the schema.
    pub(crate) fn matches_all_in(&self, schema: &str) -> bool {
        match self {
            Self::Names {
                schema: first,
                table: Name::Any,
            } => first.matches(schema),
            _ => false,
        }
    }
}

impl Name {
    fn matches(&self, name: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exactly(exact) => exact == name,
            Self::Like(regex) => regex.is_match(name),
        }
    }
}

fn not_a_table(text: &str) -> RuleError {
    let plain = !text.is_empty() && !text.contains(['.', '`']);
    let hint = match plain {
        true => format!("'{text}.*' is all tables of the database, '*.{text}' that table of any"),
        false => "'shop.orders', 'shop.*', '`my.shop`.orders' or '/regex/'".into(),
    };
    RuleError::Pattern {
        pattern: text.into(),
        why: match plain {
            true => "has no dot between database and table",
            false => "is not DATABASE.TABLE",
        },
        hint,
    }
}

/// Errors of nom that say no more than that the pattern is wrong.
type Plain<'a, T> = IResult<&'a str, T, ()>;

fn name(input: &str) -> Plain<'_, Name> {
    alt((quoted, glob)).parse(input)
}

fn quoted(input: &str) -> Plain<'_, Name> {
    let part = alt((is_not("`"), value("`", tag("``"))));
    let text = fold_many1(part, String::new, |text, part: &str| text + part);
    map(delimited(char('`'), text, char('`')), Name::Exactly).parse(input)
}

fn glob(input: &str) -> Plain<'_, Name> {
    let (rest, text) = is_not(".`").parse(input)?;
    let stars: Plain<'_, usize> = all_consuming(many1_count(char('*'))).parse(text);
    if stars.is_ok() {
        return Ok((rest, Name::Any));
    }
    if !text.contains(['*', '?']) {
        return Ok((rest, Name::Exactly(text.into())));
    }
    let like = regex::escape(text).replace(r"\*", ".*").replace(r"\?", ".");
    match Regex::new(&format!("(?s)^{like}$")) {
        Ok(regex) => Ok((rest, Name::Like(regex))),
        Err(_) => Err(nom::Err::Failure(())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, table: (&str, &str), expected: bool) {
        let compiled = Pattern::table(pattern).unwrap();
        assert_eq!(compiled.matches(table.0, table.1), expected, "{pattern} {table:?}");
    }

    #[test]
    fn tables() {
        check("shop.orders", ("shop", "orders"), true);
        check("shop.orders", ("shop", "Orders"), false);
        check("shop.orders", ("shop", "orders2"), false);
        check("shop.orders", ("ashop", "orders"), false);
        check("shop.*", ("shop", "orders"), true);
        check("shop.*", ("shops", "orders"), false);
        check("*.orders", ("x", "orders"), true);
        check("s?op*.o*s", ("shop_eu", "orders"), true);
        check("s?op*.o*s", ("sop_eu", "orders"), false);
        check("s?p.t", ("söp", "t"), true);
        check("a+b.c$", ("a+b", "c$"), true);
        check("`a.b`.`c`", ("a.b", "c"), true);
        check("`a``b`.c", ("a`b", "c"), true);
        check("`a*`.c", ("a*", "c"), true);
        check("`a*`.c", ("ab", "c"), false);
        check("/^shop\\.(orders|items)$/", ("shop", "items"), true);
        check("/^shop\\.(orders|items)$/", ("shop", "items2"), false);
        check("/orders/", ("shop", "old_orders_2"), true);
        check("/a/b/", ("xa", "b"), false);
    }

    #[test]
    fn databases() {
        let shop = Pattern::database("shop*").unwrap();
        assert!(shop.matches("shop_eu", "anything"));
        assert!(shop.matches_all_in("shop"));
        assert!(!shop.may_match_in("other"));
        assert!(Pattern::database("`a.b`").unwrap().matches("a.b", "t"));
    }

    #[test]
    fn schemas_of_tables() {
        let check = |pattern: &str, schema: &str, may: bool, all: bool| {
            let compiled = Pattern::table(pattern).unwrap();
            assert_eq!(compiled.may_match_in(schema), may, "{pattern} may match in {schema}");
            assert_eq!(
                compiled.matches_all_in(schema),
                all,
                "{pattern} matches all in {schema}"
            );
        };
        check("shop.orders", "shop", true, false);
        check("shop.orders", "other", false, false);
        check("shop.**", "shop", true, true);
        check("/^shop\\./", "shop", true, false);
        check("/^shop\\./", "other", false, false);
        check("/^shop\\./", "shops", false, false);
        check("/^(?:shop|store)\\.o/", "store", true, false);
        check("/orders$/", "other", true, false);
    }

    #[test]
    fn wrong() {
        let check = |text: &str, expected: &str| {
            let error = Pattern::table(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        };
        check("orders", "'orders.*' is all tables");
        check("", "is not DATABASE.TABLE");
        check("a.b.c", "is not DATABASE.TABLE");
        check("shop.", "is not DATABASE.TABLE");
        check("`shop.orders", "is not DATABASE.TABLE");
        check("/shop", "does not end with one");
        check("/sh(op/", "unclosed group");
        assert!(Pattern::database("shop.orders").is_err());
        assert!(Pattern::database("").is_err());
    }
}
