//! Seeds: the logs in `fixtures/`, and what stands in them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use binlog_parser::event::Flavour;
use binlog_parser::{Cell, Decoder, Event, EventType, Expansion, FormatDescription, MAGIC, RawEvent, Row, Value};
use binlog_source::Keys;

/// Larger logs are no seeds: mutations of them seldom hit what matters.
const MAX_LOG: u64 = 64 << 10;

/// Whole logs.
pub(crate) fn logs() -> Result<Vec<Vec<u8>>> {
    files_ending(&["binlog"])
}

fn files_ending(ends: &[&str]) -> Result<Vec<Vec<u8>>> {
    let mut files = Vec::new();
    for folder in entries(&root())?.iter().filter(|path| path.is_dir()) {
        for file in entries(folder)?.iter().filter(|path| is_seed(path, ends)) {
            files.push(fs::read(file).with_context(|| format!("cannot read {}", file.display()))?);
        }
    }
    ensure!(files.len() > 20, "only {} logs in {}", files.len(), root().display());
    Ok(files)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures")
}

/// Bodies of events, each with its flavour and its type before it: see [`crate::targets`]. Of one type in one log
/// there are at most four.
pub(crate) fn events() -> Result<Vec<Vec<u8>>> {
    let mut seeds = Vec::new();
    for log in logs()? {
        let mut counts = [0_u8; 256];
        walk(&log, |raw, flavour, _| {
            let event_type = raw.header.event_type;
            let Some(count) = counts.get_mut(usize::from(event_type.0)) else {
                return;
            };
            *count = count.saturating_add(1);
            if *count <= 4 {
                seeds.push([&[flavour_byte(flavour), event_type.0], raw.body()].concat());
            }
        });
    }
    Ok(seeds)
}

/// Compressed events, as [`events`] has them.
pub(crate) fn compressed() -> Result<Vec<Vec<u8>>> {
    let is_compressed = |seed: &Vec<u8>| {
        seed.get(1)
            .is_some_and(|code| Expansion::<&[u8]>::is_for(EventType(*code)))
    };
    Ok(events()?.into_iter().filter(is_compressed).collect())
}

/// Files of every kind: plain, packed and encrypted ones.
pub(crate) fn files() -> Result<Vec<Vec<u8>>> {
    files_ending(&["binlog", "gz", "zst", "cipher"])
}

/// The keys of the encrypted ones.
pub(crate) fn keys() -> Arc<Keys> {
    let mut keys = Keys::default();
    for folder in entries(&root()).unwrap_or_default() {
        let file = folder.join("encrypted.keys");
        // One of them opens as a keyring, the others as a list.
        let _ = keys.add_keyring_file(&file);
        let _ = keys.add_file_key_management(&file, None);
    }
    Arc::new(keys)
}

/// Row events with the table map before them: see [`crate::targets`].
pub(crate) fn rows() -> Result<Vec<Vec<u8>>> {
    let mut seeds = Vec::new();
    for log in logs()? {
        let mut map: Vec<u8> = Vec::new();
        walk(&log, |raw, flavour, event| match event {
            Event::TableMap(_) => map = raw.body().to_vec(),
            Event::Rows(_) if map.len() + raw.body().len() < 4096 => {
                let head = [flavour_byte(flavour), raw.header.event_type.0];
                let len = (map.len() as u16).to_le_bytes();
                seeds.push([&head[..], &len, &map, raw.body()].concat());
            }
            _ => {}
        });
    }
    Ok(seeds)
}

/// JSON documents.
pub(crate) fn documents() -> Result<Vec<Vec<u8>>> {
    let mut seeds = Vec::new();
    each_change(|before, after| {
        for cell in before.cells.iter().chain(&after.cells) {
            if let Cell::Value(Value::Json(json)) = cell {
                seeds.push(json.bytes.to_vec());
            }
        }
    })?;
    seeds.retain(|seed| seed.len() <= 4096);
    seeds.sort();
    seeds.dedup();
    Ok(seeds)
}

/// Documents with changes to them: see [`crate::targets`].
pub(crate) fn changed_documents() -> Result<Vec<Vec<u8>>> {
    let mut seeds = Vec::new();
    each_change(|before, after| {
        for cells in before.cells.iter().zip(&after.cells) {
            if let (Cell::Value(Value::Json(old)), Cell::Value(Value::JsonDiffs(diffs))) = cells {
                let len = (old.bytes.len() as u16).to_le_bytes();
                seeds.push([&len, old.bytes, diffs.bytes].concat());
            }
        }
    })?;
    ensure!(!seeds.is_empty(), "no log has partial updates");
    Ok(seeds)
}

/// Shows each row change of all logs, its image before and the one after.
fn each_change(mut show: impl FnMut(&Row<'_>, &Row<'_>)) -> Result<()> {
    for log in logs()? {
        walk(&log, |_, _, event| {
            let Event::Rows(rows) = event else { return };
            let (mut before, mut after) = (Row::default(), Row::default());
            let mut iter = rows.iter();
            while iter.next_into(&mut before, &mut after) == Ok(true) {
                show(&before, &after);
            }
        });
    }
    Ok(())
}

/// Bodies of events of one type.
pub(crate) fn bodies(event_type: EventType) -> Result<Vec<Vec<u8>>> {
    let mut seeds = Vec::new();
    for log in logs()? {
        walk(&log, |raw, _, _| {
            if raw.header.event_type == event_type {
                seeds.push(raw.body().to_vec());
            }
        });
    }
    Ok(seeds)
}

/// Sets of GTIDs as the servers write them.
pub(crate) fn gtid_texts() -> Result<Vec<Vec<u8>>> {
    let texts = [
        "",
        "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-3:11:47-49",
        "3E11FA47-71CA-11E1-9E33-C80AA9429562:23,\n 4e11fa47-71ca-11e1-9e33-c80aa9429562:1-9223372036854775806",
        "3e11fa47-71ca-11e1-9e33-c80aa9429562:1:tag:1-3:5:other_tag:7, 3e11fa4771ca11e19e33c80aa9429562:2",
        "0-1-100",
        "0-1-100,1-2-18446744073709551615,4294967295-4294967295-1",
    ];
    Ok(texts.iter().map(|text| text.as_bytes().to_vec()).collect())
}

pub(crate) fn flavour_byte(flavour: Flavour) -> u8 {
    u8::from(flavour == Flavour::MariaDb)
}

/// Shows each event of a log that can be decoded.
fn walk(log: &[u8], mut show: impl FnMut(&RawEvent<'_>, Flavour, &Event<'_>)) {
    let mut decoder = Decoder::default();
    let mut at = MAGIC.len();
    while let Some(rest) = log.get(at..).filter(|rest| !rest.is_empty()) {
        let Ok(raw) = RawEvent::first(rest, at as u64, decoder.format()) else {
            return;
        };
        if let Ok(event) = decoder.decode(&raw) {
            show(&raw, decoder.format().flavour(), &event);
        }
        at += raw.bytes().len();
    }
}

/// A format description without checksums, of the flavour that the byte stands for.
pub(crate) fn format(flavour: u8) -> FormatDescription {
    let server_version = match flavour & 1 {
        0 => "9.7.0",
        _ => "11.8.3-MariaDB",
    };
    FormatDescription {
        server_version: server_version.to_owned(),
        ..FormatDescription::default()
    }
}

fn is_seed(path: &Path, ends: &[&str]) -> bool {
    let small = fs::metadata(path).is_ok_and(|file| file.len() <= MAX_LOG);
    small
        && path
            .extension()
            .is_some_and(|end| ends.iter().any(|wanted| end == *wanted))
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let failed = || format!("cannot read {}", folder.display());
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .with_context(failed)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    paths.sort();
    Ok(paths)
}
