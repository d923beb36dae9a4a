//! The words of rules for rows and columns.
//!
//! ```text
//! where      = table ":" or
//! or         = and ( "OR" and )*
//! and        = not ( "AND" not )*
//! not        = "NOT" not | "(" or ")" | test
//! test       = operand ( comparison operand | "IS" ["NOT"] "NULL" | ["NOT"] "IN" "(" operand ( "," operand )* ")"
//!            | ["NOT"] "BETWEEN" operand "AND" operand | ["NOT"] "LIKE" text )
//! comparison = "=" | "<>" | "!=" | "<=" | ">=" | "<" | ">"
//! operand    = column | number | text | "TRUE" | "FALSE"
//! column     = name | "`" name "`" | "@" number        the number of the column, from 1
//! text       = "'" ( any but "'" | "''" )* "'"
//! ```

use nom::branch::alt;
use nom::bytes::complete::{is_not, tag, tag_no_case, take_while1};
use nom::character::complete::{char, digit1, multispace0, one_of};
use nom::combinator::{all_consuming, cut, map, map_res, not, opt, peek, recognize, value, verify};
use nom::multi::{fold_many0, separated_list1};
use nom::sequence::{delimited, pair, preceded, terminated};
use nom::{IResult, Parser};

use super::condition::{Comparison, Condition, Operand};
use super::datum::Literal;

/// How a column is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ColumnRef {
    Name(String),
    /// From 0.
    Number(usize),
}

/// Words that are no names of columns.
const WORDS: [&str; 11] = [
    "AND", "OR", "NOT", "IS", "NULL", "IN", "BETWEEN", "LIKE", "TRUE", "FALSE", "XOR",
];

/// Deepest nesting of parentheses and NOT.
const DEPTH: usize = 100;

/// Reads a condition.
pub(super) fn condition(text: &str) -> Option<Condition> {
    let (_, condition) = all_consuming(terminated(or(0), multispace0)).parse(text).ok()?;
    Some(condition)
}

/// Reads how a column is called.
pub(super) fn column(text: &str) -> Option<ColumnRef> {
    let (_, column) = all_consuming(column_ref).parse(text).ok()?;
    Some(column)
}

/// Reads a text in quotes.
pub(super) fn text(text: &str) -> Option<String> {
    let (_, text) = all_consuming(quoted).parse(text).ok()?;
    Some(text)
}

fn or<'a>(depth: usize) -> impl FnMut(&'a str) -> IResult<&'a str, Condition> {
    move |input| {
        let all = separated_list1(word("OR"), and(depth));
        map(all, |parts| one_of_many(parts, Condition::Any)).parse(input)
    }
}

fn and<'a>(depth: usize) -> impl FnMut(&'a str) -> IResult<&'a str, Condition> {
    move |input| {
        let all = separated_list1(word("AND"), negation(depth));
        map(all, |parts| one_of_many(parts, Condition::All)).parse(input)
    }
}

fn one_of_many(mut parts: Vec<Condition>, many: impl Fn(Vec<Condition>) -> Condition) -> Condition {
    match (parts.len(), parts.pop()) {
        (1, Some(one)) => one,
        (_, last) => {
            parts.extend(last);
            many(parts)
        }
    }
}

fn negation<'a>(depth: usize) -> impl FnMut(&'a str) -> IResult<&'a str, Condition> {
    move |input| {
        if depth > DEPTH {
            return Err(nom::Err::Failure(nom::error::Error::new(
                input,
                nom::error::ErrorKind::TooLarge,
            )));
        }
        let negated = map(preceded(word("NOT"), cut(negation(depth + 1))), |inner| {
            Condition::Not(Box::new(inner))
        });
        let group = delimited(symbol("("), or(depth + 1), symbol(")"));
        alt((negated, group, test)).parse(input)
    }
}

fn test(input: &str) -> IResult<&str, Condition> {
    let (input, left) = operand(input)?;
    let compared = map(pair(comparison, cut(operand)), |(comparison, right)| {
        Condition::Compare(left.clone(), comparison, right)
    });
    let null = map(
        preceded(word("IS"), terminated(opt(word("NOT")), cut(word("NULL")))),
        |not| negated(not.is_some(), Condition::IsNull(left.clone())),
    );
    let list = delimited(symbol("("), separated_list1(symbol(","), operand), symbol(")"));
    let listed = map(
        pair(opt(word("NOT")), preceded(word("IN"), cut(list))),
        |(not, list)| {
            let equal = |right| Condition::Compare(left.clone(), Comparison::Equal, right);
            negated(not.is_some(), Condition::Any(list.into_iter().map(equal).collect()))
        },
    );
    let range = pair(operand, preceded(word("AND"), operand));
    let between = map(
        pair(opt(word("NOT")), preceded(word("BETWEEN"), cut(range))),
        |(not, (low, high))| {
            let bounds = vec![
                Condition::Compare(left.clone(), Comparison::AtLeast, low),
                Condition::Compare(left.clone(), Comparison::AtMost, high),
            ];
            negated(not.is_some(), Condition::All(bounds))
        },
    );
    let pattern = preceded(multispace0, quoted);
    let like = map(
        pair(opt(word("NOT")), preceded(word("LIKE"), cut(pattern))),
        |(not, pattern)| negated(not.is_some(), Condition::Like(left.clone(), pattern)),
    );
    alt((compared, null, listed, between, like)).parse(input)
}

fn negated(is_negated: bool, condition: Condition) -> Condition {
    match is_negated {
        true => Condition::Not(Box::new(condition)),
        false => condition,
    }
}

fn comparison(input: &str) -> IResult<&str, Comparison> {
    alt((
        value(Comparison::Different, alt((symbol("<>"), symbol("!=")))),
        value(Comparison::AtMost, symbol("<=")),
        value(Comparison::AtLeast, symbol(">=")),
        value(Comparison::Less, symbol("<")),
        value(Comparison::Greater, symbol(">")),
        value(Comparison::Equal, symbol("=")),
    ))
    .parse(input)
}

fn operand(input: &str) -> IResult<&str, Operand> {
    let literal = alt((
        map(quoted, Literal::Text),
        map(number, |number| Literal::Number(number.to_owned())),
        value(Literal::Number("1".into()), word("TRUE")),
        value(Literal::Number("0".into()), word("FALSE")),
    ));
    let operand = alt((map(literal, Operand::Literal), map(column_ref, Operand::Column)));
    preceded(multispace0, operand).parse(input)
}

fn column_ref(input: &str) -> IResult<&str, ColumnRef> {
    let name = verify(take_while1(is_name), |name: &str| {
        !WORDS.iter().any(|word| word.eq_ignore_ascii_case(name))
    });
    let in_quotes = delimited(char('`'), inside("``", "`"), char('`'));
    let number = map_res(preceded(char('@'), digit1), |digits: &str| {
        let number = digits.parse::<usize>().map_err(|_| ())?;
        number.checked_sub(1).ok_or(())
    });
    alt((
        map(number, ColumnRef::Number),
        map(verify(in_quotes, |name: &String| !name.is_empty()), ColumnRef::Name),
        map(name, |name: &str| ColumnRef::Name(name.to_owned())),
    ))
    .parse(input)
}

/// `[+-]digits[.digits][e[+-]digits]`, not with a name behind it.
fn number(input: &str) -> IResult<&str, &str> {
    let sign = || opt(one_of("+-"));
    let fraction = (char('.'), digit1);
    let exponent = (one_of("eE"), sign(), digit1);
    let whole = recognize((sign(), digit1, opt(fraction), opt(exponent)));
    terminated(whole, peek(not(take_while1(is_name)))).parse(input)
}

fn quoted(input: &str) -> IResult<&str, String> {
    delimited(char('\''), inside("''", "'"), char('\'')).parse(input)
}

/// What stands between quotes, where two of them stand for one.
fn inside<'a>(
    twice: &'static str,
    once: &'static str,
) -> impl Parser<&'a str, Output = String, Error = nom::error::Error<&'a str>> {
    let part = alt((value(once, tag(twice)), is_not(once)));
    fold_many0(part, String::new, |mut text, part: &str| {
        text.push_str(part);
        text
    })
}

fn word<'a>(word: &'static str) -> impl Parser<&'a str, Output = &'a str, Error = nom::error::Error<&'a str>> {
    delimited(multispace0, tag_no_case(word), peek(not(take_while1(is_name))))
}

fn symbol<'a>(symbol: &'static str) -> impl Parser<&'a str, Output = &'a str, Error = nom::error::Error<&'a str>> {
    preceded(multispace0, tag(symbol))
}

fn is_name(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '$')
}
