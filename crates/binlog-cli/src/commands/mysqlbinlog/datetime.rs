//! Dates with times as MySQL reads them, in the local time zone.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::messages::{Ending, Messages};

/// Seconds since 1970 UTC of a date with a time; 0 for one that MySQL has no seconds for.
///
/// # Errors
/// It is none, which was said.
pub(super) fn seconds(text: &str, messages: &mut Messages<'_>) -> Result<i64, Ending> {
    match parse(text) {
        Some(fields) => Ok(fields.seconds(&TimeZone::system())),
        None => {
            messages.error(format_args!("Incorrect date and time argument: {text}"));
            Err(Ending::FAILURE)
        }
    }
}

/// Year, month, day, hour, minute, second as they are written: month and day may be 0, and the day too large for its month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fields([u32; 6]);

/// `None` where it is no date, has no time, is followed by anything, or names a zone.
fn parse(text: &str) -> Option<Fields> {
    let text = text.trim_matches(is_space);
    let digits = text
        .find(|c: char| !c.is_ascii_digit() && c != 'T')
        .unwrap_or(text.len());
    let compact = matches!(text.as_bytes().get(digits), None | Some(b'.'));
    let (mut fields, count, year_len) = scan(text, compact.then_some(digits))?;
    if year_len == 2 && fields.iter().any(|field| *field > 0) {
        fields[0] += if fields[0] < 70 { 2000 } else { 1900 };
    }
    let largest = [9999, 12, 31, 23, 59, 59];
    let fits = fields.iter().zip(largest).all(|(field, largest)| *field <= largest);
    (fits && count > 3).then_some(Fields(fields))
}

/// The fields, how many there are, and how many digits the year has. `digits` says how many there are in a row where there
/// is nothing between the fields.
fn scan(text: &str, digits: Option<usize>) -> Option<([u32; 6], usize, usize)> {
    let compact_year = digits.map(|digits| if matches!(digits, 4 | 8 | 14..) { 4 } else { 2 });
    let (mut fields, mut count, mut year_len) = ([0; 6], 0, 0);
    let mut rest = text;
    for (number, field) in fields.iter_mut().enumerate() {
        let width = compact_year.map_or(usize::MAX, |year| if number == 0 { year } else { 2 });
        let len = rest.bytes().take(width).take_while(u8::is_ascii_digit).count();
        let (digits, after) = rest.split_at_checked(len).filter(|_| len > 0)?;
        *field = digits.parse().ok().filter(|field| *field <= 999_999)?;
        year_len = if number == 0 { len } else { year_len };
        (rest, count) = (after, number + 1);
        if rest.is_empty() || number == 5 {
            break;
        }
        rest = between(rest, number)?;
    }
    has_no_more(rest).then_some((fields, count, year_len))
}

/// What follows the marks after a field. Space is for after the day alone, and so is a `T`.
fn between(rest: &str, number: usize) -> Option<&str> {
    const DAY: usize = 2;
    if let Some(rest) = rest.strip_prefix('T').filter(|_| number == DAY) {
        return Some(rest);
    }
    let end = rest
        .find(|c: char| !c.is_ascii_punctuation() && !is_space(c))
        .unwrap_or(rest.len());
    let (marks, rest) = rest.split_at_checked(end)?;
    (number == DAY || !marks.contains(is_space)).then_some(rest)
}

/// Whether nothing but a fraction follows the seconds.
fn has_no_more(rest: &str) -> bool {
    let fraction = rest.strip_prefix('.').unwrap_or(rest);
    fraction.len() < rest.len() && fraction.bytes().all(|byte| byte.is_ascii_digit()) || rest.is_empty()
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\x0b' | '\x0c' | '\r')
}

impl Fields {
    /// The server knows the seconds of 1970 up to 3001-01-18.
    fn seconds(self, zone: &TimeZone) -> i64 {
        let Self([year, month, day, ..]) = self;
        let early = year < 1969 || year == 1969 && (month < 12 || day < 31);
        let late = year > 3001 || year == 3001 && (month > 1 || day > 18);
        match early || late {
            true => 0,
            false => self.zoned(zone).unwrap_or_default().max(0),
        }
    }

    fn zoned(self, zone: &TimeZone) -> Option<i64> {
        let local = self.local()?;
        let ambiguous = zone.to_ambiguous_timestamp(local);
        match ambiguous.offset() {
            // The clock was put forward over it: the first second after that counts.
            AmbiguousOffset::Gap { before, .. } => {
                let late = before.to_timestamp(local).ok()?;
                let earlier = late.checked_sub(SignedDuration::from_hours(24)).ok()?;
                let change = zone.following(earlier).next()?.timestamp();
                Some(change.as_second())
            }
            _ => ambiguous.compatible().ok().map(Timestamp::as_second),
        }
    }

    /// Days beyond a month's end are those of the next; a month or day 0 is the one before the first.
    fn local(self) -> Option<DateTime> {
        let [year, month, day, hour, minute, second] = self.0.map(i64::from);
        let month = month - 1;
        let (year, month) = (year + month.div_euclid(12), month.rem_euclid(12) + 1);
        let first = Date::new(year.try_into().ok()?, month.try_into().ok()?, 1).ok()?;
        let date = first.checked_add(SignedDuration::from_hours((day - 1) * 24)).ok()?;
        let time = Time::new(
            hour.try_into().ok()?,
            minute.try_into().ok()?,
            second.try_into().ok()?,
            0,
        )
        .ok()?;
        Some(date.to_datetime(time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let full = Some([2023, 11, 14, 22, 13, 20]);
        for (text, expected) in [
            ("2023-11-14 22:13:20", full),
            ("20231114221320", full),
            ("231114221320", full),
            ("20231114221320.5", full),
            ("20231114T221320", full),
            ("2023-11-14T22:13:20", full),
            ("2023-11-14 22:13:20.12345678", full),
            ("2023-11-14 22:13:20.", full),
            (" 2023-11-14  22:13:20 ", full),
            ("2023/11/14 22.13.20", full),
            ("2023^11^14 22^13^20", full),
            ("2023--11-14 :22:13:20", full),
            ("23-11-14 22:13:20", full),
            ("70-1-1 1:2:3", Some([1970, 1, 1, 1, 2, 3])),
            ("69-1-1 1:2:3", Some([2069, 1, 1, 1, 2, 3])),
            ("2023-11-14 22", Some([2023, 11, 14, 22, 0, 0])),
            ("2023-02-30 01:02:03", Some([2023, 2, 30, 1, 2, 3])),
            ("2023-00-00 00:00:00", Some([2023, 0, 0, 0, 0, 0])),
            ("0000-00-00 00:00:00", Some([0; 6])),
            ("2023-11-14", None),
            ("20231114", None),
            ("2023111422", None),
            ("202311142213", None),
            ("12345", None),
            ("", None),
            ("now", None),
            ("2023-13-01 00:00:00", None),
            ("2023-02-32 01:02:03", None),
            ("2023-11-14 24:00:00", None),
            ("2023-11-14 23:59:60", None),
            ("2023-11-14 22:13:20Z", None),
            ("2023-11-14 22:13:20+02:00", None),
            ("2023-11-14 22:13:20 and more", None),
            ("2023-11-14t22:13:20", None),
            ("2023 11 14 22 13 20", None),
        ] {
            assert_eq!(parse(text).map(|Fields(fields)| fields), expected, "{text:?}");
        }
    }

    #[test]
    fn instants() {
        let berlin = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let check = |text: &str, zone: &TimeZone, expected: i64| {
            assert_eq!(parse(text).unwrap().seconds(zone), expected, "{text}");
        };
        check("2023-11-14 22:13:20", &TimeZone::UTC, 1_700_000_000);
        check("1970-01-01 00:00:01", &TimeZone::UTC, 1);
        check("1969-12-31 23:59:59", &TimeZone::UTC, 0);
        check("3001-01-19 00:00:00", &TimeZone::UTC, 0);
        check("9999-12-31 00:00:00", &TimeZone::UTC, 0);
        check("2023-02-30 00:00:00", &TimeZone::UTC, 1_677_715_200);
        check("2023-11-14 23:13:20", &berlin, 1_700_000_000);
        check("2026-03-29 02:30:00", &berlin, 1_774_746_000);
    }
}
