//! Fractions of a second as MariaDB 5.3 to 10.0 stored them, and later releases do with `mysql56_temporal_format=OFF`.
//!
//! One number, the highest byte first. Table maps have the codes of the types without fractions, and say nothing of
//! the digits. Layouts: `Field_time_hires`, `Field_datetime_hires` and `Field_timestamp_hires` in MariaDB's
//! `sql/field.cc`, `pack_time` in its `sql-common/my_time.c`.

use super::encode::{clock_seconds, fraction_of, put_be, within};
use super::{Date, DateTime, Time, Timestamp, fraction_len, unused_bits};
use crate::error::FieldError;
use crate::reader::Reader;

/// Bytes of a TIME with so many digits.
const TIME_LEN: [usize; 7] = [3, 4, 4, 5, 5, 5, 6];
/// Bytes of a DATETIME with so many digits.
const DATETIME_LEN: [usize; 7] = [5, 6, 6, 7, 7, 7, 8];
/// What is added to a TIME, in seconds, so that no stored number is negative.
const ZERO: i64 = 839 * 3600;

impl Time {
    /// Units of the column's last digit, with zero in the middle.
    pub(crate) fn decode_mariadb53(reader: &mut Reader<'_>, decimals: u8) -> Result<Self, FieldError> {
        let units = units(decimals)?;
        let stored = reader.uint_be(len(TIME_LEN, decimals), "TIME")?;
        let value = stored as i64 - ZERO * units as i64;
        let (seconds, fraction) = (value.unsigned_abs() / units, value.unsigned_abs() % units);
        if seconds >= ZERO.unsigned_abs() {
            return Err(unused_bits("TIME", stored));
        }
        Ok(Self {
            negative: value < 0,
            hours: (seconds / 3600) as u16,
            minutes: (seconds / 60 % 60) as u8,
            seconds: (seconds % 60) as u8,
            microseconds: (fraction * (1_000_000 / units)) as u32,
            decimals,
        })
    }

    pub(crate) fn encode_mariadb53(&self, decimals: u8, out: &mut Vec<u8>) -> Result<(), FieldError> {
        let units = units(decimals)?;
        let seconds = clock_seconds(self.hours.into(), self.minutes, self.seconds, 838)?;
        let value = (seconds * units + fraction_of(self.microseconds, units)?) as i64;
        let stored = ZERO * units as i64 + if self.negative { -value } else { value };
        put_be(stored as u64, len(TIME_LEN, decimals), out);
        Ok(())
    }
}

impl DateTime {
    /// Units of the column's last digit, counted in months of 32 days and years of 13 months.
    pub(crate) fn decode_mariadb53(reader: &mut Reader<'_>, decimals: u8) -> Result<Self, FieldError> {
        let units = units(decimals)?;
        let stored = reader.uint_be(len(DATETIME_LEN, decimals), "DATETIME")?;
        let (seconds, fraction) = (stored / units, stored % units);
        let days = seconds / 86_400;
        if days >= 10_000 * 13 * 32 {
            return Err(unused_bits("DATETIME", stored));
        }
        Ok(Self {
            date: Date::packed(days / 32, days % 32),
            hours: (seconds / 3600 % 24) as u8,
            minutes: (seconds / 60 % 60) as u8,
            seconds: (seconds % 60) as u8,
            microseconds: (fraction * (1_000_000 / units)) as u32,
            decimals,
        })
    }

    pub(crate) fn encode_mariadb53(&self, decimals: u8, out: &mut Vec<u8>) -> Result<(), FieldError> {
        let units = units(decimals)?;
        let date = &self.date;
        within("DATETIME", date.year.into(), 9999)?;
        within("month", date.month.into(), 12)?;
        within("day", date.day.into(), 31)?;
        let days = (u64::from(date.year) * 13 + u64::from(date.month)) * 32 + u64::from(date.day);
        let seconds = days * 86_400 + clock_seconds(self.hours.into(), self.minutes, self.seconds, 23)?;
        let value = seconds * units + fraction_of(self.microseconds, units)?;
        put_be(value, len(DATETIME_LEN, decimals), out);
        Ok(())
    }
}

impl Timestamp {
    /// Seconds, then units of the column's last digit.
    pub(crate) fn decode_mariadb53(reader: &mut Reader<'_>, decimals: u8) -> Result<Self, FieldError> {
        let units = units(decimals)?;
        let seconds = reader.uint_be(4, "TIMESTAMP")? as u32;
        let fraction = reader.uint_be(fraction_len(decimals)?, "TIMESTAMP")?;
        if fraction >= units {
            return Err(unused_bits("TIMESTAMP", fraction));
        }
        Ok(Self {
            seconds,
            microseconds: (fraction * (1_000_000 / units)) as u32,
            decimals,
        })
    }

    pub(crate) fn encode_mariadb53(&self, decimals: u8, out: &mut Vec<u8>) -> Result<(), FieldError> {
        out.extend(self.seconds.to_be_bytes());
        put_be(
            fraction_of(self.microseconds, units(decimals)?)?,
            fraction_len(decimals)?,
            out,
        );
        Ok(())
    }
}

/// So many units of the last digit are a second.
fn units(decimals: u8) -> Result<u64, FieldError> {
    fraction_len(decimals)?;
    Ok(10_u64.pow(decimals.into()))
}

fn len(of: [usize; 7], decimals: u8) -> usize {
    of.get(usize::from(decimals)).copied().unwrap_or_default()
}
