//! How SQL is written.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use binlog_dumper::{FileBlock, SqlDumper, SqlOptions};
use clap::{Args, ValueEnum};

use crate::failure::Usage;

/// What shapes SQL.
#[derive(Args, Debug)]
#[command(next_help_heading = "SQL")]
pub(super) struct SqlArgs {
    /// Columns of UPDATE and DELETE [default: minimal]
    #[arg(long, value_name = "COLUMNS")]
    columns: Option<Columns>,
    /// Put up to so many rows of an event into one INSERT [default: 1]
    #[arg(long, value_name = "ROWS", value_parser = clap::value_parser!(u32).range(1..))]
    rows_per_insert: Option<u32>,
    /// Put the files of LOAD DATA statements into this folder, and load them from there (mysql --local-infile)
    #[arg(long, value_name = "FOLDER")]
    local_load: Option<PathBuf>,
    /// Leave out position, time, GTID and original statement of each transaction
    #[arg(long)]
    no_comments: bool,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
enum Columns {
    /// Rows are found by primary key, and an UPDATE sets what it changed
    Minimal,
    /// All that the images hold: a row that is not as the log says is left alone
    Complete,
}

impl SqlArgs {
    /// The dumper of this form.
    pub(super) fn dumper(&self) -> Result<SqlDumper> {
        let dumper = SqlDumper::new(self.options());
        let Some(folder) = &self.local_load else {
            return Ok(dumper);
        };
        // The text names it from wherever it is run.
        let folder = folder.canonicalize();
        let folder = folder.with_context(|| format!("folder {}", self.folder().display()))?;
        Ok(dumper.with_files_in(folder.into_os_string().as_bytes().to_vec()))
    }

    /// Where files go.
    pub(super) fn folder(&self) -> &Path {
        self.local_load.as_deref().unwrap_or(Path::new("."))
    }

    fn options(&self) -> SqlOptions {
        let mut options = SqlOptions::default();
        options.comments = !self.no_comments;
        options.all_columns = self.columns == Some(Columns::Complete);
        if let Some(rows) = self.rows_per_insert {
            options.rows_per_insert = usize::try_from(rows).unwrap_or(usize::MAX);
        }
        options
    }

    /// For a form that is not SQL.
    ///
    /// # Errors
    /// One of these options was given.
    pub(super) fn refuse(&self) -> Result<()> {
        let given = [
            ("--columns", self.columns.is_some()),
            ("--rows-per-insert", self.rows_per_insert.is_some()),
            ("--no-comments", self.no_comments),
            ("--local-load", self.local_load.is_some()),
        ];
        match given.iter().find(|(_, given)| *given) {
            None => Ok(()),
            Some((option, _)) => bail!(Usage(format!("{option} is for --format sql"))),
        }
    }
}

/// Writes the blocks of files into the folder.
///
/// # Errors
/// A file cannot be written.
pub(super) fn save(folder: &Path, blocks: Vec<FileBlock>) -> Result<()> {
    for block in blocks {
        let path = folder.join(&*block.name);
        let file = match block.is_first {
            true => File::create(&path),
            false => File::options().append(true).open(&path),
        };
        let written = file.and_then(|mut file| file.write_all(&block.data));
        written.with_context(|| format!("write {}", path.display()))?;
    }
    Ok(())
}
