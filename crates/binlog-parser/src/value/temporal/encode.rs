//! The way back of each stored form.

use super::{Date, DateTime, Time, Timestamp, fraction_len};
use crate::error::FieldError;

impl Date {
    pub(crate) fn encode(&self, out: &mut Vec<u8>) -> Result<(), FieldError> {
        within("DATE", self.year.into(), 0x7fff)?;
        within("month", self.month.into(), 15)?;
        within("day", self.day.into(), 31)?;
        let bits = u32::from(self.year) << 9 | u32::from(self.month) << 5 | u32::from(self.day);
        out.extend(bits.to_le_bytes().iter().take(3));
        Ok(())
    }
}

impl Time {
    pub(crate) fn encode_old(&self, out: &mut Vec<u8>) -> Result<(), FieldError> {
        let digits = clock(self.hours.into(), self.minutes, self.seconds, 838)?;
        no_fraction("TIME", self.microseconds)?;
        let value = if self.negative { -(digits as i64) } else { digits as i64 };
        out.extend(value.to_le_bytes().iter().take(3));
        Ok(())
    }

    pub(crate) fn encode(&self, decimals: u8, out: &mut Vec<u8>) -> Result<(), FieldError> {
        let len = fraction_len(decimals)?;
        within("hours", self.hours.into(), 1023)?;
        let whole = u64::from(self.hours) << 12 | clock_bits(self.minutes, self.seconds)?;
        let bits = (whole << (8 * len) | fraction(self.microseconds, len)?) as i64;
        let value = (0x80_0000 << (8 * len)) + if self.negative { -bits } else { bits };
        put_be(value as u64, 3 + len, out);
        Ok(())
    }
}

impl DateTime {
    pub(crate) fn encode_old(&self, out: &mut Vec<u8>) -> Result<(), FieldError> {
        let date = &self.date;
        within("DATETIME", date.year.into(), 9999)?;
        within("month", date.month.into(), 12)?;
        within("day", date.day.into(), 31)?;
        no_fraction("DATETIME", self.microseconds)?;
        let day = u64::from(date.year) * 10_000 + u64::from(date.month) * 100 + u64::from(date.day);
        let time = clock(self.hours.into(), self.minutes, self.seconds, 23)?;
        out.extend((day * 1_000_000 + time).to_le_bytes());
        Ok(())
    }

    pub(crate) fn encode(&self, decimals: u8, out: &mut Vec<u8>) -> Result<(), FieldError> {
        let len = fraction_len(decimals)?;
        let date = &self.date;
        within("month", date.month.into(), 12)?;
        within("day", date.day.into(), 31)?;
        within("hours", self.hours.into(), 31)?;
        let year_month = u64::from(date.year) * 13 + u64::from(date.month);
        within("DATETIME2", year_month, 0x1_ffff)?;
        let day = year_month << 5 | u64::from(date.day);
        let time = u64::from(self.hours) << 12 | clock_bits(self.minutes, self.seconds)?;
        put_be(0x80_0000_0000 | day << 17 | time, 5, out);
        put_be(fraction(self.microseconds, len)?, len, out);
        Ok(())
    }
}

impl Timestamp {
    pub(crate) fn encode_old(&self, out: &mut Vec<u8>) -> Result<(), FieldError> {
        no_fraction("TIMESTAMP", self.microseconds)?;
        out.extend(self.seconds.to_le_bytes());
        Ok(())
    }

    pub(crate) fn encode(&self, decimals: u8, out: &mut Vec<u8>) -> Result<(), FieldError> {
        let len = fraction_len(decimals)?;
        out.extend(self.seconds.to_be_bytes());
        put_be(fraction(self.microseconds, len)?, len, out);
        Ok(())
    }
}

/// Seconds of a time of day, or of a TIME.
pub(super) fn clock_seconds(hours: u64, minutes: u8, seconds: u8, most_hours: u64) -> Result<u64, FieldError> {
    clock(hours, minutes, seconds, most_hours)?;
    Ok(hours * 3600 + u64::from(minutes) * 60 + u64::from(seconds))
}

/// `hhmmss` as a number.
fn clock(hours: u64, minutes: u8, seconds: u8, most_hours: u64) -> Result<u64, FieldError> {
    within("hours", hours, most_hours)?;
    within("minutes", minutes.into(), 59)?;
    within("seconds", seconds.into(), 59)?;
    Ok(hours * 10_000 + u64::from(minutes) * 100 + u64::from(seconds))
}

/// Six bits for minutes, six for seconds.
fn clock_bits(minutes: u8, seconds: u8) -> Result<u64, FieldError> {
    within("minutes", minutes.into(), 63)?;
    within("seconds", seconds.into(), 63)?;
    Ok(u64::from(minutes) << 6 | u64::from(seconds))
}

/// The fraction in the units of `len` bytes.
fn fraction(microseconds: u32, len: usize) -> Result<u64, FieldError> {
    let value = fraction_of(
        microseconds,
        [1, 100, 10_000, 1_000_000].get(len).copied().unwrap_or(1_000_000),
    )?;
    within("microseconds", value, (1 << (8 * len)) - 1)?;
    Ok(value)
}

/// The fraction in units of which so many are a second.
pub(super) fn fraction_of(microseconds: u32, units: u64) -> Result<u64, FieldError> {
    let unit = 1_000_000 / units;
    match u64::from(microseconds) {
        value if value.is_multiple_of(unit) => Ok(value / unit),
        value => Err(invalid("microseconds", value, "has more digits than the column")),
    }
}

fn no_fraction(field: &'static str, microseconds: u32) -> Result<(), FieldError> {
    match microseconds {
        0 => Ok(()),
        _ => Err(invalid(
            field,
            microseconds.into(),
            "microseconds do not fit the old form",
        )),
    }
}

/// The lowest `len` bytes, the highest of them first.
pub(super) fn put_be(value: u64, len: usize, out: &mut Vec<u8>) {
    out.extend(value.to_be_bytes().iter().skip(8 - len));
}

pub(super) fn within(field: &'static str, value: u64, most: u64) -> Result<(), FieldError> {
    match value <= most {
        true => Ok(()),
        false => Err(invalid(field, value, "is more than the form can hold")),
    }
}

fn invalid(field: &'static str, value: u64, why: &'static str) -> FieldError {
    FieldError::Invalid { field, value, why }
}
