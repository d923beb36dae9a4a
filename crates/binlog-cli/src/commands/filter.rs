//! `binlog filter`: binary logs in, a binary log out.

use anyhow::Result;
use binlog_source::{CHUNK_LIMIT, Next};
use binlog_writer::Writer;
use clap::Args;

use crate::inputs::InputArgs;
use crate::output::OutputArgs;
use crate::report::ReportArgs;
use crate::selection::SelectionArgs;

/// Write a valid binary log of the selected changes.
///
/// Without selection the output is the input, byte for byte. With one, what the input holds compressed comes out plain.
#[derive(Args, Debug)]
pub(crate) struct Filter {
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
        let mut source = match rules.keeps_everything() {
            true => self.input.open_as_stored()?,
            false => self.input.open_for(&rules, CHUNK_LIMIT)?,
        };
        let mut filter = binlog_filter::Filter::new(rules);
        let mut writer = Writer::new(self.output.open()?);
        loop {
            match source.next()? {
                Next::Chunk(chunk) => writer.write(&filter.apply(chunk)?)?,
                Next::Idle => writer.flush()?,
                Next::End => break,
            }
        }
        writer.finish()?;
        self.report.tell(filter.report())
    }
}
