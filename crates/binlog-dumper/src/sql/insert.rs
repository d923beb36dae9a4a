//! Several rows in one INSERT.

use binlog_parser::event::RowsKind;

use super::client;

/// Bytes after which a statement takes no more rows: far below what servers take as a packet.
const FULL: usize = 1 << 20;

/// The INSERT that was written last, while further rows may join it.
#[derive(Debug)]
pub(super) struct Inserts {
    most: usize,
    /// Rows in it; 0 where none may join.
    rows: usize,
    start: usize,
}

impl Inserts {
    /// `most` rows go into one statement.
    pub(super) fn new(most: usize) -> Self {
        let (rows, start) = (0, 0);
        Self { most, rows, start }
    }

    /// Whether the next row joins the last statement, which then is open for its values; else a statement begins.
    pub(super) fn joins(&mut self, kind: RowsKind, out: &mut Vec<u8>) -> bool {
        let has_room = self.rows < self.most && out.len() - self.start < FULL;
        if kind == RowsKind::Insert && self.rows > 0 && has_room {
            client::reopen_values(out);
            out.extend(b", ");
            return true;
        }
        (self.rows, self.start) = (0, out.len());
        false
    }

    /// A row was written.
    pub(super) fn wrote(&mut self) {
        self.rows += 1;
    }

    /// Something else is written: no row joins the last statement.
    pub(super) fn interrupt(&mut self) {
        self.rows = 0;
    }
}
