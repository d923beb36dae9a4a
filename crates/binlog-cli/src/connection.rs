//! Servers: URLs, TLS, and the password from the environment.

use std::env;
use std::path::PathBuf;

use anyhow::Result;
use binlog_source::{TlsChoice, TlsMode, server_opts};
use clap::{Args, ValueEnum};
use mysql::Opts;

/// How to reach servers. A password that is not in the URL comes from MYSQL_PWD.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Connection")]
pub(crate) struct ConnectionArgs {
    /// TLS: by default off on the loopback and sockets, 'verify-identity' elsewhere
    #[arg(long, value_name = "MODE")]
    ssl_mode: Option<Mode>,
    /// Certificates of the authorities to trust, PEM
    #[arg(long, value_name = "FILE")]
    ssl_ca: Option<PathBuf>,
    /// Own certificate, PEM
    #[arg(long, value_name = "FILE", requires = "ssl_key")]
    ssl_cert: Option<PathBuf>,
    /// Key of the own certificate, PEM
    #[arg(long, value_name = "FILE", requires = "ssl_cert")]
    ssl_key: Option<PathBuf>,
}

/// How a connection is protected, named as the mysql client's.
#[derive(ValueEnum, Debug, Clone, Copy)]
enum Mode {
    /// Not at all
    Disabled,
    /// Encrypted, with any certificate
    Required,
    /// Encrypted, with a certificate of a trusted authority
    VerifyCa,
    /// Also with the server's own name in it
    VerifyIdentity,
}

impl ConnectionArgs {
    /// Options to connect to `url`, `mysql://user@host:port`.
    pub(crate) fn server(&self, url: &str) -> Result<Opts> {
        let tls = TlsChoice {
            mode: self.ssl_mode.map(TlsMode::from),
            ca: self.ssl_ca.clone(),
            identity: self.ssl_cert.clone().zip(self.ssl_key.clone()),
        };
        Ok(server_opts(url, env::var("MYSQL_PWD").ok(), &tls)?)
    }
}

impl From<Mode> for TlsMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Disabled => Self::Disabled,
            Mode::Required => Self::Required,
            Mode::VerifyCa => Self::VerifyCa,
            Mode::VerifyIdentity => Self::VerifyIdentity,
        }
    }
}
