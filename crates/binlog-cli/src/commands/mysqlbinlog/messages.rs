//! What mysqlbinlog says on stderr, and how it calls itself there.

use std::fmt::Display;
use std::io::{self, Write};

/// The program's name, as it was called.
#[derive(Debug, Clone)]
pub(super) struct Program {
    /// As given: with its folder.
    pub(super) path: String,
}

impl Program {
    /// The path's last part.
    fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

/// The end of a run before its time: an exit status. What it is about was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ending(pub(super) u8);

impl Ending {
    /// A run that failed.
    pub(super) const FAILURE: Self = Self(1);
}

/// Where messages go. That they cannot be written is nothing to say.
pub(super) struct Messages<'a> {
    pub(super) program: Program,
    out: &'a mut (dyn Write + Send),
}

impl<'a> Messages<'a> {
    pub(super) fn new(program: Program, out: &'a mut (dyn Write + Send)) -> Self {
        Self { program, out }
    }

    /// An error of the options.
    pub(super) fn option_error(&mut self, text: impl Display) {
        let _ = writeln!(self.out, "{}: [ERROR] {text}", self.program.name());
    }

    /// An error of the options that names the program once more.
    pub(super) fn named_error(&mut self, text: impl Display) {
        let path = self.program.path.clone();
        self.option_error(format_args!("{path}: {text}"));
    }

    /// A warning about the options.
    pub(super) fn option_warning(&mut self, text: impl Display) {
        let _ = writeln!(self.out, "{}: [Warning] {text}", self.program.name());
    }

    /// What the system refused: `action` names the file.
    pub(super) fn refused(&mut self, action: impl Display, error: &io::Error) {
        let (code, why) = reason(error);
        let _ = writeln!(self.out, "{}: {action} (OS errno {code} - {why})", self.program.name());
    }

    /// An error of the run.
    pub(super) fn error(&mut self, text: impl Display) {
        let _ = writeln!(self.out, "ERROR: {text}");
    }

    /// A warning of the run.
    pub(super) fn warning(&mut self, text: impl Display) {
        let _ = writeln!(self.out, "WARNING: {text}");
    }

    /// A line as it is.
    pub(super) fn line(&mut self, text: impl Display) {
        let _ = writeln!(self.out, "{text}");
    }
}

/// The system's number and words.
fn reason(error: &io::Error) -> (i32, String) {
    let text = error.to_string();
    let words = text.split(" (os error").next().unwrap_or_default();
    (error.raw_os_error().unwrap_or_default(), words.to_owned())
}
