//! Arguments out of option files and the login file, before those of the command line.

mod file;
mod login;

use std::collections::VecDeque;
use std::env;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use super::getopt::Argument;
use super::messages::{Ending, Messages};
use file::{Reading, Unread};

/// The groups that are read.
const GROUPS: [&str; 2] = ["mysqlbinlog", "client"];

/// All arguments, and whether they are to be shown and no more.
#[derive(Debug)]
pub(super) struct Arguments {
    pub(super) all: Vec<Argument>,
    pub(super) print: bool,
}

/// What the first arguments say about option files.
#[derive(Debug, Default, PartialEq, Eq)]
struct Leading {
    no_defaults: bool,
    no_login_paths: bool,
    file: Option<OsString>,
    extra: Option<OsString>,
    suffix: Option<OsString>,
    login_path: Option<OsString>,
    print: bool,
}

/// Adds what option files say to the arguments of the command line.
///
/// # Errors
/// An option file that must be read cannot be, which was said.
pub(super) fn arguments(given: Vec<OsString>, messages: &mut Messages<'_>) -> Result<Arguments, Ending> {
    let mut given = VecDeque::from(given);
    let leading = leading(&mut given);
    let suffix = leading.suffix.clone().or_else(|| env::var_os("MYSQL_GROUP_SUFFIX"));
    let mut reading = Reading::new(groups(&GROUPS.map(OsString::from), suffix.as_deref()), messages);
    if read_files(&leading, &mut reading).is_err() {
        messages.option_error("Fatal error in defaults handling. Program aborted!");
        return Err(Ending::FAILURE);
    }
    let mut stored = reading.finish();
    if !leading.no_login_paths {
        let names = GROUPS.map(OsString::from).into_iter().chain(leading.login_path.clone());
        let groups = groups(&names.collect::<Vec<_>>(), suffix.as_deref());
        let mut reading = Reading::new(groups, messages);
        login::read(&login_file(), &mut reading);
        stored.extend(reading.finish());
    }
    let stored = stored.into_iter().map(|text| Argument { text, stored: true });
    let given = given.into_iter().map(|text| Argument { text, stored: false });
    Ok(Arguments {
        all: stored.chain(given).collect(),
        print: leading.print && !leading.no_defaults,
    })
}

/// Takes the first arguments, as long as they are about option files, each once.
fn leading(given: &mut VecDeque<OsString>) -> Leading {
    let mut leading = Leading::default();
    if given.front().is_some_and(|first| first == "--no-defaults") {
        given.pop_front();
        leading.no_defaults = true;
    }
    while given.front().is_some_and(|argument| leading.takes(argument)) {
        given.pop_front();
    }
    leading.print = given.front().is_some_and(|argument| argument == "--print-defaults");
    if leading.print {
        given.pop_front();
    }
    leading
}

impl Leading {
    fn takes(&mut self, argument: &OsStr) -> bool {
        let argument = argument.as_bytes();
        if argument.starts_with(b"--no-login-paths") {
            return self.login_path.is_none() && !std::mem::replace(&mut self.no_login_paths, true);
        }
        let (files, login_paths) = (!self.no_defaults, !self.no_login_paths);
        let mut take = |name: &str, to: fn(&mut Self) -> &mut Option<OsString>| {
            let value = argument.strip_prefix(name.as_bytes());
            let place = to(self);
            let taken = value.is_some() && place.is_none();
            if taken {
                *place = value.map(|value| OsStr::from_bytes(value).to_owned());
            }
            taken
        };
        files
            && (take("--defaults-file=", |leading| &mut leading.file)
                || take("--defaults-extra-file=", |leading| &mut leading.extra))
            || take("--defaults-group-suffix=", |leading| &mut leading.suffix)
            || login_paths && take("--login-path=", |leading| &mut leading.login_path)
    }
}

/// The names, and then the names with the suffix.
fn groups(names: &[OsString], suffix: Option<&OsStr>) -> Vec<Vec<u8>> {
    let plain = names.iter().map(|name| name.as_bytes().to_vec());
    let suffixed = suffix.into_iter().flat_map(|suffix| {
        let with = |name: &OsString| [name.as_bytes(), suffix.as_bytes()].concat();
        names.iter().map(with).collect::<Vec<_>>()
    });
    plain.chain(suffixed).collect()
}

fn read_files(leading: &Leading, reading: &mut Reading<'_, '_>) -> Result<(), Unread> {
    if leading.no_defaults {
        return Ok(());
    }
    if let Some(file) = &leading.file {
        return read_required(file, reading);
    }
    for folder in ["/etc", "/etc/mysql"]
        .map(PathBuf::from)
        .into_iter()
        .chain(mysql_home())
    {
        read_optional(&folder.join("my.cnf"), reading)?;
    }
    if let Some(extra) = &leading.extra {
        read_required(extra, reading)?;
    }
    match env::var_os("HOME") {
        Some(home) => read_optional(&Path::new(&home).join(".my.cnf"), reading),
        None => Ok(()),
    }
}

fn mysql_home() -> Option<PathBuf> {
    env::var_os("MYSQL_HOME")
        .filter(|home| !home.is_empty())
        .map(PathBuf::from)
}

fn read_required(file: &OsStr, reading: &mut Reading<'_, '_>) -> Result<(), Unread> {
    let path = absolute(file);
    reading.file(&path).inspect_err(|unread| {
        if *unread == Unread::Missing {
            let path = path.display();
            reading
                .messages
                .option_error(format_args!("Failed to open required defaults file: {path}"));
        }
    })
}

fn read_optional(path: &Path, reading: &mut Reading<'_, '_>) -> Result<(), Unread> {
    match reading.file(path) {
        Err(Unread::Wrong) => Err(Unread::Wrong),
        _ => Ok(()),
    }
}

/// With `~` for the home folder, and from the working folder on.
fn absolute(file: &OsStr) -> PathBuf {
    let path = expanded(file.as_bytes());
    env::current_dir().map_or_else(|_| path.clone(), |folder| folder.join(&path))
}

/// With `~` for the home folder.
fn expanded(path: &[u8]) -> PathBuf {
    match (path.strip_prefix(b"~/"), env::var_os("HOME")) {
        (Some(rest), Some(home)) => Path::new(&home).join(OsStr::from_bytes(rest)),
        _ => OsString::from_vec(path.to_vec()).into(),
    }
}

fn login_file() -> Option<PathBuf> {
    let test = env::var_os("MYSQL_TEST_LOGIN_FILE").map(PathBuf::from);
    test.or_else(|| Some(Path::new(&env::var_os("HOME")?).join(".mylogin.cnf")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Leading, rest: &str) {
        let mut given: VecDeque<OsString> = line.split_whitespace().map(OsString::from).collect();
        assert_eq!(leading(&mut given), expected, "{line}");
        let given: Vec<_> = given.iter().map(|text| text.to_string_lossy()).collect();
        assert_eq!(given.join(" "), rest, "{line}");
    }

    #[test]
    fn leading_arguments() {
        let some = |text: &str| Some(OsString::from(text));
        check("-v --no-defaults", Leading::default(), "-v --no-defaults");
        let no_defaults = || Leading {
            no_defaults: true,
            ..Leading::default()
        };
        check("--no-defaults --defaults-file=x", no_defaults(), "--defaults-file=x");
        let login_path = some("p");
        check(
            "--no-defaults --login-path=p -v",
            Leading {
                login_path,
                ..no_defaults()
            },
            "-v",
        );
        let file = || Leading {
            file: some("x"),
            ..Leading::default()
        };
        check("--defaults-file=x --no-defaults", file(), "--no-defaults");
        check("--defaults-file=x --defaults-file=y", file(), "--defaults-file=y");
        check("--defaults-file x", Leading::default(), "--defaults-file x");
        let (suffix, extra, print) = (some("s"), some("e"), true);
        let all = Leading {
            suffix,
            extra,
            print,
            ..file()
        };
        let line = "--defaults-group-suffix=s --defaults-file=x --defaults-extra-file=e --print-defaults -v";
        check(line, all, "-v");
        check(
            "--print-defaults --login-path=p",
            Leading {
                print,
                ..Leading::default()
            },
            "--login-path=p",
        );
    }

    #[test]
    fn group_names() {
        let names = groups(&["a".into(), "b".into()], Some(OsStr::new("X")));
        assert_eq!(names, [b"a".to_vec(), b"b".to_vec(), b"aX".to_vec(), b"bX".to_vec()]);
    }
}
