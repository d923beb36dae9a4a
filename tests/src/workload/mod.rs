//! A mixed workload, the same for the same seed.
//!
//! It writes to the tables that a filter would keep (`shop.orders`, `shop.customers`, `shop.items`,
//! `shop.notes`, and `shop.drafts…`, which come and go) and to those that it would drop
//! ([`DROPPED`]), often in one transaction and sometimes in one statement: inserts, updates (of
//! keys too) and deletes of one row and of many, duplicates and NULLs, all kinds of values,
//! rollbacks, and DDL in between.
//!
//! ```no_run
//! use binlog_testkit::{Flavour, Server, ServerOptions, workload::Workload};
//!
//! # fn main() -> anyhow::Result<()> {
//! let source = Server::start(ServerOptions::new(Flavour::MySql97))?;
//! Workload::prepare(&mut source.conn()?)?;
//! Workload::new(42).run(&mut source.conn()?, 1000)?;
//!
//! let running = Workload::new(43).worker(1).spawn(&source);
//! // … and meanwhile something else …
//! println!("{:?}", running.stop()?);
//! # Ok(())
//! # }
//! ```

mod background;
mod ddl;
mod random;
mod rows;
mod tables;
mod transactions;
mod values;

use std::time::Duration;

use anyhow::Result;
use mysql::Conn;

pub use background::Running;
pub use tables::{DROPPED, KEPT, kept_tables};

use random::Random;
use rows::Rows;
use transactions::Outcome;

/// A stream of transactions.
#[derive(Clone, Debug)]
pub struct Workload {
    random: Random,
    rows: Rows,
    ddl: bool,
    worker: u32,
    pause: Duration,
    /// Transactions begun so far.
    number: u64,
}

/// What a workload has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// Transactions that were committed, DDL among them.
    pub committed: u64,
    /// Transactions that were rolled back, on purpose or by a deadlock.
    pub rolled_back: u64,
    /// Steps of DDL, of one to three statements.
    pub ddl: u64,
}

impl Workload {
    /// One transaction in this many is DDL.
    const DDL_EVERY: u64 = 40;

    /// Makes the schemas and tables, and removes what was there.
    pub fn prepare(conn: &mut Conn) -> Result<()> {
        tables::create(conn)
    }

    /// The workload of this seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            rows: Rows::new(0),
            ddl: true,
            worker: 0,
            pause: Duration::ZERO,
            number: 0,
        }
    }

    /// As one of several that run at the same time, each with keys of its own: give each another
    /// number, below 200. Only worker 0 changes tables.
    #[must_use]
    pub const fn worker(mut self, worker: u32) -> Self {
        self.worker = worker;
        self.rows = Rows::new(worker);
        self
    }

    /// Without DDL.
    #[must_use]
    pub const fn without_ddl(mut self) -> Self {
        self.ddl = false;
        self
    }

    /// With a pause after each transaction.
    #[must_use]
    pub const fn pause(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    /// Runs that many transactions.
    pub fn run(&mut self, conn: &mut Conn, transactions: u64) -> Result<Summary> {
        let mut summary = Summary::default();
        tables::set_session(conn)?;
        for _ in 0..transactions {
            self.step(conn, &mut summary)?;
        }
        Ok(summary)
    }

    /// Runs on a thread of its own until stopped. When the server goes away, it waits until it is
    /// back, and goes on.
    #[must_use]
    pub fn spawn(self, server: &crate::Server) -> Running {
        Running::start(self, server.opts())
    }

    fn step(&mut self, conn: &mut Conn, summary: &mut Summary) -> Result<()> {
        self.number += 1;
        if self.ddl && self.worker == 0 && self.number.is_multiple_of(Self::DDL_EVERY) {
            ddl::step(&mut self.random, conn)?;
            summary.ddl += 1;
            summary.committed += 1;
        } else {
            match transactions::run(&mut self.random, &mut self.rows, conn)? {
                Outcome::Committed => summary.committed += 1,
                Outcome::RolledBack => summary.rolled_back += 1,
            }
        }
        std::thread::sleep(self.pause);
        Ok(())
    }
}
