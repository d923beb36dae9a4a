//! Times as people write them.

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Seconds since 1970 of `2026-01-31 12:00:00` in the local time zone, or of an RFC 3339 time.
pub(crate) fn parse_time(text: &str) -> Result<u32> {
    let instant = match text.parse::<Timestamp>() {
        Ok(instant) => instant,
        Err(_) => local_time(text)?,
    };
    u32::try_from(instant.as_second()).context("the servers' logs know times from 1970 to 2106")
}

fn local_time(text: &str) -> Result<Timestamp> {
    let time: DateTime = text
        .parse()
        .context("not a time; write '2026-01-31 12:00:00' (local) or 2026-01-31T12:00:00Z")?;
    Ok(time.to_zoned(TimeZone::system())?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_zoned_times() {
        assert_eq!(parse_time("1970-01-02T00:00:00Z").unwrap(), 86_400);
        assert_eq!(parse_time("1970-01-02T01:00:00+01:00").unwrap(), 86_400);
    }

    #[test]
    fn reads_local_times() {
        let local = TimeZone::system();
        let expected = "2026-01-31 12:00:00"
            .parse::<DateTime>()
            .unwrap()
            .to_zoned(local)
            .unwrap();
        let expected = u32::try_from(expected.timestamp().as_second()).unwrap();
        assert_eq!(parse_time("2026-01-31 12:00:00").unwrap(), expected);
    }

    #[test]
    fn refuses_what_is_no_time() {
        for text in ["", "yesterday", "1969-12-31T00:00:00Z", "2200-01-01T00:00:00Z"] {
            assert!(parse_time(text).is_err(), "{text}");
        }
    }
}
