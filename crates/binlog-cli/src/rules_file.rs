//! Selection options from a TOML file: the same words, without the dashes.
//!
//! ```toml
//! table = ["shop.*", "other.notes"]
//! not-table = "shop.audit_log"
//! kind = ["insert", "update"]
//! server-id = 7
//! start-datetime = "2026-01-31 12:00:00"
//! ```

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use clap::{CommandFactory as _, Parser};
use toml::{Table, Value};

use crate::failure::Usage;
use crate::selection::SelectionArgs;

/// The options that may stand in the file.
#[derive(Parser)]
#[command(no_binary_name = true)]
struct Options {
    #[command(flatten)]
    selection: SelectionArgs,
}

/// Reads the options of the file.
pub(crate) fn read(path: &Path) -> Result<SelectionArgs> {
    let text = fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
    let table: Table = match text.parse() {
        Ok(table) => table,
        Err(error) => bail!(Usage(format!("{}: {error}", path.display()))),
    };
    let wrong = |why: String| anyhow::Error::from(Usage(format!("{}: {why}", path.display())));
    let arguments = arguments(&table).map_err(wrong)?;
    let options = Options::try_parse_from(arguments).map_err(|error| {
        let text = error.to_string();
        let first = text.lines().next().unwrap_or_default();
        wrong(first.trim_start_matches("error: ").to_owned())
    })?;
    Ok(options.selection)
}

/// The words of the file as those of a command line.
fn arguments(table: &Table) -> Result<Vec<OsString>, String> {
    let command = Options::command();
    let known = |key: &str| key != "rules" && command.get_arguments().any(|option| option.get_long() == Some(key));
    let mut arguments = Vec::new();
    for (key, value) in table {
        if !known(key) {
            return Err(format!(
                "'{key}' is no option of the selection (see 'binlog filter --help')"
            ));
        }
        let values = match value {
            Value::Array(values) => values.as_slice(),
            one => std::slice::from_ref(one),
        };
        for value in values {
            let value =
                word(value).ok_or_else(|| format!("{key}: neither text nor a whole number, nor a list of these"))?;
            arguments.push(format!("--{key}={value}").into());
        }
    }
    Ok(arguments)
}

fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Datetime(time) => Some(time.to_string()),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Vec<String>, String> {
        let arguments = arguments(&text.parse().unwrap())?;
        Ok(arguments
            .into_iter()
            .map(|argument| argument.into_string().unwrap())
            .collect())
    }

    #[test]
    fn words_are_those_of_the_options() {
        let text =
            "table = ['a.*', 'b.c']\nserver-id = [1, 2]\non-mixed = 'drop'\nstart-datetime = 2026-01-31T12:00:00Z";
        let expected = [
            "--table=a.*",
            "--table=b.c",
            "--server-id=1",
            "--server-id=2",
            "--on-mixed=drop",
            "--start-datetime=2026-01-31T12:00:00Z",
        ];
        let mut found = of(text).unwrap();
        found.sort_unstable();
        let mut expected = expected.map(str::to_owned);
        expected.sort_unstable();
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_no_option_is_an_error() {
        assert!(of("tables = ['a.b']").unwrap_err().contains("'tables' is no option"));
        assert!(of("rules = 'x.toml'").is_err());
        assert!(of("output = 'x'").is_err());
        assert!(of("table = [['a.b']]").unwrap_err().starts_with("table: "));
        assert!(of("table = true").is_err());
    }
}
