//! A running server.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Error, Result, anyhow};
use mysql::{Conn, Opts, OptsBuilder};
use tempfile::TempDir;

use super::encryption;
use super::installation::Installation;
use super::options::ServerOptions;
use super::ports::Port;
use super::run::tail;
use super::supervisor::Supervisor;
use super::template;

/// How long a server may take until it accepts connections.
const PATIENCE: Duration = Duration::from_secs(120);

/// Paths of Unix sockets are at most 107 bytes long.
const LONGEST_TEMPORARY_FOLDER: usize = 70;

/// A server on a fresh data directory.
///
/// Dropping it stops the server and removes its data. It also ends, and its data goes, when the
/// process that started it ends in any other way.
#[derive(Debug)]
pub struct Server {
    // Dropped in this order: the process before its folder and its port.
    process: Option<Supervisor>,
    installation: Installation,
    options: ServerOptions,
    folder: TempDir,
    port: Port,
}

impl Server {
    /// Starts a server, and waits until it accepts connections.
    pub fn start(options: ServerOptions) -> Result<Self> {
        let installation = Installation::get(options.flavour)?;
        let mut server = Self {
            process: None,
            installation,
            options,
            folder: temporary_folder()?,
            port: Port::take()?,
        };
        template::copy_to(&server.installation, &server.datadir())?;
        server.launch()?;
        Ok(server)
    }

    /// Where it listens: `mysql://root@127.0.0.1:PORT`. Root has no password.
    #[must_use]
    pub fn url(&self) -> String {
        format!("mysql://root@127.0.0.1:{}", self.port())
    }

    /// A new connection as root over TCP.
    pub fn conn(&self) -> Result<Conn> {
        Conn::new(self.opts()).with_context(|| format!("cannot connect to {}", self.url()))
    }

    /// How [`conn`](Self::conn) connects.
    #[must_use]
    pub fn opts(&self) -> Opts {
        let options = OptsBuilder::new()
            .ip_or_hostname(Some("127.0.0.1"))
            .tcp_port(self.port());
        options.prefer_socket(false).user(Some("root")).into()
    }

    /// The command-line client, connected as root.
    pub fn client(&self) -> Result<Command> {
        let mut client = self.installation.program(self.options.flavour.client_program())?;
        client.arg("--no-defaults").arg("--user=root");
        client.arg(format!("--socket={}", self.socket().display()));
        if self.options.flavour.is_mariadb() {
            // Else it insists on TLS, even over a socket.
            client.arg("--skip-ssl");
        }
        Ok(client)
    }

    /// `sysbench` with one of its own scripts, connected as root to the schema `sbtest`.
    pub fn sysbench(&self, script: &str) -> Result<Command> {
        let mut sysbench = self.installation.sysbench(script)?;
        sysbench.args(["--db-driver=mysql", "--mysql-user=root"]);
        sysbench.arg(format!("--mysql-socket={}", self.socket().display()));
        Ok(sysbench)
    }

    /// Its programs.
    #[must_use]
    pub const fn installation(&self) -> &Installation {
        &self.installation
    }

    /// How it was started.
    #[must_use]
    pub const fn options(&self) -> &ServerOptions {
        &self.options
    }

    /// The TCP port on 127.0.0.1.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port.number()
    }

    /// The Unix socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("s")
    }

    /// The data directory, which also holds the binary logs.
    #[must_use]
    pub fn datadir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A folder for the files of a test, which goes with the server.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The file that holds the keys of a server with encrypted logs: a keyring of `component_keyring_file`, or a list of
    /// keys of `file_key_management`.
    #[must_use]
    pub fn key_file(&self) -> PathBuf {
        encryption::key_file(self.folder())
    }

    /// The server's process id, while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.process.as_ref().map(Supervisor::pid)
    }

    /// The end of the server's error log.
    #[must_use]
    pub fn error_log(&self) -> String {
        let read = |name| fs::read(self.folder.path().join(name)).unwrap_or_default();
        let lines = |name| tail(&String::from_utf8_lossy(&read(name)), 30);
        [lines("output.log"), lines("error.log")].join("\n").trim().to_owned()
    }

    /// Shuts the server down cleanly. Its data stays for [`restart`](Self::restart).
    pub fn stop(&mut self) -> Result<()> {
        self.process.take().map_or(Ok(()), Supervisor::stop)
    }

    /// Kills the server at once. Its data stays for [`restart`](Self::restart).
    pub fn kill9(&mut self) -> Result<()> {
        self.process.take().map_or(Ok(()), Supervisor::kill)
    }

    /// Starts it again on the same data and port, after stopping it if it still runs.
    pub fn restart(&mut self) -> Result<()> {
        self.stop()?;
        self.launch()
    }

    /// [`restart`](Self::restart) with further arguments, from now on.
    pub fn restart_with(&mut self, args: &[&str]) -> Result<()> {
        self.options.args.extend(args.iter().map(|&arg| arg.to_owned()));
        self.restart()
    }

    /// Lets the server hang, connections and all, until [`thaw`](Self::thaw).
    pub fn freeze(&mut self) -> Result<()> {
        self.running()?.signal("STOP")
    }

    /// Lets a frozen server go on.
    pub fn thaw(&mut self) -> Result<()> {
        self.running()?.signal("CONT")
    }

    fn running(&mut self) -> Result<&mut Supervisor> {
        self.process.as_mut().context("the server does not run")
    }

    fn launch(&mut self) -> Result<()> {
        let (installation, encryption) = match self.options.encrypted {
            true => encryption::prepare(&self.installation, self.folder())?,
            false => (self.installation.clone(), Vec::new()),
        };
        let mut command = template::server_command(&installation, &self.datadir())?;
        let file = |name: &str| self.folder.path().join(name).display().to_string();
        command.arg(format!("--port={}", self.port()));
        command.arg(format!("--socket={}", file("s")));
        command.arg(format!("--pid-file={}", file("pid")));
        command.arg(format!("--log-error={}", file("error.log")));
        command.args(encryption);
        command.args(self.options.arguments());
        self.process = Some(Supervisor::start(&command, self.folder.path())?);
        self.wait_until_ready()
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.running()?.ended()? {
                return Err(self.failure(&anyhow!("it ended with {status}")));
            }
            match self.conn() {
                Ok(_) => return Ok(()),
                Err(error) if Instant::now() > deadline => return Err(self.failure(&error)),
                Err(_) => sleep(Duration::from_millis(20)),
            }
        }
    }

    fn failure(&self, reason: &Error) -> Error {
        let flavour = self.options.flavour;
        let version = self.installation.version();
        anyhow!("{flavour} ({version}) did not start: {reason:#}\n{}", self.error_log())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            crate::note(&format!("{}: {error:#}", self.options.flavour));
        }
    }
}

fn temporary_folder() -> Result<TempDir> {
    let usual = std::env::temp_dir();
    let short = usual.as_os_str().len() <= LONGEST_TEMPORARY_FOLDER;
    let parent = if short { usual } else { PathBuf::from("/tmp") };
    let mut builder = tempfile::Builder::new();
    builder
        .prefix("binlog-")
        .tempdir_in(parent)
        .context("cannot make a temporary folder")
}
