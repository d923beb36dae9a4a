//! Data directories: initialised once per installation, then copied.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use super::cache;
use super::flavour::Flavour;
use super::installation::Installation;
use super::run::run;

/// Raised when data directories are initialised in another way.
const REVISION: u32 = 2;

/// Makes a fresh data directory at `datadir`.
pub(super) fn copy_to(installation: &Installation, datadir: &Path) -> Result<()> {
    let name = format!("{}-data-r{REVISION}", installation.key());
    let template = cache::folder_once(&name, |folder| initialise(installation, folder))?;
    copy_folder(&template, datadir)
}

/// A server program that knows its installation, its data directory and its user.
pub(super) fn server_command(installation: &Installation, datadir: &Path) -> Result<Command> {
    let tree = installation.tree();
    let mut command = installation.program(installation.flavour().server_program())?;
    command.arg("--no-defaults").arg(option("--datadir", datadir));
    // A server that starts removes the temporary tables of all others that share its folder for them.
    if let Some(folder) = datadir.parent() {
        command.arg(option("--tmpdir", folder));
    }
    if let Some(share) = tree.share() {
        command.arg(option("--basedir", &tree.basedir));
        command.arg(option("--lc-messages-dir", &share));
        command.arg(option("--character-sets-dir", &share.join("charsets")));
    }
    if let Some(plugins) = tree.plugins() {
        command.arg(option("--plugin-dir", &plugins));
    }
    if is_roots(datadir)? {
        command.arg("--user=root");
    }
    Ok(command)
}

fn option(name: &str, path: &Path) -> String {
    format!("{name}={}", path.display())
}

/// Servers refuse to run as root unless told to.
fn is_roots(folder: &Path) -> Result<bool> {
    let metadata = fs::metadata(folder).with_context(|| format!("no {}", folder.display()))?;
    Ok(metadata.uid() == 0)
}

fn initialise(installation: &Installation, datadir: &Path) -> Result<()> {
    match installation.flavour() {
        Flavour::MySql97 => initialise_mysql(installation, datadir)?,
        Flavour::MySql56 => unpack_mysql56(installation, datadir)?,
        Flavour::MariaDb118 | Flavour::MariaDb1011 => initialise_mariadb(installation, datadir)?,
    }
    // It holds the server's UUID, which is each server's own.
    match fs::remove_file(datadir.join("auto.cnf")) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error).context("cannot remove auto.cnf"),
        _ => Ok(()),
    }
}

fn initialise_mysql(installation: &Installation, datadir: &Path) -> Result<()> {
    let users = datadir.with_extension("sql");
    fs::write(&users, MYSQL_USERS).context("cannot write the statements for users")?;
    let mut server = server_command(installation, datadir)?;
    server.args(["--initialize-insecure", "--disable-log-bin", "--secure-file-priv="]);
    server.args(["--innodb-redo-log-capacity=8M", "--log-error-verbosity=1"]);
    run(server.arg(option("--init-file", &users)))?;
    fs::remove_file(&users).context("cannot remove the statements for users")
}

/// Root may also come over TCP, where `localhost` is not its name without name resolution.
const MYSQL_USERS: &str = "\
CREATE USER root@'127.0.0.1' IDENTIFIED BY '';
GRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION;
GRANT PROXY ON ''@'' TO root@'127.0.0.1' WITH GRANT OPTION;
";

fn initialise_mariadb(installation: &Installation, datadir: &Path) -> Result<()> {
    let share = installation
        .tree()
        .share()
        .context("the installation has no system tables")?;
    let mut sql = String::from("CREATE DATABASE mysql;\nUSE mysql;\nSET @auth_root_socket=NULL;\n");
    for part in [
        "_system_tables.sql",
        "_performance_tables.sql",
        "_system_tables_data.sql",
        "maria_add_gis_sp_bootstrap.sql",
        "_sys_schema.sql",
    ] {
        let file = file_ending_in(&share, part)?;
        sql += &fs::read_to_string(&file).with_context(|| format!("no {}", file.display()))?;
    }
    sql += OTHER_USERS;
    bootstrap(installation, datadir, &sql, &["--innodb-log-file-size=8M"])
}

/// Forgets the anonymous user and the name of the host that made the data directory.
const OTHER_USERS: &str = "\
FLUSH PRIVILEGES;
DELETE FROM mysql.global_priv WHERE user='' OR host NOT IN ('localhost','127.0.0.1');
DELETE FROM mysql.proxies_priv WHERE host NOT IN ('localhost','127.0.0.1');
";

fn file_ending_in(folder: &Path, end: &str) -> Result<PathBuf> {
    let entries = fs::read_dir(folder).with_context(|| format!("no {}", folder.display()))?;
    let mut paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths
        .find(|path| path.to_string_lossy().ends_with(end))
        .with_context(|| format!("{} has no file *{end}", folder.display()))
}

/// Its package brings an initialised data directory, without InnoDB's logs.
fn unpack_mysql56(installation: &Installation, datadir: &Path) -> Result<()> {
    let prepared = installation.tree().basedir.join("data/mysql");
    if !prepared.exists() {
        bail!(
            "{} has no prepared data directory",
            installation.tree().basedir.display()
        );
    }
    copy_folder(&prepared, datadir)?;
    bootstrap(
        installation,
        datadir,
        MYSQL56_OTHER_USERS,
        &["--innodb-log-file-size=16M"],
    )
}

const MYSQL56_OTHER_USERS: &str = "\
DELETE FROM mysql.user WHERE user='' OR host NOT IN ('localhost','127.0.0.1');
DELETE FROM mysql.proxies_priv WHERE host NOT IN ('localhost','127.0.0.1');
";

/// Lets the server run statements and end, before it has any system tables.
fn bootstrap(installation: &Installation, datadir: &Path, sql: &str, args: &[&str]) -> Result<()> {
    let script = datadir.with_extension("sql");
    fs::write(&script, sql).context("cannot write the statements to bootstrap with")?;
    let input = fs::File::open(&script).context("cannot read the statements to bootstrap with")?;
    let mut server = server_command(installation, datadir)?;
    server.arg("--bootstrap").args(args).stdin(Stdio::from(input));
    run(&mut server)?;
    fs::remove_file(&script).context("cannot remove the statements to bootstrap with")
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    let entries = fs::read_dir(from).with_context(|| format!("cannot list {}", from.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot list {}", from.display()))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy_folder(&source, &target)?;
        } else {
            fs::copy(&source, &target).with_context(|| format!("cannot copy {}", source.display()))?;
        }
    }
    Ok(())
}
