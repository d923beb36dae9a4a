//! A channel that is bounded by the bytes that wait in it.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::live::link::LinkError;

/// What waits in the channel.
pub(super) type Item = Result<Bytes, LinkError>;

/// How much an item counts besides its bytes.
const ITEM: usize = 128;

/// A channel in which `limit` bytes may wait, or one larger item.
pub(super) fn queue(limit: usize) -> (Sender, Receiver) {
    let shared = Arc::new(Shared {
        limit,
        state: Mutex::default(),
        changed: Condvar::new(),
    });
    (Sender(Arc::clone(&shared)), Receiver(shared))
}

/// Where items come in. Dropped, it closes the channel behind them.
pub(super) struct Sender(Arc<Shared>);

/// Where items go out. Dropped, it lets the sender know.
pub(super) struct Receiver(Arc<Shared>);

/// Why [`Receiver::recv`] has nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nothing {
    /// Nothing came for so long.
    Yet,
    /// Nothing will come.
    More,
}

struct Shared {
    limit: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    items: VecDeque<Item>,
    waiting: usize,
    closed: bool,
}

impl Sender {
    /// Waits for room. `false`: nobody receives any more.
    pub(super) fn send(&self, item: Item) -> bool {
        let shared = &self.0;
        let size = size(&item);
        let mut state = shared.lock();
        while !state.closed && !state.items.is_empty() && state.waiting + size > shared.limit {
            state = shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.closed {
            return false;
        }
        state.waiting += size;
        state.items.push_back(item);
        shared.changed.notify_one();
        true
    }
}

impl Receiver {
    /// The next item. Waits for it so long.
    pub(super) fn recv(&self, patience: Duration) -> Result<Item, Nothing> {
        let shared = &self.0;
        let deadline = Instant::now() + patience;
        let mut state = shared.lock();
        loop {
            if let Some(item) = state.items.pop_front() {
                state.waiting -= size(&item);
                shared.changed.notify_one();
                return Ok(item);
            }
            if state.closed {
                return Err(Nothing::More);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Nothing::Yet);
            }
            let waited = shared.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Wants nothing more.
    pub(super) fn close(&self) {
        self.0.close();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.0.close();
    }
}

fn size(item: &Item) -> usize {
    ITEM + item.as_ref().map_or(0, Bytes::len)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::*;

    fn item(len: usize) -> Item {
        Ok(vec![0; len].into())
    }

    #[test]
    fn order_and_end() {
        let (sender, receiver) = queue(10_000);
        for len in [1, 2, 3] {
            assert!(sender.send(item(len)));
        }
        assert_eq!(receiver.recv(Duration::ZERO).map(|item| item.unwrap().len()), Ok(1));
        drop(sender);
        for len in [2, 3] {
            assert_eq!(receiver.recv(Duration::ZERO).map(|item| item.unwrap().len()), Ok(len));
        }
        assert!(matches!(receiver.recv(Duration::ZERO), Err(Nothing::More)));
    }

    /// What waits stays under the limit, unless one item alone is larger.
    #[test]
    fn bound() {
        let (sender, receiver) = queue(1000);
        let sent = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&sent);
        let thread = thread::spawn(move || {
            for len in [5000, 300, 300, 5000] {
                assert!(sender.send(item(len)));
                count.fetch_add(1, Ordering::SeqCst);
            }
        });
        for (taken, sent_since) in [(5000, 1), (300, 2), (300, 0), (5000, 1)] {
            thread::sleep(Duration::from_millis(50));
            assert_eq!(sent.swap(0, Ordering::SeqCst), sent_since);
            let found = receiver.recv(Duration::from_secs(9));
            assert_eq!(found.map(|item| item.unwrap().len()), Ok(taken));
        }
        thread.join().unwrap();
    }

    #[test]
    fn a_sender_learns_that_nobody_receives() {
        let (sender, receiver) = queue(10);
        assert!(sender.send(item(1)));
        let thread = thread::spawn(move || sender.send(item(1)));
        thread::sleep(Duration::from_millis(20));
        receiver.close();
        assert!(!thread.join().unwrap());
        let (_sender, receiver) = queue(10);
        assert!(matches!(receiver.recv(Duration::from_millis(1)), Err(Nothing::Yet)));
    }
}
