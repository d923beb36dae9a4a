//! Text that a pager shows: what `PAGER` names, or `less`.

use std::env;
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::{Child, ChildStdin, Command, Stdio};

/// A pager that runs until all was shown.
pub(crate) struct Pager {
    child: Child,
    input: Option<ChildStdin>,
}

impl Pager {
    /// Starts the pager. `None` where there is none, or `PAGER` is empty or `cat`.
    pub(crate) fn start() -> Option<Self> {
        let pager = env::var_os("PAGER").unwrap_or_else(|| "less".into());
        if pager.is_empty() || pager == "cat" {
            return None;
        }
        let mut child = command(pager).stdin(Stdio::piped()).spawn().ok()?;
        let input = child.stdin.take();
        Some(Self { child, input })
    }
}

/// `PAGER` is words for a shell. `less` shows colours, ends where all fits on the screen, and leaves it there.
fn command(pager: OsString) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(pager);
    if env::var_os("LESS").is_none() {
        command.env("LESS", "FRX");
    }
    command
}

impl Write for Pager {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.input {
            Some(input) => input.write(bytes),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.input.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for Pager {
    fn drop(&mut self) {
        self.input = None;
        // Whoever reads decides when it is enough; how the pager ends is its own business.
        let _ = self.child.wait();
    }
}
