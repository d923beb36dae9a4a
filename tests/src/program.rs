//! The `binlog` program, built from this checkout.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail, ensure};

/// The `binlog` command, ready for its arguments. The first call builds it.
pub fn binlog() -> Result<Command> {
    static PROGRAM: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let program = PROGRAM.get_or_init(|| build().map_err(|error| format!("{error:#}")));
    let program = program.as_ref().map_err(|error| anyhow!("{error}"))?;
    Ok(Command::new(program))
}

/// Runs `binlog` to its end; an exit code other than 0 is an error with what it wrote to stderr.
pub fn run_binlog<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Result<Output> {
    let mut command = binlog()?;
    command.args(arguments).stdin(Stdio::null());
    let output = command.output().context("cannot start binlog")?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?}: {}\n{errors}", output.status);
    Ok(output)
}

fn build() -> Result<PathBuf> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args([
        "build",
        "--workspace",
        "--bin",
        "binlog",
        "--message-format",
        "json",
        "--manifest-path",
    ]);
    let output = command.arg(manifest).stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "cannot build binlog");
    let messages = String::from_utf8(output.stdout)?;
    messages
        .lines()
        .rev()
        .find_map(executable)
        .context("cargo names no executable for binlog")
}

/// The executable that a message of cargo's is about.
fn executable(message: &str) -> Option<PathBuf> {
    let message: serde_json::Value = serde_json::from_str(message).ok()?;
    Some(message.get("executable")?.as_str()?.into())
}

/// A `binlog` that runs in the background; dropping it kills it.
#[derive(Debug)]
pub struct RunningBinlog {
    child: Child,
}

impl RunningBinlog {
    /// Starts it; its status line goes where the test's stderr goes.
    pub fn start<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Result<Self> {
        let mut command = binlog()?;
        command.args(arguments).stdin(Stdio::null());
        Self::spawn(command)
    }

    /// Starts the command, which runs some build of the program.
    pub fn spawn(mut command: Command) -> Result<Self> {
        let child = command.spawn().context("cannot start binlog")?;
        Ok(Self { child })
    }

    /// Kills it with SIGKILL.
    pub fn kill9(mut self) -> Result<()> {
        ensure!(self.child.try_wait()?.is_none(), "binlog has ended by itself");
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to stop, as Ctrl-C does, and waits; it must end well.
    pub fn stop(mut self, patience: Duration) -> Result<()> {
        ensure!(self.child.try_wait()?.is_none(), "binlog has ended by itself");
        let pid = i32::try_from(self.child.id())
            .ok()
            .and_then(rustix::process::Pid::from_raw);
        rustix::process::kill_process(pid.context("no pid")?, rustix::process::Signal::INT)?;
        let status = self.wait_within(patience)?;
        ensure!(status.success(), "binlog ended with {status}");
        Ok(())
    }

    /// Waits for its end.
    pub fn wait_within(&mut self, patience: Duration) -> Result<ExitStatus> {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            if Instant::now() > deadline {
                bail!("binlog has not ended in {patience:?}");
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for RunningBinlog {
    fn drop(&mut self) {
        // Fails where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
