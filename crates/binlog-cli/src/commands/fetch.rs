//! `binlog fetch`: a live server's log as a stream or as files.

use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Result;
use binlog_parser::{Chunk, Coordinates};
use binlog_replica::{Attempt, Backoff, keep_trying};
use binlog_source::{LiveOptions, LiveSource, Mirror, Next, Source as _, SourceError, StartAt};
use binlog_writer::{WriteError, Writer};
use clap::Args;

use crate::connection::ConnectionArgs;
use crate::output::OutputArgs;
use crate::progress::warn;
use crate::start::parse_start;
use crate::stop::stop_flag;

/// Read a live server's binary log: as one stream, or as byte-identical copies of its files.
#[derive(Args, Debug)]
pub(crate) struct Fetch {
    /// The source: mysql://user@host:port
    #[arg(long, value_name = "URL")]
    from: String,
    /// Keep byte-identical copies of the source's logs in this folder; started again, go on after
    /// the last whole event there
    #[arg(long, value_name = "DIR", conflicts_with_all = ["output", "start"])]
    into: Option<PathBuf>,
    /// Go on at the end of the log until told to stop; a broken link is tried again
    #[arg(long)]
    follow: bool,
    /// Where to begin: oldest, current, FILE:POSITION, or the GTIDs that are held already
    #[arg(long, value_name = "WHERE", default_value = "oldest", value_parser = parse_start)]
    start: StartAt,
    /// Number by which the source knows this reader; by default a random one
    #[arg(long, value_name = "ID", default_value_t = 0, hide_default_value = true)]
    connection_server_id: u32,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

impl Fetch {
    pub(crate) fn run(self) -> Result<()> {
        let mut options = LiveOptions::new(self.connection.server(&self.from)?, self.start);
        options.server_id = self.connection_server_id;
        options.until_end = !self.follow;
        options.expand = false;
        let sink = match &self.into {
            Some(folder) => {
                let mirror = Mirror::open(folder)?;
                options.start = mirror.start();
                Sink::Files(mirror)
            }
            None => Sink::Stream(Writer::new(Box::new(self.output.open()?))),
        };
        let mut fetching = Fetching {
            options,
            sink,
            follow: self.follow,
            connected: false,
            bytes: 0,
        };
        let done = keep_trying(&mut fetching, Backoff::default(), &*stop_flag()?);
        done.and_then(|()| fetching.sink.flush())
            .map_err(FetchError::into_inner)
    }
}

/// Where the events go.
enum Sink {
    Files(Mirror),
    Stream(Writer<Box<dyn Write>>),
}

/// Why a fetch ends.
#[derive(Debug, thiserror::Error)]
enum FetchError {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl FetchError {
    fn into_inner(self) -> anyhow::Error {
        match self {
            Self::Source(error) => error.into(),
            Self::Write(error) => error.into(),
        }
    }
}

impl Sink {
    fn write(&mut self, chunk: &Chunk) -> Result<(), FetchError> {
        match self {
            Self::Files(mirror) => mirror.write(chunk)?,
            Self::Stream(writer) => writer.write(chunk)?,
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), FetchError> {
        match self {
            Self::Files(mirror) => mirror.sync()?,
            Self::Stream(writer) => writer.flush()?,
        }
        Ok(())
    }
}

struct Fetching {
    /// The start moves on with each chunk.
    options: LiveOptions,
    sink: Sink,
    follow: bool,
    connected: bool,
    bytes: u64,
}

impl Attempt for Fetching {
    type Error = FetchError;

    fn run(&mut self, stop: &AtomicBool) -> Result<(), FetchError> {
        let mut source = LiveSource::connect(&self.options)?;
        self.connected = true;
        while !stop.load(Ordering::Relaxed) {
            match source.next()? {
                Next::Chunk(chunk) => self.take(&chunk)?,
                Next::Idle => self.sink.flush()?,
                Next::End => break,
            }
        }
        Ok(())
    }

    fn progress(&self) -> u64 {
        self.bytes
    }

    fn is_transient(&self, error: &FetchError) -> bool {
        self.follow && self.connected && matches!(error, FetchError::Source(error) if error.is_transient())
    }

    fn failed(&mut self, error: &FetchError, wait: Duration) {
        warn(&format!("{error}; trying again in {:.1} s", wait.as_secs_f64()));
    }
}

impl Fetching {
    fn take(&mut self, chunk: &Chunk) -> Result<(), FetchError> {
        self.sink.write(chunk)?;
        self.bytes += chunk.len() as u64;
        self.options.start = StartAt::Coordinates(Coordinates {
            file: chunk.file.to_string(),
            position: chunk.end,
        });
        Ok(())
    }
}
