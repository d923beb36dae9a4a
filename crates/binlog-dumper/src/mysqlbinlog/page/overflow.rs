//! Statements whose row events are more than memory should hold: their text begins with the lines at the head of all
//! events, then has all events in base64, then all rows.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use super::{Block, Page, Part, Phase, Piece};
use crate::Overflow;

impl Page {
    /// Takes off what stands on the page for good, and moves the events of the statement that has not ended to where
    /// they wait.
    ///
    /// # Errors
    /// They cannot be written there.
    pub fn overflow(&mut self, make: impl FnOnce() -> io::Result<Arc<dyn Overflow>>) -> io::Result<Self> {
        let overflow = match &self.events.overflow {
            Some(overflow) => Arc::clone(overflow),
            None => make()?,
        };
        let mut rest = Self::default();
        rest.events.tables.clone_from(&self.events.tables);
        rest.events.formats.clone_from(&self.events.formats);
        rest.events.pieces = self.events.pieces.split_off(self.open);
        for piece in &mut rest.events.pieces {
            if let Piece::Event { part, .. } = piece
                && let Part::InBlock { .. } = part
            {
                let bytes = self.events.bytes(*part);
                let (from, len) = (overflow.append(bytes)?, bytes.len());
                *part = Part::Overflown { from, len };
            }
        }
        rest.events.overflow = Some(overflow);
        self.events.overflow = None;
        Ok(std::mem::replace(self, rest))
    }

    /// The page in parts that follow each other, each small enough to be written by itself. On a page with an overflow
    /// nothing stands after the statement that has ended, if it has.
    #[must_use]
    pub fn into_parts(mut self, size: usize) -> VecDeque<Self> {
        if self.events.overflow.is_none() {
            return [self].into();
        }
        let mut pieces = std::mem::take(&mut self.events.pieces);
        pieces.truncate(self.open);
        self.blocks.clear();
        let groups = groups(&pieces, size);
        let mut parts = VecDeque::new();
        let mut is_first = true;
        for phase in [Phase::Base64, Phase::Rows] {
            for group in &groups {
                let pieces = pieces.get(group.clone()).unwrap_or_default();
                parts.push_back(self.part(pieces, phase, is_first));
                is_first = false;
            }
        }
        parts.push_front(self);
        parts
    }

    fn part(&self, pieces: &[Piece], phase: Phase, is_first: bool) -> Self {
        let mut part = Self::default();
        part.events.tables.clone_from(&self.events.tables);
        part.events.formats.clone_from(&self.events.formats);
        part.events.blocks.clone_from(&self.events.blocks);
        part.events.overflow.clone_from(&self.events.overflow);
        part.events.pieces = pieces.to_vec();
        part.open = pieces.len();
        part.blocks = vec![Block {
            place: 0,
            pieces: 0..pieces.len(),
            phase,
            is_first,
        }];
        part
    }
}

/// Pieces of so many bytes together, or one that is larger.
fn groups(pieces: &[Piece], size: usize) -> Vec<std::ops::Range<usize>> {
    let mut groups = Vec::new();
    let (mut start, mut len) = (0, 0);
    for (index, piece) in pieces.iter().enumerate() {
        len += piece.len();
        if len >= size {
            groups.push(start..index + 1);
            (start, len) = (index + 1, 0);
        }
    }
    if start < pieces.len() {
        groups.push(start..pieces.len());
    }
    groups
}
