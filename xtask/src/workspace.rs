//! Where things are in the workspace, and the program that it builds.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

/// The workspace's root folder.
pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// The folder that cargo builds into.
pub(crate) fn target() -> Result<PathBuf> {
    // This program is TARGET/PROFILE/xtask.
    let this = env::current_exe().context("cannot find this program")?;
    let target = this.parent().and_then(Path::parent);
    target
        .map(Path::to_owned)
        .context("this program is not in a target folder")
}

/// Runs cargo on the workspace.
pub(crate) fn cargo(arguments: &[&str], more: &[String]) -> Result<()> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(arguments).args(more).current_dir(root());
    let status = command.status().context("cannot run cargo")?;
    if !status.success() {
        bail!("cargo {} failed", arguments.join(" "));
    }
    Ok(())
}

/// Builds `binlog` as it is released, and says where it is.
pub(crate) fn binlog() -> Result<PathBuf> {
    cargo(&["build", "--release", "--package", "binlog-cli"], &[])?;
    Ok(target()?.join("release/binlog"))
}
