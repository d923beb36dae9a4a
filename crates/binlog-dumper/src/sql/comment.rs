//! Comments.

use std::io::Write;

use binlog_parser::event::Flavour;
use binlog_parser::{Chunk, RawEvent};

use super::Unnamed;
use crate::text as time_text;
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
pub(super) fn transaction(out: &mut Vec<u8>, chunk: &Chunk, raw: &RawEvent<'_>, transaction: &Transaction) {
    let time = time_text::for_people(raw.header.timestamp);
    let gtid = transaction.gtid.as_deref();
    let (word, gtid) = gtid.map_or(("", ""), |gtid| (" gtid ", gtid));
    let (file, position, server) = (&chunk.file, raw.offset, raw.header.server_id);
    line(
        out,
        format_args!("{file}:{position} {time} server {server}{word}{gtid}"),
    );
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
        out.extend(part.iter().map(|byte| if *byte == 0 { b' ' } else { *byte }));
        out.push(b'\n');
    }
}

fn line(out: &mut Vec<u8>, words: std::fmt::Arguments<'_>) {
    let mut words_out = Vec::new();
    // Writing to a vector does not fail.
    let _ = words_out.write_fmt(words);
    text(out, &words_out);
}
