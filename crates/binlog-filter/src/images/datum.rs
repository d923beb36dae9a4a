//! Values that can be compared.

use std::borrow::Cow;
use std::cmp::Ordering;

use binlog_parser::FieldError;
use binlog_parser::event::{Column, ColumnType};
use binlog_parser::value::{CompressedValue, Date, DateTime, Time, Value};

use super::charset::Charset;

/// A value as it stands in a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Literal {
    Text(String),
    /// `[+-]digits[.digits][e[+-]digits]`
    Number(String),
}

/// What a column's values are compared as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Exact numbers: integers, DECIMAL, YEAR and BIT.
    Exact,
    /// FLOAT and DOUBLE.
    Double,
    Text(Charset),
    /// ENUM.
    Member,
    /// DATE, DATETIME, and TIMESTAMP in UTC.
    Moment,
    /// TIME.
    Duration,
    /// Nothing but NULL can be asked for.
    Nothing,
}

/// A value, ready to be compared with one of the same class.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Datum<'a> {
    Integer(i128),
    Decimal(Exact),
    Double(f64),
    Text(Cow<'a, [u8]>),
    Member(u16),
    /// Microseconds of a calendar with months of 32 days, that has a place for zero dates.
    Moment(i64),
    /// Microseconds.
    Duration(i64),
}

/// Why a value cannot be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Untold {
    /// The image does not hold the column.
    Absent,
    /// The log does not say whether the number is unsigned, and it would be another one.
    Sign,
    /// The image holds what changes of the value alone.
    Difference,
    /// A compressed value cannot be read.
    Compressed(FieldError),
}

impl Class {
    pub(super) fn of(column: &Column, charset: Charset) -> Self {
        match column.column_type {
            ColumnType::TINY
            | ColumnType::SHORT
            | ColumnType::INT24
            | ColumnType::LONG
            | ColumnType::LONGLONG
            | ColumnType::NEWDECIMAL
            | ColumnType::YEAR
            | ColumnType::BIT => Self::Exact,
            ColumnType::FLOAT | ColumnType::DOUBLE => Self::Double,
            ColumnType::VARCHAR
            | ColumnType::VAR_STRING
            | ColumnType::STRING
            | ColumnType::TINY_BLOB
            | ColumnType::MEDIUM_BLOB
            | ColumnType::LONG_BLOB
            | ColumnType::BLOB
            | ColumnType::MARIADB_BLOB_COMPRESSED
            | ColumnType::MARIADB_VARCHAR_COMPRESSED => Self::Text(charset),
            ColumnType::ENUM => Self::Member,
            ColumnType::DATE
            | ColumnType::NEWDATE
            | ColumnType::DATETIME
            | ColumnType::DATETIME2
            | ColumnType::TIMESTAMP
            | ColumnType::TIMESTAMP2 => Self::Moment,
            ColumnType::TIME | ColumnType::TIME2 => Self::Duration,
            _ => Self::Nothing,
        }
    }

    /// The literal as a value of the class. The error is what a literal should be.
    pub(super) fn constant(self, literal: &Literal, column: &Column) -> Result<Datum<'static>, String> {
        match (self, literal) {
            (Self::Exact, Literal::Number(text)) => exact(text),
            (Self::Exact, Literal::Text(_)) => Err("is a number: write it without quotes".into()),
            (Self::Double, Literal::Number(text)) => match text.parse() {
                Ok(value) => Ok(Datum::Double(value)),
                Err(_) => Err("is a number".into()),
            },
            (Self::Double, Literal::Text(_)) => Err("is a number: write it without quotes".into()),
            (Self::Text(charset), Literal::Text(text)) => match charset.takes(text) {
                Ok(()) => Ok(Datum::Text(Cow::Owned(text.clone().into_bytes()))),
                Err(why) => Err(why.into()),
            },
            (Self::Text(_), Literal::Number(number)) => Err(format!("is a text: write '{number}' in quotes")),
            (Self::Member, Literal::Text(text)) => member(text, column),
            (Self::Member, Literal::Number(_)) => Err("is an ENUM: write the member in quotes".into()),
            (Self::Moment, Literal::Text(text)) => moment(text)
                .map(Datum::Moment)
                .ok_or_else(|| "is a date: write '2026-01-31' or '2026-01-31 12:00:00'".into()),
            (Self::Duration, Literal::Text(text)) => duration(text)
                .map(Datum::Duration)
                .ok_or_else(|| "is a TIME: write '12:00:00'".into()),
            (Self::Moment | Self::Duration, Literal::Number(number)) => {
                Err(format!("is a date or time: write it in quotes, not as {number}"))
            }
            (Self::Nothing, _) => Err("is of a type that can only be asked for NULL".into()),
        }
    }

    /// Whether values of both classes can be compared.
    pub(super) fn compares_with(self, other: Self) -> bool {
        let is_number = |class| matches!(class, Self::Exact | Self::Double);
        match (self, other) {
            (Self::Member | Self::Nothing, _) => false,
            (Self::Text(one), Self::Text(other)) => one == other,
            _ => self == other || is_number(self) && is_number(other),
        }
    }
}

impl<'a> Datum<'a> {
    /// The value of a column that can be compared.
    pub(super) fn of(value: &Value<'a>, column: &Column) -> Result<Self, Untold> {
        Ok(match *value {
            Value::Int(number) if number < 0 && column.unsigned.is_none() => return Err(Untold::Sign),
            Value::Int(number) => Self::Integer(number.into()),
            Value::UInt(number) => Self::Integer(number.into()),
            Value::Year(year) => Self::Integer(year.into()),
            Value::Bit(bytes) => Self::Integer(bytes.iter().fold(0, |number, byte| number << 8 | i128::from(*byte))),
            Value::Decimal(decimal) => Self::Decimal(Exact::of(&decimal.to_string())),
            Value::Float(number) => Self::Double(number.into()),
            Value::Double(number) => Self::Double(number),
            Value::Bytes(bytes) => Self::Text(Cow::Borrowed(bytes)),
            Value::Compressed(value) => Self::Text(Cow::Owned(
                value.expand(CompressedValue::LARGEST).map_err(Untold::Compressed)?,
            )),
            Value::Enum(number) => Self::Member(number),
            Value::Date(date) => Self::Moment(micros(date, [0; 3], 0)),
            Value::DateTime(value) => Self::Moment(micros_of(value)),
            Value::Timestamp(value) => Self::Moment(micros_of(value.to_utc())),
            Value::Time(value) => Self::Duration(micros_of_time(value)),
            _ => return Err(Untold::Difference),
        })
    }

    /// The same, its text not copied.
    pub(super) fn borrowed(&self) -> Datum<'_> {
        match self {
            Self::Text(text) => Datum::Text(Cow::Borrowed(text)),
            other => other.clone(),
        }
    }

    /// How two values of classes that compare with each other stand to each other; `None` where one is no number.
    pub(super) fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Integer(one), Self::Integer(other)) => Some(one.cmp(other)),
            (Self::Text(one), Self::Text(other)) => Some(one.cmp(other)),
            (Self::Member(one), Self::Member(other)) => Some(one.cmp(other)),
            (Self::Moment(one), Self::Moment(other)) | (Self::Duration(one), Self::Duration(other)) => {
                Some(one.cmp(other))
            }
            (Self::Double(_), _) | (_, Self::Double(_)) => self.to_double()?.partial_cmp(&other.to_double()?),
            _ => Some(self.to_exact()?.compare(other.to_exact()?.as_ref())),
        }
    }

    fn to_exact(&self) -> Option<Cow<'_, Exact>> {
        match self {
            Self::Integer(number) => Some(Cow::Owned(Exact::of(&number.to_string()))),
            Self::Decimal(exact) => Some(Cow::Borrowed(exact)),
            _ => None,
        }
    }

    /// As the servers compare numbers of which one is a DOUBLE.
    fn to_double(&self) -> Option<f64> {
        match self {
            Self::Double(number) => Some(*number),
            Self::Integer(number) => Some(*number as f64),
            Self::Decimal(exact) => exact.to_string().parse().ok(),
            _ => None,
        }
    }
}

/// A decimal number of any length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Exact {
    negative: bool,
    /// Digits without leading zeros.
    whole: String,
    /// Digits without trailing zeros.
    fraction: String,
}

impl Exact {
    /// Of `[+-]digits[.digits]`.
    fn of(text: &str) -> Self {
        let digits = text.trim_start_matches(['+', '-']);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        Self {
            negative: text.starts_with('-') && !(whole.is_empty() && fraction.is_empty()),
            whole: whole.into(),
            fraction: fraction.into(),
        }
    }

    fn compare(&self, other: &Self) -> Ordering {
        let size = |one: &Self, other: &Self| {
            let whole = (one.whole.len(), &one.whole).cmp(&(other.whole.len(), &other.whole));
            whole.then_with(|| one.fraction.cmp(&other.fraction))
        };
        match (self.negative, other.negative) {
            (false, false) => size(self, other),
            (true, true) => size(other, self),
            (negative, _) => match negative {
                true => Ordering::Less,
                false => Ordering::Greater,
            },
        }
    }
}

impl std::fmt::Display for Exact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.negative { "-" } else { "" };
        write!(f, "{sign}0{}.{}0", self.whole, self.fraction)
    }
}

fn exact(text: &str) -> Result<Datum<'static>, String> {
    if text.contains(['e', 'E']) {
        return Err(format!("is an exact number: write {text} without an exponent"));
    }
    Ok(match text.parse() {
        Ok(number) => Datum::Integer(number),
        Err(_) => Datum::Decimal(Exact::of(text)),
    })
}

fn member(text: &str, column: &Column) -> Result<Datum<'static>, String> {
    if column.members.is_empty() {
        return Err("is an ENUM of which nothing tells the members".into());
    }
    let place = column.members.iter().position(|member| **member == *text.as_bytes());
    match place.and_then(|place| u16::try_from(place + 1).ok()) {
        Some(number) => Ok(Datum::Member(number)),
        None => Err(format!("is an ENUM that has no member '{text}'")),
    }
}

fn micros(date: Date, [hours, minutes, seconds]: [u8; 3], microseconds: u32) -> i64 {
    let days = (i64::from(date.year) * 13 + i64::from(date.month)) * 32 + i64::from(date.day);
    let seconds = ((days * 24 + i64::from(hours)) * 60 + i64::from(minutes)) * 60 + i64::from(seconds);
    seconds * 1_000_000 + i64::from(microseconds)
}

fn micros_of(value: DateTime) -> i64 {
    micros(
        value.date,
        [value.hours, value.minutes, value.seconds],
        value.microseconds,
    )
}

fn micros_of_time(time: Time) -> i64 {
    let minutes = i64::from(time.hours) * 60 + i64::from(time.minutes);
    let micros = (minutes * 60 + i64::from(time.seconds)) * 1_000_000 + i64::from(time.microseconds);
    if time.negative { -micros } else { micros }
}

/// `2026-01-31[ 12:00:00[.123456]]`
fn moment(text: &str) -> Option<i64> {
    let (date, time) = text.split_once([' ', 'T']).unwrap_or((text, "00:00:00"));
    let mut parts = date.splitn(3, '-');
    let date = Date {
        year: digits(parts.next()?, 9999)?,
        month: digits(parts.next()?, 12)?,
        day: digits(parts.next()?, 31)?,
    };
    let (hours, minutes, seconds, microseconds) = clock(time, 23)?;
    Some(micros(date, [hours as u8, minutes, seconds], microseconds))
}

/// `[-]12:00:00[.123456]`
fn duration(text: &str) -> Option<i64> {
    let (hours, minutes, seconds, microseconds) = clock(text.strip_prefix('-').unwrap_or(text), 838)?;
    Some(micros_of_time(Time {
        negative: text.starts_with('-'),
        hours,
        minutes,
        seconds,
        microseconds,
        decimals: 6,
    }))
}

fn clock(text: &str, most_hours: u16) -> Option<(u16, u8, u8, u32)> {
    let (text, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let mut parts = text.splitn(3, ':');
    let (hours, minutes) = (digits(parts.next()?, most_hours)?, digits(parts.next()?, 59)?);
    let seconds = digits(parts.next()?, 59)?;
    let padded = format!("{fraction:0<6}");
    (padded.len() == 6).then_some((hours, minutes, seconds, digits(&padded, 999_999)?))
}

fn digits<T: std::str::FromStr + PartialOrd>(text: &str, most: T) -> Option<T> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| is_number && *number <= most)
}
