//! Bytes in lines of base64.

use base64_simd::STANDARD;

/// Characters of a line, and the bytes in it.
const LINE: usize = 76;
const LINE_BYTES: usize = LINE / 4 * 3;
/// Bytes that are encoded at once, a number of whole lines: as text they stay in a core's nearest memory.
const AT_ONCE: usize = LINE_BYTES * 256;

/// Writes lines, of one event after the other.
#[derive(Debug, Default)]
pub(super) struct Base64Lines {
    /// Characters on their way to lines: many are encoded at once, and cost less than a line after the other.
    characters: Vec<u8>,
}

impl Base64Lines {
    /// Appends bytes in lines, each with its end.
    pub(super) fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        for bytes in bytes.chunks(AT_ONCE) {
            self.characters.clear();
            STANDARD.encode_append(bytes, &mut self.characters);
            out.reserve(self.characters.len() + bytes.len().div_ceil(LINE_BYTES));
            let (lines, rest) = self.characters.as_chunks::<LINE>();
            for line in lines {
                out.extend_from_slice(line);
                out.push(b'\n');
            }
            if !rest.is_empty() {
                out.extend_from_slice(rest);
                out.push(b'\n');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_those_of_each_by_itself() {
        let bytes: Vec<u8> = (0..AT_ONCE + 3 * LINE_BYTES).map(|at| (at * 7 % 251) as u8).collect();
        let mut lines = Base64Lines::default();
        for len in [
            0,
            1,
            2,
            56,
            57,
            58,
            114,
            115,
            AT_ONCE - 1,
            AT_ONCE,
            AT_ONCE + 1,
            bytes.len(),
        ] {
            let bytes = bytes.get(..len).unwrap();
            let mut out = b"before".to_vec();
            lines.push(bytes, &mut out);
            let each = bytes
                .chunks(LINE_BYTES)
                .map(|line| STANDARD.encode_to_string(line) + "\n");
            assert_eq!(
                String::from_utf8(out).unwrap(),
                format!("before{}", each.collect::<String>())
            );
        }
    }
}
