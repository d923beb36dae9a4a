//! Where text and logs go: a file, stdout, or a terminal.

mod colour;
mod pager;

use std::env;
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};

use colour::Coloured;
use pager::Pager;

/// Size of the buffer in front of the file.
const BUFFER: usize = 256 * 1024;

/// An open output.
pub(crate) type Output = BufWriter<Box<dyn Write + Send>>;

/// Where the output goes.
#[derive(Args, Debug, Default)]
pub(crate) struct OutputArgs {
    /// Write to this file instead of stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// How text is shown.
#[derive(Args, Debug)]
pub(crate) struct ShowArgs {
    /// Colour the lines: 'auto' on a terminal, unless NO_COLOR is set
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: When,
    /// Do not show the text with PAGER, or 'less', on a terminal
    #[arg(long)]
    no_pager: bool,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    Auto,
    Always,
    Never,
}

impl OutputArgs {
    /// Whether a place was given, which may be a folder.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.output.as_deref()
    }

    pub(crate) fn open(&self) -> Result<Output> {
        Ok(buffered(self.plain()?))
    }

    /// Opens it for people. A pager is for text that has an end.
    pub(crate) fn open_to_show(&self, show: &ShowArgs, has_end: bool) -> Result<Output> {
        let is_terminal = self.output.is_none() && io::stdout().is_terminal();
        let pager = (is_terminal && has_end && !show.no_pager).then(Pager::start).flatten();
        let to = match pager {
            Some(pager) => Box::new(pager),
            None => self.plain()?,
        };
        Ok(buffered(match show.is_coloured(is_terminal) {
            true => Box::new(Coloured::new(to)),
            false => to,
        }))
    }

    fn plain(&self) -> Result<Box<dyn Write + Send>> {
        Ok(match &self.output {
            Some(path) => Box::new(File::create(path).with_context(|| format!("create {}", path.display()))?),
            None => Box::new(io::stdout()),
        })
    }
}

impl ShowArgs {
    fn is_coloured(&self, is_terminal: bool) -> bool {
        match self.color {
            When::Always => true,
            When::Never => false,
            When::Auto => is_terminal && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        }
    }
}

fn buffered(to: Box<dyn Write + Send>) -> Output {
    BufWriter::with_capacity(BUFFER, to)
}
