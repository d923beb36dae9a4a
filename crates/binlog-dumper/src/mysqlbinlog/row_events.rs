//! Table maps, row events, and the statements behind them.

use std::sync::Arc;

use binlog_parser::{EventType, FieldError, Reader};

use binlog_parser::event::{RowsExtra, RowsFlags, RowsHead, RowsKind};

use super::page::{Page, Place, RowsOf};
use super::printer::{At, Flow, Printer};
use super::row_heads::Told;
use super::session::Table;
use super::text::escaped;
use super::{Base64Output, PrintError};

/// Versions of the servers that tell of primary keys that they made; the one after them stands for an unknown version.
const TELLING_OF_KEYS: std::ops::Range<u32> = 80_030..999_999;

impl Printer {
    pub(super) fn table_map(&mut self, at: &At<'_>, page: &mut Page) -> Result<Flow, PrintError> {
        let id = RowsHead::decode(at.raw.body(), at.format.table_id_len(EventType::TABLE_MAP))
            .map_or(0, |head| head.table_id);
        let fits = self.session.tables.set(id, at.raw.body(), at.format);
        let Some(table) = fits.and_then(|()| self.session.tables.get(id)) else {
            return Err(PrintError::Invalid);
        };
        if self.selection.leaves_out(&table.schema) {
            self.session.skipped = true;
            self.session.ignored.insert(id);
            return Ok(Flow::More);
        }
        if !self.options.short_form {
            let with_generated_key = TELLING_OF_KEYS.contains(&self.session.server_version);
            self.row_head(at, Told::TableMap { with_generated_key }, Some(table), page);
            self.base64(at, page);
        }
        self.session.unfinished = true;
        self.flush_head(page);
        Ok(Flow::More)
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
        let id_len = at.format.table_id_len(event_type);
        let head = RowsHead::decode(at.raw.body(), id_len).map_err(|_| PrintError::Invalid)?;
        check_images(event_type, at.raw.body(), id_len).map_err(|_| PrintError::Invalid)?;
        let ends = head.flags.contains(RowsFlags::STMT_END);
        let ignored = &self.session.ignored;
        let is_ignored = !ignored.is_empty() && ignored.contains(&head.table_id);
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
        self.check_described(event_type)?;
        if !self.options.short_form {
            self.row_head(at, Told::Rows, None, page);
            let rows = (self.options.verbose > 0).then_some(RowsOf {
                table: self.session.tables.get(head.table_id),
                format: at.format,
                verbose: self.options.verbose,
            });
            let place = if ends { Place::Last } else { Place::Before };
            let place = Some(place).filter(|_| self.options.base64 != Base64Output::DecodeRows);
            page.events.push(at.event, place, rows);
        }
        self.session.unfinished = !ends;
        match ends {
            true => self.flush(page),
            false => self.flush_head(page),
        }
        Ok(Flow::More)
    }

    /// Puts the lines at the head of an event on the page.
    fn row_head(&self, at: &At<'_>, told: Told, table: Option<&Arc<Table>>, page: &mut Page) {
        let after = self.session.head.len();
        page.head(after, at, told, table);
    }

    fn base64(&self, at: &At<'_>, page: &mut Page) {
        if self.options.base64 != Base64Output::DecodeRows {
            page.events.push(at.event, Some(Place::Before), None);
        }
    }

    /// Row events in base64 need a format description before them.
    fn check_described(&self, event_type: EventType) -> Result<(), PrintError> {
        let needs = !self.options.short_form && self.options.base64 != Base64Output::DecodeRows;
        match (needs && !self.session.described, self.options.base64) {
            (false, _) => Ok(()),
            (true, Base64Output::Never) => Err(PrintError::NeverBase64 { event_type }),
            (true, _) => Err(PrintError::NoFormat { event_type }),
        }
    }
}

/// What stands before the rows is read, whatever table they are of.
fn check_images(event_type: EventType, body: &[u8], id_len: usize) -> Result<(), FieldError> {
    const FLAGS: usize = 2;
    let mut reader = Reader::new(body);
    reader.take(id_len + FLAGS, "table id")?;
    if has_extra_data(event_type) {
        let len = usize::from(reader.u16("extra data length")?);
        let extra = reader.take(len.saturating_sub(2), "extra data")?;
        RowsExtra::decode(extra, RowsKind::of(event_type).unwrap_or(RowsKind::Insert))?;
    }
    let columns = usize::try_from(reader.lenenc("number of columns")?).unwrap_or(usize::MAX);
    reader.take(columns.div_ceil(8), "columns in the image")?;
    if RowsKind::of(event_type) == Some(RowsKind::Update) {
        reader.take(columns.div_ceil(8), "columns in the image")?;
    }
    Ok(())
}

/// Version 2 has it.
fn has_extra_data(event_type: EventType) -> bool {
    !matches!(
        event_type,
        EventType::WRITE_ROWS_V1 | EventType::UPDATE_ROWS_V1 | EventType::DELETE_ROWS_V1
    )
}

pub(super) fn is_rows(event_type: EventType) -> bool {
    RowsKind::of(event_type).is_some()
}
