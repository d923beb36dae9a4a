//! Reads a server's logs as mysqlbinlog does: the events in the order in which the server sends them, with the positions
//! that mysqlbinlog counts.

use std::collections::VecDeque;
use std::env;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::Arc;

use binlog_parser::event::Rotate;
use binlog_parser::gtid::{GtidProgress, GtidSet};
use binlog_parser::{
    ChecksumAlgorithm, Chunk, Coordinates, EventHeader, EventType, FormatDescription, MAGIC_LEN, RawEvent, put_event,
};
use binlog_source::{
    LiveOptions, LiveSource, Next, Source as _, SourceError, StartAt, TlsChoice, TlsMode, server_opts,
};
use bytes::Bytes;
use mysql::{Opts, OptsBuilder};

use super::log::Found;
use super::messages::{Ending, Messages};
use super::settings::{Remote as By, Server, Settings};

/// Where servers listen that are reached by no address.
const SOCKET: &str = "/var/run/mysqld/mysqld.sock";
const PORT: u16 = 3306;

/// A log that a server sends, and with `--to-last-log` those after it.
pub(super) struct Remote {
    source: LiveSource,
    log: Vec<u8>,
    start: u64,
    /// Of the next event, as it is counted.
    position: u64,
    to_last_log: bool,
    raw: bool,
    format: Arc<FormatDescription>,
    described: bool,
    waiting: VecDeque<Bytes>,
}

impl Remote {
    /// Asks the server for a log.
    ///
    /// # Errors
    /// It cannot be had, which was said.
    pub(super) fn open(
        log: &OsStr,
        start: u64,
        settings: &Settings,
        excluded: Option<&GtidSet>,
        messages: &mut Messages<'_>,
    ) -> Result<Self, Ending> {
        let name = log.to_string_lossy();
        let opened = options(&name, start, settings, excluded).and_then(|options| {
            LiveSource::connect(&options).map_err(|error| match error {
                SourceError::Server { message, .. } => format!("Failed on connect: {message}"),
                SourceError::Link { message, .. } => {
                    format!("Failed on connect: {}", unreached(&message, &options.server))
                }
                error => format!("Open binlog error: {error}"),
            })
        });
        let source = opened.map_err(|why| {
            messages.error(why);
            Ending::FAILURE
        })?;
        Ok(Self {
            source,
            log: name.into_owned().into_bytes(),
            start,
            position: start,
            to_last_log: settings.to_last_log,
            raw: settings.raw,
            format: Arc::default(),
            described: false,
            waiting: VecDeque::new(),
        })
    }

    /// The format description in force.
    pub(super) fn format(&self) -> &Arc<FormatDescription> {
        &self.format
    }

    /// The next event; `None` at the end of what is wanted, or where nothing came for now.
    ///
    /// # Errors
    /// The link broke, which was said.
    pub(super) fn next(&mut self, messages: &mut Messages<'_>) -> Result<Arrival, Ending> {
        loop {
            let Some(bytes) = self.waiting.pop_front() else {
                match self.source.next() {
                    Ok(Next::Chunk(chunk)) => self.take(&chunk),
                    Ok(Next::Idle) => return Ok(Arrival::Nothing),
                    Ok(Next::End) => return Ok(Arrival::End),
                    Err(error) => return Err(broken(&error, messages)),
                }
                continue;
            };
            if let Some(arrival) = self.arrived(bytes) {
                return Ok(arrival);
            }
        }
    }

    /// A server names a log before it describes it; the source has turned that round.
    fn take(&mut self, chunk: &Chunk) {
        for raw in chunk.events().map_while(Result::ok) {
            let bytes = Bytes::copy_from_slice(raw.bytes());
            let header = &raw.header;
            let names = header.event_type == EventType::ROTATE && header.is_artificial();
            let named = names.then(|| self.waiting.pop_back()).flatten();
            self.waiting.push_back(if named.is_some() && !self.described {
                unsealed(&raw).unwrap_or(bytes)
            } else {
                bytes
            });
            self.described |= named.is_some();
            self.waiting.extend(named);
        }
    }

    /// `None` for an event that is not shown.
    fn arrived(&mut self, bytes: Bytes) -> Option<Arrival> {
        let header = EventHeader::decode(&bytes).ok()?;
        let position = self.position;
        match header.event_type {
            EventType::ROTATE if header.timestamp == 0 => return self.renamed(bytes),
            EventType::FORMAT_DESCRIPTION => {
                self.described(&bytes);
                self.position += if position == MAGIC_LEN || self.raw {
                    bytes.len() as u64
                } else {
                    0
                };
            }
            _ => self.position += bytes.len() as u64,
        }
        Some(Arrival::Event(Found { bytes, position }))
    }

    /// The server begins a log.
    fn renamed(&mut self, bytes: Bytes) -> Option<Arrival> {
        if self.to_last_log {
            self.position = self.start;
            let position = self.start;
            return Some(Arrival::Event(Found { bytes, position }));
        }
        (ident(&bytes) != self.log).then_some(Arrival::End)
    }

    fn described(&mut self, bytes: &Bytes) {
        let raw = RawEvent::first(bytes, self.position, &self.format).ok();
        let format = raw.and_then(|raw| FormatDescription::decode(raw.body()).ok());
        if let Some(format) = format {
            self.format = Arc::new(format);
        }
    }
}

/// What a server sends.
pub(super) enum Arrival {
    Event(Found),
    /// Nothing for now.
    Nothing,
    /// There is no more.
    End,
}

/// The log that a ROTATE names, whether or not it has a checksum.
pub(super) fn ident(rotate: &[u8]) -> Vec<u8> {
    let sealed = ChecksumAlgorithm::Crc32.verify(rotate).is_ok();
    let end = rotate.len() - if sealed { 4 } else { 0 };
    let body = rotate.get(binlog_parser::HEADER_LEN..end).unwrap_or_default();
    Rotate::decode(body)
        .map(|rotate| rotate.file.to_vec())
        .unwrap_or_default()
}

/// The same event without a checksum, as a server sends it before it has described any log.
fn unsealed(raw: &RawEvent<'_>) -> Option<Bytes> {
    let mut plain = Vec::new();
    put_event(&mut plain, &raw.header, raw.body(), ChecksumAlgorithm::None).ok()?;
    Some(plain.into())
}

/// The client library's words for a server that was not reached.
fn unreached(message: &str, server: &Opts) -> String {
    let number = message
        .rsplit_once("(os error ")
        .and_then(|(_, number)| number.strip_suffix(')'));
    if message.contains("failed to lookup address") {
        let host = server.get_ip_or_hostname();
        return format!("Unknown MySQL server host '{host}' (-2)");
    }
    match (number, server.get_socket()) {
        (Some(number), Some(socket)) => {
            format!("Can't connect to local MySQL server through socket '{socket}' ({number})")
        }
        (Some(number), None) => {
            let (host, port) = (server.get_ip_or_hostname(), server.get_tcp_port());
            format!("Can't connect to MySQL server on '{host}:{port}' ({number})")
        }
        (None, _) => message.to_owned(),
    }
}

fn broken(error: &SourceError, messages: &mut Messages<'_>) -> Ending {
    let why = match error {
        SourceError::Server { message, .. } | SourceError::Link { message, .. } => message.clone(),
        error => error.to_string(),
    };
    messages.error(format_args!("Got error reading packet from server: {why}"));
    Ending::FAILURE
}

fn options(log: &str, start: u64, settings: &Settings, excluded: Option<&GtidSet>) -> Result<LiveOptions, String> {
    let server = connection(&settings.server)?;
    let from = match settings.remote {
        Some(By::Gtids) => StartAt::Gtids(GtidProgress::MySql(excluded.cloned().unwrap_or_default())),
        _ => StartAt::Coordinates(Coordinates {
            file: log.into(),
            position: start,
        }),
    };
    let mut options = LiveOptions::new(server, from);
    options.until_end = !settings.stop_never;
    options.expand = false;
    let id = settings.connection_server_id.or(settings.stop_never_server_id);
    options.server_id = id.and_then(|id| u32::try_from(id).ok()).unwrap_or(0);
    Ok(options)
}

fn connection(server: &Server) -> Result<Opts, String> {
    let text = |text: &Option<std::ffi::OsString>| text.as_ref().map(|text| text.to_string_lossy().into_owned());
    let host = text(&server.host).filter(|host| !host.is_empty());
    let by_socket = is_local(server, host.as_deref());
    let host = host.unwrap_or_else(|| "localhost".to_owned());
    let bracketed = if host.contains(':') { format!("[{host}]") } else { host };
    let port = u16::try_from(server.port)
        .ok()
        .filter(|port| *port > 0)
        .or_else(port)
        .unwrap_or(PORT);
    let url = format!("mysql://{bracketed}:{port}");
    let opts = server_opts(&url, text(&server.password), &tls(server)).map_err(|error| error.to_string())?;
    let user = text(&server.user).or_else(|| env::var("USER").ok());
    let mut builder = OptsBuilder::from_opts(opts).user(user);
    if by_socket {
        let socket = text(&server.socket).or_else(|| env::var("MYSQL_UNIX_PORT").ok());
        builder = builder.socket(Some(socket.unwrap_or_else(|| SOCKET.to_owned())));
        builder = if server.ssl_mode.is_none() {
            builder.ssl_opts(None::<mysql::SslOpts>)
        } else {
            builder
        };
    }
    Ok(builder.into())
}

fn port() -> Option<u16> {
    env::var("MYSQL_TCP_PORT").ok()?.parse().ok()
}

/// Whether the server is reached by its socket: on this machine, unless an address is asked for.
fn is_local(server: &Server, host: Option<&str>) -> bool {
    const TCP: usize = 0;
    const SOCKET: usize = 1;
    match server.protocol {
        Some(TCP) => false,
        Some(SOCKET) => true,
        _ => host.is_none_or(|host| host == "localhost"),
    }
}

fn tls(server: &Server) -> TlsChoice {
    let path = |path: &Option<std::ffi::OsString>| path.clone().map(PathBuf::from);
    let mode = match server.ssl_mode {
        Some(0) => Some(TlsMode::Disabled),
        Some(2) => Some(TlsMode::Required),
        Some(3) => Some(TlsMode::VerifyCa),
        Some(4) => Some(TlsMode::VerifyIdentity),
        _ => None,
    };
    TlsChoice {
        mode,
        ca: path(&server.ssl_ca),
        identity: path(&server.ssl_cert).zip(path(&server.ssl_key)),
    }
}
