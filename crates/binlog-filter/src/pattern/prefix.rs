//! Whether anything with a given beginning can match a regular expression.

use std::fmt;

use regex_automata::Input;
use regex_automata::hybrid::dfa::{Cache, DFA};

/// The states of an expression's search, made as they are needed.
pub(crate) struct Prefixes(DFA);

impl Prefixes {
    pub(crate) fn new(expression: &str) -> Result<Self, String> {
        DFA::new(expression).map(Self).map_err(|error| error.to_string())
    }

    /// `false` if no text that begins so matches. `true` may be too much, where states are too many.
    pub(crate) fn may_begin_with(&self, beginning: &str) -> bool {
        self.is_dead_after(beginning) != Some(true)
    }

    /// `None` where that cannot be told.
    fn is_dead_after(&self, beginning: &str) -> Option<bool> {
        let mut cache = Cache::new(&self.0);
        let mut state = self.0.start_state_forward(&mut cache, &Input::new(beginning)).ok()?;
        for byte in beginning.bytes() {
            state = self.0.next_state(&mut cache, state, byte).ok()?;
            if state.is_match() || state.is_quit() {
                return Some(false);
            }
        }
        Some(state.is_dead())
    }
}

impl fmt::Debug for Prefixes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Prefixes")
    }
}
