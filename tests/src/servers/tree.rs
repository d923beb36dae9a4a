//! Where the programs of an installation lie, and how they run.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

/// The folders of one installation.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    /// `--basedir`: what the server's own relative paths start from.
    pub(super) basedir: PathBuf,
    /// Folders that hold programs.
    pub(super) programs: Vec<PathBuf>,
    /// Whose loader and libraries the programs run with.
    pub(super) libraries: Libraries,
}

/// Which loader and libraries programs run with.
#[derive(Clone, Debug)]
pub(super) enum Libraries {
    /// Those of the host.
    Host,
    /// Those of the host, and before them this folder.
    HostAnd(PathBuf),
    /// Those that came with the programs.
    Own { loader: PathBuf, path: OsString },
}

impl Tree {
    /// Unpacked Debian packages, with the libc and all that they depend on.
    pub(super) fn of_debian(root: &Path) -> Result<Self> {
        let folders = library_folders(root);
        let loader = folders.iter().find_map(|folder| find_loader(folder));
        let loader = loader.with_context(|| format!("no loader in {}", root.display()))?;
        let path = std::env::join_paths(&folders).context("the cache folder's name holds a colon")?;
        Ok(Self {
            basedir: root.join("usr"),
            programs: ["usr/sbin", "usr/bin"].map(|folder| root.join(folder)).into(),
            libraries: Libraries::Own { loader, path },
        })
    }

    /// The npm package, which puts everything beside the server and brings its own `libaio`.
    pub(super) fn of_npm(root: &Path) -> Self {
        let server = root.join("server");
        Self {
            basedir: server.clone(),
            programs: vec![server.clone()],
            libraries: Libraries::HostAnd(server),
        }
    }

    /// The installation on the host that the server program `server` belongs to.
    pub(super) fn of_host(server: &Path) -> Result<Self> {
        let folder = server
            .parent()
            .context("a server program must be named with its folder")?;
        let basedir = folder.parent().unwrap_or(folder);
        Ok(Self {
            basedir: basedir.to_owned(),
            programs: vec![folder.to_owned(), basedir.join("bin"), "/usr/bin".into()],
            libraries: Libraries::Host,
        })
    }

    /// A program, ready to be given arguments.
    pub(super) fn program(&self, name: &str) -> Result<Command> {
        let program = self.path(name)?;
        Ok(match &self.libraries {
            Libraries::Host => Command::new(program),
            Libraries::HostAnd(folder) => {
                let mut command = Command::new(program);
                command.env("LD_LIBRARY_PATH", folder);
                command
            }
            Libraries::Own { loader, path } => {
                let mut command = Command::new(loader);
                command.arg("--library-path").arg(path).arg(program);
                command
            }
        })
    }

    /// Where a program lies.
    pub(super) fn path(&self, name: &str) -> Result<PathBuf> {
        let mut candidates = self.programs.iter().map(|folder| folder.join(name));
        let program = candidates.find(|path| path.exists());
        program.with_context(|| format!("{} has no {name}", self.basedir.display()))
    }

    /// The server's shared files: messages, character sets, system tables.
    pub(super) fn share(&self) -> Option<PathBuf> {
        let candidates = ["share/mariadb", "share/mysql", "share"];
        let mut folders = candidates.iter().map(|folder| self.basedir.join(folder));
        folders.find(|folder| folder.join("charsets/Index.xml").exists())
    }

    /// The server's plugins.
    pub(super) fn plugins(&self) -> Option<PathBuf> {
        let candidates = ["lib/mysql/plugin", "lib/plugin", "lib/mariadb/plugin"];
        let mut folders = candidates.iter().map(|folder| self.basedir.join(folder));
        folders.find(|folder| folder.exists())
    }

    /// The ways to log in of MariaDB's client library, which programs other than MariaDB's use.
    pub(super) fn client_plugins(&self) -> Option<PathBuf> {
        let Libraries::Own { path, .. } = &self.libraries else {
            return None;
        };
        let mut folders = std::env::split_paths(path).map(|path| path.join("libmariadb3/plugin"));
        folders.find(|folder| folder.exists())
    }
}

/// `lib/TRIPLET` and `usr/lib/TRIPLET`.
fn library_folders(root: &Path) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for parent in ["usr/lib", "lib"].map(|folder| root.join(folder)) {
        let entries = fs::read_dir(parent).into_iter().flatten().filter_map(Result::ok);
        folders.extend(entries.map(|entry| entry.path()).filter(|path| is_triplet(path)));
    }
    folders
}

fn is_triplet(folder: &Path) -> bool {
    folder
        .file_name()
        .is_some_and(|name| name.to_string_lossy().ends_with("-linux-gnu"))
}

/// The loader itself: the links to it elsewhere may be absolute, and lead out of the tree.
fn find_loader(folder: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).ok()?.filter_map(Result::ok);
    entries.map(|entry| entry.path()).find(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("ld-linux") && name.contains(".so")
    })
}
