//! Reading on behind damage.
//!
//! A [`SalvageSource`] reads one log to its end whatever stands in it. Where no event can follow the one before, it
//! looks for the next offset at which one *believably* begins, and goes on there:
//!
//! - its header names a known type and a length that fits the type;
//! - its position is where it ends, or all events from there on are off by the same number of bytes: then so many
//!   bytes are missing or too many; in MariaDB's transactions there is no position;
//! - its checksum is right; in a log without checksums, the headers of the events behind it fit too.
//!
//! Undamaged events are framed by their headers alone: whether their checksums are right is for the reader to look at,
//! who may do it on all cores.
//!
//! # Bounds
//!
//! Memory: an event at most, and while looking for one, [`LOOKAHEAD`](judge::LOOKAHEAD) bytes: a larger event behind damage is not found.
//! Time: each byte is looked at once; the bytes that are read for checksums of what turns out to be no event are at
//! most a small multiple of those.

mod guess;
mod judge;
mod source;
#[cfg(test)]
mod tests;

pub use source::{Damage, SalvageOptions, SalvageSource, format_of};
