//! A list of keys that is itself encrypted, as `openssl enc -aes-256-cbc` does.
//!
//! `Salted__`, eight bytes of salt, and AES-256-CBC with padding. Key and IV come from a secret and the salt: by repeated
//! digests (`EVP_BytesToKey`), or by PBKDF2. Source: the server's `plugin/file_key_management/parser.cc`, openssl-enc(1).

use std::fmt;

use aes::Aes256;
use cbc::Decryptor;
use cipher::block_padding::Pkcs7;
use cipher::{BlockDecryptMut as _, KeyIvInit as _};
use pbkdf2::pbkdf2_hmac;
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};

const MAGIC: &[u8] = b"Salted__";
/// Bytes of a key of AES-256, and of its IV.
const KEY: usize = 32;
const IV: usize = 16;

/// What opens an encrypted list of keys, by the names of the server's options.
#[derive(Clone, PartialEq, Eq)]
pub struct ListSecret {
    /// `file_key_management_filekey`.
    pub filekey: Vec<u8>,
    /// `file_key_management_digest`.
    pub digest: Digest,
    /// `file_key_management_use_pbkdf2`: rounds of PBKDF2; 0 for none of it.
    pub pbkdf2: u32,
}

/// Without the secret itself.
impl fmt::Debug for ListSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { digest, pbkdf2, .. } = self;
        write!(f, "ListSecret({digest:?}, {pbkdf2} rounds)")
    }
}

/// The digest of `file_key_management_digest`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "their names say all")]
#[non_exhaustive]
pub enum Digest {
    #[default]
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

/// The list's text.
pub(super) fn open(mut file: Vec<u8>, secret: Option<&ListSecret>) -> Result<Vec<u8>, String> {
    let (Some(sealed), secret) = (file.strip_prefix(MAGIC), secret) else {
        return Ok(file);
    };
    let secret = secret.ok_or("is encrypted, and no file_key_management_filekey was given")?;
    let (salt, _) = sealed.split_first_chunk::<8>().ok_or("is cut off inside its salt")?;
    let (key, iv) = secret.derive(salt);
    let sealed = file.split_off(MAGIC.len() + 8);
    let cipher = Decryptor::<Aes256>::new(&key.into(), &iv.into());
    let text = cipher.decrypt_padded_vec_mut::<Pkcs7>(&sealed);
    text.map_err(|_| {
        "does not open: another file_key_management_filekey, digest or use_pbkdf2 belongs to it, or it is damaged"
            .to_owned()
    })
}

impl ListSecret {
    fn derive(&self, salt: &[u8; 8]) -> ([u8; 32], [u8; 16]) {
        type Repeated = fn(&[u8], &[u8], &mut [u8]);
        type Pbkdf2 = fn(&[u8], &[u8], u32, &mut [u8]);
        let (repeated, pbkdf2): (Repeated, Pbkdf2) = match self.digest {
            Digest::Sha1 => (repeated::<Sha1>, pbkdf2_hmac::<Sha1>),
            Digest::Sha224 => (repeated::<Sha224>, pbkdf2_hmac::<Sha224>),
            Digest::Sha256 => (repeated::<Sha256>, pbkdf2_hmac::<Sha256>),
            Digest::Sha384 => (repeated::<Sha384>, pbkdf2_hmac::<Sha384>),
            Digest::Sha512 => (repeated::<Sha512>, pbkdf2_hmac::<Sha512>),
        };
        let mut derived = [0; KEY + IV];
        match self.pbkdf2 {
            0 => repeated(&self.filekey, salt, &mut derived),
            rounds => pbkdf2(&self.filekey, salt, rounds, &mut derived),
        }
        let (mut key, mut iv) = ([0; KEY], [0; IV]);
        key.copy_from_slice(derived.get(..KEY).unwrap_or_default());
        iv.copy_from_slice(derived.get(KEY..).unwrap_or_default());
        (key, iv)
    }
}

/// Digests one after the other, each of the one before, the secret and the salt.
fn repeated<D: sha2::Digest>(secret: &[u8], salt: &[u8], derived: &mut [u8]) {
    let mut before = Vec::new();
    for part in derived.chunks_mut(<D as sha2::Digest>::output_size()) {
        before = D::new()
            .chain_update(&before)
            .chain_update(secret)
            .chain_update(salt)
            .finalize()
            .to_vec();
        part.copy_from_slice(before.get(..part.len()).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::key::unhex;

    fn secret(filekey: &[u8], digest: Digest, pbkdf2: u32) -> ListSecret {
        let filekey = filekey.to_vec();
        ListSecret {
            filekey,
            digest,
            pbkdf2,
        }
    }

    /// `sealed` was made by `openssl enc -aes-256-cbc -S 0102030405060708 -k 'a secret'` with `-md`, `-pbkdf2 -iter`.
    fn check(digest: Digest, pbkdf2: u32, sealed: &str) {
        let file = [MAGIC, &[1, 2, 3, 4, 5, 6, 7, 8], &unhex(sealed.as_bytes()).unwrap()].concat();
        let text = format!("1;{}\n", "5a".repeat(16)).into_bytes();
        let right = secret(b"a secret", digest, pbkdf2);
        assert_eq!(open(file.clone(), Some(&right)), Ok(text), "{right:?}");
        assert_eq!(
            open(file, None),
            Err("is encrypted, and no file_key_management_filekey was given".to_owned())
        );
    }

    #[test]
    fn as_openssl_seals() {
        check(
            Digest::Sha1,
            0,
            "e3eebab5c542fdb173e2969fedee248ef09565e2bdb6ff8721fffa4542e21c0543c5c9cc8e450c4894ee004f7f1aaea3",
        );
        check(
            Digest::Sha1,
            1000,
            "e6674c31ade8c04f13173db3acc33c93130f64ceacd3e96f46e09034e17e47e56ab9583a706a72651ffc96cdf98c3a11",
        );
        check(
            Digest::Sha224,
            0,
            "a907f65610303d9f4ca969bc8cad32711e104f0001a2a4e550588f3b0d01b4d99ce36c667999577158f1cadfdf806ed6",
        );
        check(
            Digest::Sha224,
            1000,
            "3c120d76702ef7986cca46fedfd537b5de341b2fac6ffaa193eb662a1b10a32c2837b4b72f041350f8b4f1688f91e0ff",
        );
        check(
            Digest::Sha256,
            0,
            "2f74ed97cdc28e62855daa77dac9b681ffe7e3e69785153fcdc998b0ca5d4d2ef621ae4f34ff514e7e19151810fce765",
        );
        check(
            Digest::Sha256,
            1000,
            "92fee10f2aff645393e072b476ffd401861691726c265c8593b6fd8236674712dde72b7e4d96f69d9ad1b3ac5f3ad447",
        );
        check(
            Digest::Sha384,
            0,
            "58d5263e78c78e5f48e4011004518075135e8a69f7dc30f63c4b7dda9f931bdc22bc3b27f1fafdae760c31977d649f1d",
        );
        check(
            Digest::Sha384,
            1000,
            "8c234624e5dbd5cf099e77dbcda088a470215f90917e3a0e9ec6f1244019e2539dab6cae5087be48050bb58187b6edff",
        );
        check(
            Digest::Sha512,
            0,
            "c472157306b4e019bfe0128ee2ce125a2dcd1d208db959a46a2fb44cae6858808f3b9681f4e8c10f2db5ce3f7ba76286",
        );
        check(
            Digest::Sha512,
            1000,
            "144e2bed13cd7734556cc1964c49afd4d7223e1e938d786a67fa59d79c745318b5b59d7484465f8d2d39340e202225a6",
        );
    }

    #[test]
    fn what_does_not_open() {
        let check = |file: &[u8], expected: Result<&[u8], &str>| {
            let found = open(file.to_vec(), Some(&secret(b"wrong", Digest::Sha1, 0)));
            assert_eq!(
                found.as_deref().map_err(|why| &why[..14]),
                expected.map_err(|why| &why[..14])
            );
        };
        check(b"1;00", Ok(b"1;00"));
        check(b"Salted__1234567", Err("is cut off inside its salt"));
        check(b"Salted__12345678", Err("does not open:"));
        check(b"Salted__12345678 not whole blocks", Err("does not open:"));
    }

    #[test]
    fn debug_hides_the_secret() {
        let debug = format!("{:?}", secret(b"hunter2", Digest::Sha1, 9));
        assert_eq!(debug, "ListSecret(Sha1, 9 rounds)");
    }
}
