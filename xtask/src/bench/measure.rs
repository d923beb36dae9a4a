//! How long a command takes, and how much memory.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// Between two looks at a process's memory.
const INTERVAL: Duration = Duration::from_millis(5);

/// One run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub(super) time: Duration,
    /// The most memory that was resident, in bytes, of all processes together; 0 where the system
    /// does not tell.
    pub(super) peak: u64,
}

/// Runs commands, each reading what the one before it prints, to their end. What the last prints is
/// thrown away.
pub(super) fn measure(pipeline: Vec<Command>) -> Result<Run> {
    let mut errors = tempfile::tempfile().context("cannot make a temporary file")?;
    let started = Instant::now();
    let mut children = spawn(pipeline, &errors)?;
    let pids: Vec<u32> = children.iter().map(Child::id).collect();
    let over = AtomicBool::new(false);
    let (statuses, peak) = thread::scope(|scope| {
        let watcher = scope.spawn(|| watch(&pids, &over));
        let statuses: Vec<_> = children.iter_mut().map(Child::wait).collect();
        over.store(true, Ordering::Relaxed);
        (statuses, watcher.join().unwrap_or_default())
    });
    let time = started.elapsed();
    for status in statuses {
        let status = status.context("cannot wait for a command")?;
        if !status.success() {
            bail!("it ended with {status}: {}", last_line(&mut errors)?);
        }
    }
    Ok(Run { time, peak })
}

fn last_line(file: &mut File) -> Result<String> {
    let mut text = String::new();
    file.rewind().context("cannot read a temporary file")?;
    file.read_to_string(&mut text).context("cannot read a temporary file")?;
    Ok(text.lines().last().unwrap_or_default().to_owned())
}

fn spawn(pipeline: Vec<Command>, stderr: &File) -> Result<Vec<Child>> {
    let last = pipeline.len().saturating_sub(1);
    let mut children: Vec<Child> = Vec::new();
    for (number, mut command) in pipeline.into_iter().enumerate() {
        let before = children.last_mut().and_then(|child| child.stdout.take());
        command.stdin(before.map_or_else(Stdio::null, Stdio::from));
        command.stdout(if number == last { Stdio::null() } else { Stdio::piped() });
        command.stderr(stderr.try_clone().context("cannot share a file")?);
        children.push(command.spawn().with_context(|| format!("cannot run {command:?}"))?);
    }
    Ok(children)
}

/// The sum of the processes' high-water marks, looked at until they are over.
fn watch(pids: &[u32], over: &AtomicBool) -> u64 {
    let mut peaks = vec![0; pids.len()];
    while !over.load(Ordering::Relaxed) {
        for (peak, pid) in peaks.iter_mut().zip(pids) {
            *peak = high_water(*pid).unwrap_or(0).max(*peak);
        }
        thread::sleep(INTERVAL);
    }
    peaks.iter().sum()
}

/// `VmHWM` of `/proc/PID/status`: the most memory that was resident so far, in bytes.
fn high_water(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::measure;

    #[test]
    fn failures_are_told() {
        let shell = |script: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            command
        };
        assert!(measure(vec![shell("true")]).is_ok());
        let error = measure(vec![shell("echo why >&2; exit 3"), shell("cat")]).unwrap_err();
        assert_eq!(error.to_string(), "it ended with exit status: 3: why");
    }
}
