//! What is shown instead of logs.

use std::fmt::Write as _;

use super::messages::Program;
use super::table::{Form, OPTIONS, Spec};

/// The version of mysqlbinlog whose output this is.
const VERSION: &str = "9.7";
/// Column where descriptions begin, and how wide they are.
const COLUMN: usize = 22;
const WIDTH: usize = 57;

/// The line of `--version`.
pub(super) fn version(program: &Program) -> String {
    let (ours, os, machine) = (env!("CARGO_PKG_VERSION"), std::env::consts::OS, std::env::consts::ARCH);
    let os = if os == "linux" { "Linux" } else { os };
    let path = &program.path;
    format!("{path}  Ver {VERSION} for {os} on {machine} (binlog {ours})\n")
}

/// The text of `--help`.
pub(super) fn help(program: &Program) -> String {
    let mut text = version(program);
    let path = &program.path;
    let _ = write!(
        text,
        "\nPrints MySQL binary logs as the statements that make their changes again.\n\n"
    );
    let _ = writeln!(text, "Usage: {path} [options] log-files");
    for option in OPTIONS {
        describe(option, &mut text);
    }
    text.push_str(FILES);
    text
}

fn describe(option: &Spec, text: &mut String) {
    let short = option
        .short
        .map_or(String::new(), |letter| format!("-{}, ", char::from(letter)));
    let value = match option.form {
        Form::Flag | Form::Action | Form::Disabled => "",
        Form::Text => "=name",
        Form::Password => "[=name]",
        Form::Number(_) => "=#",
    };
    let mut head = format!("  {short}--{}{value} ", option.name.replace('_', "-"));
    if head.len() > COLUMN {
        let _ = writeln!(text, "{head}");
        head.clear();
    }
    for line in wrapped(option.help) {
        let _ = writeln!(text, "{head:COLUMN$}{line}");
        head.clear();
    }
}

fn wrapped(help: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in help.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.len() + 1 + word.len() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

const FILES: &str = "
Options are also read from the groups mysqlbinlog and client of these files:
/etc/my.cnf /etc/mysql/my.cnf ~/.my.cnf
Before all other options may stand:
--no-defaults         No option files but the login file.
--defaults-file=#     This option file alone.
--defaults-extra-file=#
                      This option file after the global ones.
--defaults-group-suffix=#
                      The groups with this suffix too.
--login-path=#        This group of the login file too.
--no-login-paths      Not the login file.
--print-defaults      Show all arguments, and no more.
";
