//! Option files: groups of options, comments, and other files by `!include` and `!includedir`.

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::super::messages::Messages;
use super::expanded;

/// Files in files in files.
const MAX_DEPTH: usize = 10;
/// The world may write it.
const WORLD_WRITABLE: u32 = 0o002;

/// Why a file was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unread {
    /// There is none that can be read.
    Missing,
    /// It is wrong, which was said.
    Wrong,
}

/// Options of some groups, collected from files.
pub(super) struct Reading<'r, 'm> {
    groups: Vec<Vec<u8>>,
    options: Vec<OsString>,
    depth: usize,
    pub(super) messages: &'r mut Messages<'m>,
}

/// Where in a file it is.
struct Place<'p> {
    path: &'p Path,
    line: usize,
}

impl<'r, 'm> Reading<'r, 'm> {
    pub(super) fn new(groups: Vec<Vec<u8>>, messages: &'r mut Messages<'m>) -> Self {
        Self {
            groups,
            options: Vec::new(),
            depth: 0,
            messages,
        }
    }

    /// The options in their order, as arguments.
    pub(super) fn finish(self) -> Vec<OsString> {
        self.options
    }

    /// Reads a file. One that everybody may write is passed over with a warning.
    pub(super) fn file(&mut self, path: &Path) -> Result<(), Unread> {
        let metadata = fs::metadata(path).map_err(|error| self.no_status(path, &error))?;
        if metadata.is_file() && metadata.permissions().mode() & WORLD_WRITABLE != 0 {
            let path = path.display();
            self.messages
                .option_warning(format_args!("World-writable config file '{path}' is ignored."));
            return Ok(());
        }
        if metadata.is_dir() {
            return Ok(());
        }
        let text = fs::read(path).map_err(|_| Unread::Missing)?;
        self.text(&text, path)
    }

    /// Of files in files it is told that they are not there.
    fn no_status(&mut self, path: &Path, error: &io::Error) -> Unread {
        if self.depth > 0 {
            let action = format!("Can't get stat of '{}'", path.display());
            self.messages.refused(action, error);
        }
        Unread::Missing
    }

    fn text(&mut self, text: &[u8], path: &Path) -> Result<(), Unread> {
        let mut group = None;
        for (line, number) in text.split(|byte| *byte == b'\n').zip(1..) {
            let place = Place { path, line: number };
            match line.trim_ascii() {
                [] | [b'#' | b';', ..] => {}
                [b'!', directive @ ..] => self.directive(directive.trim_ascii_start(), &place)?,
                [b'[', name @ ..] => group = Some(self.group(name, &place)?),
                _ if group.is_none() => return Err(self.ungrouped(&place)),
                option if group == Some(true) => self.option(without_comment(option)),
                _ => {}
            }
        }
        Ok(())
    }

    /// The lines of a login file, where `#` is no comment.
    pub(super) fn login_lines(&mut self, lines: &[Vec<u8>]) {
        let mut wanted = false;
        for line in lines {
            match line.trim_ascii() {
                [] => {}
                [b'[', name @ ..] => wanted = group_name(name).is_some_and(|name| self.wants(name)),
                option if wanted => self.option(option),
                _ => {}
            }
        }
    }

    fn wants(&self, group: &[u8]) -> bool {
        self.groups.iter().any(|wanted| wanted == group)
    }

    /// Whether the group is one to read.
    fn group(&mut self, text: &[u8], place: &Place<'_>) -> Result<bool, Unread> {
        match group_name(text) {
            Some(name) => Ok(self.wants(name)),
            None => {
                let Place { path, line } = place;
                let path = path.display();
                self.messages.option_error(format_args!(
                    "Wrong group definition in config file {path} at line {line}."
                ));
                Err(Unread::Wrong)
            }
        }
    }

    fn ungrouped(&mut self, place: &Place<'_>) -> Unread {
        let Place { path, line } = place;
        let path = path.display();
        self.messages.option_error(format_args!(
            "Found option without preceding group in config file {path} at line {line}."
        ));
        Unread::Wrong
    }

    fn option(&mut self, option: &[u8]) {
        let mut parts = option.splitn(2, |byte| *byte == b'=');
        let name = parts.next().unwrap_or_default().trim_ascii_end();
        let mut argument = [b"--", name].concat();
        if let Some(value) = parts.next() {
            argument.push(b'=');
            argument.extend(unescaped(unquoted(value.trim_ascii())));
        }
        self.options.push(OsString::from_vec(argument));
    }

    fn directive(&mut self, directive: &[u8], place: &Place<'_>) -> Result<(), Unread> {
        if self.depth >= MAX_DEPTH {
            self.too_deep(directive, place);
            return Ok(());
        }
        let keyword_len = directive.iter().take_while(|byte| !byte.is_ascii_whitespace()).count();
        let (keyword, path) = directive.split_at_checked(keyword_len).unwrap_or_default();
        let path = path.trim_ascii();
        match keyword {
            b"include" | b"includedir" if path.is_empty() => Err(self.nameless(keyword, place)),
            b"include" => {
                let path = expanded(path);
                if self.included(&path).is_err() {
                    self.stopped(keyword, place);
                }
                Ok(())
            }
            b"includedir" => self.folder(path, place),
            _ => Ok(()),
        }
    }

    fn included(&mut self, path: &Path) -> Result<(), Unread> {
        self.depth += 1;
        let done = self.file(path);
        self.depth -= 1;
        done
    }

    fn folder(&mut self, path: &[u8], place: &Place<'_>) -> Result<(), Unread> {
        let folder = expanded(path);
        let files = match option_files(&folder) {
            Ok(files) => files,
            Err(error) => {
                let action = format!("Can't read dir of '{}'", folder.display());
                self.messages.refused(action, &error);
                self.stopped(b"includedir", place);
                return Err(Unread::Wrong);
            }
        };
        for file in files {
            if self.included(&file).is_err() {
                self.stopped(b"includedir", place);
            }
        }
        Ok(())
    }

    fn stopped(&mut self, keyword: &[u8], place: &Place<'_>) {
        let (Place { path, line }, keyword) = (place, String::from_utf8_lossy(keyword));
        let path = path.display();
        self.messages.option_error(format_args!(
            "Stopped processing the '{keyword}' directive in file {path} at line {line}."
        ));
    }

    fn nameless(&mut self, keyword: &[u8], place: &Place<'_>) -> Unread {
        let (Place { path, line }, keyword) = (place, String::from_utf8_lossy(keyword));
        let path = path.display();
        self.messages.option_error(format_args!(
            "Wrong '!{keyword}' directive in config file {path} at line {line}."
        ));
        Unread::Wrong
    }

    fn too_deep(&mut self, directive: &[u8], place: &Place<'_>) {
        let (Place { path, line }, directive) = (place, String::from_utf8_lossy(directive));
        let path = path.display();
        self.messages.option_warning(format_args!(
            "Skipping '!{directive}' directive as maximum include recursion level was reached in file {path} at line {line}."
        ));
    }
}

/// The name up to the bracket; space before it is part of it.
fn group_name(text: &[u8]) -> Option<&[u8]> {
    let end = text.iter().position(|byte| *byte == b']')?;
    Some(text.get(..end)?.trim_ascii_end())
}

/// The folder's option files, by name.
fn option_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        if name.as_bytes().ends_with(b".cnf") {
            files.push(folder.join(name));
        }
    }
    files.sort();
    Ok(files)
}

/// Up to a `#` that is not within quotes.
fn without_comment(option: &[u8]) -> &[u8] {
    let (mut quote, mut escaped) = (None, false);
    for (at, byte) in option.iter().enumerate() {
        if matches!(byte, b'\'' | b'"') && !escaped {
            match quote {
                None => quote = Some(*byte),
                Some(open) if open == *byte => quote = None,
                Some(_) => {}
            }
        }
        if quote.is_none() && *byte == b'#' {
            return option.get(..at).unwrap_or_default();
        }
        escaped = quote.is_some() && *byte == b'\\' && !escaped;
    }
    option
}

fn unquoted(value: &[u8]) -> &[u8] {
    match value {
        [first @ (b'\'' | b'"'), inner @ .., last] if first == last => inner,
        value => value,
    }
}

fn unescaped(value: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match after.split_first() {
            Some((escape, after)) if *byte == b'\\' => {
                rest = after;
                match meaning(*escape) {
                    Some(meant) => plain.push(meant),
                    None => plain.extend([b'\\', *escape]),
                }
            }
            _ => plain.push(*byte),
        }
    }
    plain
}

fn meaning(escape: u8) -> Option<u8> {
    Some(match escape {
        b'n' => b'\n',
        b't' => b'\t',
        b'r' => b'\r',
        b'b' => 8,
        b's' => b' ',
        b'"' | b'\'' | b'\\' => escape,
        _ => return None,
    })
}

/// Whether nobody but the owner may do anything with it.
pub(super) fn is_private(metadata: &Metadata) -> bool {
    metadata.permissions().mode() & 0o177 == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::mysqlbinlog::messages::Program;

    fn check(text: &str, expected: &str, said: &str) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("my.cnf");
        for (name, text) in [
            ("b.cnf", "[other]\nx\n[client]\nhost=b\n"),
            ("a.cnf", "[client]\nhost=a"),
            ("c.txt", "wrong"),
        ] {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let here = folder.path().display().to_string();
        fs::write(&path, text.replace('@', &here)).unwrap();
        let program = Program { path: "m".to_owned() };
        let mut out = Vec::new();
        let mut messages = Messages::new(program, &mut out);
        let mut reading = Reading::new(vec![b"client".to_vec()], &mut messages);
        let done = reading.file(&path);
        let mut options: Vec<_> = reading
            .finish()
            .iter()
            .map(|option| option.to_string_lossy().into_owned())
            .collect();
        options.extend(done.err().map(|unread| format!("{unread:?}")));
        assert_eq!(options.join(" "), expected, "{text}");
        let said_of_it = String::from_utf8(out).unwrap().replace(&here, "@");
        assert_eq!(said_of_it.lines().collect::<Vec<_>>().join("|"), said, "{text}");
    }

    #[test]
    fn options() {
        check(
            "[client]\nverbose   \nuser=x # c\n# c\n ; c\n\nhost=\"a#b\" # d",
            "--verbose --user=x --host=a#b",
            "",
        );
        check(
            "[client]\npassword = \nport= ''\n a b = c d ",
            "--password= --port= --a b=c d",
            "",
        );
        check("[client]\nx=a\\nb\\sc\\\"d\\\\e\\qf\\", "--x=a\nb c\"d\\e\\qf\\", "");
        check("[client]\nx='a\"'\ny='a\nz='", "--x=a\" --y='a --z='", "");
        check("[ client]\na\n[client\t]\nb\n[client] junk\nc\n[x]\nd", "--b --c", "");
        check(
            "a=1",
            "Wrong",
            "m: [ERROR] Found option without preceding group in config file @/my.cnf at line 1.",
        );
        check(
            "\n[client",
            "Wrong",
            "m: [ERROR] Wrong group definition in config file @/my.cnf at line 2.",
        );
    }

    #[test]
    fn other_files() {
        check("[client]\n!include @/b.cnf\nport=1", "--host=b --port=1", "");
        let missing = "m: Can't read dir of '@/no' (OS errno 2 - No such file or directory)";
        let stopped = "m: [ERROR] Stopped processing the 'includedir' directive in file @/my.cnf at line 1.";
        check("!includedir @/no \n", "Wrong", &format!("{missing}|{stopped}"));
        let missing = "m: Can't get stat of '@/no' (OS errno 2 - No such file or directory)";
        let stopped = "m: [ERROR] Stopped processing the 'include' directive in file @/my.cnf at line 1.";
        check(
            "!include @/no\n[client]\nport=1",
            "--port=1",
            &format!("{missing}|{stopped}"),
        );
        check(
            "!include \n",
            "Wrong",
            "m: [ERROR] Wrong '!include' directive in config file @/my.cnf at line 1.",
        );
    }
}
