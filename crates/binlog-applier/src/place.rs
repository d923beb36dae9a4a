//! Where in the source's logs an event stands.

use binlog_parser::{Chunk, Coordinates, RawEvent};

use crate::error::EventPlace;

/// The event, for a message.
pub(crate) fn of(chunk: &Chunk, raw: &RawEvent<'_>) -> EventPlace {
    EventPlace {
        file: chunk.file.clone(),
        position: raw.offset,
        event_type: raw.header.event_type,
    }
}

/// Position after the event as the source counts it. The header has its low 32 bits; it is right even
/// where the event was rewritten or stands in a stream, and 0 where the server did not know it.
pub(crate) fn after(chunk: &Chunk, raw: &RawEvent<'_>) -> Coordinates {
    let position = match raw.header.log_pos {
        0 => raw.end(),
        low => widen(low, chunk.end),
    };
    Coordinates {
        file: chunk.file.to_string(),
        position,
    }
}

/// Position after the chunk.
pub(crate) fn end(chunk: &Chunk) -> Coordinates {
    Coordinates {
        file: chunk.file.to_string(),
        position: chunk.end,
    }
}

/// The largest position with these low 32 bits that is not after `end`.
fn widen(low: u32, end: u64) -> u64 {
    let position = end & !u64::from(u32::MAX) | u64::from(low);
    if position > end {
        position.saturating_sub(1 << 32).max(u64::from(low))
    } else {
        position
    }
}

#[cfg(test)]
mod tests {
    use super::widen;

    #[test]
    fn low_bits_become_a_position() {
        let check = |low, end, expected| assert_eq!(widen(low, end), expected);
        check(200, 300, 200);
        check(300, 300, 300);
        check(5, 0x1_0000_0005, 0x1_0000_0005);
        check(0xffff_fff0, 0x1_0000_0005, 0xffff_fff0);
        check(0xffff_fff0, 0x3_0000_0005, 0x2_ffff_fff0);
        check(400, 300, 400);
    }
}
