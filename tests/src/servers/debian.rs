//! Debian packages, fetched and verified by apt with a private state, unpacked without root.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::apt_sources::mirrors;
use super::run::run;

const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Parts of the packages that no server reads.
const UNUSED: &[&str] = &["usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info"];

/// Unpacks `packages` of `suite` with all that they depend on, and those `alone` without, into `root`.
pub(super) fn unpack(suite: &str, packages: &[&str], alone: &[&str], root: &Path) -> Result<()> {
    let private = root.with_extension("apt");
    let apt = PrivateApt::new(&private)?;
    apt.update(suite)?;
    apt.download(packages)?;
    apt.download_alone(alone)?;
    for deb in apt.downloaded()? {
        run(Command::new("dpkg-deb").arg("-x").arg(&deb).arg(root))?;
    }
    fs::remove_dir_all(&private).context("cannot remove apt's private state")?;
    for unused in UNUSED.iter().map(|path| root.join(path)).filter(|path| path.exists()) {
        fs::remove_dir_all(&unused).with_context(|| format!("cannot remove {}", unused.display()))?;
    }
    Ok(())
}

/// apt with lists, cache and sources in a folder of its own, and nothing installed.
struct PrivateApt {
    folder: PathBuf,
}

impl PrivateApt {
    fn new(folder: &Path) -> Result<Self> {
        for part in ["state/lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(folder.join(part)).context("cannot make apt's private state")?;
        }
        fs::write(folder.join("status"), "").context("cannot make apt's private state")?;
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    fn command(&self) -> Command {
        let mut command = Command::new("apt-get");
        let mut option = |name: &str, value: &Path| {
            command.arg("-o").arg(format!("{name}={}", value.display()));
        };
        option("Dir::Etc::sourcelist", &self.folder.join("sources.list"));
        option("Dir::Etc::sourceparts", Path::new("/dev/null"));
        option("Dir::Etc::preferences", Path::new("/dev/null"));
        option("Dir::Etc::preferencesparts", Path::new("/dev/null"));
        option("Dir::State", &self.folder.join("state"));
        option("Dir::State::Lists", &self.folder.join("state/lists"));
        option("Dir::State::status", &self.folder.join("status"));
        option("Dir::Cache", &self.folder.join("cache"));
        option("Dir::Cache::archives", &self.folder.join("cache/archives"));
        option("APT::Default-Release", Path::new(""));
        option("APT::Install-Recommends", Path::new("0"));
        // Else root's apt hands the downloads to a user who cannot enter the cache folder.
        option("APT::Sandbox::User", Path::new("root"));
        option("Debug::NoLocking", Path::new("1"));
        option("Acquire::Languages", Path::new("none"));
        option("Acquire::Retries", Path::new("3"));
        command
            .arg("-q")
            .env("LC_ALL", "C")
            .env("DEBIAN_FRONTEND", "noninteractive");
        command
    }

    /// Fetches the suite's index from the first mirror that has it.
    fn update(&self, suite: &str) -> Result<()> {
        let mut failures = String::new();
        for mirror in candidates()? {
            let line = format!("deb [signed-by={KEYRING} target=Packages] {mirror} {suite} main\n");
            fs::write(self.folder.join("sources.list"), line).context("cannot write a sources.list")?;
            match run(self.command().args(["--error-on=any", "update"])) {
                Ok(_) => return Ok(()),
                Err(error) => failures.push_str(&format!("\n{error}")),
            }
        }
        bail!("no mirror of the host's apt sources has a verified index of Debian {suite}{failures}");
    }

    fn download(&self, packages: &[&str]) -> Result<()> {
        run(self.command().args(["install", "--download-only", "-y"]).args(packages))?;
        Ok(())
    }

    fn download_alone(&self, packages: &[&str]) -> Result<()> {
        let archives = self.folder.join("cache/archives");
        for package in packages {
            run(self.command().args(["download", package]).current_dir(&archives))?;
        }
        Ok(())
    }

    fn downloaded(&self) -> Result<Vec<PathBuf>> {
        let archives = self.folder.join("cache/archives");
        let entries = fs::read_dir(&archives).context("cannot list the downloaded packages")?;
        let paths = entries.map(|entry| Ok(entry?.path()));
        let debs = paths.filter(|path| {
            path.as_ref()
                .map_or(true, |path: &PathBuf| path.extension().is_some_and(|e| e == "deb"))
        });
        debs.collect()
    }
}

fn candidates() -> Result<Vec<String>> {
    if !Path::new(KEYRING).exists() {
        bail!("cannot verify Debian packages: install the package debian-archive-keyring");
    }
    let named = env::var("BINLOG_DEBIAN_MIRROR")
        .ok()
        .filter(|mirror| !mirror.is_empty());
    let mirrors = named.map_or_else(mirrors, |mirror| vec![mirror]);
    if mirrors.is_empty() {
        bail!("the host's apt sources name no mirror of the Debian archive: set BINLOG_DEBIAN_MIRROR");
    }
    Ok(mirrors)
}
