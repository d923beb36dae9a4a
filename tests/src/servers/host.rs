//! Servers that already stand on the host.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::flavour::Flavour;
use super::run::run;

/// The server program that the environment names for this flavour.
pub(super) fn named(flavour: Flavour) -> Result<Option<PathBuf>> {
    let variable = flavour.override_variable();
    let Some(path) = env::var_os(variable)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
    else {
        return Ok(None);
    };
    if !path.is_file() {
        bail!("{variable} names {}, which is no program", path.display());
    }
    Ok(Some(path))
}

/// A server program of this flavour in the host's program folders.
pub(super) fn installed(flavour: Flavour) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from));
    let mut programs = folders.map(|folder| folder.join(flavour.server_program()));
    programs.find(|program| {
        program.is_file() && version(&mut Command::new(program)).is_ok_and(|version| flavour.accepts(&version))
    })
}

/// The version that a server program says it has, such as `11.8.6-MariaDB-0+deb13u1`.
pub(super) fn version(server: &mut Command) -> Result<String> {
    let printed = run(server.args(["--no-defaults", "--version"]))?;
    let mut words = printed.split_whitespace().skip_while(|word| *word != "Ver").skip(1);
    let version = words.next().with_context(|| format!("no version in {printed:?}"))?;
    Ok(version.to_owned())
}

/// What to do where no server can be fetched and none is installed.
pub(super) fn advice(flavour: Flavour) -> String {
    format!(
        "{flavour} cannot be fetched on this host (that needs {}), and no such server is installed: \
         install {}, or name one with {}=/path/to/{}",
        if flavour == Flavour::MySql56 {
            "npm"
        } else {
            "apt-get and dpkg-deb"
        },
        if flavour.is_mariadb() {
            "MariaDB server and client"
        } else {
            "MySQL server and client"
        },
        flavour.override_variable(),
        flavour.server_program(),
    )
}

/// A name for `path` that can be part of a file name.
pub(super) fn slug(path: &Path) -> String {
    let text = path.to_string_lossy();
    text.chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect()
}
