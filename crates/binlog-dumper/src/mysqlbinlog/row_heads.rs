//! The lines at the head of table maps and row events, which are most of all events: they follow from the event alone.

use binlog_parser::event::RowsHead;
use binlog_parser::{EventType, FormatDescription, RawEvent};

use super::header::{self, Clock};
use super::options::TextOptions;
use super::rows;
use super::session::Table;
use super::text::{decimal, hex_padded};

/// What is told of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    TableMap {
        /// Whether it is told that the server made the primary key, or that it did not.
        with_generated_key: bool,
    },
    Rows,
}

/// Writes these lines, one after the other.
#[derive(Debug)]
pub(super) struct RowHeads<'o> {
    options: &'o TextOptions,
    clock: Clock,
}

impl<'o> RowHeads<'o> {
    pub(super) fn new(options: &'o TextOptions) -> Self {
        let clock = Clock::default();
        Self { options, clock }
    }

    /// Appends the lines. `position` is where the event stands.
    pub(super) fn write(
        &mut self,
        told: Told,
        (raw, position): (&RawEvent<'_>, u64),
        format: &FormatDescription,
        table: Option<&Table>,
        out: &mut Vec<u8>,
    ) {
        let hexdump = self.options.hexdump.then_some(position);
        header::push(&mut self.clock, &self.options.time_zone, raw, hexdump, out);
        let id_len = format.table_id_len(raw.header.event_type);
        let Ok(head) = RowsHead::decode(raw.body(), id_len) else {
            return;
        };
        match (told, table) {
            (Told::TableMap { with_generated_key }, Some(table)) => {
                table_line(head.table_id, table, with_generated_key, out);
                if let (true, Some(map)) = (self.options.print_table_metadata, &table.map) {
                    rows::table_metadata(map, out);
                }
            }
            _ => rows_line(raw.header.event_type, &head, out),
        }
    }
}

fn table_line(id: u64, table: &Table, with_generated_key: bool, out: &mut Vec<u8>) {
    let parts: [&[u8]; 5] = [
        b"\tTable_map: `",
        &table.schema,
        b"`.`",
        &table.name,
        b"` mapped to number ",
    ];
    parts.iter().for_each(|part| out.extend_from_slice(part));
    decimal(out, id);
    out.push(b'\n');
    if with_generated_key {
        out.extend_from_slice(match table.flags & rows::GENERATED_KEY {
            0 => b"# has_generated_invisible_primary_key=0\n",
            _ => b"# has_generated_invisible_primary_key=1\n",
        });
    }
}

fn rows_line(event_type: EventType, head: &RowsHead, out: &mut Vec<u8>) {
    out.push(b'\t');
    out.extend_from_slice(name(event_type).as_bytes());
    out.extend_from_slice(b": table id ");
    decimal(out, head.table_id);
    let named = [
        (1, " STMT_END_F"),
        (2, " NO_FOREIGN_KEY_CHECKS_F"),
        (4, " RELAXED_UNIQUE_CHECKS_F"),
        (16, " USE_SQL_FOREIGN_KEY_F"),
        (8, " COMPLETE_ROWS_F"),
    ];
    if head.flags.0 != 0 {
        out.extend_from_slice(b" flags:");
    }
    for (_, name) in named.iter().filter(|(bit, _)| head.flags.0 & bit != 0) {
        out.extend_from_slice(name.as_bytes());
    }
    let unknown = named.iter().fold(head.flags.0, |flags, (bit, _)| flags & !bit);
    if unknown != 0 {
        out.extend_from_slice(b" UNKNOWN_FLAG(0x");
        hex_padded(out, unknown.into(), 1);
        out.push(b')');
    }
    out.push(b'\n');
}

/// What a row event is called.
pub(super) fn name(event_type: EventType) -> &'static str {
    match event_type {
        EventType::WRITE_ROWS_V1 | EventType::WRITE_ROWS => "Write_rows",
        EventType::UPDATE_ROWS_V1 | EventType::UPDATE_ROWS => "Update_rows",
        EventType::DELETE_ROWS_V1 | EventType::DELETE_ROWS => "Delete_rows",
        _ => "Update_rows_partial",
    }
}
