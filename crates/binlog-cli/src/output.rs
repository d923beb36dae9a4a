//! Where text and logs go: a file, or stdout.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;

/// Size of the buffer in front of the file.
const BUFFER: usize = 256 * 1024;

/// Where the output goes.
#[derive(Args, Debug, Default)]
pub(crate) struct OutputArgs {
    /// Write to this file instead of stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl OutputArgs {
    pub(crate) fn open(&self) -> Result<Box<dyn Write>> {
        Ok(match &self.output {
            Some(path) => {
                let file = File::create(path).with_context(|| format!("create {}", path.display()))?;
                Box::new(BufWriter::with_capacity(BUFFER, file))
            }
            None => Box::new(BufWriter::with_capacity(BUFFER, io::stdout().lock())),
        })
    }
}
