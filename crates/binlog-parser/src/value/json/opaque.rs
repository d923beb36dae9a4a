//! Values of column types that JSON does not have.

use super::token::not_utf8;
use crate::error::FieldError;
use crate::event::ColumnType;
use crate::reader::Reader;
use crate::value::{Date, DateTime, Decimal, Time};

/// A value of a column type that JSON does not have, in the form that documents have for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonOpaque<'a> {
    /// The column type.
    pub column_type: ColumnType,
    /// The value's bytes.
    pub data: &'a [u8],
}

/// What the bytes of a [`JsonOpaque`] say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum JsonTyped<'a> {
    /// DECIMAL.
    Decimal(Decimal<'a>),
    /// DATE.
    Date(Date),
    /// TIME, with six fraction digits.
    Time(Time),
    /// DATETIME, with six fraction digits.
    DateTime(DateTime),
    /// TIMESTAMP: what it was in the time zone of the session that stored it, with six fraction digits.
    Timestamp(DateTime),
    /// A text that is stored like a binary value; the server prints it as text.
    Text(&'a str),
    /// A binary value of this or another type.
    Bytes(&'a [u8]),
}

impl<'a> JsonOpaque<'a> {
    /// The value.
    ///
    /// # Errors
    /// The bytes are not a value of the type.
    pub fn value(&self) -> Result<JsonTyped<'a>, FieldError> {
        let mut reader = Reader::new(self.data);
        let value = match self.column_type {
            ColumnType::NEWDECIMAL => {
                let (precision, scale) = (reader.u8("precision")?, reader.u8("scale")?);
                JsonTyped::Decimal(Decimal::decode(&mut reader, precision, scale)?)
            }
            ColumnType::DATE => JsonTyped::Date(date_time(reader.u64("DATE")?).date),
            ColumnType::DATETIME => JsonTyped::DateTime(date_time(reader.u64("DATETIME")?)),
            ColumnType::TIMESTAMP => JsonTyped::Timestamp(date_time(reader.u64("TIMESTAMP")?)),
            ColumnType::TIME => JsonTyped::Time(time(reader.u64("TIME")? as i64)),
            ColumnType::VAR_STRING => {
                let text = std::str::from_utf8(reader.take_rest());
                JsonTyped::Text(text.map_err(|error| not_utf8("text", error))?)
            }
            _ => JsonTyped::Bytes(reader.take_rest()),
        };
        match reader.remaining() {
            0 => Ok(value),
            left => Err(FieldError::LeftOver {
                field: "opaque value",
                left,
            }),
        }
    }
}

/// `TIME_from_longlong_datetime_packed` in MySQL's `my_time.cc`.
fn date_time(packed: u64) -> DateTime {
    let bits = packed >> 24;
    let year_month = bits >> 22;
    DateTime {
        date: Date {
            year: (year_month / 13) as u16,
            month: (year_month % 13) as u8,
            day: (bits >> 17 & 31) as u8,
        },
        hours: (bits >> 12 & 31) as u8,
        minutes: (bits >> 6 & 63) as u8,
        seconds: (bits & 63) as u8,
        microseconds: (packed & 0xff_ffff) as u32,
        decimals: 6,
    }
}

/// `TIME_from_longlong_time_packed`
fn time(packed: i64) -> Time {
    let magnitude = packed.unsigned_abs();
    let bits = magnitude >> 24;
    Time {
        negative: packed < 0,
        hours: (bits >> 12 & 0x3ff) as u16,
        minutes: (bits >> 6 & 63) as u8,
        seconds: (bits & 63) as u8,
        microseconds: (magnitude & 0xff_ffff) as u32,
        decimals: 6,
    }
}
