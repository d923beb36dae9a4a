//! Floats as C's `printf` writes them.

/// Appends a number as `%.{digits}g` does.
pub(in crate::mysqlbinlog) fn general(out: &mut Vec<u8>, value: f64, digits: usize) {
    if !value.is_finite() {
        return out.extend(special(value).as_bytes());
    }
    let text = format!("{value:.*e}", digits.saturating_sub(1));
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if exponent < -4 || exponent >= digits as i32 {
        out.extend(trimmed(mantissa).as_bytes());
        push_exponent(out, exponent);
    } else {
        let fraction = usize::try_from(digits as i32 - 1 - exponent).unwrap_or(0);
        out.extend(trimmed(&format!("{value:.fraction$}")).as_bytes());
    }
}

/// Appends a number as `%.5e` does.
pub(super) fn scientific(out: &mut Vec<u8>, value: f64) {
    if !value.is_finite() {
        return out.extend(special(value).as_bytes());
    }
    let text = format!("{value:.5e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    out.extend(mantissa.as_bytes());
    push_exponent(out, exponent.parse().unwrap_or(0));
}

fn special(value: f64) -> &'static str {
    match (value.is_nan(), value.is_sign_negative()) {
        (true, true) => "-nan",
        (true, false) => "nan",
        (false, true) => "-inf",
        (false, false) => "inf",
    }
}

fn trimmed(text: &str) -> &str {
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => text,
    }
}

fn push_exponent(out: &mut Vec<u8>, exponent: i32) {
    out.push(b'e');
    out.push(if exponent < 0 { b'-' } else { b'+' });
    super::super::text::padded(out, exponent.unsigned_abs().into(), 2, b'0');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_printf_does() {
        let check = |value: f64, digits: usize, expected: &str| {
            let mut out = Vec::new();
            general(&mut out, value, digits);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        };
        check(0.0, 6, "0");
        check(-0.0, 6, "-0");
        check(1e15, 20, "1000000000000000");
        check(1.0 / 3.0, 6, "0.333333");
        check(0.1, 20, "0.10000000000000000555");
        check(1e-5, 6, "1e-05");
        check(0.0001, 6, "0.0001");
        check(999_999.5, 6, "1e+06");
        check(f64::MAX, 20, "1.7976931348623157081e+308");
        check(-2.5e-300, 14, "-2.5e-300");
        check(f64::INFINITY, 6, "inf");
    }
}
