//! `binlog info`: what is in the logs.

use std::io::Write as _;

use anyhow::Result;
use binlog_dumper::Summary;
use binlog_schema::{Catalog, OnMismatch};
use binlog_source::Next;
use clap::Args;

use crate::inputs::InputArgs;
use crate::output::OutputArgs;
use crate::schema::{self, OnMismatchArg};

/// Say what is in binary logs: server, times, transactions, tables, GTIDs.
#[derive(Args, Debug)]
pub(crate) struct Info {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Say where the definition of each table comes from. --schema=FILE, --schema=DB=FILE and --schema=mysql://… are
    /// those that 'binlog dump --schema' would take (repeatable)
    #[arg(long, value_name = "FILE|URL", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    schema: Vec<String>,
    /// What to do with rows that contradict their table's definition, with --schema
    #[arg(long, value_name = "POLICY", default_value = "stop", requires = "schema")]
    on_mismatch: OnMismatchArg,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    input: InputArgs,
}

impl Info {
    pub(crate) fn run(self) -> Result<()> {
        let mut source = self.input.open()?;
        let mut summary = Summary::default();
        *summary.catalog() = self.catalog()?;
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
            if !self.schema.is_empty() {
                write!(out, "{}", summary.definitions())?;
            }
        }
        out.flush()?;
        schema::warn_of_remarks(summary.catalog());
        Ok(())
    }

    /// Without `--schema` nothing is asked of names.
    fn catalog(&self) -> Result<Catalog> {
        if self.schema.is_empty() {
            return Ok(Catalog::new(OnMismatch::Unnamed));
        }
        let schemas: Vec<String> = self
            .schema
            .iter()
            .filter(|schema| !schema.is_empty())
            .cloned()
            .collect();
        schema::catalog(&schemas, self.on_mismatch, &self.input.connection)
    }
}
