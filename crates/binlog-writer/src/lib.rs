//! Events to valid binary log files.
//!
//! A [`Writer`] writes the magic bytes and then the events of one chunk after the other. In a log that counts its
//! own bytes ([`PositionMeaning::OwnLog`](binlog_parser::PositionMeaning::OwnLog)) each event's position is made
//! right for the place where it now stands, and its checksum with it; a log from which nothing was left out comes out
//! byte for byte as it came in. In a stream of a source's log
//! ([`PositionMeaning::SourceLog`](binlog_parser::PositionMeaning::SourceLog)) positions are the source's, and stay.
//!
//! # Several logs in one
//!
//! The events of several logs, written by one writer, make one log: the magic bytes stand once, all events stay.
//! Format descriptions, rotations and lists of earlier GTIDs between them are what relay logs have, too: the servers'
//! tools take each format description as that of the events after it, and the others as comments.
//!
//! The crate knows no filters, servers or files.

mod error;
mod pack;
mod writer;

pub use error::WriteError;
pub use writer::Writer;
