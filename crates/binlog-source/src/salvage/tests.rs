//! Hand-made damage. Damage to real logs: `tests/tests/verify.rs`.

use std::fs;
use std::time::{Duration, Instant};

use super::*;
use crate::testing::{Log, checksummed, event, query};
use crate::{Input, Next, Source as _};

/// Offsets of events, holes, and whether a format was guessed.
type Found = (Vec<u64>, Vec<(u64, u64)>, bool);

/// The offsets of the events that are found, holes as `from-to`, and what was guessed.
fn read(bytes: &[u8]) -> Result<Found, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("b.000001");
    fs::write(&path, bytes).unwrap();
    let options = SalvageOptions {
        chunk_limit: 1,
        ..SalvageOptions::default()
    };
    let mut source = SalvageSource::open(&Input::Path(path), options).map_err(|error| error.to_string())?;
    let mut offsets = Vec::new();
    loop {
        match source.next().map_err(|error| error.to_string())? {
            Next::Chunk(chunk) => offsets.extend(chunk.events().map(|raw| raw.unwrap().offset)),
            Next::Idle => panic!("idle"),
            Next::End => break,
        }
    }
    let holes = source.damage().iter().map(|damage| (damage.from, damage.to)).collect();
    Ok((offsets, holes, source.guessed_format().is_some()))
}

fn log() -> (Log, Vec<u64>) {
    let log = Log::new().with_transactions(4);
    let mut at = 4;
    let offsets = log.events.iter().map(|event| {
        at += event.len() as u64;
        at - event.len() as u64
    });
    let offsets = offsets.collect();
    (log, offsets)
}

#[test]
fn whole_logs_are_read_as_they_are() {
    let (log, offsets) = log();
    assert_eq!(read(&log.bytes).unwrap(), (offsets, Vec::new(), false));
}

/// Each damage to one event loses that event and no other.
#[test]
fn one_event_is_lost() {
    let (log, offsets) = log();
    let check = |what: &str, change: &dyn Fn(&mut [u8])| {
        for index in 2..offsets.len() {
            let (from, to) = (
                offsets[index] as usize,
                offsets[index] as usize + log.events[index].len(),
            );
            let mut bytes = log.bytes.clone();
            change(&mut bytes[from..to]);
            let (found, holes, guessed) = read(&bytes).unwrap();
            let expected: Vec<_> = offsets.iter().copied().filter(|at| *at != from as u64).collect();
            assert_eq!(found, expected, "{what} {index}");
            assert_eq!(holes, [(from as u64, to as u64)], "{what} {index}");
            assert!(!guessed);
        }
    };
    check("zeros", &|event| event.fill(0));
    check("a length too small", &|event| event[9..13].fill(0));
    check("a length too large", &|event| event[12] = 0x7f);
    check("a length of one more", &|event| event[9] += 1);
    check("a position", &|event| event[13] ^= 1);
    check("a type", &|event| event[4] = 99);
    check("garbage", &|event| {
        event
            .iter_mut()
            .enumerate()
            .for_each(|(at, byte)| *byte = at as u8 ^ 0x5a)
    });
}

#[test]
fn what_does_not_belong_is_passed_over() {
    let (log, offsets) = log();
    let at = offsets[5] as usize;
    let garbage: Vec<u8> = (0..5000_u32).map(|number| (number * number % 251) as u8).collect();
    for (what, between) in [
        ("zeros", vec![0; 3_000_000]),
        ("garbage", garbage),
        ("a header", log.bytes[at..at + 19].to_vec()),
    ] {
        let bytes = [&log.bytes[..at], &between, &log.bytes[at..]].concat();
        let (found, holes, _) = read(&bytes).unwrap();
        let moved = |offset: &u64| {
            if *offset >= at as u64 {
                *offset + between.len() as u64
            } else {
                *offset
            }
        };
        assert_eq!(found, offsets.iter().map(moved).collect::<Vec<_>>(), "{what}");
        assert_eq!(holes, [(at as u64, (at + between.len()) as u64)], "{what}");
    }
}

#[test]
fn bytes_that_are_missing_or_there_twice() {
    let (log, offsets) = log();
    let (from, to) = (offsets[3] as usize, offsets[6] as usize);
    let removed = [&log.bytes[..from], &log.bytes[to..]].concat();
    let (found, holes, _) = read(&removed).unwrap();
    assert_eq!((found.len(), holes), (offsets.len() - 3, vec![]));
    let doubled = [&log.bytes[..to], &log.bytes[from..]].concat();
    let (found, holes, _) = read(&doubled).unwrap();
    assert_eq!((found.len(), holes), (offsets.len() + 3, vec![]));
    // Cut in the middle of events.
    let removed = [&log.bytes[..from + 5], &log.bytes[to + 30..]].concat();
    let (found, holes, _) = read(&removed).unwrap();
    assert_eq!(found.len(), offsets.len() - 4);
    assert_eq!(holes.len(), 1);
}

#[test]
fn a_log_without_its_head() {
    let (log, offsets) = log();
    let after = offsets[1];
    let check = |bytes: &[u8], first: u64, guessed| {
        let (found, _, was_guessed) = read(bytes).unwrap();
        assert_eq!(found.first(), Some(&first));
        assert_eq!(
            (found.len(), was_guessed),
            (offsets.len() - usize::from(guessed), guessed)
        );
    };
    let mut bytes = log.bytes.clone();
    bytes[1] = 0;
    check(&bytes, 4, false);
    bytes = log.bytes.clone();
    bytes[60] ^= 1;
    check(&bytes, after, true);
    bytes[..after as usize].fill(0);
    check(&bytes, after, true);
    check(&log.bytes[after as usize..], 0, true);
    check(&log.bytes[after as usize - 7..], 7, true);
}

#[test]
fn a_log_without_checksums() {
    let (log, _) = log();
    let mut bytes = log.bytes[..4].to_vec();
    for event in &log.events[1..] {
        let mut event = event[..event.len() - 4].to_vec();
        let size = event.len() as u32;
        event[9..13].copy_from_slice(&size.to_le_bytes());
        event[13..17].copy_from_slice(&(bytes.len() as u32 + size).to_le_bytes());
        bytes.extend(event);
    }
    let (found, holes, guessed) = read(&bytes).unwrap();
    assert_eq!((found.len(), guessed), (log.events.len() - 1, true), "{holes:?}");
    bytes[found[8] as usize + 10] = 0xff;
    let (found, holes, _) = read(&bytes).unwrap();
    assert_eq!(found.len(), log.events.len() - 2, "{holes:?}");
}

#[test]
fn what_is_no_log() {
    for (bytes, expected) in [
        (b"".as_slice(), "begins with nothing"),
        (
            b"-- a text that is long enough to hold a header",
            "begins with 2d 2d 20 61",
        ),
        (&[0; 100_000], "begins with 00 00"),
    ] {
        let error = read(bytes).unwrap_err();
        assert!(
            error.contains("not a binary log") && error.contains(expected),
            "{error}"
        );
    }
    assert_eq!(read(b"\xfebin").unwrap(), (vec![], vec![], false));
    assert_eq!(read(b"\xfebin123").unwrap(), (vec![], vec![(4, 7)], false));
}

/// Headers without end that look like those of large events: time is linear in what is read all the same.
#[test]
fn hostile_bytes_take_linear_time() {
    let mut bytes = Log::new().bytes;
    let start = bytes.len();
    while bytes.len() < start + 600_000 {
        let end = start as u32 + 500_000;
        let size = end.saturating_sub(bytes.len() as u32).max(23);
        let mut header = vec![1, 0, 0, 0, 2, 1, 0, 0, 0];
        header.extend(size.to_le_bytes());
        header.extend((bytes.len() as u32 + size).to_le_bytes());
        header.extend([0, 0]);
        bytes.extend(header);
    }
    let began = Instant::now();
    let (found, _, _) = read(&bytes).unwrap();
    assert_eq!(found, [4]);
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
}

#[test]
fn concatenated_logs_are_read_one_after_the_other() {
    let (log, offsets) = log();
    let twice = [log.bytes.clone(), log.bytes.clone()].concat();
    assert_eq!(
        read(&twice).unwrap(),
        ([offsets.clone(), offsets].concat(), vec![], false)
    );
}

/// Every byte changed: events before and behind are found, and nothing panics.
#[test]
fn every_byte() {
    let (log, offsets) = log();
    for at in 4..log.bytes.len() {
        let mut bytes = log.bytes.clone();
        bytes[at] ^= 0x10;
        let (found, _, _) = read(&bytes).unwrap();
        let hit = offsets.iter().rposition(|offset| *offset <= at as u64).unwrap();
        let others = offsets
            .iter()
            .enumerate()
            .filter(|(index, _)| *index != hit)
            .map(|(_, offset)| offset);
        assert!(others.clone().all(|offset| found.contains(offset)), "{at}: {found:?}");
    }
    for len in 4..log.bytes.len() {
        let (found, _, _) = read(&log.bytes[..len]).unwrap();
        let whole = offsets
            .iter()
            .zip(&log.events)
            .filter(|(at, event)| **at + event.len() as u64 <= len as u64);
        assert_eq!(found.len(), whole.count(), "{len}");
    }
}

/// A MariaDB transaction of 11.4 on: only its first and last events have positions.
#[test]
fn events_without_positions() {
    let format = guess::standard(
        binlog_parser::event::Flavour::MariaDb,
        binlog_parser::ChecksumAlgorithm::Crc32,
    );
    let mut body = Vec::new();
    format.encode(&mut body);
    let mut log = Log {
        events: Vec::new(),
        bytes: b"\xfebin".to_vec(),
    }
    .with(vec![event(15, &body)]);
    for _ in 0..2 {
        log = log.with(vec![event(162, &[0; 19])]);
        for bytes in [query("insert"), query("update")] {
            log.bytes.extend(&bytes);
            log.events.push(checksummed(bytes));
        }
        log = log.with(vec![event(16, &[0; 8])]);
    }
    let (offsets, holes, _) = read(&log.bytes).unwrap();
    assert_eq!((offsets.len(), holes), (9, vec![]));
    for index in 1..9 {
        for field in [4, 9, 11, 30] {
            let mut bytes = log.bytes.clone();
            bytes[offsets[index] as usize + field] ^= 0x15;
            let (found, _, _) = read(&bytes).unwrap();
            let others = offsets.iter().enumerate().filter(|(other, _)| *other != index);
            assert!(
                others.map(|(_, at)| at).all(|at| found.contains(at)),
                "{index} {field}: {found:?}"
            );
        }
    }
}
