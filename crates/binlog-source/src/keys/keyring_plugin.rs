//! The file of MySQL's plugin `keyring_file`, up to 8.0.
//!
//! A version, keys, the letters EOF, and in version 2.0 the SHA-256 of the keys. A key is five lengths of eight bytes each
//! (of all of it, of its id, type, user and data), these parts, and bytes of 0 up to a multiple of eight. Its data is XORed
//! with a fixed text. Source: the server's `plugin/keyring/common/keyring_key.cc` and `plugin/keyring/file_io.cc`.

use std::collections::BTreeMap;

use binlog_parser::{FieldError, Reader};
use sha2::{Digest as _, Sha256};

use super::key::Key;
use super::keyring::is_for_logs;

/// With what all versions begin.
pub(super) const MAGIC: &[u8] = b"Keyring file version:";
const END: &[u8] = b"EOF";
const OBFUSCATION: &[u8] = b"*305=Ljt0*!@$Hnm(*-9-w;:";

/// The keys that logs may be encrypted with.
pub(super) fn parse(bytes: &[u8]) -> Result<BTreeMap<String, Key>, String> {
    let mut reader = Reader::new(keys_part(bytes)?);
    let mut keys = BTreeMap::new();
    while !reader.is_empty() {
        let at = reader.offset() + MAGIC.len() + 3;
        let key = next_key(&mut reader).map_err(|error| format!("is a damaged keyring: key at {at}: {error}"))?;
        keys.extend(key);
    }
    Ok(keys)
}

/// The part of the file with keys.
fn keys_part(bytes: &[u8]) -> Result<&[u8], String> {
    let rest = bytes.strip_prefix(MAGIC).unwrap_or_default();
    let cut = || "is a keyring that is cut off".to_owned();
    if let Some(rest) = rest.strip_prefix(b"1.0") {
        return rest.strip_suffix(END).ok_or_else(cut);
    }
    let Some(rest) = rest.strip_prefix(b"2.0") else {
        return Err("is a keyring of a version other than 1.0 and 2.0".to_owned());
    };
    let (rest, digest) = rest.split_last_chunk::<32>().ok_or_else(cut)?;
    let keys = rest.strip_suffix(END).ok_or_else(cut)?;
    match Sha256::digest(keys).as_slice() == digest {
        true => Ok(keys),
        false => Err("is a damaged keyring: its digest is not that of its keys".to_owned()),
    }
}

fn next_key(reader: &mut Reader<'_>) -> Result<Option<(String, Key)>, FieldError> {
    let whole = length(reader, "length")?.saturating_sub(8);
    let mut key = reader.sub(whole, "key")?;
    let id = length(&mut key, "id length")?;
    let kind = length(&mut key, "type length")?;
    let user = length(&mut key, "user length")?;
    let data = length(&mut key, "data length")?;
    let id = String::from_utf8_lossy(key.take(id, "id")?).into_owned();
    let kind = key.take(kind, "type")?;
    key.take(user, "user")?;
    let data = plain(key.take(data, "data")?);
    let is_for_logs = kind == b"AES" && is_for_logs(&id);
    Ok(Key::new(data).filter(|_| is_for_logs).map(|key| (id, key)))
}

fn length(reader: &mut Reader<'_>, field: &'static str) -> Result<usize, FieldError> {
    let value = reader.u64(field)?;
    usize::try_from(value).map_err(|_| FieldError::Invalid {
        field,
        value,
        why: "is longer than the file",
    })
}

fn plain(data: &[u8]) -> Vec<u8> {
    let pairs = data.iter().zip(OBFUSCATION.iter().cycle());
    pairs.map(|(byte, mask)| byte ^ mask).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str, data: &[u8]) -> Vec<u8> {
        let mut parts = [id.as_bytes(), b"AES", b"", &plain(data)].concat();
        parts.resize(parts.len().next_multiple_of(8), 0);
        let lengths = [40 + parts.len(), id.len(), 3, 0, data.len()];
        let lengths = lengths.into_iter().flat_map(|len| (len as u64).to_le_bytes());
        lengths.chain(parts).collect()
    }

    fn file(version: &str, keys: &[Vec<u8>]) -> Vec<u8> {
        let keys = keys.concat();
        let digest = Sha256::digest(&keys);
        let digest = if version == "2.0" { digest.as_slice() } else { &[] };
        [MAGIC, version.as_bytes(), &keys, END, digest].concat()
    }

    #[test]
    fn keys_of_both_versions() {
        let id = "MySQLReplicationKey_a88a58f6-e6e7-11f1-ace9-02fc00000001_1";
        let keys = [key("INNODBKey-1", &[1; 32]), key(id, &[0x5a; 32])];
        let expected = BTreeMap::from([(id.to_owned(), Key::new(vec![0x5a; 32]).unwrap())]);
        for version in ["1.0", "2.0"] {
            assert_eq!(parse(&file(version, &keys)), Ok(expected.clone()), "{version}");
            assert_eq!(parse(&file(version, &[])), Ok(BTreeMap::new()), "{version}");
        }
    }

    #[test]
    fn damaged_files() {
        let whole = file("2.0", &[key("MySQLReplicationKey_x_1", &[7; 32])]);
        for len in MAGIC.len()..whole.len() {
            assert!(parse(&whole[..len]).is_err(), "{len} bytes");
        }
        for at in MAGIC.len()..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            assert!(parse(&flipped).is_err(), "byte {at}");
        }
        let mut longer = file("1.0", &[key("MySQLReplicationKey_x_1", &[7; 32])]);
        longer[24] ^= 0x80;
        assert!(
            parse(&longer)
                .unwrap_err()
                .starts_with("is a damaged keyring: key at 24: ")
        );
    }
}
