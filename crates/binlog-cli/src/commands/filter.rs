//! `binlog filter`: binary logs in, a binary log out.

use std::io::{self, Write};

use anyhow::Result;
use binlog_source::{CHUNK_LIMIT, Next, Source};
use binlog_writer::Writer;
use clap::Args;

use crate::inputs::InputArgs;
use crate::output::OutputArgs;
use crate::progress::warn_of;
use crate::report::ReportArgs;
use crate::schema::SchemaArgs;
use crate::selection::SelectionArgs;

/// Write a valid binary log of the selected changes.
///
/// Without selection the output is the input, byte for byte. What was compressed is compressed again.
#[derive(Args, Debug)]
pub(crate) struct Filter {
    /// Write no log: say on stdout what would come in and be kept
    #[arg(long, conflicts_with = "output")]
    dry_run: bool,
    /// At the end, say on stderr what was decided of each table and kind of statement, and by which rule
    #[arg(long)]
    explain: bool,
    #[command(flatten)]
    schema: SchemaArgs,
    #[command(flatten)]
    report: ReportArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    selection: SelectionArgs,
}

impl Filter {
    pub(crate) fn run(self) -> Result<()> {
        let rules = self.selection.rules()?;
        let catalog = self.schema.catalog(&self.input.connection)?;
        let mut source = match rules.keeps_everything() {
            true => self.input.open_as_stored()?,
            false => self.input.open_for(&rules, CHUNK_LIMIT)?,
        };
        let mut filter = binlog_filter::Filter::new(rules).with_definitions(catalog);
        if self.explain {
            filter = filter.explaining();
        }
        let to: Box<dyn Write> = match self.dry_run {
            true => Box::new(io::sink()),
            false => Box::new(self.output.open()?),
        };
        let written = write(&mut *source, &mut filter, to);
        // What was decided before an error may tell why it is one.
        if let Some(explanation) = filter.explanation() {
            write!(io::stderr().lock(), "{explanation}")?;
        }
        written?;
        warn_of(&filter);
        match self.dry_run {
            true => self.report.tell_alone(filter.report()),
            false => self.report.tell(filter.report()),
        }
    }
}

fn write(source: &mut dyn Source, filter: &mut binlog_filter::Filter, to: Box<dyn Write>) -> Result<()> {
    let mut writer = Writer::new(to);
    loop {
        match source.next()? {
            Next::Chunk(chunk) => writer.write(&filter.apply(chunk)?)?,
            Next::Idle => writer.flush()?,
            Next::End => break,
        }
    }
    writer.finish()?;
    Ok(())
}
