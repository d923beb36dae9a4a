//! `binlog dump`: readable, re-executable SQL, or JSON Lines.

mod sql;

use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

use anyhow::Result;
use binlog_dumper::{Draft, Dump as Dumper, JsonDumper, SqlDumper};
use binlog_filter::Filter;
use binlog_source::{CORE_CHUNK_LIMIT, Source, for_each_in_order};
use clap::{Args, ValueEnum};

use crate::inputs::InputArgs;
use crate::output::{Output, OutputArgs, ShowArgs};
use crate::progress::warn;
use crate::report::ReportArgs;
use crate::selection::SelectionArgs;
use sql::SqlArgs;

/// Print binary logs as SQL, or as one JSON object a change.
#[derive(Args, Debug)]
pub(crate) struct Dump {
    /// Form of the output
    #[arg(long, value_name = "FORMAT", default_value = "sql")]
    format: Format,
    #[command(flatten)]
    report: ReportArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    show: ShowArgs,
    #[command(flatten)]
    sql: SqlArgs,
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
        if !matches!(self.format, Format::Sql) {
            self.sql.refuse()?;
        }
        let rules = self.selection.rules_for_reader()?;
        let mut source = self.input.open_for(&rules, CORE_CHUNK_LIMIT)?;
        let is_filtered = self.report.is_wanted() || !rules.keeps_everything();
        let mut filter = is_filtered.then(|| Filter::new(rules));
        let mut out = self.output.open_to_show(&self.show, self.input.has_end())?;
        match self.format {
            Format::Json => {
                print(
                    &mut *source,
                    &mut filter,
                    &mut JsonDumper::new(),
                    self.sql.folder(),
                    &mut out,
                )?;
            }
            Format::Sql => {
                let mut dumper = self.sql.dumper()?;
                print(&mut *source, &mut filter, &mut dumper, self.sql.folder(), &mut out)?;
                drop(out);
                warn_of_unnamed(&dumper);
            }
        }
        filter.map_or(Ok(()), |filter| self.report.tell(filter.report()))
    }
}

fn print<D: Dumper + Send>(
    source: &mut dyn Source,
    filter: &mut Option<Filter>,
    dumper: &mut D,
    folder: &Path,
    out: &mut Output,
) -> Result<()> {
    let mut filtered = |chunk| match filter {
        Some(filter) => filter.apply(chunk),
        None => Ok(chunk),
    };
    let draft = |chunk| match filtered(chunk) {
        Ok(chunk) => {
            let mut draft = dumper.draft(chunk);
            match sql::save(folder, draft.take_files()) {
                Err(error) => ControlFlow::Break(Err(error)),
                Ok(()) if draft.is_cut_short() => ControlFlow::Break(Ok(draft)),
                Ok(()) => ControlFlow::Continue(Ok(draft)),
            }
        }
        Err(error) => ControlFlow::Break(Err(error.into())),
    };
    let write = |draft: Result<Draft<D::Rows>>| {
        let mut text = Vec::new();
        let done = draft.map(|draft| draft.write(&mut text));
        (text, done)
    };
    // What stands before an event that fails is printed too.
    let printed = for_each_in_order(source, draft, write, |written| {
        let Some((text, done)) = written else {
            return Ok(out.flush()?);
        };
        out.write_all(&text)?;
        Ok(done??)
    });
    if printed.is_ok() {
        let mut text = Vec::new();
        dumper.finish(&mut text);
        out.write_all(&text)?;
    }
    out.flush()?;
    printed
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
