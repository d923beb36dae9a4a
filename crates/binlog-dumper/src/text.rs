//! Times as text.

use jiff::Timestamp;

/// Seconds since 1970 UTC as RFC 3339: `2026-11-22T10:00:00Z`.
pub(crate) fn rfc3339(seconds: u32) -> String {
    Timestamp::from_second(i64::from(seconds))
        .unwrap_or_default()
        .to_string()
}

/// Microseconds since 1970 UTC as RFC 3339, always with six digits: `2026-11-22T10:00:00.000000Z`.
pub(crate) fn rfc3339_micros(microseconds: u64) -> String {
    let signed = i64::try_from(microseconds).unwrap_or_default();
    format!("{:.6}", Timestamp::from_microsecond(signed).unwrap_or_default())
}

/// The text of the last second: many events have the same one.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    last: Option<(u32, String)>,
}

impl Clock {
    /// Seconds since 1970 UTC for people: `2026-11-22 10:00:00 UTC`.
    pub(crate) fn for_people(&mut self, seconds: u32) -> &str {
        let last = self.last.take().filter(|(last, _)| *last == seconds);
        let (_, text) = self.last.insert(last.unwrap_or_else(|| (seconds, for_people(seconds))));
        text
    }
}

/// Seconds since 1970 UTC for people: `2026-11-22 10:00:00 UTC`.
pub(crate) fn for_people(seconds: u32) -> String {
    let text = rfc3339(seconds).replace('T', " ");
    format!("{} UTC", text.trim_end_matches('Z'))
}

#[cfg(test)]
mod tests {
    use super::{for_people, rfc3339, rfc3339_micros};

    #[test]
    fn times() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(u32::MAX), "2106-02-07T06:28:15Z");
        assert_eq!(rfc3339_micros(1_000_000_000_000_001), "2001-09-09T01:46:40.000001Z");
        assert_eq!(for_people(1_000_000_000), "2001-09-09 01:46:40 UTC");
    }
}
