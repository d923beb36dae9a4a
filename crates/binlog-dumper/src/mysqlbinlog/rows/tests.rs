//! Expected text is what mysqlbinlog 9.7 prints of the same events.

mod images;
mod metadata;
mod values;

use binlog_parser::event::Flavour;
use binlog_parser::{EventType, Rows, TableMap};

use super::*;

const ID: [u8; 6] = [7, 0, 0, 0, 0, 0];
/// INT 1
const ONE: [u8; 4] = [1, 0, 0, 0];

/// The map of `` d`b.t`t `` with columns of these types, all of which can be NULL, if `flags` has no other meaning.
fn map(flags: u8, types: &[u8], metadata: &[u8], optional: &[u8]) -> Arc<TableMap> {
    let (count, nulls) = (types.len() as u8, vec![0xff; types.len().div_ceil(8)]);
    let body = [
        &ID[..],
        &[flags, 0],
        b"\x03d`b\0\x03t`t\0",
        &[count],
        types,
        &[metadata.len() as u8],
        metadata,
        &nulls,
        optional,
    ];
    Arc::new(TableMap::decode(&body.concat(), 6, Flavour::MySql).unwrap())
}

/// `columns` are the bitmaps of the images.
fn write(verbose: u8, event_type: EventType, map: &Arc<TableMap>, extra: &[u8], parts: &[&[u8]]) -> String {
    let head = [
        &ID[..],
        &[1, 0, extra.len() as u8 + 2, 0],
        extra,
        &[map.columns.len() as u8],
    ];
    let body = [head.concat(), parts.concat()].concat();
    let rows = Rows::decode(event_type, &body, 6, Arc::clone(map)).unwrap();
    let mut out = Vec::new();
    let table = TableText::new(map, [b"d`b", b"t`t"], verbose > 1);
    RowsText::default().changes(&rows, &table, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}
