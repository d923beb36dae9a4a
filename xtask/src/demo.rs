//! `cargo xtask demo`: a table-filtered replica between two real servers, killed half way.

use std::io::{self, BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle, sleep};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use binlog_testkit::compare::{assert_absent, compare};
use binlog_testkit::workload::{DROPPED, Running, Workload, kept_tables};
use binlog_testkit::{Flavour, RunningBinlog, Server, ServerOptions};
use clap::Args;
use mysql::prelude::Queryable as _;
use signal_hook::consts::TERM_SIGNALS;

use crate::workspace;

/// Between which servers.
#[derive(Args)]
pub(crate) struct Options {
    /// Source and target, such as mysql-9.7.
    #[arg(long, default_value = "mysql-9.7")]
    flavour: Flavour,
}

/// How long the replica follows, is gone, and follows again.
const FOLLOWING: Duration = Duration::from_secs(8);
const GONE: Duration = Duration::from_secs(6);
/// How long stopping may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Pause of each of the two writers after each transaction.
const PAUSE: Duration = Duration::from_millis(8);

pub(crate) fn run(options: &Options) -> Result<()> {
    let interrupted = Interrupted::watch()?;
    let program = workspace::binlog()?;
    interrupted.check()?;
    let started = Instant::now();
    let demo = Demo::start(options.flavour, program, interrupted)?;
    demo.follow_and_survive()?;
    demo.compare()?;
    println!(
        "\nDone in {} s: the target holds the same rows.",
        started.elapsed().as_secs()
    );
    Ok(())
}

/// Both servers, and the program between them.
struct Demo {
    source: Server,
    target: Server,
    program: PathBuf,
    interrupted: Interrupted,
}

impl Demo {
    fn start(flavour: Flavour, program: PathBuf, interrupted: Interrupted) -> Result<Self> {
        title("1. A source and a target");
        let server = |id| Server::start(ServerOptions::new(flavour).gtid().server_id(id));
        let (source, target) = (server(1)?, server(2)?);
        for (role, server) in [("source", &source), ("target", &target)] {
            let version = server.installation().version();
            println!("   {role}: {flavour} ({version}) at {}", server.url());
        }
        Workload::prepare(&mut source.conn()?)?;
        Ok(Self {
            source,
            target,
            program,
            interrupted,
        })
    }

    fn follow_and_survive(&self) -> Result<()> {
        title("2. Two clients write to the source: inserts, updates, deletes, rollbacks, DDL");
        let writers = self.write();
        self.pause(Duration::from_secs(1))?;
        println!("   {} transactions so far", committed(&writers));

        title("3. The replica follows");
        println!("   {}", self.command_line());
        let replica = Replica::start(self.replicate())?;
        self.pause(FOLLOWING)?;

        title("4. kill -9, and the source goes on without it");
        let before = committed(&writers);
        replica.kill9()?;
        self.pause(GONE)?;
        println!("   {} more transactions meanwhile", committed(&writers) - before);

        title("5. The same command again: the lag goes down");
        let replica = Replica::start(self.replicate())?;
        self.pause(FOLLOWING)?;

        title("6. The writers stop; the replica is stopped, and brings the rest with --until-end");
        for writer in writers {
            let summary = writer.stop()?;
            let (done, undone, ddl) = (summary.committed, summary.rolled_back, summary.ddl);
            println!("   a writer committed {done} transactions ({ddl} of them DDL) and rolled back {undone}");
        }
        replica.stop(PATIENCE)?;
        let mut rest = self.replicate();
        rest.arg("--until-end");
        Replica::start(rest)?.wait(PATIENCE)?;
        self.interrupted.check()
    }

    fn write(&self) -> Vec<Running> {
        let writer = |number| Workload::new(7).worker(number).pause(PAUSE).spawn(&self.source);
        (0..2).map(writer).collect()
    }

    /// The command of the steps 3 and 5.
    fn replicate(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(["replicate", "--from", &self.source.url(), "--to", &self.target.url()]);
        command.args(FILTER).stdin(Stdio::null());
        command
    }

    fn command_line(&self) -> String {
        let filter = FILTER.map(|word| {
            if word.contains('*') {
                format!("'{word}'")
            } else {
                word.into()
            }
        });
        let (source, target) = (self.source.url(), self.target.url());
        format!("binlog replicate --from {source} --to {target} {}", filter.join(" "))
    }

    fn compare(&self) -> Result<()> {
        title("7. Source and target, compared row by row");
        let (mut source, mut target) = (self.source.conn()?, self.target.conn()?);
        for table in kept_tables(&mut source)? {
            compare(&self.source, &self.target, &[&table])?;
            let count = format!("SELECT COUNT(*) FROM {table}");
            let counts: [Option<u64>; 2] = [source.query_first(&count)?, target.query_first(&count)?];
            let [Some(there), Some(here)] = counts else {
                bail!("cannot count {table}")
            };
            println!("   {table:<20} {there:>7} rows on the source, {here:>7} on the target: equal");
        }
        assert_absent(&self.target, &DROPPED)?;
        println!("   {}: not on the target, as it should be", DROPPED.join(", "));
        Ok(())
    }

    fn pause(&self, time: Duration) -> Result<()> {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.interrupted.check()?;
            sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

/// A `binlog replicate` whose lines are shown as ours.
struct Replica {
    process: RunningBinlog,
    printer: JoinHandle<()>,
}

impl Replica {
    fn start(mut command: Command) -> Result<Self> {
        let (lines, stderr) = io::pipe().context("cannot make a pipe")?;
        command.stderr(stderr);
        let process = RunningBinlog::spawn(command)?;
        let printer = thread::spawn(move || {
            for line in BufReader::new(lines).lines().map_while(Result::ok) {
                println!("   | {line}");
            }
        });
        Ok(Self { process, printer })
    }

    fn kill9(self) -> Result<()> {
        self.process.kill9()?;
        Self::printed(self.printer)
    }

    fn stop(self, patience: Duration) -> Result<()> {
        self.process.stop(patience)?;
        Self::printed(self.printer)
    }

    fn wait(mut self, patience: Duration) -> Result<()> {
        let status = self.process.wait_within(patience)?;
        Self::printed(self.printer)?;
        ensure!(status.success(), "binlog replicate ended with {status}");
        Ok(())
    }

    /// Waits until its last line is shown.
    fn printed(printer: JoinHandle<()>) -> Result<()> {
        printer.join().map_err(|_| anyhow!("the thread that prints panicked"))
    }
}

/// What the replica is to keep.
const FILTER: [&str; 4] = ["--table", "shop.*", "--not-table", "shop.audit_log"];

fn committed(writers: &[Running]) -> u64 {
    writers.iter().map(Running::committed).sum()
}

fn title(text: &str) {
    println!("\n{text}");
}

/// Whether we have been asked to end: then all that was started is stopped on the way out.
struct Interrupted(Arc<AtomicBool>);

impl Interrupted {
    fn watch() -> Result<Self> {
        let flag = Arc::new(AtomicBool::new(false));
        for &signal in TERM_SIGNALS {
            // A second signal ends the program at once; servers notice that, too.
            signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&flag))?;
            signal_hook::flag::register(signal, Arc::clone(&flag))?;
        }
        Ok(Self(flag))
    }

    fn check(&self) -> Result<()> {
        ensure!(!self.0.load(Ordering::Relaxed), "interrupted");
        Ok(())
    }
}
