//! Results in order.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Results that may wait for an earlier one, for each core.
const AHEAD: u64 = 4;

/// Results that several threads make, on their way to one taker, who gets them in the order of their numbers from 0, on
/// any of the threads.
#[derive(Debug)]
pub(super) struct Line<T, E, F> {
    state: Mutex<State<T, E, F>>,
    /// Results were taken.
    moved: Condvar,
}

#[derive(Debug)]
struct State<T, E, F> {
    take: F,
    /// Number of the next result to be taken.
    next: u64,
    /// The results from there on, as far as they are there.
    waiting: VecDeque<Option<T>>,
    ended: Option<E>,
    /// Whether nothing more is to be made.
    is_over: bool,
}

impl<T, E, F: FnMut(T) -> Result<(), E>> Line<T, E, F> {
    /// A line to this taker. An error of it ends the line: later results are dropped.
    pub(super) fn new(take: F) -> Self {
        Self {
            state: Mutex::new(State {
                take,
                next: 0,
                waiting: VecDeque::new(),
                ended: None,
                is_over: false,
            }),
            moved: Condvar::new(),
        }
    }

    /// Waits until the result of this number may be made. `false` where none is to be made any more.
    pub(super) fn has_room(&self, number: u64) -> bool {
        let most = AHEAD * rayon::current_num_threads() as u64;
        let mut state = lock(&self.state);
        while !state.is_over && number >= state.next + most {
            state = self.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        !state.is_over
    }

    /// Adds a result, and takes all whose turn it is.
    pub(super) fn put(&self, number: u64, result: T) {
        let mut state = lock(&self.state);
        let at = (number - state.next) as usize;
        while state.waiting.len() <= at {
            state.waiting.push_back(None);
        }
        if let Some(place) = state.waiting.get_mut(at) {
            *place = Some(result);
        }
        state.take_ready();
        self.moved.notify_all();
    }

    /// Nothing more is to be made.
    pub(super) fn end(&self) {
        lock(&self.state).is_over = true;
        self.moved.notify_all();
    }

    /// # Errors
    /// What the taker ended with.
    pub(super) fn finish(self) -> Result<(), E> {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        state.ended.map_or(Ok(()), Err)
    }
}

impl<T, E, F: FnMut(T) -> Result<(), E>> State<T, E, F> {
    fn take_ready(&mut self) {
        while let Some(result) = self.waiting.front_mut().and_then(Option::take) {
            self.waiting.pop_front();
            self.next += 1;
            if self.is_over {
                continue;
            }
            if let Err(error) = (self.take)(result) {
                self.is_over = true;
                self.ended = Some(error);
            }
        }
    }
}

/// A thread that panics ends all of it; until then the others see what it left.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
