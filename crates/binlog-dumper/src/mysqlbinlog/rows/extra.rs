//! The extra data of row events.

use binlog_parser::Rows;
use binlog_parser::event::NdbInfo;

use super::super::text::decimal;

/// Appends what the extra data says; what cannot be read of it is left out.
pub(super) fn write(rows: &Rows<'_>, out: &mut Vec<u8>) {
    let Ok(extra) = rows.extra() else { return };
    if let Some(ndb) = &extra.ndb {
        push_ndb(ndb, out);
    }
    match (extra.source_partition, extra.partition) {
        (Some(source), Some(target)) => {
            let parts = [("source_partition: ", source), (" target_partition: ", target)];
            push_partitions(&parts, out);
        }
        (None, Some(partition)) => push_partitions(&[("partition: ", partition)], out),
        (_, None) => {}
    }
}

fn push_partitions(parts: &[(&str, u16)], out: &mut Vec<u8>) {
    out.extend_from_slice(b"### Extra row info for partitioning: ");
    for (name, partition) in parts {
        out.extend_from_slice(name.as_bytes());
        decimal(out, *partition);
    }
    out.push(b'\n');
}

fn push_ndb(ndb: &NdbInfo<'_>, out: &mut Vec<u8>) {
    let (format, len) = (ndb.format, ndb.data.len());
    let text = format!("### Extra row ndb info: data_format: {format}, len: {len}, data: ");
    out.extend_from_slice(text.as_bytes());
    match ndb.data {
        [] => out.extend_from_slice(b"\"\""),
        data => {
            out.extend_from_slice(b"0x");
            let text: String = data.iter().map(|byte| format!("{byte:02X}")).collect();
            out.extend_from_slice(text.as_bytes());
        }
    }
    out.push(b'\n');
}
