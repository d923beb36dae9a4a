//! What rows tell of the end of their transaction, which stands behind them in the log.
//!
//! A dumper leaves a mark in each row's line, and one where a transaction ends; neither is a byte that JSON has. A transaction's lines
//! wait for its end, in memory or, if they are many, elsewhere.

use std::io::{self, Write};
use std::sync::Arc;

use crate::Overflow;

/// In a row's line, where the members about the transaction belong.
pub(super) const ROW: u8 = 0;
/// Where a transaction was committed: its number and a line end follow.
const COMMIT: u8 = 1;
/// Where a transaction ends in another way: a line end follows.
const END: u8 = 2;

/// Lines of a transaction that wait in memory, in bytes.
const HELD: usize = 8 * 1024 * 1024;
/// What is read back of the others at a time.
const PIECE: usize = 1024 * 1024;

/// Completes lines of [`super::Envelope::Maxwell`]: `xid` of all rows, `commit` of the last one, `xoffset` of the others.
pub struct Commits {
    /// Lines of a transaction whose end has not come.
    held: Vec<u8>,
    /// Those before them.
    overflow: Option<Overflown>,
    make: fn() -> io::Result<Arc<dyn Overflow>>,
    /// Rows in the lines that wait.
    rows: u64,
    limit: usize,
}

#[derive(Debug)]
struct Overflown {
    place: Arc<dyn Overflow>,
    parts: Vec<(u64, usize)>,
}

/// How a transaction ended: its number, where it has one.
type Ended = Option<Option<u64>>;

/// Appends the mark of an end: of a commit with the transaction's number, if it has one; `None` for another end.
pub(super) fn mark_end(commit: Ended, out: &mut Vec<u8>) {
    match commit {
        Some(xid) => {
            out.push(COMMIT);
            out.extend(xid.map(|xid| xid.to_string()).unwrap_or_default().bytes());
        }
        None => out.push(END),
    }
    out.push(b'\n');
}

impl std::fmt::Debug for Commits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Commits")
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

impl Commits {
    /// At the start of the text. `make` makes a place for the lines of a transaction of more than 8 MiB.
    #[must_use]
    pub fn new(make: fn() -> io::Result<Arc<dyn Overflow>>) -> Self {
        Self {
            held: Vec::new(),
            overflow: None,
            make,
            rows: 0,
            limit: HELD,
        }
    }

    /// Takes the next of a dumper's text, and writes all that is complete.
    ///
    /// # Errors
    /// Lines cannot be written, or not wait.
    pub fn push(&mut self, mut text: &[u8], out: &mut impl Write) -> io::Result<()> {
        while let Some((lines, ended, rest)) = split(text) {
            self.rows += count(lines);
            self.settle(lines, ended, out)?;
            text = rest;
        }
        let rows = count(text);
        if rows == 0 && self.rows == 0 {
            return out.write_all(text);
        }
        self.rows += rows;
        self.held.extend(text);
        if self.held.len() > self.limit {
            self.put_aside()?;
        }
        Ok(())
    }

    /// The text ends: what waits is written as of a transaction without an end.
    ///
    /// # Errors
    /// Lines cannot be written.
    pub fn finish(&mut self, out: &mut impl Write) -> io::Result<()> {
        self.settle(&[], None, out)
    }

    fn put_aside(&mut self) -> io::Result<()> {
        let overflow = match &mut self.overflow {
            Some(overflow) => overflow,
            none => none.insert(Overflown {
                place: (self.make)()?,
                parts: Vec::new(),
            }),
        };
        let from = overflow.place.append(&self.held)?;
        overflow.parts.push((from, self.held.len()));
        self.held.clear();
        Ok(())
    }

    /// Writes all that waits, and the `lines` behind it.
    fn settle(&mut self, lines: &[u8], ended: Ended, out: &mut impl Write) -> io::Result<()> {
        let mut completion = Completion {
            ended,
            rows: std::mem::take(&mut self.rows),
            row: 0,
        };
        if let Some(overflow) = self.overflow.take() {
            let mut piece = Vec::new();
            for (from, len) in overflow.parts {
                let end = from + len as u64;
                let mut from = from;
                while from < end {
                    piece.resize(PIECE.min((end - from) as usize), 0);
                    overflow.place.read(from, &mut piece)?;
                    completion.write(&piece, out)?;
                    from += piece.len() as u64;
                }
            }
        }
        completion.write(&self.held, out)?;
        self.held.clear();
        completion.write(lines, out)
    }
}

/// Writes lines with what is told at their marks.
struct Completion {
    ended: Ended,
    rows: u64,
    /// Rows so far.
    row: u64,
}

impl Completion {
    fn write(&mut self, lines: &[u8], out: &mut impl Write) -> io::Result<()> {
        for (index, part) in lines.split(|byte| *byte == ROW).enumerate() {
            if index > 0 {
                self.tell(out)?;
            }
            out.write_all(part)?;
        }
        Ok(())
    }

    fn tell(&mut self, out: &mut impl Write) -> io::Result<()> {
        if let Some(Some(xid)) = self.ended {
            write!(out, r#""xid":{xid},"#)?;
        }
        let row = self.row;
        self.row += 1;
        match self.ended {
            Some(_) if self.row == self.rows => write!(out, r#""commit":true,"#),
            _ => write!(out, r#""xoffset":{row},"#),
        }
    }
}

/// The lines before the first end, how it ended, and what stands behind it.
fn split(text: &[u8]) -> Option<(&[u8], Ended, &[u8])> {
    let at = text.iter().position(|byte| matches!(*byte, COMMIT | END))?;
    let (lines, marked) = text.split_at_checked(at)?;
    let len = marked.iter().position(|byte| *byte == b'\n')?;
    let (mark, rest) = (marked.get(..len)?, marked.get(len + 1..)?);
    let ended = match mark.split_first()? {
        (&COMMIT, digits) => Some(std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok())),
        _ => None,
    };
    Some((lines, ended, rest))
}

fn count(lines: &[u8]) -> u64 {
    lines.iter().filter(|byte| **byte == ROW).count() as u64
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn rows_learn_of_their_end() {
        let one = r#"a"xid":7,"commit":true,a"#;
        check(&["a\0a\n\x017\n"], &format!("{one}\n"));
        check(&["a\0a\n", "ddl\n", "\x017\n"], &format!("{one}\nddl\n"));
        check(
            &["1\0\n2\0\n", "3\0\n", "\x017\nddl\n4\0\n\x01\n"],
            "1\"xid\":7,\"xoffset\":0,\n2\"xid\":7,\"xoffset\":1,\n3\"xid\":7,\"commit\":true,\nddl\n4\"commit\":true,\n",
        );
        check(&["1\0\n", "\x02\n", "ddl\n"], "1\"xoffset\":0,\nddl\n");
        check(&["\x017\n", "ddl\n"], "ddl\n");
    }

    #[test]
    fn a_text_may_end_inside_a_transaction() {
        check(&["1\0\n", "2\0\n"], "1\"xoffset\":0,\n2\"xoffset\":1,\n");
    }

    fn check(texts: &[&str], expected: &str) {
        for limit in [HELD, 0] {
            let mut commits = Commits::new(|| Ok(Arc::new(Memory::default())));
            commits.limit = limit;
            let mut out = Vec::new();
            for text in texts {
                commits.push(text.as_bytes(), &mut out).unwrap();
            }
            commits.finish(&mut out).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), expected, "{limit}");
        }
    }

    #[derive(Debug, Default)]
    struct Memory(Mutex<Vec<u8>>);

    impl Overflow for Memory {
        fn append(&self, bytes: &[u8]) -> io::Result<u64> {
            let mut all = self.0.lock().unwrap();
            all.extend(bytes);
            Ok((all.len() - bytes.len()) as u64)
        }

        fn read(&self, from: u64, bytes: &mut [u8]) -> io::Result<()> {
            let from = from as usize;
            bytes.copy_from_slice(&self.0.lock().unwrap()[from..from + bytes.len()]);
            Ok(())
        }
    }
}
