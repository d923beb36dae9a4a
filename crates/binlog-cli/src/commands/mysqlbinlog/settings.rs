//! What the options say together.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

use super::choice::choose;
use super::datetime;
use super::getopt::{Sink, Value};
use super::messages::{Ending, Messages};
use super::password;
use super::table::Spec;

/// Form of rows and format descriptions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Base64 {
    Never,
    #[default]
    Auto,
    DecodeRows,
}

/// How a server is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remote {
    /// By the names of logs.
    Names,
    /// By GTIDs.
    Gtids,
}

/// What ends the run in place of printing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Show {
    Help,
    Version,
}

/// All settings.
#[derive(Debug, Clone, Default)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is an option of its own, and any may be given with any"
)]
pub(super) struct Settings {
    pub(super) base64: Base64,
    pub(super) verbose: u32,
    pub(super) short_form: bool,
    pub(super) hexdump: bool,
    pub(super) print_table_metadata: bool,
    pub(super) skip_gtids: bool,
    pub(super) idempotent: bool,
    pub(super) disable_log_bin: bool,
    pub(super) require_row_format: bool,
    pub(super) set_charset: Option<OsString>,
    /// From, to; of several for one database the first counts.
    pub(super) rewrite_db: Vec<(Vec<u8>, Vec<u8>)>,
    pub(super) database: Option<OsString>,
    pub(super) offset: u64,
    pub(super) server_id: u64,
    pub(super) server_id_bits: Option<u32>,
    pub(super) start_datetime: i64,
    pub(super) stop_datetime: Option<i64>,
    pub(super) start_position: Option<u64>,
    pub(super) stop_position: Option<u64>,
    pub(super) include_gtids: Option<OsString>,
    pub(super) exclude_gtids: Option<OsString>,
    /// The log may be in use, which is so by default.
    pub(super) refuse_open: bool,
    pub(super) verify_checksums: bool,
    pub(super) local_load: Option<OsString>,
    pub(super) result_file: Option<OsString>,
    pub(super) raw: bool,
    pub(super) remote: Option<Remote>,
    pub(super) remote_alias: bool,
    pub(super) to_last_log: bool,
    pub(super) stop_never: bool,
    pub(super) connection_server_id: Option<i64>,
    pub(super) stop_never_server_id: Option<i64>,
    pub(super) server: Server,
    pub(super) show: Option<Show>,
}

/// The server that is read.
#[derive(Clone, Default)]
pub(super) struct Server {
    pub(super) host: Option<OsString>,
    pub(super) user: Option<OsString>,
    pub(super) password: Option<OsString>,
    pub(super) port: u64,
    pub(super) socket: Option<OsString>,
    /// Number of the word of `--protocol`.
    pub(super) protocol: Option<usize>,
    /// Number of the word of `--ssl-mode`.
    pub(super) ssl_mode: Option<usize>,
    pub(super) ssl_ca: Option<OsString>,
    pub(super) ssl_cert: Option<OsString>,
    pub(super) ssl_key: Option<OsString>,
}

impl std::fmt::Debug for Server {
    /// Without the password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

impl Sink for Settings {
    fn take(&mut self, option: &'static Spec, value: Value, messages: &mut Messages<'_>) -> Result<(), Ending> {
        match value {
            Value::Nothing => self.mention(option.name),
            Value::Flag(on) => {
                self.flag(option.name, on, messages);
                Ok(())
            }
            Value::Number(number) => {
                self.number(option.name, number, messages);
                Ok(())
            }
            Value::Text(text) => self.text(option.name, text, messages),
        }
    }
}

/// Status of a run that was asked for help or its version.
const SHOWN: Ending = Ending(0);

impl Settings {
    fn mention(&mut self, name: &str) -> Result<(), Ending> {
        match name {
            "verbose" => self.verbose += 1,
            "help" => self.show = Some(Show::Help),
            "version" => self.show = Some(Show::Version),
            "password" => self.server.password = Some(password::ask()),
            _ => {}
        }
        self.show.map_or(Ok(()), |_| Err(SHOWN))
    }

    fn flag(&mut self, name: &str, on: bool, messages: &mut Messages<'_>) {
        match name {
            "disable-log-bin" => self.disable_log_bin = on,
            "force-if-open" => self.refuse_open = !on,
            "hexdump" => self.hexdump = on,
            "idempotent" => self.idempotent = on,
            "raw" => self.raw = on,
            "to-last-log" => self.to_last_log = on,
            "verify-binlog-checksum" => self.verify_checksums = on,
            "skip-gtids" => self.skip_gtids = on,
            "print-table-metadata" => self.print_table_metadata = on,
            "require-row-format" => self.require_row_format = on,
            "stop-never" => (self.stop_never, self.to_last_log) = (on, true),
            "read-from-remote-server" => (self.remote_alias, self.remote) = (true, Some(Remote::Names)),
            "short-form" => {
                self.short_form = true;
                deprecated("--short-form", None, messages);
            }
            "compress" => deprecated("--compress", Some("--compression-algorithms"), messages),
            _ => {}
        }
    }

    fn number(&mut self, name: &str, number: i128, messages: &mut Messages<'_>) {
        let natural = u64::try_from(number).unwrap_or_default();
        let integer = i64::try_from(number).ok();
        match name {
            "offset" => self.offset = natural,
            "port" => self.server.port = natural,
            "server-id" => self.server_id = natural,
            "server-id-bits" => self.server_id_bits = u32::try_from(number).ok(),
            "start-position" => self.start_position = Some(natural),
            "stop-position" => self.stop_position = Some(natural).filter(|position| *position != u64::MAX),
            "connection-server-id" => self.connection_server_id = integer.filter(|id| *id != -1),
            "stop-never-slave-server-id" => {
                self.stop_never_server_id = integer.filter(|id| *id != -1);
                deprecated("--stop-never-slave-server-id", Some("--connection-server-id"), messages);
            }
            _ => {}
        }
    }

    fn text(&mut self, name: &'static str, text: OsString, messages: &mut Messages<'_>) -> Result<(), Ending> {
        match name {
            "rewrite-db" => return self.rewrite(text.as_bytes(), messages),
            "start-datetime" => self.start_datetime = datetime::seconds(&text.to_string_lossy(), messages)?,
            "stop-datetime" => self.stop_datetime = Some(datetime::seconds(&text.to_string_lossy(), messages)?),
            "database" => self.database = Some(text),
            "include-gtids" => self.include_gtids = Some(text),
            "exclude-gtids" => self.exclude_gtids = Some(text),
            "local-load" => self.local_load = Some(text),
            "result-file" => self.result_file = Some(text),
            "set-charset" => self.set_charset = Some(text),
            "host" => self.server.host = Some(text),
            "user" => self.server.user = Some(text),
            "password" => self.server.password = Some(text),
            "socket" => self.server.socket = Some(text),
            "ssl-ca" => self.server.ssl_ca = Some(text),
            "ssl-cert" => self.server.ssl_cert = Some(text),
            "ssl-key" => self.server.ssl_key = Some(text),
            _ => return self.word(name, &text, messages),
        }
        Ok(())
    }

    fn word(&mut self, name: &'static str, text: &OsStr, messages: &mut Messages<'_>) -> Result<(), Ending> {
        if name == "read-from-remote-master" {
            deprecated("--read-from-remote-master", Some("--read-from-remote-source"), messages);
        }
        let mut choose = |words: &[&str]| choose(&text.to_string_lossy(), words, name, messages);
        match name {
            "base64-output" => {
                self.base64 = match choose(&["NEVER", "AUTO", "UNSPEC", "DECODE-ROWS"])? {
                    0 => Base64::Never,
                    3 => Base64::DecodeRows,
                    _ => Base64::Auto,
                }
            }
            "read-from-remote-source" | "read-from-remote-master" => {
                self.remote = match choose(&["BINLOG-DUMP-NON-GTIDS", "BINLOG-DUMP-GTIDS"])? {
                    0 => Some(Remote::Names),
                    _ => Some(Remote::Gtids),
                }
            }
            "protocol" => self.server.protocol = Some(choose(&["TCP", "SOCKET", "PIPE", "MEMORY"])?),
            "ssl-mode" => self.server.ssl_mode = Some(choose(SSL_MODES)?),
            "ssl-fips-mode" => _ = choose(&["OFF", "ON", "STRICT"])?,
            _ => {}
        }
        Ok(())
    }

    fn rewrite(&mut self, rule: &[u8], messages: &mut Messages<'_>) -> Result<(), Ending> {
        let (from, to) = match rewritten(rule) {
            Ok(names) => names,
            Err(why) => {
                messages.error(format_args!("Bad syntax in mysqlbinlog-rewrite-db - {why}!\n"));
                return Err(Ending::FAILURE);
            }
        };
        if !self.rewrite_db.iter().any(|(known, _)| known == from) {
            self.rewrite_db.push((from.to_vec(), to.to_vec()));
        }
        Ok(())
    }
}

const SSL_MODES: &[&str] = &["DISABLED", "PREFERRED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"];

/// The names around the arrow, without the space around it.
fn rewritten(rule: &[u8]) -> Result<(&[u8], &[u8]), &'static str> {
    let arrow = rule
        .windows(2)
        .position(|window| window == b"->")
        .ok_or("missing '->'")?;
    let (from, to) = rule.split_at(arrow);
    let (from, to) = (
        from.trim_ascii_end(),
        to.get(2..).unwrap_or_default().trim_ascii_start(),
    );
    match (from, to) {
        ([], _) => Err("empty FROM db"),
        (_, []) => Err("empty TO db"),
        names => Ok(names),
    }
}

fn deprecated(option: &str, instead: Option<&str>, messages: &mut Messages<'_>) {
    let instead = instead.map_or(String::new(), |option| format!(". Use {option} instead."));
    messages.warning(format_args!(
        "{option} is deprecated and will be removed in a future version{instead}\n"
    ));
}
