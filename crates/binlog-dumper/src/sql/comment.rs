//! Comments.

use std::io::Write;

use binlog_parser::event::Flavour;
use binlog_parser::{Chunk, RawEvent};

use super::Unnamed;
use crate::text::Clock;
use crate::walk::Transaction;

/// What stands before all statements.
pub(super) fn head(out: &mut Vec<u8>, flavour: Flavour) {
    let client = match flavour {
        Flavour::MySql => "mysql",
        Flavour::MariaDb => "mariadb",
    };
    line(out, format_args!("Run with: {client} --binary-mode"));
}

/// Where a transaction begins. A GTID that is known is that of its first event.
pub(super) fn transaction(
    out: &mut Vec<u8>,
    chunk: &Chunk,
    raw: &RawEvent<'_>,
    clock: &mut Clock,
    transaction: &Transaction,
) {
    let start = out.len();
    out.extend(b"-- ");
    out.extend(chunk.file.as_bytes());
    out.push(b':');
    integer(out, raw.offset);
    out.push(b' ');
    out.extend(clock.for_people(raw.header.timestamp).as_bytes());
    out.extend(b" server ");
    integer(out, raw.header.server_id.into());
    if let Some(gtid) = &transaction.gtid {
        out.extend(b" gtid ");
        out.extend(gtid.as_bytes());
    }
    if let Some(line) = out.get_mut(start..) {
        line.iter_mut()
            .filter(|byte| byte.is_ascii_control())
            .for_each(|byte| *byte = b' ');
    }
    out.push(b'\n');
}

fn integer(out: &mut Vec<u8>, value: u64) {
    out.extend(itoa::Buffer::new().format(value).as_bytes());
}

/// What was not written as statements, and how to have it.
pub(super) fn unnamed(out: &mut Vec<u8>, unnamed: &Unnamed) {
    line(
        out,
        format_args!(
            "Row changes written as comments: {}. The log does not name the columns (set binlog_row_metadata=FULL on the source) of:",
            unnamed.rows
        ),
    );
    for table in &unnamed.tables {
        text(out, table.as_bytes());
    }
}

/// Any text: each of its lines becomes a comment.
pub(super) fn text(out: &mut Vec<u8>, text: &[u8]) {
    for part in text.split(|byte| matches!(byte, b'\n' | b'\r')) {
        out.extend(b"-- ");
        let start = out.len();
        out.extend(part);
        if let Some(part) = out.get_mut(start..) {
            part.iter_mut().filter(|byte| **byte == 0).for_each(|byte| *byte = b' ');
        }
        out.push(b'\n');
    }
}

fn line(out: &mut Vec<u8>, words: std::fmt::Arguments<'_>) {
    let mut words_out = Vec::new();
    // Writing to a vector does not fail.
    let _ = words_out.write_fmt(words);
    text(out, &words_out);
}
