//! Runs a target over its seeds and what is made of them.

use std::any::Any;
use std::fmt;
use std::fs;
use std::panic;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use fastrand::Rng;
use peak_alloc::PeakAlloc;

use crate::Target;
use crate::mutate::mutate;

/// Inputs that grow beyond it are not mutated further.
const MAX_INPUT: usize = 256 << 10;

/// An input for which a property does not hold.
#[derive(Debug)]
pub struct Failure {
    /// Name of the target.
    pub target: &'static str,
    /// The input.
    pub input: Vec<u8>,
    /// What the target said.
    pub why: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {}, with {} bytes of input",
            self.target,
            self.why,
            self.input.len()
        )
    }
}

impl std::error::Error for Failure {}

/// Runs the target with its regressions, its seeds, and then with mutations of them for as long as `goes_on`.
/// Returns the number of inputs. The program's allocator must be [`PeakAlloc`], which counts the memory that an input takes.
///
/// # Errors
/// Files that cannot be read, or the first [`Failure`].
pub fn run(target: &Target, seed: u64, mut goes_on: impl FnMut() -> bool) -> Result<u64> {
    let mut inputs = regressions(target)?;
    inputs.extend((target.seeds)()?);
    for input in &inputs {
        try_input(target, input)?;
    }
    let mut rng = Rng::with_seed(seed);
    let mut count = inputs.len() as u64;
    while goes_on() {
        let mut input = pick(&inputs, &mut rng).to_vec();
        mutate(&mut input, pick(&inputs, &mut rng), &mut rng);
        input.truncate(MAX_INPUT);
        try_input(target, &input)?;
        count += 1;
    }
    Ok(count)
}

/// The inputs that once failed.
///
/// # Errors
/// Files that cannot be read.
pub fn regressions(target: &Target) -> Result<Vec<Vec<u8>>> {
    let folder = folder(target);
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    files.sort();
    let read = |file: &PathBuf| fs::read(file).with_context(|| format!("cannot read {}", file.display()));
    files.iter().map(read).collect()
}

fn folder(target: &Target) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("regressions")
        .join(target.name)
}

fn pick<'i>(inputs: &'i [Vec<u8>], rng: &mut Rng) -> &'i [u8] {
    let index = rng.usize(0..inputs.len().max(1));
    inputs.get(index).map(Vec::as_slice).unwrap_or_default()
}

fn try_input(target: &Target, input: &[u8]) -> Result<(), Failure> {
    let failure = |why| Failure {
        target: target.name,
        input: input.to_vec(),
        why,
    };
    PeakAlloc.reset_peak_usage();
    let before = PeakAlloc.current_usage();
    panic::catch_unwind(|| (target.run)(input)).map_err(|panic| failure(said(&*panic)))?;
    let peak = PeakAlloc.peak_usage().saturating_sub(before);
    let limit = (target.memory)(input.len());
    match peak > limit {
        true => Err(failure(format!("{peak} bytes of memory, {limit} allowed"))),
        false => Ok(()),
    }
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    format!("panic: {}", text.unwrap_or("without a text"))
}
