//! A place among a statement's tokens.

use std::ops::Range;

use crate::lexer::{Kind, Token, Tokens};

/// A place among tokens. It is cheap to copy, to look ahead.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'t> {
    tokens: &'t Tokens<'t>,
    at: usize,
}

/// A name of one or two parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) schema: Option<String>,
    pub(crate) name: String,
}

impl<'t> Cursor<'t> {
    pub(crate) fn new(tokens: &'t Tokens<'t>) -> Self {
        Self { tokens, at: 0 }
    }

    /// At the token of this number.
    pub(crate) fn at(tokens: &'t Tokens<'t>, at: usize) -> Self {
        Self { tokens, at }
    }

    /// Number of the token.
    pub(crate) fn index(&self) -> usize {
        self.at
    }

    pub(crate) fn is_end(&self) -> bool {
        self.at >= self.tokens.len()
    }

    /// Where the tokens from that earlier place up to this one stand in the statement.
    pub(crate) fn since(&self, earlier: Self) -> Range<usize> {
        let start = self.tokens.at(earlier.at).map_or(0, |token| token.range().start);
        let last = self.at.checked_sub(1).and_then(|at| self.tokens.at(at));
        start..last.map_or(start, |token| token.range().end)
    }

    pub(crate) fn token(&self) -> Option<Token> {
        self.tokens.at(self.at)
    }

    pub(crate) fn kind(&self) -> Option<Kind> {
        self.nth_kind(0)
    }

    pub(crate) fn nth_kind(&self, ahead: usize) -> Option<Kind> {
        self.tokens.at(self.at + ahead).map(|token| token.kind)
    }

    /// The token as it stands in the statement; empty at the end.
    pub(crate) fn raw(&self) -> &'t [u8] {
        self.token().map_or(&[], |token| self.tokens.raw(token))
    }

    /// The token without quotes.
    pub(crate) fn text(&self) -> String {
        self.token().map_or_else(String::new, |token| self.tokens.text(token))
    }

    /// Whether this token is the keyword.
    pub(crate) fn is(&self, keyword: &str) -> bool {
        self.nth_is(0, keyword)
    }

    /// Whether the token so many ahead is the keyword.
    pub(crate) fn nth_is(&self, ahead: usize, keyword: &str) -> bool {
        self.tokens.at(self.at + ahead).is_some_and(|token| {
            token.kind == Kind::Word && self.tokens.raw(token).eq_ignore_ascii_case(keyword.as_bytes())
        })
    }

    /// Whether this token is one of the keywords.
    pub(crate) fn is_one_of(&self, keywords: &[&str]) -> bool {
        keywords.iter().any(|keyword| self.is(keyword))
    }

    /// Whether these keywords follow, one after the other.
    pub(crate) fn are(&self, keywords: &[&str]) -> bool {
        keywords
            .iter()
            .enumerate()
            .all(|(ahead, keyword)| self.nth_is(ahead, keyword))
    }

    pub(crate) fn is_symbol(&self, symbol: u8) -> bool {
        self.kind() == Some(Kind::Symbol(symbol))
    }

    pub(crate) fn nth_is_symbol(&self, ahead: usize, symbol: u8) -> bool {
        self.nth_kind(ahead) == Some(Kind::Symbol(symbol))
    }

    pub(crate) fn advance(&mut self) {
        self.at = self.tokens.len().min(self.at + 1);
    }

    /// Passes over the keywords if they follow.
    pub(crate) fn accept(&mut self, keywords: &[&str]) -> bool {
        let found = self.are(keywords);
        if found {
            self.at += keywords.len();
        }
        found
    }

    /// Passes over any of the keywords, as many as there are.
    pub(crate) fn accept_any(&mut self, keywords: &[&str]) {
        while self.is_one_of(keywords) {
            self.advance();
        }
    }

    pub(crate) fn accept_symbol(&mut self, symbol: u8) -> bool {
        let found = self.is_symbol(symbol);
        if found {
            self.advance();
        }
        found
    }

    /// Passes over a parenthesis and all that it encloses.
    pub(crate) fn skip_group(&mut self) {
        let mut depth = 0_usize;
        while let Some(kind) = self.kind() {
            match kind {
                Kind::Symbol(b'(') => depth += 1,
                Kind::Symbol(b')') => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.advance();
            if depth == 0 {
                return;
            }
        }
    }

    /// Whether a name may stand here: any word but a number, or a quoted name.
    pub(crate) fn is_name(&self) -> bool {
        match self.kind() {
            Some(Kind::Quoted) => true,
            Some(Kind::Word) => !self.raw().iter().all(u8::is_ascii_digit),
            _ => false,
        }
    }

    /// A name of one part.
    pub(crate) fn ident(&mut self) -> Option<String> {
        let ident = self.is_name().then(|| self.text())?;
        self.advance();
        Some(ident)
    }

    /// `name` or `schema.name`.
    pub(crate) fn name(&mut self) -> Option<Name> {
        let first = self.ident()?;
        if !self.is_symbol(b'.') {
            return Some(Name {
                schema: None,
                name: first,
            });
        }
        self.advance();
        let known = matches!(self.kind(), Some(Kind::Word | Kind::Quoted));
        let name = known.then(|| self.text())?;
        self.advance();
        Some(Name {
            schema: Some(first),
            name,
        })
    }
}
