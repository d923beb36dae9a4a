//! A workload on a thread of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, bail};
use mysql::{Conn, Opts};

use super::{Summary, Workload, tables};

/// A workload that runs until stopped. Dropping it tells it to stop, too, but does not wait.
#[derive(Debug)]
pub struct Running {
    control: Arc<Control>,
    thread: Option<JoinHandle<Result<Summary>>>,
}

/// What the workload's thread and its owner share.
#[derive(Debug, Default)]
pub(super) struct Control {
    stop: AtomicBool,
    committed: AtomicU64,
}

impl Running {
    pub(super) fn start(workload: Workload, server: Opts) -> Self {
        let control = Arc::new(Control::default());
        let shared = Arc::clone(&control);
        let thread = thread::spawn(move || shared.run(workload, &server));
        Self {
            control,
            thread: Some(thread),
        }
    }

    /// How many transactions have been committed so far.
    #[must_use]
    pub fn committed(&self) -> u64 {
        self.control.committed.load(Ordering::Relaxed)
    }

    /// Waits until that many more transactions have been committed.
    pub fn advance(&self, transactions: u64, patience: Duration) -> Result<()> {
        let goal = self.committed() + transactions;
        let deadline = Instant::now() + patience;
        while self.committed() < goal {
            if self.thread.as_ref().is_none_or(JoinHandle::is_finished) {
                bail!("the workload has ended with an error, which stop() tells");
            }
            if Instant::now() > deadline {
                bail!("the workload did not commit {transactions} transactions in {patience:?}");
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// Lets it finish its transaction, and says what it has done.
    pub fn stop(mut self) -> Result<Summary> {
        self.control.stop.store(true, Ordering::Relaxed);
        let thread = self.thread.take().ok_or_else(|| anyhow!("the workload is stopped"))?;
        thread.join().map_err(|_| anyhow!("the workload panicked"))?
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.control.stop.store(true, Ordering::Relaxed);
    }
}

impl Control {
    fn run(&self, mut workload: Workload, server: &Opts) -> Result<Summary> {
        let mut summary = Summary::default();
        while !self.stopped() {
            if let Some(mut conn) = connect(server) {
                self.run_connected(&mut workload, &mut conn, &mut summary)?;
            } else {
                thread::sleep(Duration::from_millis(50));
            }
        }
        Ok(summary)
    }

    /// Until stopped, or the server is gone.
    fn run_connected(&self, workload: &mut Workload, conn: &mut Conn, summary: &mut Summary) -> Result<()> {
        while !self.stopped() {
            match workload.step(conn, summary) {
                Ok(()) => self.committed.store(summary.committed, Ordering::Relaxed),
                Err(error) if server_is_gone(&error) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

fn connect(server: &Opts) -> Option<Conn> {
    let mut conn = Conn::new(server.clone()).ok()?;
    tables::set_session(&mut conn).ok()?;
    Some(conn)
}

fn server_is_gone(error: &anyhow::Error) -> bool {
    const SHUTDOWN: u16 = 1053;
    const KILLED: u16 = 1317;
    const CONNECTION_KILLED: u16 = 1927;
    match error.downcast_ref::<mysql::Error>() {
        Some(mysql::Error::MySqlError(answer)) => {
            matches!(answer.code, SHUTDOWN | KILLED | CONNECTION_KILLED)
        }
        Some(mysql::Error::IoError(_) | mysql::Error::DriverError(_) | mysql::Error::CodecError(_)) => true,
        _ => false,
    }
}
