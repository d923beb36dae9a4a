//! A server and its tools, ready to run.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::flavour::{Flavour, Registry};
use super::tree::Tree;
use super::{cache, debian, host, npm, run};

/// Raised when what is kept in a cached tree changes.
const fn revision(flavour: Flavour) -> u32 {
    if flavour.is_mariadb() { 2 } else { 1 }
}

/// The programs of one server flavour on this host.
#[derive(Clone, Debug)]
pub struct Installation {
    flavour: Flavour,
    version: String,
    /// What tells it from other installations of the same flavour, as part of a file name.
    key: String,
    tree: Tree,
}

impl Installation {
    /// Finds or fetches the server: the one that the environment names, else a fetched one, else
    /// (where nothing can be fetched) one that is installed on the host.
    pub fn get(flavour: Flavour) -> Result<Self> {
        if let Some(server) = host::named(flavour)? {
            return Self::on_host(flavour, &server);
        }
        if Self::can_fetch(flavour) {
            return Self::fetched(flavour).with_context(|| format!("cannot fetch {flavour}"));
        }
        let server = host::installed(flavour).with_context(|| host::advice(flavour))?;
        Self::on_host(flavour, &server)
    }

    /// Its flavour.
    #[must_use]
    pub const fn flavour(&self) -> Flavour {
        self.flavour
    }

    /// The version it says it has, such as `11.8.6-MariaDB-0+deb13u1`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// A program of the installation (`mysqld`, `mysqlbinlog`, `mariadb`, …), ready to be given
    /// arguments. It runs with the libraries that came with it.
    pub fn program(&self, name: &str) -> Result<Command> {
        self.tree.program(name)
    }

    /// The tool that prints binary logs: `mysqlbinlog` or `mariadb-binlog`, without option files.
    ///
    /// MySQL 5.6 brings none, so the one of MySQL 9.7 stands in.
    pub fn mysqlbinlog(&self) -> Result<Command> {
        let mut command = if self.flavour == Flavour::MySql56 {
            Self::get(Flavour::MySql97)?.program("mysqlbinlog")?
        } else {
            self.program(self.flavour.binlog_program())?
        };
        command.arg("--no-defaults");
        Ok(command)
    }

    /// `sysbench` with one of its own scripts, such as `oltp_write_only`.
    pub fn sysbench(&self, script: &str) -> Result<Command> {
        let scripts = self.tree.basedir.join("share/sysbench");
        let mut command = self.program("sysbench")?;
        command.arg(scripts.join(format!("{script}.lua")));
        command.env("LUA_PATH", format!("{}/?.lua", scripts.display()));
        if let Some(plugins) = self.tree.client_plugins() {
            command.env("MARIADB_PLUGIN_DIR", plugins);
        }
        Ok(command)
    }

    /// The same, with programs looked for in `folder` first.
    pub(super) fn with_programs_of(&self, folder: &Path) -> Self {
        let mut installation = self.clone();
        installation.tree.programs.insert(0, folder.to_owned());
        installation
    }

    pub(super) const fn tree(&self) -> &Tree {
        &self.tree
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }

    fn can_fetch(flavour: Flavour) -> bool {
        let name = format!("{flavour}-r{}", revision(flavour));
        let cached = cache::folder().is_ok_and(|folder| folder.join(name).exists());
        cached
            || match flavour.registry() {
                Registry::Debian { .. } => run::exists("apt-get") && run::exists("dpkg-deb"),
                Registry::Npm { .. } => run::exists("npm"),
            }
    }

    fn fetched(flavour: Flavour) -> Result<Self> {
        let key = format!("{flavour}-r{}", revision(flavour));
        let folder = cache::folder_once(&key, |folder| fetch(flavour, folder))?;
        let version = fs::read_to_string(folder.join("version")).context("cannot read the version")?;
        Ok(Self {
            flavour,
            version,
            key,
            tree: tree(flavour, &folder)?,
        })
    }

    fn on_host(flavour: Flavour, server: &Path) -> Result<Self> {
        let tree = Tree::of_host(server)?;
        let version = host::version(&mut Command::new(server))?;
        Ok(Self {
            flavour,
            key: format!("{flavour}-{}-{version}", host::slug(server)),
            version,
            tree,
        })
    }
}

fn fetch(flavour: Flavour, folder: &Path) -> Result<()> {
    crate::note(&format!("fetching {flavour}"));
    let root = folder.join("root");
    fs::create_dir(&root).context("cannot make the tree's folder")?;
    match flavour.registry() {
        Registry::Debian { suite, packages, alone } => debian::unpack(suite, packages, alone, &root)?,
        Registry::Npm { package } => npm::unpack(package, &root)?,
    }
    let version = host::version(&mut tree(flavour, folder)?.program(flavour.server_program())?)?;
    crate::note(&format!("fetched {flavour}: {version}"));
    fs::write(folder.join("version"), version).context("cannot write the version")
}

fn tree(flavour: Flavour, folder: &Path) -> Result<Tree> {
    let root = folder.join("root");
    match flavour.registry() {
        Registry::Debian { .. } => Tree::of_debian(&root),
        Registry::Npm { .. } => Ok(Tree::of_npm(&root)),
    }
}
