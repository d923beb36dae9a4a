//! The bytes between a feed and the events cut from it.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

/// Bytes that are read at once.
const BLOCK: usize = 256 << 10;
/// Blocks that are kept to be filled again.
const KEPT: usize = 24;

/// Bytes that were read and not yet taken, in a block that is filled further.
///
/// Most of what is read is taken at once: then the block itself goes with it, and what is left moves to another one.
/// When all events in a block are gone it comes back to be filled again: a new one costs more, because the system makes
/// its memory page by page. The last one that came back is taken first: its memory is near.
#[derive(Debug, Default)]
pub(crate) struct Window {
    block: Vec<u8>,
    /// Index of the first byte that was not taken, and behind the last one that was read.
    from: usize,
    filled: usize,
    used: Arc<Used>,
}

/// Blocks to be filled again.
#[derive(Debug, Default)]
struct Used(Mutex<Vec<Vec<u8>>>);

/// A block that was taken.
struct Taken {
    block: Vec<u8>,
    used: Arc<Used>,
}

impl Window {
    /// The bytes that are there.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.block.get(self.from..self.filled).unwrap_or_default()
    }

    /// The bytes that are there, to be changed where they stand.
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        self.block.get_mut(self.from..self.filled).unwrap_or_default()
    }

    /// Takes the first `len` bytes, at most what is there. Only few are copied.
    pub(crate) fn take(&mut self, len: usize) -> Bytes {
        let len = len.min(self.filled - self.from);
        let (start, end) = (self.from, self.from + len);
        self.from = end;
        if len < self.block.len() / 2 {
            return Bytes::copy_from_slice(self.block.get(start..end).unwrap_or_default());
        }
        let block = self.change_block(BLOCK);
        let used = Arc::clone(&self.used);
        Bytes::from_owner(Taken { block, used }).slice(start..end)
    }

    /// Forgets what is there.
    pub(crate) fn clear(&mut self) {
        (self.from, self.filled) = (0, 0);
    }

    /// Room behind the bytes that are there, never empty. A block grows with what was really read.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        if self.block.len() == self.filled {
            let have = self.filled - self.from;
            let block = self.change_block(BLOCK.max(have * 2));
            self.used.put(block);
        }
        self.block.get_mut(self.filled..).unwrap_or_default()
    }

    /// Counts bytes that were written to the front of the room.
    pub(crate) fn add(&mut self, len: usize) {
        self.filled = (self.filled + len).min(self.block.len());
    }

    /// Goes on in another block of `size` bytes, at least those that are there. Returns the one before.
    fn change_block(&mut self, size: usize) -> Vec<u8> {
        let size = size.max(self.filled - self.from);
        let mut block = self.used.take(size).unwrap_or_else(|| vec![0; size]);
        let rest = self.bytes();
        if let Some(front) = block.get_mut(..rest.len()) {
            front.copy_from_slice(rest);
        }
        (self.from, self.filled) = (0, rest.len());
        std::mem::replace(&mut self.block, block)
    }
}

impl AsRef<[u8]> for Taken {
    fn as_ref(&self) -> &[u8] {
        &self.block
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.used.put(std::mem::take(&mut self.block));
    }
}

impl Used {
    fn take(&self, size: usize) -> Option<Vec<u8>> {
        let mut blocks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        blocks.pop_if(|block| block.len() == size)
    }

    /// Keeps a block of the usual size, while few are kept.
    fn put(&self, block: Vec<u8>) {
        let mut blocks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if block.len() == BLOCK && blocks.len() < KEPT {
            blocks.push(block);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fills the window to its block's end with this byte.
    fn fill(window: &mut Window, byte: u8) {
        let room = window.room();
        room.fill(byte);
        let len = room.len();
        window.add(len);
    }

    #[test]
    fn what_was_taken_stays_while_blocks_are_filled_again() {
        let mut window = Window::default();
        let mut held = Vec::new();
        for round in 0..100_u8 {
            fill(&mut window, round);
            let front = window.take(10);
            let rest = window.take(usize::MAX);
            assert_eq!(rest.len(), BLOCK - 10);
            if round % 7 == 0 {
                held.push((round, front, rest));
            }
        }
        for (round, front, rest) in held {
            assert_eq!(*front, [round; 10]);
            assert!(rest.iter().all(|byte| *byte == round));
        }
    }

    #[test]
    fn what_is_left_stays() {
        let mut window = Window::default();
        let mut expected = 0_u32;
        for _ in 0..50 {
            let room = window.room();
            let len = room.len().min(300_004) / 4 * 4;
            for (at, word) in room[..len].chunks_mut(4).enumerate() {
                word.copy_from_slice(&(at as u32).to_le_bytes());
            }
            window.add(len);
            let taken = window.take(len - 400);
            let whole = [&*taken, window.bytes()].concat();
            let last = whole.last_chunk().copied().map(u32::from_le_bytes);
            assert_eq!(last, Some(len as u32 / 4 - 1));
            expected += 1;
        }
        assert_eq!(expected, 50);
    }

    #[test]
    fn memory_is_used_again() {
        let mut window = Window::default();
        let mut places = std::collections::BTreeSet::new();
        for round in 0..50 {
            fill(&mut window, round);
            places.insert(window.bytes().as_ptr());
            window.take(usize::MAX);
        }
        assert!(places.len() <= 3, "{} blocks", places.len());
    }

    #[test]
    fn a_block_grows_with_what_was_read_and_is_not_kept() {
        let mut window = Window::default();
        for _ in 0..3 {
            fill(&mut window, 1);
        }
        assert_eq!(window.take(usize::MAX), vec![1; 4 * BLOCK]);
        for _ in 0..3 {
            fill(&mut window, 2);
            assert_eq!(window.take(usize::MAX), vec![2; BLOCK]);
        }
        let blocks = window.used.0.lock().unwrap();
        assert!(blocks.iter().all(|block| block.len() == BLOCK));
    }
}
