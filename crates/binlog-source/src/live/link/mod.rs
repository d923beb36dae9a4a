//! The connection on which a server sends its log: logging in, statements without results, and the commands of a
//! replica.
//!
//! It is no general client: what asks for rows goes over a connection of `mysql`.
//!
//! Source of the facts: the chapter "Client/Server Protocol" of MySQL's source documentation (connection phase,
//! `COM_QUERY`, `COM_REGISTER_SLAVE`, `COM_BINLOG_DUMP`, `COM_BINLOG_DUMP_GTID`).

mod auth;
mod commands;
mod error;
mod handshake;
mod packets;
mod rsa;
mod tls;
mod transport;

use std::time::Duration;

use bytes::{Buf, Bytes};
use mysql::Opts;

pub(super) use commands::{Dump, ThroughGtids};
pub(super) use error::LinkError;
use packets::Packets;
pub(super) use transport::Stopper;
use transport::Transport;

/// A connection that is logged in.
pub(super) struct Link {
    packets: Packets<Transport>,
}

impl Link {
    /// Connects and logs in. A read that waits longer than `silence` fails; no event may be larger than `limit`.
    pub(super) fn connect(opts: &Opts, silence: Duration, limit: usize) -> Result<Self, LinkError> {
        let transport = Transport::connect(opts, silence)?;
        let packets = handshake::log_in(Packets::new(transport, limit), opts)?;
        Ok(Self { packets })
    }

    /// Runs a statement that returns no rows.
    pub(super) fn execute(&mut self, statement: &str) -> Result<(), LinkError> {
        self.command(&commands::query(statement))
    }

    /// Makes this connection known as that of a replica.
    pub(super) fn register(&mut self, server_id: u32) -> Result<(), LinkError> {
        self.command(&commands::register(server_id))
    }

    /// Asks for events from a place in the logs on.
    pub(super) fn dump(&mut self, dump: &Dump<'_>) -> Result<(), LinkError> {
        self.send(&dump.encoded())
    }

    /// Asks for the transactions that are not among these.
    pub(super) fn dump_through_gtids(&mut self, dump: &ThroughGtids<'_>) -> Result<(), LinkError> {
        self.send(&dump.encoded())
    }

    /// The next event, as the server sent it.
    pub(super) fn event(&mut self) -> Result<Bytes, LinkError> {
        let mut packet = self.packets.read()?;
        match packet.first() {
            Some(&OK) => {
                packet.advance(1);
                Ok(packet)
            }
            Some(&EOF) if packet.len() < 9 => Err(LinkError::ended()),
            _ => Err(unexpected(&packet)),
        }
    }

    /// What ends this connection from another thread.
    pub(super) fn stopper(&self) -> Result<Stopper, LinkError> {
        Ok(self.packets.stream().stopper()?)
    }

    fn command(&mut self, payload: &[u8]) -> Result<(), LinkError> {
        self.send(payload)?;
        let answer = self.packets.read()?;
        match answer.first() {
            Some(&OK) => Ok(()),
            _ => Err(unexpected(&answer)),
        }
    }

    fn send(&mut self, payload: &[u8]) -> Result<(), LinkError> {
        self.packets.begin();
        self.packets.write(payload)
    }
}

/// First byte of a packet that says that all is well, and of an event's.
const OK: u8 = 0x00;
/// First byte of an error's packet.
const ERR: u8 = 0xff;
/// First byte of the packet that ends a stream.
const EOF: u8 = 0xfe;

/// What a packet means that is not the wanted one: the server's error, or nonsense.
fn unexpected(packet: &[u8]) -> LinkError {
    match packet.split_first() {
        Some((&ERR, error)) => LinkError::of_server(error),
        _ => LinkError::malformed("the server sent a packet that has no meaning here"),
    }
}
