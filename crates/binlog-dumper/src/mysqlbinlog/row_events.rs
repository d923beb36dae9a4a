//! Table maps, row events, and the statements behind them.

use binlog_parser::EventType;
use binlog_parser::event::{RowsFlags, RowsHead, RowsKind};

use super::page::{Page, Place, RowsOf};
use super::printer::{At, Flow, Printer};
use super::session::Table;
use super::text::{decimal, escaped};
use super::{Base64Output, PrintError, rows};

/// Version of the first server that makes such keys.
const GENERATED_KEYS_SINCE: u32 = 80_030;

impl Printer {
    pub(super) fn table_map(&mut self, at: &At<'_>, page: &mut Page) -> Result<Flow, PrintError> {
        let id = RowsHead::decode(at.raw.body(), at.format.table_id_len(EventType::TABLE_MAP))
            .map_or(0, |head| head.table_id);
        let Some(table) = self.session.tables.set(id, at.raw.body(), at.format) else {
            return Err(PrintError::Invalid);
        };
        if self.leaves_out(&table.schema) {
            self.session.skipped = true;
            self.session.ignored.insert(id);
            return Ok(Flow::More);
        }
        if !self.options.short_form {
            self.header(at);
            self.table_line(id, &table);
            if self.options.print_table_metadata {
                rows::table_metadata(&table.map, &mut self.session.head);
            }
            self.base64(at, page);
        }
        self.session.unfinished = true;
        self.flush_head(page);
        Ok(Flow::More)
    }

    fn table_line(&mut self, id: u64, table: &Table) {
        let out = &mut self.session.head;
        out.extend(b"\tTable_map: ");
        out.push(b'`');
        out.extend(&table.schema);
        out.extend(b"`.`");
        out.extend(&table.name);
        out.push(b'`');
        out.extend(b" mapped to number ");
        decimal(out, id);
        out.push(b'\n');
        if self.session.server_version < GENERATED_KEYS_SINCE {
            return;
        }
        out.extend(match table.map.flags & rows::GENERATED_KEY {
            0 => &b"# has_generated_invisible_primary_key=0\n"[..],
            _ => b"# has_generated_invisible_primary_key=1\n",
        });
    }

    pub(super) fn rows_query(&mut self, at: &At<'_>, page: &mut Page) {
        if self.options.verbose > 1 && !self.options.short_form {
            self.header(at);
            let out = &mut self.session.head;
            out.extend(b"\tRows_query\n");
            let text = at.raw.body().get(1..).unwrap_or_default();
            for line in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                out.extend(b"# ");
                escaped(out, line);
                out.push(b'\n');
            }
            self.base64(at, page);
        }
        self.session.unfinished = true;
    }

    pub(super) fn rows(&mut self, at: &At<'_>, page: &mut Page) -> Result<Flow, PrintError> {
        let event_type = at.raw.header.event_type;
        let head =
            RowsHead::decode(at.raw.body(), at.format.table_id_len(event_type)).map_err(|_| PrintError::Invalid)?;
        let ends = head.flags.contains(RowsFlags::STMT_END);
        let is_ignored = self.session.ignored.contains(&head.table_id);
        if ends {
            self.session.ignored.clear();
        }
        if is_ignored {
            if ends {
                page.events.end();
                self.session.unfinished = false;
                self.flush(page);
            }
            self.session.skipped = true;
            return Ok(Flow::More);
        }
        self.check_described(rows_name(event_type))?;
        if !self.options.short_form {
            self.header(at);
            self.rows_line(event_type, &head);
            let table = self.session.tables.get(head.table_id);
            let rows = (self.options.verbose > 0).then_some(RowsOf {
                table: table.as_ref(),
                format: at.format,
                verbose: self.options.verbose,
            });
            let place = if ends { Place::Last } else { Place::Before };
            let place = Some(place).filter(|_| self.options.base64 != Base64Output::DecodeRows);
            page.events.push(at.raw.bytes(), place, rows);
        }
        self.session.unfinished = !ends;
        match ends {
            true => self.flush(page),
            false => self.flush_head(page),
        }
        Ok(Flow::More)
    }

    fn rows_line(&mut self, event_type: EventType, head: &RowsHead) {
        let out = &mut self.session.head;
        out.push(b'\t');
        out.extend(rows_name(event_type).as_bytes());
        out.extend(b": table id ");
        decimal(out, head.table_id);
        let named = [
            (1, " STMT_END_F"),
            (2, " NO_FOREIGN_KEY_CHECKS_F"),
            (4, " RELAXED_UNIQUE_CHECKS_F"),
            (8, " COMPLETE_ROWS_F"),
            (16, " USE_SQL_FOREIGN_KEY_F"),
        ];
        if head.flags.0 != 0 {
            out.extend(b" flags:");
        }
        for (_, name) in named.iter().filter(|(bit, _)| head.flags.0 & bit != 0) {
            out.extend(name.as_bytes());
        }
        out.push(b'\n');
    }

    fn base64(&self, at: &At<'_>, page: &mut Page) {
        if self.options.base64 != Base64Output::DecodeRows {
            page.events.push(at.raw.bytes(), Some(Place::Before), None);
        }
    }

    /// Row events in base64 need a format description before them.
    fn check_described(&self, name: &'static str) -> Result<(), PrintError> {
        let needs = !self.options.short_form && self.options.base64 != Base64Output::DecodeRows;
        match (needs && !self.session.described, self.options.base64) {
            (false, _) => Ok(()),
            (true, Base64Output::Never) => Err(PrintError::NeverBase64 { name }),
            (true, _) => Err(PrintError::NoFormat { name }),
        }
    }
}

pub(super) fn is_rows(event_type: EventType) -> bool {
    RowsKind::of(event_type).is_some()
}

fn rows_name(event_type: EventType) -> &'static str {
    match event_type {
        EventType::WRITE_ROWS_V1 | EventType::WRITE_ROWS => "Write_rows",
        EventType::UPDATE_ROWS_V1 | EventType::UPDATE_ROWS => "Update_rows",
        EventType::DELETE_ROWS_V1 | EventType::DELETE_ROWS => "Delete_rows",
        _ => "Update_rows_partial",
    }
}
