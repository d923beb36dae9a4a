//! Arguments into options, as the programs of MySQL read them.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

use super::messages::{Ending, Messages};
use super::number;
use super::table::{Form, Limits, Spec, lettered, named};

/// An argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Argument {
    pub(super) text: OsString,
    /// It was in an option file.
    pub(super) stored: bool,
}

/// What an option was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// Nothing.
    Nothing,
    /// Whether it is on.
    Flag(bool),
    /// A number within its limits.
    Number(i128),
    /// A text.
    Text(OsString),
}

/// What becomes of options.
pub(super) trait Sink {
    /// Takes an option in its turn.
    ///
    /// # Errors
    /// The program ends here.
    fn take(&mut self, option: &'static Spec, value: Value, messages: &mut Messages<'_>) -> Result<(), Ending>;
}

const DISABLED: Ending = Ending(12);
const EMPTY: Ending = Ending(5);
const MISSING: Ending = Ending(5);
const SURPLUS: Ending = Ending(4);
const UNKNOWN_OPTION: Ending = Ending(2);
const UNKNOWN_VARIABLE: Ending = Ending(7);
const WRONG_NUMBER: Ending = Ending(9);

/// Gives the options to `sink`, and returns what is no option.
///
/// # Errors
/// What is wrong was said.
pub(super) fn parse(
    arguments: Vec<Argument>,
    sink: &mut dyn Sink,
    messages: &mut Messages<'_>,
) -> Result<Vec<OsString>, Ending> {
    let mut parser = Parser {
        arguments: arguments.into(),
        sink,
        messages,
        warned: false,
    };
    parser.run()
}

struct Parser<'p, 'm> {
    arguments: VecDeque<Argument>,
    sink: &'p mut dyn Sink,
    messages: &'p mut Messages<'m>,
    /// Of the password among the arguments.
    warned: bool,
}

/// How an option's name was found.
struct Found {
    option: Option<&'static Spec>,
    /// What a prefix says about the value.
    forced: Option<bool>,
    loose: bool,
}

impl Parser<'_, '_> {
    fn run(&mut self) -> Result<Vec<OsString>, Ending> {
        let mut files = Vec::new();
        while let Some(argument) = self.arguments.pop_front() {
            match argument.text.as_bytes() {
                b"--" => break,
                [b'-', b'-', long @ ..] => self.long(long, argument.stored)?,
                [b'-', letters @ ..] if !letters.is_empty() => self.short(letters, argument.stored)?,
                _ => files.push(argument.text),
            }
        }
        files.extend(self.arguments.drain(..).map(|argument| argument.text));
        Ok(files)
    }

    fn long(&mut self, text: &[u8], stored: bool) -> Result<(), Ending> {
        let (name, value) = split(text);
        let found = find(name);
        let Some(option) = found.option else {
            return self.unknown(text, value.is_some(), found.loose);
        };
        let value = match found.forced {
            Some(forced) if forced != (value == Some(b"0")) => Some(&b"1"[..]),
            Some(_) => Some(&b"0"[..]),
            None => value,
        };
        let enabled = found.forced.is_some() && value == Some(b"1");
        match option.form {
            Form::Disabled => self.disabled(option.name),
            Form::Flag => self.flag(option, value),
            Form::Action if value.is_some() => self.surplus(option),
            Form::Action => self.give(option, Value::Nothing),
            Form::Password => self.password(option, value, stored),
            Form::Text | Form::Number(_) => match value {
                Some(_) if enabled && matches!(option.form, Form::Text) => self.give(option, Value::Nothing),
                Some(value) => self.set(option, OsStr::from_bytes(value).to_owned()),
                None => self.next_as_value(option, stored),
            },
        }
    }

    fn unknown(&mut self, text: &[u8], variable: bool, loose: bool) -> Result<(), Ending> {
        let text = String::from_utf8_lossy(text);
        let said = match variable {
            true => format!("unknown variable '{text}'."),
            false => format!("unknown option '--{text}'."),
        };
        if loose {
            self.messages.option_warning(said);
            return Ok(());
        }
        self.messages.option_error(said);
        Err(if variable { UNKNOWN_VARIABLE } else { UNKNOWN_OPTION })
    }

    fn flag(&mut self, option: &'static Spec, value: Option<&[u8]>) -> Result<(), Ending> {
        let Some(value) = value else {
            return self.give(option, Value::Flag(true));
        };
        if let Some(on) = truth(value) {
            return self.give(option, Value::Flag(on));
        }
        self.messages.option_warning(format_args!(
            "{}: ignoring option '--{}' due to invalid value '{}'.",
            self.messages.program.path.clone(),
            option.name,
            String::from_utf8_lossy(value)
        ));
        Ok(())
    }

    fn password(&mut self, option: &'static Spec, value: Option<&[u8]>, stored: bool) -> Result<(), Ending> {
        if value.is_some() && !stored && !std::mem::replace(&mut self.warned, true) {
            self.messages
                .option_warning("Using a password on the command line interface can be insecure.");
        }
        let value = value.map_or(Value::Nothing, |value| Value::Text(OsStr::from_bytes(value).to_owned()));
        self.give(option, value)
    }

    /// A value that is the next argument. One in an option file stands behind a `=`.
    fn next_as_value(&mut self, option: &'static Spec, stored: bool) -> Result<(), Ending> {
        match self.arguments.pop_front() {
            Some(argument) if !stored => self.set(option, argument.text),
            _ => {
                self.messages
                    .named_error(format_args!("option '--{}' requires an argument.", option.name));
                Err(MISSING)
            }
        }
    }

    fn short(&mut self, letters: &[u8], stored: bool) -> Result<(), Ending> {
        let mut rest = letters;
        while let Some((letter, after)) = rest.split_first() {
            let Some(option) = lettered(*letter) else {
                return self.unknown_letter(*letter);
            };
            rest = match option.form {
                Form::Disabled => return self.disabled(format_args!("-{}", char::from(*letter))),
                Form::Flag => self.give(option, Value::Flag(true)).map(|()| after)?,
                Form::Action => self.give(option, Value::Nothing).map(|()| after)?,
                Form::Password => return self.password(option, Some(after).filter(|after| !after.is_empty()), stored),
                Form::Text | Form::Number(_) if after.is_empty() => return self.short_next_as_value(option, *letter),
                Form::Text | Form::Number(_) => return self.set(option, OsStr::from_bytes(after).to_owned()),
            };
        }
        Ok(())
    }

    fn short_next_as_value(&mut self, option: &'static Spec, letter: u8) -> Result<(), Ending> {
        if let Some(argument) = self.arguments.pop_front() {
            return self.set(option, argument.text);
        }
        let letter = char::from(letter);
        self.messages
            .named_error(format_args!("option '-{letter}' requires an argument."));
        Err(MISSING)
    }

    fn unknown_letter(&mut self, letter: u8) -> Result<(), Ending> {
        let letter = char::from(letter);
        self.messages.named_error(format_args!("unknown option '-{letter}'."));
        Err(UNKNOWN_OPTION)
    }

    fn disabled(&mut self, name: impl std::fmt::Display) -> Result<(), Ending> {
        self.messages
            .named_error(format_args!("Option '{name}' was used, but is disabled."));
        Err(DISABLED)
    }

    fn surplus(&mut self, option: &Spec) -> Result<(), Ending> {
        self.messages
            .named_error(format_args!("option '--{}' cannot take an argument.", option.name));
        Err(SURPLUS)
    }

    fn set(&mut self, option: &'static Spec, text: OsString) -> Result<(), Ending> {
        match option.form {
            Form::Number(limits) => {
                let number = self.number(option, &limits, &text.to_string_lossy())?;
                self.give(option, Value::Number(number))
            }
            _ => self.give(option, Value::Text(text)),
        }
    }

    fn number(&mut self, option: &Spec, limits: &Limits, text: &str) -> Result<i128, Ending> {
        if text.is_empty() {
            self.messages
                .named_error(format_args!("Empty value for '{}' specified.", option.name));
            return Err(EMPTY);
        }
        number::parse(text, option.name, limits, self.messages).map_err(|number::Wrong| {
            self.messages
                .named_error(format_args!("Error while setting value '{text}' to '{}'.", option.name));
            WRONG_NUMBER
        })
    }

    fn give(&mut self, option: &'static Spec, value: Value) -> Result<(), Ending> {
        self.sink.take(option, value, self.messages)
    }
}

/// Name and value around the first `=`.
fn split(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    let mut parts = text.splitn(2, |byte| *byte == b'=');
    (parts.next().unwrap_or_default(), parts.next())
}

/// The option of this name, or of what is left of it after prefixes.
fn find(name: &[u8]) -> Found {
    const PREFIXES: &[(&[u8], Option<bool>)] = &[
        (b"skip", Some(false)),
        (b"disable", Some(false)),
        (b"enable", Some(true)),
        (b"maximum", None),
        (b"loose", None),
    ];
    let mut rest = name;
    let (mut forced, mut loose) = (None, false);
    loop {
        if let Some(option) = named(rest) {
            let option = Some(option);
            return Found { option, forced, loose };
        }
        let prefix = PREFIXES.iter().find_map(|(prefix, forces)| {
            let after = rest.strip_prefix(*prefix)?;
            let (b'-' | b'_', after) = after.split_first()? else {
                return None;
            };
            Some((*prefix, *forces, after))
        });
        let Some((prefix, forces, after)) = prefix else {
            let option = None;
            return Found { option, forced, loose };
        };
        // The last prefix alone says what becomes of the value.
        forced = forces;
        loose |= prefix == b"loose";
        rest = after;
    }
}

/// What a flag's value means.
fn truth(value: &[u8]) -> Option<bool> {
    let is = |words: [&[u8]; 3]| words.iter().any(|word| value.eq_ignore_ascii_case(word));
    match () {
        () if is([b"true", b"on", b"1"]) => Some(true),
        () if is([b"false", b"off", b"0"]) => Some(false),
        () => None,
    }
}

#[cfg(test)]
mod tests;
