//! The bytes between a feed and the events cut from it.

use bytes::{Bytes, BytesMut};

/// Bytes that are read at once.
const BLOCK: usize = 1 << 20;

/// Bytes that were read and not yet taken, at the front of a block that is filled further.
#[derive(Debug, Default)]
pub(crate) struct Window {
    block: BytesMut,
    filled: usize,
}

impl Window {
    /// The bytes that are there.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.block.get(..self.filled).unwrap_or_default()
    }

    /// Takes the first `len` bytes, at most what is there, without copying them.
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
            let mut block = BytesMut::zeroed(BLOCK.max(self.filled * 2));
            if let Some(front) = block.get_mut(..self.filled) {
                front.copy_from_slice(&self.block);
            }
            self.block = block;
        }
        self.block.get_mut(self.filled..).unwrap_or_default()
    }

    /// Counts bytes that were written to the front of the room.
    pub(crate) fn add(&mut self, len: usize) {
        self.filled = (self.filled + len).min(self.block.len());
    }
}
