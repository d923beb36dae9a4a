//! The login file of `mysql_config_editor`: an option file whose lines are encrypted with a key that stands before them.

use std::fs;
use std::path::PathBuf;

use aes::Aes128;
use aes::cipher::{Block, BlockDecrypt as _, KeyInit as _};

use super::file::{Reading, is_private};

/// Bytes before the key.
const UNUSED: usize = 4;
const KEY_LEN: usize = 20;
const BLOCK: usize = 16;
/// A line is no longer.
const MAX_LINE: usize = 4096;

/// Reads the file's groups, as far as it can be decrypted.
pub(super) fn read(path: &Option<PathBuf>, reading: &mut Reading<'_, '_>) {
    let Some(path) = path else { return };
    let Ok(metadata) = fs::metadata(path) else { return };
    if !is_private(&metadata) {
        let path = path.display();
        reading
            .messages
            .option_warning(format_args!("{path} should be readable/writable only by current user."));
        return;
    }
    if let Some(bytes) = fs::read(path).ok().filter(|_| metadata.is_file()) {
        reading.login_lines(&lines(&bytes));
    }
}

/// The lines up to the first that cannot be decrypted.
fn lines(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut lines = Vec::new();
    let Some((key, mut rest)) = bytes.get(UNUSED..).and_then(<[u8]>::split_first_chunk::<KEY_LEN>) else {
        return lines;
    };
    let cipher = Aes128::new(&folded(key).into());
    while let Some((len, after)) = rest.split_first_chunk::<4>() {
        let len = u32::from_le_bytes(*len) as usize;
        let sealed = after.get(..len).filter(|sealed| sealed.len() < MAX_LINE);
        let Some(line) = sealed.and_then(|sealed| decrypted(&cipher, sealed)) else {
            break;
        };
        lines.push(line);
        rest = after.get(len..).unwrap_or_default();
    }
    lines
}

/// A key is as long as a block: what is more is laid over its beginning.
fn folded(key: &[u8; KEY_LEN]) -> [u8; BLOCK] {
    let mut folded = [0; BLOCK];
    for part in key.chunks(BLOCK) {
        folded.iter_mut().zip(part).for_each(|(to, byte)| *to ^= byte);
    }
    folded
}

/// Blocks, each by itself, the last with padding that tells its own length.
fn decrypted(cipher: &Aes128, sealed: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(sealed.len());
    for block in sealed.chunks(BLOCK) {
        let block: [u8; BLOCK] = block.try_into().ok()?;
        let mut block = Block::<Aes128>::from(block);
        cipher.decrypt_block(&mut block);
        plain.extend(block);
    }
    let padding = usize::from(*plain.last()?);
    let len = plain
        .len()
        .checked_sub(padding)
        .filter(|_| (1..=BLOCK).contains(&padding))?;
    plain.truncate(len);
    Some(plain)
}

#[cfg(test)]
mod tests {
    use base64_simd::STANDARD;

    use super::*;

    /// Written by `mysql_config_editor` 9.7.
    const FILE: &str = "AAAAAAMUBhgbAgkWEBAKEBARHREeExQJEAAAANves1FaYQiq7b2BXbsTlIEQAAAAUpvZpLC71YUB8THBFgV8PRAAAAAaLQCL\
                        GcoOwnnFXInTUQRAEAAAALzCxiKKMsBVPwC7BHsnZbgQAAAAO10QcpdtoUn7mEv+OpOTFxAAAADNJYn5+NFZ6w8KRAI8USrY\
                        EAAAAHrHfR9rWpC1RkgZ995eAxAQAAAARKnlK3Ck2aSNOahjVbfQ+A==";

    fn text(bytes: &[u8]) -> String {
        String::from_utf8(lines(bytes).concat()).unwrap()
    }

    #[test]
    fn lines_are_decrypted() {
        let file = STANDARD.decode_to_vec(FILE).unwrap();
        let expected = "[client]\nuser = \"lu\"\nhost = \"lh\"\n[foo]\nhost = \"fh\"\nsocket = \"/fs\"\n[mysqlbinlogS]\nhost = \"xx\"\n";
        assert_eq!(text(&file), expected);
        for len in 0..file.len() {
            assert!(expected.starts_with(&text(&file[..len])), "{len}");
        }
    }
}
