//! Whether an event believably begins at an offset.

use binlog_parser::event::Flavour;
use binlog_parser::{ChecksumAlgorithm, EventHeader, EventType, FormatDescription, HEADER_LEN};

/// Largest event that is looked for behind damage, in bytes.
pub(super) const LOOKAHEAD: usize = 64 << 20;
/// Headers that must fit, one behind the other, where no checksum proves an event.
const CHAIN: usize = 3;
/// Flags that no server sets.
const FOREIGN_FLAGS: u16 = 0x3c00;

/// What an event has to fit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Judge<'f> {
    pub(super) format: &'f FormatDescription,
    /// How far positions are from where events stand; `None` where they may be anything.
    pub(super) shift: Option<i64>,
}

/// What an offset is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// No event begins there.
    No,
    /// So many bytes from there on must be seen first.
    Need(usize),
    /// An event begins there, and positions are so far from where events stand.
    Yes(Option<i64>),
}

/// What a header's position says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Position {
    /// Nothing.
    None,
    /// Events are so far from where they stood.
    Shift(i64),
}

impl Judge<'_> {
    /// Whether a header can be that of an event that follows another one.
    pub(super) fn follows(&self, header: &EventHeader, offset: u64) -> bool {
        self.is_sane(header) && self.fits(position(header, offset), self.shift, header)
    }

    /// Whether an event begins at the front of `bytes`, which stand at `offset` of the log. `all` says that nothing
    /// follows them. `spend` is asked before a checksum is computed over so many bytes.
    pub(super) fn begins(
        &self,
        bytes: &[u8],
        offset: u64,
        all: bool,
        spend: &mut impl FnMut(usize) -> bool,
    ) -> Verdict {
        let Ok(header) = EventHeader::decode(bytes) else {
            return if all { Verdict::No } else { Verdict::Need(HEADER_LEN) };
        };
        let size = header.event_size as usize;
        if size > LOOKAHEAD || !self.is_sane(&header) || self.no_position(&header) && !self.may_lack_position(&header) {
            return Verdict::No;
        }
        let position = position(&header, offset);
        let checksum = self.format.checksum != ChecksumAlgorithm::None;
        let depth = match position {
            Position::Shift(shift) if checksum && self.shift == Some(shift) => 0,
            Position::None if checksum => 0,
            Position::Shift(_) if checksum => 1,
            _ => CHAIN,
        };
        match self.chain(bytes, offset, position, depth, all) {
            Verdict::Yes(_) if checksum => self.checked(bytes, size, position, spend),
            verdict => verdict,
        }
    }

    fn checked(&self, bytes: &[u8], size: usize, position: Position, spend: &mut impl FnMut(usize) -> bool) -> Verdict {
        let right = |event| spend(size) && self.format.checksum.verify(event).is_ok();
        match bytes.get(..size).is_some_and(right) {
            true => Verdict::Yes(shift_of(position)),
            false => Verdict::No,
        }
    }

    /// Whether the event is whole, and `depth` more headers behind it fit it.
    fn chain(&self, bytes: &[u8], offset: u64, first: Position, depth: usize, all: bool) -> Verdict {
        let (mut at, mut shift) = (0, shift_of(first));
        for step in 0..=depth {
            let rest = bytes.get(at..).unwrap_or_default();
            let Ok(header) = EventHeader::decode(rest) else {
                return match all {
                    true if rest.is_empty() && step > 0 => Verdict::Yes(shift),
                    true => Verdict::No,
                    false => Verdict::Need(at + HEADER_LEN),
                };
            };
            let position = position(&header, offset + at as u64);
            let size = header.event_size as usize;
            if size > LOOKAHEAD || !self.is_sane(&header) || !self.fits(position, shift, &header) {
                return Verdict::No;
            }
            shift = shift.or(shift_of(position));
            if step == depth && step > 0 {
                break;
            }
            at += size;
            if at > LOOKAHEAD + size {
                break;
            }
            if at > bytes.len() {
                return if all { Verdict::No } else { Verdict::Need(at) };
            }
        }
        Verdict::Yes(shift)
    }

    /// A known type, and a length that it can have.
    fn is_sane(&self, header: &EventHeader) -> bool {
        let Some(fixed) = self.fixed_length(header.event_type) else {
            return false;
        };
        let least = HEADER_LEN + fixed + self.format.checksum.len();
        header.event_size as usize >= least && header.flags.0 & FOREIGN_FLAGS == 0
    }

    /// Bytes of an event's body at least; `None` for types that no server writes in a log of version 4.
    fn fixed_length(&self, event_type: EventType) -> Option<usize> {
        match event_type {
            EventType::START_V3 => None,
            _ if !event_type.is_known() => None,
            // Their length in the format description is another thing, or not what is written.
            EventType::FORMAT_DESCRIPTION => Some(57),
            EventType::MARIADB_GTID => Some(13),
            EventType::GTID | EventType::ANONYMOUS_GTID => Some(25),
            EventType::ROTATE | EventType::PREVIOUS_GTIDS | EventType::XID => Some(8),
            EventType::MARIADB_GTID_LIST => Some(4),
            EventType::QUERY => Some(13),
            EventType::TABLE_MAP => Some(8),
            _ => Some(0),
        }
    }

    fn no_position(&self, header: &EventHeader) -> bool {
        header.log_pos == 0
    }

    fn may_lack_position(&self, header: &EventHeader) -> bool {
        self.format.flavour() == Flavour::MariaDb || header.is_artificial() || self.shift.is_none()
    }

    fn fits(&self, position: Position, shift: Option<i64>, header: &EventHeader) -> bool {
        match (position, shift) {
            (Position::None, _) => self.may_lack_position(header),
            (Position::Shift(_), None) => true,
            (Position::Shift(found), Some(shift)) => found == shift,
        }
    }
}

/// Whether an event's header may stand here: a quick look at its type and length.
pub(super) fn may_begin(bytes: &[u8]) -> bool {
    let Some([_, _, _, _, code, _, _, _, _, low, size @ ..]) = bytes.first_chunk::<13>() else {
        return false;
    };
    let [size_1, size_2, size_3] = *size;
    let is_long_enough = size_1 | size_2 | size_3 != 0 || usize::from(*low) >= HEADER_LEN;
    matches!(code, 2..=42 | 160..=171) && size_3 < 5 && is_long_enough
}

fn position(header: &EventHeader, offset: u64) -> Position {
    if header.log_pos == 0 || header.is_artificial() {
        return Position::None;
    }
    let end = offset.wrapping_add(u64::from(header.event_size)) as u32;
    Position::Shift(i64::from(header.log_pos.wrapping_sub(end) as i32))
}

fn shift_of(position: Position) -> Option<i64> {
    match position {
        Position::None => None,
        Position::Shift(shift) => Some(shift),
    }
}
