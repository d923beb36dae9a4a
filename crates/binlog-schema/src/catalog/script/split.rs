//! Cutting text into statements.

/// Longest statement that is kept.
const LIMIT: usize = 16 << 20;
/// Longest part of a comment that is kept.
const COMMENT_LIMIT: usize = 1 << 20;
/// Bytes that tell whether a statement is of use.
const HEAD: usize = 64;
/// First words of statements that are of use. `*` and `Table` begin what clients print of SHOW CREATE TABLE.
const USEFUL: [&[u8]; 10] = [
    b"CREATE",
    b"ALTER",
    b"DROP",
    b"RENAME",
    b"USE",
    b"SET",
    b"CHANGE",
    b"DELIMITER",
    b"*",
    b"TABLE\t",
];

/// A part of the text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// A statement without comments and the delimiter behind it.
    Statement(&'a [u8]),
    /// What a comment says.
    Comment(&'a [u8]),
}

/// What the next byte is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Inside {
    #[default]
    Statement,
    Quote(u8),
    /// Behind a backslash in a quote.
    Escape(u8),
    LineComment,
    Comment,
}

/// Cuts text into statements and comments, given piece by piece.
#[derive(Debug)]
pub(super) struct Splitter {
    inside: Inside,
    /// The statement so far; nothing of one that is of no use.
    kept: Vec<u8>,
    comment: Vec<u8>,
    is_skipped: bool,
    /// The two bytes before, as far as they are part of the same.
    last: [u8; 2],
    delimiter: Vec<u8>,
    /// Bytes of the delimiter that stand behind the statement.
    delimited: usize,
    line: u64,
    /// Where the statement begins.
    start: u64,
}

impl Default for Splitter {
    fn default() -> Self {
        Self {
            inside: Inside::default(),
            kept: Vec::new(),
            comment: Vec::new(),
            is_skipped: false,
            last: [0; 2],
            delimiter: b";".to_vec(),
            delimited: 0,
            line: 1,
            start: 1,
        }
    }
}

/// The line, and what is wrong there.
type Failure = (u64, String);

impl Splitter {
    /// Gives the pieces that end in these bytes.
    pub(super) fn push(
        &mut self,
        bytes: &[u8],
        mut give: impl FnMut(Piece<'_>) -> Result<(), String>,
    ) -> Result<(), Failure> {
        for byte in bytes {
            self.byte(*byte, &mut give).map_err(|why| (self.start, why))?;
            self.line += u64::from(*byte == b'\n');
        }
        Ok(())
    }

    /// Gives the last statement, which needs no delimiter.
    pub(super) fn finish(&mut self, mut give: impl FnMut(Piece<'_>) -> Result<(), String>) -> Result<(), Failure> {
        self.push(b"\n", &mut give)?;
        if self.inside != Inside::Statement {
            return Err((self.start, "the text ends inside a quote or comment".to_owned()));
        }
        self.end(&mut give).map_err(|why| (self.start, why))
    }

    fn byte(&mut self, byte: u8, give: &mut impl FnMut(Piece<'_>) -> Result<(), String>) -> Result<(), String> {
        let next = self.next(byte);
        let before = std::mem::replace(&mut self.inside, next);
        let last = std::mem::take(&mut self.last);
        match (before, self.inside) {
            (Inside::LineComment | Inside::Comment, Inside::Statement) => {
                return give(Piece::Comment(&std::mem::take(&mut self.comment)));
            }
            (Inside::LineComment | Inside::Comment, _) => {
                self.last = [last[1], byte];
                self.keep_comment(byte);
            }
            (_, Inside::LineComment) if byte == b'#' => {}
            (_, Inside::LineComment | Inside::Comment) => {
                self.take_back(2);
                self.keep_comment(byte);
            }
            (Inside::Statement, Inside::Statement) if last == *b"--" && byte == b'\n' => self.take_back(2),
            _ => {
                self.last = [last[1], byte];
                self.keep(byte)?;
                return self.delimit(before, byte, give);
            }
        }
        Ok(())
    }

    fn next(&self, byte: u8) -> Inside {
        match (self.inside, byte) {
            (Inside::Quote(quote), _) if byte == quote => Inside::Statement,
            (Inside::Quote(quote @ (b'\'' | b'"')), b'\\') => Inside::Escape(quote),
            (Inside::Escape(quote), _) => Inside::Quote(quote),
            (Inside::Comment, b'/') if self.last[1] == b'*' => Inside::Statement,
            (Inside::LineComment, b'\n') => Inside::Statement,
            (Inside::Statement, b'\'' | b'"' | b'`') => Inside::Quote(byte),
            (Inside::Statement, b'#') => Inside::LineComment,
            (Inside::Statement, _) if self.last == *b"--" && byte.is_ascii_whitespace() && byte != b'\n' => {
                Inside::LineComment
            }
            (Inside::Statement, _) if self.last == *b"/*" && !matches!(byte, b'!' | b'M') => Inside::Comment,
            (inside, _) => inside,
        }
    }

    fn keep_comment(&mut self, byte: u8) {
        if self.comment.len() < COMMENT_LIMIT {
            self.comment.push(byte);
        }
    }

    fn keep(&mut self, byte: u8) -> Result<(), String> {
        if self.kept.is_empty() && !self.is_skipped {
            if byte.is_ascii_whitespace() {
                return Ok(());
            }
            self.start = self.line;
        }
        if self.is_skipped {
            return Ok(());
        }
        self.kept.push(byte);
        if self.kept.len() == HEAD && !is_useful(&self.kept) {
            self.kept.clear();
            self.is_skipped = true;
        }
        match self.kept.len() > LIMIT {
            true => Err(format!("a statement of more than {LIMIT} bytes")),
            false => Ok(()),
        }
    }

    /// What was taken for a statement's is a comment's.
    fn take_back(&mut self, bytes: usize) {
        self.kept.truncate(self.kept.len().saturating_sub(bytes));
    }

    fn delimit(
        &mut self,
        before: Inside,
        byte: u8,
        give: &mut impl FnMut(Piece<'_>) -> Result<(), String>,
    ) -> Result<(), String> {
        if let Some(delimiter) = self.new_delimiter() {
            if byte == b'\n' {
                self.delimiter = delimiter;
                self.kept.clear();
            }
            return Ok(());
        }
        let goes_on = before == Inside::Statement && self.delimiter.get(self.delimited) == Some(&byte);
        self.delimited = if goes_on { self.delimited + 1 } else { 0 };
        if self.delimited < self.delimiter.len() {
            return Ok(());
        }
        self.take_back(self.delimiter.len());
        self.end(give)
    }

    /// What the client's command `DELIMITER` names.
    fn new_delimiter(&self) -> Option<Vec<u8>> {
        let (word, rest) = self.kept.split_at_checked(b"DELIMITER ".len())?;
        let delimiter = word.eq_ignore_ascii_case(b"DELIMITER ").then(|| rest.trim_ascii())?;
        Some(match delimiter {
            b"" => b";".to_vec(),
            delimiter => delimiter.to_vec(),
        })
    }

    fn end(&mut self, give: &mut impl FnMut(Piece<'_>) -> Result<(), String>) -> Result<(), String> {
        let kept = std::mem::take(&mut self.kept);
        let is_skipped = std::mem::take(&mut self.is_skipped);
        (self.delimited, self.last) = (0, [0; 2]);
        let statement = kept.trim_ascii();
        match is_skipped || statement.is_empty() || !is_useful(statement) {
            true => Ok(()),
            false => give(Piece::Statement(statement)),
        }
    }
}

/// Whether a statement begins with a useful word, maybe in a comment that servers execute.
fn is_useful(statement: &[u8]) -> bool {
    let executed = statement.strip_prefix(b"/*!").or(statement.strip_prefix(b"/*M!"));
    let digits = |rest: &[u8]| rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let inside = executed.and_then(|rest| rest.get(digits(rest)..));
    let head = inside.unwrap_or(statement).trim_ascii_start();
    let begins = |word: &&[u8]| {
        head.get(..word.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(word))
    };
    USEFUL.iter().any(begins)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements() {
        check("USE a; SET b\n;\nDROP c", "USE a|SET b|DROP c");
        check("-- one\nUSE a; # two\nUSE b;", "(one)|USE a|(two)|USE b");
        check("/* x; */ USE /* y */ a;", "(x; *)|(y *)|USE  a");
        check(
            "SET a='x;''y\\';', `b;``c`=\"d;\";USE a",
            "SET a='x;''y\\';', `b;``c`=\"d;\"|USE a",
        );
        check("INSERT INTO a VALUES ('USE x;');USE b", "USE b");
        check(
            "/*!40101 SET a */;/*M!100616 SET b */;/*!40000 INSERT */;",
            "/*!40101 SET a */|/*M!100616 SET b */",
        );
        check("DELIMITER ;;\nCREATE a; b;;\ndelimiter ;\nUSE c;", "CREATE a; b|USE c");
        check("USE a--b;", "USE a--b");
        check("--\n-- x\n--\n\nUSE a;\n--\nUSE b;", "(x)|USE a|USE b");
        let long = format!("INSERT {};USE a", "x".repeat(300));
        check(&long, "USE a");
        let commented = format!("-- {}\nUSE a", "x".repeat(9));
        check(&commented, "(xxxxxxxxx)|USE a");
    }

    #[test]
    fn failures() {
        let fails = |text: &str| {
            let mut splitter = Splitter::default();
            let pushed = splitter.push(text.as_bytes(), |_| Ok(()));
            pushed.and_then(|()| splitter.finish(|_| Ok(()))).unwrap_err()
        };
        assert_eq!(fails("\n\nUSE 'a").0, 3);
        assert_eq!(fails(&format!("CREATE {}", "x".repeat(LIMIT))).0, 1);
    }

    /// However the text is cut.
    fn check(text: &str, expected: &str) {
        for size in [1, 7, text.len()] {
            let (mut splitter, mut found) = (Splitter::default(), Vec::new());
            let mut give = |piece: Piece<'_>| {
                found.push(match piece {
                    Piece::Statement(sql) => String::from_utf8_lossy(sql).into_owned(),
                    Piece::Comment(text) => format!("({})", String::from_utf8_lossy(text).trim()),
                });
                Ok(())
            };
            for bytes in text.as_bytes().chunks(size) {
                splitter.push(bytes, &mut give).unwrap();
            }
            splitter.finish(&mut give).unwrap();
            assert_eq!(found.join("|"), expected, "{text}");
        }
    }
}
