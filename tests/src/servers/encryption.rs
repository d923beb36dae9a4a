//! Servers that encrypt their logs, under keys in files of their own folder.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::installation::Installation;

/// Keys 1 and 2 of MariaDB's `file_key_management`.
const MARIADB_KEYS: &str = "\
# id;key
1;a7addd9adea9978fda19f21e6be987880e68ac92632ca052e5bb42b1a506939a
2;49c16acc2dffe616710c9ba9a10b94944a737de1beccb52dc1560abfdd67388b
";

/// The file that holds the keys of the server in `folder`: MySQL's keyring, or MariaDB's list of keys.
pub(super) fn key_file(folder: &Path) -> PathBuf {
    folder.join("keys")
}

/// What else the server in `folder` needs to encrypt: the installation to start it from, and arguments.
pub(super) fn prepare(installation: &Installation, folder: &Path) -> Result<(Installation, Vec<String>)> {
    if installation.flavour().is_mariadb() {
        prepare_mariadb(installation, folder)
    } else {
        prepare_mysql(installation, folder)
    }
}

fn prepare_mariadb(installation: &Installation, folder: &Path) -> Result<(Installation, Vec<String>)> {
    let keys = key_file(folder);
    if !keys.exists() {
        write(&keys, MARIADB_KEYS)?;
    }
    let arguments = vec![
        "--plugin-load-add=file_key_management".to_owned(),
        format!("--file-key-management-filename={}", keys.display()),
        "--encrypt-binlog=ON".to_owned(),
    ];
    Ok((installation.clone(), arguments))
}

/// The keyring is a component: it is named in a file beside the server program, and its options stand in one beside its
/// library. Neither can be written into the installation, which other servers share.
fn prepare_mysql(installation: &Installation, folder: &Path) -> Result<(Installation, Vec<String>)> {
    let own = folder.join("keyring");
    fs::create_dir_all(&own).with_context(|| format!("cannot make {}", own.display()))?;
    let library = "component_keyring_file.so";
    let plugins = installation
        .tree()
        .plugins()
        .context("the installation has no plugins")?;
    link(&plugins.join(library), &own.join(library))?;
    let name = installation.flavour().server_program();
    link(&installation.tree().path(name)?, &own.join(name))?;
    write(
        &own.join(format!("{name}.my")),
        r#"{"components": "file://component_keyring_file"}"#,
    )?;
    let options = serde_json::json!({"path": key_file(folder), "read_only": false});
    write(&own.join("component_keyring_file.cnf"), &options.to_string())?;
    let arguments = vec![
        format!("--plugin-dir={}", own.display()),
        "--binlog-encryption=ON".to_owned(),
    ];
    Ok((installation.with_programs_of(&own), arguments))
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn link(from: &Path, to: &Path) -> Result<()> {
    if to.exists() {
        return Ok(());
    }
    symlink(from, to).with_context(|| format!("cannot link {}", to.display()))
}
