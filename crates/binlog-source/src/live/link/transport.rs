//! The bytes' way: TCP, TCP with TLS, or a socket of this machine.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use mysql::Opts;
use rustls::{ClientConnection, StreamOwned};

use crate::live::link::{LinkError, tls};

/// How long an attempt may take where the options do not say it.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A stream of bytes to a server and back.
pub(super) enum Transport {
    Tcp(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
    Unix(UnixStream),
}

/// Ends a [`Transport`] from another thread.
pub(in crate::live) enum Stopper {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Transport {
    /// Connects to the server's socket or port. Reads and writes that wait longer than `silence` fail.
    pub(super) fn connect(opts: &Opts, silence: Duration) -> Result<Self, LinkError> {
        let silence = Some(silence);
        if let Some(path) = opts.get_socket() {
            let stream = UnixStream::connect(path)?;
            stream.set_read_timeout(silence)?;
            stream.set_write_timeout(silence)?;
            return Ok(Self::Unix(stream));
        }
        let timeout = opts.get_tcp_connect_timeout().unwrap_or(CONNECT_TIMEOUT);
        let stream = tcp(&host(opts), opts.get_tcp_port(), timeout)?;
        stream.set_read_timeout(silence)?;
        stream.set_write_timeout(silence)?;
        stream.set_nodelay(true)?;
        Ok(Self::Tcp(stream))
    }

    /// Encrypts what is still plain TCP.
    pub(super) fn encrypted(self, opts: &Opts) -> Result<Self, LinkError> {
        match (self, opts.get_ssl_opts()) {
            (Self::Tcp(stream), Some(choice)) => {
                let stream = tls::client(stream, &host(opts), choice)?;
                Ok(Self::Tls(Box::new(stream)))
            }
            (other, _) => Ok(other),
        }
    }

    pub(super) fn is_plain_tcp(&self) -> bool {
        matches!(self, Self::Tcp(_))
    }

    /// What ends this stream from another thread.
    pub(super) fn stopper(&self) -> io::Result<Stopper> {
        Ok(match self {
            Self::Tcp(stream) => Stopper::Tcp(stream.try_clone()?),
            Self::Tls(stream) => Stopper::Tcp(stream.sock.try_clone()?),
            Self::Unix(stream) => Stopper::Unix(stream.try_clone()?),
        })
    }
}

impl Stopper {
    /// Ends the connection: a read that waits returns at once.
    pub(in crate::live) fn stop(&self) {
        // An error says that it has ended already.
        drop(match self {
            Self::Tcp(stream) => stream.shutdown(Shutdown::Both),
            Self::Unix(stream) => stream.shutdown(Shutdown::Both),
        });
    }
}

impl Read for Transport {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(out),
            Self::Tls(stream) => stream.read(out),
            Self::Unix(stream) => stream.read(out),
        }
    }
}

impl Write for Transport {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
            Self::Unix(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
            Self::Unix(stream) => stream.flush(),
        }
    }
}

/// The host's name or address; of an IPv6 address without the brackets that it has in a URL.
fn host(opts: &Opts) -> String {
    let host = opts.get_ip_or_hostname();
    host.trim_start_matches('[').trim_end_matches(']').to_owned()
}

/// Tries the host's addresses one after the other.
fn tcp(host: &str, port: u16, timeout: Duration) -> io::Result<TcpStream> {
    let mut last = io::Error::other("the host's name has no address");
    for address in (host, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, timeout) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}
