//! Ctrl-C and SIGTERM end a command at the next whole step; a second one ends it at once.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::{Context as _, Result};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// A flag that becomes true when the process is told to stop.
pub(crate) fn stop_flag() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        flag::register_conditional_default(signal, Arc::clone(&stop)).context("set up signals")?;
        flag::register(signal, Arc::clone(&stop)).context("set up signals")?;
    }
    Ok(stop)
}
