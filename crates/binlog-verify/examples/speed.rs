//! How fast a log is verified: `cargo run --release -p binlog-verify --example speed FILE`.

use std::error::Error;
use std::io::Write as _;
use std::ops::ControlFlow;
use std::time::Instant;

use binlog_parser::Chunk;
use binlog_source::{Input, Next, SalvageOptions, SalvageSource, Source as _, SourceError, for_each_in_order};
use binlog_verify::{Verifier, check};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("name a log")?;
    let input = Input::Path(path.into());
    for _ in 0..3 {
        say("read and cut", || read(&input, |_| ()))?;
        say("read, cut, check on one core", || {
            let mut verifier = Verifier::default();
            read(&input, |chunk| verifier.add(&check(&chunk)))
        })?;
        say("read, cut, check on all cores", || on_all_cores(&input))?;
    }
    Ok(())
}

fn say(what: &str, work: impl FnOnce() -> Result<u64, Box<dyn Error>>) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let bytes = work()?;
    let seconds = start.elapsed().as_secs_f64();
    writeln!(
        std::io::stdout(),
        "{what}: {bytes} bytes, {seconds:.3} s, {:.2} GB/s",
        bytes as f64 / seconds / 1e9
    )?;
    Ok(())
}

fn read(input: &Input, mut take: impl FnMut(Chunk)) -> Result<u64, Box<dyn Error>> {
    let mut source = SalvageSource::open(input, SalvageOptions::default())?;
    let mut bytes = 0;
    while let Next::Chunk(chunk) = source.next()? {
        bytes += chunk.len() as u64;
        take(chunk);
    }
    Ok(bytes)
}

fn on_all_cores(input: &Input) -> Result<u64, Box<dyn Error>> {
    let mut source = SalvageSource::open(input, SalvageOptions::default())?;
    let mut verifier = Verifier::default();
    for_each_in_order(
        &mut source,
        ControlFlow::Continue,
        |chunk| check(&chunk),
        |facts| {
            facts.iter().for_each(|facts| verifier.add(facts));
            Ok::<_, SourceError>(())
        },
    )?;
    Ok(verifier.finish().totals().bytes)
}
