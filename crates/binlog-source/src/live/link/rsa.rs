//! A password under the server's RSA key, for `caching_sha2_password` without encryption of the link.

use mysql_common::crypto::rsa::{GetRandom, Pkcs1OaepPadding, PublicKey};
use mysql_common::num_bigint::BigUint;
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject;

/// Bytes that the padding (OAEP with SHA-1) takes of the key's length.
const PADDING: usize = 42;
/// Keys of more bytes are nonsense, and would take long.
const MAX_KEY: usize = 4 << 10;

/// Encrypts the password, to which the server's nonce was added, with a key in PEM. `None`: the key is none, or is
/// too short for the password.
pub(super) fn encrypted(password: &str, nonce: &[u8], key: &[u8]) -> Option<Vec<u8>> {
    let key = SubjectPublicKeyInfoDer::from_pem_slice(key).ok()?;
    let key = public_key(key.get(..key.len().min(MAX_KEY))?)?;
    let nonce = nonce.iter().cycle();
    let text = password.bytes().chain([0]).zip(nonce);
    let text: Vec<u8> = text.map(|(byte, nonce)| byte ^ nonce).collect();
    let fits = !text.is_empty() && text.len() + PADDING <= key.num_octets();
    fits.then(|| key.encrypt_block(text, Pkcs1OaepPadding::new(GetRandom)))
}

/// SEQUENCE { SEQUENCE { algorithm }, BIT STRING { SEQUENCE { INTEGER modulus, INTEGER exponent } } }
fn public_key(der: &[u8]) -> Option<PublicKey> {
    let (info, _) = element(SEQUENCE, der)?;
    let (_, rest) = element(SEQUENCE, info)?;
    let (bits, _) = element(BIT_STRING, rest)?;
    let (fields, _) = element(SEQUENCE, bits.strip_prefix(&[0])?)?;
    let (modulus, rest) = element(INTEGER, fields)?;
    let (exponent, _) = element(INTEGER, rest)?;
    Some(PublicKey::new(
        BigUint::from_bytes_be(modulus),
        BigUint::from_bytes_be(exponent),
    ))
}

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const SEQUENCE: u8 = 0x30;

/// The content of the DER element at the front, and what follows it.
fn element(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = der.strip_prefix(&[tag])?;
    let (&first, rest) = rest.split_first()?;
    let (len, rest) = match first {
        0x00..=0x7f => (usize::from(first), rest),
        0x81 => {
            let (&len, rest) = rest.split_first()?;
            (usize::from(len), rest)
        }
        0x82 => {
            let (len, rest) = rest.split_first_chunk()?;
            (usize::from(u16::from_be_bytes(*len)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(len)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key of 2048 bits, made for this test.
    const KEY: &str = include_str!("test_key.pem");

    #[test]
    fn keys_and_passwords() {
        let nonce = [7; 20];
        assert_eq!(
            encrypted("secret", &nonce, KEY.as_bytes()).map(|text| text.len()),
            Some(256)
        );
        assert_eq!(
            encrypted(&"x".repeat(213), &nonce, KEY.as_bytes()).map(|text| text.len()),
            Some(256)
        );
        assert_eq!(encrypted(&"x".repeat(214), &nonce, KEY.as_bytes()), None);
        assert_eq!(encrypted("secret", &[], KEY.as_bytes()), None);
        assert_eq!(encrypted("secret", &nonce, b"no key"), None);
    }

    /// Whatever a key looks like, nothing panics.
    #[test]
    fn damaged_keys() {
        let der = SubjectPublicKeyInfoDer::from_pem_slice(KEY.as_bytes()).unwrap();
        assert_eq!(public_key(&der).map(|key| key.num_octets()), Some(256));
        for at in 0..der.len() {
            assert!(public_key(der.get(..at).unwrap()).is_none(), "{at}");
            for value in [0, 1, 0x30, 0x7f, 0x80, 0x82, 0xff] {
                let mut damaged = der.to_vec();
                *damaged.get_mut(at).unwrap() = value;
                drop(public_key(&damaged));
            }
        }
    }
}
