//! Numbers as options take them: decimal, with a suffix for a power of 1024, kept within their limits.

use super::messages::Messages;
use super::table::Limits;

/// What is wrong with a number. It was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wrong;

/// Reads an option's number.
pub(super) fn parse(text: &str, name: &str, limits: &Limits, messages: &mut Messages<'_>) -> Result<i128, Wrong> {
    if !limits.signed && text.trim_start().starts_with('-') {
        messages.option_warning(format_args!(
            "option '{name}': value {text} adjusted to {}.",
            limits.min
        ));
        return Ok(limits.min);
    }
    let number = evaluate(text, name, limits.signed, messages);
    let fitting = fit(number.unwrap_or(0), name, limits, messages);
    number.map(|_| fitting)
}

/// Digits and suffix, as far as they make sense: what follows a suffix is not looked at.
fn evaluate(text: &str, name: &str, signed: bool, messages: &mut Messages<'_>) -> Result<i128, Wrong> {
    let (number, rest) = digits(text);
    let out_of_range = |messages: &mut Messages<'_>| {
        let kind = if signed { "integer" } else { "unsigned integer" };
        messages.option_error(format_args!("Incorrect {kind} value: '{text}'."));
        Wrong
    };
    let range = if signed {
        i128::from(i64::MIN)..=i128::from(i64::MAX)
    } else {
        0..=i128::from(u64::MAX)
    };
    let number = number.filter(|number| range.contains(number));
    let Some(suffix) = rest.chars().next() else {
        return number.ok_or_else(|| out_of_range(messages));
    };
    let number = number.ok_or_else(|| out_of_range(messages))?;
    let Some(power) = "kmgtpe".find(suffix.to_ascii_lowercase()) else {
        messages.option_error(format_args!(
            "Unknown suffix '{suffix}' used for variable '{name}' (value '{text}')."
        ));
        return Err(Wrong);
    };
    let scaled = number << (10 * (power + 1));
    if range.contains(&scaled) {
        Ok(scaled)
    } else {
        Err(out_of_range(messages))
    }
}

/// The number at the front, `None` where it is beyond all limits, and what follows it.
fn digits(text: &str) -> (Option<i128>, &str) {
    let trimmed = text.trim_start_matches([' ', '\t', '\n', '\x0b', '\x0c', '\r']);
    let (sign, unsigned) = match trimmed.strip_prefix(['+', '-']) {
        Some(unsigned) => (if trimmed.starts_with('-') { -1 } else { 1 }, unsigned),
        None => (1, trimmed),
    };
    let end = unsigned.find(|c: char| !c.is_ascii_digit()).unwrap_or(unsigned.len());
    match unsigned.split_at_checked(end) {
        Some(("", _)) | None => (Some(0), text),
        Some((digits, rest)) => (digits.parse::<i128>().ok().map(|number| sign * number), rest),
    }
}

fn fit(number: i128, name: &str, limits: &Limits, messages: &mut Messages<'_>) -> i128 {
    let fitting = (number.min(limits.max) / limits.block * limits.block).max(limits.min);
    if number > limits.max || number < limits.min {
        let kind = if limits.signed { "signed" } else { "unsigned" };
        messages.option_warning(format_args!(
            "option '{name}': {kind} value {number} adjusted to {fitting}."
        ));
    }
    fitting
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::mysqlbinlog::messages::Program;
    use crate::commands::mysqlbinlog::table::{Form, named};

    fn check(option: &str, text: &str, expected: Option<i128>, said: &str) {
        let Some(Form::Number(limits)) = named(option.as_bytes()).map(|spec| spec.form) else {
            panic!("{option}")
        };
        let path = "mysqlbinlog".to_owned();
        let mut out = Vec::new();
        let found = parse(text, option, &limits, &mut Messages::new(Program { path }, &mut out)).ok();
        let out = String::from_utf8(out)
            .unwrap()
            .replace("mysqlbinlog: ", "")
            .replace('\n', "|");
        assert_eq!((found, out.as_str()), (expected, said), "{option} {text}");
    }

    #[test]
    fn as_the_real_program_reads_them() {
        check("offset", "12", Some(12), "");
        check("offset", " +5", Some(5), "");
        check("offset", "5kk", Some(5120), "");
        check("offset", "1e", Some(1 << 60), "");
        check(
            "offset",
            "-1",
            Some(0),
            "[Warning] option 'offset': value -1 adjusted to 0.|",
        );
        check(
            "offset",
            "20e",
            None,
            "[ERROR] Incorrect unsigned integer value: '20e'.|",
        );
        check(
            "offset",
            "x",
            None,
            "[ERROR] Unknown suffix 'x' used for variable 'offset' (value 'x').|",
        );
        check(
            "offset",
            "0x10",
            None,
            "[ERROR] Unknown suffix 'x' used for variable 'offset' (value '0x10').|",
        );
        let long = "99999999999999999999999";
        check(
            "offset",
            long,
            None,
            &format!("[ERROR] Incorrect unsigned integer value: '{long}'.|"),
        );
        check("start-position", "4k", Some(4096), "");
        check(
            "start-position",
            "0",
            Some(4),
            "[Warning] option 'start-position': unsigned value 0 adjusted to 4.|",
        );
        check(
            "start-position",
            "4.5",
            None,
            "[ERROR] Unknown suffix '.' used for variable 'start-position' (value '4.5').|\
             [Warning] option 'start-position': unsigned value 0 adjusted to 4.|",
        );
        check(
            "server-id-bits",
            "40",
            Some(32),
            "[Warning] option 'server-id-bits': unsigned value 40 adjusted to 32.|",
        );
        check(
            "port",
            "-3",
            Some(0),
            "[Warning] option 'port': signed value -3 adjusted to 0.|",
        );
        check(
            "port",
            "99999999999",
            Some(2_147_483_647),
            "[Warning] option 'port': signed value 99999999999 adjusted to 2147483647.|",
        );
        check("connection-server-id", "-1", Some(-1), "");
        check("binlog-row-event-max-size", "300", Some(256), "");
        let small = "[Warning] option 'binlog-row-event-max-size': unsigned value 1 adjusted to 256.|";
        check("binlog-row-event-max-size", "1", Some(256), small);
    }
}
