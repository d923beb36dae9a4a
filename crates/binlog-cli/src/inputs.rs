//! What a command reads: files, folders, pipes or a live server.

use anyhow::{Result, bail};
use binlog_source::{FileOptions, FileSource, Input, LiveOptions, LiveSource, Source, StartAt};
use clap::Args;

use crate::connection::ConnectionArgs;
use crate::failure::Usage;

/// What to read.
#[derive(Args, Debug)]
pub(crate) struct InputArgs {
    /// Binary logs, in order: files (also .gz and .zst), folders, .index files, '-' for stdin,
    /// or one mysql://user@host:port
    #[arg(value_name = "SOURCE", required = true)]
    sources: Vec<String>,
    /// Begin at this position of the first log, the first byte of an event
    #[arg(long, short = 'j', value_name = "BYTES")]
    start_position: Option<u64>,
    /// End before the first event at or after this position of the last log
    #[arg(long, value_name = "BYTES")]
    stop_position: Option<u64>,
    /// At the end wait for more, in this log and those after it, until told to stop
    #[arg(long, conflicts_with = "stop_position")]
    follow: bool,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

impl InputArgs {
    /// Opens the stream.
    pub(crate) fn open(&self) -> Result<Box<dyn Source>> {
        match self.sources.as_slice() {
            [url] if is_url(url) => self.open_live(url),
            sources if sources.iter().any(|source| is_url(source)) => {
                bail!(Usage(
                    "a server is read alone, not together with other sources".to_owned()
                ))
            }
            sources if sources.iter().any(|source| source.contains("://")) => {
                // It may hold a password.
                bail!(Usage("a server's URL begins with mysql:// or mariadb://".to_owned()))
            }
            sources => self.open_files(sources),
        }
    }

    fn open_live(&self, url: &str) -> Result<Box<dyn Source>> {
        if self.start_position.is_some() || self.stop_position.is_some() {
            bail!(Usage(
                "positions need files; for a server see 'binlog fetch --start FILE:POSITION'".to_owned()
            ));
        }
        let mut options = LiveOptions::new(self.connection.server(url)?, StartAt::Oldest);
        options.until_end = !self.follow;
        Ok(Box::new(LiveSource::connect(&options)?))
    }

    fn open_files(&self, sources: &[String]) -> Result<Box<dyn Source>> {
        let inputs: Vec<Input> = sources.iter().map(|source| input(source)).collect();
        let options = FileOptions {
            start_position: self.start_position,
            stop_position: self.stop_position,
            follow: self.follow,
            ..FileOptions::default()
        };
        Ok(Box::new(FileSource::open(&inputs, options)?))
    }
}

fn input(source: &str) -> Input {
    match source {
        "-" => Input::Stdin,
        path => Input::Path(path.into()),
    }
}

fn is_url(source: &str) -> bool {
    source.starts_with("mysql://") || source.starts_with("mariadb://")
}
