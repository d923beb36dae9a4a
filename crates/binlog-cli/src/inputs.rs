//! What a command reads: files, folders, pipes or a live server.

use anyhow::{Result, bail};
use binlog_filter::RuleSet;
use binlog_source::{CHUNK_LIMIT, FileOptions, FileSource, Input, LiveOptions, LiveSource, Seek, Source, StartAt};
use clap::Args;

use crate::connection::ConnectionArgs;
use crate::failure::Usage;
use crate::keys::KeyArgs;

/// What to read.
#[derive(Args, Debug)]
#[command(next_help_heading = "Input")]
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
    pub(crate) keys: KeyArgs,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// How compressed events come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compressed {
    Expanded,
    AsStored,
}

impl InputArgs {
    /// Opens the stream. Compressed events come as the plain events that they hold.
    pub(crate) fn open(&self) -> Result<Box<dyn Source>> {
        self.open_as(Compressed::Expanded, Seek::default(), CHUNK_LIMIT)
    }

    /// Opens the stream in chunks of this size, with logs of which nothing may be kept.
    pub(crate) fn open_all(&self, chunk_limit: usize) -> Result<Box<dyn Source>> {
        self.open_as(Compressed::Expanded, Seek::default(), chunk_limit)
    }

    /// Opens the stream without logs of which these rules keep nothing.
    pub(crate) fn open_for(&self, rules: &RuleSet, chunk_limit: usize) -> Result<Box<dyn Source>> {
        let seek = Seek {
            since: rules.start_time(),
            gtids: rules.include_gtids().cloned(),
        };
        self.open_as(Compressed::Expanded, seek, chunk_limit)
    }

    /// Opens the stream, in which compressed events come as they stand in the log.
    pub(crate) fn open_as_stored(&self) -> Result<Box<dyn Source>> {
        self.open_as(Compressed::AsStored, Seek::default(), CHUNK_LIMIT)
    }

    fn open_as(&self, compressed: Compressed, seek: Seek, chunk_limit: usize) -> Result<Box<dyn Source>> {
        match self.sources.as_slice() {
            [url] if is_url(url) => self.open_live(url, compressed, chunk_limit),
            sources if sources.iter().any(|source| is_url(source)) => {
                bail!(Usage(
                    "a server is read alone, not together with other sources".to_owned()
                ))
            }
            sources if sources.iter().any(|source| source.contains("://")) => {
                // It may hold a password.
                bail!(Usage("a server's URL begins with mysql:// or mariadb://".to_owned()))
            }
            sources => self.open_files(sources, compressed, seek, chunk_limit),
        }
    }

    /// Whether reading ends by itself.
    pub(crate) fn has_end(&self) -> bool {
        !self.follow
    }

    /// Whether the same can be read once more.
    pub(crate) fn can_be_read_again(&self) -> bool {
        let is_file = |source: &String| source != "-" && !is_url(source);
        self.has_end() && self.sources.iter().all(is_file)
    }

    /// The files, where nothing but whole files is to be read.
    pub(crate) fn whole_files(&self) -> Result<Option<Vec<Input>>> {
        let parts = self.follow || self.start_position.is_some() || self.stop_position.is_some();
        if parts || self.sources.iter().any(|source| source.contains("://")) {
            return Ok(None);
        }
        Ok(Some(self.sources.iter().map(|source| input(source)).collect()))
    }

    fn open_live(&self, url: &str, compressed: Compressed, chunk_limit: usize) -> Result<Box<dyn Source>> {
        if self.start_position.is_some() || self.stop_position.is_some() {
            bail!(Usage(
                "positions need files; for a server see 'binlog fetch --start FILE:POSITION'".to_owned()
            ));
        }
        let mut options = LiveOptions::new(self.connection.server(url)?, StartAt::Oldest);
        options.until_end = !self.follow;
        options.expand = compressed == Compressed::Expanded;
        options.chunk_limit = chunk_limit;
        Ok(Box::new(LiveSource::connect(&options)?))
    }

    fn open_files(
        &self,
        sources: &[String],
        compressed: Compressed,
        seek: Seek,
        chunk_limit: usize,
    ) -> Result<Box<dyn Source>> {
        let inputs: Vec<Input> = sources.iter().map(|source| input(source)).collect();
        let options = FileOptions {
            start_position: self.start_position,
            stop_position: self.stop_position,
            seek,
            follow: self.follow,
            keys: self.keys.keys()?,
            expand: compressed == Compressed::Expanded,
            chunk_limit,
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

pub(crate) fn is_url(source: &str) -> bool {
    source.starts_with("mysql://") || source.starts_with("mariadb://")
}
