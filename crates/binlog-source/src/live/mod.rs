//! Events of a live server, asked for as a replica does.
//!
//! The server's packets are read by a thread, which hands over whole events. The thread ends with the stream, or
//! at the next event or heartbeat after the [`LiveSource`] was dropped: within a second, however long the
//! heartbeat that the caller chose.

mod identity;
mod options;
mod packets;
mod request;
mod source;
mod stream;

pub use identity::ServerIdentity;
pub use options::{LiveOptions, StartAt};
pub use source::LiveSource;
