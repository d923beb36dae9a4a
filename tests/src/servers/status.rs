//! What a server says about its binary log.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use mysql::prelude::Queryable as _;
use mysql::{Row, from_value_opt};

use super::flavour::Flavour;
use super::server::Server;

impl Server {
    /// Runs statements, one after another, on one connection.
    pub fn execute<S: AsRef<str>>(&self, statements: impl IntoIterator<Item = S>) -> Result<()> {
        let mut conn = self.conn()?;
        for statement in statements {
            let statement = statement.as_ref();
            conn.query_drop(statement)
                .with_context(|| format!("cannot run {statement}"))?;
        }
        Ok(())
    }

    /// The binary log files, oldest first.
    pub fn binlogs(&self) -> Result<Vec<PathBuf>> {
        let datadir = self.datadir();
        let index = datadir.join("binlog.index");
        let text = fs::read_to_string(&index).with_context(|| format!("cannot read {}", index.display()))?;
        Ok(text
            .lines()
            .map(|name| datadir.join(name.trim_start_matches("./")))
            .collect())
    }

    /// The binary log file and position that the next event will be written to.
    pub fn binlog_position(&self) -> Result<(String, u64)> {
        let statement = match self.options().flavour {
            Flavour::MySql97 => "SHOW BINARY LOG STATUS",
            _ => "SHOW MASTER STATUS",
        };
        let row: Option<Row> = self.conn()?.query_first(statement)?;
        let mut values = row.context("the server has no binary log")?.unwrap().into_iter();
        let mut next = || values.next().context("the server's answer has too few columns");
        Ok((from_value_opt(next()?)?, from_value_opt(next()?)?))
    }

    /// The GTIDs in its binary log: `gtid_executed`, or MariaDB's `gtid_binlog_pos`.
    pub fn gtids(&self) -> Result<String> {
        let variable = if self.options().flavour.is_mariadb() {
            "gtid_binlog_pos"
        } else {
            "gtid_executed"
        };
        let value: Option<String> = self.conn()?.query_first(format!("SELECT @@GLOBAL.{variable}"))?;
        Ok(value.unwrap_or_default().replace('\n', ""))
    }
}
