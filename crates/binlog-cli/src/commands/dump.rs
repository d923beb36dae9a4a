//! `binlog dump`: readable, re-executable SQL, or JSON Lines.

mod json;
mod split;
mod sql;

use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

use anyhow::Result;
use binlog_dumper::json::envelope::Commits;
use binlog_dumper::{Draft, Dump as Dumper, Names, SqlDumper, Unnamed};
use binlog_filter::Filter;
use binlog_parser::Chunk;
use binlog_schema::Catalog;
use binlog_source::{CORE_CHUNK_LIMIT, Source, for_each_in_order};
use clap::{Args, ValueEnum};

use crate::inputs::InputArgs;
use crate::output::{Output, OutputArgs, ShowArgs};
use crate::progress::{warn, warn_of};
use crate::report::ReportArgs;
use crate::schema::{self, SchemaArgs};
use crate::selection::SelectionArgs;
use json::JsonArgs;
use split::{SplitBy, Splitting};
use sql::SqlArgs;

/// Print binary logs as SQL, or as one JSON object a change.
#[derive(Args, Debug)]
pub(crate) struct Dump {
    /// Form of the output
    #[arg(long, value_name = "FORMAT", default_value = "sql")]
    format: Format,
    #[command(flatten)]
    schema: SchemaArgs,
    /// Write one file for each table, or transaction, into the folder --output
    #[arg(long, value_name = "BY", requires = "output")]
    split: Option<SplitBy>,
    #[command(flatten)]
    report: ReportArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    show: ShowArgs,
    #[command(flatten)]
    sql: SqlArgs,
    #[command(flatten)]
    json: JsonArgs,
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
        match self.format {
            Format::Sql => self.json.refuse()?,
            Format::Json => self.sql.refuse()?,
        }
        let rules = self.selection.rules_for_reader()?;
        if self.split.is_some() {
            split::check(&self.schema.schema)?;
        }
        let catalog = self.schema.catalog(&self.input.connection)?;
        // Logs of which nothing is printed may change what is given.
        let limit = self.split.map_or(CORE_CHUNK_LIMIT, SplitBy::chunk_limit);
        let source = match self.schema.schema.is_empty() {
            true => self.input.open_for(&rules, limit)?,
            false => self.input.open_all(limit)?,
        };
        let is_filtered = self.report.is_wanted() || !rules.keeps_everything();
        let filter = is_filtered.then(|| Filter::new(rules).with_definitions(catalog.clone()));
        if let (Some(by), Some(folder)) = (self.split, self.output.path()) {
            return self.split(by, folder, source, filter, catalog);
        }
        let mut printing = Printing {
            source,
            filter,
            catalog,
            files: self.sql.folder(),
            commits: self.json.commits(),
            out: self.output.open_to_show(&self.show, self.input.has_end())?,
        };
        let filter = match self.format {
            Format::Json => {
                printing.print(&mut self.json.dumper())?;
                printing.filter
            }
            Format::Sql => {
                let mut dumper = self.sql.dumper()?;
                printing.print(&mut dumper)?;
                drop(printing.out);
                warn_of_unnamed(&dumper.unnamed());
                printing.filter
            }
        };
        filter.map_or(Ok(()), |filter| self.tell(&filter))
    }

    fn tell(&self, filter: &Filter) -> Result<()> {
        warn_of(filter);
        self.report.tell(filter.report())
    }

    fn split(
        &self,
        by: SplitBy,
        folder: &Path,
        mut source: Box<dyn Source>,
        mut filter: Option<Filter>,
        catalog: Catalog,
    ) -> Result<()> {
        let mut names = Names::default();
        *names.catalog() = catalog;
        let splitting = Splitting {
            by,
            filter: &mut filter,
            names,
            folder: folder.to_owned(),
            suffix: self.format.suffix(),
            loaded: self.sql.folder(),
            commits: &|| self.json.commits(),
        };
        let mut names = match self.format {
            Format::Json => splitting.write(&mut *source, || Ok(self.json.dumper()), |_| {})?,
            Format::Sql => {
                let mut unnamed = Unnamed::default();
                let ended = |dumper: &SqlDumper| unnamed.add(dumper.unnamed());
                let names = splitting.write(&mut *source, || self.sql.dumper(), ended)?;
                warn_of_unnamed(&unnamed);
                names
            }
        };
        schema::warn_of_remarks(names.catalog());
        filter.map_or(Ok(()), |filter| self.tell(&filter))
    }
}

impl Format {
    /// What the names of files end with.
    fn suffix(self) -> &'static str {
        match self {
            Self::Sql => "sql",
            Self::Json => "jsonl",
        }
    }
}

/// What every form is printed from, and to.
struct Printing<'p> {
    source: Box<dyn Source>,
    filter: Option<Filter>,
    catalog: Catalog,
    /// Where the files of LOAD DATA statements go.
    files: &'p Path,
    /// Where rows wait to be told of the end of their transaction.
    commits: Option<Commits>,
    out: Output,
}

impl Printing<'_> {
    fn print<D: Dumper + Send>(&mut self, dumper: &mut D) -> Result<()> {
        *dumper.names().catalog() = std::mem::take(&mut self.catalog);
        let (filter, files) = (&mut self.filter, self.files);
        let draft = |chunk| match draft(filter, dumper, files, chunk) {
            Ok(draft) if draft.is_cut_short() => ControlFlow::Break(Ok(draft)),
            Ok(draft) => ControlFlow::Continue(Ok(draft)),
            Err(error) => ControlFlow::Break(Err(error)),
        };
        let write = |draft: Result<Draft<D::Rows>>| {
            let mut text = Vec::new();
            let done = draft.map(|draft| draft.write(&mut text));
            (text, done)
        };
        let (out, commits) = (&mut self.out, &mut self.commits);
        // What stands before an event that fails is printed too.
        let printed = for_each_in_order(&mut *self.source, draft, write, |written| {
            let Some((text, done)) = written else {
                return Ok(out.flush()?);
            };
            match commits {
                Some(commits) => commits.push(&text, out)?,
                None => out.write_all(&text)?,
            }
            Ok(done??)
        });
        if let Some(commits) = commits {
            commits.finish(out)?;
        }
        if printed.is_ok() {
            let mut text = Vec::new();
            dumper.finish(&mut text);
            self.out.write_all(&text)?;
            schema::warn_of_remarks(dumper.names().catalog());
        }
        self.out.flush()?;
        printed
    }
}

/// What the filter leaves, named by all that the chunk tells of tables. The files that it loads are there.
fn draft<D: Dumper>(filter: &mut Option<Filter>, dumper: &mut D, files: &Path, chunk: Chunk) -> Result<Draft<D::Rows>> {
    let chunk = match filter {
        Some(filter) => {
            dumper.names().foresee(&filter.renamed(&chunk)?)?;
            filter.apply(chunk)?
        }
        None => chunk,
    };
    let mut draft = dumper.draft(chunk);
    sql::save(files, draft.take_files())?;
    Ok(draft)
}

fn warn_of_unnamed(unnamed: &Unnamed) {
    if unnamed.rows > 0 {
        let tables: Vec<&str> = unnamed.tables.iter().map(String::as_str).collect();
        warn(&format!(
            "{} row changes are comments, because the log does not name the columns of {}; \
             --schema FILE or a source with binlog_row_metadata=FULL names them",
            unnamed.rows,
            tables.join(", ")
        ));
    }
}
