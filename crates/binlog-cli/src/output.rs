//! Where text and logs go: a file, or stdout.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;

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

impl OutputArgs {
    pub(crate) fn open(&self) -> Result<Output> {
        let to: Box<dyn Write + Send> = match &self.output {
            Some(path) => Box::new(File::create(path).with_context(|| format!("create {}", path.display()))?),
            None => Box::new(io::stdout()),
        };
        Ok(BufWriter::with_capacity(BUFFER, to))
    }
}
