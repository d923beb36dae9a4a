//! Where binary log events come from: files, directories, pipes and live servers, cut into chunks.
//!
//! A [`Source`] yields [`Chunk`]s: runs of whole events, in order, cut where a transaction ends. The crate
//! knows nothing of what is done with them.
//!
//! - [`FileSource`] reads files, directories, `.index` files and standard input; gzip and zstd are
//!   recognised by content, and so are the encrypted logs of both servers, which [`Keys`] open.
//! - [`SalvageSource`] reads one damaged log, and goes on behind the damage.
//! - [`LiveSource`] asks a server for its log, as a replica does.
//! - [`Mirror`] keeps byte-identical copies of a server's logs in a folder; [`FileSource`] reads them.
//! - [`server_opts`] makes connection options of a URL.
//!
//! # Memory
//!
//! A chunk ends at the first end of a transaction at which it holds `chunk_limit` bytes, or inside a larger transaction at
//! the first end of a statement. A statement of more than [`LARGE_STATEMENT`] bytes is cut between its row events, and the chunks
//! after the first one have its table maps beside their events. Where there are no row events to cut between, more than
//! `statement_limit` bytes are an error.

mod connect;
mod cutter;
mod error;
mod file;
mod keys;
mod live;
mod mirror;
mod old;
mod pace;
mod parallel;
mod salvage;
#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "hand-made events of known layout")]
mod testing;

use binlog_parser::Chunk;

pub use connect::{TlsChoice, TlsMode, UrlError, server_opts};
pub use cutter::{CHUNK_LIMIT, CORE_CHUNK_LIMIT, CutOptions, Cutter, LARGE_STATEMENT, STATEMENT_LIMIT};
pub use error::{SourceError, Unreadable};
pub use file::{EncryptedBy, EncryptionError, FileOptions, FileSource, Input, Seek, expand};
pub use keys::{Digest, Key, Keys, ListSecret};
pub use live::{LiveOptions, LiveSource, ServerIdentity, ServerTables, StartAt, server_tables};
pub use mirror::Mirror;
pub use parallel::{for_each_in_order, in_turns};
pub use salvage::{Damage, SalvageOptions, SalvageSource, format_of};

/// What a source has next.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant, reason = "chunks are the common case, and move once")]
pub enum Next {
    /// Events.
    Chunk(Chunk),
    /// Nothing for now: all that the source had was returned. Also comes while nothing happens, at least
    /// twice a second where the source can be waited for.
    Idle,
    /// Nothing more.
    End,
}

/// Where chunks come from.
pub trait Source: Send {
    /// The next chunk. Waits for it a while; see [`Next::Idle`].
    ///
    /// # Errors
    /// The log or the server. After an error the source has nothing more.
    fn next(&mut self) -> Result<Next, SourceError>;
}
