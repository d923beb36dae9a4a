//! The file of MySQL's `component_keyring_file`.
//!
//! JSON of one object: `version` ("1.0") and `elements`, each with `user`, `data_id`, `data_type` and, in hexadecimal digits,
//! `data`. Source: the schema in the server's `components/keyrings/common/json_data/json_reader.cc`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::key::Key;

#[derive(Deserialize)]
struct Keyring {
    version: String,
    elements: Vec<Element>,
}

#[derive(Deserialize)]
struct Element {
    data_id: String,
    data_type: String,
    data: String,
}

/// The keys that logs may be encrypted with.
pub(super) fn parse(bytes: &[u8]) -> Result<BTreeMap<String, Key>, String> {
    // The parser's own words may quote the file.
    let keyring: Keyring = serde_json::from_slice(bytes).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        format!("is no keyring of component_keyring_file or keyring_file (line {line}, column {column})")
    })?;
    if keyring.version != "1.0" {
        return Err("is a keyring of a version other than 1.0".to_owned());
    }
    let mut keys = BTreeMap::new();
    for element in keyring.elements.into_iter().filter(Element::is_for_logs) {
        let key = Key::from_hex(element.data.as_bytes());
        let key = key.ok_or_else(|| format!("the key {} is none of AES", element.data_id))?;
        keys.insert(element.data_id, key);
    }
    Ok(keys)
}

impl Element {
    fn is_for_logs(&self) -> bool {
        self.data_type == "AES" && is_for_logs(&self.data_id)
    }
}

/// Whether a key of this id encrypts logs: `MySQLReplicationKey_UUID_NUMBER`. The same without a number, or with a word
/// in its place, holds the number of a key.
pub(super) fn is_for_logs(id: &str) -> bool {
    let rest = id.strip_prefix("MySQLReplicationKey_");
    let number = rest.and_then(|rest| rest.split_once('_')).map(|(_, number)| number);
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "a88a58f6-e6e7-11f1-ace9-02fc00000001";

    fn element(id: &str, data: &str) -> String {
        format!(r#"{{"user":"","data_id":"{id}","data_type":"AES","data":"{data}","extension":[]}}"#)
    }

    fn check(json: &str, expected: Result<&[&str], &str>) {
        let found = parse(json.as_bytes()).map(|keys| keys.into_keys().collect::<Vec<_>>());
        let expected = expected.map(|ids| ids.iter().map(|id| (*id).to_owned()).collect());
        assert_eq!(found, expected.map_err(str::to_owned), "{json}");
    }

    #[test]
    fn keys_of_logs() {
        let id = format!("MySQLReplicationKey_{UUID}_12");
        let seqno = format!("MySQLReplicationKey_{UUID}");
        let old = format!("MySQLReplicationKey_{UUID}_old");
        let innodb = format!("INNODBKey-{UUID}-1");
        let hex = "7F".repeat(32);
        let elements = [
            element(&id, &hex),
            element(&seqno, "31"),
            element(&old, "31"),
            element(&innodb, &hex),
        ];
        check(
            &format!(r#"{{"version":"1.0","elements":[{}]}}"#, elements.join(",")),
            Ok(&[&id]),
        );
        check(r#"{"version":"1.0","elements":[]}"#, Ok(&[]));
        let short = format!(r#"{{"version":"1.0","elements":[{}]}}"#, element(&id, "7F7F"));
        check(&short, Err(&format!("the key {id} is none of AES")));
    }

    #[test]
    fn other_files() {
        let no_keyring = |line, column| {
            format!("is no keyring of component_keyring_file or keyring_file (line {line}, column {column})")
        };
        check("", Err(&no_keyring(1, 0)));
        check("1;00", Err(&no_keyring(1, 1)));
        check(r#"{"version":"1.0","elements":"5ec2e7"}"#, Err(&no_keyring(1, 36)));
        check(
            r#"{"version":"2.0","elements":[]}"#,
            Err("is a keyring of a version other than 1.0"),
        );
    }
}
