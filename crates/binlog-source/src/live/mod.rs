//! Events of a live server, asked for as a replica does.
//!
//! - [`link`]: the connection over which the log comes, byte for byte as the server sends it.
//! - `request`, `identity`: what is found out before, over a connection of `mysql`, and what is asked for.
//! - `definitions`: what a server's tables look like now, for who names columns.
//! - `stream`, `queue`: the thread that reads events ahead. It ends when the [`LiveSource`] is dropped.

mod definitions;
mod identity;
mod link;
mod options;
mod queue;
mod request;
mod source;
mod stream;

pub use definitions::{ServerTables, server_tables};
pub use identity::ServerIdentity;
pub use options::{LiveOptions, StartAt};
pub use source::LiveSource;
