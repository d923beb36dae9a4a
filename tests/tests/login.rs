//! Logging in at real servers: the ways to prove a password, encryption and how far the server is checked.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use binlog_source::{LiveOptions, LiveSource, Next, Source, SourceError, StartAt, TlsChoice, TlsMode, server_opts};
use binlog_testkit::{Flavour, Server, ServerOptions};

/// How long a whole log may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// No error may show it.
const PASSWORD: &str = "geheim";

/// A server with an account `deep` that may replicate.
struct Bed {
    server: Server,
}

impl Bed {
    /// `identified`: how the account proves itself, in the server's words.
    fn new(options: ServerOptions, identified: &str) -> Result<Self> {
        let server = Server::start(options)?;
        server.execute([
            format!("CREATE USER deep@'%' IDENTIFIED {identified}"),
            "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO deep@'%'".to_owned(),
        ])?;
        Ok(Self { server })
    }

    fn tcp(&self) -> String {
        self.server.url().replace("root", "deep")
    }

    fn socket(&self) -> String {
        format!("mysql://deep@localhost?socket={}", self.server.socket().display())
    }

    /// MySQL forgets the passwords that it has seen, so that the next login must show the password itself.
    fn forget(&self) -> Result<()> {
        self.server.execute(["FLUSH PRIVILEGES"])
    }

    /// Reads the whole log.
    fn reads(&self, url: &str, tls: &TlsChoice) -> Result<()> {
        let mut source = connect(url, PASSWORD, tls).with_context(|| format!("{url} {tls:?}"))?;
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if matches!(source.next()?, Next::End) {
                return Ok(());
            }
        }
        bail!("no end after {PATIENCE:?}")
    }

    /// Is refused at once, for good, and with a hint.
    fn refuses(&self, url: &str, password: &str, tls: &TlsChoice, hint: &str) -> Result<()> {
        let error = connect(url, password, tls).err();
        let error = error.with_context(|| format!("{url} {tls:?}: no error"))?;
        let text = format!("{error} {error:?}");
        ensure!(!text.contains(PASSWORD) && !text.contains("falsch"), "{text}");
        ensure!(!error.is_transient() && error.is_server(), "{text}");
        let found = error.hint().unwrap_or_default();
        ensure!(found.contains(hint), "{text}: {found}");
        Ok(())
    }
}

fn connect(url: &str, password: &str, tls: &TlsChoice) -> Result<LiveSource, SourceError> {
    let opts = server_opts(url, Some(password.to_owned()), tls).map_err(|error| SourceError::Unsupported {
        what: "the URL",
        why: error.to_string(),
    })?;
    LiveSource::connect(&LiveOptions {
        until_end: true,
        ..LiveOptions::new(opts, StartAt::Oldest)
    })
}

fn tls(mode: TlsMode, ca: Option<PathBuf>) -> TlsChoice {
    TlsChoice {
        mode: Some(mode),
        ca,
        identity: None,
    }
}

fn plain() -> TlsChoice {
    tls(TlsMode::Disabled, None)
}

fn mysql() -> Result<Bed> {
    let identified = format!("WITH caching_sha2_password BY '{PASSWORD}'");
    Bed::new(ServerOptions::new(Flavour::MySql97), &identified)
}

fn mariadb(argument: &str) -> Result<Bed> {
    let options = ServerOptions::new(Flavour::MariaDb118).arg(argument);
    Bed::new(options, &format!("BY '{PASSWORD}'"))
}

/// The first login shows the password (under the server's key where the link is not encrypted), later ones do not.
#[test]
fn caching_sha2_password() -> Result<()> {
    let bed = mysql()?;
    for (url, tls) in [
        (bed.tcp(), plain()),
        (bed.tcp(), tls(TlsMode::Required, None)),
        (bed.socket(), plain()),
    ] {
        bed.forget()?;
        bed.reads(&url, &tls)?;
        bed.reads(&url, &tls)?;
        bed.refuses(&url, "falsch", &tls, "password")?;
        bed.forget()?;
        bed.refuses(&url, "falsch", &tls, "password")?;
        bed.refuses(&url, "", &tls, "password")?;
    }
    bed.forget()?;
    bed.refuses(&bed.tcp(), &"x".repeat(300), &plain(), "--ssl-mode")
}

/// MySQL makes its certificates when it starts first; they name no host.
#[test]
fn certificates_are_checked_as_far_as_asked() -> Result<()> {
    let bed = mysql()?;
    let file = |name: &str| Some(bed.server.datadir().join(name));
    bed.reads(&bed.tcp(), &tls(TlsMode::Required, None))?;
    bed.reads(&bed.tcp(), &tls(TlsMode::VerifyCa, file("ca.pem")))?;
    for refused in [
        tls(TlsMode::VerifyCa, None),
        tls(TlsMode::VerifyIdentity, file("ca.pem")),
        tls(TlsMode::VerifyIdentity, None),
        tls(TlsMode::VerifyCa, file("no-such-file")),
    ] {
        bed.refuses(&bed.tcp(), PASSWORD, &refused, "--ssl-ca")?;
    }
    bed.server.execute(["ALTER USER deep@'%' REQUIRE SSL"])?;
    bed.refuses(&bed.tcp(), PASSWORD, &plain(), "password")?;
    bed.reads(&bed.tcp(), &tls(TlsMode::Required, None))?;
    bed.server.execute(["ALTER USER deep@'%' REQUIRE X509"])?;
    bed.refuses(&bed.tcp(), PASSWORD, &tls(TlsMode::Required, None), "password")?;
    let identified = TlsChoice {
        identity: file("client-cert.pem").zip(file("client-key.pem")),
        ..tls(TlsMode::VerifyCa, file("ca.pem"))
    };
    bed.reads(&bed.tcp(), &identified)
}

#[test]
fn mysql_native_password() -> Result<()> {
    let bed = mariadb("--ssl")?;
    for (url, tls) in [
        (bed.tcp(), plain()),
        (bed.tcp(), tls(TlsMode::Required, None)),
        (bed.socket(), plain()),
    ] {
        bed.reads(&url, &tls)?;
        bed.refuses(&url, "falsch", &tls, "password")?;
        bed.refuses(&url, "", &tls, "password")?;
    }
    bed.refuses(&bed.tcp(), PASSWORD, &tls(TlsMode::VerifyCa, None), "--ssl-ca")
}

#[test]
fn what_is_not_supported_is_told() -> Result<()> {
    let identified = format!("WITH sha256_password BY '{PASSWORD}'");
    let bed = Bed::new(ServerOptions::new(Flavour::MySql97), &identified)?;
    bed.refuses(&bed.tcp(), PASSWORD, &plain(), "use an account with")?;
    let bed = mariadb("--skip-ssl")?;
    bed.refuses(&bed.tcp(), PASSWORD, &tls(TlsMode::Required, None), "--ssl-mode")
}
