//! Hand-made encrypted logs.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use aes::{Aes128, Aes256};
use binlog_parser::MAGIC;
use cbc::Encryptor;
use cipher::{Block, BlockEncrypt as _, BlockEncryptMut as _, KeyInit as _, KeyIvInit as _, StreamCipher as _};
use ctr::{Ctr64BE, Ctr128BE};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha512};

use super::{EncryptedBy, EncryptionError};
use crate::testing::{Log, checksummed, event};
use crate::{FileOptions, FileSource, Input, Key, Keys, Next, SalvageOptions, SalvageSource, Source as _, SourceError};

const KEY: [u8; 32] = *b"a key of 32 bytes, or 256 bits..";
const KEY_ID: &str = "MySQLReplicationKey_a88a58f6-e6e7-11f1-ace9-02fc00000001_1";
const NONCE: [u8; 12] = [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 1, 2];

fn plain() -> Log {
    Log::new().with_transactions(5)
}

fn header(key_id: &str, password: [u8; 32]) -> Vec<u8> {
    let iv = [0x1f; 16];
    let mut sealed = password.map(|byte| byte);
    let mut cipher = Encryptor::<Aes256>::new(&KEY.into(), &iv.into());
    for block in sealed.chunks_exact_mut(16) {
        cipher.encrypt_block_mut(Block::<Aes256>::from_mut_slice(block));
    }
    let mut header = [
        &super::MAGIC[..],
        &[1, 1, key_id.len() as u8],
        key_id.as_bytes(),
        &[2],
        &sealed,
        &[3],
        &iv,
    ]
    .concat();
    header.resize(512, 0);
    header
}

/// As MySQL encrypts a log.
fn mysql(plain: &[u8]) -> Vec<u8> {
    let password = [0xa5; 32];
    let derived = Sha512::digest(password);
    let mut counter: [u8; 16] = derived[32..48].try_into().unwrap();
    counter[8..].fill(0);
    let mut sealed = plain.to_vec();
    Ctr64BE::<Aes256>::new(derived[..32].into(), &counter.into()).apply_keystream(&mut sealed);
    [header(KEY_ID, password), sealed].concat()
}

/// A plain log of MariaDB with START_ENCRYPTION.
fn begun(scheme: u8, version: u32) -> Log {
    let body = [&[scheme][..], &version.to_le_bytes(), &NONCE].concat();
    Log::new().with(vec![event(164, &body)]).with_transactions(5)
}

/// As MariaDB encrypts the events after the second one, in CBC with a key of 256 bits, or else in CTR with one of 128.
fn mariadb(log: &Log, cbc: bool) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    for (index, event) in log.events.iter().enumerate() {
        let position = out.len() as u32;
        let mut event = event.clone();
        if index > 1 {
            let (time, length): ([u8; 4], [u8; 4]) = (event[..4].try_into().unwrap(), event[9..13].try_into().unwrap());
            event[9..13].copy_from_slice(&time);
            let iv: [u8; 16] = [&NONCE[..], &position.to_le_bytes()].concat().try_into().unwrap();
            seal(&mut event[4..], iv, cbc);
            event.copy_within(9..13, 0);
            event[9..13].copy_from_slice(&length);
        }
        out.extend(event);
    }
    out
}

fn seal(bytes: &mut [u8], iv: [u8; 16], cbc: bool) {
    if !cbc {
        return Ctr128BE::<Aes128>::new(KEY[..16].into(), &iv.into()).apply_keystream(bytes);
    }
    let mut cipher = Encryptor::<Aes256>::new(&KEY.into(), &iv.into());
    let mut mask = iv.into();
    Aes256::new(&KEY.into()).encrypt_block(&mut mask);
    for block in bytes.chunks_mut(16) {
        match block.len() {
            16 => cipher.encrypt_block_mut(Block::<Aes256>::from_mut_slice(block)),
            _ => block.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask),
        }
    }
}

/// The log as it comes out: START_ENCRYPTION is ignorable.
fn opened(log: &Log) -> Vec<Vec<u8>> {
    let mut events = log.events.clone();
    events[1][17] |= 0x80;
    events[1] = checksummed(events[1].clone());
    events
}

fn keys(of: &str) -> Arc<Keys> {
    let mut keys = Keys::default();
    let folder = tempfile::tempdir().unwrap();
    let file = |text: String| -> PathBuf {
        let path = folder.path().join("keys");
        fs::write(&path, text).unwrap();
        path
    };
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02X}")).collect::<String>();
    let mut keyring = |id: &str, key: &[u8]| {
        let element = format!(
            r#"{{"user":"","data_id":"{id}","data_type":"AES","data":"{}","extension":[]}}"#,
            hex(key)
        );
        let json = format!(r#"{{"version":"1.0","elements":[{element}]}}"#);
        keys.add_keyring_file(&file(json)).unwrap();
    };
    match of {
        "none" => {}
        "keyring" => keyring(KEY_ID, &KEY),
        "other keyring" => keyring("MySQLReplicationKey_b_2", &KEY),
        "wrong keyring" => keyring(KEY_ID, &[7; 32]),
        "short keyring" => keyring(KEY_ID, &[7; 16]),
        "list" => keys
            .add_file_key_management(&file(format!("1;{}", hex(&KEY))), None)
            .unwrap(),
        "short list" => keys
            .add_file_key_management(&file(format!("1;{}", hex(&KEY[..16]))), None)
            .unwrap(),
        "wrong list" => keys
            .add_file_key_management(&file(format!("1;{}", hex(&[7; 32]))), None)
            .unwrap(),
        "key" => keys.set_any(Key::new(KEY.to_vec()).unwrap()),
        other => panic!("{other}"),
    }
    Arc::new(keys)
}

fn read_from(bytes: &[u8], keys: &str, start_position: Option<u64>) -> Result<Vec<Vec<u8>>, SourceError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("b.000001");
    fs::write(&path, bytes).unwrap();
    let options = FileOptions {
        keys: self::keys(keys),
        start_position,
        ..FileOptions::default()
    };
    let mut source = FileSource::open(&[Input::Path(path)], options)?;
    let mut events = Vec::new();
    loop {
        match source.next()? {
            Next::Chunk(chunk) => events.extend(chunk.events().map(|raw| raw.unwrap().bytes().to_vec())),
            Next::Idle => panic!("idle"),
            Next::End => return Ok(events),
        }
    }
}

fn read(bytes: &[u8], keys: &str) -> Result<Vec<Vec<u8>>, SourceError> {
    read_from(bytes, keys, None)
}

/// The error in short.
fn refused(result: Result<Vec<Vec<u8>>, SourceError>) -> &'static str {
    match result {
        Ok(_) => "read",
        Err(SourceError::Encryption(error)) => match error {
            EncryptionError::NoKey { .. } => "no key",
            EncryptionError::MissingKey { .. } => "missing",
            EncryptionError::KeyLength { .. } => "length",
            EncryptionError::WrongKey { .. } => "wrong",
            EncryptionError::Header { .. } => "header",
            EncryptionError::Version { .. } => "version",
            EncryptionError::KeyFile { .. } => "key file",
        },
        Err(SourceError::NotALog { .. }) => "not a log",
        Err(SourceError::Truncated { .. }) => "truncated",
        Err(SourceError::Event(_)) => "event",
        Err(SourceError::NoFormat { .. }) => "no format",
        Err(SourceError::StartPosition { .. }) => "start",
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn both_servers_logs_come_out_plain() {
    let (log, begun) = (plain(), begun(1, 1));
    let check = |sealed: Vec<u8>, keys: &str, expected: Vec<Vec<u8>>| {
        assert_eq!(read(&sealed, keys).unwrap(), expected, "{keys}");
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(&sealed).unwrap();
        assert_eq!(read(&packed.finish().unwrap(), keys).unwrap(), expected, "{keys}");
    };
    check(mysql(&log.bytes), "keyring", log.events.clone());
    check(mysql(&log.bytes), "key", log.events);
    check(mariadb(&begun, true), "list", opened(&begun));
    check(mariadb(&begun, true), "key", opened(&begun));
    check(mariadb(&begun, false), "short list", opened(&begun));
}

/// A copy that a replica made: plain, with an ignorable START_ENCRYPTION.
#[test]
fn a_decrypted_log_stays_as_it_is() {
    let events = opened(&begun(1, 1));
    let copy = [MAGIC.to_vec(), events.concat()].concat();
    assert_eq!(read(&copy, "none").unwrap(), events);
    assert_eq!(read(&copy, "list").unwrap(), events);
}

#[test]
fn logs_one_behind_the_other() {
    let log = plain();
    let (sealed, plain) = (mysql(&log.bytes), &log.bytes);
    let twice = [log.events.clone(), log.events.clone()].concat();
    let (sealed, plain) = (&sealed[..], &plain[..]);
    for both in [[sealed, sealed], [sealed, plain], [plain, sealed]] {
        assert_eq!(read(&both.concat(), "keyring").unwrap(), twice);
    }
    let begun = begun(1, 1);
    let sealed = mariadb(&begun, true);
    let expected = [opened(&begun), opened(&begun), log.events].concat();
    assert_eq!(read(&[&sealed[..], &sealed, plain].concat(), "list").unwrap(), expected);
}

#[test]
fn any_event_can_be_the_first() {
    let begun = begun(1, 1);
    for (sealed, keys, events) in [
        (mysql(&plain().bytes), "keyring", plain().events),
        (mariadb(&begun, true), "list", opened(&begun)),
        (mariadb(&begun, false), "short list", opened(&begun)),
    ] {
        let mut position = 4;
        for (index, event) in events.iter().enumerate() {
            let found = read_from(&sealed, keys, Some(position)).unwrap();
            let head = if index > 0 { &events[..1] } else { &[] };
            assert_eq!(found, [head, &events[index..]].concat(), "{keys} at {position}");
            assert_eq!(refused(read_from(&sealed, keys, Some(position + 1))), "start");
            position += event.len() as u64;
        }
    }
    let sealed = mariadb(&begun, true);
    assert_eq!(refused(read_from(&sealed, "wrong list", Some(400))), "wrong");
}

#[test]
fn keys_that_do_not_open() {
    let check = |sealed: &[u8], keys: &str, expected: &str| {
        assert_eq!(refused(read(sealed, keys)), expected, "{keys}");
    };
    let sealed = mysql(&plain().bytes);
    check(&sealed, "none", "no key");
    check(&sealed, "list", "no key");
    check(&sealed, "other keyring", "missing");
    check(&sealed, "wrong keyring", "wrong");
    check(&sealed, "short keyring", "length");
    for cbc in [true, false] {
        let sealed = mariadb(&begun(1, 1), cbc);
        check(&sealed, "none", "no key");
        check(&sealed, "keyring", "no key");
        check(&sealed, "wrong list", "wrong");
    }
    check(&mariadb(&begun(1, 2), true), "list", "missing");
    check(&mariadb(&begun(1, 2), true), "key", "read");
    check(&mariadb(&begun(2, 1), true), "list", "version");
}

#[test]
fn errors_say_which_key_and_show_none() {
    let sealed = mysql(&plain().bytes);
    let check = |keys: &str, expected: &str| {
        let error = read(&sealed, keys).unwrap_err();
        assert_eq!(error.to_string(), expected.replace("KEY", KEY_ID));
        assert!(error.hint().is_some());
    };
    check(
        "none",
        "b.000001: the log is encrypted, and no keys were given; it needs key KEY",
    );
    check(
        "other keyring",
        "b.000001: the log is encrypted with key KEY, which is not among the keys given: MySQLReplicationKey_b_2",
    );
    check(
        "wrong keyring",
        "b.000001: the log does not open with the given key KEY",
    );
    check(
        "short keyring",
        "b.000001: key KEY has 128 bits, and the log's key has 256",
    );
    let by = EncryptedBy::MariaDb;
    let error = read(&mariadb(&begun(1, 7), true), "list").unwrap_err();
    assert!(matches!(error, SourceError::Encryption(EncryptionError::MissingKey { by: found, .. }) if found == by));
    assert_eq!(
        error.to_string(),
        "b.000001: the log is encrypted with key 1 version 7, which is not among the keys given: 1 version 1"
    );
    let debug = format!("{:?}", keys("keyring"));
    assert!(debug.contains("Key(256 bits)") && !debug.contains("97"), "{debug}");
}

/// Every part ends with the events that it holds, or says that it is cut.
#[test]
fn cut_logs() {
    let begun = begun(1, 1);
    for (sealed, keys, header, events) in [
        (mysql(&plain().bytes), "keyring", 512, plain().events),
        (mariadb(&begun, true), "list", 0, opened(&begun)),
    ] {
        let mut ends = vec![header + 4];
        for event in &events {
            ends.push(ends[ends.len() - 1] + event.len());
        }
        for len in 1..sealed.len() {
            let expected = if ends.contains(&len) { "read" } else { "truncated" };
            assert_eq!(refused(read(&sealed[..len], keys)), expected, "{keys}, {len} bytes");
        }
    }
}

#[test]
fn flipped_bytes() {
    let check = |sealed: &[u8], at: usize, keys: &str, expected: &[&str]| {
        let mut flipped = sealed.to_vec();
        flipped[at] ^= 4;
        let found = refused(read(&flipped, keys));
        assert!(expected.contains(&found), "{keys}, byte {at}: {found}");
    };
    let sealed = mysql(&plain().bytes);
    let id = 7 + KEY_ID.len();
    for at in 0..sealed.len() {
        let expected: &[&str] = match at {
            0..4 => &["not a log"],
            4 => &["version"],
            5 | 6 => &["header", "missing"],
            _ if at < id => &["missing"],
            _ if at == id || at == id + 33 => &["header"],
            _ if at < id + 50 => &["wrong"],
            _ if at == id + 50 => &["header"],
            _ if at < 512 => &["read"],
            512..516 => &["not a log"],
            _ => &["event", "truncated", "no format"],
        };
        check(&sealed, at, "keyring", expected);
    }
    let begun = begun(1, 1);
    let sealed = mariadb(&begun, true);
    let start = 4 + begun.events[0].len();
    let first = start + begun.events[1].len();
    for at in start..sealed.len() {
        let expected: &[&str] = match at - start {
            _ if at < first => &["event", "truncated", "wrong"],
            _ if at < first + begun.events[2].len() => &["event", "truncated", "wrong"],
            _ => &["event", "truncated"],
        };
        check(&sealed, at, "list", expected);
    }
}

fn salvaged(bytes: &[u8], keys: &str) -> Result<(Vec<Vec<u8>>, usize), SourceError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("b.000001");
    fs::write(&path, bytes).unwrap();
    let options = SalvageOptions {
        keys: self::keys(keys),
        ..SalvageOptions::default()
    };
    let mut source = SalvageSource::open(&Input::Path(path), options)?;
    let mut events = Vec::new();
    while let Next::Chunk(chunk) = source.next()? {
        events.extend(chunk.events().map(|raw| raw.unwrap().bytes().to_vec()));
    }
    Ok((events, source.damage().len()))
}

/// What reads on behind damage reads encrypted logs too.
#[test]
fn damage_can_be_passed_over() {
    let begun = begun(1, 1);
    for (sealed, header, keys, events) in [
        (mysql(&plain().bytes), 512, "keyring", plain().events),
        (mariadb(&begun, true), 0, "list", opened(&begun)),
    ] {
        assert_eq!(salvaged(&sealed, keys).unwrap(), (events.clone(), 0), "{keys}");
        let third_last = header + 4 + events[..events.len() - 3].iter().map(Vec::len).sum::<usize>();
        let mut flipped = sealed.clone();
        flipped[third_last + 10] ^= 0x40;
        let (found, holes) = salvaged(&flipped, keys).unwrap();
        assert!(
            holes == 1 && found.len() < events.len(),
            "{keys}: {holes}, {}",
            found.len()
        );
        assert!(events.starts_with(&found[..events.len() - 4]), "{keys}");
        assert_eq!(refused(salvaged(&sealed, "none").map(|(events, _)| events)), "no key");
        let wrong = format!("wrong {keys}");
        assert_eq!(refused(salvaged(&sealed, &wrong).map(|(events, _)| events)), "wrong");
    }
    let log = plain();
    assert_eq!(salvaged(&log.bytes, "none").unwrap(), (log.events, 0));
}
