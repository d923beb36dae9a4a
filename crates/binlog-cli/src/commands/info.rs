//! `binlog info`: what is in the logs.

use std::io::Write as _;

use anyhow::Result;
use binlog_dumper::Summary;
use binlog_source::Next;
use clap::Args;

use crate::inputs::InputArgs;
use crate::output::OutputArgs;

/// Say what is in binary logs: server, times, transactions, tables, GTIDs.
#[derive(Args, Debug)]
pub(crate) struct Info {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    input: InputArgs,
}

impl Info {
    pub(crate) fn run(self) -> Result<()> {
        let mut source = self.input.open()?;
        let mut summary = Summary::default();
        loop {
            match source.next()? {
                Next::Chunk(chunk) => summary.chunk(&chunk)?,
                Next::Idle => {}
                Next::End => break,
            }
        }
        let mut out = self.output.open()?;
        if self.json {
            let mut text = Vec::new();
            binlog_dumper::summary::json::write(&summary, &mut text);
            text.push(b'\n');
            out.write_all(&text)?;
        } else {
            write!(out, "{summary}")?;
        }
        out.flush()?;
        Ok(())
    }
}
