//! Measurements as a Markdown table.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::measure::{Run, measure};

/// One row of a table: a command and its runs.
pub(super) struct Contender {
    /// What is shown: the command, without folders.
    name: String,
    runs: Vec<Run>,
}

impl Contender {
    pub(super) fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            runs: Vec::new(),
        }
    }

    /// Runs it once more: these commands, connected by pipes.
    pub(super) fn run(&mut self, pipeline: Vec<Command>) -> Result<()> {
        eprintln!("running {}", self.name);
        self.runs.push(measure(pipeline).with_context(|| self.name.clone())?);
        Ok(())
    }

    /// Adds a run that was measured otherwise.
    pub(super) fn add(&mut self, run: Run) {
        self.runs.push(run);
    }

    /// What is shown.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    fn times(&self) -> Vec<Duration> {
        let mut times: Vec<_> = self.runs.iter().map(|run| run.time).collect();
        times.sort_unstable();
        times
    }

    fn best(&self) -> f64 {
        self.times().first().map_or(f64::NAN, Duration::as_secs_f64)
    }

    fn median(&self) -> f64 {
        let times = self.times();
        times.get(times.len() / 2).map_or(f64::NAN, Duration::as_secs_f64)
    }

    fn peak(&self) -> u64 {
        self.runs.iter().map(|run| run.peak).max().unwrap_or(0)
    }
}

/// The table of all contenders, each compared with the one at `reference`. `bytes` is the size of
/// what each of them reads.
pub(super) fn markdown(contenders: &[Contender], reference: usize, bytes: u64) -> String {
    markdown_times(contenders, reference, bytes, "times mysqlbinlog")
}

/// The same; `times` says how many times as fast as what.
pub(super) fn markdown_times(contenders: &[Contender], reference: usize, bytes: u64, times: &str) -> String {
    let head = HEAD.replace("{times}", times);
    let reference = contenders.get(reference).map_or(f64::NAN, Contender::median);
    let megabytes = bytes as f64 / 1e6;
    let rows = contenders.iter().map(|contender| {
        let (best, median) = (contender.best(), contender.median());
        let (rate, times) = (megabytes / median, reference / median);
        let name = contender.name.replace('|', "\\|");
        let peak = contender.peak() / 1_000_000;
        format!("| `{name}` | {best:.2} | {median:.2} | {rate:.1} | {times:.1} | {peak} |\n")
    });
    head + &rows.collect::<String>()
}

const HEAD: &str = "\
| command | best, s | median, s | MB/s | {times} | peak memory, MB |
|---|---:|---:|---:|---:|---:|
";

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Contender, Run, markdown};

    #[test]
    fn rates_are_of_the_median() {
        let contender = |name: &str, seconds: [u64; 3]| {
            let mut contender = Contender::new(name);
            let run = |seconds| Run {
                time: Duration::from_secs(seconds),
                peak: seconds * 1_000_000,
            };
            contender.runs = seconds.map(run).into();
            contender
        };
        let contenders = [contender("ours", [2, 1, 4]), contender("theirs", [20, 9, 30])];
        let text = markdown(&contenders, 1, 100_000_000);
        let rows: Vec<&str> = text.lines().skip(2).collect();
        assert_eq!(
            rows,
            [
                "| `ours` | 1.00 | 2.00 | 50.0 | 10.0 | 4 |",
                "| `theirs` | 9.00 | 20.00 | 5.0 | 1.0 | 30 |",
            ]
        );
    }
}
