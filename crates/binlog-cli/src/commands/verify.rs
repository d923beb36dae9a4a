//! `binlog verify`: whether logs are whole, and what can be saved of those that are not.

mod json;
mod salvage;
mod text;

use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Result, bail};
use binlog_source::{Input, SalvageOptions, SalvageSource, Source, SourceError, expand, for_each_in_order, format_of};
use binlog_verify::{Damage, Report, Verifier, check};
use clap::{Args, ValueEnum};

use crate::failure::{Told, Usage};
use crate::inputs::InputArgs;
use crate::output::OutputArgs;

/// Check binary logs: each event, each log, and the logs of a set together.
///
/// Reading goes on behind damage: all of it is listed. Ends with 1 where data is damaged or missing.
#[derive(Args, Debug)]
pub(crate) struct Verify {
    /// Form of the output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Write a valid log of every whole transaction: to this file, or for several logs into this folder
    #[arg(long, value_name = "OUT")]
    salvage: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    input: InputArgs,
}

#[derive(ValueEnum, Debug, Clone, Copy)]
enum Format {
    /// Lines for people
    Text,
    /// One JSON object
    Json,
}

/// A log that was read, and the number of its first report. A file can hold several logs.
struct Read {
    input: Input,
    first: usize,
}

impl Verify {
    pub(crate) fn run(self) -> Result<()> {
        let (report, saved) = match self.input.whole_files()? {
            Some(inputs) => self.files(&expand(&inputs)?)?,
            None if self.salvage.is_some() => bail!(Usage("--salvage needs whole files".to_owned())),
            None => (stream(&mut *self.input.open_as_stored()?)?, Vec::new()),
        };
        let mut out = self.output.open()?;
        match self.format {
            Format::Text => text::write(&report, &saved, &mut out)?,
            Format::Json => json::write(&report, &saved, &mut out)?,
        }
        out.flush()?;
        match report.is_good() {
            true => Ok(()),
            false => bail!(Told),
        }
    }

    fn files(&self, inputs: &[Input]) -> Result<(Report, Vec<salvage::Saved>)> {
        if let Some(out) = &self.salvage {
            salvage::refuse(inputs, out)?;
        }
        let keys = self.input.keys.keys()?;
        let options = SalvageOptions {
            hints: inputs.iter().filter_map(|input| format_of(input, &keys)).collect(),
            keys,
            ..SalvageOptions::default()
        };
        let (report, read) = logs(inputs, &options)?;
        let saved = match &self.salvage {
            Some(out) => salvage::save(&report, &read, &options, out)?,
            None => Vec::new(),
        };
        Ok((report, saved))
    }
}

/// Verifies logs; what stops the reading of one is a finding, and the next one is read.
fn logs(inputs: &[Input], options: &SalvageOptions) -> Result<(Report, Vec<Read>)> {
    let mut verifier = Verifier::default();
    let mut read = Vec::new();
    for input in inputs {
        let first = verifier.logs();
        log(input, options, &mut verifier)?;
        read.push(Read {
            input: input.clone(),
            first,
        });
    }
    Ok((verifier.finish(), read))
}

fn log(input: &Input, options: &SalvageOptions, verifier: &mut Verifier) -> Result<()> {
    let mut source = match SalvageSource::open(input, options.clone()) {
        Ok(source) => source,
        Err(error) => {
            verifier.begin(name(input).into());
            return failed(&name(input), error, verifier);
        }
    };
    verifier.begin(Arc::clone(source.file()));
    let result = each(&mut source, verifier);
    for damage in source.damage() {
        verifier.damage(Damage {
            from: damage.from,
            to: damage.to,
            why: damage.why.clone(),
        });
    }
    result.or_else(|error| failed(source.file(), error, verifier))
}

/// A log that cannot be read is a finding.
fn failed(file: &str, error: SourceError, verifier: &mut Verifier) -> Result<()> {
    let hint = error.hint().map_or_else(String::new, |hint| format!("; {hint}"));
    let text = error.to_string();
    let why = text.strip_prefix(&format!("{file}: ")).unwrap_or(&text);
    verifier.failed(format!("{why}{hint}"));
    Ok(())
}

fn stream(source: &mut dyn Source) -> Result<Report> {
    let mut verifier = Verifier::default();
    each(source, &mut verifier)?;
    Ok(verifier.finish())
}

fn each(source: &mut dyn Source, verifier: &mut Verifier) -> Result<(), SourceError> {
    for_each_in_order(
        source,
        ControlFlow::Continue,
        |chunk| check(&chunk),
        |facts| {
            facts.iter().for_each(|facts| verifier.add(facts));
            Ok(())
        },
    )
}

fn name(input: &Input) -> String {
    match input {
        Input::Stdin => "stdin".to_owned(),
        Input::Path(path) => path.display().to_string(),
    }
}
