//! Where the names of columns come from, along a log.

use std::fmt;
use std::sync::Arc;

use binlog_schema::{Catalog, ColumnNames, LogPlace, TableName};

use super::Summary;
use crate::DumpError;
use crate::at::At;
use binlog_parser::Rows;

/// Rows of a table that have the same names from the same place.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Span {
    /// The names, and where they come from.
    pub names: Arc<ColumnNames>,
    /// Columns of the table map.
    pub columns: usize,
    /// The first of the row events.
    pub from: LogPlace,
    /// The last of the row events.
    pub to: LogPlace,
    /// Position after the last one.
    pub end: u64,
}

/// The definitions of a summary's tables, for people.
#[derive(Debug, Clone, Copy)]
pub struct Definitions<'s>(&'s Summary);

impl Summary {
    /// What is known of tables. Definitions are given to it before the first chunk.
    pub fn catalog(&mut self) -> &mut Catalog {
        &mut self.walk.names.catalog
    }

    /// Where the definition of each table comes from, for people.
    #[must_use]
    pub fn definitions(&self) -> Definitions<'_> {
        Definitions(self)
    }

    pub(super) fn name(&mut self, at: At<'_, '_>, rows: &Rows<'_>) -> Result<(), DumpError> {
        let names = self.walk.names.meet(at, &rows.table)?;
        let columns = rows.table.columns.len();
        let place = LogPlace::new(&at.chunk.file, at.raw.offset);
        let end = at.end();
        let table = TableName::new(&*rows.table.schema, &*rows.table.table);
        let spans = self.spans.entry(table).or_default();
        match spans.last_mut() {
            Some(last) if last.is_of(&names, columns) => (last.to, last.end) = (place, end),
            _ => spans.push(Span {
                names,
                columns,
                from: place.clone(),
                to: place,
                end,
            }),
        }
        Ok(())
    }
}

impl Span {
    fn is_of(&self, names: &Arc<ColumnNames>, columns: usize) -> bool {
        self.columns == columns && (Arc::ptr_eq(&self.names, names) || self.names == *names)
    }
}

impl fmt::Display for Definitions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{:<32} {:>7}  Definition", "Table", "Columns")?;
        for (table, spans) in &self.0.spans {
            for span in spans {
                let (origin, from, to, end) = (&span.names.origin, &span.from, &span.to.file, span.end);
                writeln!(
                    f,
                    "{:<32} {:>7}  {origin}, for rows from {from} to {to}:{end}",
                    table.to_string(),
                    span.columns
                )?;
            }
        }
        Ok(())
    }
}
