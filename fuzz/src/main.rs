//! Runs fuzz targets for a time: `cargo xtask fuzz`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command for people")]

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use binlog_fuzz::{Failure, TARGETS, Target, run};
use clap::Parser;
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Run fuzz targets for a time.
#[derive(Parser)]
struct Arguments {
    /// Targets; all where none is named.
    targets: Vec<String>,
    /// Seconds for each target.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Seed of the mutations.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> ExitCode {
    match fuzz(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn fuzz(arguments: &Arguments) -> Result<()> {
    let is_asked =
        |target: &&Target| arguments.targets.is_empty() || arguments.targets.iter().any(|name| name == target.name);
    let targets: Vec<_> = TARGETS.iter().filter(is_asked).collect();
    ensure!(!targets.is_empty(), "no such target: {}", arguments.targets.join(", "));
    std::panic::set_hook(Box::new(|_| {}));
    for target in targets {
        let end = Instant::now() + Duration::from_secs(arguments.seconds);
        let count = run(target, arguments.seed, || Instant::now() < end).inspect_err(keep)?;
        println!("{:12} {count:>12} inputs, none failed", target.name);
    }
    Ok(())
}

/// Keeps the input that failed, beside the regressions.
fn keep(error: &anyhow::Error) {
    let Some(failure) = error.downcast_ref::<Failure>() else {
        return;
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("regressions")
        .join(failure.target);
    let file = folder.join(format!("{}.bin", failure.input.len()));
    let kept = fs::create_dir_all(&folder).and_then(|()| fs::write(&file, &failure.input));
    match kept {
        Ok(()) => eprintln!("the input is kept in {}", file.display()),
        Err(error) => eprintln!("cannot keep the input in {}: {error}", file.display()),
    }
}
