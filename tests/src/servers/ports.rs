//! Ports for servers, each for one server at a time, also across test processes.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process;
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::{Context as _, Result, bail};

use super::cache;

/// Below the range that the kernel gives to outgoing connections, so that a server finds its port
/// still free when it starts again.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

/// A port that no other server of the testkit has while this lives.
#[derive(Debug)]
pub(super) struct Port {
    number: u16,
    _lock: File,
}

impl Port {
    /// Takes a port on which nobody listens.
    pub(super) fn take() -> Result<Self> {
        static NEXT: AtomicU16 = AtomicU16::new(0);
        let locks = cache::folder()?.join("ports");
        fs::create_dir_all(&locks).context("cannot make the folder of port locks")?;
        let start = u32::from(NEXT.fetch_add(1, Ordering::Relaxed)).wrapping_add(process::id().wrapping_mul(37));
        for step in 0..u32::from(COUNT) {
            let offset = start.wrapping_add(step) % u32::from(COUNT);
            let number = FIRST + u16::try_from(offset).unwrap_or(0);
            if let Some(port) = Self::try_take(number, &locks)? {
                return Ok(port);
            }
        }
        bail!("no port from {FIRST} to {} is free", FIRST + COUNT - 1);
    }

    fn try_take(number: u16, locks: &Path) -> Result<Option<Self>> {
        let Some(lock) = cache::try_lock(&locks.join(number.to_string()))? else {
            return Ok(None);
        };
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, number)).is_ok();
        Ok(free.then_some(Self { number, _lock: lock }))
    }

    pub(super) const fn number(&self) -> u16 {
        self.number
    }
}

#[cfg(test)]
mod tests {
    use super::Port;

    #[test]
    fn ports_differ() {
        let (one, two) = (Port::take().unwrap(), Port::take().unwrap());
        assert_ne!(one.number(), two.number());
    }
}
