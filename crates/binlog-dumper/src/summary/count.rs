//! Counting.

use binlog_parser::event::RowsKind;
use binlog_parser::gtid::TransactionGtid;
use binlog_parser::{Event, Query, Row, Rows, Step};
use binlog_schema::{StatementKind, TableName};

use super::{Largest, Log, Summary};
use crate::DumpError;
use crate::at::At;

impl Summary {
    pub(super) fn log(&mut self, at: At<'_, '_>) {
        let header = &at.raw.header;
        let count = self.events.entry(header.event_type).or_default();
        count.events += 1;
        count.bytes += u64::from(header.event_size);
        if header.timestamp != 0 && !header.is_artificial() {
            let (first, last) = self.times.unwrap_or((header.timestamp, header.timestamp));
            self.times = Some((first.min(header.timestamp), last.max(header.timestamp)));
        }
        if self.logs.last().is_none_or(|log| *log.file != *at.chunk.file) {
            let format = self.walk.format();
            self.logs.push(Log {
                file: at.chunk.file.to_string(),
                start: at.raw.offset,
                end: at.chunk.end,
                server_version: format.server_version.clone(),
                flavour: format.flavour(),
                checksum: format.checksum,
            });
        }
    }

    pub(super) fn transaction(&mut self, at: At<'_, '_>, step: Step) {
        if step == Step::Outside {
            return;
        }
        if matches!(step, Step::Begin | Step::Only) {
            self.transactions += 1;
            self.current = Largest {
                file: at.chunk.file.to_string(),
                position: at.raw.offset,
                ..Largest::default()
            };
        }
        self.current.bytes += u64::from(at.raw.header.event_size);
    }

    pub(super) fn event(&mut self, at: At<'_, '_>, event: &Event<'_>) -> Result<(), DumpError> {
        if let Some(gtid) = TransactionGtid::of(event) {
            self.gtid(&gtid);
        }
        match event {
            Event::Query(query) => self.query(query),
            Event::ExecuteLoadQuery(_) => self.dml_statements += 1,
            Event::Rows(rows) => self.count_rows(at, rows)?,
            _ => {}
        }
        self.keep_largest();
        Ok(())
    }

    /// Without a copy at each event: the largest one grows, or is replaced once.
    fn keep_largest(&mut self) {
        let current = &self.current;
        match &mut self.largest {
            Some(largest) if largest.bytes >= current.bytes => {}
            Some(largest) if largest.position == current.position && largest.file == current.file => {
                (largest.bytes, largest.rows) = (current.bytes, current.rows);
            }
            largest if current.bytes > 0 => *largest = Some(current.clone()),
            _ => {}
        }
    }

    fn gtid(&mut self, gtid: &TransactionGtid) {
        self.gtids.advance(gtid);
        let last = gtid.to_string();
        self.current.gtid = Some(last.clone());
        let first = self.gtid_range.take().map_or_else(|| last.clone(), |(first, _)| first);
        self.gtid_range = Some((first, last));
    }

    fn query(&mut self, query: &Query<'_>) {
        let kind = self.walk.kind(query);
        self.dml_statements += u64::from(kind.is_some_and(StatementKind::is_dml));
        self.ddl_statements += u64::from(kind.is_some_and(StatementKind::is_ddl));
    }

    fn count_rows(&mut self, at: At<'_, '_>, rows: &Rows<'_>) -> Result<(), DumpError> {
        let (mut before, mut after) = (Row::default(), Row::default());
        let (mut iter, mut count) = (rows.iter(), 0);
        while iter
            .next_into(&mut before, &mut after)
            .map_err(|(offset, error)| at.field(offset, error))?
        {
            count += 1;
        }
        self.name(at, rows)?;
        let name = TableName::new(&*rows.table.schema, &*rows.table.table);
        let table = self.tables.entry(name).or_default();
        match rows.kind {
            RowsKind::Insert => table.inserts += count,
            RowsKind::Update => table.updates += count,
            RowsKind::Delete => table.deletes += count,
        }
        self.current.rows += count;
        Ok(())
    }
}
