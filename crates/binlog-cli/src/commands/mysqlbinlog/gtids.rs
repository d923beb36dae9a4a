//! Sets of GTIDs as options give them, with the words of MySQL's own parser about what is wrong.

use binlog_parser::gtid::{GtidSet, Interval, MAX_GNO, Sid, Tag};

/// Reads a set: `uuid[:tag][:number[-number]]…`, separated by commas. Empty items are passed over.
///
/// # Errors
/// What was expected, and where.
pub(super) fn parse(text: &[u8]) -> Result<GtidSet, String> {
    let mut parser = Parser { text, at: 0 };
    let mut set = GtidSet::default();
    parser.set(&mut set).map_err(|Expected { what, at }| {
        let place = place(text, at);
        format!("{what} {place}")
    })?;
    Ok(set)
}

/// What does not stand where it should.
struct Expected {
    what: &'static str,
    at: usize,
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Parser<'a> {
    fn set(&mut self, set: &mut GtidSet) -> Result<(), Expected> {
        loop {
            self.space();
            match self.rest() {
                [] => return Ok(()),
                [b',', ..] => {}
                _ => self.server(set)?,
            }
            self.space();
            if !self.rest().is_empty() {
                self.mark(b',', "Expected \",\"")?;
            }
        }
    }

    fn server(&mut self, set: &mut GtidSet) -> Result<(), Expected> {
        let sid = self.uuid()?;
        let mut tag = Tag::default();
        self.space();
        while self.skip(b':') {
            self.space();
            match self.tag() {
                Some(found) => tag = found,
                None => {
                    set.insert_interval(sid, tag.clone(), self.interval()?);
                }
            }
            self.space();
        }
        Ok(())
    }

    fn uuid(&mut self) -> Result<Sid, Expected> {
        let braced = self.skip(b'{');
        let mut bytes = [0; 16];
        let mut dashed = braced;
        for (number, byte) in bytes.iter_mut().enumerate() {
            match number {
                4 if !dashed => dashed = self.skip(b'-'),
                4 | 6 | 8 | 10 if dashed => self.mark(b'-', "Expected \"-\"")?,
                _ => {}
            }
            *byte = self.hex_pair()?;
        }
        if braced {
            self.mark(b'}', "Expected \"}\"")?;
        }
        Ok(Sid(bytes))
    }

    fn hex_pair(&mut self) -> Result<u8, Expected> {
        let &[high, low, ..] = self.rest() else {
            return Err(self.expected("Expected at least two hex digits"));
        };
        let mut digit = |byte: u8| {
            let value = char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
            let value = value.ok_or_else(|| self.expected("Expected hex digit"))?;
            self.at += 1;
            Ok(value)
        };
        Ok(digit(high)? << 4 | digit(low)?)
    }

    /// A tag, if one stands here.
    fn tag(&mut self) -> Option<Tag> {
        let is_word = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
        let len = self.rest().iter().take_while(is_word).count();
        let word = self.rest().get(..len).filter(|word| !word.is_empty())?;
        let tag = Tag::new(std::str::from_utf8(word).ok()?)?;
        self.at += len;
        Some(tag)
    }

    fn interval(&mut self) -> Result<Interval, Expected> {
        let begin = self.at;
        let start = self.number()?;
        if start == 0 || start > MAX_GNO {
            self.at = begin;
            return Err(self.expected("Interval start out of range"));
        }
        self.space();
        let mut last = start;
        if self.skip(b'-') {
            self.space();
            last = self.number()?;
        }
        match last > MAX_GNO {
            true => Err(self.expected("Interval end out of range")),
            false => Ok(Interval { start, end: last + 1 }),
        }
    }

    fn number(&mut self) -> Result<u64, Expected> {
        let len = self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
        let digits = self
            .rest()
            .get(..len)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        let digits = digits.filter(|digits| !digits.is_empty());
        let digits = digits.ok_or_else(|| self.expected("Expected number"))?;
        let number = digits.parse().map_err(|_| self.expected("Number out of range"))?;
        self.at += len;
        Ok(number)
    }

    fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn space(&mut self) {
        let is_space = |byte: &&u8| byte.is_ascii_whitespace() || **byte == b'\x0b';
        self.at += self.rest().iter().take_while(is_space).count();
    }

    fn skip(&mut self, mark: u8) -> bool {
        let found = self.rest().first() == Some(&mark);
        self.at += usize::from(found);
        found
    }

    fn mark(&mut self, mark: u8, what: &'static str) -> Result<(), Expected> {
        match self.skip(mark) {
            true => Ok(()),
            false => Err(self.expected(what)),
        }
    }

    fn expected(&self, what: &'static str) -> Expected {
        Expected { what, at: self.at }
    }
}

/// Where in the text it is, with some of what stands around.
fn place(text: &[u8], at: usize) -> String {
    let (before, after) = text.split_at_checked(at).unwrap_or((text, &[]));
    let after = match after.get(..25).filter(|_| after.len() > 28) {
        Some(start) => format!("{}...", escaped(start)),
        None => escaped(after),
    };
    if before.is_empty() {
        return format!("at the beginning of the string: \"{after}\"");
    }
    let before = match before.last_chunk::<11>().filter(|_| before.len() > 14) {
        Some(end) => format!("...{}", escaped(end)),
        None => escaped(before),
    };
    format!("after {at} characters, marked by [HERE] in: \"{before}[HERE]{after}\"")
}

/// With marks and what cannot be shown as escapes; an apostrophe is as it is.
fn escaped(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string().replace("\\'", "'")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: &str = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

    fn check(text: &str, expected: &str) {
        let text = text.replace('U', SERVER);
        let found = parse(text.as_bytes()).map_or_else(|error| error, |set| set.to_string());
        assert_eq!(found, expected.replace('U', SERVER), "{text}");
    }

    #[test]
    fn sets() {
        check("", "");
        check(",", "");
        check("U", "");
        check("U:1", "U:1");
        check(" U : 1 - 3 , ", "U:1-3");
        check("U:2-1:5", "U:5");
        check("U:1-0", "");
        check("U:007", "U:7");
        check("{U}:1,3e11fa4771ca11e19e33c80aa9429562:3", "U:1:3");
        check("U:1:Tag:1-9:x,U:2", "U:1-2:tag:1-9");
        check("U:9223372036854775806", "U:9223372036854775806");
    }

    #[test]
    fn mistakes() {
        let here = |what: &str, at: usize, around: &str| {
            format!("{what} after {at} characters, marked by [HERE] in: \"{around}\"")
        };
        check(
            "x",
            "Expected at least two hex digits at the beginning of the string: \"x\"",
        );
        check("x:1", "Expected hex digit at the beginning of the string: \"x:1\"");
        check(
            "+U:1",
            "Expected hex digit at the beginning of the string: \"+3e11fa47-71ca-11e1-9e33-...\"",
        );
        check("3g", &here("Expected hex digit", 1, "3[HERE]g"));
        check("3e", &here("Expected at least two hex digits", 2, "3e[HERE]"));
        check(
            "3e11fa47-7",
            &here("Expected at least two hex digits", 9, "3e11fa47-[HERE]7"),
        );
        check(
            "3e11fa47-71ca-g1",
            &here("Expected hex digit", 14, "3e11fa47-71ca-[HERE]g1"),
        );
        check(
            "3e11fa47-71ca-11g",
            &here("Expected at least two hex digits", 16, "...a47-71ca-11[HERE]g"),
        );
        check(
            "3e11fa4771ca-11",
            &here("Expected hex digit", 12, "3e11fa4771ca[HERE]-11"),
        );
        check("{3e11fa4771", &here("Expected \"-\"", 9, "{3e11fa47[HERE]71"));
        check("{U:1", &here("Expected \"}\"", 37, "...80aa9429562[HERE]:1"));
        check("Ux", &here("Expected \",\"", 36, "...80aa9429562[HERE]x"));
        check("U:", &here("Expected number", 37, "...0aa9429562:[HERE]"));
        check("U:1-", &here("Expected number", 39, "...a9429562:1-[HERE]"));
        check("U:1 x", &here("Expected \",\"", 39, "...a9429562:1 [HERE]x"));
        check("U:9tag:1", &here("Expected \",\"", 38, "...aa9429562:9[HERE]tag:1"));
        check("U:tag 1", &here("Expected \",\"", 41, "...429562:tag [HERE]1"));
        check("U:0", &here("Interval start out of range", 37, "...0aa9429562:[HERE]0"));
        check(
            "U:5-9223372036854775807",
            &here("Interval end out of range", 58, "...36854775807[HERE]"),
        );
        let large = "18446744073709551616";
        check(
            &format!("U:{large}"),
            &here("Number out of range", 37, &format!("...0aa9429562:[HERE]{large}")),
        );
        let long = "a".repeat(33);
        let shown = format!("...0aa9429562:[HERE]{}...", "a".repeat(25));
        check(&format!("U:{long}:1"), &here("Expected number", 37, &shown));
        check(
            "U:1x\"\\'\té",
            &here("Expected \",\"", 38, "...aa9429562:1[HERE]x\\\"\\\\'\\t\\xc3\\xa9"),
        );
    }
}
