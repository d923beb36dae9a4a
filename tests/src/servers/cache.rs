//! The user's cache folder: what is fetched or made once, by one process at a time.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use rustix::fs::{FlockOperation, flock};

/// The cache folder: `$BINLOG_CACHE`, else `$XDG_CACHE_HOME/binlog`, else `~/.cache/binlog`.
pub(super) fn folder() -> Result<PathBuf> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = set("BINLOG_CACHE")
        .or_else(|| Some(set("XDG_CACHE_HOME")?.join("binlog")))
        .or_else(|| Some(set("HOME")?.join(".cache/binlog")))
        .context("no cache folder: set BINLOG_CACHE or HOME")?;
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    fs::canonicalize(&folder).with_context(|| format!("cannot find {}", folder.display()))
}

/// The folder `name` of the cache, made by `make` if it is not there yet.
///
/// `make` fills another folder, which gets its name only when it is whole. Other processes that
/// want the same folder wait meanwhile.
pub(super) fn folder_once(name: &str, make: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    let cache = folder()?;
    let path = cache.join(name);
    if path.exists() {
        return Ok(path);
    }
    let _lock = lock(&cache.join(format!("{name}.lock")))?;
    if !path.exists() {
        let unfinished = cache.join(format!("{name}.unfinished"));
        start_empty(&unfinished)?;
        make(&unfinished)?;
        fs::rename(&unfinished, &path).with_context(|| format!("cannot name {}", path.display()))?;
    }
    Ok(path)
}

fn start_empty(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))
}

/// Waits for the lock `path` and holds it until the file is dropped.
fn lock(path: &Path) -> Result<File> {
    let file = open_lock(path)?;
    flock(&file, FlockOperation::LockExclusive).with_context(|| format!("cannot lock {}", path.display()))?;
    Ok(file)
}

/// The lock `path` if nobody holds it.
pub(super) fn try_lock(path: &Path) -> Result<Option<File>> {
    let file = open_lock(path)?;
    Ok(flock(&file, FlockOperation::NonBlockingLockExclusive)
        .is_ok()
        .then_some(file))
}

fn open_lock(path: &Path) -> Result<File> {
    File::options()
        .create(true)
        .append(true)
        .open(path)
        .with_context(|| format!("cannot open {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::try_lock;

    #[test]
    fn a_lock_has_one_holder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let held = try_lock(&path).unwrap();
        assert!(held.is_some());
        assert!(try_lock(&path).unwrap().is_none());
        drop(held);
        assert!(try_lock(&path).unwrap().is_some());
    }
}
