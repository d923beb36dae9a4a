//! User variables.

use std::io::Write as _;

use binlog_parser::event::{Flavour, UserVar, UserVarType, UserVarValue};

use super::collation;
use super::identifier::push_identifier;
use super::literal::push_hex;

/// ``@`name`:=value``
pub(super) fn assignment(variable: &UserVar<'_>, target: Flavour) -> Result<Vec<u8>, &'static str> {
    let name = std::str::from_utf8(variable.name).map_err(|_| "the name is not UTF-8")?;
    let mut out = b"@".to_vec();
    push_identifier(&mut out, name);
    out.extend(b":=");
    match &variable.value {
        Some(value) => push_value(&mut out, value, target)?,
        None => out.extend(b"NULL"),
    }
    Ok(out)
}

fn push_value(out: &mut Vec<u8>, value: &UserVarValue<'_>, target: Flavour) -> Result<(), &'static str> {
    match value.value_type {
        UserVarType::String => push_string(out, value, target),
        UserVarType::Real => {
            let bytes = value.bytes.try_into().map_err(|_| "a double is not of 8 bytes")?;
            let _ = write!(out, "{:e}", f64::from_le_bytes(bytes));
            Ok(())
        }
        UserVarType::Int => {
            let bytes = value.bytes.try_into().map_err(|_| "an integer is not of 8 bytes")?;
            push_int(out, i64::from_le_bytes(bytes), value.unsigned);
            Ok(())
        }
        UserVarType::Decimal => push_decimal(out, value.bytes),
    }
}

fn push_int(out: &mut Vec<u8>, value: i64, unsigned: Option<bool>) {
    let _ = match unsigned {
        Some(true) => write!(out, "{}", value as u64),
        _ => write!(out, "{value}"),
    };
}

fn push_string(out: &mut Vec<u8>, value: &UserVarValue<'_>, target: Flavour) -> Result<(), &'static str> {
    let id = u16::try_from(value.collation).map_err(|_| "the collation is not known")?;
    let charset = collation::charset(id).ok_or("the collation is not known")?;
    let name = collation::name(id, target).ok_or("the collation is not known")?;
    let _ = write!(out, "_{charset} ");
    push_hex(out, value.bytes);
    if charset != "binary" {
        let _ = write!(out, " COLLATE {name}");
    }
    Ok(())
}

/// Precision, scale, and digits packed in groups of nine, most significant first, the sign bit inverted.
fn push_decimal(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), &'static str> {
    const SHORT: &str = "a decimal is cut short";
    let (&[precision, scale], packed) = bytes.split_first_chunk::<2>().ok_or(SHORT)?;
    let whole = precision
        .checked_sub(scale)
        .ok_or("a decimal's scale is above its precision")?;
    let negative = packed.first().ok_or(SHORT)? & 0x80 == 0;
    let mut packed: Vec<u8> = packed.iter().map(|byte| if negative { !byte } else { *byte }).collect();
    if let Some(first) = packed.first_mut() {
        *first &= 0x7f;
    }
    let mut rest = packed.as_slice();
    let mut digits = String::new();
    let mut groups = vec![whole % 9];
    groups.extend(vec![9; usize::from(whole / 9)]);
    groups.extend(vec![9; usize::from(scale / 9)]);
    groups.push(scale % 9);
    for group in groups {
        rest = push_group(&mut digits, group, rest).ok_or(SHORT)?;
    }
    let (before, after) = digits.split_at_checked(usize::from(whole)).ok_or(SHORT)?;
    let before = before.trim_start_matches('0');
    let before = if before.is_empty() { "0" } else { before };
    let sign = if negative { "-" } else { "" };
    let point = if after.is_empty() { "" } else { "." };
    let _ = write!(out, "{sign}{before}{point}{after}");
    Ok(())
}

/// A group of up to nine digits; gives the bytes after it.
fn push_group<'b>(digits: &mut String, group: u8, bytes: &'b [u8]) -> Option<&'b [u8]> {
    let len = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4].get(usize::from(group))?;
    let (packed, rest) = bytes.split_at_checked(*len)?;
    let value = packed.iter().fold(0_u32, |value, byte| value << 8 | u32::from(*byte));
    if group > 0 {
        digits.push_str(&format!("{value:0width$}", width = usize::from(group)));
    }
    Some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        check(
            UserVarType::String,
            8,
            None,
            b"a\xe9",
            "@`v`:=_latin1 X'61E9' COLLATE latin1_swedish_ci",
        );
        check(UserVarType::String, 63, None, b"", "@`v`:=_binary X''");
        check(UserVarType::Real, 8, None, &1.5_f64.to_le_bytes(), "@`v`:=1.5e0");
        check(UserVarType::Int, 8, Some(false), &(-3_i64).to_le_bytes(), "@`v`:=-3");
        check(
            UserVarType::Int,
            8,
            Some(true),
            &u64::MAX.to_le_bytes(),
            "@`v`:=18446744073709551615",
        );
        // 1234567890.1234 of precision 14 and scale 4, and its negative: the manual's own example.
        let packed = [14, 4, 0x81, 0x0d, 0xfb, 0x38, 0xd2, 0x04, 0xd2];
        check(UserVarType::Decimal, 8, None, &packed, "@`v`:=1234567890.1234");
        let packed = [14, 4, 0x7e, 0xf2, 0x04, 0xc7, 0x2d, 0xfb, 0x2d];
        check(UserVarType::Decimal, 8, None, &packed, "@`v`:=-1234567890.1234");
        check(UserVarType::Decimal, 8, None, &[2, 2, 0x85], "@`v`:=0.05");
    }

    #[test]
    fn null_and_broken() {
        let variable = UserVar {
            name: b"a`b",
            value: None,
            attributes: b"",
        };
        assert_eq!(assignment(&variable, Flavour::MySql), Ok(b"@`a``b`:=NULL".to_vec()));
        for (value_type, bytes) in [(UserVarType::Real, &b"1"[..]), (UserVarType::Decimal, &[14, 4, 0x81])] {
            let value = UserVarValue {
                value_type,
                collation: 8,
                unsigned: None,
                bytes,
            };
            let variable = UserVar {
                name: b"v",
                value: Some(value),
                attributes: b"",
            };
            assert!(assignment(&variable, Flavour::MySql).is_err());
        }
    }

    fn check(value_type: UserVarType, collation: u32, unsigned: Option<bool>, bytes: &[u8], expected: &str) {
        let value = UserVarValue {
            value_type,
            collation,
            unsigned,
            bytes,
        };
        let variable = UserVar {
            name: b"v",
            value: Some(value),
            attributes: b"",
        };
        assert_eq!(assignment(&variable, Flavour::MySql), Ok(expected.as_bytes().to_vec()));
    }
}
