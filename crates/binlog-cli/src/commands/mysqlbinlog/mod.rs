//! `binlog mysqlbinlog`, and the program under the name `mysqlbinlog`: what mysqlbinlog 9.7 prints, byte for byte, with
//! its options, its messages and its exit status.

mod choice;
mod datetime;
mod defaults;
mod getopt;
mod gtids;
mod help;
mod load;
mod log;
mod messages;
mod number;
mod password;
mod plan;
mod raw;
mod remote;
mod row_format;
mod run;
mod settings;
mod table;

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use defaults::Arguments;
use messages::{Ending, Messages, Program};
use plan::Plan;
use settings::{Settings, Show};

/// The name that calls this mode.
const NAME: &str = "mysqlbinlog";

/// A call of this mode.
#[derive(Debug)]
pub(crate) struct Call {
    program: Program,
    arguments: Vec<OsString>,
}

impl Call {
    /// The call that these arguments are, the program's name first, if they are one.
    pub(crate) fn of(arguments: impl IntoIterator<Item = OsString>) -> Option<Self> {
        let mut arguments = arguments.into_iter();
        let mut path = arguments.next()?;
        if Path::new(&path).file_name()? != NAME {
            path = arguments.next().filter(|command| command == NAME)?;
        }
        let path = path.to_string_lossy().into_owned();
        let program = Program { path };
        let arguments = arguments.collect();
        Some(Self { program, arguments })
    }

    /// Runs it. What is wrong is said on stderr.
    pub(crate) fn run(self) -> ExitCode {
        let mut stderr = io::stderr();
        let mut messages = Messages::new(self.program, &mut stderr);
        match print(self.arguments, &mut messages) {
            Ok(()) => ExitCode::SUCCESS,
            Err(Ending(status)) => ExitCode::from(status),
        }
    }
}

fn print(arguments: Vec<OsString>, messages: &mut Messages<'_>) -> Result<(), Ending> {
    let arguments = defaults::arguments(arguments, messages)?;
    if arguments.print {
        show(&listed(&arguments, &messages.program));
        return Ok(());
    }
    let mut settings = Settings::default();
    let files = getopt::parse(arguments.all, &mut settings, messages).inspect_err(|_| match settings.show {
        Some(Show::Help) => show(&help::help(&messages.program)),
        Some(Show::Version) => show(&help::version(&messages.program)),
        None => {}
    })?;
    if files.is_empty() {
        show(&help::help(&messages.program));
        return Err(Ending::FAILURE);
    }
    run::run(Plan::new(settings, files, messages)?, messages)
}

/// The text of `--print-defaults`.
fn listed(arguments: &Arguments, program: &Program) -> String {
    let words = arguments.all.iter().map(|argument| {
        let text = argument.text.to_string_lossy();
        match text.starts_with("--password") {
            true => "--password=***** ".to_owned(),
            false => format!("{text} "),
        }
    });
    let path = &program.path;
    let words: String = words.collect();
    format!("{path} would have been started with the following arguments:\n{words}\n")
}

fn show(text: &str) {
    // Nobody may be reading.
    let _ = io::stdout().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls() {
        let check = |words: &str, expected: Option<(&str, usize)>| {
            let call = Call::of(words.split(' ').map(OsString::from));
            let call = call.map(|call| (call.program.path, call.arguments.len()));
            assert_eq!(call, expected.map(|(path, count)| (path.to_owned(), count)), "{words}");
        };
        check("binlog mysqlbinlog -v x", Some(("mysqlbinlog", 2)));
        check("/usr/bin/mysqlbinlog mysqlbinlog", Some(("/usr/bin/mysqlbinlog", 1)));
        check("mysqlbinlog", Some(("mysqlbinlog", 0)));
        check("binlog dump mysqlbinlog", None);
        check("binlog", None);
    }
}
