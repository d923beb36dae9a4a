//! `binlog dump`: readable, re-executable SQL, or JSON Lines.

use std::io::Write;

use anyhow::Result;
use binlog_dumper::{Dump as Dumper, JsonDumper, SqlDumper, SqlOptions};
use binlog_filter::Filter;
use binlog_source::{Next, Source};
use clap::{Args, ValueEnum};

use crate::inputs::InputArgs;
use crate::output::OutputArgs;
use crate::progress::warn;
use crate::selection::SelectionArgs;

/// Print binary logs as SQL, or as one JSON object a change.
#[derive(Args, Debug)]
pub(crate) struct Dump {
    /// Form of the output
    #[arg(long, value_name = "FORMAT", default_value = "sql")]
    format: Format,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    selection: SelectionArgs,
}

#[derive(ValueEnum, Debug, Clone, Copy)]
enum Format {
    /// SQL that the mysql client can run again
    Sql,
    /// One JSON object a line
    Json,
}

impl Dump {
    pub(crate) fn run(self) -> Result<()> {
        let rules = self.selection.rules_for_reader()?;
        let mut source = self.input.open_for(&rules)?;
        let mut filter = Filter::new(rules);
        let mut out = self.output.open()?;
        match self.format {
            Format::Json => print(&mut *source, &mut filter, &mut JsonDumper::new(), &mut out),
            Format::Sql => {
                let mut dumper = SqlDumper::new(SqlOptions::default());
                print(&mut *source, &mut filter, &mut dumper, &mut out)?;
                warn_of_unnamed(&dumper);
                Ok(())
            }
        }
    }
}

fn print(source: &mut dyn Source, filter: &mut Filter, dumper: &mut dyn Dumper, out: &mut dyn Write) -> Result<()> {
    let mut text = Vec::new();
    loop {
        let done = match source.next()? {
            Next::Chunk(chunk) => dumper.chunk(&filter.apply(chunk)?, &mut text),
            Next::Idle => {
                out.flush()?;
                continue;
            }
            Next::End => break,
        };
        // What stands before an event that fails is printed too.
        out.write_all(&text)?;
        text.clear();
        done.or_else(|error| out.flush().map_err(anyhow::Error::from).and(Err(error.into())))?;
    }
    dumper.finish(&mut text)?;
    out.write_all(&text)?;
    out.flush()?;
    Ok(())
}

fn warn_of_unnamed(dumper: &SqlDumper) {
    let unnamed = dumper.unnamed();
    if unnamed.rows > 0 {
        let tables: Vec<&str> = unnamed.tables.iter().map(String::as_str).collect();
        warn(&format!(
            "{} row changes are comments, because the log does not name the columns of {}; \
             a source with binlog_row_metadata=FULL writes names",
            unnamed.rows,
            tables.join(", ")
        ));
    }
}
