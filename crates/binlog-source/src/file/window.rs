//! The bytes between a feed and the events cut from it.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

/// Bytes that are read at once.
const BLOCK: usize = 1 << 20;
/// Blocks that are kept to be filled again: as many as chunks on their way through two cores hold.
const KEPT: usize = 24;

/// Bytes that were read and not yet taken, at the front of a block that is filled further.
#[derive(Debug, Default)]
pub(crate) struct Window {
    block: BytesMut,
    filled: usize,
    /// Bytes that the block had at first.
    size: usize,
    /// What is left of earlier blocks, oldest first: nothing, but it keeps their memory.
    used: VecDeque<BytesMut>,
}

impl Window {
    /// The bytes that are there.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.block.get(..self.filled).unwrap_or_default()
    }

    /// The bytes that are there, to be changed where they stand.
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        self.block.get_mut(..self.filled).unwrap_or_default()
    }

    /// Takes the first `len` bytes, at most what is there, without copying them.
    #[inline(always)]
    pub(crate) fn take(&mut self, len: usize) -> Bytes {
        let len = len.min(self.filled);
        self.filled -= len;
        self.block.split_to(len).freeze()
    }

    /// Forgets what is there.
    pub(crate) fn clear(&mut self) {
        self.filled = 0;
        self.block.clear();
    }

    /// Room behind the bytes that are there, never empty. A block grows with what was really read.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        if self.block.len() == self.filled {
            self.change_block(BLOCK.max(self.filled * 2));
        }
        self.block.get_mut(self.filled..).unwrap_or_default()
    }

    /// Goes on in another block of so many bytes.
    fn change_block(&mut self, size: usize) {
        let mut block = self.used_block(size).unwrap_or_else(|| BytesMut::zeroed(size));
        if let Some(front) = block.get_mut(..self.filled) {
            front.copy_from_slice(&self.block);
        }
        let mut used = std::mem::replace(&mut self.block, block);
        if std::mem::replace(&mut self.size, size) == BLOCK {
            used.clear();
            self.used.push_back(used);
        }
        if self.used.len() > KEPT {
            self.used.pop_front();
        }
    }

    /// The oldest block, if all events in it are gone. A new one costs more: the system makes its memory page by page.
    fn used_block(&mut self, size: usize) -> Option<BytesMut> {
        let oldest = self.used.front_mut().filter(|_| size == BLOCK)?;
        if !oldest.try_reclaim(BLOCK) {
            return None;
        }
        let mut block = self.used.pop_front()?;
        block.resize(BLOCK, 0);
        Some(block)
    }

    /// Counts bytes that were written to the front of the room.
    pub(crate) fn add(&mut self, len: usize) {
        self.filled = (self.filled + len).min(self.block.len());
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
            assert_eq!(window.take(usize::MAX).len(), BLOCK - 10);
            if round % 7 == 0 {
                held.push((round, front));
            }
        }
        for (round, bytes) in held {
            assert_eq!(*bytes, [round; 10]);
        }
        assert!(window.used.len() <= KEPT);
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
        assert!(window.used.iter().all(|block| block.capacity() <= BLOCK));
    }
}
