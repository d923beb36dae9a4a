//! DATE, TIME, DATETIME and TIMESTAMP in all stored forms.
//!
//! Layouts: `my_datetime_packed_to_binary` and its siblings in the servers' `my_time.cc`; the old
//! ones (before MySQL 5.6.4 and in tables made there) in `sql/field.cc`.

mod encode;
mod mariadb53;

use std::fmt;

use crate::error::FieldError;
use crate::reader::Reader;

/// DATE. Zero and partial dates (month or day 0) are values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date {
    /// 0 to 9999
    pub year: u16,
    /// 0 to 12
    pub month: u8,
    /// 0 to 31
    pub day: u8,
}

/// TIME: from -838:59:59 to 838:59:59.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time {
    /// Sign.
    pub negative: bool,
    /// 0 to 838
    pub hours: u16,
    /// 0 to 59
    pub minutes: u8,
    /// 0 to 59
    pub seconds: u8,
    /// 0 to 999999
    pub microseconds: u32,
    /// Fraction digits of the column, 0 to 6.
    pub decimals: u8,
}

/// DATETIME, in no time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateTime {
    /// Date part.
    pub date: Date,
    /// 0 to 23
    pub hours: u8,
    /// 0 to 59
    pub minutes: u8,
    /// 0 to 59
    pub seconds: u8,
    /// 0 to 999999
    pub microseconds: u32,
    /// Fraction digits of the column, 0 to 6.
    pub decimals: u8,
}

/// TIMESTAMP: an instant; 0 seconds and 0 microseconds is the zero date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timestamp {
    /// Seconds since 1970 UTC. MariaDB 11.5 on uses all 32 bits unsigned.
    pub seconds: u32,
    /// 0 to 999999
    pub microseconds: u32,
    /// Fraction digits of the column, 0 to 6.
    pub decimals: u8,
}

impl Date {
    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self, FieldError> {
        let bits = reader.uint(3, "DATE")?;
        Ok(Self {
            year: (bits >> 9) as u16,
            month: (bits >> 5 & 15) as u8,
            day: (bits & 31) as u8,
        })
    }

    /// Of year and month as one number in base 13, and the day.
    fn packed(year_month: u64, day: u64) -> Self {
        Self {
            year: (year_month / 13) as u16,
            month: (year_month % 13) as u8,
            day: day as u8,
        }
    }
}

impl Time {
    /// The form of before 5.6.4: `hhmmss` as a number.
    pub(crate) fn decode_old(reader: &mut Reader<'_>) -> Result<Self, FieldError> {
        let value = (reader.uint(3, "TIME")? << 40) as i64 >> 40;
        let digits = value.unsigned_abs();
        let (minutes, seconds) = (digits / 100 % 100, digits % 100);
        if minutes > 59 || seconds > 59 {
            return Err(not_old("TIME", digits));
        }
        Ok(Self {
            negative: value < 0,
            hours: (digits / 10_000) as u16,
            minutes: minutes as u8,
            seconds: seconds as u8,
            microseconds: 0,
            decimals: 0,
        })
    }

    /// A sign, bits for each unit, and the fraction, as one number.
    pub(crate) fn decode(reader: &mut Reader<'_>, decimals: u8) -> Result<Self, FieldError> {
        let len = fraction_len(decimals)?;
        let stored = reader.uint_be(3 + len, "TIME2")? as i64;
        let value = stored - (0x80_0000 << (8 * len));
        let bits = value.unsigned_abs();
        let whole = bits >> (8 * len);
        if whole >> 22 != 0 {
            return Err(unused_bits("TIME2", stored as u64));
        }
        Ok(Self {
            negative: value < 0,
            hours: (whole >> 12) as u16,
            minutes: (whole >> 6 & 63) as u8,
            seconds: (whole & 63) as u8,
            microseconds: microseconds(bits & ((1 << (8 * len)) - 1), len),
            decimals,
        })
    }
}

impl DateTime {
    /// The form of before 5.6.4: `yyyymmddhhmmss` as a number.
    pub(crate) fn decode_old(reader: &mut Reader<'_>) -> Result<Self, FieldError> {
        let digits = reader.u64("DATETIME")?;
        let (date, time) = (digits / 1_000_000, digits % 1_000_000);
        let (month, day) = (date / 100 % 100, date % 100);
        let (hours, minutes, seconds) = (time / 10_000, time / 100 % 100, time % 100);
        let good = date <= 99_991_231 && month <= 12 && day <= 31 && hours <= 23 && minutes <= 59 && seconds <= 59;
        if !good {
            return Err(not_old("DATETIME", digits));
        }
        Ok(Self {
            date: Date {
                year: (date / 10_000) as u16,
                month: month as u8,
                day: day as u8,
            },
            hours: hours as u8,
            minutes: minutes as u8,
            seconds: seconds as u8,
            microseconds: 0,
            decimals: 0,
        })
    }

    /// A sign that is always set, bits for each unit, then the fraction.
    pub(crate) fn decode(reader: &mut Reader<'_>, decimals: u8) -> Result<Self, FieldError> {
        let len = fraction_len(decimals)?;
        let stored = reader.uint_be(5, "DATETIME2")?;
        let Some(bits) = stored.checked_sub(0x80_0000_0000) else {
            return Err(unused_bits("DATETIME2", stored));
        };
        let fraction = reader.uint_be(len, "DATETIME2")?;
        Ok(Self {
            date: Date::packed(bits >> 22, bits >> 17 & 31),
            hours: (bits >> 12 & 31) as u8,
            minutes: (bits >> 6 & 63) as u8,
            seconds: (bits & 63) as u8,
            microseconds: microseconds(fraction, len),
            decimals,
        })
    }
}

impl Timestamp {
    pub(crate) fn decode_old(reader: &mut Reader<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            seconds: reader.u32("TIMESTAMP")?,
            microseconds: 0,
            decimals: 0,
        })
    }

    pub(crate) fn decode(reader: &mut Reader<'_>, decimals: u8) -> Result<Self, FieldError> {
        let len = fraction_len(decimals)?;
        let seconds = reader.uint_be(4, "TIMESTAMP2")? as u32;
        let microseconds = microseconds(reader.uint_be(len, "TIMESTAMP2")?, len);
        Ok(Self {
            seconds,
            microseconds,
            decimals,
        })
    }

    /// Whether it is the zero date, `0000-00-00 00:00:00`.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.seconds == 0 && self.microseconds == 0
    }

    /// Date and time of day in UTC; the zero date stays zero.
    #[must_use]
    pub fn to_utc(&self) -> DateTime {
        let second_of_day = self.seconds % 86_400;
        DateTime {
            date: if self.is_zero() {
                Date {
                    year: 0,
                    month: 0,
                    day: 0,
                }
            } else {
                date_of_day(self.seconds / 86_400)
            },
            hours: (second_of_day / 3600) as u8,
            minutes: (second_of_day / 60 % 60) as u8,
            seconds: (second_of_day % 60) as u8,
            microseconds: self.microseconds,
            decimals: self.decimals,
        }
    }
}

/// Date of a day since 1970-01-01, in the Gregorian calendar: eras of 400 years that begin in March.
fn date_of_day(day: u32) -> Date {
    let day = day + 719_468;
    let (era, day_of_era) = (day / 146_097, day % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    Date {
        year: (era * 400 + year_of_era + u32::from(month <= 2)) as u16,
        month: month as u8,
        day: (day_of_year - (153 * from_march + 2) / 5 + 1) as u8,
    }
}

/// Where a column has fraction digits and MariaDB's `mysql56_temporal_format` is OFF, the log has the old type's
/// code and a longer value, and nothing that tells so.
fn not_old(field: &'static str, value: u64) -> FieldError {
    FieldError::Invalid {
        field,
        value,
        why: "is none of the form before MySQL 5.6.4 (the table map does not tell the fractions of MariaDB 5.3's form)",
    }
}

/// A sign or a bit that no value of the servers has.
fn unused_bits(field: &'static str, value: u64) -> FieldError {
    FieldError::Invalid {
        field,
        value,
        why: "has bits that no value has",
    }
}

/// Bytes of a fraction of so many digits.
fn fraction_len(decimals: u8) -> Result<usize, FieldError> {
    match decimals {
        0..=6 => Ok(usize::from(decimals).div_ceil(2)),
        _ => Err(FieldError::Invalid {
            field: "fraction digits",
            value: decimals.into(),
            why: "is more than 6",
        }),
    }
}

/// A fraction of `len` bytes counts hundredths, ten-thousandths or millionths.
fn microseconds(fraction: u64, len: usize) -> u32 {
    let unit = match len {
        1 => 10_000,
        2 => 100,
        _ => 1,
    };
    (fraction * unit) as u32
}

/// Appends the fraction of a second with its point, where the column has one.
fn fmt_fraction(f: &mut fmt::Formatter<'_>, microseconds: u32, decimals: u8) -> fmt::Result {
    match usize::from(decimals.min(6)) {
        0 => Ok(()),
        digits => {
            let scaled = microseconds / 10_u32.pow(6 - digits as u32);
            write!(f, ".{scaled:0digits$}")
        }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.negative { "-" } else { "" };
        write!(f, "{sign}{:02}:{:02}:{:02}", self.hours, self.minutes, self.seconds)?;
        fmt_fraction(f, self.microseconds, self.decimals)
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {:02}:{:02}:{:02}",
            self.date, self.hours, self.minutes, self.seconds
        )?;
        fmt_fraction(f, self.microseconds, self.decimals)
    }
}

impl fmt::Display for Timestamp {
    /// Seconds since 1970 with the column's fraction digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.seconds)?;
        fmt_fraction(f, self.microseconds, self.decimals)
    }
}

#[cfg(test)]
mod tests;
