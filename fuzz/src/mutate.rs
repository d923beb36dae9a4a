//! Small changes to an input: the ones that damage and hostile writers make.

use fastrand::Rng;

/// Numbers at which lengths and counts go wrong.
const EDGES: [u64; 12] = [
    0,
    1,
    0x7f,
    0x80,
    0xff,
    0x100,
    0x7fff,
    0xffff,
    0xff_ffff,
    0x7fff_ffff,
    0xffff_ffff,
    u64::MAX,
];

/// Changes the input once to eight times. `other` is an input from which pieces are taken.
pub(crate) fn mutate(input: &mut Vec<u8>, other: &[u8], rng: &mut Rng) {
    for _ in 0..rng.usize(1..=8) {
        change(input, other, rng);
    }
}

fn change(input: &mut Vec<u8>, other: &[u8], rng: &mut Rng) {
    let at = rng.usize(0..=input.len());
    let len = rng.usize(0..=(input.len() - at).min(64));
    match rng.u8(0..8) {
        0 => flip(input, at, 1 << rng.u8(0..8)),
        1 => flip(input, at, rng.u8(1..)),
        2 => put_edge(input, at, rng),
        3 => input.truncate(at),
        4 => drop(input.drain(at..at + len)),
        5 => insert(input, at, &vec![rng.u8(..); len]),
        6 => {
            let copy = input.get(at..at + len).unwrap_or_default().to_vec();
            insert(input, rng.usize(0..=input.len()), &copy);
        }
        _ => splice(input, at, len, other, rng),
    }
}

fn flip(input: &mut [u8], at: usize, bits: u8) {
    if let Some(byte) = input.get_mut(at) {
        *byte ^= bits;
    }
}

/// Writes a number of 1 to 8 bytes, little-endian, over what is there.
fn put_edge(input: &mut [u8], at: usize, rng: &mut Rng) {
    let edge = rng.choice(EDGES).unwrap_or_default().wrapping_add(rng.u64(0..3));
    let width = 1 << rng.u8(0..4);
    for (byte, new) in input.iter_mut().skip(at).zip(edge.to_le_bytes().iter().take(width)) {
        *byte = *new;
    }
}

fn insert(input: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    input.splice(at..at, bytes.iter().copied());
}

fn splice(input: &mut Vec<u8>, at: usize, len: usize, other: &[u8], rng: &mut Rng) {
    let from = rng.usize(0..=other.len());
    let to = from + rng.usize(0..=(other.len() - from).min(256));
    input.splice(at..at + len, other.get(from..to).unwrap_or_default().iter().copied());
}
