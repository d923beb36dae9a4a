//! Maintenance statements, and those that are no kind of their own.

use super::scan::{Scan, Scanner, Verb};

impl Scanner<'_> {
    /// After `ANALYZE`, `OPTIMIZE`, `REPAIR`, `CHECK` or `FLUSH`.
    pub(crate) fn maintenance(&mut self) -> Scan<()> {
        self.cursor.accept_any(&["NO_WRITE_TO_BINLOG", "LOCAL"]);
        let tables = self.cursor.accept(&["TABLE"]) || self.cursor.accept(&["TABLES"]);
        if tables && self.cursor.is_name() && !self.cursor.are(&["WITH", "READ"]) {
            return self.write_tables();
        }
        self.global();
        Ok(())
    }

    /// A statement that is no kind of its own.
    pub(crate) fn other(&mut self) -> Scan<()> {
        if self.verb != Verb::Select {
            self.global();
            return Ok(());
        }
        self.expressions(&[])?;
        if self.writes.is_empty() {
            return Err("it may call a stored function, which may change any table".into());
        }
        self.end()
    }
}
