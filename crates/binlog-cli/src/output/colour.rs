//! Colours for text on a terminal: a line each, by what it is.

use std::io::{self, Write};

/// How a line begins that has a colour, and the colour as the terminal's control sequence.
type Rule = (&'static [u8], &'static [u8]);

const GREY: &[u8] = b"\x1b[90m";
const RED: &[u8] = b"\x1b[31m";
const GREEN: &[u8] = b"\x1b[32m";
const YELLOW: &[u8] = b"\x1b[33m";
const CYAN: &[u8] = b"\x1b[36m";
const PLAIN: &[u8] = b"\x1b[0m";

/// SQL, and JSON Lines by their kind.
const RULES: [Rule; 13] = [
    (b"-- ", GREY),
    (b"/*!", GREY),
    (b"SET ", GREY),
    (b"BEGIN", GREY),
    (b"COMMIT", GREY),
    (b"INSERT ", GREEN),
    (b"UPDATE ", YELLOW),
    (b"DELETE ", RED),
    (b"{\"kind\":\"insert\"", GREEN),
    (b"{\"kind\":\"update\"", YELLOW),
    (b"{\"kind\":\"delete\"", RED),
    (b"{\"kind\":\"ddl\"", CYAN),
    (b"{\"kind\":\"statement\"", CYAN),
];

/// Colours what is written to it line by line.
pub(crate) struct Coloured<W> {
    to: W,
    /// Of the line that has not ended.
    line: Vec<u8>,
}

impl<W: Write> Coloured<W> {
    pub(crate) fn new(to: W) -> Self {
        let line = Vec::new();
        Self { to, line }
    }

    fn end_line(&mut self) -> io::Result<()> {
        let line = std::mem::take(&mut self.line);
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        match RULES.iter().find(|(start, _)| text.starts_with(start)) {
            Some((_, colour)) => [colour, text, PLAIN]
                .iter()
                .try_for_each(|part| self.to.write_all(part))?,
            None => self.to.write_all(text)?,
        }
        self.to.write_all(line.get(text.len()..).unwrap_or_default())
    }
}

impl<W: Write> Write for Coloured<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") {
                self.end_line()?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.end_line()?;
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let mut out = Vec::new();
        let mut coloured = Coloured::new(&mut out);
        for part in ["-- a\nINSERT", " INTO t;\nCREATE TABLE t;\n", "{\"kind\":\"delete\"}"] {
            coloured.write_all(part.as_bytes()).unwrap();
        }
        coloured.flush().unwrap();
        coloured.flush().unwrap();
        drop(coloured);
        let expected =
            "\x1b[90m-- a\x1b[0m\n\x1b[32mINSERT INTO t;\x1b[0m\nCREATE TABLE t;\n\x1b[31m{\"kind\":\"delete\"}\x1b[0m";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
