//! A password that is asked for.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::os::unix::ffi::OsStringExt as _;
use std::process::{Command, Stdio};

/// Asks on the terminal, without showing what is typed; where there is none, the first line of stdin is it.
pub(super) fn ask() -> OsString {
    let mut stderr = io::stderr();
    let _ = stderr.write_all(b"Enter password: ").and_then(|()| stderr.flush());
    let Ok(terminal) = File::open("/dev/tty") else {
        return line(io::stdin());
    };
    echo(&terminal, false);
    let password = terminal.try_clone().map_or_else(|_| OsString::new(), line);
    echo(&terminal, true);
    let _ = stderr.write_all(b"\n");
    password
}

fn line(input: impl Read) -> OsString {
    let mut line = Vec::new();
    let _ = BufReader::new(input).read_until(b'\n', &mut line);
    while line.pop_if(|byte| matches!(byte, b'\n' | b'\r')).is_some() {}
    OsString::from_vec(line)
}

fn echo(terminal: &File, on: bool) {
    let Ok(terminal) = terminal.try_clone() else { return };
    let mode = if on { "echo" } else { "-echo" };
    let _ = Command::new("stty").arg(mode).stdin(Stdio::from(terminal)).status();
}
