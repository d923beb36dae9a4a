//! Chunks on all cores.

mod line;

use std::ops::ControlFlow;
use std::sync::{Mutex, MutexGuard, TryLockError};

use binlog_parser::Chunk;

use crate::{Next, Source, SourceError};
use line::{Line, lock};

/// Reads the source to its end. Each core takes its turn in reading and cutting a chunk, and then works on that chunk:
/// what was read last is near, if chunks are small enough: see [`CORE_CHUNK_LIMIT`](crate::CORE_CHUNK_LIMIT).
///
/// - `prepare` gets the chunks in the source's order, one after the other: the next one is not read before it returns.
///   With [`ControlFlow::Break`] nothing more is read.
/// - `work` gets what `prepare` makes of each, side by side.
/// - `take` gets the results in the source's order, one after the other, on any of the cores; and `None` where the
///   source pauses, after the results of what was read before.
///
/// # Errors
/// Of the source, after the results of what stood before it; or of `take`, which ends the reading.
pub fn for_each_in_order<P, T, E>(
    source: &mut dyn Source,
    mut prepare: impl FnMut(Chunk) -> ControlFlow<P, P> + Send,
    work: impl Fn(P) -> T + Sync,
    mut take: impl FnMut(Option<T>) -> Result<(), E> + Send,
) -> Result<(), E>
where
    P: Send,
    T: Send,
    E: From<SourceError> + Send,
{
    let mut is_over = false;
    let next = || {
        if is_over {
            return None;
        }
        match source.next() {
            Ok(Next::Chunk(chunk)) => match prepare(chunk) {
                ControlFlow::Continue(prepared) => Some(Ok(Some(prepared))),
                ControlFlow::Break(prepared) => {
                    is_over = true;
                    Some(Ok(Some(prepared)))
                }
            },
            Ok(Next::Idle) => Some(Ok(None)),
            Ok(Next::End) => None,
            Err(error) => {
                is_over = true;
                Some(Err(error))
            }
        }
    };
    let work = |read: Result<Option<P>, SourceError>| read.map(|prepared| prepared.map(&work));
    in_turns(next, work, |result| take(result?))
}

/// Works on one thing after the other on all cores. Each core takes its turn in getting the `next` one, and then does the
/// `work` on it, beside the others; `take` gets the results in order, one after the other, on any of the cores.
///
/// # Errors
/// Of `take`, which ends all of it.
pub fn in_turns<P, T, E>(
    next: impl FnMut() -> Option<P> + Send,
    work: impl Fn(P) -> T + Sync,
    take: impl FnMut(T) -> Result<(), E> + Send,
) -> Result<(), E>
where
    P: Send,
    T: Send,
    E: Send,
{
    let turns = Mutex::new(Turns {
        next,
        number: 0,
        is_over: false,
    });
    let line = Line::new(take);
    rayon::scope(|scope| {
        for _ in 0..rayon::current_num_threads() {
            scope.spawn(|_| {
                let guard = EndIfPanicking(&line);
                while let Some((number, got)) = Turns::next(&turns, &line) {
                    line.put(number, work(got));
                }
                drop(guard);
            });
        }
    });
    line.finish()
}

/// What is worked on, which one thread gets at a time.
struct Turns<F> {
    next: F,
    /// Number of the next turn.
    number: u64,
    /// Whether nothing more is to be got.
    is_over: bool,
}

impl<P, F: FnMut() -> Option<P>> Turns<F> {
    /// The next turn's number, and what it got. `None` at the end.
    fn next<T, E, G>(turns: &Mutex<Self>, line: &Line<T, E, G>) -> Option<(u64, P)>
    where
        G: FnMut(T) -> Result<(), E>,
    {
        let mut turn = lock_soon(turns);
        if turn.is_over || !line.has_room(turn.number) {
            return None;
        }
        let got = (turn.next)();
        turn.is_over = got.is_none();
        turn.number += 1;
        got.map(|got| (turn.number - 1, got))
    }
}

/// A turn is short: waiting a little with open eyes costs less than falling asleep and being woken.
fn lock_soon<T>(turns: &Mutex<T>) -> MutexGuard<'_, T> {
    const PATIENCE: usize = 400;
    const PAUSES: usize = 32;
    for _ in 0..PATIENCE {
        match turns.try_lock() {
            Ok(turn) => return turn,
            Err(TryLockError::Poisoned(error)) => return error.into_inner(),
            Err(TryLockError::WouldBlock) => {
                (0..PAUSES).for_each(|_| std::hint::spin_loop());
                std::thread::yield_now();
            }
        }
    }
    lock(turns)
}

/// The others do not wait for the result of a thread that panics; the scope goes on with the panic.
struct EndIfPanicking<'l, T, E, F: FnMut(T) -> Result<(), E>>(&'l Line<T, E, F>);

impl<T, E, F: FnMut(T) -> Result<(), E>> Drop for EndIfPanicking<'_, T, E, F> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.end();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;
    use crate::cutter::{CutOptions, Cutter};
    use crate::testing::Log;

    /// Chunks of one transaction each, and an error after them where there shall be one.
    struct Chunks {
        left: VecDeque<Next>,
        fails: bool,
    }

    impl Chunks {
        fn new(count: usize, fails: bool) -> Self {
            let log = Log::new().with_transactions(count);
            let options = CutOptions {
                chunk_limit: 1,
                ..CutOptions::default()
            };
            let mut cutter = Cutter::new("b.000001".into(), options);
            let mut left = VecDeque::new();
            for event in log.events {
                cutter.push(event.into());
                left.extend(cutter.next().unwrap().map(Next::Chunk));
                if left.len() % 5 == 4 {
                    left.push_back(Next::Idle);
                }
            }
            Self { left, fails }
        }
    }

    impl Source for Chunks {
        fn next(&mut self) -> Result<Next, SourceError> {
            match (self.left.pop_front(), self.fails) {
                (Some(next), _) => Ok(next),
                (None, false) => Ok(Next::End),
                (None, true) => Err(SourceError::StartPosition {
                    file: "b.000001".into(),
                    position: 7,
                }),
            }
        }
    }

    fn ends(source: &mut Chunks, most: usize) -> (Vec<u64>, Result<(), SourceError>) {
        let started = AtomicUsize::new(0);
        let mut ends = Vec::new();
        let work = |chunk: Chunk| {
            // The earlier ones take longer.
            let number = started.fetch_add(1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(if number.is_multiple_of(4) { 3 } else { 0 }));
            chunk.end
        };
        let result = for_each_in_order(source, ControlFlow::Continue, work, |end| {
            ends.extend(end);
            match ends.len() < most {
                true => Ok(()),
                false => Err(SourceError::NoFormat {
                    file: "b.000001".into(),
                    position: ends.last().copied().unwrap_or_default(),
                }),
            }
        });
        (ends, result)
    }

    #[test]
    fn results_come_in_order() {
        let (found, result) = ends(&mut Chunks::new(40, false), usize::MAX);
        assert!(result.is_ok() && found.len() >= 40, "{result:?}, {}", found.len());
        assert!(found.is_sorted());
    }

    #[test]
    fn errors_come_after_what_stood_before_them() {
        let (found, result) = ends(&mut Chunks::new(10, true), usize::MAX);
        assert!(found.len() >= 10);
        assert!(matches!(result, Err(SourceError::StartPosition { .. })));
    }

    #[test]
    fn the_first_step_is_in_order_and_may_end_it() {
        let (mut number, mut found, mut pauses) = (0, Vec::new(), 0);
        let prepare = |_| {
            number += 1;
            match number < 8 {
                true => ControlFlow::Continue(number),
                false => ControlFlow::Break(number),
            }
        };
        let take = |number: Option<i32>| {
            pauses += usize::from(number.is_none());
            found.extend(number);
            Ok::<_, SourceError>(())
        };
        for_each_in_order(&mut Chunks::new(40, false), prepare, |number| number, take).unwrap();
        assert_eq!(found, (1..=8).collect::<Vec<_>>());
        assert!(pauses > 0);
    }

    #[test]
    fn an_error_of_the_taker_ends_it() {
        let (found, result) = ends(&mut Chunks::new(40, false), 3);
        assert_eq!(found.len(), 3);
        assert!(matches!(result, Err(SourceError::NoFormat { .. })));
    }
}
