//! The list of keys of MariaDB's `file_key_management`: a line `id;key` each, ids from 1, keys in hexadecimal digits.
//!
//! Empty lines and lines that begin with `#` say nothing; what stands behind a key neither. Source: the server's
//! `plugin/file_key_management/parser.cc`.

use std::collections::BTreeMap;

use super::key::Key;

/// The keys. Key 1 is always among them: the server encrypts its logs with it.
pub(super) fn parse(text: &[u8]) -> Result<BTreeMap<u32, Key>, String> {
    let mut keys = BTreeMap::new();
    for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let line = line.trim_ascii_start();
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        let key = key_of(line).map_err(|what| format!("is no list of keys: line {}: {what}", number + 1))?;
        keys.extend([key]);
    }
    match keys.contains_key(&1) {
        true => Ok(keys),
        false => Err("is a list of keys without key 1, with which logs are encrypted".to_owned()),
    }
}

fn key_of(line: &[u8]) -> Result<(u32, Key), &'static str> {
    let digits = line.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (id, rest) = line.split_at_checked(digits).unwrap_or_default();
    let id = std::str::from_utf8(id).ok().and_then(|id| id.parse().ok());
    let id = id.filter(|id| *id > 0).ok_or("no key id")?;
    let key = rest.strip_prefix(b";").ok_or("no ';' after the key id")?;
    let digits = key.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let key = key.get(..digits).and_then(Key::from_hex);
    Ok((id, key.ok_or("the key has not 32, 48 or 64 hexadecimal digits")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&[(u32, usize)], &str>) {
        let bits = |(id, key): (u32, Key)| (id, key.bits());
        let found = parse(text.as_bytes()).map(|keys| keys.into_iter().map(bits).collect::<Vec<_>>());
        assert_eq!(found, expected.map(<[_]>::to_vec).map_err(str::to_owned), "{text:?}");
    }

    #[test]
    fn lists() {
        let (short, long) = ("0f".repeat(16), "A0".repeat(32));
        check(&format!("1;{short}"), Ok(&[(1, 128)]));
        check(
            &format!("# keys\r\n\n 1;{short} the first\r\n4294967295;{long}\n"),
            Ok(&[(1, 128), (u32::MAX, 256)]),
        );
        check(
            "",
            Err("is a list of keys without key 1, with which logs are encrypted"),
        );
        check(
            &format!("2;{long}"),
            Err("is a list of keys without key 1, with which logs are encrypted"),
        );
        for (line, what) in [
            (format!("4294967296;{short}"), "no key id"),
            (format!("0;{short}"), "no key id"),
            (format!("one;{short}"), "no key id"),
            (format!("1:{short}"), "no ';' after the key id"),
            (format!("1;{short}0"), "the key has not 32, 48 or 64 hexadecimal digits"),
        ] {
            check(
                &format!("#\n{line}"),
                Err(&format!("is no list of keys: line 2: {what}")),
            );
        }
    }
}
