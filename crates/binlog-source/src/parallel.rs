//! Chunks on all cores.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use binlog_parser::Chunk;

use crate::{Next, Source, SourceError};

/// Results that may wait for an earlier one, for each core.
const AHEAD: u64 = 4;

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
    prepare: impl FnMut(Chunk) -> ControlFlow<P, P> + Send,
    work: impl Fn(P) -> T + Sync,
    take: impl FnMut(Option<T>) -> Result<(), E> + Send,
) -> Result<(), E>
where
    P: Send,
    T: Send,
    E: From<SourceError> + Send,
{
    let turns = Mutex::new(Turns {
        source,
        prepare,
        next: 0,
        is_over: false,
    });
    let line = Line::new(take);
    rayon::scope(|scope| {
        for _ in 0..rayon::current_num_threads() {
            scope.spawn(|_| {
                let guard = EndIfPanicking(&line);
                while let Some((number, read)) = Turns::next(&turns, &line) {
                    line.put(number, read.map(|prepared| prepared.map(&work)));
                }
                drop(guard);
            });
        }
    });
    line.finish()
}

/// The source, at which one thread reads at a time.
struct Turns<'s, F> {
    source: &'s mut dyn Source,
    prepare: F,
    /// Number of the next turn.
    next: u64,
    /// Whether nothing more is to be read.
    is_over: bool,
}

impl<P, F: FnMut(Chunk) -> ControlFlow<P, P>> Turns<'_, F> {
    /// The next turn's number, and what it got: a chunk, `None` for a pause, or the error that ends the source.
    /// `None` at the end.
    fn next<T, E, G>(turns: &Mutex<Self>, line: &Line<T, E, G>) -> Option<(u64, Result<Option<P>, SourceError>)>
    where
        E: From<SourceError>,
        G: FnMut(Option<T>) -> Result<(), E>,
    {
        let mut turn = lock(turns);
        if turn.is_over || !line.has_room(turn.next) {
            return None;
        }
        let read = match turn.source.next() {
            Ok(Next::Chunk(chunk)) => Ok(Some(turn.prepared(chunk))),
            Ok(Next::Idle) => Ok(None),
            Ok(Next::End) => {
                turn.is_over = true;
                return None;
            }
            Err(error) => Err(error),
        };
        turn.is_over |= read.is_err();
        turn.next += 1;
        Some((turn.next - 1, read))
    }

    fn prepared(&mut self, chunk: Chunk) -> P {
        match (self.prepare)(chunk) {
            ControlFlow::Continue(prepared) => prepared,
            ControlFlow::Break(prepared) => {
                self.is_over = true;
                prepared
            }
        }
    }
}

/// Results on their way to `take`.
struct Line<T, E, F> {
    state: Mutex<State<T, E, F>>,
    /// Results were taken.
    moved: Condvar,
}

struct State<T, E, F> {
    take: F,
    /// Number of the next result to be taken.
    next: u64,
    /// The results from there on, as far as they are there.
    waiting: VecDeque<Option<Result<Option<T>, SourceError>>>,
    ended: Option<E>,
    /// Whether nothing more is to be read.
    is_over: bool,
}

impl<T, E: From<SourceError>, F: FnMut(Option<T>) -> Result<(), E>> Line<T, E, F> {
    fn new(take: F) -> Self {
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

    /// Waits until the chunk of this number may be read. `false` where none is to be read any more.
    fn has_room(&self, number: u64) -> bool {
        let most = AHEAD * rayon::current_num_threads() as u64;
        let mut state = lock(&self.state);
        while !state.is_over && number >= state.next + most {
            state = self.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        !state.is_over
    }

    /// Adds a result, and takes all whose turn it is.
    fn put(&self, number: u64, result: Result<Option<T>, SourceError>) {
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

    fn end(&self) {
        lock(&self.state).is_over = true;
        self.moved.notify_all();
    }

    fn finish(self) -> Result<(), E> {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        state.ended.map_or(Ok(()), Err)
    }
}

impl<T, E: From<SourceError>, F: FnMut(Option<T>) -> Result<(), E>> State<T, E, F> {
    fn take_ready(&mut self) {
        while let Some(result) = self.waiting.front_mut().and_then(Option::take) {
            self.waiting.pop_front();
            self.next += 1;
            if self.is_over {
                continue;
            }
            let taken = result.map_err(E::from).and_then(&mut self.take);
            if let Err(error) = taken {
                self.is_over = true;
                self.ended = Some(error);
            }
        }
    }
}

/// The others do not wait for the result of a thread that panics; the scope goes on with the panic.
struct EndIfPanicking<'l, T, E: From<SourceError>, F: FnMut(Option<T>) -> Result<(), E>>(&'l Line<T, E, F>);

impl<T, E: From<SourceError>, F: FnMut(Option<T>) -> Result<(), E>> Drop for EndIfPanicking<'_, T, E, F> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.end();
        }
    }
}

/// A thread that panics ends all of it; until then the others see what it left.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
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
