//! Text of the servers' character sets as Unicode.
//!
//! `single_bytes.txt` has the characters of those with one byte for each, as MySQL 9.7 says them. Those with more bytes are decoded by
//! the encodings of the Encoding Standard. What these have otherwise than the servers is put right or, where it is much, taken as not
//! known. `tests/tests/envelopes.rs` compares each character with the server's.

use std::borrow::Cow;
use std::sync::LazyLock;

use encoding_rs as e;

/// Characters of the bytes from 0x80 on, 0 for none; by the character set's name.
static SINGLE_BYTES: LazyLock<Vec<(&str, Vec<u16>)>> = LazyLock::new(|| {
    let lines = include_str!("single_bytes.txt").lines();
    lines
        .filter_map(|line| line.split_once(' '))
        .map(|(name, codes)| (name, codes.as_bytes().chunks(4).map(code).collect()))
        .collect()
});

/// The text, if the character set is known here and all of the bytes are characters of it.
pub(super) fn decode<'a>(charset: &str, bytes: Cow<'a, [u8]>) -> Result<Cow<'a, str>, Cow<'a, [u8]>> {
    if matches!(charset, "utf8" | "utf8mb3" | "utf8mb4" | "ascii") {
        return super::value::utf8(bytes);
    }
    let decoded = match charset {
        "ucs2" | "utf16" => utf16(&bytes, u16::from_be_bytes),
        "utf16le" => utf16(&bytes, u16::from_le_bytes),
        "utf32" => utf32(&bytes),
        "swe7" => None,
        _ if bytes.is_ascii() => return super::value::utf8(bytes),
        _ => match SINGLE_BYTES.iter().find(|(name, _)| *name == charset) {
            Some((_, codes)) => bytes.iter().map(|byte| single(*byte, codes)).collect(),
            None => multi(charset, &bytes),
        },
    };
    decoded.map(Cow::Owned).ok_or(bytes)
}

fn code(digits: &[u8]) -> u16 {
    let digits = std::str::from_utf8(digits).unwrap_or_default();
    u16::from_str_radix(digits, 16).unwrap_or_default()
}

fn single(byte: u8, codes: &[u16]) -> Option<char> {
    match byte.checked_sub(0x80) {
        None => Some(byte.into()),
        Some(index) => {
            let code = codes.get(usize::from(index)).filter(|code| **code != 0)?;
            char::from_u32(u32::from(*code))
        }
    }
}

fn multi(charset: &str, bytes: &[u8]) -> Option<String> {
    let encoding = match charset {
        "big5" => e::BIG5,
        "gbk" | "gb2312" => e::GBK,
        "gb18030" => e::GB18030,
        "euckr" => e::EUC_KR,
        "sjis" | "cp932" => e::SHIFT_JIS,
        "ujis" | "eucjpms" => e::EUC_JP,
        _ => return None,
    };
    if pairs(bytes).any(|pair| is_otherwise(charset, pair)) {
        return None;
    }
    let text = encoding.decode_without_bom_handling_and_without_replacement(bytes)?;
    let put_right = put_right(charset);
    Some(
        match text.contains(|character| put_right.iter().any(|(theirs, _)| *theirs == character)) {
            false => text.into_owned(),
            true => {
                let right = |character| put_right.iter().find(|(theirs, _)| *theirs == character);
                text.chars()
                    .map(|character| right(character).map_or(character, |(_, ours)| *ours))
                    .collect()
            }
        },
    )
}

/// The first two bytes of each character that has more than one, of character sets whose further bytes do not matter here.
fn pairs(bytes: &[u8]) -> impl Iterator<Item = [u8; 2]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let start = rest.iter().position(|byte| *byte >= 0x80)?;
        let (pair, behind) = rest.get(start..)?.split_first_chunk()?;
        // Of three bytes in EUC-JP.
        rest = if pair[0] == 0x8f {
            behind.get(1..).unwrap_or_default()
        } else {
            behind
        };
        Some(*pair)
    })
}

/// Whether a character is another one in the Encoding Standard: those of users, and Big5's further symbols.
fn is_otherwise(charset: &str, [lead, trail]: [u8; 2]) -> bool {
    match charset {
        "big5" => matches!((lead, trail), (0xa2, 0xcc | 0xce) | (0xc6, 0xa1..) | (0xc7..=0xc8, _)),
        "gb18030" => match lead {
            0xa3 => trail == 0xa0,
            0xa6 => matches!(trail, 0xd9..=0xdf | 0xec | 0xed | 0xf3),
            0xfe => matches!(trail, 0x59 | 0x61 | 0x66 | 0x67 | 0x6d | 0x7e | 0x90 | 0xa0),
            _ => false,
        },
        "ujis" | "eucjpms" => lead >= 0xf5 || lead == 0x8f && trail >= 0xf3,
        _ => false,
    }
}

/// Characters of the Encoding Standard, and what they are on the servers.
fn put_right(charset: &str) -> &'static [(char, char)] {
    match charset {
        "big5" => &[
            ('￠', '¢'),
            ('￡', '£'),
            ('￥', '¥'),
            ('‧', '•'),
            ('¯', '‾'),
            ('～', '∼'),
            ('⊙', '☉'),
            ('⊕', '♁'),
            ('∕', '／'),
            ('﹨', '＼'),
            ('﹑', '､'),
        ],
        "gb2312" => &[('—', '―'), ('·', '・')],
        "sjis" => &[
            ('＼', '\\'),
            ('￠', '¢'),
            ('￡', '£'),
            ('￢', '¬'),
            ('∥', '‖'),
            ('－', '−'),
            ('～', '〜'),
        ],
        "eucjpms" => &[('¦', '￤')],
        "ujis" => &[
            ('￠', '¢'),
            ('￡', '£'),
            ('￢', '¬'),
            ('∥', '‖'),
            ('－', '−'),
            ('～', '〜'),
        ],
        _ => &[],
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let (units, rest) = bytes.as_chunks::<2>();
    let units: Vec<u16> = units.iter().copied().map(unit).collect();
    String::from_utf16(&units).ok().filter(|_| rest.is_empty())
}

fn utf32(bytes: &[u8]) -> Option<String> {
    let (characters, rest) = bytes.as_chunks::<4>();
    let characters = characters.iter().copied().map(u32::from_be_bytes);
    let text = characters.map(char::from_u32).collect::<Option<_>>();
    text.filter(|_| rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn texts() {
        check("utf8mb4", "ä€".as_bytes(), Some("ä€"));
        check("latin1", b"caf\xe9 \x80", Some("café €"));
        check("cp1250", b"\x81", None);
        check("gbk", b"\xd5\x5c", Some("誠"));
        check("gbk", b"\xd5", None);
        check("gb2312", b"\xa1\xaa", Some("―"));
        check("gb18030", b"\xa3\xa0", None);
        check("sjis", b"\x83\x5c\x81\x60", Some("ソ〜"));
        check("cp932", b"\x81\x60", Some("～"));
        check("ujis", b"\xb0\xa1", Some("亜"));
        check("ujis", b"\xf9\xa1", None);
        check("big5", b"\xa4\xa4", Some("中"));
        check("big5", b"\xc7\xf3", None);
        check("ucs2", b"\x00a\x20\xac", Some("a€"));
        check("ucs2", b"\x00a\x20", None);
        check("utf16", b"\xd8\x3d\xde\x00", Some("😀"));
        check("utf16", b"\xd8\x3d", None);
        check("utf16le", b"a\x00", Some("a"));
        check("utf32", b"\x00\x01\xf6\x00", Some("😀"));
        check("utf32", b"\x00\x11\x00\x00", None);
        check("utf8mb4", b"\xff", None);
        check("swe7", b"a", None);
        check("another", b"a", Some("a"));
    }

    fn check(charset: &str, bytes: &[u8], expected: Option<&str>) {
        let decoded = decode(charset, bytes.into());
        assert_eq!(decoded.as_deref().ok(), expected, "{charset} {bytes:02x?}");
    }
}
