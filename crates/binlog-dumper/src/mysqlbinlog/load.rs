//! LOAD DATA in statement format.

use binlog_parser::EventType;
use binlog_parser::event::{AppendBlock, ExecuteLoadQuery, LoadDuplicates};

use super::printer::{At, Effects, Printer};
use super::query;
use super::text::{decimal, end_statement};

/// A block of a file. `false` where it cannot be kept.
pub(super) fn block(printer: &mut Printer, at: &At<'_>, effects: &mut dyn Effects) -> bool {
    let first = at.raw.header.event_type == EventType::BEGIN_LOAD_QUERY;
    let Ok(block) = AppendBlock::decode(at.raw.body(), first) else {
        return true;
    };
    printer.told(at, |out| {
        out.extend(if first {
            &b"\n#Begin_load_query: file_id: "[..]
        } else {
            b"\n#Append_block: file_id: "
        });
        decimal(out, block.file_id);
        out.extend(b"  block_len: ");
        decimal(out, block.data.len() as u64);
        out.push(b'\n');
    });
    match first {
        true => effects.begin_file(block.file_id, block.data),
        false => effects.append_to_file(block.file_id, block.data),
    }
}

pub(super) fn delete(printer: &mut Printer, at: &At<'_>) {
    let number = at
        .raw
        .body()
        .first_chunk()
        .map_or(0, |number| u32::from_le_bytes(*number));
    printer.told(at, |out| {
        out.extend(b"\n#Delete_file: file_id=");
        decimal(out, number);
        out.push(b'\n');
    });
}

pub(super) fn execute(printer: &mut Printer, at: &At<'_>, effects: &mut dyn Effects) {
    let Ok(event) = ExecuteLoadQuery::decode(at.raw.body()) else {
        return;
    };
    let file = effects.take_file(event.file_id);
    if printer.leaves_out(event.query.schema) {
        printer.session.skipped = true;
        return;
    }
    let Some(file) = file else {
        return effects.warn(&format!(
            "Ignoring Execute_load_query since there is no Begin_load_query event for file_id: {}",
            event.file_id
        ));
    };
    printer.told(at, |out| query::push_head("Execute_load_query", &event.query, out));
    let session = &mut printer.session;
    query::push_session(
        &mut session.context,
        &printer.options,
        &at.raw,
        &event.query,
        &mut session.head,
    );
    let out = &mut session.head;
    statement(&event, &file, out);
    out.push(b'\n');
    end_statement(out);
    if !printer.options.short_form {
        let out = &mut printer.session.head;
        out.extend(b"# file_id: ");
        decimal(out, event.file_id);
        out.extend(b" \n");
    }
}

fn statement(event: &ExecuteLoadQuery<'_>, file: &[u8], out: &mut Vec<u8>) {
    let sql = event.query.sql;
    let (start, end) = (event.file_name_start as usize, event.file_name_end as usize);
    out.extend(sql.get(..start).unwrap_or_default());
    out.extend(b" LOCAL INFILE '");
    out.extend(file);
    out.push(b'\'');
    if event.duplicates == LoadDuplicates::Replace {
        out.extend(b" REPLACE");
    }
    out.extend(b" INTO");
    out.extend(sql.get(end..).unwrap_or_default());
}
