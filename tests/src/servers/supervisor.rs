//! A server process that never outlives the process that started it, however that one ends.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

/// A small shell script between us and the server: it needs no unsafe code, signals only its own
/// child, and notices our end by the closing of a pipe.
const SCRIPT: &str = include_str!("supervisor.sh");

/// How long a server may take to shut down cleanly.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server process.
#[derive(Debug)]
pub(super) struct Supervisor {
    shell: Child,
    pid: u32,
}

impl Supervisor {
    /// Starts `server`, whose folder (data, sockets, logs) is `folder`.
    pub(super) fn start(server: &Command, folder: &Path) -> Result<Self> {
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(SCRIPT).arg("supervisor").arg(folder);
        shell.arg(server.get_program()).args(server.get_args());
        for (name, value) in server.get_envs().filter_map(|(name, value)| Some((name, value?))) {
            shell.env(name, value);
        }
        shell
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        // A Ctrl-C in the terminal is for us; the server then hears of our end.
        shell.process_group(0);
        let mut shell = shell.spawn().context("cannot run sh")?;
        let pid = read_pid(&mut shell)?;
        Ok(Self { shell, pid })
    }

    /// The server's process id.
    pub(super) const fn pid(&self) -> u32 {
        self.pid
    }

    /// The server's exit status, if it has ended.
    pub(super) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.shell.try_wait().context("cannot wait for the server")
    }

    /// Sends the server a signal, such as `STOP`.
    pub(super) fn signal(&mut self, signal: &str) -> Result<()> {
        let pipe = self.shell.stdin.as_mut().context("the supervisor has no input")?;
        writeln!(pipe, "{signal}").context("cannot reach the supervisor")
    }

    /// Asks the server to shut down, and kills it if it does not.
    pub(super) fn stop(mut self) -> Result<()> {
        if self.ended()?.is_none() {
            self.signal("TERM")?;
        }
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if self.ended()?.is_some() {
                return Ok(());
            }
            sleep(Duration::from_millis(10));
        }
        self.kill()
    }

    /// Kills the server at once, as `kill -9` does.
    pub(super) fn kill(mut self) -> Result<()> {
        if self.ended()?.is_none() {
            self.signal("KILL")?;
        }
        // Not `wait`, which closes the pipe first.
        while self.ended()?.is_none() {
            sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

fn read_pid(shell: &mut Child) -> Result<u32> {
    let output = shell.stdout.take().context("the supervisor has no output")?;
    let mut line = String::new();
    BufReader::new(output)
        .read_line(&mut line)
        .context("cannot read from the supervisor")?;
    line.trim()
        .parse()
        .with_context(|| format!("the supervisor said {line:?}, not a process id"))
}
