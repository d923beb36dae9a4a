//! How a server is to be started.

use super::flavour::Flavour;

/// What to start, with which options.
///
/// By default a server writes a row-format binary log called `binlog` without GTIDs, has server id
/// 1, and is set up for short tests: small, quick to start, and safe when the server is killed but
/// not when the machine fails (see [`durable`](Self::durable)). MySQL 9.7 offers TLS with a
/// certificate of its own; MariaDB 11.8 does with the argument `--ssl`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ServerOptions {
    /// Which server.
    pub flavour: Flavour,
    /// `--server-id`.
    pub server_id: u32,
    /// Whether transactions get GTIDs and replicas are held to them. (MariaDB always has GTIDs;
    /// there it means `--gtid-strict-mode`.)
    pub gtid: bool,
    /// Whether it writes a binary log.
    pub binlog: bool,
    /// Whether every commit is synced to the disk, and memory is as large as in production.
    pub durable: bool,
    /// Whether its logs are encrypted, under keys that [`Server::key_file`](super::Server::key_file) names.
    pub encrypted: bool,
    /// Further arguments, which win over all others.
    pub args: Vec<String>,
}

impl ServerOptions {
    /// The defaults for a flavour.
    #[must_use]
    pub const fn new(flavour: Flavour) -> Self {
        Self {
            flavour,
            server_id: 1,
            gtid: false,
            binlog: true,
            durable: false,
            encrypted: false,
            args: Vec::new(),
        }
    }

    /// With GTIDs.
    #[must_use]
    pub const fn gtid(mut self) -> Self {
        self.gtid = true;
        self
    }

    /// Without a binary log.
    #[must_use]
    pub const fn no_binlog(mut self) -> Self {
        self.binlog = false;
        self
    }

    /// With this server id.
    #[must_use]
    pub const fn server_id(mut self, id: u32) -> Self {
        self.server_id = id;
        self
    }

    /// With the durability of a production server, for benchmarks.
    #[must_use]
    pub const fn durable(mut self) -> Self {
        self.durable = true;
        self
    }

    /// With encrypted logs.
    #[must_use]
    pub const fn encrypted(mut self) -> Self {
        self.encrypted = true;
        self
    }

    /// With one more argument, such as `--binlog-row-metadata=FULL`.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// With more arguments.
    #[must_use]
    pub fn args<S: Into<String>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// All arguments but those that say where the server lies and listens.
    pub(super) fn arguments(&self) -> Vec<String> {
        let mut arguments = vec![format!("--server-id={}", self.server_id)];
        let mut add = |list: &[&str]| arguments.extend(list.iter().map(|&arg| arg.to_owned()));
        add(COMMON);
        add(if self.durable { DURABLE } else { QUICK });
        add(self.product());
        add(self.logging());
        add(if self.gtid { self.gtids() } else { self.without_gtids() });
        arguments.extend(self.args.iter().cloned());
        arguments
    }

    const fn product(&self) -> &'static [&'static str] {
        match (self.flavour, self.durable) {
            (Flavour::MySql97, false) => &["--mysqlx=OFF", "--innodb-redo-log-capacity=32M"],
            (Flavour::MySql97, true) => &["--mysqlx=OFF"],
            // It would make a key and a certificate at each start, which may take seconds.
            (Flavour::MariaDb118, false) => &["--skip-ssl"],
            (Flavour::MariaDb118 | Flavour::MariaDb1011, _) => &[],
            (Flavour::MySql56, _) => &["--innodb-log-file-size=16M"],
        }
    }

    const fn logging(&self) -> &'static [&'static str] {
        match (self.flavour, self.binlog) {
            (_, true) => &["--log-bin=binlog", "--binlog-format=ROW"],
            (Flavour::MySql97, false) => &["--skip-log-bin"],
            (_, false) => &[],
        }
    }

    /// MySQL 9.7 has GTIDs unless told otherwise.
    const fn without_gtids(&self) -> &'static [&'static str] {
        match self.flavour {
            Flavour::MySql97 => &["--gtid-mode=OFF", "--enforce-gtid-consistency=OFF"],
            _ => &[],
        }
    }

    const fn gtids(&self) -> &'static [&'static str] {
        match self.flavour {
            Flavour::MySql97 => &["--gtid-mode=ON", "--enforce-gtid-consistency=ON"],
            Flavour::MySql56 => &["--gtid-mode=ON", "--enforce-gtid-consistency", "--log-slave-updates"],
            Flavour::MariaDb118 | Flavour::MariaDb1011 => &["--gtid-strict-mode=ON", "--log-slave-updates"],
        }
    }
}

const COMMON: &[&str] = &[
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--secure-file-priv=",
    "--character-set-server=utf8mb4",
    "--max-allowed-packet=64M",
];

const DURABLE: &[&str] = &[
    "--sync-binlog=1",
    "--innodb-flush-log-at-trx-commit=1",
    "--innodb-buffer-pool-size=1G",
];

/// Commits reach the operating system, which outlives `kill -9`, but not the disk.
const QUICK: &[&str] = &[
    "--sync-binlog=0",
    "--innodb-flush-log-at-trx-commit=2",
    "--innodb-buffer-pool-size=128M",
    "--innodb-use-native-aio=0",
    "--performance-schema=OFF",
];
