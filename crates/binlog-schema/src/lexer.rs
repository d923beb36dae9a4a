//! Tokens of a statement. Comments vanish, except those that the server executes.

use std::ops::Range;

use binlog_parser::event::Flavour;
use nom::branch::alt;
use nom::bytes::complete::{tag, take_until, take_while, take_while1};
use nom::combinator::{opt, recognize, value};
use nom::{IResult, Parser};

/// Bit of `sql_mode`: double quotes enclose names.
pub(crate) const ANSI_QUOTES: u64 = 1 << 2;
/// Bit of `sql_mode`: a backslash in a string is a backslash.
pub(crate) const NO_BACKSLASH_ESCAPES: u64 = 1 << 20;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A keyword, a name without quotes, or a number.
    Word,
    /// A name in quotes.
    Quoted,
    /// A string.
    Text,
    /// `@name`, `@@name`, or the host of an account.
    Variable,
    /// Any other character.
    Symbol(u8),
}

/// A token and where it stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    start: u32,
    end: u32,
}

impl Token {
    /// Where it stands in the statement.
    pub(crate) fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A statement's tokens.
#[derive(Debug)]
pub(crate) struct Tokens<'a> {
    sql: &'a [u8],
    tokens: Vec<Token>,
    backslash_escapes: bool,
}

/// Whose rules text is read by.
#[derive(Debug, Clone, Copy)]
struct Rules {
    flavour: Flavour,
    ansi_quotes: bool,
    backslash_escapes: bool,
}

impl<'a> Tokens<'a> {
    /// Cuts a statement up; `Err` says what does not end.
    pub(crate) fn read(sql: &'a [u8], flavour: Flavour, sql_mode: u64) -> Result<Self, &'static str> {
        let rules = Rules {
            flavour,
            ansi_quotes: sql_mode & ANSI_QUOTES != 0,
            backslash_escapes: sql_mode & NO_BACKSLASH_ESCAPES == 0,
        };
        if u32::try_from(sql.len()).is_err() {
            return Err("the statement is longer than 4 GB");
        }
        Ok(Self {
            sql,
            tokens: rules.tokens(sql)?,
            backslash_escapes: rules.backslash_escapes,
        })
    }

    pub(crate) fn at(&self, index: usize) -> Option<Token> {
        self.tokens.get(index).copied()
    }

    pub(crate) fn len(&self) -> usize {
        self.tokens.len()
    }

    /// The token's bytes as they stand in the statement.
    pub(crate) fn raw(&self, token: Token) -> &'a [u8] {
        self.sql.get(token.range()).unwrap_or_default()
    }

    /// The token's text without quotes and escapes; what is not UTF-8 is replaced.
    pub(crate) fn text(&self, token: Token) -> String {
        let raw = self.raw(token);
        let bytes = match token.kind {
            Kind::Quoted | Kind::Text => unquote(raw, token.kind == Kind::Text && self.backslash_escapes),
            _ => raw.to_vec(),
        };
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Rules {
    fn tokens(self, sql: &[u8]) -> Result<Vec<Token>, &'static str> {
        let mut tokens = Vec::new();
        let mut executed = 0_usize;
        let mut rest = sql;
        loop {
            rest = self.skip(rest, &mut executed)?;
            if rest.is_empty() {
                return Ok(tokens);
            }
            let start = sql.len() - rest.len();
            let (after, kind) = self.token(rest).map_err(|_| "a quote does not end")?;
            let end = sql.len() - after.len();
            tokens.push(Token {
                kind,
                start: start as u32,
                end: end as u32,
            });
            rest = after;
        }
    }

    /// Passes over spaces and comments. `executed` counts the executed comments that are open.
    fn skip<'i>(self, mut rest: &'i [u8], executed: &mut usize) -> Result<&'i [u8], &'static str> {
        loop {
            let before = rest.len();
            rest = spaces_and_line_comments(rest);
            if let Some(after) = self.executed_comment(rest) {
                *executed += 1;
                rest = after;
            } else if rest.starts_with(b"/*") {
                rest = comment(rest).map_err(|_| "a comment does not end")?.0;
            } else if *executed > 0 && rest.starts_with(b"*/") {
                *executed -= 1;
                rest = rest.get(2..).unwrap_or_default();
            }
            if rest.len() == before {
                return Ok(rest);
            }
        }
    }

    /// What follows the head of a comment that the server executes: `/*!`, `/*!80000`, `/*M!100100`.
    fn executed_comment(self, rest: &[u8]) -> Option<&[u8]> {
        let (rest, own) = alt((value(false, tag("/*!")), value(true, tag("/*M!"))))
            .parse(rest)
            .map_err(|_: nom::Err<()>| ())
            .ok()?;
        let digits = rest.iter().take(6).take_while(|byte| byte.is_ascii_digit()).count();
        let (version, after) = match digits {
            5 | 6 => rest.split_at_checked(digits)?,
            _ => (&b"0"[..], rest),
        };
        let version = std::str::from_utf8(version).ok()?.parse().ok()?;
        self.executes(own, version).then_some(after)
    }

    /// MySQL has versions of five digits so far. MariaDB does not execute those of MySQL 5.7 and later:
    /// <https://mariadb.com/kb/en/comment-syntax/>.
    fn executes(self, mariadb_only: bool, version: u32) -> bool {
        match self.flavour {
            Flavour::MySql => !mariadb_only && version < 100_000,
            Flavour::MariaDb => !(50_700..100_000).contains(&version),
        }
    }

    fn token(self, input: &[u8]) -> IResult<&[u8], Kind> {
        let (after, kind) = alt((
            |input| quoted_name(input, b'`'),
            |input| self.string(input),
            |input| self.variable(input),
            value(Kind::Word, word),
        ))
        .parse(input)
        .or_else(|error| match (error, input.split_first()) {
            (nom::Err::Error(_), Some((byte, after))) => Ok((after, Kind::Symbol(*byte))),
            (error, _) => Err(error),
        })?;
        Ok((after, kind))
    }

    fn string(self, input: &[u8]) -> IResult<&[u8], Kind> {
        match input.first() {
            Some(b'"') if self.ansi_quotes => quoted_name(input, b'"'),
            Some(quote @ (b'\'' | b'"')) => {
                let after = end_of_quote(input, *quote, self.backslash_escapes)?;
                Ok((after, Kind::Text))
            }
            _ => Err(no_match(input)),
        }
    }

    fn variable(self, input: &[u8]) -> IResult<&[u8], Kind> {
        let (after, _) = (tag("@"), opt(tag("@"))).parse(input)?;
        let after = match after.first() {
            Some(quote @ (b'`' | b'"' | b'\'')) => end_of_quote(after, *quote, false)?,
            _ => take_while(|byte| is_word(byte) || byte == b'.').parse(after)?.0,
        };
        Ok((after, Kind::Variable))
    }
}

fn spaces_and_line_comments(mut rest: &[u8]) -> &[u8] {
    loop {
        let before = rest.len();
        rest = rest.trim_ascii_start();
        let dashes = rest.starts_with(b"--") && rest.get(2).is_none_or(|byte| byte.is_ascii_whitespace());
        if dashes || rest.starts_with(b"#") {
            let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
            rest = rest.get(end..).unwrap_or_default();
        }
        if rest.len() == before {
            return rest;
        }
    }
}

fn comment(input: &[u8]) -> IResult<&[u8], &[u8]> {
    recognize((tag("/*"), take_until("*/"), tag("*/"))).parse(input)
}

fn word(input: &[u8]) -> IResult<&[u8], &[u8]> {
    take_while1(is_word).parse(input)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || byte >= 0x80
}

fn quoted_name(input: &[u8], quote: u8) -> IResult<&[u8], Kind> {
    if input.first() != Some(&quote) {
        return Err(no_match(input));
    }
    Ok((end_of_quote(input, quote, false)?, Kind::Quoted))
}

/// What follows the closing quote. A doubled quote is one inside.
fn end_of_quote(input: &[u8], quote: u8, escapes: bool) -> Result<&[u8], nom::Err<nom::error::Error<&[u8]>>> {
    let mut at = 1;
    while let Some(byte) = input.get(at) {
        if escapes && *byte == b'\\' {
            at += 2;
        } else if *byte != quote {
            at += 1;
        } else if input.get(at + 1) == Some(&quote) {
            at += 2;
        } else {
            return Ok(input.get(at + 1..).unwrap_or_default());
        }
    }
    Err(nom::Err::Failure(nom::error::Error::new(
        input,
        nom::error::ErrorKind::Char,
    )))
}

fn no_match(input: &[u8]) -> nom::Err<nom::error::Error<&[u8]>> {
    nom::Err::Error(nom::error::Error::new(input, nom::error::ErrorKind::Char))
}

fn unquote(raw: &[u8], escapes: bool) -> Vec<u8> {
    let Some((quote, inside)) = raw.split_first() else {
        return Vec::new();
    };
    let inside = inside.split_last().map_or(&[][..], |(_, inside)| inside);
    let mut out = Vec::with_capacity(inside.len());
    let mut bytes = inside.iter();
    while let Some(byte) = bytes.next() {
        if byte == quote {
            bytes.next();
        }
        match (escapes && *byte == b'\\').then(|| bytes.next()).flatten() {
            Some(escaped) => out.extend(unescape(*escaped)),
            None => out.push(*byte),
        }
    }
    out
}

/// What a backslash and this character stand for: <https://dev.mysql.com/doc/refman/8.4/en/string-literals.html>.
fn unescape(escaped: u8) -> Vec<u8> {
    vec![match escaped {
        b'0' => 0,
        b'b' => 8,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'Z' => 26,
        b'%' | b'_' => return vec![b'\\', escaped],
        other => other,
    }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens() {
        check("a b", "a|b");
        check("`a``b`.c", "a`b|.|c");
        check("'it''s' \"x\\\"y\"", "it's|x\"y");
        check("a -- no\nb # no\nc /* no */d", "a|b|c|d");
        check("a--b", "a|-|-|b");
        check("/*!50003 a*/ b /*! c */", "a|b|c");
        check("/*!100100 a*/ /*M! b*/ c", "c");
        check("x/*!80000 a /* c */ b*/", "x|a|b");
        check("`u`@`h` @v @@session.x @'a b'", "u|@`h`|@v|@@session.x|@'a b'");
        check("é.t$1", "é|.|t$1");
        check_mode("\"a\" 'b\\'", "a|b\\", ANSI_QUOTES | NO_BACKSLASH_ESCAPES);
    }

    #[test]
    fn mariadb_comments() {
        let read = |sql: &'static str| show(&Tokens::read(sql.as_bytes(), Flavour::MariaDb, 0).unwrap());
        assert_eq!(read("/*!100100 a*/ /*M! b*/ /*!50700 c*/ /*!50600 d*/"), "a|b|d");
    }

    #[test]
    fn without_end() {
        for sql in ["'a", "`a", "/* a", "'a\\'", "\"", "@'a"] {
            assert!(Tokens::read(sql.as_bytes(), Flavour::MySql, 0).is_err(), "{sql}");
        }
    }

    fn check(sql: &str, expected: &str) {
        check_mode(sql, expected, 0);
    }

    fn check_mode(sql: &str, expected: &str, mode: u64) {
        let tokens = Tokens::read(sql.as_bytes(), Flavour::MySql, mode).unwrap();
        assert_eq!(show(&tokens), expected, "{sql}");
    }

    fn show(tokens: &Tokens<'_>) -> String {
        let texts: Vec<String> = tokens.tokens.iter().map(|token| tokens.text(*token)).collect();
        texts.join("|")
    }
}
