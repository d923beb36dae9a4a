//! The line that says how far a replica has got.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use binlog_replica::{Observer, State, Status};
use jiff::Timestamp;

/// Writes a line a second to stderr: over the last one on a terminal, else below it and only when something changed.
pub(crate) struct StatusLine {
    quiet: bool,
    terminal: bool,
    last: Option<Instant>,
    said: String,
}

impl StatusLine {
    /// A line between two looks.
    const INTERVAL: Duration = Duration::from_secs(1);

    pub(crate) fn new(quiet: bool) -> Self {
        Self {
            quiet,
            terminal: io::stderr().is_terminal(),
            last: None,
            said: String::new(),
        }
    }

    fn is_due(&self) -> bool {
        self.last.is_none_or(|last| last.elapsed() >= Self::INTERVAL)
    }

    fn say(&mut self, status: &Status, end: &str) {
        self.last = Some(Instant::now());
        let text = describe(status, Timestamp::now());
        if text == self.said && end == "\n" {
            return;
        }
        self.write(&text, end);
        self.said = text;
    }

    /// Says something beside the line.
    pub(crate) fn note(&self, text: &str) {
        self.write(text, "\n");
    }

    fn write(&self, text: &str, end: &str) {
        let start = if self.terminal { "\r\x1b[K" } else { "" };
        let clock = Timestamp::now().strftime("%H:%M:%S UTC");
        // A stderr that is gone is no reason to end a replica.
        let _ = write!(io::stderr().lock(), "{start}{clock} {text}{end}");
    }
}

impl Observer for StatusLine {
    fn progress(&mut self, status: &Status) {
        if !self.quiet && self.is_due() {
            self.say(status, if self.terminal { "" } else { "\n" });
        }
    }

    fn state(&mut self, state: &State<'_>) {
        match state {
            State::Running { from } if !self.quiet => self.note(&format!("connected, from {from}")),
            State::Retrying { error, wait } => {
                self.note(&format!("{error}; trying again in {:.1} s", wait.as_secs_f64()));
            }
            State::Stopped { status } if !self.quiet => {
                self.said.clear();
                self.say(status, "\n");
                self.note("stopped");
            }
            _ => {}
        }
    }
}

fn describe(status: &Status, now: Timestamp) -> String {
    let mut text = format!(
        "{}: {} transactions, {} rows, {} statements, {}",
        status.position,
        status.transactions,
        status.rows,
        status.statements,
        size(status.bytes)
    );
    if status.skipped > 0 {
        text += &format!(", {} skipped (applied before)", status.skipped);
    }
    text + &lag(status, now)
}

fn lag(status: &Status, now: Timestamp) -> String {
    match (status.caught_up, status.source_time) {
        (true, _) => ", 0 s behind".to_owned(),
        (false, Some(time)) => format!(", {} s behind", (now.as_second() - i64::from(time)).max(0)),
        (false, None) => String::new(),
    }
}

/// Says what the user should know of what a filter did.
pub(crate) fn warn_of(filter: &binlog_filter::Filter) {
    for remark in filter.remarks() {
        warn(&remark);
    }
}

/// Says something on stderr that does not end the command.
pub(crate) fn warn(text: &str) {
    // A stderr that is gone is no reason to end.
    let _ = writeln!(io::stderr().lock(), "warning: {text}");
}

/// Bytes in units of 1000.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1000.0;
    let mut units = UNITS.iter();
    let mut unit = units.next();
    while value >= 999.95 {
        let Some(next) = units.next() else { break };
        value /= 1000.0;
        unit = Some(next);
    }
    format!("{value:.1} {}", unit.unwrap_or(&"PB"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        let check = |bytes, expected: &str| assert_eq!(size(bytes), expected);
        check(0, "0 B");
        check(999, "999 B");
        check(1000, "1.0 kB");
        check(999_949, "999.9 kB");
        check(999_950, "1.0 MB");
        check(1_500_000_000, "1.5 GB");
    }

    #[test]
    fn lag_is_the_age_of_the_last_event_until_caught_up() {
        let now = Timestamp::from_second(1000).unwrap();
        let check = |caught_up, source_time, expected: &str| {
            let status = Status {
                caught_up,
                source_time,
                ..Status::default()
            };
            assert_eq!(lag(&status, now), expected);
        };
        check(true, Some(10), ", 0 s behind");
        check(false, Some(990), ", 10 s behind");
        check(false, Some(2000), ", 0 s behind");
        check(false, None, "");
    }
}
