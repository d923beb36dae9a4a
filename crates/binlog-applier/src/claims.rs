//! Who last touched what, so that the order of what touches the same is kept, and only that.

use std::collections::HashMap;

/// Something that a change touches, by a hash of its name: equal things have equal hashes, others rarely do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Touch {
    /// A thing as a whole: comes after all that touched it or parts of it.
    Whole(u64),
    /// Some part of it: comes after those alone that touched it as a whole.
    Part(u64),
}

/// The last holders of all things, by numbers that rise from 1.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    holders: HashMap<u64, Holders>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Holders {
    whole: u64,
    part: u64,
}

impl Claims {
    /// Number of the last one after which these must come; 0 where there is none.
    pub(crate) fn last(&self, touches: &[Touch]) -> u64 {
        let last = |touch: &Touch| {
            let (Touch::Whole(thing) | Touch::Part(thing)) = touch;
            let holders = self.holders.get(thing).copied().unwrap_or_default();
            match touch {
                Touch::Whole(_) => holders.whole.max(holders.part),
                Touch::Part(_) => holders.whole,
            }
        };
        touches.iter().map(last).max().unwrap_or(0)
    }

    /// Says that this number touches these.
    pub(crate) fn claim(&mut self, touches: &[Touch], number: u64) {
        for touch in touches {
            let (Touch::Whole(thing) | Touch::Part(thing)) = touch;
            let holders = self.holders.entry(*thing).or_default();
            match touch {
                Touch::Whole(_) => holders.whole = holders.whole.max(number),
                Touch::Part(_) => holders.part = holders.part.max(number),
            }
        }
    }

    /// Forgets all holders up to this number.
    pub(crate) fn forget(&mut self, number: u64) {
        self.holders
            .retain(|_, holders| holders.whole.max(holders.part) > number);
    }

    /// How many things are held.
    pub(crate) fn len(&self) -> usize {
        self.holders.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wholes_come_after_parts_and_parts_after_wholes() {
        let mut claims = Claims::default();
        claims.claim(&[Touch::Part(1), Touch::Whole(10)], 1);
        claims.claim(&[Touch::Part(1), Touch::Whole(11)], 2);
        assert_eq!(claims.last(&[Touch::Part(1), Touch::Whole(12)]), 0);
        assert_eq!(claims.last(&[Touch::Part(1), Touch::Whole(10)]), 1);
        assert_eq!(claims.last(&[Touch::Whole(1)]), 2);
        claims.claim(&[Touch::Whole(1)], 3);
        assert_eq!(claims.last(&[Touch::Part(1), Touch::Whole(12)]), 3);
        claims.forget(2);
        assert_eq!(
            (claims.last(&[Touch::Whole(10)]), claims.last(&[Touch::Part(1)])),
            (0, 3)
        );
    }
}
