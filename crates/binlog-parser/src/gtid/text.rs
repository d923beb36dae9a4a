//! The text of GTIDs and of sets of them, of both servers.
//!
//! MySQL's grammar (manual, «GTID Sets»), white space allowed between its parts, letters in either case:
//!
//! ```text
//! set:      [servers [, servers] ...]
//! servers:  uuid group [group] ...
//! group:    [: tag] : interval [: interval] ...
//! interval: number [- number]
//! ```
//!
//! MariaDB's: `domain-server-sequence [, domain-server-sequence] ...`.

use std::str::FromStr;

use nom::bytes::complete::{take_while_m_n, take_while1};
use nom::character::complete::{char, digit1, multispace0};
use nom::combinator::{cut, map_opt, opt};
use nom::error::{ErrorKind, ParseError};
use nom::multi::many1;
use nom::sequence::{delimited, preceded};
use nom::{Finish, IResult, Parser};

use crate::gtid::{Gtid, GtidSet, Interval, MAX_GNO, MariaDbGtid, MariaDbGtidPosition, Sid, Tag, TransactionGtid};

/// Text that is no GTID, set of GTIDs or position.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a GTID or set of GTIDs at byte {at}: {why}: {text:?}")]
pub struct GtidTextError {
    /// The text from there on, at most 40 characters of it.
    pub text: String,
    /// Where in the whole text, in bytes.
    pub at: usize,
    /// What was expected.
    pub why: &'static str,
}

impl FromStr for Sid {
    type Err = GtidTextError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        whole(text, sid)
    }
}

impl FromStr for Gtid {
    type Err = GtidTextError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        whole(text, gtid)
    }
}

impl FromStr for GtidSet {
    type Err = GtidTextError;

    /// Needless commas are passed over, as the server does.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut set = Self::default();
        for_each_in_list(text, servers, |(sid, groups)| {
            for (tag, intervals) in groups {
                for interval in intervals {
                    set.insert_interval(sid, tag.clone(), interval);
                }
            }
            Ok(())
        })?;
        Ok(set)
    }
}

impl FromStr for MariaDbGtid {
    type Err = GtidTextError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        whole(text, mariadb_gtid)
    }
}

impl FromStr for MariaDbGtidPosition {
    type Err = GtidTextError;

    /// Each domain may stand there once.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut position = Self::default();
        for_each_in_list(text, mariadb_gtid, |gtid| match position.advance(&gtid) {
            None => Ok(()),
            Some(_) => Err("the domain stands there twice"),
        })?;
        Ok(position)
    }
}

impl FromStr for TransactionGtid {
    type Err = GtidTextError;

    /// MySQL's form if the text has a colon, else MariaDB's.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.contains(':') {
            true => text.parse().map(Self::MySql),
            false => text.parse().map(Self::MariaDb),
        }
    }
}

/// Where the text stopped to be right, and what was expected there.
#[derive(Debug)]
struct Expected<'a> {
    rest: &'a str,
    why: &'static str,
}

impl<'a> Expected<'a> {
    fn within(self, text: &str) -> GtidTextError {
        GtidTextError {
            text: self.rest.chars().take(40).collect(),
            at: text.len() - self.rest.len(),
            why: self.why,
        }
    }
}

impl<'a> ParseError<&'a str> for Expected<'a> {
    fn from_error_kind(rest: &'a str, _: ErrorKind) -> Self {
        let why = "expected something else";
        Self { rest, why }
    }

    fn append(_: &'a str, _: ErrorKind, inner: Self) -> Self {
        inner
    }
}

type Parsed<'a, T> = IResult<&'a str, T, Expected<'a>>;

/// The only thing in the text, apart from white space around it.
fn whole<'a, T>(text: &'a str, parse: fn(&'a str) -> Parsed<'a, T>) -> Result<T, GtidTextError> {
    let (rest, value) = spaced(parse).parse(text).finish().map_err(|error| error.within(text))?;
    match rest {
        "" => Ok(value),
        _ => Err(Expected {
            rest,
            why: "expected the end",
        }
        .within(text)),
    }
}

/// Each thing of a list separated by commas.
fn for_each_in_list<'a, T>(
    text: &'a str,
    parse: fn(&'a str) -> Parsed<'a, T>,
    mut take: impl FnMut(T) -> Result<(), &'static str>,
) -> Result<(), GtidTextError> {
    let is_between = |c: char| c == ',' || c.is_ascii_whitespace();
    let mut rest = text.trim_start_matches(is_between);
    while !rest.is_empty() {
        let (after, value) = parse(rest).finish().map_err(|error| error.within(text))?;
        take(value).map_err(|why| Expected { rest, why }.within(text))?;
        let after = after.trim_ascii_start();
        if !after.is_empty() && !after.starts_with(',') {
            let why = "expected a colon with a tag or an interval, a comma, or the end";
            return Err(Expected { rest: after, why }.within(text));
        }
        rest = after.trim_start_matches(is_between);
    }
    Ok(())
}

type Groups = Vec<(Tag, Vec<Interval>)>;

fn servers(text: &str) -> Parsed<'_, (Sid, Groups)> {
    (sid, many1(group)).parse(text)
}

fn group(text: &str) -> Parsed<'_, (Tag, Vec<Interval>)> {
    let (text, tag) = opt(preceded(colon, tag)).parse(text)?;
    let (text, intervals) = many1(preceded(colon, interval)).parse(text)?;
    Ok((text, (tag.unwrap_or_default(), intervals)))
}

fn gtid(text: &str) -> Parsed<'_, Gtid> {
    let tag = opt(preceded(colon, tag)).map(Option::unwrap_or_default);
    let mut parts = (sid, tag, preceded(colon, gno));
    let (text, (sid, tag, gno)) = parts.parse(text)?;
    Ok((text, Gtid { sid, tag, gno }))
}

fn sid(text: &str) -> Parsed<'_, Sid> {
    let is_of_uuid = |c: char| c.is_ascii_hexdigit() || c == '-';
    let parsed = map_opt(take_while_m_n(36, 36, is_of_uuid), uuid).parse(text);
    expect(parsed, text, "expected a UUID with dashes")
}

fn uuid(text: &str) -> Option<Sid> {
    if !text.split('-').map(str::len).eq([8, 4, 4, 4, 12]) {
        return None;
    }
    let number = u128::from_str_radix(&text.replace('-', ""), 16).ok()?;
    Some(Sid(number.to_be_bytes()))
}

fn tag(text: &str) -> Parsed<'_, Tag> {
    let is_of_tag = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let parsed = map_opt(take_while1(is_of_tag), Tag::new).parse(text);
    expect(parsed, text, "expected a tag")
}

fn interval(text: &str) -> Parsed<'_, Interval> {
    let (rest, start) = gno(text)?;
    let (rest, last) = opt(preceded(spaced(char('-')), cut(gno))).parse(rest)?;
    let end = last.unwrap_or(start) + 1;
    match start < end {
        true => Ok((rest, Interval { start, end })),
        false => fail(text, "expected an interval that does not end before it begins"),
    }
}

fn gno(text: &str) -> Parsed<'_, u64> {
    let valid = |gno: &u64| (1..=MAX_GNO).contains(gno);
    let parsed = map_opt(digit1, |digits: &str| digits.parse().ok().filter(valid)).parse(text);
    expect(parsed, text, "expected a number from 1 to 2^63 - 2")
}

fn mariadb_gtid(text: &str) -> Parsed<'_, MariaDbGtid> {
    let mut parts = (number, preceded(dash, number), preceded(dash, number));
    let (text, (domain, server_id, sequence)) = parts.parse(text)?;
    let gtid = MariaDbGtid {
        domain,
        server_id,
        sequence,
    };
    Ok((text, gtid))
}

fn number<T: FromStr>(text: &str) -> Parsed<'_, T> {
    let parsed = map_opt(digit1, |digits: &str| digits.parse().ok()).parse(text);
    expect(
        parsed,
        text,
        "expected domain-server-sequence, numbers of 32, 32 and 64 bits",
    )
}

fn colon(text: &str) -> Parsed<'_, char> {
    expect(spaced(char(':')).parse(text), text, "expected a colon")
}

fn dash(text: &str) -> Parsed<'_, char> {
    expect(char('-').parse(text), text, "expected a dash")
}

fn spaced<'a, T>(
    parser: impl Parser<&'a str, Output = T, Error = Expected<'a>>,
) -> impl Parser<&'a str, Output = T, Error = Expected<'a>> {
    delimited(multispace0, parser, multispace0)
}

fn expect<'a, T>(parsed: Parsed<'a, T>, rest: &'a str, why: &'static str) -> Parsed<'a, T> {
    parsed.map_err(|error| error.map(|_| Expected { rest, why }))
}

fn fail<'a, T>(rest: &'a str, why: &'static str) -> Parsed<'a, T> {
    Err(nom::Err::Failure(Expected { rest, why }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
    const B: &str = "f0000000-0000-0000-0000-000000000001";

    /// `a/` and `b/` stand for two servers.
    fn long(short: &str) -> String {
        short.replace("a/", A).replace("b/", B)
    }

    #[test]
    fn sets_are_read_and_printed() {
        #[rustfmt::skip]
        let cases = [
            ("", ""),
            (" \n", ""),
            ("a/:1", "a/:1"),
            ("a/:1-1", "a/:1"),
            ("a/:1-5", "a/:1-5"),
            ("a/:1-5:7", "a/:1-5:7"),
            ("a/:7:1-5", "a/:1-5:7"),
            ("a/:1-5:6-7", "a/:1-7"),
            ("a/:1-3:2-9", "a/:1-9"),
            ("b/:1,a/:2", "a/:2,b/:1"),
            ("a/:1,\nb/:2", "a/:1,b/:2"),
            ("a/:1,a/:2", "a/:1-2"),
            (" a/ : 1 - 3 : 5 , b/ : 2 ", "a/:1-3:5,b/:2"),
            (",a/:1,,b/:2,", "a/:1,b/:2"),
            ("a/:tag:1-3", "a/:tag:1-3"),
            ("a/:TAG:1-3", "a/:tag:1-3"),
            ("a/:tag:1-3:other:5", "a/:other:5:tag:1-3"),
            ("a/:9:tag:1:3:_2:5", "a/:9:_2:5:tag:1:3"),
            ("a/:tag:1,a/:2", "a/:2:tag:1"),
            ("a/ : tag : 1 : 2", "a/:tag:1-2"),
            ("a/:1-9223372036854775806", "a/:1-9223372036854775806"),
            ("3E11FA47-71CA-11E1-9E33-C80AA9429562:1", "a/:1"),
        ];
        for (text, expected) in cases {
            let set: GtidSet = long(text).parse().unwrap();
            assert_eq!(set.to_string(), long(expected), "{text}");
            assert_eq!(set.to_string().parse(), Ok(set), "{text}");
        }
    }

    #[test]
    fn what_is_no_set_says_where_and_why() {
        #[rustfmt::skip]
        let cases = [
            ("x", 0, "expected a UUID with dashes"),
            ("3e11fa4771ca-11e1-9e33-c80aa94295620:1", 0, "expected a UUID with dashes"),
            ("a/", 36, "expected a colon"),
            ("a/:", 37, "expected a number from 1 to 2^63 - 2"),
            ("a/:0", 37, "expected a number from 1 to 2^63 - 2"),
            ("a/:5-0", 39, "expected a number from 1 to 2^63 - 2"),
            ("a/:5-", 39, "expected a number from 1 to 2^63 - 2"),
            ("a/:5-4", 37, "expected an interval that does not end before it begins"),
            ("a/:9223372036854775807", 37, "expected a number from 1 to 2^63 - 2"),
            ("a/:99999999999999999999999", 37, "expected a number from 1 to 2^63 - 2"),
            ("a/:1 b/:1", 39, "expected a colon with a tag or an interval, a comma, or the end"),
            ("a/:1:", 38, "expected a colon with a tag or an interval, a comma, or the end"),
            ("a/:tag", 40, "expected a colon"),
            ("a/:tag:other:1", 41, "expected a number from 1 to 2^63 - 2"),
            ("a/:1tag:1", 38, "expected a colon with a tag or an interval, a comma, or the end"),
            ("a/:a_tag_of_more_than_thirty_two_bytes:1", 37, "expected a number from 1 to 2^63 - 2"),
            ("a/:1,é", 39, "expected a UUID with dashes"),
        ];
        for (text, at, why) in cases {
            let error = long(text).parse::<GtidSet>().unwrap_err();
            assert_eq!((error.at, error.why), (at, why), "{text}");
        }
    }

    #[test]
    fn single_gtids() {
        #[rustfmt::skip]
        let cases = [
            ("a/:5", true), ("a/:tag:5", true), (" a/:5 ", true), ("a/:1-2", false), ("a/", false), ("a/:0", false),
            ("0-1-100", true), ("4294967295-4294967295-18446744073709551615", true), ("0-0-0", true),
            ("0-1", false), ("0-1-2-3", false), ("4294967296-1-1", false), ("0--1-1", false), ("", false), ("-", false),
        ];
        for (text, valid) in cases {
            let parsed = long(text).parse::<TransactionGtid>();
            assert_eq!(parsed.is_ok(), valid, "{text}: {parsed:?}");
            if let Ok(gtid) = parsed {
                assert_eq!(gtid.to_string(), long(text.trim()));
            }
        }
    }

    #[test]
    fn positions() {
        #[rustfmt::skip]
        let cases = [
            ("", Some("")),
            ("0-1-100", Some("0-1-100")),
            ("1-2-7,0-1-100", Some("0-1-100,1-2-7")),
            (" 0-1-100 ,\n1-2-7 ", Some("0-1-100,1-2-7")),
            ("0-1-100,0-2-7", None),
            ("0-1-100 1-2-7", None),
            ("0-1", None),
            ("a/:1", None),
        ];
        for (text, expected) in cases {
            let position = long(text).parse::<MariaDbGtidPosition>().ok();
            let printed = position.map(|position| position.to_string());
            assert_eq!(printed.as_deref(), expected, "{text}");
        }
    }
}
