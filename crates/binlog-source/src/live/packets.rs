//! The bytes of an event, as the server sent them, from what the driver made of them.

use binlog_parser::{EventFlags, EventHeader, EventType};
use bytes::Bytes;
use mysql::binlog::events::Event;

/// Puts header, body and checksum together again. `None` where what the driver gives does not add up to
/// the size that the header states.
pub(super) fn bytes(event: &Event) -> Option<Bytes> {
    let header = header(event);
    let mut out = Vec::with_capacity(header.event_size as usize);
    header.encode(&mut out);
    out.extend(event.data());
    if header.event_type == EventType::FORMAT_DESCRIPTION {
        out.extend(algorithm(event));
    }
    out.extend(event.checksum().into_iter().flatten());
    (out.len() == header.event_size as usize).then(|| out.into())
}

fn header(event: &Event) -> EventHeader {
    let header = event.header();
    EventHeader {
        timestamp: header.timestamp(),
        event_type: EventType(header.event_type_raw()),
        server_id: header.server_id(),
        event_size: header.event_size(),
        log_pos: header.log_pos(),
        flags: EventFlags(header.flags_raw()),
    }
}

/// The driver takes the algorithm's byte out of a format description.
fn algorithm(event: &Event) -> Option<u8> {
    match event.footer().get_checksum_alg() {
        Ok(algorithm) => algorithm.map(|known| known as u8),
        Err(unknown) => Some(unknown.0),
    }
}
