//! Running a helper program to its end.

use std::process::{Command, Output};

use anyhow::{Context as _, Result, bail};

/// Runs `command`, and fails with the end of what it printed if it fails.
pub(super) fn run(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("cannot run {name}"))?;
    if !output.status.success() {
        bail!("{name} failed ({}):\n{}", output.status, printed(&output));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn printed(output: &Output) -> String {
    let out = String::from_utf8_lossy(&output.stdout);
    let err = String::from_utf8_lossy(&output.stderr);
    tail(&format!("{out}\n{err}"), 25)
}

/// The last `count` lines of `text`.
pub(super) fn tail(text: &str, count: usize) -> String {
    let mut lines: Vec<&str> = text.lines().rev().take(count).collect();
    lines.reverse();
    lines.join("\n")
}

/// Whether a program of this name can be run at all.
pub(super) fn exists(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}
