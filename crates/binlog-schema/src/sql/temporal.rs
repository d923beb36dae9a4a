//! Dates and times as text.

use std::fmt::{self, Display};

use binlog_parser::value::{Date, DateTime, Time, Timestamp};

/// A DATE, TIME, DATETIME or TIMESTAMP (in UTC) as the servers write and read it.
pub(super) struct Text<T>(pub(super) T);

impl Display for Text<Date> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Date { year, month, day } = self.0;
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl Display for Text<Time> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = self.0;
        let sign = if time.negative { "-" } else { "" };
        write!(f, "{sign}{:02}:{:02}:{:02}", time.hours, time.minutes, time.seconds)?;
        fraction(f, time.microseconds, time.decimals)
    }
}

impl Display for Text<DateTime> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DateTime {
            date,
            hours,
            minutes,
            seconds,
            ..
        } = self.0;
        write!(f, "{} {hours:02}:{minutes:02}:{seconds:02}", Text(date))?;
        fraction(f, self.0.microseconds, self.0.decimals)
    }
}

impl Display for Text<Timestamp> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Timestamp {
            seconds,
            microseconds,
            decimals,
        } = self.0;
        let date = if seconds == 0 && microseconds == 0 {
            ZERO
        } else {
            civil(seconds / 86_400)
        };
        Text(DateTime {
            date,
            hours: (seconds / 3600 % 24) as u8,
            minutes: (seconds / 60 % 60) as u8,
            seconds: (seconds % 60) as u8,
            microseconds,
            decimals,
        })
        .fmt(f)
    }
}

const ZERO: Date = Date {
    year: 0,
    month: 0,
    day: 0,
};

fn fraction(f: &mut fmt::Formatter<'_>, microseconds: u32, decimals: u8) -> fmt::Result {
    let decimals = u32::from(decimals.min(6));
    if decimals == 0 {
        return Ok(());
    }
    let digits = microseconds / 10_u32.pow(6 - decimals);
    write!(f, ".{digits:0width$}", width = decimals as usize)
}

/// Date of a day since 1970-01-01, in the Gregorian calendar; eras of 400 years begin in March.
fn civil(days: u32) -> Date {
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let january = month >= 10;
    Date {
        year: (era * 400 + year + u32::from(january)) as u16,
        month: (if january { month - 9 } else { month + 3 }) as u8,
        day: (day - (153 * month + 2) / 5 + 1) as u8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps() {
        check(0, 0, 0, "0000-00-00 00:00:00");
        check(1, 0, 0, "1970-01-01 00:00:01");
        check(951_782_400, 120_000, 2, "2000-02-29 00:00:00.12");
        check(1_700_000_000, 123_456, 6, "2023-11-14 22:13:20.123456");
        check(2_147_483_647, 0, 3, "2038-01-19 03:14:07.000");
        check(u32::MAX, 0, 0, "2106-02-07 06:28:15");
    }

    #[test]
    fn times() {
        let time = Time {
            negative: true,
            hours: 838,
            minutes: 59,
            seconds: 9,
            microseconds: 1,
            decimals: 6,
        };
        assert_eq!(Text(time).to_string(), "-838:59:09.000001");
        let time = Time {
            negative: false,
            hours: 1,
            minutes: 2,
            seconds: 3,
            microseconds: 0,
            decimals: 0,
        };
        assert_eq!(Text(time).to_string(), "01:02:03");
    }

    fn check(seconds: u32, microseconds: u32, decimals: u8, expected: &str) {
        assert_eq!(
            Text(Timestamp {
                seconds,
                microseconds,
                decimals
            })
            .to_string(),
            expected
        );
    }
}
