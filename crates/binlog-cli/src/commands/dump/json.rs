//! How JSON is written.

use anyhow::{Result, bail};
use binlog_dumper::JsonDumper;
use binlog_dumper::json::Envelope;
use binlog_dumper::json::envelope::Commits;
use clap::{Args, ValueEnum};

use crate::failure::Usage;
use crate::overflow::overflow_file;

/// What shapes JSON.
#[derive(Args, Debug)]
#[command(next_help_heading = "JSON")]
pub(super) struct JsonArgs {
    /// Print what this project would send of the same changes
    #[arg(long, value_name = "PROJECT")]
    json_envelope: Option<EnvelopeArg>,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
enum EnvelopeArg {
    /// Change events of Debezium's connectors, without schemas
    Debezium,
    /// Lines of Maxwell's daemon
    Maxwell,
    /// Flat messages of canal
    Canal,
}

impl JsonArgs {
    /// The dumper of this form.
    pub(super) fn dumper(&self) -> JsonDumper {
        match self.json_envelope {
            None => JsonDumper::new(),
            Some(EnvelopeArg::Debezium) => JsonDumper::in_envelope(Envelope::Debezium),
            Some(EnvelopeArg::Maxwell) => JsonDumper::in_envelope(Envelope::Maxwell),
            Some(EnvelopeArg::Canal) => JsonDumper::in_envelope(Envelope::Canal),
        }
    }

    /// What tells the dumper's rows of the end of their transaction.
    pub(super) fn commits(&self) -> Option<Commits> {
        let has_marks = self.json_envelope == Some(EnvelopeArg::Maxwell);
        has_marks.then(|| Commits::new(overflow_file))
    }

    /// For a form that is not JSON.
    ///
    /// # Errors
    /// One of these options was given.
    pub(super) fn refuse(&self) -> Result<()> {
        match self.json_envelope {
            None => Ok(()),
            Some(_) => bail!(Usage("--json-envelope is for --format json".to_owned())),
        }
    }
}
