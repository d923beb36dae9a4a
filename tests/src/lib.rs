//! What the tests, the demo and the benchmarks share: real servers, a workload for them, and a
//! comparison of what two servers hold.
//!
//! ```no_run
//! use binlog_testkit::{Flavour, Server, ServerOptions};
//!
//! # fn main() -> anyhow::Result<()> {
//! let source = Server::start(ServerOptions::new(Flavour::MySql97).gtid())?;
//! println!("{} {:?}", source.url(), source.binlogs()?);
//! # Ok(())
//! # }
//! ```

pub mod compare;
mod program;
pub mod servers;
pub mod workload;

pub use program::{RunningBinlog, binlog, run_binlog};
pub use servers::{Flavour, Installation, Server, ServerOptions};

/// The one place where the testkit prints: what takes long, and what goes wrong while dropping.
#[expect(clippy::print_stderr, reason = "a test that waits for a download says so")]
pub(crate) fn note(text: &str) {
    eprintln!("{text}");
}
