//! What a failed command says, and its exit code.

use std::io;
use std::process::ExitCode;

use anyhow::Error;
use binlog_applier::ApplyError;
use binlog_dumper::DumpError;
use binlog_filter::{FilterError, RuleError};
use binlog_replica::ReplicaError;
use binlog_source::{SourceError, UrlError};

/// A problem with the data.
const DATA: u8 = 1;
/// A wrong use of the command.
const USAGE: u8 = 2;
/// A problem with a server.
const SERVER: u8 = 3;

/// A wrong use of the command that clap cannot see.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// The command has said what is wrong with the data: only the exit code is left to tell.
#[derive(Debug)]
pub(crate) struct Told;

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("something is wrong with the data")
    }
}

impl std::error::Error for Told {}

/// Tells the error with its causes and a hint on stderr. A closed pipe is success.
pub(crate) fn report(error: &Error) -> ExitCode {
    if is_closed_pipe(error) {
        return ExitCode::SUCCESS;
    }
    if !error.is::<Told>() {
        let _ = write(error, &mut io::stderr().lock());
    }
    ExitCode::from(code(error))
}

fn write(error: &Error, out: &mut impl io::Write) -> io::Result<()> {
    writeln!(out, "error: {error}")?;
    let mut said = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        if !said.contains(&cause) {
            writeln!(out, "  because: {cause}")?;
        }
        said = cause;
    }
    match hint(error) {
        Some(hint) => writeln!(out, "  hint: {hint}"),
        None => Ok(()),
    }
}

fn is_closed_pipe(error: &Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

fn hint(error: &Error) -> Option<String> {
    error.chain().find_map(|cause| match Kind::of(cause)? {
        Kind::Source(error) => error.hint(),
        Kind::Apply(error) => error.hint(),
        Kind::Filter(error) => error.hint(),
        Kind::Dump(error) => error.hint(),
        Kind::Usage => None,
    })
}

fn code(error: &Error) -> u8 {
    let code = error.chain().find_map(|cause| {
        Some(match Kind::of(cause)? {
            Kind::Source(error) if error.is_server() => SERVER,
            Kind::Apply(error) if error.is_server() => SERVER,
            Kind::Source(_) | Kind::Apply(_) | Kind::Filter(_) | Kind::Dump(_) => DATA,
            Kind::Usage => USAGE,
        })
    });
    code.unwrap_or(DATA)
}

/// The errors that know more than their text.
enum Kind<'e> {
    Source(&'e SourceError),
    Apply(&'e ApplyError),
    Filter(&'e FilterError),
    Dump(&'e DumpError),
    Usage,
}

impl<'e> Kind<'e> {
    fn of(cause: &'e (dyn std::error::Error + 'static)) -> Option<Self> {
        if cause.is::<Usage>() || cause.is::<RuleError>() || cause.is::<UrlError>() {
            return Some(Self::Usage);
        }
        if let Some(error) = cause.downcast_ref::<ReplicaError>() {
            return Self::of_replica(error);
        }
        let source = cause.downcast_ref().map(Self::Source);
        let apply = || cause.downcast_ref().map(Self::Apply);
        let filter = || cause.downcast_ref().map(Self::Filter);
        let dump = || cause.downcast_ref().map(Self::Dump);
        source.or_else(apply).or_else(filter).or_else(dump)
    }

    fn of_replica(error: &'e ReplicaError) -> Option<Self> {
        match error {
            ReplicaError::Source(error) => Some(Self::Source(error)),
            ReplicaError::Filter(error) => Some(Self::Filter(error)),
            ReplicaError::Apply(error) => Some(Self::Apply(error)),
            _ => None,
        }
    }
}
