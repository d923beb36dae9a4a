//! `cargo xtask servers`: the real servers, fetched and run by hand.

use std::io::{self, Read as _};

use anyhow::{Context as _, Result};
use binlog_testkit::{Flavour, Installation, Server, ServerOptions};
use clap::{Args, Subcommand};

/// What to do with servers.
#[derive(Subcommand)]
pub(crate) enum Chore {
    /// Fetch servers into the cache, and print the versions that are there.
    Get {
        /// Which ones; all if none is named.
        flavours: Vec<Flavour>,
    },
    /// Start servers, print their URLs, and keep them until Ctrl-C.
    Run(Run),
}

#[derive(Args)]
pub(crate) struct Run {
    /// Which ones, such as mysql-9.7. Their server ids count from 1.
    #[arg(required = true)]
    flavours: Vec<Flavour>,
    /// Turn GTIDs on.
    #[arg(long)]
    gtid: bool,
    /// Further arguments for every server, after `--`.
    #[arg(last = true)]
    arguments: Vec<String>,
}

pub(crate) fn run(chore: Chore) -> Result<()> {
    match chore {
        Chore::Get { flavours } if flavours.is_empty() => get(&Flavour::ALL),
        Chore::Get { flavours } => get(&flavours),
        Chore::Run(options) => start(&options),
    }
}

/// Fetches servers, and prints their versions.
pub(crate) fn get(flavours: &[Flavour]) -> Result<()> {
    for &flavour in flavours {
        let installation = Installation::get(flavour)?;
        println!("{:<14} {}", flavour.name(), installation.version());
    }
    Ok(())
}

fn start(options: &Run) -> Result<()> {
    let mut servers = Vec::new();
    for (id, &flavour) in (1..).zip(&options.flavours) {
        let mut start = ServerOptions::new(flavour).server_id(id).args(&options.arguments);
        start.gtid = options.gtid;
        let server = Server::start(start)?;
        print(&server);
        servers.push(server);
    }
    println!("Ctrl-C, or the end of the input, stops them and removes their data.");
    let mut input = Vec::new();
    io::stdin().read_to_end(&mut input).context("cannot read the input")?;
    Ok(())
}

fn print(server: &Server) {
    println!("{} {}", server.options().flavour, server.installation().version());
    println!("  url     {}", server.url());
    println!("  socket  {}", server.socket().display());
    println!("  datadir {}", server.datadir().display());
}
