//! Values of Debezium's connectors: see [`super::debezium`].

use std::borrow::Cow;

use base64_simd::STANDARD;
use binlog_parser::Value;
use binlog_parser::value::{Date, DateTime, Decimal, JsonValue, Time, Timestamp};

use super::super::columns::{JsonColumn, Values};
use super::super::value::{self, JsonCell, Point, Shape, ValueError};
use super::text;

/// The values of Kafka Connect's schemas.
pub(super) struct Connect;

impl Values for Connect {
    fn value<'a>(&self, column: &'a JsonColumn, value: &'a Value<'_>) -> Result<JsonCell<'a>, ValueError> {
        Ok(match value {
            Value::Int(_) | Value::UInt(_) => text::integer(column, value),
            Value::Float(value) if value.is_finite() => JsonCell::Float(*value),
            Value::Float(value) => value::text(value.to_string()),
            Value::Double(value) if value.is_finite() => JsonCell::Double(*value),
            Value::Double(value) => value::text(value.to_string()),
            Value::Decimal(value) => text::bytes(&unscaled(value)),
            Value::Bit(bits) if column.bits() == 1 => JsonCell::Bool(value::number(bits) != 0),
            Value::Bit(bits) => text::bytes(&bits.iter().rev().copied().collect::<Vec<_>>()),
            Value::Year(value) => JsonCell::UInt(u64::from(*value)),
            Value::Date(date) => days(date).map_or_else(|| no_date(column), JsonCell::Int),
            Value::Time(time) => JsonCell::Int(micros_of(time)),
            Value::DateTime(value) => since_1970(value).map_or_else(|| no_date(column), JsonCell::Int),
            Value::Timestamp(value) => zoned(column, value),
            Value::Bytes(data) => text::string(column, Cow::Borrowed(data)),
            Value::Compressed(value) => text::string(column, column.expand(value)?.into()),
            Value::Enum(0) => value::text(String::new()),
            Value::Enum(number) => column.member(*number),
            Value::Set(bits) => match column.members(*bits) {
                JsonCell::Members(names) => value::text(names.join(",")),
                bits => bits,
            },
            Value::Json(document) => self.document(column, document)?,
            Value::Geometry(data) => geometry(column, data),
            Value::Vector(value) => column.floats(value)?,
            _ => return Err(column.unsupported()),
        })
    }

    fn document(&self, column: &JsonColumn, document: &JsonValue<'_>) -> Result<JsonCell<'static>, ValueError> {
        column.document_text(document).map(value::text)
    }
}

/// Of a column whose value is no date.
fn no_date(column: &JsonColumn) -> JsonCell<'static> {
    match column.nullable {
        true => JsonCell::Null,
        false => JsonCell::Int(0),
    }
}

/// Days since 1970, of a date that there is.
fn days(date: &Date) -> Option<i64> {
    let [year, month, day] = [i64::from(date.year), i64::from(date.month), i64::from(date.day)];
    if year == 0 || !(1..=12).contains(&month) || day == 0 || day > last_day(year, month) {
        return None;
    }
    // Years begin in March: the leap day is the last one.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    Some(365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468)
}

fn last_day(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && year % 100 != 0 || year % 400 == 0;
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn micros_of(time: &Time) -> i64 {
    let minutes = i64::from(time.hours) * 60 + i64::from(time.minutes);
    let micros = (minutes * 60 + i64::from(time.seconds)) * 1_000_000 + i64::from(time.microseconds);
    if time.negative { -micros } else { micros }
}

/// Milliseconds, or microseconds where the column has more than three digits.
fn since_1970(value: &DateTime) -> Option<i64> {
    let minutes = i64::from(value.hours) * 60 + i64::from(value.minutes);
    let seconds = days(&value.date)? * 86_400 + minutes * 60 + i64::from(value.seconds);
    let micros = seconds * 1_000_000 + i64::from(value.microseconds);
    Some(if value.decimals > 3 {
        micros
    } else {
        micros.div_euclid(1000)
    })
}

fn zoned(column: &JsonColumn, value: &Timestamp) -> JsonCell<'static> {
    match (value.is_zero(), column.nullable) {
        (true, true) => JsonCell::Null,
        (true, false) => value::text("1970-01-01T00:00:00Z".to_owned()),
        (false, _) => value::text(value::timestamp(value)),
    }
}

fn geometry(column: &JsonColumn, data: &[u8]) -> JsonCell<'static> {
    let srid = data.split_first_chunk();
    let (srid, wkb) = srid.map_or((0, data), |(srid, wkb)| (u32::from_le_bytes(*srid), wkb));
    JsonCell::Shape(Shape {
        point: Point::of(wkb).filter(|_| column.is_point),
        wkb: STANDARD.encode_to_string(wkb),
        srid: Some(srid).filter(|srid| *srid != 0),
    })
}

/// Limbs of a number of 81 digits.
const LIMBS: usize = 9;

/// The digits without point as a two's complement: most significant byte first, as few bytes as will do.
fn unscaled(value: &Decimal<'_>) -> Vec<u8> {
    let text = value.to_string();
    let mut limbs = [0_u32; LIMBS];
    for digit in text.bytes().filter(u8::is_ascii_digit) {
        let mut carry = u64::from(digit - b'0');
        for limb in &mut limbs {
            let sum = u64::from(*limb) * 10 + carry;
            (*limb, carry) = (sum as u32, sum >> 32);
        }
    }
    if text.starts_with('-') {
        let mut carry = true;
        for limb in &mut limbs {
            (*limb, carry) = (!*limb).overflowing_add(u32::from(carry));
        }
    }
    let mut bytes: Vec<u8> = limbs.iter().rev().flat_map(|limb| limb.to_be_bytes()).collect();
    let spare = bytes
        .windows(2)
        .take_while(|pair| matches!(pair, [0, 0..=0x7f] | [0xff, 0x80..=0xff]))
        .count();
    bytes.drain(..spare);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        let check = |year, month, day, expected| assert_eq!(days(&Date { year, month, day }), expected);
        check(1970, 1, 1, Some(0));
        check(1969, 12, 31, Some(-1));
        check(2018, 6, 20, Some(17_702));
        check(2000, 2, 29, Some(11_016));
        check(1900, 2, 29, None);
        check(2026, 2, 31, None);
        check(1, 1, 1, Some(-719_162));
        check(9999, 12, 31, Some(2_932_896));
        check(0, 0, 0, None);
        check(2026, 0, 1, None);
        check(2026, 1, 0, None);
    }

    #[test]
    fn decimals() {
        let check = |bytes: &[u8], precision, scale, expected: &[u8]| {
            let mut reader = binlog_parser::Reader::new(bytes);
            let decimal = Decimal::decode(&mut reader, precision, scale).unwrap();
            assert_eq!(unscaled(&decimal), expected, "{decimal}");
        };
        check(&[0x80, 0, 0], 5, 2, &[0]);
        check(&[0x80, 0x7b, 0x2d], 5, 2, &[0x30, 0x39]);
        check(&[0x7f, 0xff, 0xfe], 5, 2, &[0xff]);
        check(&[0x80, 0x01, 0x1c], 5, 2, &[0, 0x80]);
        check(&[0x7f, 0xfe, 0xe3], 5, 2, &[0x80]);
    }
}
