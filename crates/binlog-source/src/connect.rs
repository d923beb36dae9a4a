//! Connection options of a URL, for sources and targets.

use std::path::PathBuf;
use std::time::Duration;

use mysql::{ClientIdentity, Opts, OptsBuilder, SslOpts};

/// How long a connection attempt may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Silence after which the system asks whether the other side is still there, in milliseconds.
const KEEPALIVE_MS: u32 = 30_000;

/// How the link is encrypted, in the words of the mysql client's `--ssl-mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsMode {
    /// Not at all.
    Disabled,
    /// Encrypted; the server's certificate is not checked.
    Required,
    /// The certificate must come from a known authority.
    VerifyCa,
    /// The certificate must also name the server's host.
    VerifyIdentity,
}

/// The TLS options of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TlsChoice {
    /// `None`: disabled on this machine (loopback, socket), verify-identity elsewhere.
    pub mode: Option<TlsMode>,
    /// PEM file of certificate authorities, besides the public ones.
    pub ca: Option<PathBuf>,
    /// PEM files of this side's certificate and its key.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// A URL that is none of a server. Its text is not repeated: it may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a server URL: {why}; expected mysql://user@host:port or mysql://user@localhost?socket=/path")]
pub struct UrlError {
    /// What is wrong with it.
    pub why: String,
}

/// Reads `mysql://user[:password]@host[:port][/database][?socket=/path]`; `mariadb://` means the same.
/// `password` is for a URL without one.
///
/// # Errors
/// The text is no such URL. The error never holds the password.
pub fn server_opts(url: &str, password: Option<String>, tls: &TlsChoice) -> Result<Opts, UrlError> {
    let (url, socket) = take_socket(&with_mysql_scheme(url)?)?;
    let opts = Opts::from_url(&url).map_err(|error| UrlError { why: describe(&error) })?;
    let local = socket.is_some() || opts.addr_is_loopback() || opts.get_ip_or_hostname() == "localhost";
    let password = opts.get_pass().map(str::to_owned).or(password);
    let builder = OptsBuilder::from_opts(opts)
        .pass(password)
        .prefer_socket(false)
        .tcp_connect_timeout(Some(CONNECT_TIMEOUT))
        .tcp_keepalive_time_ms(Some(KEEPALIVE_MS))
        .ssl_opts(ssl_opts(tls, local))
        .socket(socket);
    Ok(builder.into())
}

fn with_mysql_scheme(url: &str) -> Result<String, UrlError> {
    match url.split_once("://") {
        Some(("mysql" | "mariadb", rest)) => Ok(format!("mysql://{rest}")),
        _ => Err(UrlError {
            why: "it does not begin with mysql:// or mariadb://".to_owned(),
        }),
    }
}

/// Takes the parameter `socket` out of the URL.
fn take_socket(url: &str) -> Result<(String, Option<String>), UrlError> {
    let Some((base, query)) = url.split_once('?') else {
        return Ok((url.to_owned(), None));
    };
    let (mut kept, mut socket) = (Vec::new(), None);
    for part in query.split('&') {
        match part.split_once('=') {
            Some(("socket", path)) => socket = Some(percent_decoded(path)?),
            _ => kept.push(part),
        }
    }
    let url = if kept.is_empty() {
        base.to_owned()
    } else {
        format!("{base}?{}", kept.join("&"))
    };
    Ok((url, socket))
}

fn percent_decoded(text: &str) -> Result<String, UrlError> {
    let bad = || UrlError {
        why: "the socket's path is not percent-encoded text".to_owned(),
    };
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let digits = [bytes.next().ok_or_else(bad)?, bytes.next().ok_or_else(bad)?];
        let digits = str::from_utf8(&digits).map_err(|_| bad())?;
        out.push(u8::from_str_radix(digits, 16).map_err(|_| bad())?);
    }
    String::from_utf8(out).map_err(|_| bad())
}

fn ssl_opts(tls: &TlsChoice, local: bool) -> Option<SslOpts> {
    let default = if local {
        TlsMode::Disabled
    } else {
        TlsMode::VerifyIdentity
    };
    let mode = tls.mode.unwrap_or(default);
    if mode == TlsMode::Disabled {
        return None;
    }
    let identity = tls.identity.clone().map(|(cert, key)| ClientIdentity::new(cert, key));
    Some(
        SslOpts::default()
            .with_root_cert_path(tls.ca.clone())
            .with_client_identity(identity)
            .with_danger_accept_invalid_certs(mode == TlsMode::Required)
            .with_danger_skip_domain_validation(mode == TlsMode::VerifyCa),
    )
}

/// The driver's reason, without what stood in the URL.
fn describe(error: &mysql::UrlError) -> String {
    match error {
        mysql::UrlError::ParseError(error) => error.to_string(),
        mysql::UrlError::UnknownParameter(name) => format!("unknown parameter {name:?}"),
        mysql::UrlError::InvalidValue(name, _) => format!("the value of {name:?} is not valid"),
        _ => "it is not valid".to_owned(),
    }
}

/// The server as errors name it: host and port, or socket.
pub(crate) fn server_name(opts: &Opts) -> String {
    match opts.get_socket() {
        Some(socket) => socket.to_owned(),
        None => format!("{}:{}", opts.get_ip_or_hostname(), opts.get_tcp_port()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, expected: Result<(&str, &str, Option<&str>), &str>) {
        let found = server_opts(url, None, &TlsChoice::default());
        let found = found
            .map(|opts| {
                let tls = if opts.get_ssl_opts().is_some() { "tls" } else { "plain" };
                (server_name(&opts), tls, opts.get_pass().map(str::to_owned))
            })
            .map_err(|error| error.why);
        let expected = expected
            .map(|(name, tls, pass)| (name.to_owned(), tls, pass.map(str::to_owned)))
            .map_err(str::to_owned);
        assert_eq!(found, expected, "{url}");
    }

    #[test]
    fn urls() {
        check("mysql://root@127.0.0.1:3307", Ok(("127.0.0.1:3307", "plain", None)));
        check(
            "mariadb://u:p%40ss@db1.example",
            Ok(("db1.example:3306", "tls", Some("p@ss"))),
        );
        check(
            "mysql://root@localhost?socket=/run/my%20sql.sock",
            Ok(("/run/my sql.sock", "plain", None)),
        );
        check("postgres://x", Err("it does not begin with mysql:// or mariadb://"));
        check("mysql://u:secret@h:port", Err("invalid port number"));
        check("mysql://u@h?nonsense=1", Err("unknown parameter \"nonsense\""));
        check(
            "mysql://u@h?socket=%2",
            Err("the socket's path is not percent-encoded text"),
        );
    }

    #[test]
    fn a_password_given_apart_is_for_a_url_without_one() {
        for (url, expected) in [("mysql://u:own@127.0.0.1", "own"), ("mysql://u@127.0.0.1", "apart")] {
            let opts = server_opts(url, Some("apart".into()), &TlsChoice::default()).unwrap();
            assert_eq!(opts.get_pass(), Some(expected));
        }
    }
}
