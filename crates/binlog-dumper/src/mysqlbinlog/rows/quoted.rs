//! Text in quotes.

/// Bytes that are looked at together.
const PIECE: usize = 16;
/// Bytes that stand for one at most: `\x1f`.
const LONGEST: usize = 4;
/// What stands for each byte, and how long it is.
static ESCAPES: [([u8; LONGEST], u8); 256] = escapes();

/// Appends bytes in single quotes. Quotes, backslashes and control characters are escaped; whatever the character set,
/// other bytes stand as they are.
pub(super) fn push(out: &mut Vec<u8>, bytes: &[u8]) {
    out.reserve(bytes.len() + 2);
    out.push(b'\'');
    let mut rest = bytes;
    while !rest.is_empty() {
        let (plain, after) = rest.split_at_checked(plain_len(rest)).unwrap_or((rest, &[]));
        out.extend_from_slice(plain);
        let (piece, after) = after.split_at_checked(PIECE).unwrap_or((after, &[]));
        match has_special(piece) {
            true => push_escaped(out, piece),
            false => out.extend_from_slice(piece),
        }
        rest = after;
    }
    out.push(b'\'');
}

/// Bytes at the front that stand for themselves, in whole pieces.
#[inline]
fn plain_len(bytes: &[u8]) -> usize {
    let (pieces, _) = bytes.as_chunks::<PIECE>();
    pieces.iter().take_while(|piece| !has_special(*piece)).count() * PIECE
}

/// Without a branch for each byte.
#[inline]
fn has_special(piece: &[u8]) -> bool {
    piece.iter().fold(false, |found, byte| found | is_special(*byte))
}

/// Appends what stands for a piece.
#[inline]
fn push_escaped(out: &mut Vec<u8>, piece: &[u8]) {
    let (mut text, mut len) = ([0; PIECE * LONGEST], 0);
    for byte in piece {
        let (escape, used) = ESCAPES.get(usize::from(*byte)).copied().unwrap_or_default();
        if let Some(place) = text.get_mut(len..len + LONGEST) {
            place.copy_from_slice(&escape);
        }
        len += usize::from(used);
    }
    out.extend_from_slice(text.get(..len).unwrap_or_default());
}

const fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'\'' || byte == b'\\'
}

const fn escapes() -> [([u8; LONGEST], u8); 256] {
    let mut escapes = [([0; LONGEST], 0); 256];
    let mut rest: &mut [([u8; LONGEST], u8)] = &mut escapes;
    let mut byte = 0_u8;
    while let [first, after @ ..] = rest {
        *first = escape(byte);
        byte = byte.wrapping_add(1);
        rest = after;
    }
    escapes
}

const fn escape(byte: u8) -> ([u8; LONGEST], u8) {
    let letter = match byte {
        0x08 => b'b',
        b'\t' => b't',
        b'\n' => b'n',
        0x0c => b'f',
        b'\r' => b'r',
        0..0x20 => return ([b'\\', b'x', hex(byte >> 4), hex(byte & 15)], 4),
        _ if is_special(byte) => byte,
        _ => return ([byte, 0, 0, 0], 1),
    };
    ([b'\\', letter, 0, 0], 2)
}

const fn hex(digit: u8) -> u8 {
    match digit {
        0..10 => b'0' + digit,
        _ => b'a' + digit - 10,
    }
}
