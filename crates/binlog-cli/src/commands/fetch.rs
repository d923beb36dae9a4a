//! `binlog fetch`: a live server's log as a stream or as files.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;
use binlog_source::{LiveOptions, LiveSource, Mirror, Next, Source as _, StartAt};
use binlog_writer::Writer;
use clap::Args;

use crate::connection::ConnectionArgs;
use crate::output::OutputArgs;
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
    /// Go on at the end of the log until told to stop
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
        let mut options = LiveOptions::new(self.connection.server(&self.from)?, self.start.clone());
        options.server_id = self.connection_server_id;
        options.until_end = !self.follow;
        let stop = stop_flag()?;
        match &self.into {
            Some(folder) => copy_files(options, folder, &stop),
            None => self.stream(&options, &stop),
        }
    }

    fn stream(&self, options: &LiveOptions, stop: &AtomicBool) -> Result<()> {
        let mut source = LiveSource::connect(options)?;
        let mut writer = Writer::new(self.output.open()?);
        while !stop.load(Ordering::Relaxed) {
            match source.next()? {
                Next::Chunk(chunk) => writer.write(&chunk)?,
                Next::Idle => writer.flush()?,
                Next::End => break,
            }
        }
        writer.finish()?.flush()?;
        Ok(())
    }
}

fn copy_files(mut options: LiveOptions, folder: &Path, stop: &AtomicBool) -> Result<()> {
    let mut mirror = Mirror::open(folder)?;
    options.start = mirror.start();
    let mut source = LiveSource::connect(&options)?;
    while !stop.load(Ordering::Relaxed) {
        match source.next()? {
            Next::Chunk(chunk) => mirror.write(&chunk)?,
            Next::Idle => mirror.sync()?,
            Next::End => break,
        }
    }
    mirror.sync()?;
    Ok(())
}
