//! The line at the head of each event's text, with what `--hexdump` adds to it.

use binlog_parser::{ChecksumAlgorithm, EventType, HEADER_LEN, RawEvent};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::text::{decimal, hex_eight, hex_padded, padded};

/// Texts of the last seconds: many events have the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Clock {
    last: Option<(u32, [u8; 15])>,
    /// Of a GTID: up to the second, and the zone.
    commit: Option<(u64, String, String)>,
}

impl Clock {
    /// `YYMMDD hh:mm:ss`, in this zone, without a zero before the hour.
    pub(super) fn push(&mut self, zone: &TimeZone, seconds: u32, out: &mut Vec<u8>) {
        if self.last.is_none_or(|(last, _)| last != seconds) {
            self.last = Some((seconds, local_time(zone, seconds)));
        }
        if let Some((_, text)) = &self.last {
            out.extend_from_slice(text);
        }
    }
}

impl Clock {
    /// Microseconds since 1970 UTC as `YYYY-MM-DD hh:mm:ss.ffffff ZONE`, in this zone.
    pub(super) fn push_micros(&mut self, zone: &TimeZone, time: u64, out: &mut Vec<u8>) {
        let (seconds, fraction) = (time / 1_000_000, time % 1_000_000);
        let known = self.commit.take().filter(|(known, ..)| *known == seconds);
        let (_, moment, name) = self.commit.insert(known.unwrap_or_else(|| {
            let moment = Timestamp::from_second(i64::try_from(seconds).unwrap_or(0)).unwrap_or_default();
            let local = moment.to_zoned(zone.clone());
            let text = |format| local.strftime(format).to_string();
            (seconds, text("%Y-%m-%d %H:%M:%S"), text("%Z"))
        }));
        out.extend(moment.as_bytes());
        out.push(b'.');
        padded(out, fraction, 6);
        out.push(b' ');
        out.extend(name.as_bytes());
    }
}

fn local_time(zone: &TimeZone, seconds: u32) -> [u8; 15] {
    let moment = Timestamp::from_second(i64::from(seconds)).unwrap_or_default();
    let local = moment.to_zoned(zone.clone());
    let mut text = Vec::with_capacity(15);
    padded(&mut text, (local.year() % 100) as u64, 2);
    padded(&mut text, local.month() as u64, 2);
    padded(&mut text, local.day() as u64, 2);
    text.extend_from_slice(if local.hour() < 10 { b"  " } else { b" " });
    decimal(&mut text, local.hour() as u64);
    text.push(b':');
    padded(&mut text, local.minute() as u64, 2);
    text.push(b':');
    padded(&mut text, local.second() as u64, 2);
    text.first_chunk().copied().unwrap_or([b' '; 15])
}

/// Bytes of the line, about.
const LONGEST: usize = 128;

/// Appends the line up to where each kind of event goes on. `hexdump` is the position that the dump counts from.
pub(super) fn push(clock: &mut Clock, zone: &TimeZone, raw: &RawEvent<'_>, hexdump: Option<u64>, out: &mut Vec<u8>) {
    out.reserve(LONGEST);
    out.push(b'#');
    clock.push(zone, raw.header.timestamp, out);
    out.extend_from_slice(b" server id ");
    decimal(out, raw.header.server_id);
    out.extend_from_slice(b"  end_log_pos ");
    decimal(out, raw.header.log_pos);
    out.push(b' ');
    if has_checksum(raw) {
        let checksum = raw.bytes().last_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
        out.extend_from_slice(b"CRC32 0x");
        out.extend_from_slice(&hex_eight(checksum));
        out.push(b' ');
    }
    if let Some(from) = hexdump {
        dump(raw.bytes(), from, out);
    }
}

/// A format description has one even where its last byte says that its log has none.
fn has_checksum(raw: &RawEvent<'_>) -> bool {
    const NONE: [u8; 2] = [0, 255];
    let is_description = raw.header.event_type == EventType::FORMAT_DESCRIPTION;
    let says_none = || raw.body().last().is_none_or(|algorithm| NONE.contains(algorithm));
    raw.checksum() != ChecksumAlgorithm::None && !(is_description && says_none())
}

fn dump(bytes: &[u8], from: u64, out: &mut Vec<u8>) {
    let (header, body) = bytes.split_at_checked(HEADER_LEN).unwrap_or((bytes, &[]));
    out.extend(b"\n# Position  Timestamp   Type   Source ID        Size      Source Pos    Flags \n# ");
    hex_padded(out, from, 8);
    for (index, byte) in header.iter().enumerate() {
        // Between fields there is more room.
        out.extend(if matches!(index, 4 | 5 | 9 | 13 | 17) {
            &b"   "[..]
        } else {
            b" "
        });
        hex_padded(out, u64::from(*byte), 2);
    }
    out.push(b'\n');
    for (index, line) in body.chunks(16).enumerate() {
        dump_line(line, from + (HEADER_LEN + 16 * index) as u64, out);
    }
    out.extend(b"# ");
}

fn dump_line(bytes: &[u8], from: u64, out: &mut Vec<u8>) {
    out.extend(b"# ");
    hex_padded(out, from, 8);
    out.push(b' ');
    let start = out.len();
    for (index, byte) in bytes.iter().enumerate() {
        out.extend(if index > 7 { &b" "[..] } else { b"" });
        hex_padded(out, u64::from(*byte), 2);
        out.extend(if index > 7 { &b""[..] } else { b" " });
    }
    out.resize(start + 48, b' ');
    out.extend(b" |");
    let shown = |byte: &u8| if byte.is_ascii_alphanumeric() { *byte } else { b'.' };
    out.extend(bytes.iter().map(shown));
    out.extend(b"|\n");
}
